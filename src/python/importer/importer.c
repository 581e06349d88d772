/* Finds the record of the archive that an importer object stands for. */
#include "importer.h"

struct zi_state *zi_importer_state(PyObject *self)
{
    struct zi_importer *importer = ZI_IMPORTER(self);

    if (!importer->state) {
        PyObject *module = zi_module_of_type(Py_TYPE(self));
        if (!module)
            return NULL;
        importer->module = Py_NewRef(module);
        importer->state = PyModule_GetState(module);
    }
    return importer->state;
}

/* Lets go of the given; what is let go of may run Python code that uses the importer, so nothing
 * of it is in the importer any more. */
static void release(struct zi_record *record, PyObject *archive)
{
    zi_record_unref(record);
    Py_XDECREF(archive);
}

int zi_importer_clear(PyObject *self)
{
    struct zi_importer *importer = ZI_IMPORTER(self);
    struct zi_record *record = importer->record;
    PyObject *archive = importer->archive;

    importer->record = NULL;
    importer->archive = NULL;
    release(record, archive);
    /* Last: the record lies in the module's registry. */
    importer->state = NULL;
    Py_CLEAR(importer->module);
    return 0;
}

/* Makes another archive the one that the importer saw last; takes the record over. */
static void remember(struct zi_importer *importer, struct zi_record *record, PyObject *archive)
{
    struct zi_record *previous_record = importer->record;
    PyObject *previous_archive = importer->archive;

    importer->record = record;
    importer->archive = Py_NewRef(archive);
    release(previous_record, previous_archive);
}

int zi_importer_set_record(PyObject *self, struct zi_record *record, PyObject *archive)
{
    if (zi_archives_add_name(record, archive) < 0)
        return -1;
    remember(ZI_IMPORTER(self), zi_record_ref(record), archive);
    return 0;
}

/* Decides which record an archive means that the importer did not have before; a new reference. */
static struct zi_record *decide(PyObject *self, PyObject *archive)
{
    struct zi_importer *importer = ZI_IMPORTER(self);
    struct zi_record *record = zi_archives_get(importer->state, archive);

    if (!record) {
        if (!PyErr_ExceptionMatches(PyExc_OSError))
            return NULL;
        PyErr_Clear();
        return zi_archives_nowhere(importer->state);
    }
    if (zi_importer_set_record(self, record, archive) < 0) {
        zi_record_unref(record);
        return NULL;
    }
    if (importer->invalidated)
        zi_record_invalidate_implicit(record);
    return record;
}

struct zi_record *zi_importer_record(PyObject *self, PyObject **path_ret)
{
    struct zi_importer *importer = ZI_IMPORTER(self);
    struct zi_state *state = zi_importer_state(self);
    PyObject *archive = state ? PyObject_GetAttr(self, state->archive_name) : NULL;
    struct zi_record *record;

    if (!archive)
        return NULL;
    if (archive == importer->archive)
        record = zi_record_ref(importer->record);
    else
        record = decide(self, archive);
    importer->invalidated = false;
    if (record && path_ret)
        *path_ret = archive;
    else
        Py_DECREF(archive);
    return record;
}

int zi_importer_invalidate(PyObject *self)
{
    struct zi_importer *importer = ZI_IMPORTER(self);
    struct zi_record *record = importer->record;
    PyObject *archive = importer->archive;
    int result = 0;

    if (record) {
        zi_record_ref(record);
        Py_INCREF(archive);
        importer->invalidated = true;
    } else {
        record = zi_importer_record(self, &archive);
        if (!record)
            return -1;
    }
    zi_record_invalidate_implicit(record);
    if (!zi_record_peek(record) && PyDict_Size(importer->state->assigned_tables) > 0)
        result = zi_archives_forget_assigned(importer->state, archive);
    zi_record_unref(record);
    Py_DECREF(archive);
    return result;
}

int zi_importer_look_again(PyObject *self)
{
    struct zi_record *record = zi_importer_record(self, NULL);

    if (!record)
        return -1;
    zi_record_look_again(record, ZI_LOOK_STAMP);
    zi_record_unref(record);
    return 0;
}

bool zi_importer_check(struct zi_state *state, PyObject *object)
{
    return state->importer_type && PyObject_TypeCheck(object, (PyTypeObject *)state->importer_type);
}

int zi_importer_names_files(struct zi_state *state, PyObject *self)
{
    PyObject *method;
    int is_ours;

    method = PyObject_GetAttr(self, state->get_filename_name);
    if (!method)
        return -1;
    is_ours = PyCFunction_Check(method) && PyCFunction_GetFunction(method) == state->get_filename &&
              PyCFunction_GetSelf(method) == self;
    Py_DECREF(method);
    return is_ours;
}
