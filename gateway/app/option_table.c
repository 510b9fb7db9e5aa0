#include "app/option_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app/option_check.h"
#include "base/cleanup.h"
#include "mqtt/client.h"

static const char *const words_log_level[] = {"error", "warning", "info", "debug", NULL};
static const char *const words_system_clock[] = {"auto", "trusted", "untrusted", NULL};
static const char *const words_wake[] = {"auto-connect", "discovery", NULL};
static const char *const words_version[] = {"auto", "5", "3.1.1", NULL};
static const char *const words_category[] = {"acc_aha", "esc", "esh", NULL};

_Static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_DEBUG == 3, "words_log_level");
_Static_assert(CONFIG_CLOCK_AUTO == 0 && CONFIG_CLOCK_UNTRUSTED == 2, "words_system_clock");
_Static_assert(CONFIG_WAKE_AUTO_CONNECT == 0 && CONFIG_WAKE_DISCOVERY == 1, "words_wake");
_Static_assert(MQTT_VERSION_AUTO == 0 && MQTT_VERSION_3_1_1 == 2, "words_version");
_Static_assert(CATEGORY_ACC_AHA == 0 && CATEGORY_ESH == 2, "words_category");

#define AT(field) offsetof(struct config, field)

/* How each type of row begins; .field = value may follow. */
#define BOOL(path_, field, standard_)                                                              \
        .path = path_, .type = OPTION_BOOL, .offset = AT(field), .standard = standard_
#define INTEGER(path_, field, standard_, min_, max_)                                               \
        .path = path_, .type = OPTION_INTEGER, .offset = AT(field), .standard = standard_,         \
        .min = min_, .max = max_
#define SECONDS(path_, field, standard_, min_, max_)                                               \
        .path = path_, .type = OPTION_SECONDS, .offset = AT(field), .standard = standard_,         \
        .min = min_, .max = max_
#define WORD(path_, field, standard_, words_)                                                      \
        .path = path_, .type = OPTION_WORD, .offset = AT(field), .standard = standard_,            \
        .words = words_
#define TEXT(path_, field, standard_, min_, max_, check_)                                          \
        .path = path_, .type = OPTION_TEXT, .offset = AT(field), .standard = standard_,            \
        .min = min_, .max = max_, .check = check_
#define URLS(path_, field, standard_, check_)                                                      \
        .path = path_, .type = OPTION_URLS, .offset = AT(field), .standard = standard_,            \
        .check = check_

/* clang-format off */
const struct option option_table[] = {
        {TEXT("state_directory", state_directory, "", 0, 1024, option_check_absolute),
         .help = "Where the database lives; empty: systemd's, /var/lib/cuff2mqtt or ~/.local/state/cuff2mqtt."},
        {TEXT("time_zone", time_zone, "", 0, 64, option_check_time_zone),
         .help = "The zone the cuffs' clocks show, as \"Europe/Berlin\"; empty: the system's."},
        {WORD("log_level", log_level, "info", words_log_level), .runtime = true,
         .help = "How much is logged; values of people appear in debug only."},
        {TEXT("adapter", adapter, "", 0, 17, option_check_adapter),
         .help = "Address of the Bluetooth adapter, as \"AA:BB:CC:DD:EE:FF\"; empty: the first one."},
        {WORD("system_clock", system_clock, "auto", words_system_clock),
         .help = "Whether this machine's clock is right; auto: when it is synchronised."},

        {BOOL("bluetooth.power_on", bluetooth.power_on, "true"),
         .help = "Switch the adapter on when it is off."},
        {WORD("bluetooth.wake", bluetooth.wake, "auto-connect", words_wake),
         .help = "How a cuff is noticed: the kernel waits for it, or this service scans all the time."},
        {BOOL("bluetooth.set_clock", bluetooth.set_clock, "true"),
         .help = "Set a cuff's clock when it is unset or more than a minute wrong."},

        {BOOL("omron.memory", omron.memory, "true"),
         .help = "Read the memory of OMRON cuffs: all they keep, not only what they send."},
        {TEXT("omron.keys", omron.keys, "", 0, 512, option_check_keys), .is_secret = true,
         .help = "Keys other programs put into your cuffs; \"default\" is that of omblepy and hass-omron."},
        {TEXT("omron.no_listening", omron.no_listening, "", 0, 512, option_check_addresses),
         .help = "Addresses of cuffs of which only the memory is to be read."},
        {TEXT("omron.set_clock", omron.set_clock, "", 0, 512, option_check_addresses),
         .help = "Addresses of cuffs whose clock may be set by writing into their memory. Read docs/models.md first."},
        {TEXT("omron.clear_unread", omron.clear_unread, "", 0, 512, option_check_addresses),
         .help = ".. whose counters of unread measurements may be cleared: OMRON's app misses those then."},
        {TEXT("omron.registration", omron.registration, "", 0, 512, option_check_addresses),
         .help = ".. which may be told that they are registered, for those that lose the bond otherwise."},

        {URLS("mqtt.url", mqtt.url, "mqtt://localhost:1883", option_check_url),
         .help = "Broker(s), in order: mqtt(s):// ws(s)://; in the environment spaces or commas between."},
        {WORD("mqtt.version", mqtt.version, "auto", words_version),
         .help = "Version of MQTT; auto: 5, and 3.1.1 if the broker refuses 5."},
        {TEXT("mqtt.client_id", mqtt.client_id, "", 0, 64, option_check_client_id),
         .help = "Name shown to the broker; empty: one made once and kept in the database."},
        {TEXT("mqtt.user", mqtt.user, "", 0, 256, NULL),
         .help = "User name for the broker; empty: none."},
        {TEXT("mqtt.password", mqtt.password, "", 0, 1024, NULL), .is_secret = true,
         .help = "Password for the broker; better put it into mqtt.password_file."},
        {TEXT("mqtt.password_file", mqtt.password_file, "", 0, 1024, option_check_absolute),
         .help = "File whose only line is the password; empty: systemd's credential mqtt-password, or \"password\" beside this file."},
        {TEXT("mqtt.ca_file", mqtt.ca_file, "", 0, 1024, option_check_file),
         .help = "Certificates (PEM) the broker's must be signed by; empty: the system's."},
        {TEXT("mqtt.certificate_file", mqtt.certificate_file, "", 0, 1024, option_check_file),
         .help = "Our own certificate (PEM), if the broker asks for one."},
        {TEXT("mqtt.key_file", mqtt.key_file, "", 0, 1024, option_check_file),
         .help = "The private key of mqtt.certificate_file (PEM)."},
        {TEXT("mqtt.base_topic", mqtt.base_topic, "cuff2mqtt", 1, 128, option_check_topic),
         .help = "First part of every topic; a second gateway needs another one."},
        {BOOL("mqtt.history", mqtt.history, "true"),
         .help = "Answer the request history: measurements of the past go over MQTT when asked for."},
        {INTEGER("mqtt.keep_alive", mqtt.keep_alive_s, "60", 1, 65535),
         .help = "Seconds after which the broker notices that we are gone, and we that it acknowledges nothing."},
        {SECONDS("mqtt.backoff_min", mqtt.backoff_min_usec, "1", 0.01, 3600),
         .help = "Pause before the second try to reach a broker; then doubled each time .."},
        {SECONDS("mqtt.backoff_max", mqtt.backoff_max_usec, "60", 0.01, 86400),
         .help = ".. up to this."},

        {BOOL("homeassistant.discovery", homeassistant.discovery, "true"),
         .help = "Make the gateway, the cuffs and their users appear in Home Assistant."},
        {TEXT("homeassistant.discovery_prefix", homeassistant.discovery_prefix, "homeassistant", 1, 128, option_check_topic),
         .help = "As in the MQTT settings of Home Assistant."},
        {WORD("homeassistant.category", homeassistant.category, "acc_aha", words_category),
         .help = "Whose classes of pressures a user's sensor \"Category\" shows; see docs/categories.md."},
        {SECONDS("homeassistant.birth_delay_min", homeassistant.birth_delay_min_usec, "1", 0, 300),
         .help = "When Home Assistant starts, devices are announced again after a random time from here .."},
        {SECONDS("homeassistant.birth_delay_max", homeassistant.birth_delay_max_usec, "5", 0, 300),
         .help = ".. to here, so that not all services speak at once."},

        {SECONDS("timing.connecting", timing.session.connecting_usec, "15", 0.01, 600),
         .help = "Longest wait for a connection."},
        {SECONDS("timing.resolving", timing.session.resolving_usec, "30", 0.01, 600),
         .help = "Longest wait for the cuff's list of services."},
        {SECONDS("timing.pairing", timing.session.pairing_usec, "60", 0.01, 600),
         .help = "Longest wait for one pairing."},
        {SECONDS("timing.subscribing", timing.session.subscribing_usec, "15", 0.01, 600),
         .help = "Longest wait for a subscription."},
        {SECONDS("timing.collecting", timing.session.collecting_usec, "180", 0.01, 3600),
         .help = "Longest time a cuff may take to deliver its measurements."},
        {SECONDS("timing.lingering", timing.session.lingering_usec, "5", 0.01, 600),
         .help = "How long a cuff that has delivered all may take to hang up by itself."},
        {SECONDS("timing.disconnecting", timing.session.disconnecting_usec, "10", 0.01, 600),
         .help = "Longest wait for the end of a connection."},
        {SECONDS("timing.cooldown", timing.session.cooldown_usec, "60", 0.01, 86400),
         .help = "Rest after a good session: a cuff goes on advertising for a while."},
        {SECONDS("timing.backoff_min", timing.session.backoff_min_usec, "5", 0.01, 3600),
         .help = "Rest after a failed session; doubled with each failure in a row .."},
        {SECONDS("timing.backoff_max", timing.session.backoff_max_usec, "300", 0.01, 86400),
         .help = ".. up to this."},
        {SECONDS("timing.listen", timing.driver.listen_usec, "1.5", 0, 60),
         .help = "How long a cuff is listened to before its memory is read."},
        {SECONDS("timing.settle", timing.driver.settle_usec, "0.75", 0, 60),
         .help = "Pause between subscribing to a cuff's memory and opening it."},
        {SECONDS("timing.reply", timing.driver.reply_usec, "3", 0.01, 60),
         .help = "Longest wait for an answer of the memory; it is asked four times."},
        {SECONDS("timing.unlock", timing.driver.unlock_usec, "5", 0.01, 60),
         .help = "Longest wait for the answer to the key."},
        {SECONDS("timing.token", timing.driver.token_usec, "2", 0.01, 60),
         .help = ".. to the token; cuffs without one are silent."},
        {SECONDS("timing.program", timing.driver.program_usec, "1", 0.01, 60),
         .help = "Pause between two of ten tries to put a key into a cuff."},
        {SECONDS("timing.pairing_window", timing.pairing_window_usec, "120", 0.01, 600),
         .help = "How long pairing stays open when the request does not say."},
        {SECONDS("timing.pairing_retry", timing.pairing_retry_usec, "5", 0.01, 600),
         .help = "Pause between two tries inside that time."},
        {SECONDS("timing.health", timing.health_usec, "300", 0.01, 86400),
         .help = "How often bridge/health is published."},
        {SECONDS("timing.stop", timing.stop_usec, "5", 0.01, 20),
         .help = "How long a stop waits for a cuff that is being read."},
        {SECONDS("timing.wish", timing.wish_usec, "120", 0.01, 3600),
         .help = "How long what was asked of a sleeping cuff is kept: reading it, setting its clock."},
        {SECONDS("timing.tail", timing.tail_usec, "5", 0.01, 600),
         .help = "An advertisement this soon after a session still belongs to it."},
};
/* clang-format on */

const size_t option_count = ELEMENTS(option_table);

_Static_assert(ELEMENTS(option_table) <= OPTION_MAX, "raise OPTION_MAX");

const struct option *option_find(const char *path) {
        for (size_t i = 0; i < option_count; i++)
                if (strcmp(option_table[i].path, path) == 0)
                        return &option_table[i];
        return NULL;
}

size_t option_index(const struct option *o) {
        return (size_t) (o - option_table);
}

bool option_is_group(const char *path) {
        size_t n = strlen(path);

        for (size_t i = 0; i < option_count; i++)
                if (strncmp(option_table[i].path, path, n) == 0 && option_table[i].path[n] == '.')
                        return true;
        return false;
}

void option_environment_name(const struct option *o, char ret[OPTION_WHY_SIZE]) {
        snprintf(ret, OPTION_WHY_SIZE, "CUFF2MQTT_%s", o->path);
        for (char *c = ret; *c; c++)
                *c = *c == '.' ? '_' : (char) toupper((unsigned char) *c);
}
