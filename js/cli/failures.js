// @ts-check
// The two ways in which a command ends without what it was asked for. The message says what was
// found, what was expected, and what to do.

/** The command line cannot be used: exit code 2. */
export class UsageError extends Error {
  exitCode = 2;
}

/** It could not be done: exit code 1. */
export class Failure extends Error {
  exitCode = 1;
}
