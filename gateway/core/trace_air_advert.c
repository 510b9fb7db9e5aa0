/* Packets of the advertising channels begin with the advertiser's address (Bluetooth Core 5.4,
 * Vol 6, Part B, 2.3.1). */
#include "core/trace_air.h"

struct bdaddr trace_air_address(struct bytes *b) {
        const uint8_t *wire = bytes_take(b, 6);

        return wire ? bdaddr_from_wire(wire) : (struct bdaddr){0};
}

bool trace_air_advert(const struct trace_air_packet *p, struct bdaddr *ret_address,
                      enum trace_answer *ret_flag) {
        struct bytes b = bytes_of(p->payload, p->n);
        struct bdaddr address = trace_air_address(&b);

        if (!trace_advertised(b.at, bytes_left(&b), ret_flag))
                return false;
        *ret_address = address;
        return true;
}
