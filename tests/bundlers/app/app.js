// An application that uses the package as its users do. Pyodide comes from another server, as from a
// CDN. The page's address says from where, and who is told the result.

import { boot } from "pyodide-zipimport";

const IMPORT = `
import sys, zipfile
with zipfile.ZipFile("/tmp/a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("answering/__init__.py", "answer = 42")
sys.path.insert(0, "/tmp/a.zip")
import answering
answering.answer
`;

const asked = new URLSearchParams(location.search);

async function main() {
  const indexURL = asked.get("pyodide");
  const address = `${indexURL}pyodide.mjs`;
  const { loadPyodide } = await import(/* webpackIgnore: true */ /* @vite-ignore */ address);
  const warnings = [];
  const onWarning = (message, code) => warnings.push({ message, code });
  const options = { autoFlush: false, onWarning };
  const { pyodide, zips } = await boot(loadPyodide, { pyodide: { indexURL }, ...options });
  const answer = pyodide.runPython(IMPORT);
  await zips.flush();
  const { hits, storage } = zips.stats();
  const { kind, entries } = storage ?? { entries: 0 };
  return {
    active: zips.active,
    answer,
    found: hits > 0,
    storage: kind,
    keeps: entries > 0,
    warnings,
  };
}

const report = (result) =>
  fetch(asked.get("result"), { method: "POST", body: JSON.stringify(result) });
main().then(report, (error) => report({ error: String(error) }));
