/* One cuff: what it advertises, remembers, answers and when it hangs up. Knows no D-Bus and reads
 * no clock: time comes in as `now` (usec, monotonic), what it does by itself goes out through
 * cuff_host. Whoever carries its radio calls cuff_tick() at cuff_due(). */
#pragma once

#include "att.h"
#include "omron.h"

enum { CUFF_RECORDS_MAX = 64, CUFF_VALUE_MAX = 64, CUFF_OMRON_MAX = 8 };
enum { CUFF_UNSPECIFIED = 0x08 }; /* why SMP failed: "unspecified reason" */

enum cuff_outcome { /* what it does on SMP */
                    CUFF_PAIRS,
                    CUFF_FAILS,      /* Pairing Failed with fail_reason */
                    CUFF_HANGS_UP,   /* in the middle of it, or because it is not in pairing mode */
                    CUFF_IS_SILENT,  /* until the 30 s of SMP are over */
                    CUFF_NOT_BONDED, /* pairs, but hands out no keys */
                    CUFF_REJECTS,
};

enum cuff_point { /* where it may vanish */
                  CUFF_NOWHERE,
                  CUFF_CONNECTING,
                  CUFF_CONNECTED,
                  CUFF_PAIRING,
                  CUFF_SUBSCRIBING,
                  CUFF_READING,
                  CUFF_COLLECTING,
                  CUFF_CONFIRMING,
};

enum cuff_link { CUFF_LINK_NONE, CUFF_LINK_PLAIN, CUFF_LINK_ENCRYPTED };

struct cuff_host {
        void (*advertising)(void *owner); /* began or changed: ask cuff_is_advertising() */
        void (*indicate)(void *owner, uint16_t handle, const uint8_t *value, size_t size);
        void (*hang_up)(void *owner);        /* it ends the link (0x13) */
        void (*vanished)(void *owner);       /* it answers no more; supervision will notice */
        int64_t (*local_time)(void *owner);  /* wall clock of its user, in seconds since 1970 */
        void (*wants_security)(void *owner); /* a Security Request; NULL: it cannot */
};

struct cuff_stored {
        uint8_t bytes[RECORD_SIZE_MAX];
        size_t size;
};

struct cuff {
        const struct cuff_host *host;
        void *owner;

        char address[18]; /* for log lines */
        char name[64], model[32];
        const struct att_table *table;
        bool random_address, omron, security_request, clock_writable, keeps_advertising, duplicates;
        bool open; /* tells and takes all without encryption: somebody who pretends to be a cuff */
        bool unasked; /* .. and indicates though nobody has subscribed */
        unsigned users;
        uint8_t battery;
        uint16_t mtu;                   /* what it answers to Exchange MTU */
        uint64_t advert_interval_usec;  /* between advertising events, before the random delay */
        uint64_t first_indication_usec; /* after encryption; and never before it is subscribed */
        uint64_t indication_gap_usec, hang_up_usec; /* UINT64_MAX: never */

        bool clock_set;
        int64_t clock_offset; /* cuff's seconds - local_time() */

        uint64_t advertising_until, pairing_until; /* 0: off */
        enum cuff_outcome outcome;
        unsigned outcome_times; /* 0: from now on */
        uint8_t fail_reason;    /* as SMP numbers them; CUFF_UNSPECIFIED unless told otherwise */
        enum cuff_point vanish_at;
        bool gone, finished; /* on this link: vanished; handed over all it had */

        bool has_keys; /* bonded with the one host there is */
        enum cuff_link link;
        bool was_linked; /* ever: what kind of cuff it is cannot change any more */
        uint16_t cccds[ATT_ROWS_MAX];
        bool cccd_is_new[ATT_ROWS_MAX]; /* written on this link */

        struct memory memory; /* of OMRON's protocol; no map: it has none */
        struct omron memory_protocol;
        bool indicates;     /* .. and the standard profile delivers measurements, too */
        uint64_t tail_usec; /* it advertises on for so long after a session that was ended */

        struct cuff_stored unsent[CUFF_RECORDS_MAX];
        size_t n_unsent, n_sent, n_sent_on_link;
        uint16_t sequence[2];
        uint8_t count[2];
        bool awaits_confirmation, repeats;
        uint64_t next_indication, last_activity;
};

void cuff_init(struct cuff *c, const struct cuff_host *host, void *owner);

/* Buttons and blood pressure. `seconds` 0: the radio's mode ends. */
void cuff_advertise(struct cuff *c, uint64_t now, uint64_t seconds);
void cuff_pairing_mode(struct cuff *c, uint64_t now, uint64_t seconds);
void cuff_quiet(struct cuff *c);
/* To be indicated. False when there is no room. Counts for `user` 1 or 2; `sequence` 0: the next
 * one. Beside the memory of OMRON's protocol. */
bool cuff_store(struct cuff *c, const uint8_t *value, size_t size, unsigned user,
                uint16_t sequence);
void cuff_set_clock(struct cuff *c, bool set, int64_t offset);
void cuff_set_time(struct cuff *c, const struct wall_time *t);
struct wall_time cuff_clock(const struct cuff *c, uint8_t *ret_weekday);

bool cuff_is_advertising(const struct cuff *c, uint64_t now);
uint8_t cuff_flags(const struct cuff *c, uint64_t now);
/* What follows company 0x020E; 0: this cuff sends none. */
size_t cuff_omron_data(const struct cuff *c, uint64_t now, uint8_t ret[CUFF_OMRON_MAX]);

/* The link. Each of these may make it vanish. */
bool cuff_reaches(struct cuff *c, enum cuff_point point); /* true: it vanishes here */
void cuff_vanish(struct cuff *c);
void cuff_link_up(struct cuff *c, uint64_t now);
void cuff_link_encrypted(struct cuff *c, uint64_t now);
/* The host ends the link; cuff_link_down() follows. */
void cuff_host_leaves(struct cuff *c, uint64_t now);
void cuff_link_down(struct cuff *c, uint64_t now);
enum cuff_outcome cuff_pair(struct cuff *c, uint64_t now);
void cuff_paired(struct cuff *c, uint64_t now, bool keys);

/* ATT. 0 or an error of att.h. */
int cuff_read(struct cuff *c, uint64_t now, uint16_t handle, uint8_t ret[CUFF_VALUE_MAX],
              size_t *ret_size);
int cuff_write(struct cuff *c, uint64_t now, uint16_t handle, const uint8_t *value, size_t size);
/* False: it expected no confirmation, or did not hear it. */
bool cuff_confirm(struct cuff *c, uint64_t now);
uint16_t cuff_cccd(const struct cuff *c, uint16_t uuid);

/* When the cuff next does something by itself; UINT64_MAX: not before it is asked. */
uint64_t cuff_due(const struct cuff *c);
void cuff_tick(struct cuff *c, uint64_t now);
