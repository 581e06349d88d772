/* Stands in for zipimport._get_module_code(). */
#include "module_code.h"

#include "../importer/code.h"
#include "takeover.h"

PyObject *zi_module_code_get(PyObject *module, PyObject *args)
{
    struct zi_state *state = PyModule_GetState(module);
    PyObject *self, *fullname;
    struct zi_choice choice;

    if (!PyArg_ParseTuple(args, "OO:_get_module_code", &self, &fullname))
        return NULL;
    if (!zi_importer_check(state, self)) {
        if (state->takeover->get_module_code)
            return PyObject_CallObject(state->takeover->get_module_code, args);
        PyErr_SetString(PyExc_TypeError, "expected a zipimporter");
        return NULL;
    }
    if (zi_code_choose(self, fullname, true, &choice) < 0)
        return NULL;
    return Py_BuildValue("NON", choice.code,
                         zi_candidate_is_package(choice.candidate) ? Py_True : Py_False,
                         choice.path);
}
