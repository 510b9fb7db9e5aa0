/* Any bytes as the database file. Opening never crashes: it opens, sets aside and starts anew, or
 * refuses with a sentence. What was set aside is followed by a store that works. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/cuffs.h"
#include "store/measurements.h"
#include "store/outbox.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition) {
        if (!condition)
                abort();
}

static void put(const char *directory, const uint8_t *data, size_t size) {
        char path[100];

        snprintf(path, sizeof path, "%s/cuff2mqtt.db", directory);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        must(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        close(fd);
}

static void empty(const char *directory) {
        char path[400];
        DIR *d = opendir(directory);

        must(d);
        for (struct dirent *e; (e = readdir(d));) {
                snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        must(unlink(path) == 0);
        }
        closedir(d);
}

static int use(struct store *s) {
        struct store_measurement m = {
                .id = "0123456789abcdef",
                .measurement = {.user = 1, .systolic_mmhg = 120, .diastolic_mmhg = 80},
        };
        struct store_cuff *cuffs = NULL;
        struct store_user *users = NULL;
        struct store_outbox_row row = {0};
        size_t n = 0;
        int r = store_measurements_insert(s, &m);

        for (int i = 0; i < 10 && store_outbox_next(s, row.sequence, &row) == 0; i++)
                ;
        (void) store_measurements_newest(s, &m.cuff, 1, &m);
        (void) store_cuffs_list(s, &cuffs, &n);
        free(cuffs);
        (void) store_users_list(s, &m.cuff, &users, &n);
        free(users);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char directory[] = "/dev/shm/cuff2mqtt-fuzz-XXXXXX",
             elsewhere[] = "/tmp/cuff2mqtt-fuzz-XXXXXX";
        const char *made = mkdtemp(directory) ? directory : mkdtemp(elsewhere);
        struct store *s = NULL;
        char *why = NULL;

        must(made);
        put(made, data, size);
        if (store_open(made, &s, &why) < 0) {
                must(!s && why);
                free(why);
        } else {
                const bool aside = store_set_aside(s);
                const int r = use(s);

                must(strlen(store_inst(s)) == strlen("cuff2mqtt_") + 12);
                must(!aside || r == 1);
                store_close(s);
                if (aside) {
                        must(store_open(made, &s, &why) == 0 && !store_set_aside(s));
                        store_close(s);
                }
        }
        empty(made);
        must(rmdir(made) == 0);
        return 0;
}
