/* Reads the command line and the environment that Python was started with. */
#include "permission.h"

#include <string.h>

#include "../errors.h"

/* What an argument means for the search for -B. */
enum argument {
    ARGUMENT_END,     /* what follows is the program's */
    ARGUMENT_OPTION,  /* options, none of them -B */
    ARGUMENT_TAKES,   /* the same, and the next argument is the last one's value */
    ARGUMENT_NO_WRITE /* -B is among them */
};

/* As CPython's getopt: -X dev, -Xdev, -uB, -Bc code. */
static enum argument read_argument(const char *text)
{
    if (text[0] != '-' || text[1] == '\0' || strcmp(text, "--") == 0)
        return ARGUMENT_END;
    if (text[1] == '-')
        return strcmp(text, "--check-hash-based-pycs") == 0 ? ARGUMENT_TAKES : ARGUMENT_OPTION;
    for (const char *letter = text + 1; *letter; letter++) {
        if (*letter == 'B')
            return ARGUMENT_NO_WRITE;
        if (*letter == 'c' || *letter == 'm')
            return ARGUMENT_END;
        if (*letter == 'W' || *letter == 'X')
            return letter[1] ? ARGUMENT_OPTION : ARGUMENT_TAKES;
    }
    return ARGUMENT_OPTION;
}

/* Whether -B is among the arguments; the first is the program. -1 with an exception. */
static int find_no_write(PyObject *arguments)
{
    bool is_value = false;

    /* The list is Python code's to change; encoding a str runs none. */
    for (Py_ssize_t i = 1; i < PyList_Size(arguments); i++) {
        const char *text;
        PyObject *encoded;
        enum argument argument;

        if (is_value) {
            is_value = false;
            continue;
        }
        encoded = zi_encode_path(PyList_GetItem(arguments, i), &text);
        if (!encoded) {
            /* No argument of Python's: a program has put it there. */
            if (!PyErr_ExceptionMatches(PyExc_TypeError) &&
                !PyErr_ExceptionMatches(PyExc_ValueError))
                return -1;
            PyErr_Clear();
            return 0;
        }
        argument = read_argument(text);
        Py_DECREF(encoded);
        if (argument == ARGUMENT_NO_WRITE)
            return 1;
        if (argument == ARGUMENT_END)
            return 0;
        is_value = argument == ARGUMENT_TAKES;
    }
    return 0;
}

/* Whether the environment that Python started with has the variable, not empty. Not os.environ,
 * which programs change; -1 with an exception. */
static int is_in_environment(void)
{
    PyObject *posix = PyImport_ImportModule("posix");
    PyObject *environment = posix ? PyObject_GetAttrString(posix, "environ") : NULL;
    PyObject *value = NULL;
    int answer = -1;

    if (environment)
        value = PyObject_CallMethod(environment, "get", "yy", "PYTHONDONTWRITEBYTECODE", "");
    if (value)
        answer = PyObject_IsTrue(value);
    Py_XDECREF(value);
    Py_XDECREF(environment);
    Py_XDECREF(posix);
    return answer;
}

/* Whether the environment counts: not after -E or -I. -1 with an exception. */
static int reads_environment(void)
{
    PyObject *flags = PySys_GetObject("flags"); /* borrowed */
    PyObject *ignores = flags ? PyObject_GetAttrString(flags, "ignore_environment") : NULL;
    int answer = ignores ? PyObject_IsTrue(ignores) : -1;

    Py_XDECREF(ignores);
    if (!flags)
        PyErr_SetString(PyExc_RuntimeError, "lost sys.flags");
    return answer < 0 ? -1 : !answer;
}

int zi_permission_to_write(void)
{
    PyObject *arguments = PySys_GetObject("orig_argv"); /* borrowed */
    int answer = 0;

    if (arguments && PyList_Check(arguments)) {
        Py_INCREF(arguments);
        answer = find_no_write(arguments);
        Py_DECREF(arguments);
    }
    if (answer != 0)
        return answer < 0 ? -1 : 0;
    answer = reads_environment();
    if (answer <= 0)
        return answer < 0 ? -1 : 1;
    answer = is_in_environment();
    return answer < 0 ? -1 : !answer;
}
