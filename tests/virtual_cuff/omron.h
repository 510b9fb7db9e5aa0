/* OMRON's memory protocol as the cuff speaks it: unlock, token, frames. Knows no D-Bus and reads no
 * clock. What it says leaves as notifications, one at a time; log lines say what was done. */
#pragma once

#include "memory.h"

struct cuff;

enum { OMRON_KEY_SIZE = 16, OMRON_FRAME_MAX = 64, OMRON_PAYLOAD_MAX = 56, OMRON_SLICE = 16 };
enum { OMRON_CHANNELS = 4, OMRON_NOTES = 16, OMRON_FAULTS = 8 };

enum omron_fault_kind {
        OMRON_NO_FAULT,
        OMRON_DUPLICATE_REPLY,
        OMRON_DELAY_REPLY,    /* by `argument` ms; later ones overtake it */
        OMRON_CORRUPT_REPLY,  /* its XOR is wrong */
        OMRON_CORRUPT_RECORD, /* one bit in the last record of a read; the XOR is right */
        OMRON_DROP_SLICE,     /* the last one of several, or all there is */
        OMRON_REFUSE_READ,    /* E3 to reads that touch the address `argument` */
        OMRON_REFUSE_SETTINGS,
        OMRON_START_UNANSWERED,
        OMRON_HANG_UP,
        OMRON_GARBAGE_REPLY,
        OMRON_FAULT_KINDS,
};

struct omron_fault {
        enum omron_fault_kind kind;
        unsigned at;    /* the Nth frame of a link; 0: the first that it can befall */
        unsigned times; /* 0: for ever */
        unsigned argument;
};

struct omron_note { /* a notification on its way */
        uint64_t due;
        uint16_t uuid;
        size_t size;
        uint8_t bytes[OMRON_FRAME_MAX];
};

enum omron_session { OMRON_CLOSED, OMRON_OPEN, OMRON_ENDED };

struct omron {
        uint8_t key[OMRON_KEY_SIZE]; /* classic: of the host that paired last */
        bool has_key;
        enum memory_token token; /* modern */
        bool forgets_bond;       /* when a host is rude: see omron_link_down() */
        bool has_news;           /* measured since the last session that was ended */
        struct omron_fault faults[OMRON_FAULTS];

        /* Of this link */
        enum omron_session session;
        bool was_open;    /* START was answered */
        bool in_mode;     /* it came up in pairing mode */
        bool programming; /* a key may be stored */
        bool unlocked, had_token;
        bool rx_early; /* RX1-3 were subscribed before the unlock: START is not answered */
        bool cccd_cleared, is_rude, asked_for_security;
        unsigned frames; /* so far */
        uint8_t frame[OMRON_FRAME_MAX];
        size_t have; /* of the frame, from its beginning */
        struct omron_note notes[OMRON_NOTES];
        size_t n_notes;
        uint64_t last_due;            /* of those that went in order */
        uint64_t last_note, ended_at; /* when the last one left; 0: none did */
        uint64_t hang_up_at;          /* UINT64_MAX: as usual */
};

/* The key that other tools program (userx14/omblepy, eigger/hass-omron). */
extern const uint8_t omron_default_key[OMRON_KEY_SIZE];

/* The cuff becomes one of this kind. */
void omron_init(struct cuff *c, const struct memory_map *map);

void omron_link_up(struct cuff *c, uint64_t now);
/* The host ends the link: was that in order? Before omron_link_down(). */
void omron_host_leaves(struct cuff *c, uint64_t now);
/* True: the host was rude (cleared a CCCD, left within 2 s after END), and this cuff minds. */
bool omron_link_down(struct cuff *c);

/* A value or a CCCD of its characteristics is written; an error of att.h. */
int omron_write(struct cuff *c, uint64_t now, uint16_t uuid, const uint8_t *value, size_t size);
void omron_subscribed(struct cuff *c, uint64_t now, uint16_t uuid, uint16_t cccd_before,
                      uint16_t cccd);

/* The next notification, or the end of its patience; UINT64_MAX: nothing. */
uint64_t omron_due(const struct cuff *c);
/* True: it hangs up. */
bool omron_tick(struct cuff *c, uint64_t now);

/* For omron_frame.c. */
void omron_notify(struct cuff *c, uint64_t due, uint16_t uuid, const uint8_t *value, size_t size);
uint64_t omron_turn(struct cuff *c, uint64_t now); /* when the next one in order may leave */
int omron_frame_write(struct cuff *c, uint64_t now, unsigned channel, const uint8_t *value,
                      size_t size);

/* Does this fault befall the frame that just came? Then one time is used up. */
bool omron_fault_befalls(struct omron *o, enum omron_fault_kind kind, unsigned *ret_argument);
/* The address of a read decides, too. */
bool omron_fault_refuses(struct omron *o, unsigned address, size_t n);
/* False: there are too many. */
bool omron_fault_add(struct omron *o, const struct omron_fault *fault);
