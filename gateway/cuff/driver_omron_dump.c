/* A dump: what describes the memory of a cuff nobody knows, read by the addresses of all that it
 * can be. The settings of each, and of each user the first two records and the last one. */
#include <string.h>

#include "cuff/driver_omron_steps.h"

#define PIECE       16 /* takes every cuff (userx14/omblepy, eigger/hass-omron), aligns all maps */
#define MAX_SILENT  2
#define USER_AREAS  3
#define SETTINGS_AT 0 /* the area before those of the users */

/* The candidates, or where there are none every model of this stack. */
static const struct omron_model *row_at(const struct driver_omron *d, size_t row) {
        if (d->n_candidates > 0)
                return row < d->n_candidates ? d->candidate[row] : NULL;
        return row < omron_model_count ? &omron_models[row] : NULL;
}

static unsigned slot_at(const struct omron_model *m, unsigned user, size_t which) {
        unsigned last = m->user[user].slots - 1u;

        return which < 2 ? (unsigned) which : last;
}

/* False: the row has no such area. */
static bool area_at(const struct omron_model *m, size_t area, unsigned *ret_address,
                    size_t *ret_size) {
        unsigned user = (unsigned) (area - 1) / USER_AREAS;

        if (area == SETTINGS_AT) {
                *ret_address = m->read_base;
                *ret_size = (omron_model_settings_size(m) + PIECE - 1) / PIECE * PIECE;
                return true;
        }
        if (user >= m->users)
                return false;
        *ret_address =
                omron_model_record_address(m, user, slot_at(m, user, (area - 1) % USER_AREAS));
        *ret_size = m->record_size;
        return true;
}

static bool is_known(const struct driver_omron *d, unsigned address) {
        for (size_t i = 0; i < d->dump.reads; i++)
                if (d->dump.address[i] == address)
                        return true;
        return false;
}

/* The next piece of the walk over rows and areas; false: there is none. */
static bool next_piece(struct driver_omron *d, unsigned *ret_address, size_t *ret_n) {
        const struct omron_model *m;
        unsigned address;
        size_t size;

        while ((m = row_at(d, d->dump.row))) {
                if (m->stack != d->setup.stack || !area_at(m, d->dump.area, &address, &size)) {
                        d->dump.row++;
                        d->dump.area = d->dump.done = 0;
                } else if (d->dump.done >= size) {
                        d->dump.area++;
                        d->dump.done = 0;
                } else {
                        size_t left = size - d->dump.done;
                        size_t limit = driver_omron_limit(d, m);
                        size_t piece = limit < PIECE ? limit : PIECE;

                        *ret_address = address + (unsigned) d->dump.done;
                        *ret_n = left < piece ? left : piece;
                        d->dump.done += *ret_n;
                        return true;
                }
        }
        return false;
}

bool driver_omron_ask_dump(struct driver_omron *d, const struct driver_now *now) {
        unsigned address;
        size_t n;

        if (!d->dumping || d->dump.reads == DRIVER_OMRON_DUMP_MAX)
                return false;
        while (next_piece(d, &address, &n)) {
                if (is_known(d, address))
                        continue;
                d->dump.address[d->dump.reads++] = (uint16_t) address;
                driver_omron_request_read(d, address, n);
                return true;
        }
        return false;
}

void driver_omron_done_dump(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error) {
        const struct omron_frame *answer = &d->answer;

        if (error) {
                if (++d->dump.silent == MAX_SILENT)
                        driver_omron_fail(d, error);
                return;
        }
        d->dump.silent = 0;
        d->block = (struct driver_omron_block){.address = d->request.address,
                                               .result = answer->result};
        if (answer->result == OMRON_RESULT_OK) {
                d->block.size = answer->payload_size;
                memcpy(d->block.bytes, answer->payload, answer->payload_size);
        }
        d->has_block = true;
}

bool driver_omron_take_block(struct driver_omron *d, struct driver_omron_block *ret) {
        if (!d->has_block)
                return false;
        *ret = d->block;
        d->has_block = false;
        return true;
}
