/*
 * The extension's state: one per interpreter, reached from its types and never from a global.
 *
 * Every room of src/python may use this file. What only one room uses is a structure of that room:
 * the state has a pointer to it, and module.c, which owns them all, sets the pointers.
 */
#ifndef ZI_PYTHON_STATE_H
#define ZI_PYTHON_STATE_H

#include "common.h"

#include "../cache/registry.h"

/* Python objects that the glue calls or compares with: strong references, fetched once. All that
 * are fetched come from modules that are built in or frozen, since the importer runs inside imports
 * and must not need one. */
#define ZI_STATE_OBJECTS(X)                                                                        \
    X(zipimport)                /* the frozen module */                                            \
    X(stock_zipimporter)        /* its class */                                                    \
    X(exec_module)              /* its method of that name */                                      \
    X(zip_import_error)         /* its exception, which stays in use */                            \
    X(path_stat)                /* posix.stat */                                                   \
    X(fd_stat)                  /* posix.fstat */                                                  \
    X(current_folder)           /* posix.getcwdb */                                                \
    X(time_ns)                  /* time.time_ns */                                                 \
    X(perf_counter_ns)          /* time.perf_counter_ns */                                         \
    X(mktime)                   /* time.mktime */                                                  \
    X(audit)                    /* sys.audit */                                                    \
    X(compile)                  /* builtins.compile */                                             \
    X(marshal_dumps)            /* marshal.dumps */                                                \
    X(imp)                      /* _imp */                                                         \
    X(fix_co_filename)          /* _imp._fix_co_filename */                                        \
    X(magic_token)              /* what _imp.source_hash() takes */                                \
    X(bootstrap_external)       /* _frozen_importlib_external */                                   \
    X(module_spec)              /* _frozen_importlib.ModuleSpec */                                 \
    X(spec_from_loader)         /* _frozen_importlib.spec_from_loader */                           \
    X(call_with_frames_removed) /* _frozen_importlib._call_with_frames_removed */                  \
    X(code_type)                /* types.CodeType */                                               \
    X(importer_type)            /* the C type */                                                   \
    X(zipimporter)              /* the class made of it and of stock's */                          \
    X(ready_type)               /* what install() returns */                                       \
    X(pack_writer_type)         /* what _write_pack() returns */                                   \
    X(archive_writer_type)      /* what _write_archive() returns */                                \
    X(directory_cache)          /* our _zip_directory_cache */                                     \
    X(assigned_tables)          /* dict: what others stored in it */                               \
    X(zstd_decompressor)        /* _zstd.ZstdDecompressor once a member needed it, or NULL */      \
    X(zstd_error)               /* _zstd.ZstdError, likewise */                                    \
    X(mount_source)             /* gives the function behind mount(), or NULL: not installed */    \
    X(open_event)               /* "open", the audit event */                                      \
    X(read_mode)                /* "rb", an argument of it */

/* Attributes that are read where time counts. Interned, since a string made for the occasion misses
 * the interpreter's cache of attributes, and crowds it. */
#define ZI_STATE_NAMES(X)                                                                          \
    X(archive)                                                                                     \
    X(prefix)                                                                                      \
    X(path)                                                                                        \
    X(name)                                                                                        \
    X(loader)                                                                                      \
    X(st_dev)                                                                                      \
    X(st_ino)                                                                                      \
    X(st_size)                                                                                     \
    X(st_mtime_ns)                                                                                 \
    X(st_ctime_ns)                                                                                 \
    X(st_mode)                                                                                     \
    X(load)                                                                                        \
    X(used)                                                                                        \
    X(changed)                                                                                     \
    X(flush)                                                                                       \
    X(clear)                                                                                       \
    X(get_filename)                                                                                \
    X(origin)                                                                                      \
    X(is_package)                                                                                  \
    X(submodule_search_locations)                                                                  \
    X(_set_fileattr)

struct zi_state {
    struct zi_host host;
    struct zi_registry registry;
    struct zi_record *library; /* of the standard library's archive, pinned: a reference, or NULL */
    uint64_t compiles;
    uint64_t unmarshals;
    uint64_t hits;
    uint64_t misses;
    unsigned version; /* sys.hexversion >> 16: 0x030c for 3.12 */
    uint32_t magic;   /* of this interpreter's bytecode */
    bool importing_zstd;
    PyCFunction get_filename;     /* the importer's method: what the class calls if nobody sets
                                     another */
    struct zi_packs *packs;       /* packs/compiled.h */
    struct zi_held *held;         /* importer/held.h */
    struct zi_trace *trace;       /* importer/trace.h */
    struct zi_mounts *mounts;     /* mount/mount.h */
    struct zi_takeover *takeover; /* takeover/takeover.h */
#define ZI_STATE_MEMBER(name) PyObject *name;
    ZI_STATE_OBJECTS(ZI_STATE_MEMBER)
#undef ZI_STATE_MEMBER
#define ZI_STATE_MEMBER(name) PyObject *name##_name;
    ZI_STATE_NAMES(ZI_STATE_MEMBER)
#undef ZI_STATE_MEMBER
};

/* The definition of the extension module; module.c. Its state begins with a struct zi_state. Hidden
 * here too, since emcc otherwise exports whatever has its address taken in another file. */
extern struct PyModuleDef zi_module_def __attribute__((visibility("hidden")));

/* Fetches the interpreter's objects into a zeroed state; 0, or -1 with an exception. The host, the
 * registry, the rooms' parts and our own types come from module.c. */
int zi_state_init(struct zi_state *state);
int zi_state_traverse(struct zi_state *state, visitproc visit, void *arg);

/* Breaks the cycles between the state and our own types; the rest stays usable until the end. */
void zi_state_clear(struct zi_state *state);
void zi_state_free(struct zi_state *state);

/* The module that a type of ours, or a subclass of one, belongs to: borrowed; NULL with an
 * exception when there is none. */
PyObject *zi_module_of_type(PyTypeObject *type);

#endif
