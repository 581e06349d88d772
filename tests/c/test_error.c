#include <errno.h>
#include <string.h>

#include "harness.h"

TEST(test_error__every_detail_has_a_status_and_a_text)
{
#define ROW(name, expected_status, expected_text)                                                  \
    CHECK_EQUAL(zi_fail(&t->err, ZI_DETAIL_##name), expected_status);                              \
    CHECK_EQUAL(t->err.status, expected_status);                                                   \
    CHECK(strcmp(zi_detail_text(t->err.detail), expected_text) == 0);
    ZI_DETAILS(ROW)
#undef ROW
}

TEST(test_error__failing_forgets_what_was_there)
{
    zi_fail_compared(&t->err, ZI_DETAIL_MEMBER_CRC, 10, 11, 12);
    zi_error_set_name(&t->err, (const uint8_t *)"a.py", 4);
    CHECK_EQUAL(t->err.offset, 10);
    CHECK_EQUAL(t->err.found, 11);
    CHECK_EQUAL(t->err.expected, 12);
    CHECK(t->err.name_nbytes == 4 && memcmp(t->err.name, "a.py", 4) == 0);

    CHECK_EQUAL(zi_fail(&t->err, ZI_DETAIL_NOT_A_ZIP), ZI_ERR_ARCHIVE);
    CHECK_EQUAL(t->err.offset, ZI_NO_OFFSET);
    CHECK_EQUAL(t->err.found, 0);
    CHECK_EQUAL(t->err.expected, 0);
    CHECK_EQUAL(t->err.name_nbytes, 0);
}

TEST(test_error__system_answers_keep_their_errno)
{
    CHECK_EQUAL(zi_fail_system(&t->err, ZI_DETAIL_CANNOT_OPEN, ENOENT), ZI_ERR_SYSTEM);
    CHECK_EQUAL(t->err.detail, ZI_DETAIL_CANNOT_OPEN);
    CHECK_EQUAL(t->err.system_errno, ENOENT);
}

TEST(test_error__what_the_host_raised_is_not_a_system_error)
{
    CHECK_EQUAL(zi_fail_system(&t->err, ZI_DETAIL_CANNOT_STAT, ZI_HOST_RAISED), ZI_ERR_HOST);
    CHECK_EQUAL(t->err.detail, ZI_DETAIL_HOST_RAISED);
    CHECK_EQUAL(t->err.system_errno, 0);
}

TEST(test_error__cuts_long_names)
{
    uint8_t name[ZI_ERROR_NAME_NBYTES + 1];

    memset(name, 'x', sizeof name);
    zi_fail(&t->err, ZI_DETAIL_EXTRA);
    zi_error_set_name(&t->err, name, sizeof name);
    CHECK_EQUAL(t->err.name_nbytes, ZI_ERROR_NAME_NBYTES);
    CHECK(memcmp(t->err.name, name, ZI_ERROR_NAME_NBYTES) == 0);
}
