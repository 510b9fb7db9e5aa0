/* Commands about the world around the controller: the dongle, strangers, the link layer. */
#include "script_commands.h"

#include <stdio.h>
#include <sys/random.h>

#include "util.h"
#include "vhci_adapter.h"
#include "vhci_address.h"
#include "vhci_cuff.h"
#include "vhci_front.h"

enum { STRANGERS_MAX = 1000, NO_ESTABLISH_MAX = 1000 };

static void do_adapter_remove(struct front *f, struct words *w) {
        if (f->device.fd < 0)
                w->problem = "it is not there";
        else
                adapter_remove(f);
}

static void do_adapter_add(struct front *f, struct words *w) {
        if (f->device.fd >= 0)
                w->problem = "it is there";
        else if (adapter_add(f) < 0)
                w->problem = "the device could not be opened";
}

/* --- strangers --- */

static double adverts_per_second(const struct words *w) {
        const char *rate = words_option(w, "adverts");

        return rate ? strtod(rate, NULL) : 0;
}

static void do_stranger(struct front *f, struct words *w) {
        const char *address = words_address(w);
        uint8_t bytes[6];

        if (!address || !address_parse(address, bytes) || scan_find(f, bytes))
                w->problem = "a new address is needed";
        else
                scan_add(f, air_stranger(bytes, adverts_per_second(w)));
}

static void add_strangers(struct front *f, unsigned n, double rate) {
        uint8_t address[6];

        while (n) {
                if (getrandom(address, sizeof address, 0) != sizeof address)
                        abort();
                address[5] |= 0xC0; /* random static */
                if (scan_find(f, address))
                        continue;
                scan_add(f, air_stranger(address, rate));
                n--;
        }
}

static void do_strangers(struct front *f, struct words *w) {
        const char *count = words_plain(w, 0);
        unsigned long n = count ? strtoul(count, NULL, 10) : 0;

        if (count && strcmp(count, "off") == 0)
                scan_remove_strangers(f);
        else if (n < 1 || n > STRANGERS_MAX)
                w->problem = "COUNT up to 1000, or off";
        else
                add_strangers(f, (unsigned) n, adverts_per_second(w));
}

/* Another device on the air with the address of this one: an impostor, or whose place it takes. */
static void do_poses_as(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *as = words_option(w, "as");
        uint8_t bytes[6];

        if (!c)
                return;
        if (!as || !address_parse(as, bytes))
                w->problem = "as=ADDRESS";
        else if (c->link != CUFF_LINK_NONE || cuff_is_advertising(c, front_now(f)))
                w->problem = "it is on the air";
        if (w->problem)
                return;
        memcpy(vhci_cuff_of(c)->radio.address.bytes, bytes, sizeof bytes);
        vhci_cuff_of(c)->bluffs = words_yes(words_option(w, "bluffs"));
}

/* --- links --- */

static void do_connection_interval(struct front *f, struct words *w) {
        const char *ms = words_plain(w, 0);
        double value = ms ? strtod(ms, NULL) : 0;

        if (ms && strcmp(ms, "auto") == 0)
                f->interval = 0;
        else if (value < 7.5 || value > 4000)
                w->problem = "MS from 7.5 to 4000, or auto";
        else
                f->interval = (uint16_t) (value / 1.25);
}

static void do_no_establish(struct front *f, struct words *w) {
        const char *count = words_plain(w, 0);
        unsigned n = 0;

        if (!count || sscanf(count, "%u", &n) != 1 || n > NO_ESTABLISH_MAX)
                w->problem = "N up to 1000";
        else
                f->no_establish = n;
}

/* clang-format off */
const struct script_command script_front[] = {
        {"adapter-remove", do_adapter_remove},
        {"adapter-add", do_adapter_add},
        {"stranger", do_stranger},
        {"strangers", do_strangers},
        {"poses-as", do_poses_as},
        {"connection-interval", do_connection_interval},
        {"no-establish", do_no_establish},
        {NULL, NULL},
};
/* clang-format on */
