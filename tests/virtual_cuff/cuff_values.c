/* What the attributes hold, and what writing them does. */
#include <stdio.h>

#include "bytes.h"
#include "cuff.h"
#include "util.h"

/* As the CCCD is written, a little later the first indication leaves (see cuff.c). */
#define AFTER_SUBSCRIPTION (50 * MSEC)

static size_t put_text(uint8_t ret[CUFF_VALUE_MAX], const char *text) {
        return (size_t) snprintf((char *) ret, CUFF_VALUE_MAX, "%s", text);
}

static size_t put_clock(const struct cuff *c, uint8_t *ret) {
        struct wall_time t = cuff_clock(c, &ret[7]);

        record_encode_time(&t, ret);
        ret[8] = 0; /* fractions */
        ret[9] = 0; /* adjust reason */
        return 10;
}

static size_t value_of(const struct cuff *c, uint16_t uuid, uint8_t ret[CUFF_VALUE_MAX]) {
        switch (uuid) {
        case UUID_DEVICE_NAME:
                return put_text(ret, c->name);
        case UUID_MODEL:
                return put_text(ret, c->model);
        case UUID_SERIAL:
                return put_text(ret, "VC0000001");
        case UUID_FIRMWARE:
                return put_text(ret, "1.0");
        case UUID_HARDWARE:
                return put_text(ret, "1");
        case UUID_MAKER:
                return put_text(ret, c->omron ? "OMRON HEALTHCARE" : "Virtual Cuffs");
        case UUID_BATTERY_LEVEL:
                ret[0] = c->battery;
                return 1;
        case UUID_CURRENT_TIME:
                return put_clock(c, ret);
        case UUID_APPEARANCE: /* 0x0380: blood pressure */
                memcpy(ret, "\x80\x03", 2);
                return 2;
        case UUID_FEATURE: /* movement, fit, irregular pulse */
                memcpy(ret, "\x07\x00", 2);
                return 2;
        }
        return 0;
}

/* Also tells whether the cuff is still there and the link good enough for this row. */
static int reach_row(struct cuff *c, uint64_t now, uint16_t handle, const struct att_row **ret) {
        const struct att_row *row = att_by_handle(c->table, handle);

        if (c->gone || c->link == CUFF_LINK_NONE)
                return ATT_SILENCE;
        c->last_activity = later(c->last_activity, now); /* a silent cuff is ahead of its time */
        if (!row)
                return ATT_INVALID_HANDLE;
        if (row->encrypted && c->link != CUFF_LINK_ENCRYPTED && !c->open)
                return ATT_INSUFFICIENT_AUTHENTICATION;
        *ret = row;
        return ATT_OK;
}

int cuff_read(struct cuff *c, uint64_t now, uint16_t handle, uint8_t ret[CUFF_VALUE_MAX],
              size_t *ret_size) {
        const struct att_row *row = NULL;
        int error = reach_row(c, now, handle, &row);
        uint16_t cccd;

        if (error)
                return error;
        if (row->kind == ATT_CCCD) {
                cccd = c->cccds[row - c->table->rows];
                ret[0] = (uint8_t) cccd;
                ret[1] = (uint8_t) (cccd >> 8);
                *ret_size = 2;
                return ATT_OK;
        }
        if (row->kind != ATT_VALUE || !(row->properties & ATT_READ))
                return ATT_READ_NOT_PERMITTED;
        if (cuff_reaches(c, CUFF_READING))
                return ATT_SILENCE;
        *ret_size = value_of(c, row->uuid, ret);
        return ATT_OK;
}

static int write_clock(struct cuff *c, const uint8_t *value, size_t size) {
        struct wall_time t;

        if (size != 10)
                return ATT_INVALID_LENGTH;
        if (!c->clock_writable)
                return ATT_APPLICATION;
        t = (struct wall_time){get16(value), value[2], value[3], value[4], value[5], value[6]};
        cuff_set_time(c, &t);
        return ATT_OK;
}

static int write_cccd(struct cuff *c, uint64_t now, const struct att_row *row, const uint8_t *value,
                      size_t size) {
        uint16_t *cccd = &c->cccds[row - c->table->rows], before = *cccd;

        if (size != 2)
                return ATT_INVALID_LENGTH;
        if ((row->uuid == UUID_MEASUREMENT || row->uuid == UUID_RX0) && value[0] &&
            cuff_reaches(c, CUFF_SUBSCRIBING))
                return ATT_SILENCE;
        *cccd = get16(value);
        c->cccd_is_new[row - c->table->rows] = true;
        if (c->memory.map)
                omron_subscribed(c, now, row->uuid, before, *cccd);
        c->next_indication = later(c->next_indication, now + AFTER_SUBSCRIPTION);
        return ATT_OK;
}

int cuff_write(struct cuff *c, uint64_t now, uint16_t handle, const uint8_t *value, size_t size) {
        const struct att_row *row = NULL;
        int error = reach_row(c, now, handle, &row);

        if (error)
                return error;
        if (row->kind == ATT_CCCD)
                return write_cccd(c, now, row, value, size);
        if (row->kind == ATT_VALUE && row->uuid == UUID_CURRENT_TIME)
                return write_clock(c, value, size);
        if (row->kind == ATT_VALUE && c->memory.map)
                return omron_write(c, now, row->uuid, value, size);
        return ATT_WRITE_NOT_PERMITTED;
}
