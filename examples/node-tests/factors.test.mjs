import assert from "node:assert/strict";
import { test } from "node:test";
import { pyodide } from "./python.mjs";

test("factors", () => {
  const text = pyodide.runPython('import sympy; str(sympy.factor(sympy.Symbol("x")**2 - 1))');
  assert.equal(text, "(x - 1)*(x + 1)");
});
