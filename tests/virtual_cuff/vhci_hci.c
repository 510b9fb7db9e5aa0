#include "vhci_hci.h"

#include "bytes.h"
#include "log.h"
#include "util.h"
#include "vhci_front.h"

void hci_event(struct front *f, enum hci_event_code code, const uint8_t *parameters, size_t size) {
        uint8_t packet[2 + HCI_PARAMETERS_MAX] = {(uint8_t) code, (uint8_t) size};

        memcpy(packet + 2, parameters, size);
        device_send(&f->device, PACKET_EVENT, packet, 2 + size);
}

void hci_le_event(struct front *f, enum hci_le_event_code code, const uint8_t *parameters,
                  size_t size) {
        uint8_t meta[HCI_PARAMETERS_MAX] = {(uint8_t) code};

        memcpy(meta + 1, parameters, size);
        hci_event(f, EVENT_LE, meta, 1 + size);
}

enum { ONE_MORE = 1 }; /* the host may send another command */

static void answer_complete(struct front *f, uint16_t opcode, uint8_t status,
                            const struct hci_reply *reply) {
        uint8_t answer[HCI_PARAMETERS_MAX] = {ONE_MORE};

        put16(answer + 1, opcode);
        answer[3] = status;
        memcpy(answer + 4, reply->bytes, reply->size);
        hci_event(f, EVENT_COMMAND_COMPLETE, answer, 4 + reply->size);
}

static void answer_status(struct front *f, uint16_t opcode, uint8_t status) {
        uint8_t answer[4] = {status, ONE_MORE};

        put16(answer + 2, opcode);
        hci_event(f, EVENT_COMMAND_STATUS, answer, sizeof answer);
}

static const struct hci_command *find(uint16_t opcode) {
        for (const struct hci_command *c = hci_commands; c->run; c++)
                if (c->opcode == opcode)
                        return c;
        return NULL;
}

void hci_receive(struct front *f, const uint8_t *packet, size_t size) {
        const struct hci_command *command;
        struct hci_reply reply = {.size = 0};
        char hex[2 * HCI_PARAMETERS_MAX + 1];
        uint8_t status = HCI_INVALID_PARAMETERS;
        uint16_t opcode;

        if (size < 3 || size != 3U + packet[2])
                return; /* the kernel would not */
        opcode = get16(packet);
        command = find(opcode);
        if (!command) {
                log_line("unknown command 0x%04x %s", opcode, log_hex(packet + 3, size - 3, hex));
                answer_complete(f, opcode, HCI_UNKNOWN_COMMAND, &reply);
                return;
        }
        if (packet[2] == command->size)
                status = command->run(f, packet + 3, &reply);
        if (command->later)
                answer_status(f, opcode, status);
        else
                answer_complete(f, opcode, status, &reply);
}
