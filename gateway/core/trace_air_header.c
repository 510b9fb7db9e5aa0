/*
 * Pseudo headers of sniffers (tcpdump.org's link types; all numbers are little endian), and the
 * packet that follows them without its preamble:
 *
 *      251     packet
 *      256     CH SS NN OO RRRRRRRR FFFF packet
 *                      CH channel   SS signal   NN noise   OO R access address: offenses, reference
 *                      FFFF 0008 decrypted   0380 type   0400 0800 CRC checked, good
 *                           1000 2000 MIC checked, good   C000 PHY: 2 coded
 *                      type: 0 not told   1 secondary advertising   2 data from the central
 *                            3 data from the peripheral   4.. isochronous
 *      272     BB LLLL VV CCCC TT   0A FF CH SS EEEE DDDDDDDD packet
 *                      BB board   LLLL lengths   VV version   CCCC counter
 *                      TT 06 a packet; version 3: 02 on an advertising channel, 06 of a link
 *                      0A size of what stands before the packet   CH channel   SS signal
 *                      FF 01 CRC good   02 from the central   04 was encrypted   08 MIC good
 *                         70 PHY: 2 coded     E D counter, time
 *                      BE EF at the front: version 0, not read
 *
 *      packet  AAAAAAAA [CI] HH LL [CT] payload [CRC24]
 *                      A access address   CI coding indicator, only coded
 *                      HH LL header: flags, length   CT only of a link and with flag 20
 *
 * In files of the nRF Sniffer the byte that its radio adds after LL is already gone.
 */
#include "core/trace_air.h"

#include <errno.h>

#include "core/bytes.h"

#define PHY_CODED 2

enum phdr_flag {
        PHDR_DECRYPTED = 0x0008,
        PHDR_CRC_CHECKED = 0x0400,
        PHDR_CRC_GOOD = 0x0800,
        PHDR_MIC_CHECKED = 0x1000,
        PHDR_MIC_GOOD = 0x2000,
};

enum phdr_type {
        PHDR_NOT_TOLD,
        PHDR_SECONDARY,
        PHDR_FROM_HOST,
        PHDR_FROM_CUFF,
};

enum nordic_flag {
        NORDIC_CRC_GOOD = 0x01,
        NORDIC_FROM_HOST = 0x02,
        NORDIC_ENCRYPTED = 0x04,
        NORDIC_MIC_GOOD = 0x08,
};

#define NORDIC_LEGACY      0xBE, 0xEF
#define NORDIC_EVENT_SIZE  10
#define NORDIC_ADVERTISING 0x02
#define NORDIC_PACKET      0x06
#define HEAD_CTE           0x20

/* What a pseudo header tells beside the packet. */
struct told {
        struct trace_air_packet packet;
        bool coded, advertising; /* advertising: it is no link's, whatever its access address */
};

static void skip(struct bytes *b, size_t n) {
        while (n-- > 0)
                bytes_u8(b);
}

static uint32_t le32(struct bytes *b) {
        uint32_t low = bytes_le16(b);

        return low | (uint32_t) bytes_le16(b) << 16;
}

static int decode_phdr(struct bytes *b, struct told *ret) {
        struct trace_air_packet *p = &ret->packet;
        uint16_t flags;
        unsigned type;

        skip(b, 8);
        flags = bytes_le16(b);
        type = flags >> 7 & 7;
        if (type > PHDR_FROM_CUFF)
                return -ENOTSUP;
        if (flags & PHDR_CRC_CHECKED && !(flags & PHDR_CRC_GOOD))
                return -ENOTSUP;

        ret->coded = flags >> 14 == PHY_CODED;
        ret->advertising = type == PHDR_SECONDARY; /* its MIC flags mean something else */
        if (type == PHDR_FROM_HOST)
                p->side = TRACE_HOST;
        if (type == PHDR_FROM_CUFF)
                p->side = TRACE_CUFF;
        p->encrypted = flags & PHDR_DECRYPTED && flags & PHDR_MIC_CHECKED &&
                       !(flags & PHDR_MIC_GOOD); /* with a wrong key */
        p->decrypted = flags & PHDR_DECRYPTED && !p->encrypted;
        return 0;
}

static int decode_nordic(struct bytes *b, struct told *ret) {
        static const uint8_t legacy[] = {NORDIC_LEGACY};
        struct trace_air_packet *p = &ret->packet;
        uint8_t version, type, size, flags;
        bool is_legacy = bytes_left(b) >= 2 && b->at[0] == legacy[0] && b->at[1] == legacy[1];

        skip(b, 3);
        version = bytes_u8(b);
        skip(b, 2);
        type = bytes_u8(b);
        size = bytes_u8(b);
        flags = bytes_u8(b);
        skip(b, 8);
        if (is_legacy || version < 1 || version > 3 || size != NORDIC_EVENT_SIZE)
                return -ENOTSUP;
        ret->advertising = version == 3 && type == NORDIC_ADVERTISING;
        if ((type != NORDIC_PACKET && !ret->advertising) || !(flags & NORDIC_CRC_GOOD))
                return -ENOTSUP;

        ret->coded = (flags >> 4 & 7) == PHY_CODED;
        p->side = flags & NORDIC_FROM_HOST ? TRACE_HOST : TRACE_CUFF;
        p->decrypted = flags & NORDIC_ENCRYPTED && flags & NORDIC_MIC_GOOD;
        p->encrypted = flags & NORDIC_ENCRYPTED && !p->decrypted;
        return 0;
}

static int decode_header(enum trace_air_header header, struct bytes *b, struct told *ret) {
        switch (header) {
        case TRACE_AIR_PHDR:
                return decode_phdr(b, ret);
        case TRACE_AIR_NORDIC:
                return decode_nordic(b, ret);
        case TRACE_AIR_NONE:
        default:
                return 0;
        }
}

int trace_air_header_decode(const struct trace_air_frame *frame, struct trace_air_packet *ret) {
        struct bytes b = bytes_of(frame->bytes, frame->n);
        struct told told = {0};
        struct trace_air_packet *p = &told.packet;
        int r = decode_header(frame->header, &b, &told);

        if (b.short_read)
                return -EBADMSG;
        if (r < 0)
                return r;

        p->access_address = le32(&b);
        skip(&b, told.coded);
        p->head = bytes_u8(&b);
        p->length = bytes_u8(&b);
        if (p->access_address != TRACE_AIR_ADVERTISING) {
                if (told.advertising) /* periodic: it has an access address of its own */
                        return -ENOTSUP;
                skip(&b, p->head & HEAD_CTE ? 1 : 0);
        }
        p->payload = b.at;
        p->n = bytes_left(&b) < p->length ? bytes_left(&b) : p->length;
        if (b.short_read || (p->n < p->length && !frame->cut))
                return -EBADMSG;

        *ret = *p;
        return 0;
}
