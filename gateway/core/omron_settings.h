/* The settings block of an OMRON cuff: index words, user blocks, the clock window. */
#pragma once

#include "core/omron_model.h"

/* 15 parity: the number of ones is odd · 14 the ring has wrapped · 13..0 the value.
 * Inferred by us from every published word (8000 0001 0002 000D 4000 8006 8009 8021 401E 802D: all
 * odd); sure. */
struct omron_word {
        uint16_t raw;
        bool parity_ok, wrapped;
        uint16_t value; /* 14 bits */
};

struct omron_word omron_word_decode(uint16_t raw);
uint16_t omron_word_encode(uint16_t value, bool wrapped);

struct omron_user_block {
        bool blank;       /* begins FF FF, or all 00: never written */
        bool checksum_ok; /* meaningless when blank */
        uint16_t birth_year;
        uint8_t birth_month, birth_day, flags;
        struct number version; /* blocks of 10 bytes and more */
};

struct omron_clock {
        bool blank; /* all 00 or all FF */
        bool checksum_ok;
        struct date_time time;
};

struct omron_ring { /* of one user, as the index tells it */
        struct omron_word cursor, unread;
        bool trusted;    /* both parities are right and the cursor is inside the ring */
        uint16_t count;  /* valid records, 0..slots; meaningless unless trusted */
        uint16_t newest; /* slot; meaningless unless trusted and count > 0 */
};

struct omron_settings {
        struct omron_ring ring[OMRON_USERS_MAX];
        struct omron_user_block block[OMRON_USERS_MAX];
        unsigned blocks;
        bool has_clock; /* the layout is understood */
        struct omron_clock clock;
        struct number
                sequence[OMRON_USERS_MAX]; /* words at 8 and 12, where the index has 24 bytes or
                                            * more (HEM-7155T-MW3, BP5465; sure for those) */
};

#define OMRON_SETTINGS_SEQUENCE(user) (8u + 4u * (user)) /* where the word of `sequence` stands */

/* The word at an offset, in the model's byte order. */
uint16_t omron_settings_word(const struct omron_model *m, const uint8_t *bytes, size_t at);
/* `n` is omron_model_settings_size(), as read at read_base; or index_size or more: then what lies
 * beyond is blank. 0 or -EBADMSG. */
int omron_settings_decode(const struct omron_model *m, const uint8_t *bytes, size_t n,
                          struct omron_settings *ret);

/* Is any sum in it right, of a user block or of the clock? */
bool omron_settings_has_checksum(const struct omron_settings *s);
/* Does the content speak for this model? 0: every ring is trusted. -ENODATA: not every ring, but a
 * user block or the clock has a right checksum: the whole ring must be read. -EBADMSG: neither. It
 * is half of the proof; the other half is a record that decodes. */
int omron_settings_check(const struct omron_model *m, const struct omron_settings *s);

/* `n` as the layout needs (16 or 10). -EBADMSG wrong size; -ENOTSUP PRE6401. Local wall clock. */
int omron_clock_decode(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                       struct omron_clock *ret);
/* The same window with another time and a right sum; all other bytes as they were. As
 * omron_clock_decode; -ERANGE when `time` is none (date_time_check, or second 60..63). */
int omron_clock_encode(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                       const struct date_time *time, uint8_t *ret);
/* By which layout the checksum comes out right. 0 and `ret`; -ENOTSUP by none (a blank window) or
 * several. */
int omron_clock_guess(const uint8_t *bytes, size_t n, enum omron_clock_layout *ret);
/* The same block with version + 1 (blocks that have one) and a right sum. 0; -ENOTSUP; -EBADMSG:
 * its sum is wrong already, or it is blank. */
int omron_user_block_renew(const struct omron_model *m, const uint8_t *bytes, uint8_t *ret);
