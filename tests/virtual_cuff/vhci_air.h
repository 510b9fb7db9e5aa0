/* Who advertises, when and what: the cuffs and strangers (Core Specification 5.4, Vol 6 Part B,
 * 4.4.2; the data: Core Specification Supplement, Part A). */
#pragma once

#include "cuff.h"
#include "smp_crypto.h"

enum { ADVERT_MAX = 31 };

struct advert {
        uint8_t bytes[ADVERT_MAX];
        size_t size;
};

struct advertiser {
        struct advertiser *next;
        struct smp_address address;
        const struct cuff *cuff; /* NULL: a stranger */

        /* Of a stranger, who never stops. */
        uint64_t interval_usec;
        struct advert data, response;

        uint64_t next_usec; /* of its events; those that nobody could hear are not counted */
        bool heard;         /* reported since scanning was enabled */
};

bool air_is_used(const struct advertiser *a, uint64_t now);
/* What it says now, and what it answers to a scan request. */
void air_advert(const struct advertiser *a, uint64_t now, struct advert *ret);
void air_response(const struct advertiser *a, struct advert *ret);

/* Its next event: right now, because it begins to advertise; after the one that just was; at some
 * time within the interval, because only now somebody listens. */
void air_begin(struct advertiser *a, uint64_t now);
void air_go_on(struct advertiser *a, uint64_t now);
void air_join(struct advertiser *a, uint64_t now);

/* A stranger with its address and rate; some say a name, some a foreign company's data. */
struct advertiser *air_stranger(const uint8_t address[6], double adverts_per_second);
