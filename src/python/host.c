/* Gives the core memory, files and clocks through CPython and libc. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MILLISECOND_NS ((int64_t)1000000)

/* Not Python's allocator, which only a thread may use that holds the interpreter's lock: what a
 * mount shows is read inside of system calls, for which Python lets go of it. */
static void *host_reallocate(void *context, void *block, size_t nbytes)
{
    (void)context;
    if (nbytes == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, nbytes);
}

/* Takes over what was raised: an OSError becomes its errno, anything else stays pending. */
static int answer_of_exception(void)
{
    PyObject *type, *value, *traceback, *number;
    long answer = EIO;

    if (!PyErr_ExceptionMatches(PyExc_OSError))
        return ZI_HOST_RAISED;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    number = PyObject_GetAttrString(value, "errno");
    if (number && PyLong_Check(number))
        answer = PyLong_AsLong(number);
    if (answer <= 0 || answer > INT16_MAX)
        answer = EIO;
    PyErr_Clear();
    Py_XDECREF(number);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return (int)answer;
}

/* As io.open_code() does for zipimport: audit hooks see every archive that is opened, and one that
 * raises an OSError forbids it, as the system would. */
static int audit_open(struct zi_state *state, const char *path, int flags)
{
    PyObject *decoded = PyUnicode_DecodeFSDefault(path);
    PyObject *number = decoded ? PyLong_FromLong(flags) : NULL;
    PyObject *result = NULL;

    if (number)
        result = PyObject_CallFunctionObjArgs(state->audit, state->open_event, decoded,
                                              state->read_mode, number, (PyObject *)NULL);
    Py_XDECREF(result);
    Py_XDECREF(number);
    Py_XDECREF(decoded);
    return result ? 0 : answer_of_exception();
}

/* Not blocking: a FIFO in an archive's place is an error, not a wait. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK)

static int open_unseen(void *context, const char *path, int *fd_ret)
{
    (void)context;
    do
        *fd_ret = open(path, READ_FLAGS);
    while (*fd_ret < 0 && errno == EINTR);
    return *fd_ret < 0 ? errno : 0;
}

static int host_open(void *context, const char *path, int *fd_ret)
{
    int answer = audit_open(context, path, READ_FLAGS);

    return answer != 0 ? answer : open_unseen(context, path, fd_ret);
}

/* Not repeated when interrupted: the descriptor is gone all the same. */
static int host_close(void *context, int fd)
{
    (void)context;
    return close(fd) < 0 && errno != EINTR ? errno : 0;
}

static int host_size(void *context, int fd, uint64_t *nbytes_ret)
{
    off_t end = lseek(fd, 0, SEEK_END);

    (void)context;
    if (end < 0)
        return errno;
    *nbytes_ret = (uint64_t)end;
    return 0;
}

static int host_read_at(void *context, int fd, uint64_t offset, void *buffer, size_t nbytes,
                        size_t *nread_ret)
{
    ssize_t nread;

    (void)context;
    do
        nread = pread(fd, buffer, nbytes, (off_t)offset);
    while (nread < 0 && errno == EINTR);
    if (nread < 0)
        return errno;
    *nread_ret = (size_t)nread;
    return 0;
}

/* What is written is for its owner alone; without an audit event, since Python did not ask. */
static int host_create(void *context, const char *path, int *fd_ret)
{
    (void)context;
    do
        *fd_ret = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (*fd_ret < 0 && errno == EINTR);
    return *fd_ret < 0 ? errno : 0;
}

static int host_write(void *context, int fd, const void *bytes, size_t nbytes, size_t *nwritten_ret)
{
    ssize_t nwritten;

    (void)context;
    do
        nwritten = write(fd, bytes, nbytes);
    while (nwritten < 0 && errno == EINTR);
    if (nwritten < 0)
        return errno;
    *nwritten_ret = (size_t)nwritten;
    return 0;
}

static int read_field(PyObject *result, PyObject *name, uint64_t *ret)
{
    PyObject *value = PyObject_GetAttr(result, name);

    if (!value)
        return -1;
    *ret = PyLong_AsUnsignedLongLongMask(value);
    Py_DECREF(value);
    return *ret == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

/* Reads an os.stat_result and releases it; NULL stands for the exception that was raised. */
static int read_stat(struct zi_state *state, PyObject *result, struct zi_stamp *ret)
{
    uint64_t mtime_ns = 0, ctime_ns = 0;
    int answer = 0;

    if (!result || read_field(result, state->st_dev_name, &ret->device) < 0 ||
        read_field(result, state->st_ino_name, &ret->inode) < 0 ||
        read_field(result, state->st_size_name, &ret->nbytes) < 0 ||
        read_field(result, state->st_mtime_ns_name, &mtime_ns) < 0 ||
        read_field(result, state->st_ctime_ns_name, &ctime_ns) < 0)
        answer = answer_of_exception();
    ret->mtime_ns = (int64_t)mtime_ns;
    ret->ctime_ns = (int64_t)ctime_ns;
    Py_XDECREF(result);
    return answer;
}

static int host_stamp_fd(void *context, int fd, struct zi_stamp *ret)
{
    struct zi_state *state = context;
    /* Before the stat: whatever is written later has a later ctime than this. */
    PyObject *now = PyObject_CallNoArgs(state->time_ns);

    if (!now)
        return ZI_HOST_RAISED;
    ret->clock_ns = (int64_t)PyLong_AsUnsignedLongLongMask(now);
    Py_DECREF(now);
    if (ret->clock_ns == -1 && PyErr_Occurred())
        return ZI_HOST_RAISED;
    return read_stat(state, PyObject_CallFunction(state->fd_stat, "i", fd), ret);
}

static int host_stamp_path(void *context, const char *path, struct zi_stamp *ret)
{
    struct zi_state *state = context;

    ret->clock_ns = 0; /* never a record's stamp, only compared with one */
    PyObject *decoded = PyUnicode_DecodeFSDefault(path);
    PyObject *result = decoded ? PyObject_CallFunctionObjArgs(state->path_stat, decoded,
                                                              (PyObject *)NULL)
                               : NULL;

    Py_XDECREF(decoded);
    return read_stat(state, result, ret);
}

static const struct zi_host_ops python_host_ops = {
    .reallocate = host_reallocate,
    .open = host_open,
    .close = host_close,
    .create = host_create,
    .write = host_write,
    .size = host_size,
    .read_at = host_read_at,
    .stamp_fd = host_stamp_fd,
    .stamp_path = host_stamp_path,
};

static const struct zi_host_ops plain_host_ops = {
    .reallocate = host_reallocate,
    .open = open_unseen,
    .close = host_close,
    .size = host_size,
    .read_at = host_read_at,
};

void zi_plain_host_init(struct zi_host *host, const struct zi_host *like)
{
    *host = (struct zi_host){.ops = &plain_host_ops, .member_max = like->member_max};
}

void zi_python_host_init(struct zi_host *host, struct zi_state *state)
{
    *host = (struct zi_host){
        .ops = &python_host_ops,
        .context = state,
        .member_max = ZI_MEMBER_NBYTES_MAX,
        .slack_ns = 20 * MILLISECOND_NS,
    };
}

int zi_python_host_seed(struct zi_host *host, struct zi_state *state)
{
    const char *words[] = {"end", "of", "central", "directory"};
    uint32_t parts[4];

    for (size_t i = 0; i < 4; i++) {
        PyObject *word = PyUnicode_FromString(words[i]);
        Py_hash_t hash = word ? PyObject_Hash(word) : -1;
        Py_XDECREF(word);
        if (hash == -1)
            return -1;
        parts[i] = (uint32_t)hash;
    }
    host->seed[0] = (uint64_t)parts[0] << 32 | parts[1];
    host->seed[1] = (uint64_t)parts[2] << 32 | parts[3];
#ifdef __EMSCRIPTEN__
    /* Pyodide 0.27's system calls put the milliseconds where the microseconds belong, so that the
     * times of a file may be up to a second too old. Its MEMFS keeps one time for a file. */
    if (state->version <= 0x030c) {
        host->slack_ns = 1000 * MILLISECOND_NS;
        host->ctime_repeats_mtime = true;
    }
#else
    (void)state;
#endif
    return 0;
}
