/*
 * The extension's state: one per interpreter, reached from its types and never from a global.
 */
#ifndef ZI_PYTHON_STATE_H
#define ZI_PYTHON_STATE_H

#include "common.h"

#include "../cache/pack.h"
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
    X(zstd_decompressor)        /* _zstd.ZstdDecompressor once a member needed it, or NULL */      \
    X(zstd_error)               /* _zstd.ZstdError, likewise */                                    \
    X(open_event)               /* "open", the audit event */                                      \
    X(read_mode)                /* "rb", an argument of it */

/* Attributes that are read where time counts. Interned, since a string made for the occasion misses
 * the interpreter's cache of attributes, and crowds it. */
#define ZI_STATE_NAMES(X)                                                                          \
    X(archive)                                                                                     \
    X(prefix)                                                                                      \
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

struct zi_takeover {
    bool busy; /* install or uninstall is at work, and runs Python code while it is */
    PyObject *directory_cache; /* stock's dict, to give back; NULL while not installed */
    PyObject *get_module_code; /* stock's function, likewise */
    struct zi_record *library; /* the standard library's archive, pinned: a reference, or NULL */
};

/* What was found in packs, and done to them. */
struct zi_pack_counters {
    uint64_t hits;         /* modules whose code was compiled before */
    uint64_t misses;       /* modules whose code was not */
    uint64_t other_source; /* members compiled from another source */
    uint64_t other_magic;  /* members compiled by another interpreter */
    uint64_t damaged;      /* members that cannot be read */
    uint64_t loads;        /* pack files opened */
    uint64_t refused;      /* pack files that cannot be opened */
    uint64_t nbytes;       /* of the members used */
    uint64_t writes;       /* packs written */
};

struct zi_packs {
    PyObject *store; /* see packs.h; NULL: there are no packs */
    struct zi_pack *list;
    struct zi_pack_identity identity; /* without a build */
    char build[ZI_PACK_BUILD_NBYTES_MAX + 1];
    bool changed; /* the store was told that something is queued */
    struct zi_pack_counters count;
};

struct zi_trace_frame;

struct zi_trace {
    bool on;
    PyObject *records; /* list of dicts, since it was last turned on; or NULL */
    struct zi_trace_frame *top;
    int64_t start_ns;
};

struct zi_state {
    struct zi_host host;
    struct zi_registry registry;
    uint64_t compiles;
    uint64_t unmarshals;
    uint64_t hits;
    uint64_t misses;
    unsigned version; /* sys.hexversion >> 16: 0x030c for 3.12 */
    uint32_t magic;   /* of this interpreter's bytecode */
    bool importing_zstd;
    struct zi_takeover takeover;
    struct zi_packs packs;
    struct zi_trace trace;
#define ZI_STATE_MEMBER(name) PyObject *name;
    ZI_STATE_OBJECTS(ZI_STATE_MEMBER)
#undef ZI_STATE_MEMBER
#define ZI_STATE_MEMBER(name) PyObject *name##_name;
    ZI_STATE_NAMES(ZI_STATE_MEMBER)
#undef ZI_STATE_MEMBER
};

/* The definition of the extension module; module.c. Hidden here too, since emcc otherwise exports
 * whatever has its address taken in another file. */
extern struct PyModuleDef zi_module_def __attribute__((visibility("hidden")));

/* Fills a zeroed state, all but the objects of our own types. */
int zi_state_init(struct zi_state *state);
int zi_state_traverse(struct zi_state *state, visitproc visit, void *arg);
/* Breaks the cycles between the state and our own types; the rest stays usable until the end. */
void zi_state_clear(struct zi_state *state);
void zi_state_free(struct zi_state *state);

/* The module that a type of ours, or a subclass of one, belongs to: borrowed; NULL with an
 * exception when there is none. */
PyObject *zi_module_of_type(PyTypeObject *type);

#endif
