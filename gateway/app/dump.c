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
#include "mqtt/message.h"
#include "mqtt/request.h"
#include "store/backup.h"
#include "version.h"

#define LOG_COMPONENT "memory"
#include "base/log.h"

#define HEX_SIZE        (2 * OMRON_PAYLOAD_MAX + 1)
#define BIRTH_DATE_SIZE 3
#define REQUEST         "device/dump"

struct dump {
        cJSON *blocks; /* array */
        bool with_values;
};

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

struct dump *dump_new(bool with_values) {
        struct dump *d = calloc(1, sizeof *d);

        if (!d)
                return NULL;
        d->blocks = cJSON_CreateArray();
        d->with_values = with_values;
        return d;
}

void dump_free(struct dump *d) {
        if (!d)
                return;
        cJSON_Delete(d->blocks);
        free(d);
}

static void put_hex(const uint8_t *bytes, size_t n, char ret[HEX_SIZE]) {
        for (size_t i = 0; i < n; i++)
                snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

/* Where a user block of this model begins with a birth date: "xx". */
static void mask_birth_dates(const struct omron_model *m, const struct driver_omron_block *block,
                             char *hex) {
        for (unsigned b = 0; b < omron_model_user_blocks(m); b++)
                for (unsigned i = 0; i < BIRTH_DATE_SIZE; i++) {
                        unsigned at = m->read_base + m->index_size + b * m->user_block_size + i;

                        if (at >= block->address && at < block->address + (unsigned) block->size)
                                memcpy(hex + 2 * (size_t) (at - block->address), "xx", 2);
                }
}

/* Without the birth dates of all models that it could be. */
static void put_block(enum omron_stack stack, const struct driver_omron_block *block,
                      char ret[HEX_SIZE]) {
        put_hex(block->bytes, block->size, ret);
        for (size_t i = 0; i < omron_model_count; i++)
                if (omron_models[i].stack == stack)
                        mask_birth_dates(&omron_models[i], block, ret);
}

/* Shows the bytes if they are the settings of some model: their parity or checksums say so. */
static bool add_settings(cJSON *o, enum omron_stack stack, const struct driver_omron_block *block) {
        char hex[HEX_SIZE] = "";
        bool fits = false;

        put_block(stack, block, hex);
        for (size_t i = 0; i < omron_model_count; i++) {
                const struct omron_model *m = &omron_models[i];
                struct omron_settings settings;

                if (m->stack != stack || m->read_base != block->address)
                        continue;
                if (omron_settings_decode(m, block->bytes, block->size, &settings) < 0 ||
                    omron_settings_check(m, &settings) == -EBADMSG)
                        continue;
                if (!fits)
                        cJSON_AddArrayToObject(o, "settings_of");
                cJSON_AddItemToArray(cJSON_GetObjectItem(o, "settings_of"),
                                     cJSON_CreateString(m->id));
                fits = true;
        }
        if (fits)
                cJSON_AddStringToObject(o, "hex", hex);
        return fits;
}

/* How the bytes would look as a record of each layout. */
static void add_records(cJSON *o, const struct driver_omron_block *block) {
        static const uint8_t sizes[] = {14, 16, 24, 32};
        cJSON *list = cJSON_AddArrayToObject(o, "as_record");

        for (int layout = 0; layout < OMRON_LAYOUT_MAX_; layout++)
                for (size_t s = 0; s < ELEMENTS(sizes) && sizes[s] <= block->size; s++) {
                        struct omron_record record;
                        struct measurement m;
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
                        cJSON_AddBoolToObject(one, "plausible",
                                              omron_record_to_measurement(&record, 1, false,
                                                                          block->bytes, sizes[s],
                                                                          &m) >= 0 &&
                                                      date_time_check(&record.taken) != -ERANGE);
                }
}

void dump_add(struct dump *d, enum omron_stack stack, const struct driver_omron_block *block) {
        cJSON *o = cJSON_CreateObject();
        char text[HEX_SIZE] = "";

        if (!d)
                return;
        cJSON_AddItemToArray(d->blocks, o);
        snprintf(text, sizeof text, "%04x", block->address);
        cJSON_AddStringToObject(o, "address", text);
        if (block->result) {
                snprintf(text, sizeof text, "%02x", block->result);
                cJSON_AddStringToObject(o, "refused", text);
                return;
        }
        cJSON_AddNumberToObject(o, "size", block->size);
        if (add_settings(o, stack, block))
                return;
        add_records(o, block);
        if (!d->with_values)
                return;
        put_block(stack, block, text);
        cJSON_AddStringToObject(o, "hex", text);
}

char *dump_print(struct dump *d, const struct cuff *cuff) {
        _cleanup_(cJSON_Deletep) cJSON *o = cJSON_CreateObject();
        const struct plan *plan = &cuff->plan;
        const struct store_cuff *r = &cuff->record;

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
        cJSON_AddItemToObject(o, "blocks", d->blocks);
        d->blocks = NULL;
        return cJSON_PrintUnformatted(o);
}

void dump_deliver(struct cuff *cuff, const char *text) {
        struct collector *c = cuff->collector;
        struct cuff_memory *m = &cuff->memory;
        _cleanup_(freep) char *file = NULL, *data = NULL;
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
        if (!m->dump_wanted)
                return;
        m->dump_wanted = false;
        if (asprintf(&data, "{\"device\":\"%s\",\"dump\":%s}", cuff->id, text) < 0)
                data = NULL;
        c->events->answered(c->owner, REQUEST, REQUEST_OK, data, NULL, m->dump_transaction);
        free(TAKE_PTR(m->dump_transaction));
}

void dump_refuse(struct cuff *cuff) {
        struct collector *c = cuff->collector;

        cuff->memory.dump_wanted = false;
        c->events->answered(c->owner, REQUEST, REQUEST_UNSUPPORTED, NULL,
                            "This cuff has no memory that could be described: it sends its "
                            "measurements by itself",
                            cuff->memory.dump_transaction);
        free(TAKE_PTR(cuff->memory.dump_transaction));
}

int cuff_want_dump(struct cuff *cuff, bool values, const char *transaction) {
        struct cuff_memory *m = &cuff->memory;

        if (m->dump_wanted)
                return -EBUSY;
        if (!cuff->collector->config->omron.memory)
                return -ENOTSUP;
        m->dump_transaction = transaction ? strdup(transaction) : NULL;
        if (transaction && !m->dump_transaction)
                return -ENOMEM;
        m->dump_wanted = true;
        m->dump_values = values;
        if (cuff->session.state == SESSION_RESTING) {
                cuff_event(cuff, EVENT_NEWS);
                wake_arm(&cuff->collector->wake);
        }
        return 0;
}
