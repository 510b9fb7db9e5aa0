#include "att_server.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "log.h"
#include "util.h"

enum { /* opcodes; a response is its request + 1 */
       ERROR_RESPONSE = 0x01,
       EXCHANGE_MTU = 0x02,
       FIND_INFORMATION = 0x04,
       FIND_BY_TYPE_VALUE = 0x06,
       READ_BY_TYPE = 0x08,
       READ = 0x0A,
       READ_BLOB = 0x0C,
       READ_BY_GROUP_TYPE = 0x10,
       WRITE = 0x12,
       NOTIFICATION = 0x1B,
       INDICATION = 0x1D,
       CONFIRMATION = 0x1E,
       WRITE_COMMAND = 0x52,
};
enum { COMMAND_FLAG = 0x40 };

enum { /* errors of the protocol; those of the values are in att.h */
       INVALID_PDU = 0x04,
       INVALID_OFFSET = 0x07,
       ATTRIBUTE_NOT_FOUND = 0x0A,
       UNSUPPORTED_GROUP_TYPE = 0x10,
};

enum { /* types of declarations and descriptors */
       PRIMARY_SERVICE = 0x2800,
       SECONDARY_SERVICE = 0x2801,
       CHARACTERISTIC = 0x2803,
       CLIENT_CONFIGURATION = 0x2902,
};

struct exchange { /* one request and what becomes its response */
        struct att_server *server;
        uint64_t now;
        const uint8_t *pdu;
        size_t size;
        uint16_t handle;      /* of the request, the first of a range; what an error names */
        uint16_t last_handle; /* of a range */
        uint8_t reply[ATT_MTU_MAX];
        size_t n, entry_size;
};

static int refuse(struct exchange *x, uint16_t handle, int error) {
        x->handle = handle;
        return error;
}

/* --- UUIDs --- */

/* Also a 16-bit UUID that the peer names in its long form. */
static bool uuid_is(const uint8_t *bytes, size_t size, uint16_t uuid) {
        uint8_t full[16] = {0xFB, 0x34, 0x9B, 0x5F, 0x80, 0, 0, 0x80, 0, 0x10};
        uint8_t own[ATT_UUID_MAX];
        size_t n = att_uuid(uuid, own);

        if (size == n)
                return memcmp(bytes, own, n) == 0;
        put16(full + 12, uuid);
        return n == 2 && size == sizeof full && memcmp(bytes, full, sizeof full) == 0;
}

static uint16_t type_of(const struct att_row *row) {
        switch (row->kind) {
        case ATT_SERVICE:
                return PRIMARY_SERVICE;
        case ATT_CHARACTERISTIC:
                return CHARACTERISTIC;
        case ATT_CCCD:
                return CLIENT_CONFIGURATION;
        case ATT_VALUE:
                break;
        }
        return row->uuid;
}

/* --- lists of attributes --- */

/* The next row of the range after `row`, the first one for NULL. */
static const struct att_row *next_row(const struct exchange *x, const struct att_row *row) {
        const struct att_table *t = x->server->cuff->table;

        for (row = row ? row + 1 : t->rows; row < t->rows + t->n; row++)
                if (row->handle >= x->handle && row->handle <= x->last_handle)
                        return row;
        return NULL;
}

static uint16_t group_end(const struct exchange *x, const struct att_row *service) {
        const struct att_table *t = x->server->cuff->table;
        const struct att_row *row = service;

        while (row + 1 < t->rows + t->n && row[1].kind != ATT_SERVICE)
                row++;
        return row->handle;
}

/* Entries of one response are of one size. False: this one must wait for the next request. */
static bool add_entry(struct exchange *x, const uint8_t *entry, size_t size) {
        if (x->n + size > x->server->mtu || (x->entry_size && size != x->entry_size))
                return false;
        memcpy(x->reply + x->n, entry, size);
        x->n += size;
        x->entry_size = size;
        return true;
}

static int end_list(struct exchange *x) {
        return x->entry_size ? ATT_OK : ATTRIBUTE_NOT_FOUND;
}

static int find_information(struct exchange *x) {
        enum { SHORT_UUIDS = 1, LONG_UUIDS = 2 };
        const struct att_row *row = NULL;
        uint8_t entry[2 + ATT_UUID_MAX];
        size_t size;

        x->n++; /* which of them */
        while ((row = next_row(x, row))) {
                size = att_uuid(type_of(row), put16(entry, row->handle));
                if (!add_entry(x, entry, 2 + size))
                        break;
        }
        x->reply[1] = x->entry_size == sizeof entry ? LONG_UUIDS : SHORT_UUIDS;
        return end_list(x);
}

static int find_by_type_value(struct exchange *x) {
        const struct att_row *row = NULL;
        uint8_t entry[4];

        if (get16(x->pdu + 5) != PRIMARY_SERVICE)
                return ATTRIBUTE_NOT_FOUND;
        while ((row = next_row(x, row))) {
                if (row->kind != ATT_SERVICE || !uuid_is(x->pdu + 7, x->size - 7, row->uuid))
                        continue;
                put16(put16(entry, row->handle), group_end(x, row));
                if (!add_entry(x, entry, sizeof entry))
                        break;
        }
        return end_list(x);
}

static int read_by_group_type(struct exchange *x) {
        const uint8_t *type = x->pdu + 5;
        const struct att_row *row = NULL;
        uint8_t entry[4 + ATT_UUID_MAX];
        size_t size;

        if (x->size != 5 + 2 && x->size != 5 + 16)
                return refuse(x, 0, INVALID_PDU);
        if (uuid_is(type, x->size - 5, SECONDARY_SERVICE))
                return ATTRIBUTE_NOT_FOUND;
        if (!uuid_is(type, x->size - 5, PRIMARY_SERVICE))
                return UNSUPPORTED_GROUP_TYPE;
        x->n++; /* the size of an entry */
        while ((row = next_row(x, row))) {
                if (row->kind != ATT_SERVICE)
                        continue;
                size = att_uuid(row->uuid, put16(put16(entry, row->handle), group_end(x, row)));
                if (!add_entry(x, entry, 4 + size))
                        break;
        }
        x->reply[1] = (uint8_t) x->entry_size;
        return end_list(x);
}

/* --- values --- */

static int read_row(struct exchange *x, const struct att_row *row, uint8_t ret[CUFF_VALUE_MAX],
                    size_t *ret_size) {
        switch (row->kind) {
        case ATT_SERVICE:
                *ret_size = att_uuid(row->uuid, ret);
                return ATT_OK;
        case ATT_CHARACTERISTIC: /* its value is the next row */
                ret[0] = row->properties;
                *ret_size = 3 + att_uuid(row->uuid, put16(ret + 1, row[1].handle));
                return ATT_OK;
        case ATT_VALUE:
        case ATT_CCCD:
                break;
        }
        return cuff_read(x->server->cuff, x->now, row->handle, ret, ret_size);
}

static void log_read(const struct att_server *a, const struct att_row *row) {
        if (row->kind == ATT_VALUE)
                log_line("read %s uuid=%04x", a->name, row->uuid);
}

/* An attribute that cannot be read ends the list, and is refused where it would be the first. */
static int read_by_type(struct exchange *x) {
        const struct att_row *row = NULL;
        uint8_t entry[2 + CUFF_VALUE_MAX];
        size_t size = 0;
        int error;

        if (x->size != 5 + 2 && x->size != 5 + 16)
                return refuse(x, 0, INVALID_PDU);
        x->n++; /* the size of an entry */
        while ((row = next_row(x, row))) {
                if (!uuid_is(x->pdu + 5, x->size - 5, type_of(row)))
                        continue;
                error = read_row(x, row, put16(entry, row->handle), &size);
                if (error && (error == ATT_SILENCE || !x->entry_size))
                        return refuse(x, row->handle, error);
                if (error || !add_entry(x, entry, earlier(2 + size, x->server->mtu - 2U)))
                        break;
                log_read(x->server, row);
        }
        x->reply[1] = (uint8_t) x->entry_size;
        return end_list(x);
}

/* As much of the value as one response carries; from an offset where the request names one. */
static int read_value(struct exchange *x) {
        size_t offset = x->pdu[0] == READ_BLOB ? get16(x->pdu + 3) : 0, size = 0;
        const struct att_row *row = att_by_handle(x->server->cuff->table, x->handle);
        uint8_t value[CUFF_VALUE_MAX];
        int error = row ? read_row(x, row, value, &size) : ATT_INVALID_HANDLE;

        if (error)
                return error;
        if (offset > size)
                return INVALID_OFFSET;
        if (offset == 0)
                log_read(x->server, row);
        size = earlier(size - offset, x->server->mtu - 1U);
        memcpy(x->reply + x->n, value + offset, size);
        x->n += size;
        return ATT_OK;
}

static void log_written(const struct att_server *a, const struct att_row *row, uint16_t cccd_before,
                        const uint8_t *value, size_t size) {
        char hex[2 * ATT_MTU_MAX + 1];
        uint16_t cccd = cuff_cccd(a->cuff, row->uuid);

        if (row->kind != ATT_CCCD) {
                log_line("write %s uuid=%04x value=%s", a->name, row->uuid,
                         log_hex(value, size, hex));
                return;
        }
        log_line("cccd %s uuid=%04x value=%04x", a->name, row->uuid, cccd);
        if (cccd_before && !cccd)
                log_line("violation CCCD cleared by client while connected: %s uuid=%04x", a->name,
                         row->uuid);
}

/* handle and value, of a request or a command */
static int write_value(struct exchange *x) {
        const struct att_row *row = att_by_handle(x->server->cuff->table, x->handle);
        struct cuff *c = x->server->cuff;
        const uint8_t *value = x->pdu + 3;
        size_t size = x->size - 3;
        uint16_t cccd_before = row ? cuff_cccd(c, row->uuid) : 0;
        int error = row ? cuff_write(c, x->now, x->handle, value, size) : ATT_INVALID_HANDLE;

        if (!error)
                log_written(x->server, row, cccd_before, value, size);
        return error;
}

/* --- one PDU --- */

static int exchange_mtu(struct exchange *x) {
        struct att_server *a = x->server;
        uint16_t theirs = get16(x->pdu + 1), ours = a->cuff->mtu;

        assert(ours >= ATT_MTU_MIN && ours <= ATT_MTU_MAX);
        put16(x->reply + x->n, ours);
        x->n += 2;
        a->mtu = (uint16_t) later(ATT_MTU_MIN, earlier(ours, theirs));
        log_line("mtu %s %u", a->name, a->mtu);
        return ATT_OK;
}

/* clang-format off */
static const struct method {
        uint8_t opcode;
        size_t least, most; /* of the request */
        bool range;         /* starts with two handles */
        int (*answer)(struct exchange *x);
} methods[] = {
        {EXCHANGE_MTU, 3, 3, false, exchange_mtu},
        {FIND_INFORMATION, 5, 5, true, find_information},
        {FIND_BY_TYPE_VALUE, 7, ATT_MTU_MAX, true, find_by_type_value},
        {READ_BY_TYPE, 7, 21, true, read_by_type},
        {READ, 3, 3, false, read_value},
        {READ_BLOB, 5, 5, false, read_value},
        {READ_BY_GROUP_TYPE, 7, 21, true, read_by_group_type},
        {WRITE, 3, ATT_MTU_MAX, false, write_value},
};
/* clang-format on */

/* 0 with a response in `x`, or an error. Refusals before the handle was read name handle 0. */
static int answer(struct exchange *x) {
        const struct method *m = NULL;

        for (size_t i = 0; i < ELEMENTS(methods) && !m; i++)
                if (methods[i].opcode == x->pdu[0])
                        m = &methods[i];
        if (!m)
                return ATT_REQUEST_NOT_SUPPORTED;
        if (x->size < m->least || x->size > earlier(m->most, x->server->mtu))
                return INVALID_PDU;
        x->reply[x->n++] = (uint8_t) (m->opcode + 1);
        x->handle = get16(x->pdu + 1);
        if (m->range) {
                x->last_handle = get16(x->pdu + 3);
                if (x->handle == 0 || x->handle > x->last_handle)
                        return ATT_INVALID_HANDLE;
        }
        return m->answer(x);
}

static void on_request(struct exchange *x) {
        struct att_server *a = x->server;
        uint8_t refusal[5] = {ERROR_RESPONSE, x->pdu[0]};
        int error = answer(x);

        if (error == ATT_SILENCE)
                return;
        if (!error) {
                a->send(a->owner, x->reply, x->n);
                return;
        }
        put16(refusal + 2, x->handle);
        refusal[4] = (uint8_t) error;
        log_line("refused %s opcode=%02x handle=%04x error=%02x", a->name, x->pdu[0], x->handle,
                 (unsigned) error);
        a->send(a->owner, refusal, sizeof refusal);
}

static void on_write_command(struct exchange *x) {
        if (x->size < 3 || x->size > x->server->mtu)
                return;
        x->handle = get16(x->pdu + 1);
        write_value(x);
}

static void on_confirmation(struct exchange *x) {
        struct cuff *c = x->server->cuff;

        if (x->size == 1 && cuff_confirm(c, x->now))
                log_line("confirmed %s left=%zu", x->server->name, c->n_unsent);
}

void att_server_init(struct att_server *a, struct cuff *cuff, const char *name,
                     void (*send)(void *owner, const uint8_t *pdu, size_t size), void *owner) {
        *a = (struct att_server){
                .cuff = cuff, .name = name, .send = send, .owner = owner, .mtu = ATT_MTU_MIN};
}

void att_server_receive(struct att_server *a, uint64_t now, const uint8_t *pdu, size_t size) {
        struct exchange x = {.server = a, .now = now, .pdu = pdu, .size = size};
        struct cuff *c = a->cuff;

        if (size == 0 || c->gone || c->link == CUFF_LINK_NONE)
                return;
        c->last_activity = later(c->last_activity, now);
        if (pdu[0] == CONFIRMATION)
                on_confirmation(&x);
        else if (pdu[0] == WRITE_COMMAND)
                on_write_command(&x);
        else if (pdu[0] & (COMMAND_FLAG | 1))
                return; /* other commands; responses, notifications and indications are odd */
        else
                on_request(&x);
}

void att_server_push(struct att_server *a, uint16_t handle, const uint8_t *value, size_t size) {
        const struct att_row *row = att_by_handle(a->cuff->table, handle);
        uint8_t pdu[ATT_MTU_MAX];
        size_t n = earlier(size, a->mtu - 3U);
        char hex[2 * ATT_MTU_MAX + 1];

        pdu[0] = row->properties & ATT_INDICATE ? INDICATION : NOTIFICATION;
        put16(pdu + 1, handle);
        memcpy(pdu + 3, value, n);
        if (pdu[0] == INDICATION)
                log_line("indication %s value=%s", a->name, log_hex(value, n, hex));
        a->send(a->owner, pdu, 3 + n);
}
