/* One record of an OMRON cuff's memory. The byte maps and their sources stand in omron_record.c. */
#pragma once

#include "core/measurement.h"

#define OMRON_RECORD_SIZE_MAX 32

enum omron_layout {
        OMRON_LAYOUT_LE,   /* 14 or 16 bytes, words least significant byte first */
        OMRON_LAYOUT_SW,   /* 14 bytes: LE with the two bytes of each word swapped */
        OMRON_LAYOUT_SW6,  /* the same with a year of 6 bits */
        OMRON_LAYOUT_6401, /* 16 (6401T) or 32 bytes (6410T) */
        OMRON_LAYOUT_HG24, /* 24 bytes: LE, and an error code */
        OMRON_LAYOUT_MAX_,
};

struct omron_record {
        int systolic_mmhg, diastolic_mmhg, pulse_bpm; /* as stored; nothing is checked */
        struct date_time taken;                       /* second as stored, 0..63 */
        bool has_flags;                               /* the next ones are in this layout */
        bool irregular_heartbeat, body_movement, fit_bit, bit13;
        uint8_t position; /* in a series of three (TruRead) 1..3; 0: a single one */
        uint8_t artifacts, irregular_beats;
        struct number sequence; /* layout LE only */
        struct number user;     /* 16 bytes LE only: byte 13 as stored */
        bool has_checksum;
        uint8_t checksum, checksum_expected; /* as stored; as the bytes before it add up */
        uint8_t last_byte;
};

/* 0; -ENODATA: the slot is empty (all FF, all 00, systolic byte above E1, or no values and no
 * time), or HG24's record of a failed measurement; -EBADMSG: `n` is no size of this layout. The
 * checksum is told, not judged. */
int omron_record_decode(enum omron_layout layout, const uint8_t *raw, size_t n,
                        struct omron_record *ret);
/* HG24: a measurement that failed; its error code stands where good ones have 0. */
bool omron_record_is_failed(enum omron_layout layout, const uint8_t *raw);
bool omron_record_checksum_ok(const struct omron_record *r); /* true where there is none */
/* The checksum is wrong, and the bytes are not all FF (all 00 have a right one). Told of slots that
 * look empty too: one bit of the systolic byte is enough to look so. False where there is no
 * checksum. */
bool omron_record_is_damaged(enum omron_layout layout, const uint8_t *raw, size_t n);

/* 1..: by which of LE and SW the checksum of 14 or 16 bytes comes out right: 0 and `ret`;
 * -ENOTSUP: by none (an empty slot), or by both. */
int omron_record_guess(const uint8_t *raw, size_t n, enum omron_layout *ret);

/* As everybody else knows it: `user` is the memory's, 1.. A fit bit of 0 means "does not fit" only
 * where `fit_bit_known` (the model was seen to set it). `record_hash` is set. 0, or -ERANGE
 * (measurement_check): `ret` is filled in all the same. */
int omron_record_to_measurement(const struct omron_record *r, uint8_t user, bool fit_bit_known,
                                const uint8_t *raw, size_t n, struct measurement *ret);
/* 0, or -ERANGE: no living person has such values. Says nothing about the time. */
int omron_record_check(const struct omron_record *r);
/* The values and the date. */
bool omron_record_is_plausible(const struct omron_record *r);
/* Names two raw records apart; for watermarks and for ids of records without time and sequence.
 * Never 0; never changes. */
uint64_t omron_record_hash(const uint8_t *raw, size_t n);

/* How far a user's ring has been kept: all up to and with this record. */
struct omron_mark {
        bool known;
        uint16_t slot;
        uint64_t hash; /* of the record in it: another one there means that the ring has moved on */
};
