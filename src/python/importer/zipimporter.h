/*
 * The class zipimport.zipimporter.
 */
#ifndef ZI_PYTHON_ZIPIMPORTER_H
#define ZI_PYTHON_ZIPIMPORTER_H

#include "../state.h"

/* Makes the C type, and the class of it and of stock's; 0, or -1 with an exception. */
int zi_zipimporter_make_types(struct zi_state *state, PyObject *module);

#endif
