/* A sound database, damaged: bytes of its pages, values in its rows, its tables. Opening it never
 * crashes, whatever is read of it is what the headers say, what is told of it to the broker is
 * JSON, and what was set aside is followed by a store that works.
 *
 * Input: steps of KK and what the kind takes: 0 page, place, two each, and a byte: that byte;
 * 1 column, row, value: UPDATE; 2 which: mischief with tables; 3 two: the file ends there. */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "app/render.h"
#include "fuzz/input.h"
#include "fuzz/property.h"
#include "store/history.h"
#include "store/marks.h"
#include "store/outbox.h"
#include "store/persons.h"
#include "store/removed.h"
#include "store/store.h"
#include "store/survey.h"

#define ELEMENTS_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const columns[] = {
        "meta.value",
        "cuff.address",
        "cuff.name",
        "cuff.model",
        "cuff.feature",
        "cuff.last_seen",
        "cuff.battery_percent",
        "cuff.clock_drift_s",
        "cuff.memory_model",
        "cuff.token",
        "cuff.unread",
        "cuff.writes",
        "user.cuff",
        "user.user",
        "user.name",
        "user.person",
        "measurement.id",
        "measurement.cuff",
        "measurement.user",
        "measurement.taken",
        "measurement.taken_seconds",
        "measurement.record",
        "measurement.systolic",
        "measurement.diastolic",
        "measurement.mean",
        "measurement.pulse",
        "measurement.irregular_heartbeat",
        "measurement.position_ok",
        "measurement.received_at",
        "measurement.measured_at",
        "measurement.clock_ok",
        "measurement.source",
        "measurement.raw",
        "measurement.series_position",
        "measurement.behind",
        "measurement.other",
        "outbox.sequence",
        "outbox.measurement",
        "rejected.raw",
        "memory_mark.slot",
        "memory_mark.hash",
};

static const char *const values[] = {
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "4294967296",
        "65535",
        "253402300800",
        "1000000000000",
        "''",
        "NULL",
        "zeroblob(0)",
        "zeroblob(64)",
        "zeroblob(2000)",
        "CAST(X'FFFE80' AS TEXT)",
        "CAST(X'410042' AS TEXT)",
        "hex(zeroblob(4000))",
        "'AA:BB:CC:00:11:2X'",
        "'2026-02-30T25:61:61'",
        "'2019-01-01T00:00:63'",
        "'\"}],'",
        "'../../x'",
        "'not me'",
        "char(27) || '[2J'",
        "1.5",
};

/* clang-format off */
static const char *const mischief[] = {
        "DROP TABLE outbox",
        "DROP TABLE meta",
        "DROP INDEX measurement_newest",
        "DROP INDEX measurement_known",
        "DELETE FROM user",
        "DELETE FROM cuff",
        "DELETE FROM meta",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = 99",
        "PRAGMA user_version = -1",
        "PRAGMA application_id = 7",
        "ALTER TABLE measurement RENAME COLUMN pulse TO beats",
        "ALTER TABLE measurement ADD COLUMN extra TEXT DEFAULT 'x'",
        "CREATE TRIGGER t BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER u AFTER INSERT ON measurement BEGIN DELETE FROM outbox; END",
        "INSERT INTO outbox (sequence, measurement) VALUES (9223372036854775807, 3)",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE user (x)' WHERE name = 'user'",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'outbox'",
};
/* clang-format on */

static uint8_t *template;
static size_t template_size;
static const struct bdaddr cuff_a = {{0xAA, 0xBB, 0xCC, 0, 0x11, 0x22}},
                           cuff_b = {{0xAA, 0xBB, 0xCC, 0, 0x11, 0x23}};

static void path_in(const char *directory, char ret[128]) {
        snprintf(ret, 128, "%s/cuff2mqtt.db", directory);
}

static void empty(const char *directory) {
        DIR *d = opendir(directory);
        char path[400];

        REQUIRE(d);
        for (struct dirent *e; (e = readdir(d));) {
                snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        REQUIRE(unlink(path) == 0 || rmdir(path) == 0);
        }
        closedir(d);
}

/* --- a sound one --- */

static void fill(struct store *s) {
        struct store_cuff a = {.address = cuff_a, .name = "Kitchen", .model = "BP7350"},
                          b = {.address = cuff_b};
        struct store_user anna = {.cuff = cuff_a, .user = 1, .name = "Anna", .person = "anna"};
        struct omron_mark mark = {.known = true, .slot = 7, .hash = 77};
        uint8_t raw[14] = {1, 2, 3};

        REQUIRE(store_cuffs_save(s, &a) == 0 && store_cuffs_save(s, &b) == 0);
        REQUIRE(store_persons_note(s, "anna") == 0 && store_users_save(s, &anna) == 0);
        REQUIRE(store_marks_save(s, &cuff_a, &mark, 1) == 0);
        for (int i = 0; i < 40; i++) {
                struct store_measurement m = {
                        .cuff = i % 4 ? cuff_a : cuff_b,
                        .measurement = {.user = (uint8_t) (1 + i % 2),
                                        .systolic_mmhg = 110 + i,
                                        .diastolic_mmhg = 70,
                                        .pulse_bpm = {true, 60}},
                        .received_at = 1750000000 + i,
                        .measured_at = 1750000000 + i,
                        .source = "2a35",
                        .raw_size = sizeof raw,
                };

                snprintf(m.id, sizeof m.id, "%016x", (unsigned) i);
                REQUIRE(store_measurements_insert(s, &m) == 1);
                if (i < 20)
                        REQUIRE(store_outbox_remove(s, i + 1) == 0);
                REQUIRE(store_rejected_insert(s, &cuff_a, "2a35", raw, sizeof raw, "EBADMSG", i) ==
                        1);
        }
        REQUIRE(store_removed_add(s, &cuff_b, false) == 0);
}

static void make_template(const char *directory) {
        char path[128], *why = NULL;
        struct store *s = NULL;
        struct stat st;
        int fd;

        REQUIRE(store_open(directory, &s, &why) == 0);
        fill(s);
        store_close(s);
        path_in(directory, path);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
        template_size = (size_t) st.st_size;
        template = malloc(template_size);
        REQUIRE(template && read(fd, template, template_size) == st.st_size);
        close(fd);
        empty(directory);
}

/* --- its damage --- */

static void execute(const char *path, const char *sql) {
        sqlite3 *db = NULL;

        if (sqlite3_open(path, &db) == SQLITE_OK) {
                (void) sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
                (void) sqlite3_exec(db, sql, NULL, NULL, NULL);
        }
        sqlite3_close(db);
}

static void update(const char *path, struct input *in) {
        const char *column = columns[take(in) % ELEMENTS_OF(columns)], *dot = strchr(column, '.');
        unsigned row = take(in);
        const char *value = values[take(in) % ELEMENTS_OF(values)];
        char sql[256];

        snprintf(sql, sizeof sql, "UPDATE OR IGNORE %.*s SET %s = %s WHERE %s rowid %% 8 = %u",
                 (int) (dot - column), column, dot + 1, value, row & 0x80 ? "1 OR" : "", row % 8);
        execute(path, sql);
}

static void poke(const char *path, struct input *in) {
        unsigned page = take_two(in), place = take_two(in);
        uint8_t byte = (uint8_t) take(in);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        size_t pages = template_size / 4096;

        REQUIRE(fd >= 0);
        REQUIRE(pwrite(fd, &byte, 1, (off_t) (page % pages * 4096 + place % 4096)) == 1);
        close(fd);
}

static void damage(const char *path, struct input *in) {
        while (in->at < in->end)
                switch (take(in) % 4) {
                case 0:
                        poke(path, in);
                        break;
                case 1:
                        update(path, in);
                        break;
                case 2:
                        execute(path, mischief[take(in) % ELEMENTS_OF(mischief)]);
                        break;
                default:
                        REQUIRE(truncate(path, (off_t) (take_two(in) % (template_size + 1))) == 0);
                }
}

/* --- what is read of it --- */

static void require_measurement(struct store *s, const struct store_measurement *m) {
        char *payload = render_measurement(s, m, /* is_event= */ true);
        cJSON *json = payload ? cJSON_Parse(payload) : NULL;

        REQUIRE(m->raw_size <= sizeof m->raw && strnlen(m->id, sizeof m->id) < sizeof m->id);
        REQUIRE(strnlen(m->source, sizeof m->source) < sizeof m->source);
        REQUIRE(!payload || json);
        cJSON_Delete(json);
        free(payload);
}

static int on_row(void *owner, const struct store_measurement *m,
                  const struct store_history_cursor *here) {
        require_measurement(owner, m);
        return 0;
}

static void require_text(const char *text, size_t size) {
        REQUIRE(strnlen(text, size) < size);
}

static void read_all(struct store *s) {
        struct store_history_filter all = {
                .user = STORE_HISTORY_ANY_USER, .from_s = INT64_MIN, .to_s = INT64_MAX};
        struct store_measurement newest;
        struct store_outbox_row row = {0};
        struct store_removed *removed = NULL;
        struct store_person *persons = NULL;
        struct store_cuff *cuffs = NULL;
        struct store_user *users = NULL;
        struct omron_mark marks[2];
        uint8_t numbers[4];
        size_t n;

        (void) store_history_read(s, &all, on_row, s);
        for (int i = 0; i < 50 && store_outbox_next(s, row.sequence, &row) == 0; i++)
                require_measurement(s, &row.measurement);
        if (store_measurements_newest(s, &cuff_a, 1, &newest) == 0)
                require_measurement(s, &newest);
        if (store_persons_newest(s, "anna", &newest) == 0)
                require_measurement(s, &newest);
        REQUIRE(store_measurements_users(s, &cuff_a, numbers, 4) <= 4);
        n = 0;
        if (store_cuffs_list(s, &cuffs, &n) == 0)
                for (size_t i = 0; i < n; i++)
                        require_text(cuffs[i].name, sizeof cuffs[i].name);
        n = 0;
        if (store_users_list(s, &cuff_a, &users, &n) == 0)
                for (size_t i = 0; i < n; i++)
                        require_text(users[i].person, sizeof users[i].person);
        (void) store_persons_list(s, &persons, &n);
        n = 0;
        if (store_removed_list(s, &removed, &n) == 0)
                for (size_t i = 0; i < n; i++)
                        REQUIRE(removed[i].n_users <= STORE_REMOVED_USERS_MAX);
        (void) store_marks_load(s, &cuff_a, marks, 2);
        free(cuffs);
        free(users);
        free(persons);
        free(removed);
}

static void look_from_outside(const char *directory) {
        static struct store_survey survey;
        struct store *s = NULL;
        char *why = NULL;

        store_survey_look(directory, &survey);
        REQUIRE(survey.n_cuffs <= STORE_SURVEY_CUFFS_MAX);
        if (store_open_reader(directory, &s, &why) < 0) {
                REQUIRE(why && why[0]);
                free(why);
                return;
        }
        read_all(s);
        store_close(s);
}

/* A service's own. */
static void use(const char *directory) {
        struct store_measurement m = {
                .id = "ffffffffffffffff",
                .cuff = cuff_a,
                .source = "2a35",
                .measurement = {.user = 1, .systolic_mmhg = 120, .diastolic_mmhg = 80}};
        struct store *s = NULL;
        char *why = NULL;
        bool aside;
        int r;

        if (store_open(directory, &s, &why) < 0) {
                REQUIRE(!s && why && why[0]);
                free(why);
                return;
        }
        aside = store_set_aside(s);
        REQUIRE(strncmp(store_inst(s), "cuff2mqtt_", 10) == 0);
        read_all(s);
        r = store_measurements_insert(s, &m);
        REQUIRE(!aside || r >= 0);
        read_all(s);
        store_close(s);
        if (!aside)
                return;
        REQUIRE(store_open(directory, &s, &why) == 0 && !store_set_aside(s));
        store_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        char directory[] = "/dev/shm/cuff2mqtt-fuzz-XXXXXX",
             elsewhere[] = "/tmp/cuff2mqtt-fuzz-XXXXXX", path[128];
        const char *made = mkdtemp(directory) ? directory : mkdtemp(elsewhere);
        struct input in = {data, data + (n < 200 ? n : 200)};
        int fd;

        REQUIRE(made);
        if (!template)
                make_template(made);
        path_in(made, path);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        REQUIRE(fd >= 0 && write(fd, template, template_size) == (ssize_t) template_size);
        close(fd);
        damage(path, &in);
        look_from_outside(made);
        use(made);
        empty(made);
        REQUIRE(rmdir(made) == 0);
        return 0;
}
