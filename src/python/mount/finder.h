/*
 * Imports from a mount, past its files.
 *
 * A finder is a FileFinder that asks the archive; where that cannot say what is there, because the
 * user changed it or links lead on, it does what FileFinder does. Modules are found in the order in
 * which they are found in folders, and get the specs that they would have there.
 */
#ifndef ZI_PYTHON_FINDER_H
#define ZI_PYTHON_FINDER_H

#include "mount.h"

/* Makes the classes and fetches what they use, once; 0, or -1 with an exception. */
int zi_finder_prepare(struct zi_state *state, PyObject *module);

#endif
