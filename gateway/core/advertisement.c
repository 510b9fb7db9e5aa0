/*
 * OMRON manufacturer data, company 0x020E, after the company id:
 *
 *      TT FF [SS SS CC]...     TT type   FF flags   per user: SS SS sequence LE16, CC records held
 *
 * Types 01 (HEM-7361T, HEM-7155T-MW3) and 06 (HEM-7380T1) are checked on captured frames: sure.
 * Type 02 has the counters of 01 in eigger/hass-omron and dzikus/esphome-omron: probable. Of 03, 08
 * and 09 only the flags are used: sources disagree on what follows (08 seen on a HEM-7188T1).
 */
#include "core/advertisement.h"

#include <errno.h>

#include "core/bytes.h"

enum flag {
        FLAG_USER_SLOTS = 0x03, /* minus one */
        FLAG_CLOCK_UNSET = 0x04,
        FLAG_PAIRING = 0x08,
        FLAG_FORCED_TRANSFER = 0x40,
};

static const struct layout {
        uint8_t type;
        bool has_news;
        bool has_counters;
        uint8_t size_min[ADVERTISEMENT_USERS_MAX]; /* for 1..4 users; 0: never described */
} layouts[] = {
        /* clang-format off */
        {0x01, true,  true,  { 5,  8, 11, 14}},
        {0x02, true,  true,  { 5,  8, 11, 14}},
        {0x03, false, false, { 3,  3,  3,  3}}, /* bits 4 and 5 are guidance, 0x40 is not used */
        {0x06, true,  true,  { 5,  8, 11, 14}}, /* a real frame has 4 more, unknown */
        {0x08, true,  false, {10, 13,  0,  0}},
        {0x09, true,  false, { 9, 11, 13, 15}},
        /* clang-format on */
};

static const struct layout *layout_of(uint8_t type) {
        for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
                if (layouts[i].type == type)
                        return &layouts[i];
        return NULL;
}

int advertisement_decode(const uint8_t *data, size_t n, struct advertisement *ret) {
        struct bytes b = bytes_of(data, n);
        struct advertisement a = {.type = bytes_u8(&b)};
        const struct layout *layout = layout_of(a.type);
        uint8_t flags = bytes_u8(&b);

        if (n > 0 && !layout)
                return -ENOTSUP;
        if (b.short_read)
                return -EBADMSG;

        a.user_slots = (flags & FLAG_USER_SLOTS) + 1u;
        if (layout->size_min[a.user_slots - 1] == 0)
                return -ENOTSUP;
        if (n < layout->size_min[a.user_slots - 1])
                return -EBADMSG;

        a.clock_unset = flags & FLAG_CLOCK_UNSET;
        a.pairing = flags & FLAG_PAIRING;
        a.news = layout->has_news && flags & FLAG_FORCED_TRANSFER;
        a.has_counters = layout->has_counters;
        for (unsigned i = 0; a.has_counters && i < a.user_slots; i++) {
                a.user[i].sequence = bytes_le16(&b);
                a.user[i].count = bytes_u8(&b);
        }

        *ret = a;
        return 0;
}
