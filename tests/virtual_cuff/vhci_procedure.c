#include "vhci_procedure.h"

#include "bytes.h"
#include "log.h"
#include "util.h"
#include "vhci_cuff.h"
#include "vhci_front.h"
#include "vhci_hci.h"

/* What a cuff says of itself. */
enum { VERSION_4_2 = 0x08, MAKER_NONE = 0xFFFF, FEATURE_ENCRYPTION = 0x01 };
enum { ENCRYPTED = 0x01 };

/* Each returns false when the link is no more. */

static bool tell_features(struct link *l) {
        uint8_t p[11] = {HCI_OK};

        put16(p + 1, l->handle)[0] = FEATURE_ENCRYPTION;
        hci_le_event(l->front, LE_FEATURES, p, sizeof p);
        return true;
}

static bool tell_version(struct link *l) {
        uint8_t p[8] = {HCI_OK}, *at = put16(p + 1, l->handle);

        *at++ = VERSION_4_2;
        put16(at, MAKER_NONE);
        hci_event(l->front, EVENT_VERSION, p, sizeof p);
        return true;
}

static bool update(struct link *l) {
        uint8_t p[9] = {HCI_OK}, *at = put16(p + 1, l->handle);

        link_set_parameters(l, &l->update);
        put16(put16(put16(at, l->interval), l->latency), l->timeout);
        hci_le_event(l->front, LE_UPDATE, p, sizeof p);
        return true;
}

static void tell_encryption(struct link *l, uint8_t status) {
        uint8_t p[4] = {status}, *at = put16(p + 1, l->handle);

        if (l->encrypted) {
                hci_event(l->front, EVENT_KEY_REFRESH, p, 3);
                return;
        }
        *at = status ? 0 : ENCRYPTED;
        hci_event(l->front, EVENT_ENCRYPTION, p, sizeof p);
}

/* A cuff that never gave out this (rand, ediv), because it forgot the bond or made another one with
 * somebody else, rejects: the host learns 0x06 and may hang up. One that knows the pair but has
 * another LTK cannot know before it reads the first encrypted packet: that ends the link. */
static bool encrypt(struct link *l) {
        static const uint8_t zero[8];
        bool stk = l->ediv == 0 && memcmp(l->rand, zero, sizeof zero) == 0;
        uint8_t key[16];

        if (!vhci_cuff_find_key(l->cuff, l->rand, l->ediv, key)) {
                log_line("key-missing %s", l->cuff->text);
                tell_encryption(l, HCI_KEY_MISSING);
                return true;
        }
        if (memcmp(key, l->ltk, sizeof key) != 0) {
                log_line("mic-failure %s", l->cuff->text);
                link_end(l, HCI_MIC_FAILURE, "lost", HCI_MIC_FAILURE);
                return false;
        }
        log_line("encrypted %s key=%s", l->cuff->text, stk ? "stk" : "ltk");
        tell_encryption(l, HCI_OK);
        l->encrypted = true;
        vhci_cuff_encrypted(l->cuff, stk);
        return true;
}

static bool host_ends(struct link *l) {
        cuff_host_leaves(&l->cuff->model, front_now(l->front));
        link_end(l, HCI_LOCAL_HOST_ENDED, "client", l->end_reason);
        return false;
}

static bool cuff_ends(struct link *l) {
        link_end(l, HCI_REMOTE_USER_ENDED, "cuff", HCI_REMOTE_USER_ENDED);
        return false;
}

/* clang-format off */
static const struct {
        unsigned events; /* it takes */
        bool (*finish)(struct link *l);
} procedures[PROCEDURES] = {
        [PROCEDURE_FEATURES] = {2, tell_features},
        [PROCEDURE_VERSION] = {2, tell_version},
        [PROCEDURE_UPDATE] = {6, update},      /* the instant is that far in the future */
        [PROCEDURE_ENCRYPT] = {3, encrypt},    /* ENC_REQ, ENC_RSP, START_ENC back and forth */
        [PROCEDURE_HOST_ENDS] = {2, host_ends}, /* what waits goes out first, then TERMINATE */
        [PROCEDURE_CUFF_ENDS] = {2, cuff_ends},
};
/* clang-format on */

void procedure_begin(struct link *l, enum link_procedure procedure) {
        if (!l->left[procedure])
                l->left[procedure] = procedures[procedure].events;
}

bool procedure_is_under_way(const struct link *l) {
        for (size_t i = 0; i < PROCEDURES; i++)
                if (l->left[i])
                        return true;
        return false;
}

bool procedure_step(struct link *l) {
        for (size_t i = 0; i < PROCEDURES; i++)
                if (l->left[i] && --l->left[i] == 0 && !procedures[i].finish(l))
                        return false;
        return true;
}
