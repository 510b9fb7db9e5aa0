#include "app/option_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "core/bdaddr.h"
#include "store/keys.h"

#define ZONES       "/usr/share/zoneinfo"
#define ALNUM       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define PORT_DIGITS 5

#define LIST_SEPARATORS " ,"

__attribute__((format(printf, 3, 4))) static bool no(char *why, size_t size, const char *format,
                                                     ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(why, size, format, ap);
        va_end(ap);
        return false;
}

static bool has_prefix(const char *text, const char *prefix) {
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool option_check_absolute(const char *text, char *why, size_t size) {
        if (text[0] == '/')
                return true;
        return no(why, size, "must be an absolute path, not \"%s\": begin it with /", text);
}

bool option_check_file(const char *text, char *why, size_t size) {
        _cleanup_(closep) int fd = -1;
        struct stat st;

        if (!option_check_absolute(text, why, size))
                return false;
        fd = open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return no(why, size, "names %s, which cannot be read: %s", text, strerror(errno));
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return no(why, size, "names %s, which is not a file", text);
        return true;
}

/* A compiled zone begins with these four bytes (RFC 8536). */
static bool is_zone_file(const char *path) {
        _cleanup_(fclosep) FILE *f = fopen(path, "re");
        char magic[4];

        return f && fread(magic, 1, sizeof magic, f) == sizeof magic &&
               memcmp(magic, "TZif", 4) == 0;
}

bool option_check_time_zone(const char *text, char *why, size_t size) {
        char path[256];
        struct stat st;

        if (text[0] == '/' || strstr(text, "..") || strspn(text, ALNUM "_+-/") != strlen(text))
                return no(why, size, "must be a name like \"Europe/Berlin\", not \"%s\"", text);
        if (stat(ZONES, &st) < 0)
                return true; /* no zones installed here: seen again when the service uses it */
        snprintf(path, sizeof path, ZONES "/%s", text);
        if (is_zone_file(path))
                return true;
        return no(why, size,
                  "is \"%s\", which is no time zone: pick one of `timedatectl list-timezones`",
                  text);
}

bool option_check_adapter(const char *text, char *why, size_t size) {
        struct bdaddr address;

        if (bdaddr_from_string(text, &address) == 0)
                return true;
        return no(why, size,
                  "must be an address like \"AA:BB:CC:DD:EE:FF\", not \"%s\" (names like hci0 can "
                  "change): `bluetoothctl list` shows it",
                  text);
}

/* --- broker URLs ---------------------------------------------------------------------------------
 */

/* What follows "scheme://": host or [v6], :port, and for websockets a path. */
static bool check_host_and_port(const char *text, char *why, size_t size) {
        const char *rest = text;
        char *end;

        if (*rest == '[') {
                size_t n = strspn(rest + 1, "0123456789abcdefABCDEF:.");

                if (n == 0 || rest[n + 1] != ']')
                        return no(why, size, "has an unfinished IPv6 address: write it as [::1]");
                rest += n + 2;
        } else {
                size_t n = strcspn(rest, ":/");

                if (n == 0 || strspn(rest, ALNUM ".-_") < n)
                        return no(why, size,
                                  "has no valid host name: write it as mqtt://host:1883");
                rest += n;
        }
        if (*rest == ':') {
                unsigned long port = strtoul(rest + 1, &end, 10);

                if (rest[1] < '0' || rest[1] > '9' || end - rest - 1 > PORT_DIGITS || port < 1 ||
                    port > 65535)
                        return no(why, size, "has no valid port: use a number from 1 to 65535");
                rest = end;
        }
        if (*rest && *rest != '/')
                return no(why, size,
                          "has something odd after the host: write it as mqtt://host:1883");
        return true;
}

bool option_check_url(const char *text, char *why, size_t size) {
        static const char *const schemes[] = {"mqtt://", "mqtts://", "ws://", "wss://"};
        const char *rest = NULL;
        char detail[160];

        /* First, and without showing the text: what stands before an @ may be a password. */
        if (strchr(text, '@'))
                return no(why, size,
                          "must not hold a user or password (there is an @ in it): use mqtt.user "
                          "and mqtt.password_file");
        for (size_t i = 0; i < ELEMENTS(schemes); i++)
                if (has_prefix(text, schemes[i]))
                        rest = text + strlen(schemes[i]);
        if (!rest && has_prefix(text, "tcp://"))
                return no(why, size, "is \"%s\": write mqtt:// instead of tcp://", text);
        if (!rest && (has_prefix(text, "ssl://") || has_prefix(text, "tls://")))
                return no(why, size, "is \"%s\": write mqtts:// instead of %.6s", text, text);
        if (!rest)
                return no(why, size, "is \"%s\": begin it with mqtt://, mqtts://, ws:// or wss://",
                          text);
        if (strspn(rest, ALNUM ".-_~:/[]%?=&+") != strlen(rest))
                return no(why, size, "is \"%s\": it holds characters that no address has", text);
        if (!check_host_and_port(rest, detail, sizeof detail))
                return no(why, size, "is \"%s\": it %s", text, detail);
        if (text[0] == 'm' && strchr(rest, '/'))
                return no(why, size,
                          "is \"%s\": only ws:// and wss:// may have a path: cut the / after the "
                          "host",
                          text);
        return true;
}

/* --- names and topics ----------------------------------------------------------------------------
 */

bool option_check_client_id(const char *text, char *why, size_t size) {
        if (strspn(text, ALNUM "_-") == strlen(text))
                return true;
        return no(why, size,
                  "is \"%s\": only letters, digits, _ and - are understood by every broker", text);
}

bool option_check_topic(const char *text, char *why, size_t size) {
        if (strpbrk(text, "+#"))
                return no(why, size, "is \"%s\": + and # are wildcards and cannot be in a topic",
                          text);
        if (text[0] == '/' || text[strlen(text) - 1] == '/' || strstr(text, "//"))
                return no(why, size, "is \"%s\": it must not begin or end with / or hold //", text);
        if (text[0] == '$')
                return no(why, size, "is \"%s\": topics that begin with $ belong to the broker",
                          text);
        return true;
}

/* --- lists ---------------------------------------------------------------------------------------
 */

const char *option_list_next(const char *at, size_t *ret_n) {
        at += strspn(at, LIST_SEPARATORS);
        *ret_n = strcspn(at, LIST_SEPARATORS);
        return *ret_n ? at : NULL;
}

bool option_key(const char *word, size_t n, uint8_t ret[OMRON_KEY_SIZE]) {
        char digits[2 * OMRON_KEY_SIZE + 1] = "";

        if (n == strlen("default") && strncmp(word, "default", n) == 0) {
                memcpy(ret, omron_community_key, OMRON_KEY_SIZE);
                return true;
        }
        if (n != sizeof digits - 1)
                return false;
        memcpy(digits, word, n);
        return store_key_parse(digits, ret) >= 0;
}

bool option_check_addresses(const char *text, char *why, size_t size) {
        size_t n;

        for (const char *at = text; (at = option_list_next(at, &n)); at += n) {
                char word[BDADDR_STRING_SIZE] = "";
                struct bdaddr address;

                if (n < sizeof word)
                        memcpy(word, at, n);
                if (bdaddr_from_string(word, &address) < 0)
                        return no(why, size,
                                  "holds \"%.*s\", which is no address: write it as "
                                  "\"AA:BB:CC:DD:EE:FF\", several with spaces between",
                                  (int) n, at);
        }
        return true;
}

bool option_check_keys(const char *text, char *why, size_t size) {
        uint8_t key[OMRON_KEY_SIZE];
        size_t n, which = 1;

        for (const char *at = text; (at = option_list_next(at, &n)); at += n, which++)
                if (!option_key(at, n, key))
                        return no(why, size,
                                  "holds something that is no key (word %zu): a key has 32 "
                                  "hexadecimal digits, or is \"default\"",
                                  which);
        return true;
}

/* --- characters ----------------------------------------------------------------------------------
 */

/* Bytes of the UTF-8 sequence at `s`; 0 when there is none. Overlong forms, surrogates and values
 * above U+10FFFF are none (RFC 3629). */
static size_t utf8_length(const unsigned char *s) {
        uint32_t c = s[0];
        size_t n = c < 0x80                ? 1
                   : c >= 0xC2 && c < 0xE0 ? 2
                   : c >= 0xE0 && c < 0xF0 ? 3
                   : c >= 0xF0 && c < 0xF5 ? 4
                                           : 0;

        if (n > 1)
                c &= 0x7Fu >> n;
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xC0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3Fu);
        }
        if ((n == 3 && (c < 0x800 || (c >= 0xD800 && c < 0xE000))) ||
            (n == 4 && (c < 0x10000 || c > 0x10FFFF)))
                return 0;
        return n;
}

bool option_check_characters(const char *text, char *why, size_t size) {
        const unsigned char *s = (const unsigned char *) text;

        while (*s) {
                size_t n = utf8_length(s);

                if (n == 0)
                        return no(why, size, "must be UTF-8: save the file in that encoding");
                if (n == 1 && (*s < 0x20 || *s == 0x7F))
                        return no(why, size,
                                  "must not hold control characters: take out tabs and line ends");
                s += n;
        }
        return true;
}
