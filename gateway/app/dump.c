#include "app/dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "mqtt/message.h"
#include "mqtt/request.h"
#include "store/backup.h"
#include "version.h"

#define LOG_COMPONENT "memory"
#include "base/log.h"

#define BIRTH_DATE_SIZE 3

struct dump {
        enum omron_stack stack;
        bool with_values;
        size_t n;
        struct driver_omron_block block[DRIVER_OMRON_DUMP_MAX];
};

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

struct dump *dump_new(enum omron_stack stack, bool with_values) {
        struct dump *d = calloc(1, sizeof *d);

        if (d)
                *d = (struct dump){.stack = stack, .with_values = with_values};
        return d;
}

void dump_free(struct dump *d) {
        free(d);
}

void dump_add(struct dump *d, const struct driver_omron_block *block) {
        if (d && d->n < ELEMENTS(d->block))
                d->block[d->n++] = *block;
}

/* --- settings --- */

static const struct driver_omron_block *block_at(const struct dump *d, unsigned address) {
        for (size_t i = 0; i < d->n; i++)
                if (address >= d->block[i].address &&
                    address < d->block[i].address + (unsigned) d->block[i].size)
                        return &d->block[i];
        return NULL;
}

/* The settings of this model, put together from what was read. False: something of them is missing,
 * or they are not such: neither parity nor a checksum is right. */
static bool find_settings(const struct dump *d, const struct omron_model *m,
                          struct omron_settings *ret) {
        uint8_t bytes[OMRON_SETTINGS_SIZE_MAX];
        size_t size = omron_model_settings_size(m);

        if (m->stack != d->stack)
                return false;
        for (unsigned i = 0; i < size; i++) {
                const struct driver_omron_block *block = block_at(d, m->read_base + i);

                if (!block)
                        return false;
                bytes[i] = block->bytes[m->read_base + i - block->address];
        }
        return omron_settings_decode(m, bytes, size, ret) >= 0 &&
               omron_settings_check(m, ret) != -EBADMSG;
}

static const char *checksum_word(bool blank, bool ok) {
        return blank ? "blank" : ok ? "ok" : "wrong";
}

static void add_settings(cJSON *list, const struct omron_model *m, const struct omron_settings *s) {
        cJSON *o = cJSON_CreateObject(), *rings, *blocks;

        cJSON_AddItemToArray(list, o);
        cJSON_AddStringToObject(o, "of", m->id);
        rings = cJSON_AddArrayToObject(o, "index_trusted");
        for (unsigned u = 0; u < m->users; u++)
                cJSON_AddItemToArray(rings, cJSON_CreateBool(s->ring[u].trusted));
        blocks = cJSON_AddArrayToObject(o, "user_blocks");
        for (unsigned b = 0; b < s->blocks; b++)
                cJSON_AddItemToArray(blocks, cJSON_CreateString(checksum_word(
                                                     s->block[b].blank, s->block[b].checksum_ok)));
        if (s->has_clock)
                cJSON_AddStringToObject(o, "clock",
                                        checksum_word(s->clock.blank, s->clock.checksum_ok));
        else
                cJSON_AddNullToObject(o, "clock");
}

/* Does the block lie in settings that are some? Then they hold no measurement. */
static bool is_settings(const struct dump *d, const struct driver_omron_block *block) {
        for (size_t i = 0; i < omron_model_count; i++) {
                const struct omron_model *m = &omron_models[i];
                size_t end = m->read_base + omron_model_settings_size(m);
                struct omron_settings settings;

                if (block->address >= m->read_base &&
                    block->address + (size_t) block->size <= end && find_settings(d, m, &settings))
                        return true;
        }
        return false;
}

/* --- blocks --- */

/* Where a user block of this model begins with a birth date: "xx". */
static void mask_birth_dates(const struct omron_model *m, const struct driver_omron_block *block,
                             char *hex) {
        for (unsigned b = 0; b < omron_model_user_blocks(m); b++)
                for (unsigned i = 0; i < BIRTH_DATE_SIZE; i++) {
                        unsigned at = m->read_base + m->index_size + b * m->user_block_size +
                                      (m->words_swapped ? i ^ 1u : i);

                        if (at >= block->address && at < block->address + (unsigned) block->size)
                                memcpy(hex + 2 * (size_t) (at - block->address), "xx", 2);
                }
}

/* Without the birth dates of all models that it could be. */
static void add_hex(cJSON *o, const struct dump *d, const struct driver_omron_block *block) {
        char hex[2 * OMRON_PAYLOAD_MAX + 1];

        hex_print(block->bytes, block->size, hex);
        for (size_t i = 0; i < omron_model_count; i++)
                if (omron_models[i].stack == d->stack)
                        mask_birth_dates(&omron_models[i], block, hex);
        cJSON_AddStringToObject(o, "hex", hex);
}

/* How the bytes would look as a record of each layout. */
static void add_records(cJSON *o, const struct driver_omron_block *block) {
        static const uint8_t sizes[] = {14, 16, 24, 32};
        cJSON *list = cJSON_AddArrayToObject(o, "as_record");

        for (int layout = 0; layout < OMRON_LAYOUT_MAX_; layout++)
                for (size_t s = 0; s < ELEMENTS(sizes) && sizes[s] <= block->size; s++) {
                        struct omron_record record;
                        int r = omron_record_decode((enum omron_layout) layout, block->bytes,
                                                    sizes[s], &record);
                        cJSON *one;

                        if (r == -EBADMSG)
                                continue;
                        one = cJSON_CreateObject();
                        cJSON_AddItemToArray(list, one);
                        cJSON_AddStringToObject(one, "layout",
                                                omron_layout_to_string((enum omron_layout) layout));
                        cJSON_AddNumberToObject(one, "size", sizes[s]);
                        cJSON_AddBoolToObject(one, "empty", r == -ENODATA);
                        if (r < 0)
                                continue;
                        cJSON_AddBoolToObject(one, "checksum_ok",
                                              record.has_checksum &&
                                                      omron_record_checksum_ok(&record));
                        cJSON_AddBoolToObject(one, "plausible", omron_record_is_plausible(&record));
                }
}

static void add_block(cJSON *list, const struct dump *d, const struct driver_omron_block *block) {
        cJSON *o = cJSON_CreateObject();
        bool settings = is_settings(d, block);
        char text[8];

        cJSON_AddItemToArray(list, o);
        snprintf(text, sizeof text, "%04x", block->address);
        cJSON_AddStringToObject(o, "address", text);
        if (block->result) {
                snprintf(text, sizeof text, "%02x", block->result);
                cJSON_AddStringToObject(o, "refused", text);
                return;
        }
        cJSON_AddNumberToObject(o, "size", block->size);
        if (!settings)
                add_records(o, block);
        if (settings || d->with_values)
                add_hex(o, d, block);
}

char *dump_print(struct dump *d, const struct cuff *cuff) {
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        const struct plan *plan = &cuff->plan;
        const struct store_cuff *r = &cuff->record;
        struct omron_settings settings;
        cJSON *list;

        if (!d)
                return NULL;
        cJSON_AddStringToObject(o, "cuff2mqtt", CUFF2MQTT_VERSION);
        cJSON_AddStringToObject(o, "model", r->model);
        cJSON_AddStringToObject(o, "manufacturer", r->manufacturer);
        cJSON_AddStringToObject(o, "firmware", r->firmware);
        cJSON_AddStringToObject(o, "hardware", r->hardware);
        cJSON_AddStringToObject(o, "stack",
                                plan->setup.memory.stack == OMRON_CLASSIC ? "classic" : "modern");
        cJSON_AddNumberToObject(o, "mtu", plan->setup.memory.mtu);
        cJSON_AddStringToObject(o, "proved", r->memory_model);
        cJSON_AddStringToObject(o, "why_not", plan->memory.facts.proof);
        cJSON_AddBoolToObject(o, "with_values", d->with_values);
        cJSON_AddBoolToObject(o, "complete",
                              plan->memory.facts.error != MEMORY_STOPPED &&
                                      !driver_omron_is_open(&plan->memory));
        list = cJSON_AddArrayToObject(o, "settings");
        for (size_t i = 0; i < omron_model_count; i++)
                if (find_settings(d, &omron_models[i], &settings))
                        add_settings(list, &omron_models[i], &settings);
        list = cJSON_AddArrayToObject(o, "blocks");
        for (size_t i = 0; i < d->n; i++)
                add_block(list, d, &d->block[i]);
        return cJSON_PrintUnformatted(o);
}

/* Where it is, and nothing of it: it may hold somebody's measurements. */
static void answer(struct cuff *cuff, const char *file, int error) {
        _cleanup_(freep) char *data = NULL, *why = NULL;

        if (error == 0) {
                data = message_object("device", cuff->id, "file", file, NULL);
        } else if (asprintf(&why,
                            "The description of its memory could not be written to %s: %s. See to "
                            "that (is the disk full? `df -h` tells), then ask again",
                            file, strerror(-error)) < 0) {
                why = NULL;
        }
        cuff_wish_answer(cuff, CUFF_WISH_DUMP, data ? REQUEST_OK : REQUEST_INTERNAL, data, why);
}

void dump_deliver(struct cuff *cuff, const char *text) {
        struct collector *c = cuff->collector;
        _cleanup_(freep) char *file = NULL;
        int r = store_dump_save(c->config->state_directory, &cuff->record.address, text);

        if (asprintf(&file, "%s/dumps/%s.json", c->config->state_directory, cuff->id) < 0)
                file = NULL;
        if (r < 0)
                log_cuff_warning(cuff->address,
                                 "The description of its memory could not be written to %s: %s",
                                 file, strerror(-r));
        else
                log_cuff_info(cuff->address, "A description of its memory is in %s", file);
        collector_happened(c, "memory_dumped",
                           message_object("device", cuff->id, "file", r < 0 ? NULL : file, "why",
                                          cuff->plan.memory.facts.proof, NULL),
                           NULL);
        if (cuff_wants(cuff, CUFF_WISH_DUMP))
                answer(cuff, file, r);
}

void dump_refuse(struct cuff *cuff) {
        cuff_wish_answer(cuff, CUFF_WISH_DUMP, REQUEST_UNSUPPORTED, NULL,
                         "This cuff has no memory that could be described: it sends its "
                         "measurements by itself");
}

int cuff_want_dump(struct cuff *cuff, bool values, uint64_t ticket) {
        int r = cuff_option(cuff, CUFF_OPTION_MEMORY) ? cuff_want(cuff, CUFF_WISH_DUMP, ticket)
                                                      : -ENOTSUP;

        if (r >= 0)
                cuff->memory.dump_values = values;
        return r;
}
