/* Cuffs, their users, and how far their memories were read. */
#include "store/marks.h"
#include "store/persons.h"
#include "store/removed.h"
#include "store_fixture.h"

static struct store_cuff whole_cuff(void) {
        return (struct store_cuff){
                .address = cuff_a,
                .name = "Küche; DROP TABLE cuff; --'",
                .model = "BP7350",
                .serial = "123",
                .firmware = "1.0",
                .hardware = "2",
                .manufacturer = "OMRON",
                .feature = {.known = true, .value = 0x27},
                .paired_at = 1,
                .last_seen = 2,
                .last_sync = 3,
                .battery_percent = {.known = true, .value = 0},
                .clock_drift_s = {.known = true, .value = -90},
                .clock_refused = true,
                .bond_lost = true,
                .memory_model = "HEM-7155T-MW3",
                .token = STORE_TOKEN_SILENCES,
                .unread = {.known = true, .value = 12},
                .writes = STORE_WRITES_PENDING,
        };
}

static void check_cuff(const struct store_cuff *got, const struct store_cuff *want) {
        CHECK(bdaddr_equal(&got->address, &want->address));
        CHECK_STR(got->name, want->name);
        CHECK_STR(got->model, want->model);
        CHECK_STR(got->serial, want->serial);
        CHECK_STR(got->firmware, want->firmware);
        CHECK_STR(got->hardware, want->hardware);
        CHECK_STR(got->manufacturer, want->manufacturer);
        const struct number *numbers[][2] = {{&got->feature, &want->feature},
                                             {&got->battery_percent, &want->battery_percent},
                                             {&got->clock_drift_s, &want->clock_drift_s},
                                             {&got->unread, &want->unread}};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
                CHECK_EQ(numbers[i][0]->known, numbers[i][1]->known);
                CHECK_EQ(numbers[i][0]->value, numbers[i][1]->value);
        }
        CHECK_EQ(got->paired_at, want->paired_at);
        CHECK_EQ(got->last_seen, want->last_seen);
        CHECK_EQ(got->last_sync, want->last_sync);
        CHECK_EQ(got->clock_refused, want->clock_refused);
        CHECK_EQ(got->bond_lost, want->bond_lost);
        CHECK_STR(got->memory_model, want->memory_model);
        CHECK_EQ(got->token, want->token);
        CHECK_EQ(got->writes, want->writes);
}

static void cuffs_come_back_whole_and_ordered_by_address(void) {
        struct store_cuff a = whole_cuff(), b = {.address = cuff_b}, *list = NULL;
        size_t n = 99;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_cuffs_list(f.store, &list, &n), 0);
        CHECK_EQ(n, 0);
        free(list);
        memset(a.serial, 'x', sizeof a.serial - 1);
        CHECK_EQ(store_cuffs_save(f.store, &b), 0);
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        fixture_reopen(&f);
        CHECK_EQ(store_cuffs_list(f.store, &list, &n), 0);
        CHECK_EQ(n, 2);
        if (n == 2) {
                check_cuff(&list[0], &a);
                check_cuff(&list[1], &b);
        }
        free(list);
        CHECK_EQ(
                fixture_sql(&f,
                            "SELECT count(*) FROM cuff WHERE feature IS NULL AND paired_at IS NULL "
                            "AND last_seen IS NULL AND last_sync IS NULL AND battery_percent IS "
                            "NULL AND clock_drift_s IS NULL"),
                1);
        fixture_done(&f);
}

static void saving_again_replaces_and_removing_leaves_measurements_and_names(void) {
        struct store_user anna = {.cuff = cuff_a, .user = 1, .name = "Anna"}, *users = NULL;
        struct store_cuff a = whole_cuff(), *list = NULL;
        size_t n = 0;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(store_users_save(f.store, &anna), 0);
        a.battery_percent = (struct number){0};
        a.bond_lost = false;
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        CHECK_EQ(store_cuffs_list(f.store, &list, &n), 0);
        CHECK_EQ(n, 1);
        if (n == 1)
                check_cuff(&list[0], &a);
        free(list);
        CHECK_EQ(store_removed_add(f.store, &cuff_b, false), 0);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        CHECK_EQ(store_cuffs_list(f.store, &list, &n), 0);
        CHECK_EQ(n, 0);
        free(list);
        CHECK_EQ(fixture_measurements(&f), 1);
        CHECK_EQ(store_users_list(f.store, &cuff_a, &users, &n), 0);
        CHECK_EQ(n, 1);
        free(users);
        fixture_done(&f);
}

static void a_user_exists_from_the_first_measurement_or_name_on(void) {
        struct store_user bert = {.cuff = cuff_a, .user = 2, .name = "Bert", .person = "bert"};
        struct store_user *users = NULL;
        size_t n = 99;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_users_list(f.store, &cuff_a, &users, &n), 0);
        CHECK_EQ(n, 0);
        free(users);
        CHECK_EQ(store_users_save(f.store, &bert), 0);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(store_users_list(f.store, &cuff_a, &users, &n), 0);
        CHECK_EQ(n, 2);
        if (n == 2) {
                CHECK(bdaddr_equal(&users[0].cuff, &cuff_a));
                CHECK_EQ(users[0].user, 1);
                CHECK_STR(users[0].name, "");
                CHECK_EQ(users[1].user, 2);
                CHECK_STR(users[1].name, "Bert");
                CHECK_STR(users[1].person, "bert");
        }
        free(users);
        CHECK_EQ(store_users_list(f.store, &cuff_b, &users, &n), 0);
        CHECK_EQ(n, 0);
        free(users);
        fixture_done(&f);
}

static void the_users_of_all_cuffs_come_cuff_by_cuff(void) {
        struct store_user one = {.cuff = cuff_a, .user = 2}, other = {.cuff = cuff_b, .user = 1};
        struct store_user *users = NULL;
        struct fixture f;
        size_t n = 99;

        fixture_start(&f);
        CHECK_EQ(store_users_list(f.store, NULL, &users, &n), 0);
        CHECK_EQ(n, 0);
        free(users);
        CHECK_EQ(store_users_save(f.store, &one), 0);
        CHECK_EQ(store_users_save(f.store, &other), 0);
        one.user = 1;
        CHECK_EQ(store_users_save(f.store, &one), 0);
        CHECK_EQ(fixture_sql(&f, "INSERT INTO user (cuff, user) VALUES ('not-an-address-17', 1)"),
                 0);
        CHECK_EQ(store_users_list(f.store, NULL, &users, &n), 0);
        CHECK_EQ(n, 3); /* that is nobody's */
        for (size_t i = 0; i < n && n == 3; i++) {
                size_t before = i > 0 ? i - 1 : 0;

                CHECK(bdaddr_equal(&users[i].cuff, &cuff_a) || users[i].user == 1);
                CHECK(bdaddr_equal(&users[i].cuff, &users[before].cuff) ||
                      !bdaddr_equal(&users[i].cuff, &users[0].cuff));
                CHECK(!bdaddr_equal(&users[i].cuff, &users[before].cuff) ||
                      users[i].user >= users[before].user);
        }
        free(users);
        fixture_done(&f);
}

static void a_name_is_changed_by_saving_and_kept_by_the_next_measurement(void) {
        struct store_user u = {.cuff = cuff_a, .user = 1, .name = "Anna", .person = "anna"};
        struct store_user *users = NULL;
        size_t n = 0;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(store_users_save(f.store, &u), 0);
        snprintf(u.name, sizeof u.name, "Änne");
        u.person[0] = 0;
        CHECK_EQ(store_users_save(f.store, &u), 0);
        CHECK_EQ(insert_sample(&f, "b", 100), 1);
        CHECK_EQ(store_users_list(f.store, &cuff_a, &users, &n), 0);
        CHECK_EQ(n, 1);
        if (n == 1) {
                CHECK_STR(users[0].name, "Änne");
                CHECK_STR(users[0].person, "");
        }
        free(users);
        fixture_done(&f);
}

static void check_marks(const struct fixture *f, const struct bdaddr *cuff,
                        const struct omron_mark want[2]) {
        struct omron_mark got[2] = {{true, 1, 1}, {true, 1, 1}};

        CHECK_EQ(store_marks_load(f->store, cuff, got, 2), 0);
        for (size_t i = 0; i < 2; i++) {
                CHECK_EQ(got[i].known, want[i].known);
                CHECK_EQ(got[i].slot, want[i].slot);
                CHECK(got[i].hash == want[i].hash);
        }
}

static void marks_come_back_for_each_cuff_and_user(void) {
        static const struct omron_mark none[2], first[2] = {{true, 65535, UINT64_MAX}, {0}},
                                                both[2] = {{true, 0, 1}, {true, 99, 1ULL << 63}},
                                                second[2] = {{0}, {true, 3, 4}};
        struct fixture f;

        fixture_start(&f);
        check_marks(&f, &cuff_a, none);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, first, 2), 0);
        check_marks(&f, &cuff_a, first);
        CHECK_EQ(store_marks_save(f.store, &cuff_b, both, 2), 0);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, second, 2), 0);
        fixture_reopen(&f);
        check_marks(&f, &cuff_a, second);
        check_marks(&f, &cuff_b, both);
        fixture_done(&f);
}

static void marks_that_cannot_all_be_saved_stay_as_they_were(void) {
        static const struct omron_mark before[2] = {{true, 1, 2}, {true, 3, 4}},
                                       after[2] = {{true, 5, 6}, {true, 7, 8}};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, before, 2), 0);
        CHECK_EQ(fixture_sql(&f, "CREATE TRIGGER mischief BEFORE INSERT ON memory_mark "
                                 "WHEN new.user = 2 BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, after, 2), -EIO);
        check_marks(&f, &cuff_a, before);
        fixture_done(&f);
}

static void a_cuff_that_is_removed_is_read_from_the_beginning_again(void) {
        static const struct omron_mark none[2], both[2] = {{true, 0, 1}, {true, 99, 2}};
        struct store_cuff a = whole_cuff();
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, both, 2), 0);
        CHECK_EQ(store_marks_save(f.store, &cuff_b, both, 2), 0);
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        check_marks(&f, &cuff_a, both);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        check_marks(&f, &cuff_a, none);
        check_marks(&f, &cuff_b, both);
        fixture_done(&f);
}

static void writes_that_nobody_understands_count_as_refused(void) {
        struct store_cuff a = whole_cuff(), *list = NULL;
        size_t n = 0;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_cuffs_save(f.store, &a), 0);
        CHECK_EQ(fixture_sql(&f, "UPDATE cuff SET writes = 77"), 0);
        CHECK_EQ(store_cuffs_list(f.store, &list, &n), 0);
        CHECK(n == 1 && list[0].writes == STORE_WRITES_REFUSED);
        free(list);
        fixture_done(&f);
}

/* After so many that do. */
static int allocations_until_none = -1;

void *reallocarray(void *old, size_t n, size_t size) {
        if (allocations_until_none == 0) {
                errno = ENOMEM;
                return NULL;
        }
        allocations_until_none -= allocations_until_none > 0;
        return realloc(old, n * size);
}

/* Half a list, taken for the whole, would make a service forget cuffs and people. */
static void a_list_is_whole_or_an_error(void) {
        struct store_user user = {.cuff = cuff_a, .user = 1};
        struct store_cuff cuff = {.address = cuff_a}, *cuffs = NULL;
        struct store_user *users = NULL;
        struct store_person *persons = NULL;
        struct store_removed *removed = NULL;
        struct fixture f;
        size_t n = 77;

        fixture_start(&f);
        CHECK_EQ(store_cuffs_save(f.store, &cuff), 0);
        cuff.address = cuff_b;
        CHECK_EQ(store_cuffs_save(f.store, &cuff), 0);
        CHECK_EQ(store_users_save(f.store, &user), 0);
        user.user = 2;
        CHECK_EQ(store_users_save(f.store, &user), 0);
        CHECK_EQ(store_persons_note(f.store, "anna"), 0);
        CHECK_EQ(store_persons_note(f.store, "otto"), 0);
        for (int fit = 0; fit < 2; fit++) {
                allocations_until_none = fit;
                CHECK_EQ(store_cuffs_list(f.store, &cuffs, &n), -ENOMEM);
                allocations_until_none = fit;
                CHECK_EQ(store_users_list(f.store, &cuff_a, &users, &n), -ENOMEM);
                allocations_until_none = fit;
                CHECK_EQ(store_persons_list(f.store, &persons, &n), -ENOMEM);
        }
        allocations_until_none = -1;
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        allocations_until_none = 0;
        CHECK_EQ(store_removed_list(f.store, &removed, &n), -ENOMEM);
        allocations_until_none = -1;
        CHECK(!cuffs && !users && !persons && !removed && n == 77);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_cuffs", TEST(cuffs_come_back_whole_and_ordered_by_address),
           TEST(saving_again_replaces_and_removing_leaves_measurements_and_names),
           TEST(a_user_exists_from_the_first_measurement_or_name_on),
           TEST(the_users_of_all_cuffs_come_cuff_by_cuff),
           TEST(a_name_is_changed_by_saving_and_kept_by_the_next_measurement),
           TEST(marks_come_back_for_each_cuff_and_user),
           TEST(marks_that_cannot_all_be_saved_stay_as_they_were),
           TEST(a_cuff_that_is_removed_is_read_from_the_beginning_again),
           TEST(writes_that_nobody_understands_count_as_refused), TEST(a_list_is_whole_or_an_error))
