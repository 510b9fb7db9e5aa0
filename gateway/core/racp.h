/* Record Access Control Point, 0x2A52: what a cuff with the standard service says about its stored
 * measurements. Decoded only: nothing here asks for them. Source: Bluetooth SIG, GATT supplement.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum racp_op {
        RACP_REPORT = 1,
        RACP_DELETE = 2,
        RACP_ABORT = 3,
        RACP_COUNT = 4,
        RACP_COUNT_REPLY = 5,
        RACP_REPLY = 6,
};

enum { RACP_OPERATOR_NONE = 0, RACP_OPERATOR_ALL = 1 };
enum { RACP_RESULT_SUCCESS = 1, RACP_RESULT_NO_RECORDS = 6 };

struct racp {
        enum racp_op op;
        uint8_t which;   /* the operator */
        uint16_t count;  /* COUNT_REPLY only */
        uint8_t request; /* REPLY only: the op code it answers .. */
        uint8_t result;  /* .. and how that went */
};

/* 0; -EBADMSG truncated (what follows is ignored); -ENOTSUP an op code the SIG does not have. */
int racp_decode(const uint8_t *value, size_t n, struct racp *ret);
