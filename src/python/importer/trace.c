/* Measures how long modules take to import. */
#include "trace.h"

#include "importer.h"

/* A module that is being executed. In memory of its own: where a stack can be switched, modules do
 * not end in the order in which they began, and what lies on a stack is not always there. */
struct zi_trace_frame {
    struct zi_trace_frame *parent;
    PyObject *name;
    enum zi_origin origin;
    uint64_t nbytes;
    int64_t start_ns;
    int64_t children_ns;
};

#define NS_PER_MS 1000000.0

static const char *const origin_names[] = {
    [ZI_ORIGIN_NONE] = "other",
    [ZI_ORIGIN_PACK] = "pack",
    [ZI_ORIGIN_PYC] = "pyc",
    [ZI_ORIGIN_COMPILED] = "compiled",
};

int zi_trace_traverse(struct zi_trace *trace, visitproc visit, void *arg)
{
    Py_VISIT(trace->records);
    Py_VISIT(trace->loaders);
    return 0;
}

void zi_trace_clear(struct zi_trace *trace)
{
    Py_CLEAR(trace->records);
    Py_CLEAR(trace->loaders);
}

static int read_clock(struct zi_state *state, int64_t *ns_ret)
{
    PyObject *now = PyObject_CallNoArgs(state->perf_counter_ns);

    *ns_ret = now ? (int64_t)PyLong_AsUnsignedLongLongMask(now) : 0;
    Py_XDECREF(now);
    return PyErr_Occurred() ? -1 : 0;
}

int zi_trace_origin(struct zi_state *state, PyObject *fullname, enum zi_origin origin,
                    uint64_t nbytes)
{
    struct zi_trace_frame *top = state->trace->top;
    int same = 0;

    if (top && top->origin == ZI_ORIGIN_NONE)
        same = PyObject_RichCompareBool(top->name, fullname, Py_EQ);
    /* Comparing may run Python code: the frame may be gone. */
    if (same == 1 && top == state->trace->top) {
        top->origin = origin;
        top->nbytes = nbytes;
    }
    return same < 0 ? -1 : 0;
}

static struct zi_trace_frame *push(struct zi_state *state, PyObject *module)
{
    struct zi_trace_frame *frame = PyMem_Calloc(1, sizeof *frame);

    if (!frame) {
        PyErr_NoMemory();
        return NULL;
    }
    frame->name = PyObject_GetAttrString(module, "__name__");
    if (!frame->name || read_clock(state, &frame->start_ns) < 0) {
        Py_XDECREF(frame->name);
        PyMem_Free(frame);
        return NULL;
    }
    frame->parent = state->trace->top;
    state->trace->top = frame;
    return frame;
}

static void unlink_frame(struct zi_state *state, struct zi_trace_frame *frame)
{
    struct zi_trace_frame **link = &state->trace->top;

    while (*link && *link != frame)
        link = &(*link)->parent;
    if (*link)
        *link = frame->parent;
}

static int record(struct zi_state *state, PyObject *self, const struct zi_trace_frame *frame,
                  int64_t total_ns)
{
    PyObject *archive = zi_importer_check(state, self) ? PyObject_GetAttr(self, state->archive_name)
                                                       : state->trace->archive_of(state, self);
    PyObject *item = NULL;
    int answer;

    if (archive && state->trace->records)
        item = Py_BuildValue("{sOsOsssKsdsdsd}", "name", frame->name, "archive", archive, "origin",
                             origin_names[frame->origin], "bytes",
                             (unsigned long long)frame->nbytes, "start",
                             (double)(frame->start_ns - state->trace->start_ns) / NS_PER_MS, "own",
                             (double)(total_ns - frame->children_ns) / NS_PER_MS, "total",
                             (double)total_ns / NS_PER_MS);
    answer = item ? PyList_Append(state->trace->records, item) : archive ? 0 : -1;
    Py_XDECREF(item);
    Py_XDECREF(archive);
    return PyErr_Occurred() ? -1 : answer;
}

/* Ends what push() began; the module's own exception, if there is one, stays. */
static int pop(struct zi_state *state, PyObject *self, struct zi_trace_frame *frame, bool executed)
{
    PyObject *type, *value, *traceback;
    int64_t end_ns;
    int answer;

    PyErr_Fetch(&type, &value, &traceback);
    answer = read_clock(state, &end_ns);
    unlink_frame(state, frame);
    if (answer == 0) {
        if (frame->parent)
            frame->parent->children_ns += end_ns - frame->start_ns;
        if (executed)
            answer = record(state, self, frame, end_ns - frame->start_ns);
    }
    Py_DECREF(frame->name);
    PyMem_Free(frame);
    if (!executed)
        PyErr_Restore(type, value, traceback);
    return answer;
}

static PyObject *traced_exec_module(PyObject *self, PyObject *module)
{
    PyObject *owner = zi_module_of_type(Py_TYPE(self));
    struct zi_state *state = owner ? PyModule_GetState(owner) : NULL;
    struct zi_trace_frame *frame;
    PyObject *result;

    if (!state)
        return NULL;
    frame = push(state, module);
    if (!frame)
        return NULL;
    Py_INCREF(owner); /* the module being executed may take ours apart */
    result = PyObject_CallFunctionObjArgs(state->exec_module, self, module, (PyObject *)NULL);
    if (pop(state, self, frame, result != NULL) < 0)
        Py_CLEAR(result);
    Py_DECREF(owner);
    return result;
}

/* Puts the method that traces into a class, or takes it away. 0, or -1 with an exception. */
static int change_class(PyObject *class, bool traced)
{
    static PyMethodDef method = {"exec_module", traced_exec_module, METH_O, NULL};
    PyObject *descriptor;
    int answer;

    if (!traced) {
        answer = PyObject_DelAttrString(class, method.ml_name);
        if (answer == 0 || !PyErr_ExceptionMatches(PyExc_AttributeError))
            return answer;
        PyErr_Clear(); /* it was not there */
        return 0;
    }
    descriptor = PyDescr_NewMethod(&PyBaseObject_Type, &method);
    answer = descriptor ? PyObject_SetAttrString(class, method.ml_name, descriptor) : -1;
    Py_XDECREF(descriptor);
    return answer;
}

static int change_classes(struct zi_state *state, bool traced)
{
    PyObject *loaders = state->trace->loaders;
    int answer = change_class(state->zipimporter, traced);

    for (Py_ssize_t i = 0; answer == 0 && loaders && i < PyList_Size(loaders); i++)
        answer = change_class(PyList_GetItem(loaders, i), traced);
    return answer;
}

int zi_trace_add(struct zi_state *state, PyObject *class,
                 PyObject *(*archive_of)(struct zi_state *state, PyObject *loader))
{
    struct zi_trace *trace = state->trace;

    if (!trace->loaders)
        trace->loaders = PyList_New(0);
    if (!trace->loaders || PyList_Append(trace->loaders, class) < 0)
        return -1;
    trace->archive_of = archive_of;
    return trace->on ? change_class(class, true) : 0;
}

/* The method stands in the classes only while it is wanted. */
static int turn_on(struct zi_state *state)
{
    PyObject *records, *previous, *type, *value, *traceback;

    if (state->trace->on)
        return 0;
    if (read_clock(state, &state->trace->start_ns) < 0)
        return -1;
    records = PyList_New(0);
    if (!records || change_classes(state, true) < 0) {
        PyErr_Fetch(&type, &value, &traceback);
        if (change_classes(state, false) < 0)
            PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        Py_XDECREF(records);
        return -1;
    }
    previous = state->trace->records;
    state->trace->records = records;
    state->trace->on = true;
    Py_XDECREF(previous);
    return 0;
}

static int turn_off(struct zi_state *state)
{
    if (!state->trace->on)
        return 0;
    if (change_classes(state, false) < 0)
        return -1;
    state->trace->on = false;
    return 0;
}

int zi_trace_stop(struct zi_state *state)
{
    if (turn_off(state) < 0)
        return -1;
    Py_CLEAR(state->trace->records);
    return 0;
}

PyObject *zi_trace_set(PyObject *module, PyObject *on)
{
    struct zi_state *state = PyModule_GetState(module);
    int truth = PyObject_IsTrue(on);
    int answer = truth < 0 ? -1 : truth ? turn_on(state) : turn_off(state);

    return answer < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *zi_trace_read(PyObject *module, PyObject *unused)
{
    struct zi_state *state = PyModule_GetState(module);

    (void)unused;
    return state->trace->records ? PySequence_List(state->trace->records) : PyList_New(0);
}
