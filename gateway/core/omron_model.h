/* The table of OMRON cuffs: where each keeps what. Data only; no code knows a model's name.
 * Addresses and sizes in bytes. Sources in omron_model_table.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/omron_record.h"

#define OMRON_USERS_MAX         2
#define OMRON_SETTINGS_SIZE_MAX 128
#define OMRON_CANDIDATES_MAX    8

enum omron_stack { OMRON_CLASSIC, OMRON_MODERN };
enum omron_access { OMRON_ACCESS_KEY, OMRON_ACCESS_NONE, OMRON_ACCESS_TOKEN };
enum omron_clock_layout {
        OMRON_CLOCK_LIN16, /* 16 bytes, time at 8, sum of bytes 0..13 at 14 */
        OMRON_CLOCK_MIX16, /* the same, each word swapped */
        OMRON_CLOCK_LIN10, /* 10 bytes, time at 2, sum of bytes 0..7 at 8 */
        OMRON_CLOCK_MIX10,
        OMRON_CLOCK_PRE6401, /* not understood: never read as a time, never written */
};
enum omron_certainty {
        OMRON_VERIFIED, /* somebody read such a cuff and published it */
        OMRON_REPORTED, /* a working program lists it; nobody published a reading */
        OMRON_DERIVED,  /* by the structure of its relatives, or a guess */
};

struct omron_model {
        const char *id;      /* "HEM-7155T-K4" */
        const char *same_as; /* ids treated as equal, spaces between: "HEM-7340T_K4-Z .." */
        const char *sold_as; /* trade names, semicolons between: "BP7350;X4 Smart" */
        const char *seen_by; /* where somebody read it, or "" */
        const char *doubts;  /* what sources disagree about, or "" */
        enum omron_certainty certainty;
        enum omron_stack stack;
        enum omron_access access;
        bool words_swapped; /* most significant byte first in settings */
        enum omron_layout layout;
        uint8_t record_size;
        bool checksum_proven; /* seen right in published records of this layout and size: a mismatch
                               * is a damaged record; else it is a warning */
        bool fit_bit_known;
        bool registration_captured; /* somebody published what OMRON's app writes at the end */
        uint8_t users;
        struct {
                uint16_t start, slots;
                uint8_t cursor, unread; /* offsets of the words in the settings block */
        } user[OMRON_USERS_MAX];
        bool cursor_is_newest; /* "bias 0"; else the newest record is one before the cursor */
        bool cursor_is_wide;   /* 14 bits; else the low 8 */
        uint8_t block;         /* longest read proven */
        uint16_t read_base, write_base;
        uint8_t index_size;
        uint8_t user_block_size;        /* of each of two, also on cuffs for one user; 0: unknown */
        uint8_t unread_from, unread_to; /* what tools rewrite; equal: nobody does */
        uint8_t clock_from, clock_to;   /* offsets in the settings block */
        enum omron_clock_layout clock;
};

extern const struct omron_model omron_models[];
extern const size_t omron_model_count;

/* Index, user blocks and clock: from read_base to the end of the clock window. At most
 * OMRON_SETTINGS_SIZE_MAX. */
size_t omron_model_settings_size(const struct omron_model *m);
unsigned omron_model_user_blocks(const struct omron_model *m);
uint16_t omron_model_record_address(const struct omron_model *m, unsigned user, unsigned slot);
/* Two rows that read the same bytes the same way. */
bool omron_model_same_map(const struct omron_model *a, const struct omron_model *b);

/* An id, an equivalent, or the beginning of some that all belong to one row ("HEM-7140T1"); an
 * exact one wins. The case and "HEM-" do not matter. NULL: unknown, or of several rows. */
const struct omron_model *omron_model_find(const char *name);

/* The rows of a stack that a cuff calling itself `name` (2A24: a trade name, an id, or "") can be;
 * rows with the same map once, the first in the table. An id with a region nobody listed is taken
 * without it ("HEM-7155T_K4-AP"); content must prove a row anyway. "" and names nobody knows give
 * none. Returns how many. */
size_t omron_model_candidates(const char *name, enum omron_stack stack,
                              const struct omron_model *ret[OMRON_CANDIDATES_MAX]);

const char *omron_certainty_to_string(enum omron_certainty c); /* "verified" "reported" "derived" */
/* "le" "word_swapped" "6401" "hg24"; SW6 is word_swapped too. */
const char *omron_layout_to_string(enum omron_layout layout);
