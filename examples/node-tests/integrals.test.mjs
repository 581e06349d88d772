import assert from "node:assert/strict";
import { test } from "node:test";
import { pyodide } from "./python.mjs";

test("an integral", () => {
  const text = pyodide.runPython(
    'import sympy; str(sympy.integrate(sympy.cos(sympy.Symbol("x"))))',
  );
  assert.equal(text, "sin(x)");
});
