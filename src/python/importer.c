/* This file knows which archive an importer object stands for. */
#include "importer.h"

#include "record.h"

struct zi_state *zi_importer_state(PyObject *self)
{
    struct zi_importer *importer = ZI_IMPORTER(self);

    if (!importer->state)
        importer->state = zi_state_of_type(Py_TYPE(self));
    return importer->state;
}

int zi_importer_clear(PyObject *self)
{
    struct zi_record *record = ZI_IMPORTER(self)->record;

    ZI_IMPORTER(self)->record = NULL;
    zi_record_unref(record);
    Py_CLEAR(ZI_IMPORTER(self)->archive);
    return 0;
}

struct zi_record *zi_importer_record(PyObject *self, PyObject **path_ret)
{
    struct zi_importer *importer = ZI_IMPORTER(self);
    struct zi_state *state = zi_importer_state(self);
    PyObject *archive = PyObject_GetAttr(self, state->archive_name);

    if (!archive)
        return NULL;
    if (archive != importer->archive) {
        struct zi_record *record = zi_record_of_path(state, archive);
        if (!record) {
            Py_DECREF(archive);
            return NULL;
        }
        zi_importer_clear(self);
        importer->record = record;
        importer->archive = Py_NewRef(archive);
    }
    if (path_ret)
        *path_ret = archive;
    else
        Py_DECREF(archive);
    return zi_record_ref(importer->record);
}

bool zi_importer_check(struct zi_state *state, PyObject *object)
{
    return state->importer_type && PyObject_TypeCheck(object, (PyTypeObject *)state->importer_type);
}
