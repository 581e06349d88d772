/*
 * CPython's platform settings for wasm32-emscripten, as far as the limited API's headers look at
 * them. Debian's own pyconfig.h describes the machine that compiles, not the one that runs, so the
 * build puts this file among links to Debian's other headers.
 */
#ifndef ZI_WASM_PYCONFIG_H
#define ZI_WASM_PYCONFIG_H

/* The data model: ILP32 with 64-bit long long; musl's wchar_t is int. The headers choose types and
 * check assumptions by these, and a wrong one would change the layout of a shared struct. */
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 4
#define SIZEOF_VOID_P 4
#define SIZEOF_WCHAR_T 4
#define SIZEOF_PID_T 4

/* Py_ssize_t is ssize_t, as in Pyodide's own build: "%zd" then fits it. */
#define HAVE_SSIZE_T 1
#define HAVE_STDDEF_H 1

/* open, lseek and pread are declared only with these, as Python's real pyconfig.h has it. */
#define _GNU_SOURCE 1

/* Docstrings stay in the module: help() of the importer shows what stock's does. */
#define WITH_DOC_STRINGS 1

#endif
