/* Makes zipimport's table of an archive's members. */
#include "table.h"

/* How much larger than the directory the implicit directories' paths may be, all together. */
#define TABLE_RATIO_MAX 64

/* As importlib's _path_join(): an empty name adds nothing, and no part keeps slashes at its end. */
static PyObject *join_name(PyObject *archive_path, const struct zi_node *node)
{
    size_t nbytes = node->path_nbytes;
    PyObject *name, *path;

    if (nbytes == 0)
        return Py_NewRef(archive_path);
    while (nbytes > 0 && node->path[nbytes - 1] == '/')
        nbytes--;
    name = PyUnicode_FromStringAndSize((const char *)node->path, (Py_ssize_t)nbytes);
    path = name ? PyUnicode_FromFormat("%U/%U", archive_path, name) : NULL;
    Py_XDECREF(name);
    return path;
}

static PyObject *make_toc_entry(PyObject *archive_path, const struct zi_node *node,
                                const struct zi_entry *entry)
{
    PyObject *path = join_name(archive_path, node);

    return Py_BuildValue("NHKKKHHI", path, entry->method, entry->packed_nbytes, entry->nbytes,
                         entry->local_position, entry->dos_time, entry->dos_date,
                         (unsigned)entry->crc);
}

static int add_node(PyObject *table, PyObject *archive_path, const struct zi_archive *archive,
                    uint32_t at)
{
    const struct zi_node *node = zi_archive_node(archive, at);
    PyObject *name = PyUnicode_FromStringAndSize((const char *)node->path,
                                                 (Py_ssize_t)node->path_nbytes);
    PyObject *value = NULL;
    int answer = -1;

    if (name && node->record == ZI_NO_RECORD) {
        value = Py_NewRef(Py_None);
    } else if (name) {
        struct zi_entry entry;
        zi_archive_entry(archive, at, &entry);
        value = make_toc_entry(archive_path, node, &entry);
    }
    if (value)
        answer = PyDict_SetItem(table, name, value);
    Py_XDECREF(value);
    Py_XDECREF(name);
    return answer;
}

/* Adds the nodes that have an entry, or the implicit directories. */
static int add_nodes(PyObject *table, PyObject *archive_path, const struct zi_archive *archive,
                     bool entries)
{
    for (uint32_t at = 0; at < archive->index.node_count; at++) {
        const struct zi_node *node = zi_archive_node(archive, at);
        /* The root is not in zipimport's table, unless there is an entry without a name. */
        if (node->hidden || (node->record != ZI_NO_RECORD) != entries ||
            (at == ZI_INDEX_ROOT && !entries))
            continue;
        if (add_node(table, archive_path, archive, at) < 0)
            return -1;
    }
    return 0;
}

/* Whether the directories' paths, one str each, are in proportion to the archive: names of hundreds
 * of levels would make a table a thousand times its size. */
static bool shows_directories(const struct zi_archive *archive)
{
    uint64_t nbytes = 0;

    for (uint32_t at = 1; at < archive->index.node_count; at++) {
        const struct zi_node *node = zi_archive_node(archive, at);
        if (node->record == ZI_NO_RECORD && !node->hidden)
            nbytes += node->path_nbytes;
    }
    return nbytes <= (uint64_t)archive->directory_nbytes * TABLE_RATIO_MAX;
}

static PyObject *build_table(struct zi_state *state, const struct zi_archive *archive,
                             PyObject *path)
{
    bool implicit = state->version >= 0x030e && shows_directories(archive);
    PyObject *table = PyDict_New();

    if (!table)
        return NULL;
    if (add_nodes(table, path, archive, true) < 0 ||
        (implicit && add_nodes(table, path, archive, false) < 0)) {
        Py_DECREF(table);
        return NULL;
    }
    return table;
}

PyObject *zi_table_get(struct zi_state *state, struct zi_record *record,
                       const struct zi_archive *archive, PyObject *path)
{
    struct zi_name *name = zi_archives_name(record, path);
    /* As they are before building, which may run a finalizer that invalidates. */
    uint64_t invalidations = record->invalidations;
    uint64_t epoch = state->registry.epoch;
    PyObject *table, *previous;

    if (name && name->table && name->table_invalidations == invalidations &&
        name->table_epoch == epoch)
        return Py_NewRef(name->table);
    table = build_table(state, archive, path);
    if (!table || !name)
        return table;
    previous = name->table;
    name->table = Py_NewRef(table);
    name->table_invalidations = invalidations;
    name->table_epoch = epoch;
    Py_XDECREF(previous);
    return table;
}
