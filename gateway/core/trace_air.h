/* What a sniffer heard: packets of the LE link layer to events of a pairing (Bluetooth Core 5.4,
 * Vol 6, Part B). Only what is not encrypted can be read, unless the sniffer had the key: the end
 * of a pairing, when keys are handed out, mostly is. */
#pragma once

#include "core/bytes.h"
#include "core/trace_event.h"

#define TRACE_AIR_LINKS_MAX   8
#define TRACE_AIR_ADVERTISING 0x8E89BED6u /* the access address of all that is no link's */

/* The pseudo header before the packet: pcap's link types. */
enum trace_air_header {
        TRACE_AIR_NONE,   /* 251 LE_LL: access address first */
        TRACE_AIR_PHDR,   /* 256 LE_LL_WITH_PHDR: ten bytes */
        TRACE_AIR_NORDIC, /* 272 NORDIC_BLE: nRF Sniffer, protocol versions 1 to 3 */
};

struct trace_air_frame {
        enum trace_air_header header;
        uint64_t number;
        int64_t usec;
        const uint8_t *bytes; /* from the pseudo header on; a CRC at the end is not needed */
        size_t n;
        bool cut;
};

/* A packet without its pseudo header. */
struct trace_air_packet {
        uint32_t access_address;
        enum trace_side side; /* of a link's packet; UNKNOWN: not told */
        bool encrypted;       /* told: it cannot be read; false tells nothing */
        bool decrypted;       /* it was encrypted, and the sniffer had the key */
        uint8_t head;         /* the first byte of its header */
        const uint8_t *payload;
        size_t n;      /* as many as were captured */
        size_t length; /* as many as were sent */
};

/* 0; -EBADMSG shorter than it says it is (and not cut); -ENOTSUP nothing to read: a bad CRC, a
 * message of the sniffer itself, isochronous data, another version. (trace_air_header.c) */
int trace_air_header_decode(const struct trace_air_frame *frame, struct trace_air_packet *ret);

/* --- the advertising channels (trace_air_advert.c): private to trace_air --- */

/* Six bytes, least significant first. */
struct bdaddr trace_air_address(struct bytes *b);
/* Whether it has OMRON's manufacturer data; then also whose it is and its pairing flag (NOT_TOLD:
 * of a kind that is not known). `p` is an ADV_IND or its kin. */
bool trace_air_advert(const struct trace_air_packet *p, struct bdaddr *ret_address,
                      enum trace_answer *ret_flag);

/* --- who speaks, where the sniffer does not tell (trace_air_turn.c): private to trace_air --- */

struct trace_air_turn {
        enum trace_side side; /* of the PDU that came last .. */
        uint8_t code;         /* .. and its code; 0: none, or the order is lost */
        bool has_request, has_features, agreed, cuff_confirms;
        struct smp_features request;
        unsigned cuff_keys; /* key PDUs the cuff has still to send; the host's come after them */
};

/* Requests and responses have one possible sender each. Public keys, Confirm, Random and DHKey
 * Check go to and fro, the host first (with Secure Connections and no passkey only the cuff sends
 * Confirm); keys come from the cuff, then from the host. That is an inference: it goes wrong where
 * the sniffer lost a packet and nothing shows it. Pairing Failed may come from either side at any
 * time, so its sender is known only after a Security Request that no Pairing Request took up: the
 * host. All else: TRACE_UNKNOWN. */
enum trace_side trace_air_turn_of(const struct trace_air_turn *t, uint8_t code);
void trace_air_turn_take(struct trace_air_turn *t, enum trace_side side, const uint8_t *pdu,
                         size_t n);

/* --- links --- */

/* The rest is private. */
struct trace_air_part { /* an L2CAP frame being put together */
        bool filling;
        uint8_t bytes[4 + SMP_PDU_MAX];
        size_t size, seen; /* captured without a gap; sent */
};

struct trace_air_link {
        bool used, over; /* over: terminated, and only acknowledged still */
        uint32_t access_address;
        uint16_t handle; /* ours: links are numbered as they come, from 1 */
        enum trace_air_security {
                TRACE_AIR_CLEAR,
                TRACE_AIR_ASKED,     /* LL_ENC_REQ */
                TRACE_AIR_STARTING,  /* LL_START_ENC_REQ: the last one that can be read */
                TRACE_AIR_ENCRYPTED, /* .. until the next LL_ENC_REQ */
        } security;
        struct trace_air_turn turn;
        /* By side, UNKNOWN too: where no direction is told there is one for both. */
        struct trace_air_part part[3];
        uint64_t heard[3]; /* the last packet, to know it again */
        uint64_t touched;
};

struct trace_air {
        struct trace_air_link link[TRACE_AIR_LINKS_MAX];
        uint16_t last_handle;
        uint64_t clock;
};

#define TRACE_AIR_EVENTS_MAX 2

void trace_air_init(struct trace_air *a);
/* As trace_hci_step(). CONNECT_IND gives CONNECTED (a link that began before the capture has
 * none), LL_ENC_REQ ENCRYPTION_ASKED, the first packet that is encrypted after it ENCRYPTION_DONE,
 * LL_REJECT_IND and LL_REJECT_EXT_IND of it ENCRYPTION_DONE with their error. LL_TERMINATE_IND
 * gives DISCONNECTED with the reason as the host's controller reports it: 0x16 where the host
 * sent it; `side` is who did, and where that is UNKNOWN the status is what was sent. */
size_t trace_air_step(struct trace_air *a, const struct trace_air_frame *frame,
                      struct trace_event ret[TRACE_AIR_EVENTS_MAX]);
