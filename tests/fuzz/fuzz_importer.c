/* Hands the input to importer.py, in an interpreter that imports from archives by our importer. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

#include "host.h"

PyMODINIT_FUNC PyInit_pyodide_zipimport(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

static PyObject *judge;

/* What an interpreter keeps until its end is no leak; tests/faults looks for those. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static _Noreturn void give_up(void)
{
    PyErr_Print();
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    PyPreConfig preconfig;
    PyConfig config;

    (void)argc;
    (void)argv;
    /* Every object in a block of its own, for the sanitizer to watch. */
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.allocator = PYMEM_ALLOCATOR_MALLOC;
    preconfig.utf8_mode = 1;
    PyImport_AppendInittab("pyodide_zipimport", PyInit_pyodide_zipimport);
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    if (PyStatus_Exception(Py_PreInitialize(&preconfig)) ||
        PyStatus_Exception(PyConfig_SetString(&config, &config.program_name, FUZZ_PYTHON)) ||
        PyStatus_Exception(Py_InitializeFromConfig(&config)))
        abort();
    PyConfig_Clear(&config);

    const char *script = "tests/fuzz/importer.py";
    FILE *file = fopen(script, "r");
    if (!file || PyRun_SimpleFileEx(file, script, 1) < 0)
        give_up();
    judge = PyObject_GetAttrString(PyImport_AddModule("__main__"), "judge");
    if (!judge)
        give_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t nbytes)
{
    PyObject *result = PyObject_CallFunction(judge, "y#", (const char *)input, (Py_ssize_t)nbytes);

    if (!result)
        give_up();
    Py_DECREF(result);
    return 0;
}
