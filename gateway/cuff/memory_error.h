/* Why an OMRON memory could not be read, in words that can be acted on. */
#pragma once

enum memory_error {
        MEMORY_OK,
        MEMORY_LOCKED,           /* classic, and we have no key for it */
        MEMORY_WRONG_KEY,        /* 81 01: another host programmed its own */
        MEMORY_NOT_ENCRYPTED,    /* 81 04, 82 0F: the link is not encrypted, or not in P mode */
        MEMORY_KEY_REFUSED,      /* 80 xx, 82 xx: it did not store the key */
        MEMORY_REFUSED,          /* any other status or result without a name */
        MEMORY_NO_START,         /* START was not answered */
        MEMORY_REFUSED_ADDRESS,  /* E3 on the settings: not this model */
        MEMORY_REFUSED_SETTINGS, /* E5: what we wrote was not accepted */
        MEMORY_TIMEOUT,          /* a read was not answered, four times */
        MEMORY_CHECKSUM,         /* a reply stayed damaged, four times */
        MEMORY_PARITY,           /* the index and everything else speak against the known model */
        MEMORY_HANG_UP,          /* the link fell in the middle */
        MEMORY_UNKNOWN_MODEL,    /* no row of the table has this name */
        MEMORY_UNPROVED,         /* no candidate's content fits, or several do */
        MEMORY_INCOMPLETE,       /* it has not the characteristics it needs */
        MEMORY_STOPPED,          /* we were told to stop */
        MEMORY_NOT_KEPT,         /* our disk did not take the key or the backup */
        MEMORY_ERROR_MAX_,
};

/* "wrong_key": for payloads and logs. Never NULL. */
const char *memory_error_to_string(enum memory_error error);
/* For people, each one clause without a full stop; "" for OK. Never NULL. */
const char *memory_error_cause(enum memory_error error);
const char *memory_error_remedy(enum memory_error error);
