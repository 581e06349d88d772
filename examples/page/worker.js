// The same in a module worker.

import { loadPyodide } from "http://127.0.0.1:8002/pyodide-zipimport.mjs?pyodide=http://127.0.0.1:8001/pyodide.mjs";
import { integrate } from "./integrate.js";

postMessage(await integrate(loadPyodide));
