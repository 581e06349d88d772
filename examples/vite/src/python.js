// Python in a worker, for the page.

/** @param {(progress: { loaded: number, total?: number }) => void} onProgress of the packages */
export function startPython(onProgress) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  let settle;
  const ready = new Promise((resolve) => (settle = resolve));
  worker.onmessage = ({ data }) => {
    if (data.progress) onProgress(data.progress);
    else settle(data.result);
  };
  return {
    ready,
    run: (code) =>
      new Promise((resolve) => {
        settle = resolve;
        worker.postMessage(code);
      }),
    end: () => worker.terminate(),
  };
}
