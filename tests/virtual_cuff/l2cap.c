#include "l2cap.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"

/* False: the fragment belongs to no frame, or there is no room for it. */
static bool append(struct l2cap *l, bool first, const uint8_t *bytes, size_t size) {
        if (first)
                l->n = 0;
        else if (l->n == 0)
                return false;
        if (size > sizeof l->frame - l->n) {
                l->n = 0;
                return false;
        }
        if (size > 0)
                memcpy(l->frame + l->n, bytes, size);
        l->n += size;
        return true;
}

bool l2cap_receive(struct l2cap *l, bool first, const uint8_t *bytes, size_t size,
                   uint16_t *ret_channel, const uint8_t **ret_payload, size_t *ret_size) {
        size_t n, wanted;

        if (!append(l, first, bytes, size) || l->n < L2CAP_HEADER)
                return false;
        n = l->n;
        wanted = L2CAP_HEADER + (size_t) get16(l->frame);
        if (n < wanted && wanted <= sizeof l->frame)
                return false; /* more is to come */
        l->n = 0;
        if (n != wanted)
                return false;
        *ret_channel = get16(l->frame + 2);
        *ret_payload = l->frame + L2CAP_HEADER;
        *ret_size = n - L2CAP_HEADER;
        return true;
}

size_t l2cap_frame(uint16_t channel, const uint8_t *payload, size_t size,
                   uint8_t ret[L2CAP_HEADER + L2CAP_PAYLOAD_MAX]) {
        assert(size <= L2CAP_PAYLOAD_MAX);
        put16(put16(ret, (uint16_t) size), channel);
        if (size > 0)
                memcpy(ret + L2CAP_HEADER, payload, size);
        return L2CAP_HEADER + size;
}
