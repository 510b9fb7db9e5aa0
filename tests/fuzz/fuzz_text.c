/* Texts from elsewhere: what a cuff says about itself, addresses, broker URLs. */
#include <errno.h>

#include "core/bdaddr.h"
#include "cuff/text.h"
#include "exact.h"
#include "fuzz/property.h"
#include "mqtt/url.h"

static void require_printable(const char *text, size_t room) {
        REQUIRE(strnlen(text, room) < room);
        for (const char *c = text; *c; c++)
                REQUIRE((unsigned char) *c >= 0x20 && *c != 0x7F);
        REQUIRE(text[0] == '\0' || text[strlen(text) - 1] != ' ');
}

static void require_address_round_trip(const char *text) {
        char back[BDADDR_STRING_SIZE], id[BDADDR_ID_SIZE];
        struct bdaddr address, again;

        if (bdaddr_from_string(text, &address) < 0)
                return;
        bdaddr_to_string(&address, back);
        bdaddr_to_id(&address, id);
        REQUIRE(bdaddr_from_string(back, &again) == 0 && bdaddr_equal(&address, &again));
        REQUIRE(bdaddr_from_string(id, &again) == 0 && bdaddr_equal(&address, &again));
}

static void require_url(const char *text) {
        struct mqtt_url url;
        int r = mqtt_url_parse(text, &url);

        REQUIRE(r == 0 || r == -EINVAL || r == -ENOMEM);
        if (r < 0)
                return;
        REQUIRE(url.host[0] && strstr(url.paho, "://") && strstr(url.text, "://"));
        REQUIRE(!url.password || url.user);
        mqtt_url_done(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        char *text = malloc(n + 1), clean[64];
        uint8_t *exact = exact_copy(data, n);

        memcpy(text, data, n);
        text[n] = '\0';
        for (size_t size = 1; size <= sizeof clean; size *= 2) {
                text_from_value(exact, n, clean, size);
                require_printable(clean, size);
        }
        require_address_round_trip(text);
        require_url(text);
        free(exact);
        free(text);
        return 0;
}
