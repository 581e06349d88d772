// @ts-nocheck (tests are not type-checked; bench/ imports this file)
// A person at a JupyterLite site, who opens a notebook and runs cells.

import { until } from "./visits.mjs";

const TIMEOUT_MS = 3 * 60_000;

/** For a server: what lets a test call the application that the page shows. */
export function exposeApp(text, path) {
  if (path !== "/jupyterlite/site/jupyter-lite.json") return text;
  const settings = JSON.parse(text);
  settings["jupyter-config-data"].exposeAppInBrowser = true;
  return JSON.stringify(settings);
}

/**
 * Opens the site, makes a notebook and opens it, which starts a kernel.
 *
 * @param {import("../browser/browsers.mjs").Browser} browser
 * @param {string} origin
 * @param {string[]} sources of the notebook's cells
 */
export async function openNotebook(browser, origin, sources) {
  await browser.open(`${origin}/jupyterlite/site/lab/index.html`);
  await until(TIMEOUT_MS, async () => {
    if (!(await browser.evaluate("Boolean(window.jupyterapp)"))) throw new Error("no application");
  });
  await browser.evaluate(`(async () => {
    await jupyterapp.restored;
    const cells = ${JSON.stringify(sources)}.map((source, i) => ({
      id: "cell" + i, cell_type: "code", metadata: {}, execution_count: null, outputs: [], source,
    }));
    const metadata = { kernelspec: { name: "python", display_name: "Python (Pyodide)" } };
    await jupyterapp.serviceManager.contents.save("example.ipynb", {
      type: "notebook", format: "json", content: { nbformat: 4, nbformat_minor: 5, metadata, cells },
    });
    window.notebook = await jupyterapp.commands.execute("docmanager:open", {
      path: "example.ipynb", kernel: { name: "python" },
    });
    await notebook.context.ready;
    await notebook.sessionContext.ready;
  })()`);
}

/** Runs all cells of the notebook that is open, as the menu does; gives what stands below each. */
export async function runAllCells(browser) {
  await browser.evaluate(`void jupyterapp.commands.execute("notebook:run-all-cells")`);
  return until(TIMEOUT_MS, async () => {
    const cells = await browser.evaluate(`
      [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")].map((cell) => [
        cell.querySelector(".jp-InputPrompt").textContent,
        [...cell.querySelectorAll(".jp-OutputArea-output")].map((each) => each.textContent.trim()).join("\\n"),
      ])`);
    if (cells.length > 0 && cells.every(([prompt], i) => prompt === `[${i + 1}]:`))
      return cells.map(([, output]) => output);
    throw new Error(`the cells are ${JSON.stringify(cells).slice(0, 2000)}`);
  });
}

/** Has the kernel run code, past the notebook; gives what it printed. */
export async function execute(browser, code) {
  const { status, text } = await browser.evaluate(`(async () => {
    const future = notebook.sessionContext.session.kernel.requestExecute({ code: ${JSON.stringify(code)} });
    let text = "";
    future.onIOPub = ({ content }) => (text += content.text ?? content.data?.["text/plain"] ?? content.evalue ?? "");
    const { content } = await future.done;
    return { status: content.status, text };
  })()`);
  if (status !== "ok") throw new Error(`the kernel said ${status}: ${text}`);
  return text.trim();
}

/** Restarts the kernel, as the menu does once it was confirmed. */
export async function restartKernel(browser) {
  await browser.evaluate("notebook.sessionContext.session.kernel.restart()");
}
