// @ts-check
// Where warnings go: every one to the caller's onWarning, else to the console.

/**
 * @param {((message: string, code: string) => void) | undefined} onWarning
 * @param {string} message
 * @param {import("../index.js").WarningCode} code
 */
export function warn(onWarning, message, code) {
  const text = `pyodide-zipimport: ${message}`;
  if (!onWarning) {
    console.warn(text);
    return;
  }
  // A handler that fails must not turn a degraded start into a failed one; nor is its error hidden.
  const onFailure = (/** @type {unknown} */ error) => console.warn(text, error);
  try {
    Promise.resolve(onWarning(text, code)).catch(onFailure);
  } catch (error) {
    onFailure(error);
  }
}
