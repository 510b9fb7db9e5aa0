/*
 * HCI commands and events (Bluetooth Core 5.4, Vol 4, Part E, 7.7 and 7.8). Numbers are least
 * significant byte first; handles have 12 bits.
 *
 *      command  OO OO NN parameters*NN         opcode, size
 *      event    EE NN parameters*NN            code, size
 *
 *      200D LE Create Connection           xx*12 AT ..         AT own address type
 *      2043 LE Extended Create Connection  FF AT ..
 *      2019 LE Start Encryption            HH HH RR*8 DD DD ..  Rand, EDIV; the key is not read
 *      03 Connection Complete              SS HH HH ..         of BR/EDR: status, handle
 *      05 Disconnection Complete           SS HH HH RR         status, handle, reason
 *      08 Encryption Change, 59 its v2     SS HH HH EE ..      EE 0: switched off
 *      30 Encryption Key Refresh Complete  SS HH HH
 *      0F Command Status                   SS NN OO OO
 *      3E LE Meta                          UU ..               subevent
 *         01 Connection Complete           SS HH HH RR PT PA*6 ..         role, the peer's address
 *         0A Enhanced .., 29 its v2        SS HH HH RR PT PA*6 LA*6 ..    LA our private one, or 0
 *         05 Long Term Key Request         HH HH RR*8 DD DD
 *         02, 0D advertising reports       trace_hci_advert.c
 */
#include "core/trace_hci.h"

#include <string.h>

#include "core/trace_hci_parts.h"

#define NO_ADDRESS_TYPE 0xFF
#define NO_HANDLE       0xFFFF
#define ROLE_PERIPHERAL 1
#define ADDRESS_SIZE    6

enum opcode {
        CREATE_CONNECTION = 0x200D,
        EXTENDED_CREATE_CONNECTION = 0x2043,
        START_ENCRYPTION = 0x2019,
};

enum event_code {
        BREDR_CONNECTION_COMPLETE = 0x03,
        DISCONNECTION_COMPLETE = 0x05,
        ENCRYPTION_CHANGE = 0x08,
        COMMAND_STATUS = 0x0F,
        KEY_REFRESH_COMPLETE = 0x30,
        LE_META = 0x3E,
        ENCRYPTION_CHANGE_V2 = 0x59,
};

enum subevent {
        CONNECTION_COMPLETE = 0x01,
        ADVERTISING_REPORT = 0x02,
        LONG_TERM_KEY_REQUEST = 0x05,
        ENHANCED_CONNECTION_COMPLETE = 0x0A,
        EXTENDED_ADVERTISING_REPORT = 0x0D,
        ENHANCED_CONNECTION_COMPLETE_V2 = 0x29,
};

static struct trace_hci_adapter *adapter_of(struct trace_hci *h,
                                            const struct trace_hci_frame *frame) {
        return &h->adapter[frame->adapter % TRACE_HCI_ADAPTERS];
}

static uint16_t take_handle(struct bytes *b) {
        return bytes_le16(b) & TRACE_HCI_HANDLE_MASK;
}

static bool any_set(const uint8_t *bytes, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (bytes[i])
                        return true;
        return false;
}

/* Handle, Rand and EDIV, as the central's command and the event at the peripheral begin. */
static size_t encryption_asked(const struct trace_hci_frame *frame, struct bytes b,
                               struct trace_event *ret) {
        uint16_t handle = take_handle(&b);
        const uint8_t *rand_and_ediv = bytes_take(&b, 8 + 2);

        if (!rand_and_ediv)
                return 0;
        *ret = trace_hci_event(frame, TRACE_ENCRYPTION_ASKED);
        ret->handle = handle;
        ret->stored = any_set(rand_and_ediv, 8 + 2);
        return 1;
}

static void create_connection(struct trace_hci *h, const struct trace_hci_frame *frame,
                              struct bytes b, size_t type_at) {
        uint8_t type;

        (void) bytes_take(&b, type_at);
        type = bytes_u8(&b);
        if (!b.short_read)
                adapter_of(h, frame)->own_address_type = type;
}

static size_t command(struct trace_hci *h, const struct trace_hci_frame *frame,
                      struct trace_event *ret) {
        struct bytes b = bytes_of(frame->bytes, frame->n);
        uint16_t opcode = bytes_le16(&b);
        size_t size = bytes_u8(&b), n;

        if (size < bytes_left(&b))
                b.end = b.at + size;
        switch (opcode) {
        case CREATE_CONNECTION:
                create_connection(h, frame, b, 12);
                return 0;
        case EXTENDED_CREATE_CONNECTION:
                create_connection(h, frame, b, 1);
                return 0;
        case START_ENCRYPTION:
                n = encryption_asked(frame, b, ret);
                adapter_of(h, frame)->encrypting = n ? ret->handle : NO_HANDLE;
                return n;
        default:
                return 0;
        }
}

/* `private_address`: what the controller says it used; NULL: it does not say. */
static enum trace_answer own_random(uint8_t type, const uint8_t *private_address) {
        enum trace_answer used_private = TRACE_NOT_TOLD;

        if (private_address)
                used_private = any_set(private_address, ADDRESS_SIZE) ? TRACE_YES : TRACE_NO;
        return trace_own_random(type, used_private);
}

static size_t connected(struct trace_hci *h, const struct trace_hci_frame *frame, struct bytes b,
                        bool enhanced, struct trace_event *ret) {
        uint8_t status = bytes_u8(&b);
        uint16_t handle = take_handle(&b);
        bool peripheral = bytes_u8(&b) == ROLE_PERIPHERAL;
        uint8_t peer_type = bytes_u8(&b);
        const uint8_t *peer = bytes_take(&b, ADDRESS_SIZE);
        const uint8_t *own = enhanced ? bytes_take(&b, ADDRESS_SIZE) : NULL;

        if (!peer || status != 0)
                return 0;
        trace_hci_link_begin(h, frame->adapter, handle)->peripheral = peripheral;
        *ret = trace_hci_event(frame, TRACE_CONNECTED);
        ret->handle = handle;
        ret->has_address = true;
        ret->address = bdaddr_from_wire(peer);
        if (peripheral) /* the host is the peer; all types but 0 were random on the air */
                ret->own_random = peer_type ? TRACE_YES : TRACE_NO;
        else
                ret->own_random = own_random(adapter_of(h, frame)->own_address_type, own);
        return 1;
}

/* No event: it is kept to know what is no cuff's. */
static void bredr_connected(struct trace_hci *h, const struct trace_hci_frame *frame,
                            struct bytes b) {
        uint8_t status = bytes_u8(&b);
        uint16_t handle = take_handle(&b);

        if (!b.short_read && status == 0)
                trace_hci_link_begin(h, frame->adapter, handle)->bredr = true;
}

static size_t disconnected(struct trace_hci *h, const struct trace_hci_frame *frame, struct bytes b,
                           struct trace_event *ret) {
        uint8_t status = bytes_u8(&b);
        uint16_t handle = take_handle(&b);
        uint8_t reason = bytes_u8(&b);
        struct trace_hci_link *link;

        if (b.short_read || status != 0)
                return 0;
        link = trace_hci_link_find(h, frame->adapter, handle);
        *ret = trace_hci_event(frame, TRACE_DISCONNECTED);
        ret->handle = handle;
        ret->status = link && link->peripheral ? trace_reason_turned(reason) : reason;
        if (link)
                link->used = false;
        return 1;
}

static size_t encryption_changed(struct trace_hci *h, const struct trace_hci_frame *frame,
                                 struct bytes b, bool refresh, struct trace_event *ret) {
        uint8_t status = bytes_u8(&b);
        uint16_t handle = take_handle(&b);
        bool enabled = refresh || bytes_u8(&b) != 0;
        const struct trace_hci_link *link = trace_hci_link_find(h, frame->adapter, handle);

        if (b.short_read || (status == 0 && !enabled) || (link && link->bredr))
                return 0;
        *ret = trace_hci_event(frame, TRACE_ENCRYPTION_DONE);
        ret->handle = handle;
        ret->status = status;
        return 1;
}

/* The only command whose refusal matters here; the event does not say which link it was for. */
static size_t command_status(struct trace_hci *h, const struct trace_hci_frame *frame,
                             struct bytes b, struct trace_event *ret) {
        struct trace_hci_adapter *adapter = adapter_of(h, frame);
        uint8_t status = bytes_u8(&b);
        uint16_t opcode, handle = adapter->encrypting;

        (void) bytes_u8(&b); /* how many commands it would take now */
        opcode = bytes_le16(&b);
        if (b.short_read || opcode != START_ENCRYPTION)
                return 0;
        adapter->encrypting = NO_HANDLE;
        if (status == 0 || handle == NO_HANDLE)
                return 0;
        *ret = trace_hci_event(frame, TRACE_ENCRYPTION_DONE);
        ret->handle = handle;
        ret->status = status;
        return 1;
}

/* Only a peripheral's controller asks for a key: a capture that began on an open link learns here
 * which end it is at. */
static size_t key_requested(struct trace_hci *h, const struct trace_hci_frame *frame,
                            struct bytes b, struct trace_event *ret) {
        struct trace_hci_link *link;

        if (encryption_asked(frame, b, ret) == 0)
                return 0;
        link = trace_hci_link_find(h, frame->adapter, ret->handle);
        if (!link)
                link = trace_hci_link_begin(h, frame->adapter, ret->handle);
        link->peripheral = true;
        return 1;
}

static size_t le_meta(struct trace_hci *h, const struct trace_hci_frame *frame, struct bytes b,
                      struct trace_event *ret) {
        uint8_t subevent = bytes_u8(&b);

        switch (subevent) {
        case CONNECTION_COMPLETE:
                return connected(h, frame, b, false, ret);
        case ENHANCED_CONNECTION_COMPLETE:
        case ENHANCED_CONNECTION_COMPLETE_V2:
                return connected(h, frame, b, true, ret);
        case LONG_TERM_KEY_REQUEST:
                return key_requested(h, frame, b, ret);
        case ADVERTISING_REPORT:
        case EXTENDED_ADVERTISING_REPORT:
                return trace_hci_adverts(frame, b, subevent == EXTENDED_ADVERTISING_REPORT, ret);
        default:
                return 0;
        }
}

static size_t event(struct trace_hci *h, const struct trace_hci_frame *frame,
                    struct trace_event *ret) {
        struct bytes b = bytes_of(frame->bytes, frame->n);
        uint8_t code = bytes_u8(&b);
        size_t size = bytes_u8(&b);

        if (size < bytes_left(&b))
                b.end = b.at + size;
        switch (code) {
        case BREDR_CONNECTION_COMPLETE:
                bredr_connected(h, frame, b);
                return 0;
        case DISCONNECTION_COMPLETE:
                return disconnected(h, frame, b, ret);
        case ENCRYPTION_CHANGE:
        case ENCRYPTION_CHANGE_V2:
        case KEY_REFRESH_COMPLETE:
                return encryption_changed(h, frame, b, code == KEY_REFRESH_COMPLETE, ret);
        case COMMAND_STATUS:
                return command_status(h, frame, b, ret);
        case LE_META:
                return le_meta(h, frame, b, ret);
        default:
                return 0;
        }
}

void trace_hci_init(struct trace_hci *h) {
        memset(h, 0, sizeof *h);
        for (size_t i = 0; i < TRACE_HCI_ADAPTERS; i++) {
                h->adapter[i].own_address_type = NO_ADDRESS_TYPE;
                h->adapter[i].encrypting = NO_HANDLE;
        }
}

size_t trace_hci_step(struct trace_hci *h, const struct trace_hci_frame *frame,
                      struct trace_event ret[TRACE_HCI_EVENTS_MAX]) {
        switch (frame->type) {
        case TRACE_HCI_COMMAND:
                return command(h, frame, ret);
        case TRACE_HCI_EVENT:
                return event(h, frame, ret);
        case TRACE_HCI_ACL:
                return trace_hci_acl_step(h, frame, ret);
        case TRACE_HCI_MGMT_COMMAND:
        case TRACE_HCI_MGMT_EVENT:
                return trace_mgmt_step(frame, ret);
        default:
                return 0;
        }
}

enum trace_hci_type trace_hci_of_monitor(uint16_t opcode, enum trace_answer *ret_received) {
        *ret_received = TRACE_NOT_TOLD;
        switch (opcode) {
        case 2:
                return TRACE_HCI_COMMAND;
        case 3:
                return TRACE_HCI_EVENT;
        case 4:
                *ret_received = TRACE_NO;
                return TRACE_HCI_ACL;
        case 5:
                *ret_received = TRACE_YES;
                return TRACE_HCI_ACL;
        case 16:
                return TRACE_HCI_MGMT_COMMAND;
        case 17:
                return TRACE_HCI_MGMT_EVENT;
        default:
                return TRACE_HCI_OTHER;
        }
}

enum trace_hci_type trace_hci_of_h4(uint8_t type) {
        switch (type) {
        case 1:
                return TRACE_HCI_COMMAND;
        case 2:
                return TRACE_HCI_ACL;
        case 4:
                return TRACE_HCI_EVENT;
        default:
                return TRACE_HCI_OTHER;
        }
}
