/*
 *      OO WW ..                OO op code, WW operator
 *      05 00 nn nn             number of records, LE16
 *      06 00 OO RR             reply to op code OO: result RR
 */
#include "core/racp.h"

#include <errno.h>

#include "core/bytes.h"

int racp_decode(const uint8_t *value, size_t n, struct racp *ret) {
        struct bytes b = bytes_of(value, n);
        uint8_t op = bytes_u8(&b), which = bytes_u8(&b);
        struct racp racp = {.op = op, .which = which};

        if (n > 0 && (op < RACP_REPORT || op > RACP_REPLY))
                return -ENOTSUP;
        if (op == RACP_COUNT_REPLY)
                racp.count = bytes_le16(&b);
        if (op == RACP_REPLY) {
                racp.request = bytes_u8(&b);
                racp.result = bytes_u8(&b);
        }
        if (b.short_read)
                return -EBADMSG;

        *ret = racp;
        return 0;
}
