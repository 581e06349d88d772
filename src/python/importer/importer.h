/*
 * The zipimporter object, as the files that implement it see it.
 *
 * `archive` and `prefix` live in the instance's dict, as stock's do, so that they can be changed,
 * deleted and pickled; the object only remembers which record belongs to the archive it saw last.
 *
 * Which file a relative archive means is decided once: by the constructor, and when install() takes
 * an importer over, in the folder that is the current one then. Where neither was at work (an
 * importer came out of a pickle or copy.copy(), or got another `archive`), the first use decides.
 */
#ifndef ZI_PYTHON_IMPORTER_H
#define ZI_PYTHON_IMPORTER_H

#include "../archives.h"

struct zi_importer {
    PyObject_HEAD
    struct zi_state *state;   /* NULL until somebody asks: see zi_importer_state() */
    PyObject *module;         /* keeps the state alive, and with it the record's registry */
    PyObject *archive;        /* the str that `record` belongs to, or NULL */
    struct zi_record *record; /* a reference, or NULL */
    bool invalidated;         /* since `record` was last asked for */
};

#define ZI_IMPORTER(self) ((struct zi_importer *)(self))

/* The state, found by the type; NULL with an exception when the type was taken apart already, as
 * the garbage collector does. There is no __new__() that could set it: pickles of protocol 0 and 1
 * call object's own, which refuses classes that have one in C. */
struct zi_state *zi_importer_state(PyObject *self);

/* Whether an object is a zipimporter of ours or of a subclass. */
bool zi_importer_check(struct zi_state *state, PyObject *object);

/* Whether asking the importer for a file's name would end in our get_filename(): no subclass has
 * its own, and nothing is set on the class or the importer in its place. -1 with an exception. */
int zi_importer_names_files(struct zi_state *state, PyObject *self);

/* The record of the importer's archive, a new reference, and the archive's path if asked for, a
 * new reference too; NULL with an exception. In a folder that was deleted, a relative archive that
 * nothing was decided of is absent. */
struct zi_record *zi_importer_record(PyObject *self, PyObject **path_ret);

/* Gives the importer an archive, a str, and its record. 0, or -1 with an exception. */
int zi_importer_set_record(PyObject *self, struct zi_record *record, PyObject *archive);

/* What importlib.invalidate_caches() does to an importer; 0, or -1 with an exception. It is called
 * for every importer there is, so it does not ask for the `archive` attribute: should that have
 * changed, the next use invalidates the record of the new archive. */
int zi_importer_invalidate(PyObject *self);

/* Has the archive looked at when it is next used, by its stamp where that is proof, whether it is
 * pinned or not. 0, or -1 with an exception. */
int zi_importer_look_again(PyObject *self);

/* For the garbage collector: lets go of the record, which the next use finds again. */
int zi_importer_clear(PyObject *self);

#endif
