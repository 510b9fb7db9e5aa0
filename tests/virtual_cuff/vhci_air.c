#include "vhci_air.h"

#include <stdio.h>
#include <sys/random.h>

#include "bytes.h"
#include "util.h"
#include "vhci_address.h"

#define DELAY_USEC        (10 * MSEC) /* each event is up to this much later, by chance */
#define INTERVAL_MIN_USEC (20 * MSEC)
#define INTERVAL_DEFAULT  4.0 /* adverts per second */

enum advert_field {
        AD_FLAGS = 0x01,
        AD_UUIDS_16 = 0x03,
        AD_NAME_CUT = 0x08,
        AD_NAME = 0x09,
        AD_MAKER = 0xFF
};
enum { COMPANY_OMRON = 0x020E, COMPANY_APPLE = 0x004C };
enum { LE_ONLY_DISCOVERABLE = 0x06 };

static uint64_t chance(uint64_t below) {
        uint64_t random;

        if (getrandom(&random, sizeof random, 0) != sizeof random)
                abort();
        return random % below;
}

/* --- data --- */

/* What does not fit is left out. */
static void add_field(struct advert *a, enum advert_field type, const void *bytes, size_t size) {
        if (a->size + 2 + size > ADVERT_MAX)
                return;
        a->bytes[a->size++] = (uint8_t) (1 + size);
        a->bytes[a->size++] = (uint8_t) type;
        memcpy(a->bytes + a->size, bytes, size);
        a->size += size;
}

static void add_name(struct advert *a, const char *name) {
        size_t room = ADVERT_MAX - a->size - 2, n = strlen(name);

        add_field(a, n > room ? AD_NAME_CUT : AD_NAME, name, n > room ? room : n);
}

static void add_flags(struct advert *a) {
        add_field(a, AD_FLAGS, (const uint8_t[]){LE_ONLY_DISCOVERABLE}, 1);
}

static void add_maker(struct advert *a, uint16_t company, const uint8_t *data, size_t size) {
        uint8_t bytes[ADVERT_MAX] = {(uint8_t) company, (uint8_t) (company >> 8)};

        memcpy(bytes + 2, data, size);
        add_field(a, AD_MAKER, bytes, 2 + size);
}

void air_advert(const struct advertiser *a, uint64_t now, struct advert *ret) {
        uint8_t omron[CUFF_OMRON_MAX], uuid[2];
        size_t size;

        if (!a->cuff) {
                *ret = a->data;
                return;
        }
        *ret = (struct advert){.size = 0};
        add_flags(ret);
        put16(uuid, a->cuff->table->advertised);
        add_field(ret, AD_UUIDS_16, uuid, sizeof uuid);
        size = cuff_omron_data(a->cuff, now, omron);
        if (size)
                add_maker(ret, COMPANY_OMRON, omron, size);
}

void air_response(const struct advertiser *a, struct advert *ret) {
        if (!a->cuff) {
                *ret = a->response;
                return;
        }
        *ret = (struct advert){.size = 0};
        add_name(ret, a->cuff->name);
}

/* --- time --- */

bool air_is_used(const struct advertiser *a, uint64_t now) {
        return !a->cuff || cuff_is_advertising(a->cuff, now);
}

static uint64_t interval(const struct advertiser *a) {
        return a->cuff ? a->cuff->advert_interval_usec : a->interval_usec;
}

void air_begin(struct advertiser *a, uint64_t now) {
        a->next_usec = now + chance(DELAY_USEC);
}

void air_go_on(struct advertiser *a, uint64_t now) {
        a->next_usec = now + interval(a) + chance(DELAY_USEC);
}

void air_join(struct advertiser *a, uint64_t now) {
        if (a->next_usec < now)
                a->next_usec = now + chance(interval(a));
}

/* --- strangers --- */

struct advertiser *air_stranger(const uint8_t address[6], double adverts_per_second) {
        struct advertiser *a = must_alloc(sizeof *a);
        double rate = adverts_per_second > 0 ? adverts_per_second : INTERVAL_DEFAULT;
        uint64_t period = (uint64_t) ((double) SEC / rate), delay = DELAY_USEC / 2; /* mean */
        char name[16];

        a->address.type = address[5] >= 0xC0 ? ADDRESS_RANDOM : ADDRESS_PUBLIC;
        memcpy(a->address.bytes, address, sizeof a->address.bytes);
        a->interval_usec = period > INTERVAL_MIN_USEC + delay ? period - delay : INTERVAL_MIN_USEC;
        add_flags(&a->data);
        if (address[0] % 3 == 0) { /* so that each kind is there, and stays what it is */
                snprintf(name, sizeof name, "Stranger %02X%02X", address[1], address[0]);
                add_name(&a->response, name);
        } else if (address[0] % 3 == 1) {
                add_maker(&a->data, COMPANY_APPLE, (const uint8_t[]){0x10, 0x02, 0x0B, 0x00}, 4);
        }
        return a;
}
