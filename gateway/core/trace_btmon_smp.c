/*
 * The PDUs of SMP, rebuilt from btmon's lines:
 *
 *      > ACL Data RX: Handle 64 flags 0x02 dlen 6
 *            SMP: Pairing Failed (0x05) len 1        its code, taken before
 *              Reason: Unspecified reason (0x08)     its parts, by name; the number is what counts
 *
 * Keys, random numbers and the like are printed as they were sent; EDIV, Rand and addresses as
 * numbers, most significant byte first (both compared with the packets they came from).
 */
#include "core/trace_btmon_parts.h"

#include <string.h>

#define BIT(part) (1u << (part))

enum form {
        FORM_NUMBER, /* one byte */
        FORM_WORD,   /* a number of `size` bytes, sent least significant first */
        FORM_HEX,    /* as sent */
        FORM_ADDRESS,
};

/* A part of a PDU; two rows with one `part` are two spellings. */
static const struct smp_row {
        uint8_t code, part, at, size;
        enum form form;
        const char *name;
} smp_rows[] = {
        /* clang-format off */
        {SMP_PAIRING_REQUEST,              0,  1,  1, FORM_NUMBER,  "IO capability"},
        {SMP_PAIRING_REQUEST,              1,  2,  1, FORM_NUMBER,  "OOB data"},
        {SMP_PAIRING_REQUEST,              2,  3,  1, FORM_NUMBER,  "Authentication requirement"},
        {SMP_PAIRING_REQUEST,              3,  4,  1, FORM_NUMBER,  "Max encryption key size"},
        {SMP_PAIRING_REQUEST,              4,  5,  1, FORM_NUMBER,  "Initiator key distribution"},
        {SMP_PAIRING_REQUEST,              5,  6,  1, FORM_NUMBER,  "Responder key distribution"},
        {SMP_PAIRING_CONFIRM,              0,  1, 16, FORM_HEX,     "Confim value"},
        {SMP_PAIRING_CONFIRM,              0,  1, 16, FORM_HEX,     "Confirm value"},
        {SMP_PAIRING_RANDOM,               0,  1, 16, FORM_HEX,     "Random value"},
        {SMP_PAIRING_FAILED,               0,  1,  1, FORM_NUMBER,  "Reason"},
        {SMP_ENCRYPTION_INFORMATION,       0,  1, 16, FORM_HEX,     "Long term key"},
        {SMP_CENTRAL_IDENTIFICATION,       0,  1,  2, FORM_WORD,    "EDIV"},
        {SMP_CENTRAL_IDENTIFICATION,       1,  3,  8, FORM_WORD,    "Rand"},
        {SMP_IDENTITY_INFORMATION,         0,  1, 16, FORM_HEX,     "Identity resolving key"},
        {SMP_IDENTITY_ADDRESS_INFORMATION, 0,  1,  1, FORM_NUMBER,  "Address type"},
        {SMP_IDENTITY_ADDRESS_INFORMATION, 1,  2,  6, FORM_ADDRESS, "Address"},
        {SMP_SIGNING_INFORMATION,          0,  1, 16, FORM_HEX,     "Signature key"},
        {SMP_SECURITY_REQUEST,             0,  1,  1, FORM_NUMBER,  "Authentication requirement"},
        {SMP_PAIRING_PUBLIC_KEY,           0,  1, 32, FORM_HEX,     "X"},
        {SMP_PAIRING_PUBLIC_KEY,           1, 33, 32, FORM_HEX,     "Y"},
        {SMP_PAIRING_DHKEY_CHECK,          0,  1, 16, FORM_HEX,     "E"},
        {SMP_KEYPRESS_NOTIFICATION,        0,  1,  1, FORM_NUMBER,  "Type"},
        /* clang-format on */
};

#define SMP_ROWS (sizeof smp_rows / sizeof smp_rows[0])

static bool is_row_of(const struct smp_row *row, uint32_t code) {
        return row->code == (code == SMP_PAIRING_RESPONSE ? SMP_PAIRING_REQUEST : code);
}

static bool take_word(const char *text, uint8_t *at, size_t size) {
        uint64_t number;

        if (!trace_btmon_value(text, &number) || (size < 8 && number >> (8 * size) != 0))
                return false;
        for (size_t i = 0; i < size; i++)
                at[i] = (uint8_t) (number >> (8 * i));
        return true;
}

static bool take_hex(const char *text, uint8_t *at, size_t size) {
        uint8_t bytes[SMP_PDU_MAX];

        if (trace_btmon_hex(text, bytes, size) < size)
                return false;
        memcpy(at, bytes, size);
        return true;
}

/* "28:FF:.. (Static)": newer versions (5.66 is one) tell the type of an identity address only by
 * what stands behind it, a kind of random address or the maker of a public one. */
static bool take_type(const char *text, uint8_t *ret) {
        static const char *const random[] = {"(Static)", "(Resolvable)", "(Non-Resolvable)",
                                             "(Reserved)"};

        if (!trace_btmon_has(text, "("))
                return false;
        *ret = 0;
        for (size_t i = 0; i < sizeof random / sizeof random[0]; i++)
                if (trace_btmon_has(text, random[i]))
                        *ret = 1;
        return true;
}

static bool take_address(struct trace_btmon_block *block, const char *text, uint8_t at[static 6]) {
        struct bdaddr address;

        if (!trace_btmon_address(text, &address))
                return false;
        bdaddr_to_wire(&address, at);
        if (!(block->told & BIT(0)) && take_type(text, at - 1))
                block->told |= BIT(0);
        return true;
}

static bool take_part(struct trace_btmon_block *block, size_t index, const char *text) {
        const struct smp_row *row = &smp_rows[index];
        uint8_t *at = block->event.pdu + row->at;
        bool taken;

        switch (row->form) {
        case FORM_HEX:
                taken = take_hex(text, at, row->size);
                break;
        case FORM_ADDRESS:
                taken = take_address(block, text, at);
                break;
        default:
                taken = take_word(text, at, row->size);
                break;
        }
        if (taken)
                block->told |= BIT(row->part);
        return taken;
}

void trace_btmon_smp_line(struct trace_btmon_block *block, const char *text) {
        for (size_t i = 0; i < SMP_ROWS; i++) {
                const char *value = trace_btmon_field(text, smp_rows[i].name);

                if (!value || !is_row_of(&smp_rows[i], block->code))
                        continue;
                if (!(block->told & BIT(smp_rows[i].part)))
                        block->pending = take_part(block, i, value) ? 0 : (uint8_t) (i + 1);
                return;
        }
        if (block->pending && !trace_btmon_has(text, ":"))
                (void) take_part(block, block->pending - 1u, text);
        block->pending = 0;
}

void trace_btmon_smp_finish(struct trace_btmon_block *block) {
        struct trace_event *event = &block->event;
        size_t want = 1;

        event->pdu[0] = (uint8_t) block->code;
        event->pdu_size = 1;
        for (size_t i = 0; i < SMP_ROWS; i++) {
                const struct smp_row *row = &smp_rows[i];

                if (!is_row_of(row, block->code))
                        continue;
                want = row->at + row->size;
                if (block->told & BIT(row->part) && event->pdu_size == row->at)
                        event->pdu_size = want;
        }
        event->pdu_cut = want == 1 || event->pdu_size < want; /* 1: a code of no PDU */
        memset(event->pdu + event->pdu_size, 0, sizeof event->pdu - event->pdu_size);
}
