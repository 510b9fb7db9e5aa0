/* What a cuff of OMRON's memory protocol keeps: index, user blocks, clock and a ring of records per
 * user, at the addresses of its kind. Knows neither frames nor links; reads no clock. */
#pragma once

#include "record.h"

enum {
        MEMORY_SIZE = 0x1000,
        MEMORY_USERS = 2,
        MEMORY_RECORD_MAX = 16,
        MEMORY_SETTINGS_MAX = 0x44,
};

enum memory_stack { MEMORY_CLASSIC, MEMORY_MODERN };
enum memory_token { /* what a modern cuff does with a token */
                    TOKEN_ANSWERED,
                    TOKEN_SILENT,
                    TOKEN_REQUIRED, /* without one, START is not answered */
                    TOKEN_HARMFUL,  /* after one, START is not answered */
};
enum memory_result { MEMORY_OK = 0x00, MEMORY_NO_ADDRESS = 0xE3, MEMORY_NOT_THESE = 0xE5 };

struct memory_map {
        const char *word, *model; /* in the language; what 2A24 says */
        enum memory_stack stack;
        enum memory_token token;
        bool swapped;    /* each word most significant byte first, in settings and records */
        bool old_manner; /* START is answered with who it is, a write with an echo */
        unsigned users;
        struct {
                uint16_t start, slots;
        } ring[MEMORY_USERS];
        unsigned record_size;
        uint16_t read_base, write_base;
        unsigned index_size, block_size, clock, clock_size; /* clock: its place in the settings */
};

/* "classic", "k4", "k4-token", "mw3", "7142t2", "7322t"; NULL: no such kind. */
const struct memory_map *memory_map_find(const char *word);

struct memory {
        const struct memory_map *map; /* NULL: this cuff has none */
        uint8_t bytes[MEMORY_SIZE];
        bool written[MEMORY_SETTINGS_MAX]; /* in the mirror, by the host, in this session */
        uint16_t sequence[MEMORY_USERS];   /* of the newest record */
};

struct memory_entry { /* a measurement, as a record has it */
        unsigned systolic, diastolic, pulse;
        struct wall_time time;
        bool irregular, moved, loose;
        unsigned position, artifacts, beats;
};

/* As it comes out of the box: no records, everybody born on 1900-01-01. */
void memory_init(struct memory *m, const struct memory_map *map);

/* False: the layout cannot say that (systolic 25..250, position up to 3, counts up to 15 ..). */
bool memory_encode(const struct memory *m, unsigned user, const struct memory_entry *e,
                   uint8_t ret[MEMORY_RECORD_MAX]);
/* The next record of `user` 1..: over the oldest one if the ring is full. Returns its slot. Its
 * sequence number must have been set before, by memory_number(). */
unsigned memory_append(struct memory *m, unsigned user, const uint8_t *record);
/* Counts on, or from `sequence` if that is not 0. */
void memory_number(struct memory *m, unsigned user, uint16_t sequence);

unsigned memory_count(const struct memory *m, unsigned user); /* valid records */
unsigned memory_unread(const struct memory *m, unsigned user);
/* An index word. It has an odd number of ones: bit 15 sees to that. */
uint16_t memory_word(unsigned value, bool wrapped);
void memory_spoil_parity(struct memory *m, unsigned user); /* of the cursor */

/* As the host reads and writes; `now` is what the cuff's clock shows. */
enum memory_result memory_read(struct memory *m, const struct wall_time *now, uint16_t address,
                               size_t n, uint8_t *ret);
enum memory_result memory_write(struct memory *m, uint16_t address, const uint8_t *bytes, size_t n);
/* The session ends: what was written is taken over if its sums are right. `ret_clock` if the clock
 * is among it, then `ret_sets_clock` is true. */
enum memory_result memory_commit(struct memory *m, struct wall_time *ret_clock,
                                 bool *ret_sets_clock);
void memory_discard(struct memory *m); /* it ended some other way */
