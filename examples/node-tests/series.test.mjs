import assert from "node:assert/strict";
import { test } from "node:test";
import { pyodide } from "./python.mjs";

test("a series", () => {
  const text = pyodide.runPython(
    'import sympy; str(sympy.series(sympy.exp(sympy.Symbol("x")), n=3))',
  );
  assert.equal(text, "1 + x + x**2/2 + O(x**3)");
});
