/* ATT over one link (Core Specification 5.4, Vol 3 Part F): PDUs come in, are answered from the
 * cuff's table and values. Knows no controller and reads no clock. Log lines say what was done. */
#pragma once

#include "cuff.h"

enum { ATT_MTU_MIN = 23, ATT_MTU_MAX = 247 };

struct att_server {
        struct cuff *cuff;
        const char *name; /* of the cuff, in log lines */
        void (*send)(void *owner, const uint8_t *pdu, size_t size);
        void *owner;
        uint16_t mtu; /* in force on this link */
};

/* A new link. `name` is not copied. */
void att_server_init(struct att_server *a, struct cuff *cuff, const char *name,
                     void (*send)(void *owner, const uint8_t *pdu, size_t size), void *owner);
/* Bytes of the peer: requests, commands, the confirmation. Unknown requests get 0x06, commands
 * and anything malformed are answered or dropped as the specification says. Nothing is answered
 * once the cuff is gone. */
void att_server_receive(struct att_server *a, uint64_t now, const uint8_t *pdu, size_t size);
/* A notification or, where the characteristic indicates, an indication; cut to the MTU. */
void att_server_push(struct att_server *a, uint16_t handle, const uint8_t *value, size_t size);
