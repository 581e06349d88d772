/*
 * Makes any single call fail that src/ makes out of itself.
 *
 * Linked into a variant of the extension with --wrap=NAME for each __wrap_NAME here: calls of NAME
 * from src/ come to the wrapper, which counts them, lets the one that was ordered fail as NAME
 * itself fails, and passes all others on to __real_NAME. check_symbols.sh sees to it that there
 * is a wrapper for whatever can fail.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

/* What fails: walk.py names these too. */
enum mode {
    MODE_NOTHING,
    MODE_MEMORY,    /* calls into Python raise MemoryError, allocations return NULL */
    MODE_INTERRUPT, /* calls into Python raise KeyboardInterrupt */
    MODE_RUNTIME,   /* calls into Python raise RuntimeError */
    MODE_SYSTEM,    /* system calls say EIO, and the calls of os.stat() and os.fstat() raise it */
    MODE_SIGNAL,    /* system calls say EINTR */
};

static struct {
    enum mode mode;
    long fail_at; /* which of the calls from now on; 0: none */
    long calls;
    const char *failed;   /* the function that was made to fail, or NULL */
    const char *careless; /* one that was called while an exception was set, or NULL */
    long open_files;
    long live_blocks;
} faults;

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void zi_faults_arm(int mode, long fail_at);
EXPORTED const char *zi_faults_disarm(void);
EXPORTED const char *zi_faults_careless(void);
EXPORTED long zi_faults_open_files(void);
EXPORTED void zi_faults_count_blocks(void);
EXPORTED long zi_faults_live_blocks(void);

/* From now on the given call fails, counted from 1. */
void zi_faults_arm(int mode, long fail_at)
{
    faults.mode = (enum mode)mode;
    faults.fail_at = fail_at;
    faults.calls = 0;
    faults.failed = NULL;
    faults.careless = NULL;
}

/* Nothing fails any more. Tells what did; NULL when there were fewer calls. */
const char *zi_faults_disarm(void)
{
    faults.mode = MODE_NOTHING;
    return faults.failed;
}

/* A function that was called since arming as none may be: while an exception was set. */
const char *zi_faults_careless(void)
{
    return faults.careless;
}

/* Files that src/ opened and did not close. */
long zi_faults_open_files(void)
{
    return faults.open_files;
}

/* Whether this call is the one. */
static bool is_ordered(const char *name)
{
    if (++faults.calls != faults.fail_at)
        return false;
    faults.failed = name;
    return true;
}

static bool memory_fails(const char *name)
{
    return faults.mode == MODE_MEMORY && is_ordered(name);
}

static bool system_fails(const char *name)
{
    if ((faults.mode != MODE_SYSTEM && faults.mode != MODE_SIGNAL) || !is_ordered(name))
        return false;
    errno = faults.mode == MODE_SYSTEM ? EIO : EINTR;
    return true;
}

/* Whether a call into Python fails; it has raised then. */
static bool raises(const char *name)
{
    PyObject *exception = faults.mode == MODE_MEMORY      ? PyExc_MemoryError
                          : faults.mode == MODE_INTERRUPT ? PyExc_KeyboardInterrupt
                          : faults.mode == MODE_RUNTIME   ? PyExc_RuntimeError
                                                          : NULL;

    if (!exception || !is_ordered(name))
        return false;
    PyErr_SetNone(exception);
    return true;
}

/* The same for one that may run Python code, before which no exception may be set. */
static bool call_raises(const char *name)
{
    if (faults.mode != MODE_NOTHING && PyErr_Occurred() && !faults.careless)
        faults.careless = name;
    return raises(name);
}

/* Functions that return `failure` with an exception, and borrow all their arguments. */
#define WRAP_WITH(fails, type, failure, name, parameters, arguments)                               \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails(#name) ? (failure) : __real_##name arguments;                                 \
    }

#define WRAP(type, failure, name, parameters, arguments)                                           \
    WRAP_WITH(raises, type, failure, name, parameters, arguments)
#define WRAP_OBJECT(name, parameters, arguments)                                                   \
    WRAP_WITH(raises, PyObject *, NULL, name, parameters, arguments)
#define WRAP_INT(name, parameters, arguments)                                                      \
    WRAP_WITH(raises, int, -1, name, parameters, arguments)
#define WRAP_CALL(name, parameters, arguments)                                                     \
    WRAP_WITH(call_raises, PyObject *, NULL, name, parameters, arguments)
#define WRAP_INT_CALL(name, parameters, arguments)                                                 \
    WRAP_WITH(call_raises, int, -1, name, parameters, arguments)

#define ONE (PyObject * a), (a)
#define TWO (PyObject * a, PyObject * b), (a, b)
#define THREE (PyObject * a, PyObject * b, PyObject * c), (a, b, c)
#define NAMED (PyObject * a, const char *name), (a, name)
#define TEXT (const char *text), (text)
#define SIZED (const char *text, Py_ssize_t nbytes), (text, nbytes)
#define SHAPED(wrap, name, shape) wrap(name, shape)

SHAPED(WRAP_CALL, PyObject_GetAttr, TWO)
SHAPED(WRAP_CALL, PyObject_GetAttrString, NAMED)
SHAPED(WRAP_CALL, PyObject_GetIter, ONE)
SHAPED(WRAP_CALL, PyObject_Repr, ONE)
SHAPED(WRAP_CALL, PyObject_CallObject, TWO)
SHAPED(WRAP_CALL, PyObject_CallNoArgs, ONE)
SHAPED(WRAP_CALL, PyObject_Call, THREE)
WRAP_CALL(PyObject_RichCompare, (PyObject * a, PyObject *b, int operation), (a, b, operation))
WRAP_OBJECT(PyObject_GenericGetDict, (PyObject * a, void *context), (a, context))
SHAPED(WRAP_INT_CALL, PyObject_SetAttr, THREE)
WRAP_INT_CALL(PyObject_SetAttrString, (PyObject * a, const char *name, PyObject *b), (a, name, b))
SHAPED(WRAP_INT_CALL, PyObject_IsTrue, ONE)
WRAP_INT_CALL(PyObject_RichCompareBool, (PyObject * a, PyObject *b, int operation),
              (a, b, operation))
SHAPED(WRAP_CALL, PySequence_List, ONE)
WRAP_WITH(call_raises, Py_hash_t, -1, PyObject_Hash, (PyObject * a), (a))
SHAPED(WRAP_CALL, PyNumber_Or, TWO)

WRAP_OBJECT(PyDict_New, (void), ())
SHAPED(WRAP_OBJECT, PyDict_Items, ONE)
SHAPED(WRAP_OBJECT, PyDict_Keys, ONE)
SHAPED(WRAP_OBJECT, PyDict_Values, ONE)
SHAPED(WRAP_CALL, PyDict_GetItemWithError, TWO)
SHAPED(WRAP_INT_CALL, PyDict_Contains, TWO)
SHAPED(WRAP_INT_CALL, PyDict_DelItem, TWO)
SHAPED(WRAP_INT_CALL, PyDict_SetItem, THREE)
WRAP_INT_CALL(PyDict_SetItemString, (PyObject * a, const char *name, PyObject *b), (a, name, b))
SHAPED(WRAP_INT_CALL, PyDict_Update, TWO)

WRAP_OBJECT(PyList_New, (Py_ssize_t length), (length))
SHAPED(WRAP_INT, PyList_Append, TWO)
WRAP_INT(PyList_Insert, (PyObject * a, Py_ssize_t at, PyObject *b), (a, at, b))
WRAP_INT(PyList_SetSlice, (PyObject * a, Py_ssize_t first, Py_ssize_t end, PyObject *b),
         (a, first, end, b))
WRAP_OBJECT(PyTuple_New, (Py_ssize_t length), (length))

SHAPED(WRAP_OBJECT, PyUnicode_FromString, TEXT)
SHAPED(WRAP_OBJECT, PyUnicode_FromStringAndSize, SIZED)
SHAPED(WRAP_OBJECT, PyUnicode_InternFromString, TEXT)
SHAPED(WRAP_OBJECT, PyUnicode_DecodeFSDefault, TEXT)
SHAPED(WRAP_OBJECT, PyUnicode_EncodeFSDefault, ONE)
SHAPED(WRAP_OBJECT, PyUnicode_FromObject, ONE)
WRAP_OBJECT(PyUnicode_DecodeUTF8, (const char *text, Py_ssize_t nbytes, const char *errors),
            (text, nbytes, errors))
WRAP(const char *, NULL, PyUnicode_AsUTF8AndSize, (PyObject * a, Py_ssize_t *ret), (a, ret))
SHAPED(WRAP_OBJECT, PyUnicode_Join, TWO)
WRAP_OBJECT(PyUnicode_Split, (PyObject * a, PyObject *b, Py_ssize_t max), (a, b, max))
WRAP_OBJECT(PyUnicode_Substring, (PyObject * a, Py_ssize_t start, Py_ssize_t end), (a, start, end))
WRAP(Py_ssize_t, -1, PyUnicode_Tailmatch,
     (PyObject * a, PyObject *b, Py_ssize_t start, Py_ssize_t end, int direction),
     (a, b, start, end, direction))
WRAP(Py_ssize_t, -2, PyUnicode_FindChar,
     (PyObject * a, Py_UCS4 letter, Py_ssize_t start, Py_ssize_t end, int direction),
     (a, letter, start, end, direction))

SHAPED(WRAP_OBJECT, PyBytes_FromStringAndSize, SIZED)
WRAP_INT(PyBytes_AsStringAndSize, (PyObject * a, char **ret, Py_ssize_t *size_ret),
         (a, ret, size_ret))

WRAP_OBJECT(PyLong_FromLong, (long value), (value))
WRAP_OBJECT(PyLong_FromUnsignedLong, (unsigned long value), (value))
WRAP_WITH(raises, void *, NULL, PyLong_AsVoidPtr, (PyObject * number), (number))
WRAP_OBJECT(PyLong_FromVoidPtr, (void *pointer), (pointer))
WRAP(long, -1, PyLong_AsLong, (PyObject * a), (a))
WRAP(unsigned long, (unsigned long)-1, PyLong_AsUnsignedLong, (PyObject * a), (a))
WRAP(unsigned long long, (unsigned long long)-1, PyLong_AsUnsignedLongLong, (PyObject * a), (a))
WRAP(unsigned long long, (unsigned long long)-1, PyLong_AsUnsignedLongLongMask, (PyObject * a), (a))
WRAP(double, -1.0, PyFloat_AsDouble, (PyObject * a), (a))

SHAPED(WRAP_CALL, PyImport_ImportModule, TEXT)
WRAP(long, -1, PyImport_GetMagicNumber, (void), ())
SHAPED(WRAP_OBJECT, PyMarshal_ReadObjectFromString, SIZED)
WRAP_OBJECT(PyType_FromModuleAndSpec, (PyObject * module, PyType_Spec *spec, PyObject *bases),
            (module, spec, bases))
WRAP_OBJECT(PyDescr_NewGetSet, (PyTypeObject * type, PyGetSetDef *definition), (type, definition))
WRAP_OBJECT(PyDescr_NewMethod, (PyTypeObject * type, PyMethodDef *definition), (type, definition))
WRAP_INT(PyModule_AddObjectRef, (PyObject * module, const char *name, PyObject *value),
         (module, name, value))

/* These lose the exception when they fail. */
#define WRAP_SILENT(name, parameters, arguments)                                                   \
    PyObject *__real_##name parameters;                                                            \
    PyObject *__wrap_##name parameters;                                                            \
    PyObject *__wrap_##name parameters                                                             \
    {                                                                                              \
        return memory_fails(#name) ? NULL : __real_##name arguments;                               \
    }

SHAPED(WRAP_SILENT, PySys_GetObject, TEXT)

/* Those that set an exception set another one. */
#define WRAP_ERROR(name, parameters, arguments)                                                    \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (!raises(#name))                                                                        \
            __real_##name arguments;                                                               \
    }

WRAP_ERROR(PyErr_SetObject, (PyObject * type, PyObject *value), (type, value))
WRAP_ERROR(PyErr_SetString, (PyObject * type, const char *text), (type, text))
SHAPED(WRAP_OBJECT, PyErr_SetFromErrnoWithFilenameObject, TWO)

void __real_PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **traceback);
void __wrap_PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **traceback);
void __wrap_PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **traceback)
{
    /* What is an instance already needs no making. */
    bool made = *value && PyExceptionInstance_Check(*value);

    if (!made && raises("PyErr_NormalizeException")) {
        Py_XDECREF(*type);
        Py_XDECREF(*value);
        Py_XDECREF(*traceback);
        PyErr_Fetch(type, value, traceback);
    }
    __real_PyErr_NormalizeException(type, value, traceback);
}

PyObject *__wrap_PyErr_Format(PyObject *type, const char *format, ...);
PyObject *__wrap_PyErr_Format(PyObject *type, const char *format, ...)
{
    va_list arguments;

    if (raises("PyErr_Format"))
        return NULL;
    va_start(arguments, format);
    PyErr_FormatV(type, format, arguments);
    va_end(arguments);
    return NULL;
}

PyObject *__wrap_PyUnicode_FromFormat(const char *format, ...);
PyObject *__wrap_PyUnicode_FromFormat(const char *format, ...)
{
    PyObject *text;
    va_list arguments;

    if (raises("PyUnicode_FromFormat"))
        return NULL;
    va_start(arguments, format);
    text = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    return text;
}

PyObject *__wrap_PyTuple_Pack(Py_ssize_t length, ...);
PyObject *__wrap_PyTuple_Pack(Py_ssize_t length, ...)
{
    PyObject *tuple = raises("PyTuple_Pack") ? NULL : __real_PyTuple_New(length);
    va_list arguments;

    va_start(arguments, length);
    for (Py_ssize_t i = 0; tuple && i < length; i++)
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(va_arg(arguments, PyObject *)));
    va_end(arguments);
    return tuple;
}

/* "N" in a format hands a reference over, also to a call that fails: so a value is made first. */
static PyObject *build(bool (*fails)(const char *), const char *name, const char *format,
                       va_list arguments)
{
    PyObject *built = Py_VaBuildValue(format ? format : "()", arguments);

    if (built && fails(name))
        Py_CLEAR(built);
    return built;
}

PyObject *__wrap__Py_BuildValue_SizeT(const char *format, ...);
PyObject *__wrap__Py_BuildValue_SizeT(const char *format, ...)
{
    PyObject *built;
    va_list arguments;

    va_start(arguments, format);
    built = build(raises, "Py_BuildValue", format, arguments);
    va_end(arguments);
    return built;
}

/* Calls with what was built, and releases it. */
static PyObject *call_built(PyObject *callable, PyObject *built)
{
    PyObject *args = !built || PyTuple_Check(built) ? Py_XNewRef(built) : PyTuple_Pack(1, built);
    PyObject *result = args ? __real_PyObject_Call(callable, args, NULL) : NULL;

    Py_XDECREF(args);
    Py_XDECREF(built);
    return result;
}

/* os.stat() and os.fstat() are system calls as well. */
static bool stat_fails(PyObject *callable)
{
    const char *name = PyCFunction_Check(callable) ? ((PyCFunctionObject *)callable)->m_ml->ml_name
                                                   : "";

    if (strcmp(name, "stat") != 0 && strcmp(name, "fstat") != 0)
        return false;
    if (faults.mode == MODE_SIGNAL || !system_fails(name)) /* they try again themselves */
        return false;
    PyErr_SetFromErrno(PyExc_OSError);
    return true;
}

PyObject *__wrap__PyObject_CallFunction_SizeT(PyObject *callable, const char *format, ...);
PyObject *__wrap__PyObject_CallFunction_SizeT(PyObject *callable, const char *format, ...)
{
    PyObject *built;
    va_list arguments;

    va_start(arguments, format);
    built = build(call_raises, "PyObject_CallFunction", format, arguments);
    va_end(arguments);
    if (built && stat_fails(callable))
        Py_CLEAR(built);
    return call_built(callable, built);
}

PyObject *__wrap__PyObject_CallMethod_SizeT(PyObject *object, const char *name, const char *format,
                                            ...);
PyObject *__wrap__PyObject_CallMethod_SizeT(PyObject *object, const char *name, const char *format,
                                            ...)
{
    PyObject *built, *method, *result;
    va_list arguments;

    va_start(arguments, format);
    built = build(call_raises, "PyObject_CallMethod", format, arguments);
    va_end(arguments);
    method = built ? __real_PyObject_GetAttrString(object, name) : NULL;
    if (!method)
        Py_CLEAR(built);
    result = call_built(method, built);
    Py_XDECREF(method);
    return result;
}

#define ARGUMENTS_MAX 4

/* Reads arguments up to a NULL; returns how many there are. */
static size_t collect(PyObject **stack, va_list arguments)
{
    size_t count = 0;

    while (count <= ARGUMENTS_MAX && (stack[count] = va_arg(arguments, PyObject *)))
        count++;
    if (count > ARGUMENTS_MAX)
        Py_FatalError("raise ARGUMENTS_MAX");
    return count;
}

PyObject *__wrap_PyObject_CallFunctionObjArgs(PyObject *callable, ...);
PyObject *__wrap_PyObject_CallFunctionObjArgs(PyObject *callable, ...)
{
    PyObject *stack[ARGUMENTS_MAX + 1];
    va_list arguments;

    va_start(arguments, callable);
    size_t count = collect(stack, arguments);
    va_end(arguments);
    if (call_raises("PyObject_CallFunctionObjArgs") || stat_fails(callable))
        return NULL;
    return PyObject_Vectorcall(callable, stack, count, NULL);
}

int __wrap__PyArg_ParseTuple_SizeT(PyObject *args, const char *format, ...);
int __wrap__PyArg_ParseTuple_SizeT(PyObject *args, const char *format, ...)
{
    va_list arguments;
    int parsed;

    if (raises("PyArg_ParseTuple"))
        return 0;
    va_start(arguments, format);
    parsed = PyArg_VaParse(args, format, arguments);
    va_end(arguments);
    return parsed;
}

int __wrap__PyArg_ParseTupleAndKeywords_SizeT(PyObject *args, PyObject *keywords,
                                              const char *format, char **names, ...);
int __wrap__PyArg_ParseTupleAndKeywords_SizeT(PyObject *args, PyObject *keywords,
                                              const char *format, char **names, ...)
{
    va_list arguments;
    int parsed;

    if (raises("PyArg_ParseTupleAndKeywords"))
        return 0;
    va_start(arguments, names);
    parsed = PyArg_VaParseTupleAndKeywords(args, keywords, format, names, arguments);
    va_end(arguments);
    return parsed;
}

/* Memory. */

void *__real_PyMem_Malloc(size_t nbytes);
void *__wrap_PyMem_Malloc(size_t nbytes);
void *__wrap_PyMem_Malloc(size_t nbytes)
{
    return memory_fails("PyMem_Malloc") ? NULL : __real_PyMem_Malloc(nbytes);
}

void *__real_PyMem_Calloc(size_t count, size_t nbytes);
void *__wrap_PyMem_Calloc(size_t count, size_t nbytes);
void *__wrap_PyMem_Calloc(size_t count, size_t nbytes)
{
    return memory_fails("PyMem_Calloc") ? NULL : __real_PyMem_Calloc(count, nbytes);
}

/* The core's own, which no allocator of Python's sees. */

void *__real_realloc(void *block, size_t nbytes);
void *__wrap_realloc(void *block, size_t nbytes);
void *__wrap_realloc(void *block, size_t nbytes)
{
    void *moved = memory_fails("realloc") ? NULL : __real_realloc(block, nbytes);

    faults.live_blocks += moved && !block;
    return moved;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    faults.live_blocks -= block != NULL;
    __real_free(block);
}

/* All that the interpreter allocates passes through here once counting has begun; only differences
 * mean something. The allocators beneath stay what they were. */
static PyMemAllocatorEx beneath[3];

static void *count_malloc(void *context, size_t nbytes)
{
    PyMemAllocatorEx *allocator = context;
    void *block = allocator->malloc(allocator->ctx, nbytes);

    faults.live_blocks += block != NULL;
    return block;
}

static void *count_calloc(void *context, size_t count, size_t nbytes)
{
    PyMemAllocatorEx *allocator = context;
    void *block = allocator->calloc(allocator->ctx, count, nbytes);

    faults.live_blocks += block != NULL;
    return block;
}

static void *count_realloc(void *context, void *block, size_t nbytes)
{
    PyMemAllocatorEx *allocator = context;
    void *moved = allocator->realloc(allocator->ctx, block, nbytes);

    faults.live_blocks += moved && !block;
    return moved;
}

static void count_free(void *context, void *block)
{
    PyMemAllocatorEx *allocator = context;

    faults.live_blocks -= block != NULL;
    allocator->free(allocator->ctx, block);
}

void zi_faults_count_blocks(void)
{
    const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

    for (size_t i = 0; i < 3; i++) {
        PyMemAllocatorEx counting = {&beneath[i], count_malloc, count_calloc, count_realloc,
                                     count_free};
        PyMem_GetAllocator(domains[i], &beneath[i]);
        PyMem_SetAllocator(domains[i], &counting);
    }
}

long zi_faults_live_blocks(void)
{
    return faults.live_blocks;
}

/* System calls, by the names that large files give them. */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    int fd = system_fails("open") ? -1 : __real_open64(path, flags, mode);
    faults.open_files += fd >= 0;
    return fd;
}

/* One that fails has closed all the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    faults.open_files--;
    int answer = __real_close(fd);
    return system_fails("close") ? -1 : answer;
}

off_t __real_lseek64(int fd, off_t offset, int whence);
off_t __wrap_lseek64(int fd, off_t offset, int whence);
off_t __wrap_lseek64(int fd, off_t offset, int whence)
{
    return faults.mode != MODE_SIGNAL && system_fails("lseek") ? -1
                                                               : __real_lseek64(fd, offset, whence);
}

ssize_t __real_pread64(int fd, void *buffer, size_t nbytes, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t nbytes, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t nbytes, off_t offset)
{
    return system_fails("pread") ? -1 : __real_pread64(fd, buffer, nbytes, offset);
}

ssize_t __real_write(int fd, const void *bytes, size_t nbytes);
ssize_t __wrap_write(int fd, const void *bytes, size_t nbytes);
ssize_t __wrap_write(int fd, const void *bytes, size_t nbytes)
{
    return system_fails("write") ? -1 : __real_write(fd, bytes, nbytes);
}
