/* Who asked what: second answers find their way, repeats are known, and nothing that waits is
 * forgotten. */
#include "app/answers.h"

#include "check.h"

#define SECOND UINT64_C(1000000)

static uint64_t begin(struct answers *a, const char *name, const char *transaction) {
        struct answers_entry entry = {
                .asked = 7,
                .transaction = (char *) (uintptr_t) transaction,
                .path = (char *) (uintptr_t) "bridge/response/x",
        };

        snprintf(entry.name, sizeof entry.name, "%s", name);
        return answers_begin(a, &entry);
}

static char *text(const char *s) {
        return strdup(s);
}

/* Begun, answered at `at` and done. */
static void done(struct answers *a, const char *name, const char *transaction, uint64_t at) {
        struct answers_entry *e = answers_get(a, begin(a, name, transaction));

        CHECK(e);
        if (!e)
                return;
        e->open = 0;
        answers_keep(e, text("{}"), at);
}

static void a_ticket_finds_who_asked(void) {
        struct answers a = {0};
        uint64_t first = begin(&a, "device/sync", NULL), second = begin(&a, "device/sync", NULL);

        CHECK(first && second && first != second);
        CHECK_STR(answers_get(&a, first)->name, "device/sync");
        CHECK(answers_get(&a, first) != answers_get(&a, second));
        CHECK_EQ(answers_get(&a, first)->open, 1);
        CHECK(!answers_get(&a, 0));
        CHECK(!answers_get(&a, second + 1));
        answers_done(&a);
        CHECK(!answers_get(&a, first));
}

static void everything_is_copied(void) {
        struct answers a = {0};
        char transaction[] = "\"t\"", path[] = "bridge/response/own", correlation[] = "\0\xff";
        struct answers_entry asked = {.name = "x",
                                      .asked = 9,
                                      .transaction = transaction,
                                      .path = path,
                                      .correlation = correlation,
                                      .correlation_size = sizeof correlation,
                                      .response = path};
        struct answers_entry *e = answers_get(&a, answers_begin(&a, &asked));

        memset(transaction, 'x', sizeof transaction - 1);
        memset(path, 'x', sizeof path - 1);
        memset(correlation, 'x', sizeof correlation - 1);
        CHECK_STR(e->transaction, "\"t\"");
        CHECK_STR(e->path, "bridge/response/own");
        CHECK_EQ(e->correlation_size, 3);
        CHECK(memcmp(e->correlation, "\0\xff\0", 3) == 0);
        CHECK(!e->response);
        answers_done(&a);
}

static void one_that_is_done_waits_no_more(void) {
        struct answers a = {0};
        uint64_t ticket = begin(&a, "x", "1");

        CHECK(answers_waiting(&a) == answers_get(&a, ticket));
        answers_get(&a, ticket)->open = 0;
        CHECK(!answers_get(&a, ticket));
        CHECK(!answers_waiting(&a));
        answers_done(&a);
}

static void a_repeat_is_the_same_in_all(void) {
        struct answers a = {0};

        done(&a, "device/sync", "\"1\"", SECOND);
        CHECK(answers_find(&a, "device/sync", "\"1\"", 7, SECOND));
        CHECK_STR(answers_find(&a, "device/sync", "\"1\"", 7, SECOND)->response, "{}");
        CHECK(!answers_find(&a, "device/time", "\"1\"", 7, SECOND));
        CHECK(!answers_find(&a, "device/sync", "1", 7, SECOND));
        CHECK(!answers_find(&a, "device/sync", "\"1\"", 8, SECOND));
        CHECK(!answers_find(&a, "device/sync", NULL, 7, SECOND));
        answers_done(&a);
}

static void one_without_a_transaction_has_none(void) {
        struct answers a = {0};

        done(&a, "device/sync", NULL, SECOND);
        CHECK(answers_find(&a, "device/sync", NULL, 7, SECOND));
        CHECK(!answers_find(&a, "device/sync", "\"1\"", 7, SECOND));
        CHECK(!answers_find(&a, "device/sync", NULL, 8, SECOND));
        answers_done(&a);
}

static void a_repeat_is_known_for_a_minute(void) {
        struct answers a = {0};

        done(&a, "x", "1", SECOND);
        CHECK(answers_find(&a, "x", "1", 7, 61 * SECOND - 1));
        CHECK(!answers_find(&a, "x", "1", 7, 61 * SECOND));
        answers_done(&a);
}

/* .. and for as long as it is open, from its first answer on. */
static void an_open_one_is_known_longer(void) {
        struct answers a = {0};
        struct answers_entry *e = answers_get(&a, begin(&a, "x", "1"));

        CHECK(!answers_find(&a, "x", "1", 7, SECOND));
        answers_keep(e, text("accepted"), SECOND);
        CHECK(answers_find(&a, "x", "1", 7, 3600 * SECOND) == e);
        answers_keep(e, text("ok"), 3600 * SECOND);
        e->open = 0;
        CHECK_STR(answers_find(&a, "x", "1", 7, 3659 * SECOND)->response, "ok");
        answers_done(&a);
}

/* A client's topic and correlation data may have 64 kB each: not longer than they are of use. */
static void where_it_went_is_forgotten_with_the_last_answer(void) {
        char correlation[] = "c";
        struct answers_entry asked = {.name = "x",
                                      .path = (char *) (uintptr_t) "bridge/response/own",
                                      .correlation = correlation,
                                      .correlation_size = 1};
        struct answers a = {0};
        struct answers_entry *e = answers_get(&a, answers_begin(&a, &asked));

        e->open = 2;
        answers_keep(e, text("accepted"), SECOND);
        CHECK_STR(e->path, "bridge/response/own");
        CHECK_EQ(e->correlation_size, 1);
        e->open = 0;
        answers_keep(e, text("ok"), SECOND);
        CHECK(!e->path && !e->correlation);
        CHECK_EQ(e->correlation_size, 0);
        CHECK_STR(answers_find(&a, "x", NULL, 0, SECOND)->response, "ok");
        answers_done(&a);
}

static void what_is_not_kept_is_free(void) {
        struct answers a = {0};
        uint64_t ticket = begin(&a, "x", "1");

        answers_keep(answers_get(&a, ticket), text("accepted"), SECOND);
        answers_keep(answers_get(&a, ticket), NULL, SECOND);
        CHECK(!answers_get(&a, ticket));
        CHECK(!answers_find(&a, "x", "1", 7, SECOND));
        for (size_t i = 0; i < ANSWERS_MAX; i++)
                CHECK_EQ(a.entry[i].ticket, 0);
        answers_done(&a);
}

static void the_oldest_done_makes_way(void) {
        uint64_t waits, now = SECOND;
        struct answers a = {0};
        char oldest[8];

        waits = begin(&a, "waits", NULL);
        for (unsigned i = 1; i < ANSWERS_MAX; i++) { /* the younger first */
                snprintf(oldest, sizeof oldest, "%u", i);
                done(&a, "x", oldest, now - i);
        }
        CHECK(answers_find(&a, "x", oldest, 7, now));
        CHECK(begin(&a, "y", NULL));
        CHECK(!answers_find(&a, "x", oldest, 7, now));
        CHECK(answers_find(&a, "x", "1", 7, now));
        CHECK(answers_get(&a, waits));
        answers_done(&a);
}

static void those_that_wait_stay(void) {
        struct answers a = {0};
        uint64_t first = begin(&a, "x", NULL);

        for (unsigned i = 1; i < ANSWERS_MAX; i++)
                CHECK(begin(&a, "x", NULL));
        CHECK_EQ(begin(&a, "x", "\"one too many\""), 0);
        CHECK(answers_get(&a, first));
        answers_keep(answers_get(&a, first), NULL, SECOND);
        CHECK(begin(&a, "x", NULL));
        answers_done(&a);
}

CHECK_MAIN("unit.answers", TEST(a_ticket_finds_who_asked), TEST(everything_is_copied),
           TEST(one_that_is_done_waits_no_more), TEST(a_repeat_is_the_same_in_all),
           TEST(one_without_a_transaction_has_none), TEST(a_repeat_is_known_for_a_minute),
           TEST(an_open_one_is_known_longer), TEST(where_it_went_is_forgotten_with_the_last_answer),
           TEST(what_is_not_kept_is_free), TEST(the_oldest_done_makes_way),
           TEST(those_that_wait_stay))
