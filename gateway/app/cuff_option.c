/* Options of one cuff, set over MQTT and kept in the database. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/option_check.h"
#include "base/cleanup.h"

static const char *const names[CUFF_OPTIONS] = {
        [CUFF_OPTION_SET_CLOCK] = "set_clock",
        [CUFF_OPTION_LISTEN] = "listen",
        [CUFF_OPTION_MEMORY] = "memory",
};

const char *cuff_option_to_string(enum cuff_option which) {
        return names[which];
}

bool cuff_is_listed(const struct cuff *cuff, const char *list) {
        const char *at = list;

        for (size_t n; at && (at = option_list_next(at, &n)); at += n)
                if (n == strlen(cuff->address) && strncasecmp(at, cuff->address, n) == 0)
                        return true;
        return false;
}

static void key_of(const struct cuff *cuff, enum cuff_option which, char ret[64]) {
        snprintf(ret, 64, "option.%s.%s", cuff->id, names[which]);
}

bool cuff_option_is_configured(const struct cuff *cuff, enum cuff_option which) {
        const struct config *config = cuff->collector->config;

        return which == CUFF_OPTION_LISTEN && cuff_is_listed(cuff, config->omron.no_listening);
}

bool cuff_option(const struct cuff *cuff, enum cuff_option which) {
        const struct config *config = cuff->collector->config;

        if (cuff_option_is_configured(cuff, which))
                return false;
        if (cuff->option[which].known)
                return cuff->option[which].yes;
        switch (which) {
        case CUFF_OPTION_SET_CLOCK:
                return config->bluetooth.set_clock;
        case CUFF_OPTION_MEMORY:
                return config->omron.memory;
        default:
                return true;
        }
}

int cuff_option_set(struct cuff *cuff, enum cuff_option which, struct answer value) {
        char key[64];
        int r;

        key_of(cuff, which, key);
        r = store_meta_set(cuff->collector->store, key,
                           !value.known ? ""
                           : value.yes  ? "true"
                                        : "false");
        if (r >= 0)
                cuff->option[which] = value;
        return r;
}

void cuff_option_load(struct cuff *cuff) {
        for (size_t i = 0; i < CUFF_OPTIONS && cuff->collector->store; i++) {
                _cleanup_(freep) char *value = NULL;
                char key[64];

                key_of(cuff, (enum cuff_option) i, key);
                if (store_meta_get(cuff->collector->store, key, &value) < 0 || !*value)
                        continue;
                cuff->option[i] = (struct answer){.known = true, .yes = strcmp(value, "true") == 0};
        }
}
