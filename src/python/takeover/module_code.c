/* Stands in for zipimport._get_module_code(). */
#include "module_code.h"

#include "../importer/code.h"
#include "takeover.h"

static PyObject *get_code(PyObject *self, PyObject *fullname)
{
    struct zi_choice choice;

    if (zi_code_choose(self, fullname, true, &choice) < 0)
        return NULL;
    return Py_BuildValue("NON", choice.code,
                         zi_candidate_is_package(choice.candidate) ? Py_True : Py_False,
                         choice.path);
}

/* A source is neither read nor compiled: there is None in its code's place. */
static PyObject *get_bytecode(PyObject *self, PyObject *fullname)
{
    struct zi_choice choice;

    if (zi_code_choose(self, fullname, false, &choice) < 0)
        return NULL;
    if (zi_candidate_is_bytecode(choice.candidate)) {
        Py_DECREF(choice.path);
        return get_code(self, fullname);
    }
    return Py_BuildValue("OON", Py_None,
                         zi_candidate_is_package(choice.candidate) ? Py_True : Py_False,
                         choice.path);
}

PyObject *zi_module_code_get(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"self", "fullname", "compile_source", NULL};
    struct zi_state *state = PyModule_GetState(module);
    PyObject *self, *fullname;
    int compile_source = true;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|$p:_get_module_code", names, &self,
                                     &fullname, &compile_source))
        return NULL;
    if (!zi_importer_check(state, self)) {
        if (state->takeover->get_module_code)
            return PyObject_Call(state->takeover->get_module_code, args, keywords);
        PyErr_SetString(PyExc_TypeError, "expected a zipimporter");
        return NULL;
    }
    return compile_source ? get_code(self, fullname) : get_bytecode(self, fullname);
}
