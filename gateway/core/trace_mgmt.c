/*
 * The kernel's Bluetooth management messages, as its monitor shows them: what user space asks and
 * what it is told (BlueZ: doc/mgmt-api.txt). Numbers are least significant byte first.
 *
 *      CK*4  OO OO  parameters..       the socket's cookie, code of the command or event
 *
 *      PEER: AA*6 TT                   address, type: 0 BR/EDR, 1 and 2 LE
 *
 *      commands:
 *      0018 Set IO Capability          II
 *      0019 Pair Device                PEER II
 *      001C User Confirmation Reply    PEER            001D its negative
 *      001E User Passkey Reply         PEER ..         001F its negative
 *
 *      events:
 *      0001 Command Complete           OO OO SS ..     of which command, status, its reply
 *      0002 Command Status             OO OO SS
 *      0006 New Settings               current settings*4: bit 4 bondable
 *      000A New Long Term Key          HH PEER ..      HH 1: to be stored; then the key, not read
 *      000F User Confirmation Request  PEER ..
 *      0010 User Passkey Request       PEER
 *      0011 Authentication Failed      PEER SS
 */
#include "core/trace_hci_parts.h"

#define NO_ADAPTER       0xFFFF
#define COOKIE_SIZE      4
#define ADDRESS_SIZE     6
#define TYPE_BREDR       0
#define SETTING_BONDABLE 0x10
#define INFO_SETTINGS_AT 13 /* after address, version, manufacturer, supported settings */

enum command {
        READ_INFO = 0x0004,
        SET_POWERED = 0x0005,
        SET_LE = 0x000D, /* all from SET_POWERED on answer with current settings */
        SET_IO_CAPABILITY = 0x0018,
        PAIR_DEVICE = 0x0019,
        USER_CONFIRMATION_REPLY = 0x001C,
        USER_CONFIRMATION_NEGATIVE_REPLY = 0x001D,
        USER_PASSKEY_REPLY = 0x001E,
        USER_PASSKEY_NEGATIVE_REPLY = 0x001F,
        SET_ADVERTISING = 0x0029,
        SET_BREDR = 0x002A,
        SET_STATIC_ADDRESS = 0x002B,
        SET_SECURE_CONNECTIONS = 0x002D,
        SET_DEBUG_KEYS = 0x002E,
        SET_PRIVACY = 0x002F,
        READ_EXTENDED_INFO = 0x0042,
        SET_WIDEBAND_SPEECH = 0x0047,
};

enum event {
        COMMAND_COMPLETE = 0x0001,
        COMMAND_STATUS = 0x0002,
        NEW_SETTINGS = 0x0006,
        NEW_LONG_TERM_KEY = 0x000A,
        USER_CONFIRMATION_REQUEST = 0x000F,
        USER_PASSKEY_REQUEST = 0x0010,
        AUTHENTICATION_FAILED = 0x0011,
};

/* False: too short, or a BR/EDR device, which no cuff is. */
static bool take_peer(struct bytes *b, struct trace_event *event) {
        const uint8_t *address = bytes_take(b, ADDRESS_SIZE);
        uint8_t type = bytes_u8(b);

        if (b->short_read || type == TYPE_BREDR)
                return false;
        event->has_address = true;
        event->address = bdaddr_from_wire(address);
        return true;
}

/* An event about a peer, and nothing else. */
static bool about_peer(struct bytes *b, enum trace_kind kind, struct trace_event *event) {
        event->kind = kind;
        return take_peer(b, event);
}

static bool answered(struct bytes *b, enum trace_answer answer, struct trace_event *event) {
        event->answer = answer;
        return about_peer(b, TRACE_CONFIRM_ANSWERED, event);
}

static bool command(uint16_t code, struct bytes *b, struct trace_event *event) {
        switch (code) {
        case SET_IO_CAPABILITY:
                event->kind = TRACE_IO_CAPABILITY;
                event->io = bytes_u8(b);
                return true;
        case PAIR_DEVICE:
                if (!about_peer(b, TRACE_PAIR_ASKED, event))
                        return false;
                event->io = bytes_u8(b);
                return true;
        case USER_CONFIRMATION_REPLY:
        case USER_PASSKEY_REPLY:
                return answered(b, TRACE_YES, event);
        case USER_CONFIRMATION_NEGATIVE_REPLY:
        case USER_PASSKEY_NEGATIVE_REPLY:
                return answered(b, TRACE_NO, event);
        default:
                return false;
        }
}

static bool settings(struct bytes *b, struct trace_event *event) {
        const uint8_t *current = bytes_take(b, 4);

        if (!current)
                return false;
        event->kind = TRACE_BONDABLE;
        event->answer = current[0] & SETTING_BONDABLE ? TRACE_YES : TRACE_NO;
        return true;
}

/* Where in the reply to a command the current settings are; further than any reply goes: nowhere.
 */
static size_t settings_at(uint16_t command) {
        switch (command) {
        case SET_POWERED ... SET_LE:
        case SET_ADVERTISING:
        case SET_BREDR:
        case SET_STATIC_ADDRESS:
        case SET_SECURE_CONNECTIONS:
        case SET_DEBUG_KEYS:
        case SET_PRIVACY:
        case SET_WIDEBAND_SPEECH:
                return 0;
        case READ_INFO:
        case READ_EXTENDED_INFO:
                return INFO_SETTINGS_AT;
        default:
                return SIZE_MAX;
        }
}

/* `complete`: the reply follows; a Command Status has none. */
static bool reply(struct bytes *b, bool complete, struct trace_event *event) {
        uint16_t command = bytes_le16(b);
        uint8_t status = bytes_u8(b);

        if (command == PAIR_DEVICE) {
                event->kind = TRACE_PAIRING_STATUS;
                event->status = status;
                return !complete || take_peer(b, event);
        }
        if (!complete || status != 0)
                return false;
        return bytes_take(b, settings_at(command)) && settings(b, event);
}

static bool told(uint16_t code, struct bytes *b, struct trace_event *event) {
        switch (code) {
        case COMMAND_COMPLETE:
        case COMMAND_STATUS:
                return reply(b, code == COMMAND_COMPLETE, event);
        case NEW_SETTINGS:
                return settings(b, event);
        case NEW_LONG_TERM_KEY:
                return bytes_u8(b) == 1 && about_peer(b, TRACE_KEY_STORED, event);
        case USER_CONFIRMATION_REQUEST:
        case USER_PASSKEY_REQUEST:
                return about_peer(b, TRACE_CONFIRM_ASKED, event);
        case AUTHENTICATION_FAILED:
                if (!about_peer(b, TRACE_PAIRING_STATUS, event))
                        return false;
                event->status = bytes_u8(b);
                return true;
        default:
                return false;
        }
}

size_t trace_mgmt_step(const struct trace_hci_frame *frame,
                       struct trace_event ret[TRACE_HCI_EVENTS_MAX]) {
        struct bytes b = bytes_of(frame->bytes, frame->n);
        struct trace_event event = trace_hci_event(frame, TRACE_KIND_MAX_);
        uint16_t code;
        bool made;

        (void) bytes_take(&b, COOKIE_SIZE);
        code = bytes_le16(&b);
        if (frame->adapter == NO_ADAPTER)
                return 0;
        made = frame->type == TRACE_HCI_MGMT_COMMAND ? command(code, &b, &event)
                                                     : told(code, &b, &event);
        if (!made || b.short_read)
                return 0;
        *ret = event;
        return 1;
}
