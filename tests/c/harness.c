/* Runs tests, and is the host that they run on. */
#define _GNU_SOURCE /* POSIX, and malloc_usable_size() */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

static struct test_case *test_cases;

void test_register(struct test_case *test_case)
{
    struct test_case **link = &test_cases;

    while (*link && strcmp((*link)->name, test_case->name) < 0)
        link = &(*link)->next;
    test_case->next = *link;
    *link = test_case;
}

void test_fail(struct test *t, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    t->failed = true;
    printf("%s:%d: %s", file, line, t->name);
    if (t->injected)
        printf(" (after a call was made to fail)");
    printf(": ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

bool test_excused(const struct test *t, enum zi_status status)
{
    if (!t->injected || status != t->err.status)
        return false;
    return status == (t->failing == FAILING_SYSTEM ? ZI_ERR_SYSTEM : ZI_ERR_MEMORY);
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(2);
}

/* The host. */

static bool inject(struct test *t, enum failing failing)
{
    if (t->failing != failing || t->injected || --t->fail_at > 0)
        return false;
    t->injected = true;
    return true;
}

static void *host_reallocate(void *context, void *block, size_t nbytes)
{
    struct test *t = context;
    size_t previous_nbytes = block ? malloc_usable_size(block) : 0;

    if (nbytes == 0) {
        t->live_blocks -= block != NULL;
        t->live_nbytes -= previous_nbytes;
        free(block);
        return NULL;
    }
    void *moved = inject(t, FAILING_ALLOCATIONS) ? NULL : realloc(block, nbytes);
    if (!moved)
        return NULL;
    t->live_blocks += block == NULL;
    t->live_nbytes += malloc_usable_size(moved) - previous_nbytes;
    if (t->peak_nbytes < t->live_nbytes)
        t->peak_nbytes = t->live_nbytes;
    return moved;
}

/* What the call answers by order of the test or of the run, 0 for what it does by itself. */
static int ordered_answer(struct test *t, enum system_call call)
{
    int answer = t->answers[call];

    t->answers[call] = 0;
    if (answer == 0 && inject(t, FAILING_SYSTEM))
        answer = EIO;
    return answer;
}

static int host_open(void *context, const char *path, int *fd_ret)
{
    struct test *t = context;
    int answer = ordered_answer(t, CALL_OPEN);

    if (answer != 0)
        return answer;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    t->open_files++;
    *fd_ret = fd;
    return 0;
}

/* A close that fails has closed all the same. */
static int host_close(void *context, int fd)
{
    struct test *t = context;

    close(fd);
    t->open_files--;
    return ordered_answer(t, CALL_CLOSE);
}

static int host_create(void *context, const char *path, int *fd_ret)
{
    struct test *t = context;
    int answer = ordered_answer(t, CALL_CREATE);

    if (answer != 0)
        return answer;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    t->open_files++;
    *fd_ret = fd;
    return 0;
}

static int host_write(void *context, int fd, const void *bytes, size_t nbytes, size_t *nwritten_ret)
{
    struct test *t = context;
    int answer = ordered_answer(t, CALL_WRITE);

    if (answer != 0)
        return answer;
    if (t->write_nbytes_max > 0 && nbytes > t->write_nbytes_max)
        nbytes = t->write_nbytes_max;
    ssize_t nwritten = write(fd, bytes, nbytes);
    if (nwritten < 0)
        return errno;
    *nwritten_ret = (size_t)nwritten;
    return 0;
}

static int host_size(void *context, int fd, uint64_t *nbytes_ret)
{
    int answer = ordered_answer(context, CALL_SIZE);
    off_t nbytes;

    if (answer != 0)
        return answer;
    nbytes = lseek(fd, 0, SEEK_END);
    if (nbytes < 0)
        return errno;
    *nbytes_ret = (uint64_t)nbytes;
    return 0;
}

static int host_read_at(void *context, int fd, uint64_t offset, void *buffer, size_t nbytes,
                        size_t *nread_ret)
{
    struct test *t = context;
    int answer = ordered_answer(t, CALL_READ_AT);

    if (answer != 0)
        return answer;
    if (t->read_nbytes_max > 0 && nbytes > t->read_nbytes_max)
        nbytes = t->read_nbytes_max;
    ssize_t nread = pread(fd, buffer, nbytes, (off_t)offset);
    if (nread < 0)
        return errno;
    *nread_ret = (size_t)nread;
    return 0;
}

static void make_stamp(struct test *t, const struct stat *status, struct zi_stamp *ret)
{
    void (*during)(void *) = t->during_stamp;

    *ret = (struct zi_stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .nbytes = (uint64_t)status->st_size,
        .mtime_ns = status->st_mtim.tv_sec * NS_PER_SECOND + status->st_mtim.tv_nsec,
        .ctime_ns = t->ctime_ns,
        .clock_ns = t->clock_ns,
    };
    t->during_stamp = NULL;
    if (during)
        during(t->during_stamp_context);
}

static int host_stamp_fd(void *context, int fd, struct zi_stamp *ret)
{
    int answer = ordered_answer(context, CALL_STAMP_FD);
    struct stat status;

    if (answer != 0)
        return answer;
    if (fstat(fd, &status) != 0)
        return errno;
    make_stamp(context, &status, ret);
    return 0;
}

static int host_stamp_path(void *context, const char *path, struct zi_stamp *ret)
{
    int answer = ordered_answer(context, CALL_STAMP_PATH);
    struct stat status;

    if (answer != 0)
        return answer;
    if (stat(path, &status) != 0)
        return errno;
    make_stamp(context, &status, ret);
    return 0;
}

static const struct zi_host_ops host_ops = {
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

/* What belongs to the test. */

struct owned {
    struct owned *next;
    void *mapping;
    size_t nbytes;
};

uint8_t *test_guarded(struct test *t, size_t nbytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (nbytes + page - 1) / page * page;
    struct owned *owned = malloc(sizeof *owned);
    uint8_t *mapping = mmap(NULL, readable + page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (!owned || mapping == MAP_FAILED || mprotect(mapping + readable, page, PROT_NONE) != 0)
        give_up("mmap");
    *owned = (struct owned){t->owned, mapping, readable + page};
    t->owned = owned;
    return mapping + readable - nbytes;
}

static void free_owned(struct test *t)
{
    while (t->owned) {
        struct owned *owned = t->owned;
        t->owned = owned->next;
        munmap(owned->mapping, owned->nbytes);
        free(owned);
    }
}

struct zi_source test_zip_source(struct test *t, struct zip_built zip)
{
    uint8_t *bytes = test_guarded(t, zip.nbytes);
    struct zi_source source;

    memcpy(bytes, zip.bytes, zip.nbytes);
    zi_source_open_memory(&source, &t->host, bytes, zip.nbytes);
    zip_free(&zip);
    return source;
}

void test_write_file(struct test *t, const char *path, const void *bytes, size_t nbytes)
{
    struct timespec time = {
        .tv_sec = t->clock_ns / NS_PER_SECOND,
        .tv_nsec = t->clock_ns % NS_PER_SECOND,
    };
    struct timespec times[2] = {time, time};
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    /* Cut to size afterwards: a file cut to nothing first is flushed to disk when it is closed. */
    if (fd < 0 || write(fd, bytes, nbytes) != (ssize_t)nbytes ||
        ftruncate(fd, (off_t)nbytes) != 0 || futimens(fd, times) != 0)
        give_up(path);
    t->ctime_ns = t->clock_ns;
    close(fd);
}

void test_set_mtime(struct test *t, const char *path, int64_t mtime_ns)
{
    struct timespec time = {
        .tv_sec = mtime_ns / NS_PER_SECOND,
        .tv_nsec = mtime_ns % NS_PER_SECOND,
    };
    struct timespec times[2] = {time, time};

    if (utimensat(AT_FDCWD, path, times, 0) != 0)
        give_up(path);
    t->ctime_ns = t->clock_ns;
}

void test_write_zip(struct test *t, struct zip_built zip)
{
    test_write_file(t, t->path, zip.bytes, zip.nbytes);
    zip_free(&zip);
}

static void empty_directory(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (!directory)
        give_up(path);
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

/* The runner. */

/* Runs the test once; writes whether a call was made to fail. */
static bool run_once(const struct test_case *test_case, const char *directory, enum failing failing,
                     uint64_t fail_at, bool *injected_ret)
{
    struct test t = {
        .host =
            {
                .ops = &host_ops,
                .seed = {0x9e3779b97f4a7c15, 0xd1b54a32d192ed03},
                .slack_ns = 20 * 1000 * 1000,
                .member_max = 1 << 30,
            },
        .name = test_case->name,
        .failing = failing,
        .fail_at = fail_at,
        .clock_ns = 1700000000 * NS_PER_SECOND + 123456789,
    };

    t.host.context = &t;
    zi_error_clear(&t.err);
    snprintf(t.directory, sizeof t.directory, "%s", directory);
    snprintf(t.path, sizeof t.path, "%s/a.zip", directory);
    test_case->function(&t);
    if (!t.failed && (t.live_blocks > 0 || t.open_files > 0))
        test_fail(&t, __FILE__, __LINE__, "leaks %zu blocks, %zu bytes, %zu files", t.live_blocks,
                  t.live_nbytes, t.open_files);
    free_owned(&t);
    empty_directory(directory);
    *injected_ret = t.injected;
    return !t.failed;
}

static bool run_case(const struct test_case *test_case, const char *directory, enum failing failing)
{
    bool injected = true;

    if (failing == FAILING_NOTHING)
        return run_once(test_case, directory, failing, 0, &injected);
    if (test_case->sweep)
        return true;
    for (uint64_t fail_at = 1; injected; fail_at++) {
        if (!run_once(test_case, directory, failing, fail_at, &injected)) {
            printf("    with call %llu failing\n", (unsigned long long)fail_at);
            return false;
        }
    }
    return true;
}

static bool is_selected(const char *name, char **names, int name_count)
{
    for (int i = 0; i < name_count; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return name_count == 0;
}

int main(int argc, char **argv)
{
    const char *temporary = getenv("TMPDIR");
    enum failing failing = FAILING_NOTHING;
    char directory[48];
    int passed = 0, failed = 0, first_name = 1;

    if (argc > 1 && strcmp(argv[1], "--fail-allocations") == 0)
        failing = FAILING_ALLOCATIONS;
    else if (argc > 1 && strcmp(argv[1], "--fail-system") == 0)
        failing = FAILING_SYSTEM;
    else if (argc > 1 && argv[1][0] == '-') {
        fputs("usage: run [--fail-allocations | --fail-system] [PREFIX...]\n", stderr);
        return 2;
    }
    if (failing != FAILING_NOTHING)
        first_name = 2;

    snprintf(directory, sizeof directory, "%.30s/zi-test-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(directory))
        give_up(directory);
    for (struct test_case *at = test_cases; at; at = at->next) {
        if (!is_selected(at->name, argv + first_name, argc - first_name))
            continue;
        if (run_case(at, directory, failing))
            passed++;
        else
            failed++;
        fflush(stdout);
    }
    rmdir(directory);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
