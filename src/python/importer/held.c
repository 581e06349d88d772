/* Holds a .pyc between find_spec and get_code. */
#include "held.h"

void zi_held_drop(struct zi_held *held)
{
    Py_CLEAR(held->data);
    zi_archive_unref(held->archive);
    held->archive = NULL;
}

void zi_held_put(const struct zi_view *view, uint32_t node, PyObject *data)
{
    struct zi_held *held = view->state->held;

    zi_held_drop(held);
    held->data = Py_NewRef(data);
    held->archive = zi_archive_ref(view->archive);
    held->node = node;
    held->invalidations = view->record->invalidations;
    held->epoch = view->record->registry->epoch;
}

PyObject *zi_held_take(const struct zi_view *view, uint32_t node)
{
    struct zi_held *held = view->state->held;
    PyObject *data = NULL;

    if (!held->data || held->archive != view->archive || held->node != node)
        return NULL;
    if (held->invalidations == view->record->invalidations &&
        held->epoch == view->record->registry->epoch)
        data = Py_NewRef(held->data);
    zi_held_drop(held);
    return data;
}
