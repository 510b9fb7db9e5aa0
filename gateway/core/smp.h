/* The Security Manager Protocol: what pairing says on the air (channel 6 of an LE link). Every PDU
 * of Bluetooth Core 5.4, Vol 3, Part H, section 3, legacy and Secure Connections. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"

#define SMP_CHANNEL  0x0006 /* L2CAP channel on an LE link */
#define SMP_PDU_MAX  65     /* Pairing Public Key */
#define SMP_TEXT_MAX 96     /* the longest text of the _print functions, with its NUL */

enum smp_code {
        SMP_PAIRING_REQUEST = 0x01,
        SMP_PAIRING_RESPONSE = 0x02,
        SMP_PAIRING_CONFIRM = 0x03,
        SMP_PAIRING_RANDOM = 0x04,
        SMP_PAIRING_FAILED = 0x05,
        SMP_ENCRYPTION_INFORMATION = 0x06, /* LTK */
        SMP_CENTRAL_IDENTIFICATION = 0x07, /* EDIV and Rand of that LTK */
        SMP_IDENTITY_INFORMATION = 0x08,   /* IRK */
        SMP_IDENTITY_ADDRESS_INFORMATION = 0x09,
        SMP_SIGNING_INFORMATION = 0x0A, /* CSRK */
        SMP_SECURITY_REQUEST = 0x0B,
        SMP_PAIRING_PUBLIC_KEY = 0x0C,
        SMP_PAIRING_DHKEY_CHECK = 0x0D,
        SMP_KEYPRESS_NOTIFICATION = 0x0E,
};

enum smp_io {
        SMP_IO_DISPLAY_ONLY,
        SMP_IO_DISPLAY_YES_NO,
        SMP_IO_KEYBOARD_ONLY,
        SMP_IO_NO_INPUT_NO_OUTPUT,
        SMP_IO_KEYBOARD_DISPLAY,
};

/* AuthReq */
#define SMP_AUTH_BONDING_MASK 0x03 /* 0 no bonding, 1 bonding, 2 and 3 reserved */
#define SMP_AUTH_BONDING      0x01
#define SMP_AUTH_MITM         0x04
#define SMP_AUTH_SC           0x08 /* LE Secure Connections */
#define SMP_AUTH_KEYPRESS     0x10
#define SMP_AUTH_CT2          0x20

/* Key distribution */
#define SMP_KEY_ENC  0x01 /* EncKey: LTK, EDIV and Rand (legacy only) */
#define SMP_KEY_ID   0x02 /* IdKey: IRK and identity address */
#define SMP_KEY_SIGN 0x04 /* Sign: CSRK */
#define SMP_KEY_LINK 0x08 /* LinkKey: BR/EDR's key is derived from the LTK (with SC only) */

enum smp_reason {
        SMP_REASON_PASSKEY_ENTRY_FAILED = 0x01,
        SMP_REASON_OOB_NOT_AVAILABLE = 0x02,
        SMP_REASON_AUTHENTICATION_REQUIREMENTS = 0x03,
        SMP_REASON_CONFIRM_VALUE_FAILED = 0x04,
        SMP_REASON_PAIRING_NOT_SUPPORTED = 0x05,
        SMP_REASON_ENCRYPTION_KEY_SIZE = 0x06,
        SMP_REASON_COMMAND_NOT_SUPPORTED = 0x07,
        SMP_REASON_UNSPECIFIED = 0x08,
        SMP_REASON_REPEATED_ATTEMPTS = 0x09,
        SMP_REASON_INVALID_PARAMETERS = 0x0A,
        SMP_REASON_DHKEY_CHECK_FAILED = 0x0B,
        SMP_REASON_NUMERIC_COMPARISON_FAILED = 0x0C,
        SMP_REASON_BREDR_IN_PROGRESS = 0x0D,
        SMP_REASON_CROSS_TRANSPORT_NOT_ALLOWED = 0x0E,
        SMP_REASON_KEY_REJECTED = 0x0F,
        SMP_REASON_BUSY = 0x10,
};

/* A Pairing Request or Response, as sent. */
struct smp_features {
        uint8_t io, oob, auth, max_key_size, initiator_keys, responder_keys;
};

struct smp_pdu {
        uint8_t code;
        union {
                struct smp_features features; /* Pairing Request and Response */
                uint8_t reason;               /* Pairing Failed */
                uint8_t auth;                 /* Security Request */
                uint8_t keypress;             /* Keypress Notification: type 0..4 */
                uint8_t value[16]; /* Confirm, Random, DHKey Check, LTK, IRK, CSRK; as sent
                                    * (least significant byte first) */
                struct {
                        uint16_t ediv;
                        uint8_t rand[8]; /* as sent */
                } identification;
                struct {
                        bool random; /* address type */
                        struct bdaddr address;
                } identity;
                struct {
                        uint8_t x[32], y[32]; /* as sent */
                } public_key;
        };
};

/* `bytes` from the code on. 0; -EBADMSG empty, or not as long as its code wants (an address type
 * other than 0 and 1 too); -ENOTSUP a reserved code. */
int smp_decode(const uint8_t *bytes, size_t n, struct smp_pdu *ret);
/* The bytes smp_decode() takes; returns how many. `pdu->code` is one of enum smp_code. */
size_t smp_encode(const struct smp_pdu *pdu, uint8_t ret[SMP_PDU_MAX]);
/* How long the PDU with this code is, the code included; 0: a reserved code. */
size_t smp_size(uint8_t code);
/* What such a PDU carries is a key, or lets one be computed (in legacy Just Works a Random, and
 * from a Confirm that Random): shown only to who asks for it. */
bool smp_is_secret(uint8_t code);

/* The specification's names (OOB's shortened); never NULL ("reserved"). */
const char *smp_code_to_string(uint8_t code);         /* "Pairing Request" */
const char *smp_io_to_string(uint8_t io);             /* "NoInputNoOutput" */
const char *smp_oob_to_string(uint8_t oob);           /* "OOB data not present" */
const char *smp_reason_to_string(uint8_t reason);     /* "Unspecified Reason" */
const char *smp_keypress_to_string(uint8_t keypress); /* "Passkey entry started" */

/* "Bonding, MITM, SC, Keypress, CT2": the bits that are set, "No Bonding, .." when the first is
 * not, "Legacy" for no SC, "No MITM"; reserved values and bits as "Bonding reserved 0x02" and
 * "reserved 0x80". Returns `ret`. */
char *smp_auth_print(uint8_t auth, char ret[SMP_TEXT_MAX]);
/* "EncKey, IdKey, Sign, LinkKey", "none"; reserved bits as "reserved 0xf0". Returns `ret`. */
char *smp_keys_print(uint8_t keys, char ret[SMP_TEXT_MAX]);

/* --- what a request and its response lead to (Vol 3, Part H, 2.3.5.1 and 3.6.1) --- */

enum smp_method {
        SMP_JUST_WORKS,
        SMP_PASSKEY_ENTRY,
        SMP_NUMERIC_COMPARISON,
        SMP_OUT_OF_BAND,
};

struct smp_agreement {
        bool secure_connections; /* both have SC */
        bool bonding;            /* both want it */
        bool mitm;               /* the key counts as authenticated: by any method but Just Works */
        enum smp_method method;
        uint8_t key_size;
        uint8_t initiator_keys, responder_keys; /* that are sent on the air: LinkKey never is, with
                                                 * Secure Connections EncKey is not (both derived);
                                                 * reserved bits stand for nothing */
};

/* Any values are taken: a reserved `io` counts as NoInputNoOutput, a reserved `oob` as not present,
 * reserved bonding flags as no bonding. `key_size` is the smaller of the two, be it in range (7 to
 * 16) or not. */
void smp_agree(const struct smp_features *request, const struct smp_features *response,
               struct smp_agreement *ret);
const char *smp_method_to_string(enum smp_method method); /* "Just Works" */
