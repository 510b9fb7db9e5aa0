/*
 * Packets of the LE link layer, after their pseudo header (Bluetooth Core 5.4, Vol 6, Part B, 2.3
 * and 2.4; addresses and numbers are little endian):
 *
 *      advertising     HH LL ..  HH 0F type   40 TxAdd: the sender's address is random
 *              0 2 6 4         AdvA(6) data (trace_air_advert.c)   ADV_ .. IND, SCAN_RSP
 *              5               InitA(6) AdvA(6) AA(4) timing(18) CONNECT_IND, AUX_CONNECT_REQ
 *      data            HH LL ..  HH 03 LLID   04 NESN   08 SN
 *              2, 1            start, continuation of L2CAP: NNNN CCCC pdu(NNNN), channel CCCC
 *              3               OP ..
 *                              02 EE           LL_TERMINATE_IND, reason
 *                              03 rand(8) ediv(2) skd(8) iv(4)         LL_ENC_REQ
 *                              04 skd(8) iv(4) LL_ENC_RSP
 *                              05              LL_START_ENC_REQ
 *                              0D EE           LL_REJECT_IND, error
 *                              11 OP EE        LL_REJECT_EXT_IND, of what, error
 *
 * What is encrypted has four bytes of MIC at its end; an empty packet never is.
 */
#include "core/trace_air.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fnv.h"

enum advertising_type {
        ADV_IND = 0,
        ADV_NONCONN_IND = 2,
        SCAN_RSP = 4,
        CONNECT_IND = 5,
        ADV_SCAN_IND = 6,
};

enum llid {
        LLID_CONTINUATION = 1,
        LLID_START = 2,
        LLID_CONTROL = 3,
};

enum control {
        LL_TERMINATE_IND = 0x02,
        LL_ENC_REQ = 0x03,
        LL_ENC_RSP = 0x04,
        LL_START_ENC_REQ = 0x05,
        LL_REJECT_IND = 0x0D,
        LL_REJECT_EXT_IND = 0x11,
};

#define HEAD_TYPE                   0x0F
#define HEAD_TX_RANDOM              0x40
#define HEAD_LLID                   0x03
#define HEAD_SN                     0x08
#define CONNECT_SIZE                34
#define L2CAP_HEADER_SIZE           4
#define MIC_SIZE                    4
#define LL_START_ENC_RSP_SIZE       1
#define HCI_LOCAL_HOST_DISCONNECTED 0x16

/* One packet on its way to events. */
struct step {
        const struct trace_air_frame *frame;
        const struct trace_air_packet *packet;
        struct trace_event *ret;
        size_t n;
};

static struct trace_event *add_event(struct step *s, enum trace_kind kind, uint16_t handle,
                                     enum trace_side side) {
        struct trace_event *e = &s->ret[s->n++];

        memset(e, 0, sizeof *e);
        e->kind = kind;
        e->number = s->frame->number;
        e->usec = s->frame->usec;
        e->handle = handle;
        e->side = side;
        return e;
}

/* --- links --- */

void trace_air_init(struct trace_air *a) {
        memset(a, 0, sizeof *a);
}

static struct trace_air_link *find_link(struct trace_air *a, uint32_t access_address) {
        for (size_t i = 0; i < TRACE_AIR_LINKS_MAX; i++)
                if (a->link[i].used && a->link[i].access_address == access_address)
                        return &a->link[i];
        return NULL;
}

/* In the place of the one with the same access address, else of the one untouched for longest:
 * those never used and those that are over come first. */
static struct trace_air_link *new_link(struct trace_air *a, uint32_t access_address) {
        struct trace_air_link *link = find_link(a, access_address);

        if (!link) {
                link = &a->link[0];
                for (size_t i = 1; i < TRACE_AIR_LINKS_MAX; i++)
                        if (a->link[i].touched < link->touched)
                                link = &a->link[i];
        }
        *link = (struct trace_air_link){
                .used = true,
                .access_address = access_address,
                .handle = ++a->last_handle,
                .touched = a->clock,
        };
        return link;
}

/* --- the advertising channels --- */

static void step_connect(struct trace_air *a, struct step *s) {
        const struct trace_air_packet *p = s->packet;
        struct bytes b = bytes_of(p->payload, p->n);
        struct trace_event *e;
        struct bdaddr cuff;
        uint32_t access_address;

        trace_air_address(&b); /* the host's own */
        cuff = trace_air_address(&b);
        access_address = bytes_le16(&b);
        access_address |= (uint32_t) bytes_le16(&b) << 16;
        if (b.short_read || p->length != CONNECT_SIZE || access_address == TRACE_AIR_ADVERTISING)
                return;

        e = add_event(s, TRACE_CONNECTED, new_link(a, access_address)->handle, TRACE_UNKNOWN);
        e->has_address = true;
        e->address = cuff;
        e->own_random = p->head & HEAD_TX_RANDOM ? TRACE_YES : TRACE_NO;
}

static void step_advertised(struct step *s) {
        enum trace_answer flag;
        struct bdaddr cuff;
        struct trace_event *e;

        if (!trace_air_advert(s->packet, &cuff, &flag))
                return;
        e = add_event(s, TRACE_ADVERTISED, 0, TRACE_CUFF);
        e->has_address = true;
        e->address = cuff;
        e->pairing_flag = flag;
}

static void step_advertising(struct trace_air *a, struct step *s) {
        switch (s->packet->head & HEAD_TYPE) {
        case CONNECT_IND:
                step_connect(a, s);
                return;
        case ADV_IND:
        case ADV_NONCONN_IND:
        case ADV_SCAN_IND:
        case SCAN_RSP:
                step_advertised(s);
                return;
        default:
                return;
        }
}

/* --- LL control --- */

static unsigned llid_of(const struct trace_air_packet *p) {
        return p->head & HEAD_LLID;
}

/* One that is read here, with the length it must have: by that, ciphertext is hardly ever one. */
static bool is_control(const struct trace_air_packet *p) {
        static const uint8_t size[] = {
                [LL_TERMINATE_IND] = 2, [LL_ENC_REQ] = 23,   [LL_ENC_RSP] = 13,
                [LL_START_ENC_REQ] = 1, [LL_REJECT_IND] = 2, [LL_REJECT_EXT_IND] = 3,
        };

        if (llid_of(p) != LLID_CONTROL || p->n == 0 || p->payload[0] >= sizeof size)
                return false;
        return size[p->payload[0]] == p->length && p->n == p->length;
}

static void step_terminate(struct trace_air_link *link, struct step *s) {
        const struct trace_air_packet *p = s->packet;
        struct trace_event *e = add_event(s, TRACE_DISCONNECTED, link->handle, p->side);

        e->status = p->side == TRACE_HOST ? HCI_LOCAL_HOST_DISCONNECTED : p->payload[1];
        link->over = true;
        link->touched = 0; /* the first to be replaced */
}

static void step_reject(struct trace_air_link *link, struct step *s, uint8_t error) {
        if (link->security != TRACE_AIR_ASKED || s->packet->side == TRACE_HOST || error == 0)
                return;
        link->security = TRACE_AIR_CLEAR;
        add_event(s, TRACE_ENCRYPTION_DONE, link->handle, TRACE_CUFF)->status = error;
}

static void step_control(struct trace_air_link *link, struct step *s) {
        static const uint8_t no_key[10];
        const uint8_t *pdu = s->packet->payload;

        if (!is_control(s->packet))
                return;
        switch (pdu[0]) {
        case LL_TERMINATE_IND:
                step_terminate(link, s);
                return;
        case LL_ENC_REQ:
                link->security = TRACE_AIR_ASKED;
                add_event(s, TRACE_ENCRYPTION_ASKED, link->handle, TRACE_HOST)->stored =
                        memcmp(pdu + 1, no_key, sizeof no_key) != 0;
                return;
        case LL_START_ENC_REQ:
                link->security = TRACE_AIR_STARTING;
                return;
        case LL_REJECT_IND:
                step_reject(link, s, pdu[1]);
                return;
        case LL_REJECT_EXT_IND:
                if (pdu[1] == LL_ENC_REQ)
                        step_reject(link, s, pdu[2]);
                return;
        default: /* LL_ENC_RSP: the random numbers of the cuff */
                return;
        }
}

/* --- L2CAP --- */

static uint16_t le16_at(const uint8_t *at) {
        return (uint16_t) (at[0] | at[1] << 8);
}

/* The size of the PDU; 0: none of SMP. `frame` has a whole L2CAP header. */
static size_t smp_size_of(const uint8_t *frame) {
        size_t size = le16_at(frame);

        return le16_at(frame + 2) == SMP_CHANNEL && size <= SMP_PDU_MAX ? size : 0;
}

static void emit_smp(struct trace_air_link *link, struct step *s,
                     const struct trace_air_part *part) {
        const uint8_t *pdu = part->bytes + L2CAP_HEADER_SIZE;
        size_t size = smp_size_of(part->bytes), captured = part->size - L2CAP_HEADER_SIZE;
        enum trace_side side = s->packet->side;
        struct trace_event *e;

        if (captured > size)
                captured = size;
        if (side == TRACE_UNKNOWN)
                side = trace_air_turn_of(&link->turn, pdu[0]);
        trace_air_turn_take(&link->turn, side, pdu, captured);
        e = add_event(s, TRACE_SMP, link->handle, side);
        memcpy(e->pdu, pdu, captured);
        e->pdu_size = captured;
        e->pdu_cut = captured < size;
}

/* What follows a gap is not kept, only counted. */
static void append(struct trace_air_part *part, const struct trace_air_packet *p) {
        size_t n = sizeof part->bytes - part->size;

        if (n > p->n)
                n = p->n;
        if (part->size == part->seen) {
                memcpy(part->bytes + part->size, p->payload, n);
                part->size += n;
        }
        part->seen += p->length;
}

static void step_l2cap(struct trace_air_link *link, struct step *s) {
        const struct trace_air_packet *p = s->packet;
        struct trace_air_part *part = &link->part[p->side];
        size_t whole;

        if (llid_of(p) == LLID_START)
                *part = (struct trace_air_part){.filling = true};
        if (!part->filling)
                return;
        append(part, p);
        if (part->size < L2CAP_HEADER_SIZE)
                return;
        whole = L2CAP_HEADER_SIZE + smp_size_of(part->bytes);
        part->filling = whole > L2CAP_HEADER_SIZE && part->seen < whole;
        if (part->filling || whole == L2CAP_HEADER_SIZE || part->size == L2CAP_HEADER_SIZE)
                return;
        /* Some sniffers may leave the MIC behind what they decrypted. */
        if (part->seen == whole || (p->decrypted && part->seen == whole + MIC_SIZE))
                emit_smp(link, s, part);
}

/* --- data channels --- */

static bool is_smp_start(const struct trace_air_packet *p) {
        return llid_of(p) == LLID_START && p->n >= L2CAP_HEADER_SIZE && smp_size_of(p->payload) > 0;
}

/* A link whose beginning was not captured must be sure: any noise has an access address. */
static bool makes_link(const struct trace_air_packet *p) {
        if (p->encrypted)
                return false;
        return is_control(p) ||
               (is_smp_start(p) && p->length <= L2CAP_HEADER_SIZE + smp_size_of(p->payload));
}

/* Sniffers record what is sent again. It has the same SN and the same bytes as its side's packet
 * before; SN alone would not do, as sniffers lose packets too. Where no direction is told, only
 * what counts here is compared: the packets of both sides between would hide it. */
static bool is_repeated(struct trace_air_link *link, const struct trace_air_packet *p) {
        uint64_t heard = fnv1a(p->payload, p->n) ^ (p->head & (HEAD_LLID | HEAD_SN));
        bool repeated = heard == link->heard[p->side];

        link->heard[p->side] = heard;
        return repeated;
}

static bool counts(const struct trace_air_link *link, const struct trace_air_packet *p) {
        return is_control(p) || is_smp_start(p) ||
               (llid_of(p) == LLID_CONTINUATION && link->part[p->side].filling);
}

/* Not told, it follows from what went before: after LL_ENC_REQ only the handshake is sent, of which
 * LL_START_ENC_RSP comes encrypted first. LL_ENC_REQ is never encrypted. */
static bool is_encrypted(const struct trace_air_link *link, const struct trace_air_packet *p) {
        if (p->encrypted || p->decrypted)
                return p->encrypted;
        switch (link->security) {
        case TRACE_AIR_ASKED: /* LL_START_ENC_REQ was lost */
                return llid_of(p) == LLID_CONTROL && p->length == LL_START_ENC_RSP_SIZE + MIC_SIZE;
        case TRACE_AIR_STARTING:
                return p->length > MIC_SIZE;
        case TRACE_AIR_ENCRYPTED:
                return !is_control(p) || p->payload[0] != LL_ENC_REQ;
        case TRACE_AIR_CLEAR:
        default:
                return false;
        }
}

static void step_data(struct trace_air *a, struct step *s) {
        const struct trace_air_packet *p = s->packet;
        struct trace_air_link *link = find_link(a, p->access_address);
        bool encrypted;

        if (!link && makes_link(p))
                link = new_link(a, p->access_address);
        if (!link || link->over)
                return;
        link->touched = a->clock;
        encrypted = is_encrypted(link, p);
        if (p->side == TRACE_UNKNOWN && !encrypted && !counts(link, p))
                return;
        if (is_repeated(link, p) || p->length == 0)
                return;

        if (encrypted || p->decrypted) {
                if (link->security == TRACE_AIR_ASKED || link->security == TRACE_AIR_STARTING)
                        add_event(s, TRACE_ENCRYPTION_DONE, link->handle, TRACE_UNKNOWN);
                link->security = TRACE_AIR_ENCRYPTED;
        }
        if (encrypted)
                return;
        if (llid_of(p) == LLID_CONTROL)
                step_control(link, s);
        else
                step_l2cap(link, s);
}

size_t trace_air_step(struct trace_air *a, const struct trace_air_frame *frame,
                      struct trace_event ret[TRACE_AIR_EVENTS_MAX]) {
        struct trace_air_packet packet;
        struct step s = {.frame = frame, .packet = &packet, .ret = ret};

        a->clock++;
        if (trace_air_header_decode(frame, &packet) < 0)
                return 0;
        if (packet.access_address == TRACE_AIR_ADVERTISING)
                step_advertising(a, &s);
        else
                step_data(a, &s);
        return s.n;
}
