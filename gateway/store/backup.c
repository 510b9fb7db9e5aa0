#include "store/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/date_time.h"
#include "store/file.h"

#define MAX_PER_SECOND 100
#define LATEST         253402300799 /* 9999-12-31 23:59:59 */

int store_backup_save(const char *directory, const struct bdaddr *cuff, int64_t now,
                      uint16_t address, const uint8_t *bytes, size_t n) {
        char id[BDADDR_ID_SIZE], when[32], name[80];
        struct date_time t;

        if (now < 0 || now > LATEST)
                return -ERANGE;
        t = date_time_from_seconds(now);
        snprintf(when, sizeof when, "%04u%02u%02uT%02u%02u%02uZ", t.year, t.month, t.day, t.hour,
                 t.minute, t.second);
        bdaddr_to_id(cuff, id);
        for (int i = 1; i <= MAX_PER_SECOND; i++) {
                char again[16] = "";

                if (i > 1)
                        snprintf(again, sizeof again, "-%d", i);
                snprintf(name, sizeof name, "%s-%s-%04x%s.bin", id, when, address, again);
                if (!file_exists(directory, FILE_BACKUPS, name))
                        return file_save(directory, FILE_BACKUPS, name, bytes, n);
        }
        return -EEXIST;
}

int store_dump_save(const char *directory, const struct bdaddr *cuff, const char *json) {
        char id[BDADDR_ID_SIZE], name[BDADDR_ID_SIZE + 8];

        bdaddr_to_id(cuff, id);
        snprintf(name, sizeof name, "%s.json", id);
        return file_save(directory, FILE_DUMPS, name, json, strlen(json));
}
