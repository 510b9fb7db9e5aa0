/* A report that strangers may read. The parts leave names out already (doctor_name,
 * doctor_address); here every text is looked through once more, because an error of the system or
 * of a library may quote what it was given. */
#include "cli/doctor.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "version.h"

#define SECRETS_MAX 32
#define ROOT_HOME                                                                                  \
        "/root"                                                                                    \
        "/"
#define ADDRESS   17 /* "28:FF:B2:05:91:BE" */
#define DEVICE_ID 12 /* "28ffb20591be" */

struct secrets {
        char *word[SECRETS_MAX]; /* owned */
        size_t n;
};

/* --- words that name somebody --- */

/* `n` bytes of it; not what everybody's texts have. */
static void add(struct secrets *s, const char *word, size_t n) {
        static const char *const common[] = {"cuff2mqtt", "root", "localhost", "127.0.0.1",
                                             "bluetooth", "homeassistant", "mqtt",
                                             /* what a Raspberry Pi comes with */
                                             "pi", "raspberrypi"};

        if (!word || n == 0 || s->n == SECRETS_MAX)
                return;
        for (size_t i = 0; i < ELEMENTS(common); i++)
                if (strlen(common[i]) == n && strncasecmp(common[i], word, n) == 0)
                        return;
        s->word[s->n] = strndup(word, n);
        s->n += s->word[s->n] != NULL;
}

static void add_text(struct secrets *s, const char *text) {
        add(s, text, text ? strlen(text) : 0);
}

/* "mqtt://user@host:1883/path": the host; and what stands before an @. */
static void add_url(struct secrets *s, const char *url) {
        const char *host = strstr(url, "://"), *at;

        host = host ? host + 3 : url;
        at = memchr(host, '@', strcspn(host, "/"));
        if (at) {
                add(s, host, strcspn(host, ":@"));
                host = at + 1;
        }
        if (host[0] == '[')
                add(s, host + 1, strcspn(host + 1, "]"));
        else
                add(s, host, strcspn(host, ":/"));
}

static void add_host_and_user(struct secrets *s) {
        static const char *const variables[] = {"USER", "LOGNAME", "SUDO_USER", "HOSTNAME"};
        const struct passwd *user = getpwuid(getuid());
        char host[256] = "";

        gethostname(host, sizeof host - 1);
        add_text(s, host);
        add(s, host, strcspn(host, "."));
        add_text(s, user ? user->pw_name : NULL);
        for (size_t i = 0; i < ELEMENTS(variables); i++)
                add_text(s, getenv(variables[i]));
}

static void collect(struct secrets *s, const struct doctor *d) {
        const struct config *c = d->config;

        add_text(s, d->config_path);
        if (c) {
                for (size_t i = 0; i < c->mqtt.n_urls; i++)
                        add_url(s, c->mqtt.url[i]);
                add_text(s, c->mqtt.password);
                add_text(s, c->mqtt.user);
                add_text(s, c->mqtt.client_id);
                add_text(s, c->mqtt.base_topic);
                add_text(s, c->homeassistant.discovery_prefix);
        }
        add_host_and_user(s);
}

/* --- what to leave out at one place of a text: how many bytes, and what stands there instead ---
 */

static bool is_word(char c) {
        return isalnum((unsigned char) c) || c == '_';
}

/* A whole word of the list. */
static size_t find_secret(const char *at, const struct secrets *s) {
        size_t longest = 0;

        for (size_t i = 0; i < s->n; i++) {
                size_t n = strlen(s->word[i]);

                if (n > longest && strncasecmp(at, s->word[i], n) == 0 &&
                    !(is_word(s->word[i][n - 1]) && is_word(at[n])))
                        longest = n;
        }
        return longest;
}

/* A file in somebody's home. */
static size_t find_home(const char *at) {
        static const char *const homes[] = {"/home/", ROOT_HOME, "/Users/"};

        for (size_t i = 0; i < ELEMENTS(homes); i++)
                if (strncmp(at, homes[i], strlen(homes[i])) == 0)
                        return strcspn(at, " \"'`,;:()");
        return 0;
}

/* An address with separators (path of D-Bus: underscores), or a cuff's id: 12 digits. */
static size_t find_address(const char *at) {
        size_t n = strspn(at, "0123456789abcdefABCDEF");

        if (n == DEVICE_ID && !is_word(at[n]))
                return n;
        for (n = 0; n < ADDRESS; n++)
                if (n % 3 == 2 ? at[n] != at[2] || !strchr(":_-", at[n] ? at[n] : 'x')
                               : !isxdigit((unsigned char) at[n]))
                        return 0;
        return isxdigit((unsigned char) at[n]) ? 0 : n;
}

static size_t hide(FILE *f, const char *at, bool begins, const struct secrets *s) {
        size_t n;

        if ((n = find_home(at)) > 0 || (begins && (n = find_secret(at, s)) > 0)) {
                fputs("(name)", f);
        } else if (begins && (n = find_address(at)) == ADDRESS) {
                fprintf(f, "%.8s%c..%c..%c..", at, at[2], at[2], at[2]);
        } else if (begins && n == DEVICE_ID) {
                fprintf(f, "%.6s......", at);
        }
        return n;
}

/* As a cell of a table. */
static void print_cell(FILE *f, const char *text, const struct secrets *s) {
        bool begins = true;
        size_t n;

        for (const char *c = text ? text : ""; *c; c += n) {
                n = hide(f, c, begins, s);
                if (n == 0) {
                        fprintf(f, "%s%c", strchr("|<\\", *c) ? "\\" : "", *c);
                        n = 1;
                }
                begins = !isalnum((unsigned char) c[n - 1]);
        }
}

/* --- the report --- */

/* The first "5.66" in what was found about it. */
static void print_bluez_version(FILE *f, const char *text) {
        unsigned major, minor;

        for (const char *c = text ? text : ""; *c; c++)
                if (sscanf(c, "%3u.%3u", &major, &minor) == 2) {
                        fprintf(f, "- BlueZ %u.%u\n", major, minor);
                        return;
                }
        fputs("- BlueZ: not known\n", f);
}

void doctor_report(FILE *f, const struct doctor *d) {
        struct secrets secrets = {0};
        char release[128] = "";

        collect(&secrets, d);
        doctor_read(d, "/proc/sys/kernel/osrelease", release, sizeof release);
        fputs("### cuff2mqtt doctor\n\n- cuff2mqtt " CUFF2MQTT_VERSION "\n- Linux ", f);
        print_cell(f, release[0] ? release : "(not known)", &secrets);
        fputc('\n', f);
        print_bluez_version(f, d->finding[DOCTOR_BLUETOOTHD].text);
        fprintf(f, "- problems: %u, warnings: %u\n\n", doctor_count(d, DOCTOR_PROBLEM),
                doctor_count(d, DOCTOR_WARNING));
        fputs("| check | status | what was found | what helps |\n|---|---|---|---|\n", f);
        for (size_t i = 0; i < DOCTOR_CHECK_MAX_; i++) {
                fprintf(f, "| %s | %s | ", doctor_checks[i].slug,
                        doctor_status_to_string(d->finding[i].status));
                print_cell(f, d->finding[i].text, &secrets);
                fputs(" | ", f);
                print_cell(f, d->finding[i].remedy, &secrets);
                fputs(" |\n", f);
        }
        for (size_t i = 0; i < secrets.n; i++)
                free(secrets.word[i]);
}
