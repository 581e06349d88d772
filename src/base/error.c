/* Fills errors, and holds the text of each defect. */
#include "error.h"

#include <errno.h>
#include <string.h>

#include "host.h"

static const struct {
    enum zi_status status;
    const char *text;
} details[] = {
#define ZI_DETAIL_ROW(name, status, text) [ZI_DETAIL_##name] = {status, text},
    ZI_DETAILS(ZI_DETAIL_ROW)
#undef ZI_DETAIL_ROW
};

void zi_error_clear(struct zi_error *err)
{
    err->status = ZI_OK;
    err->detail = ZI_DETAIL_NONE;
    err->system_errno = 0;
    err->offset = ZI_NO_OFFSET;
    err->found = 0;
    err->expected = 0;
    err->name_nbytes = 0;
    err->target_nbytes = 0;
}

enum zi_status zi_fail(struct zi_error *err, enum zi_detail detail)
{
    zi_error_clear(err);
    err->detail = detail;
    err->status = details[detail].status;
    return err->status;
}

enum zi_status zi_fail_at(struct zi_error *err, enum zi_detail detail, uint64_t offset)
{
    zi_fail(err, detail);
    err->offset = offset;
    return err->status;
}

enum zi_status zi_fail_compared(struct zi_error *err, enum zi_detail detail, uint64_t offset,
                                uint64_t found, uint64_t expected)
{
    zi_fail_at(err, detail, offset);
    err->found = found;
    err->expected = expected;
    return err->status;
}

enum zi_status zi_fail_system(struct zi_error *err, enum zi_detail detail, int answer)
{
    if (answer == ZI_HOST_RAISED)
        return zi_fail(err, ZI_DETAIL_HOST_RAISED);
    zi_fail(err, detail);
    err->system_errno = answer;
    return err->status;
}

/* Copies what fits; returns how much that is. */
static size_t copy_text(char *copy, const uint8_t *text, size_t nbytes)
{
    if (nbytes > ZI_ERROR_NAME_NBYTES)
        nbytes = ZI_ERROR_NAME_NBYTES;
    memcpy(copy, text, nbytes);
    return nbytes;
}

void zi_error_set_name(struct zi_error *err, const uint8_t *name, size_t nbytes)
{
    err->name_nbytes = copy_text(err->name, name, nbytes);
}

void zi_error_set_target(struct zi_error *err, const uint8_t *text, size_t nbytes)
{
    err->target_nbytes = copy_text(err->target, text, nbytes);
}

const char *zi_detail_text(enum zi_detail detail)
{
    return details[detail].text;
}

bool zi_error_is_passing(const struct zi_error *err)
{
    if (err->status == ZI_ERR_MEMORY || err->status == ZI_ERR_HOST)
        return true;
    return err->status == ZI_ERR_SYSTEM &&
           (err->system_errno == EMFILE || err->system_errno == ENFILE ||
            err->system_errno == ENOMEM || err->system_errno == EINTR ||
            err->system_errno == EAGAIN);
}
