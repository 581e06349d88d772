import { useEffect, useState } from "react";
import { startPython } from "./python.js";

const FIRST = `import sympy
x = sympy.Symbol("x")
sympy.diff(sympy.sin(x) * sympy.exp(x), x)`;

export function App() {
  const [python, setPython] = useState();
  const [progress, setProgress] = useState({ loaded: 0, total: undefined });
  const [code, setCode] = useState(FIRST);
  const [result, setResult] = useState("");

  useEffect(() => {
    const started = startPython(setProgress);
    started.ready.then(() => setPython(started));
    return () => started.end();
  }, []);

  return (
    <main>
      <h1>Python in a page made with Vite and React</h1>
      {!python && <progress max={progress.total} value={progress.loaded} />}
      <textarea rows="6" cols="60" value={code} onChange={({ target }) => setCode(target.value)} />
      <button disabled={!python} onClick={async () => setResult(await python.run(code))}>
        Run
      </button>
      <pre id="result">{result}</pre>
    </main>
  );
}
