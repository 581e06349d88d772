/*
 * An archive's directory as zipimport's own cache holds it: a dict
 * {name: (path, compress, data_size, file_size, file_offset, time, date, crc)}, from 3.14 on with
 * None for implicit directories.
 */
#ifndef ZI_PYTHON_TABLE_H
#define ZI_PYTHON_TABLE_H

#include "../archives.h"

/* The table of a record's archive, with a name of the record before the members' paths: built when
 * it is asked for, then the same object until the record is invalidated. A new reference, NULL with
 * an exception. */
PyObject *zi_table_get(struct zi_state *state, struct zi_record *record,
                       const struct zi_archive *archive, PyObject *path);

#endif
