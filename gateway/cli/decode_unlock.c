/* What passes over OMRON's unlock characteristic. Keys are never printed: only whether one is the
 * key that everybody knows. */
#include "cli/decode.h"

#include <errno.h>
#include <string.h>

#include "core/omron_unlock.h"

/* --- host to cuff: as our own encoder would write it --- */

static const struct request {
        enum omron_unlock_command command;
        const char *meaning;
        bool has_key;
} requests[] = {
        {OMRON_UNLOCK_STORE_KEY, "store this key", true},
        {OMRON_UNLOCK_OPEN, "unlock with this key", true},
        {OMRON_UNLOCK_LINK_CHECK, "may a key be stored?", false},
};

static bool begins_with(const struct decode_value *v, const uint8_t *bytes, size_t n) {
        return v->n >= n && memcmp(v->bytes, bytes, n) == 0;
}

static bool add_request(const struct decode_value *v, struct json *j) {
        for (size_t i = 0; i < ELEMENTS(requests) && v->n >= OMRON_UNLOCK_SIZE; i++) {
                const uint8_t *key = requests[i].has_key ? v->bytes + 1 : NULL;
                uint8_t written[OMRON_UNLOCK_SIZE];

                omron_unlock_encode(requests[i].command, key, written);
                if (!begins_with(v, written, sizeof written))
                        continue;
                json_text(j, j->root, "direction", "host->cuff");
                json_text(j, j->root, "meaning", requests[i].meaning);
                if (key)
                        json_bool(j, j->root, "community_key",
                                  memcmp(key, omron_community_key, OMRON_KEY_SIZE) == 0);
                return true;
        }
        return false;
}

static bool add_token(const struct decode_value *v, struct json *j) {
        uint8_t written[OMRON_TOKEN_SIZE];

        if (v->n < sizeof written)
                return false;
        omron_token_encode(v->bytes + 1, written);
        if (!begins_with(v, written, sizeof written))
                return false;
        json_text(j, j->root, "direction", "host->cuff");
        json_text(j, j->root, "meaning", "token");
        decode_add_hex(j, j->root, "nonce", v->bytes + 1, OMRON_TOKEN_NONCE_SIZE);
        return true;
}

/* --- cuff to host --- */

static const char *meaning_of(const struct omron_unlock_reply *reply) {
        static const struct {
                uint8_t command, status;
                const char *meaning;
        } words[] = {
                {OMRON_UNLOCK_STORE_KEY, OMRON_STATUS_OK, "key stored"},
                {OMRON_UNLOCK_OPEN, OMRON_STATUS_OK, "unlocked"},
                {OMRON_UNLOCK_OPEN, OMRON_STATUS_WRONG_KEY, "the cuff holds another key"},
                {OMRON_UNLOCK_OPEN, OMRON_STATUS_NOT_ENCRYPTED, "the link is not encrypted"},
                {OMRON_UNLOCK_LINK_CHECK, OMRON_STATUS_OK, "a key may be stored"},
                {OMRON_UNLOCK_LINK_CHECK, OMRON_STATUS_WRONG_KEY, "cancelled"},
                {OMRON_UNLOCK_LINK_CHECK, OMRON_STATUS_PEER_LOST, "the cuff lost the pairing"},
                {OMRON_UNLOCK_LINK_CHECK, OMRON_STATUS_TIMEOUT,
                 "not encrypted in time, or not in pairing mode"},
                {OMRON_UNLOCK_TOKEN, OMRON_STATUS_OK, "token accepted"},
        };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (words[i].command == reply->command && words[i].status == reply->status)
                        return words[i].meaning;
        return "refused";
}

static void add_reply(const struct omron_unlock_reply *reply, struct json *j) {
        json_text(j, j->root, "direction", "cuff->host");
        json_real(j, j->root, "status", reply->status);
        json_text(j, j->root, "meaning", meaning_of(reply));
        if (reply->command == OMRON_UNLOCK_TOKEN)
                decode_add_hex(j, j->root, "nonce", reply->nonce, sizeof reply->nonce);
}

int decode_unlock(const struct decode_value *v, struct json *j, const char **reason) {
        struct omron_unlock_reply reply;
        uint8_t code;
        int r;

        if (add_request(v, j) || add_token(v, j))
                return 0;
        if (omron_secure_error_decode(v->bytes, v->n, &code) == 0) {
                json_text(j, j->root, "direction", "cuff->host");
                json_real(j, j->root, "secure_error", code);
                return 0;
        }
        r = omron_unlock_decode(v->bytes, v->n, &reply);
        if (r < 0) {
                *reason = r == -EBADMSG
                                  ? "the reply is shorter than its kind needs"
                                  : "neither a request nor a reply that anybody has described";
                return r;
        }
        add_reply(&reply, j);
        return 0;
}
