/* HCI as a controller speaks it (Core Specification 5.4, Vol 4 Part E): commands come in, events go
 * out. All numbers little-endian. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;

enum hci_error {
        HCI_OK = 0x00,
        HCI_UNKNOWN_COMMAND = 0x01,
        HCI_UNKNOWN_CONNECTION = 0x02,
        HCI_KEY_MISSING = 0x06,
        HCI_MEMORY_EXCEEDED = 0x07,
        HCI_TIMEOUT = 0x08,
        HCI_DISALLOWED = 0x0C,
        HCI_INVALID_PARAMETERS = 0x12,
        HCI_REMOTE_USER_ENDED = 0x13,
        HCI_LOCAL_HOST_ENDED = 0x16,
        HCI_MIC_FAILURE = 0x3D,
        HCI_NOT_ESTABLISHED = 0x3E,
};

enum hci_event_code {
        EVENT_DISCONNECTION = 0x05,
        EVENT_ENCRYPTION = 0x08,
        EVENT_VERSION = 0x0C,
        EVENT_COMMAND_COMPLETE = 0x0E,
        EVENT_COMMAND_STATUS = 0x0F,
        EVENT_COMPLETED_PACKETS = 0x13,
        EVENT_KEY_REFRESH = 0x30,
        EVENT_LE = 0x3E,
};

enum hci_le_event_code {
        LE_CONNECTION = 0x01,
        LE_ADVERTISING_REPORT = 0x02,
        LE_UPDATE = 0x03,
        LE_FEATURES = 0x04,
};

enum { HCI_PARAMETERS_MAX = 255 };
enum { HCI_RSSI = 0xC4 }; /* everybody is heard with -60 dBm */

struct hci_reply { /* return parameters, after the status */
        uint8_t bytes[HCI_PARAMETERS_MAX - 4];
        size_t size;
};

struct hci_command {
        uint16_t opcode;
        uint8_t octet, bit; /* where Read Local Supported Commands tells of it */
        uint8_t size;       /* of its parameters */
        bool later;         /* answered with Command Status; an event of its own follows */
        uint8_t (*run)(struct front *f, const uint8_t *parameters, struct hci_reply *ret);
};

extern const struct hci_command hci_commands[]; /* vhci_command.c; ends with run NULL */

/* One command packet. What we do not know is answered 0x01. */
void hci_receive(struct front *f, const uint8_t *packet, size_t size);
void hci_event(struct front *f, enum hci_event_code code, const uint8_t *parameters, size_t size);
void hci_le_event(struct front *f, enum hci_le_event_code code, const uint8_t *parameters,
                  size_t size);
