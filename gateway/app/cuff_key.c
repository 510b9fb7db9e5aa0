/* The keys of classic cuffs: a file for each, and those of other programs from the configuration.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/option_check.h"
#include "store/keys.h"

#define LOG_COMPONENT "memory"
#include "base/log.h"

/* The n-th of the configured ones; false: there are not so many. */
static bool configured_key(const struct config *config, unsigned n, uint8_t ret[OMRON_KEY_SIZE]) {
        const char *at = config->omron.keys;

        for (size_t size; at && (at = option_list_next(at, &size)); at += size, n--)
                if (n == 0)
                        return option_key(at, size, ret);
        return false;
}

/* One key per link: the cuff's own first, then those of the configuration, in turn. */
bool cuff_key_choose(struct cuff *cuff, uint8_t ret[OMRON_KEY_SIZE]) {
        const struct config *config = cuff->collector->config;
        int r = store_key_load(config->state_directory, &cuff->record.address, ret);
        unsigned own = r >= 0;

        if (r < 0 && r != -ENOENT)
                log_cuff_warning(
                        cuff->address,
                        "The cuff's key in %s/keys cannot be read (%s): put it back from a "
                        "backup, see that it belongs to the user this program runs as, or "
                        "pair the cuff again",
                        config->state_directory, strerror(-r));
        if (cuff->memory.key_try >= own && configured_key(config, cuff->memory.key_try - own, ret))
                return true;
        cuff->memory.key_try = 0; /* from the beginning */
        return own || configured_key(config, 0, ret);
}

/* The key to program: the one it had from us, else a new one. */
bool cuff_key_make(struct cuff *cuff, uint8_t ret[OMRON_KEY_SIZE]) {
        if (store_key_load(cuff->collector->config->state_directory, &cuff->record.address, ret) >=
            0)
                return true;
        return getrandom(ret, OMRON_KEY_SIZE, 0) == OMRON_KEY_SIZE;
}

int cuff_key_keep(struct cuff *cuff, const uint8_t key[OMRON_KEY_SIZE]) {
        const char *directory = cuff->collector->config->state_directory;
        uint8_t known[OMRON_KEY_SIZE];
        int r = store_key_load(directory, &cuff->record.address, known);

        if (r >= 0 && memcmp(known, key, sizeof known) == 0)
                return 0;
        r = store_key_save(directory, &cuff->record.address, key);
        if (r < 0)
                log_cuff_error(cuff->address, "The cuff's key cannot be written to %s/keys: %s",
                               directory, strerror(-r));
        return r;
}
