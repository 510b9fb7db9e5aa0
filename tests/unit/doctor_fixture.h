/* A doctor whose files stand below a directory of the test's. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "cli/doctor.h"

struct house {
        char root[64];
        struct config config;
        struct doctor doctor;
};

static inline void house_open(struct house *h) {
        *h = (struct house){.root = "/tmp/doctor-XXXXXX"};
        if (!mkdtemp(h->root))
                abort();
        h->doctor = (struct doctor){.config = &h->config, .root = h->root};
}

static int house_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        return remove(path);
}

static inline void house_close(struct house *h) {
        doctor_done(&h->doctor);
        nftw(h->root, house_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The directories on the way to `path` below the root; `ret` is its whole name. */
static inline void house_way(struct house *h, const char *path, char ret[256]) {
        snprintf(ret, 256, "%s%s", h->root, path);
        for (char *slash = ret + strlen(h->root) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                mkdir(ret, 0755);
                *slash = '/';
        }
}

static inline void house_put(struct house *h, const char *path, const char *text) {
        char name[256];
        FILE *f;

        house_way(h, path, name);
        f = fopen(name, "we");
        if (!f || fputs(text, f) < 0 || fclose(f) != 0)
                abort();
}

static inline void house_link(struct house *h, const char *path, const char *target) {
        char name[256];

        house_way(h, path, name);
        if (symlink(target, name) < 0)
                abort();
}

static inline const char *house_text(const struct house *h, enum doctor_check check) {
        return h->doctor.finding[check].text ? h->doctor.finding[check].text : "(none)";
}

static inline const char *house_remedy(const struct house *h, enum doctor_check check) {
        return h->doctor.finding[check].remedy ? h->doctor.finding[check].remedy : "(none)";
}

/* Status, text and remedy, each as it must be. */
#define CHECK_FOUND(h, check, wanted, text, remedy)                                                \
        do {                                                                                       \
                CHECK_STR(doctor_status_to_string((h)->doctor.finding[check].status), wanted);     \
                CHECK_STR(house_text(h, check), text);                                             \
                CHECK_STR(house_remedy(h, check), remedy);                                         \
        } while (0)
