/*
 * One archive as one call of an importer sees it: the record and the archive are held for the
 * call's duration, whatever the Python code that runs meanwhile does to them.
 */
#ifndef ZI_PYTHON_VIEW_H
#define ZI_PYTHON_VIEW_H

#include "importer.h"

struct zi_view {
    struct zi_state *state;
    PyObject *archive_path;     /* strong */
    struct zi_record *record;   /* a reference */
    struct zi_archive *archive; /* a reference, or NULL while there is none */
    struct zi_error error;      /* why there is none */
    bool retried;               /* another archive was met during this call */
    PyObject *link_text;        /* bytes of the symbolic link that was read last, or NULL */
    uint32_t link;              /* its node */
};

/* Finds the importer's archive, validating it if it was invalidated. An archive that is absent is
 * no failure. Returns -1 with an exception. zi_view_release() in either case. */
int zi_view_init(struct zi_view *view, PyObject *self);

/* Shows an archive at another path than its file's. */
void zi_view_init_mounted(struct zi_view *view, struct zi_state *state, PyObject *path,
                          struct zi_record *record, struct zi_archive *archive);
void zi_view_release(struct zi_view *view);

/* How a path is taken whose literal name no entry has. */
enum zi_path_form {
    ZI_PATH_NAME,  /* symbolic links lead on */
    ZI_PATH_STEPS, /* so do its parts `.` and `..`, as in a file system */
};

/*
 * Finds what a path in the archive leads to: *node_ret is an entry that is no symbolic link, a
 * directory, or ZI_INDEX_NONE. Where a link on the way is wrong or cannot be read it is that link,
 * and zi_view_read() of it raises why. -1 with an exception.
 *
 * Reading a link may meet another archive, as any read: then *changed_ret is set, and no node.
 */
int zi_view_find(struct zi_view *view, const char *path, size_t nbytes, enum zi_path_form form,
                 uint32_t *node_ret, bool *changed_ret);

/* Whether a node of the archive is a symbolic link. */
bool zi_view_is_link(const struct zi_view *view, uint32_t node);

/*
 * Reads a member, or its first nbytes (unchecked, fit only for judging what the rest may be); all
 * of it with SIZE_MAX. A new bytes object.
 *
 * Where the bytes met are not those that the directory promises, or lie behind a local header that
 * says something else, the archive is looked at again. If it is the same one, right bytes are right
 * and wrong ones are an error.
 *
 * NULL with an exception, or NULL with *changed_ret set and none: it is another archive, or none.
 * The view now shows that one; its nodes are others. That happens once in a view's life; a second
 * time is an error.
 */
PyObject *zi_view_read(struct zi_view *view, uint32_t node, size_t nbytes, bool *changed_ret);

/* Glances at the archive (registry.h) unless it is pinned, as those of mounts are: 0 when it is the
 * one that the view shows, 1 when the view now shows another, or none, -1 with an exception. */
int zi_view_glance(struct zi_view *view);

/* Raises why there is no archive any more, if it was there when the call began: -1, else 0. */
int zi_view_raise_if_lost(const struct zi_view *view);

#endif
