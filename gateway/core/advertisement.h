/* What an OMRON cuff says in its advertisement: manufacturer data of company 0x020E. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADVERTISEMENT_COMPANY_OMRON 0x020E
#define ADVERTISEMENT_USERS_MAX     4

struct advertisement {
        uint8_t type;        /* 01 02 03 06 08 09 */
        unsigned user_slots; /* 1..4, a constant of the model */
        bool clock_unset;
        bool pairing; /* the blinking P */
        bool news;    /* forced transfer: unsent data; never set for type 03 */
        bool has_counters;
        struct {
                uint16_t sequence; /* of the newest record */
                uint8_t count;     /* records held */
        } user[ADVERTISEMENT_USERS_MAX];
};

/* `data` follows the company id (BlueZ ManufacturerData[0x020E]). 0; -EBADMSG shorter than its type
 * needs; -ENOTSUP unknown type: keep what was known before, it clears no flag. */
int advertisement_decode(const uint8_t *data, size_t n, struct advertisement *ret);
