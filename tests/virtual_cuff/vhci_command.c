/* What the host may ask of this controller: LE only, central only, as of Bluetooth 4.2 without its
 * extras. The list is what Linux 6.1 and 6.12 send; what is not in it they do not miss, because
 * Read Local Supported Commands tells them so. */
#include <sys/random.h>

#include "bytes.h"
#include "util.h"
#include "vhci_adapter.h"
#include "vhci_front.h"
#include "vhci_hci.h"
#include "vhci_link.h"

enum { VERSION_4_2 = 0x08, MAKER_LINUX_FOUNDATION = 0x05F1 };
enum { FEATURE_NO_BREDR = 0x20, FEATURE_LE = 0x40 }; /* of octet 4 */
enum { LE_FEATURE_ENCRYPTION = 0x01 };
enum { TX_POWER = 0 };

static uint8_t answer(struct hci_reply *ret, const void *bytes, size_t size) {
        memcpy(ret->bytes, bytes, size);
        ret->size = size;
        return HCI_OK;
}

static uint8_t accept(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return HCI_OK;
}

/* --- about the controller --- */

static uint8_t reset(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        adapter_reset(f);
        return HCI_OK;
}

static uint8_t read_version(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        uint8_t v[8] = {VERSION_4_2, 0, 0, VERSION_4_2};

        put16(v + 4, MAKER_LINUX_FOUNDATION);
        return answer(ret, v, sizeof v);
}

static uint8_t read_commands(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        uint8_t supported[64] = {0};

        for (const struct hci_command *c = hci_commands; c->run; c++)
                supported[c->octet] |= (uint8_t) (1 << c->bit);
        return answer(ret, supported, sizeof supported);
}

static uint8_t read_features(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        static const uint8_t features[8] = {[4] = FEATURE_NO_BREDR | FEATURE_LE};

        return answer(ret, features, sizeof features);
}

static uint8_t read_address(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return answer(ret, f->address.bytes, sizeof f->address.bytes);
}

static uint8_t read_le_buffers(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return answer(ret, (const uint8_t[]){LINK_PACKET_MAX, 0, LINK_BUFFERS}, 3);
}

static uint8_t read_le_features(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        static const uint8_t features[8] = {LE_FEATURE_ENCRYPTION};

        return answer(ret, features, sizeof features);
}

static uint8_t read_le_states(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        static const uint8_t all[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x03};

        return answer(ret, all, sizeof all);
}

static uint8_t read_advertising_power(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return answer(ret, (const uint8_t[]){TX_POWER}, 1);
}

static uint8_t random_bytes(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        uint8_t bytes[8];

        if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
                abort();
        return answer(ret, bytes, sizeof bytes);
}

static uint8_t encrypt_block(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        uint8_t block[16];

        smp_e(p, p + 16, block);
        return answer(ret, block, sizeof block);
}

static uint8_t set_random_address(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        if (scan_is_busy(f))
                return HCI_DISALLOWED;
        memcpy(f->random_address.bytes, p, sizeof f->random_address.bytes);
        return HCI_OK;
}

/* --- scanning and connecting --- */

static uint8_t scan_parameters(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_set_parameters(f, p);
}

static uint8_t set_scan(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_enable(f, p);
}

static uint8_t connect_device(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_connect(f, p);
}

static uint8_t cancel_connect(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_cancel_connect(f);
}

static uint8_t accept_list_size(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return answer(ret, (const uint8_t[]){ACCEPT_LIST_SIZE}, 1);
}

static uint8_t accept_list_clear(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_accept_clear(f);
}

static uint8_t accept_list_add(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_accept_add(f, p);
}

static uint8_t accept_list_remove(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return scan_accept_remove(f, p);
}

/* --- links --- */

static uint8_t begin(struct front *f, const uint8_t *p, enum link_procedure procedure) {
        struct link *l = link_by_handle(f, get16(p));

        if (!l)
                return HCI_UNKNOWN_CONNECTION;
        link_begin(l, procedure);
        return HCI_OK;
}

static uint8_t read_remote_features(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return begin(f, p, PROCEDURE_FEATURES);
}

static uint8_t read_remote_version(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        return begin(f, p, PROCEDURE_VERSION);
}

static uint8_t disconnect(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        struct link *l = link_by_handle(f, get16(p));

        if (l)
                l->end_reason = p[2];
        return begin(f, p, PROCEDURE_HOST_ENDS);
}

static uint8_t update_connection(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        struct link *l = link_by_handle(f, get16(p));

        if (l && !link_read_wish(p + 2, &l->update))
                return HCI_INVALID_PARAMETERS;
        return begin(f, p, PROCEDURE_UPDATE);
}

static uint8_t start_encryption(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        struct link *l = link_by_handle(f, get16(p));

        if (l && l->left[PROCEDURE_ENCRYPT])
                return HCI_DISALLOWED;
        if (l) {
                memcpy(l->rand, p + 2, sizeof l->rand);
                l->ediv = get16(p + 10);
                memcpy(l->ltk, p + 12, sizeof l->ltk);
        }
        return begin(f, p, PROCEDURE_ENCRYPT);
}

static uint8_t read_rssi(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        if (!link_by_handle(f, get16(p)))
                return HCI_UNKNOWN_CONNECTION;
        return answer(ret, (const uint8_t[]){p[0], p[1], HCI_RSSI}, 3);
}

static uint8_t read_power(struct front *f, const uint8_t *p, struct hci_reply *ret) {
        if (!link_by_handle(f, get16(p)))
                return HCI_UNKNOWN_CONNECTION;
        return answer(ret, (const uint8_t[]){p[0], p[1], TX_POWER}, 3);
}

/* --- the list --- */

/* clang-format off */
const struct hci_command hci_commands[] = {
        {0x0406,  0, 5,  3, true, disconnect},
        {0x041D,  2, 7,  2, true, read_remote_version},
        {0x0C01,  5, 6,  8, false, accept}, /* Set Event Mask: Linux wants all of ours */
        {0x0C03,  5, 7,  0, false, reset},
        {0x0C2D, 10, 2,  3, false, read_power},
        {0x1001, 14, 3,  0, false, read_version},
        {0x1002, 14, 4,  0, false, read_commands},
        {0x1003, 14, 5,  0, false, read_features},
        {0x1009, 15, 1,  0, false, read_address},
        {0x1405, 15, 5,  2, false, read_rssi},
        {0x2001, 25, 0,  8, false, accept}, /* LE Set Event Mask */
        {0x2002, 25, 1,  0, false, read_le_buffers},
        {0x2003, 25, 2,  0, false, read_le_features},
        {0x2005, 25, 4,  6, false, set_random_address},
        {0x2006, 25, 5, 15, false, accept}, /* the host may advertise, and nobody hears it */
        {0x2007, 25, 6,  0, false, read_advertising_power},
        {0x2008, 25, 7, 32, false, accept},
        {0x2009, 26, 0, 32, false, accept},
        {0x200A, 26, 1,  1, false, accept},
        {0x200B, 26, 2,  7, false, scan_parameters},
        {0x200C, 26, 3,  2, false, set_scan},
        {0x200D, 26, 4, 25, true, connect_device},
        {0x200E, 26, 5,  0, false, cancel_connect},
        {0x200F, 26, 6,  0, false, accept_list_size},
        {0x2010, 26, 7,  0, false, accept_list_clear},
        {0x2011, 27, 0,  7, false, accept_list_add},
        {0x2012, 27, 1,  7, false, accept_list_remove},
        {0x2013, 27, 2, 14, true, update_connection},
        {0x2016, 27, 5,  2, true, read_remote_features},
        {0x2017, 27, 6, 32, false, encrypt_block},
        {0x2018, 27, 7,  0, false, random_bytes},
        {0x2019, 28, 0, 28, true, start_encryption},
        {0x201C, 28, 3,  0, false, read_le_states},
        {0, 0, 0, 0, false, NULL},
};
/* clang-format on */
