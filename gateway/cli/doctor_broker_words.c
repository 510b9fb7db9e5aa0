#include "cli/doctor_broker_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define DEFAULT_BASE   "cuff2mqtt"
#define DEFAULT_PREFIX "homeassistant"

/* A topic of one's own choice may name a person. */
static const char *shown(const struct doctor *d, const char *topic, const char *usual,
                         const char *instead) {
        return d->report && strcmp(topic, usual) != 0 ? instead : topic;
}

int broker_words_init(struct broker_words *w, const struct doctor *d) {
        const struct config *c = d->config;
        int r = 0;

        *w = (struct broker_words){.d = d};
        w->base = shown(d, c->mqtt.base_topic, DEFAULT_BASE, "(base_topic)");
        w->prefix =
                shown(d, c->homeassistant.discovery_prefix, DEFAULT_PREFIX, "(discovery_prefix)");
        for (size_t i = 0; i < c->mqtt.n_urls && r >= 0; i++)
                r = mqtt_url_parse(c->mqtt.url[i], &w->url[i]);
        return r;
}

void broker_words_done(struct broker_words *w) {
        for (size_t i = 0; i < CONFIG_URLS_MAX; i++)
                mqtt_url_done(&w->url[i]);
}

static const char *words_url(struct broker_words *w, size_t i) {
        if (!w->d->report)
                return w->url[i].text;
        snprintf(w->broker, sizeof w->broker, "broker %zu", i + 1);
        return w->broker;
}

/* All places. `*text` becomes NULL when there is no memory. */
static void replace(char **text, const char *what, const char *with) {
        size_t n = what ? strlen(what) : 0;
        char *at;

        for (size_t from = 0; n > 0 && *text && (at = strstr(*text + from, what));) {
                char *longer = NULL;

                if (asprintf(&longer, "%.*s%s%s", (int) (at - *text), *text, with, at + n) < 0)
                        longer = NULL;
                from = (size_t) (at - *text) + strlen(with);
                free(*text);
                *text = longer;
        }
}

static void replace_quoted(char **text, const char *what, const char *with) {
        _cleanup_(freep) char *quoted = NULL;

        if (what && asprintf(&quoted, "\"%s\"", what) < 0)
                quoted = NULL;
        replace(text, quoted, with);
}

static char *for_strangers(struct broker_words *w, char *text) {
        const struct config *c = w->d->config;

        for (size_t i = 0; w->d->report && i < c->mqtt.n_urls; i++) {
                replace(&text, w->url[i].text, words_url(w, i));
                replace_quoted(&text, w->url[i].host, "(host)");
        }
        if (w->d->report)
                replace_quoted(&text, c->mqtt.user, "(user)");
        return text;
}

/* The last ": " stands before the remedy: "mqtt://host refuses the connection: is it running?" */
static const char *remedy_in(const char *sentence) {
        const char *found = NULL;

        for (const char *at = sentence; (at = strstr(at, ": ")); at += 2)
                found = at + 2;
        return found;
}

static char *words_text(struct broker_words *w, const char *sentence) {
        const char *remedy = sentence ? remedy_in(sentence) : NULL;
        char *text = !sentence ? NULL
                     : remedy  ? strndup(sentence, (size_t) (remedy - sentence) - 2)
                               : strdup(sentence);

        return text ? for_strangers(w, text) : NULL;
}

/* A sentence that ends as one; once, if several brokers have the same. */
static void add_remedy(char **all, const char *remedy) {
        size_t n = strlen(remedy);
        char *longer = NULL;

        if (strstr(*all ? *all : "", remedy + 1))
                return;
        if (asprintf(&longer, "%s%s%c%s%s", *all ? *all : "", *all ? " " : "",
                     toupper((unsigned char) remedy[0]), remedy + 1,
                     n > 0 && strchr(".?", remedy[n - 1]) ? "" : ".") < 0)
                return;
        free(*all);
        *all = longer;
}

static void add_text(char **all, const char *text) {
        char *longer = NULL;

        if (!text || asprintf(&longer, "%s%s%s", *all ? *all : "", *all ? "; " : "", text) < 0)
                return;
        free(*all);
        *all = longer;
}

static void words_failed(struct broker_words *w, char *const *lost, size_t n_lost, size_t n,
                         unsigned seconds, char **ret_text, char **ret_remedy) {
        char *text = NULL, *remedy = NULL;

        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *one = NULL;
                const char *what;

                if (i < n_lost) {
                        one = words_text(w, lost[i]);
                        what = remedy_in(lost[i]);
                        if (!what)
                                what = "check mqtt.url, whether the broker runs, and for which "
                                       "name "
                                       "its certificate is";
                } else {
                        if (asprintf(&one,
                                     i == n_lost ? "%s does not answer within %u s"
                                                 : "%s was not asked, as %u s were over",
                                     words_url(w, i), seconds) < 0)
                                one = NULL;
                        what = "is there an MQTT broker, does its name lead there, does a firewall "
                               "let us through, and is it mqtt:// or mqtts:// on this port?";
                }
                add_text(&text, one);
                add_remedy(&remedy, what);
        }
        *ret_text = text;
        *ret_remedy = remedy ? for_strangers(w, remedy) : NULL;
}

static char *words_access(const struct broker_words *w) {
        char *remedy;

        return asprintf(
                       &remedy,
                       "Allow it to our user in the broker's access list. For mosquitto (acl_file, "
                       "below its `user` line): `topic readwrite %s/#`, `topic write %s/#`, "
                       "`topic read %s/status`.",
                       w->base, w->prefix, w->prefix) < 0
                       ? NULL
                       : remedy;
}

static char *words_compare(const struct broker_words *w) {
        char *remedy;

        return asprintf(&remedy,
                        "homeassistant.discovery_prefix (%s) must be the discovery prefix of Home "
                        "Assistant's MQTT integration: compare them. It may be right all the same: "
                        "Home Assistant leaves word on %s/status only if its birth message is set "
                        "to be retained, and we hear it only if the broker's access list has "
                        "`topic read %s/status`.",
                        w->prefix, w->prefix, w->prefix) < 0
                       ? NULL
                       : remedy;
}

/* ---- what it means ---- */

void broker_find_topics(struct broker_probe *p) {
        _cleanup_(freep) char *remedy = words_access(&p->words);
        _cleanup_(freep) char *refused = words_text(&p->words, p->refused);
        _cleanup_(freep) char *discovery = words_text(&p->words, p->discovery_refused);
        const char *base = p->words.base, *prefix = p->words.prefix;
        enum broker_topic lost = p->refused                    ? p->refused_at
                                 : broker_passes(p, TOPIC_OWN) ? TOPIC_CUFF
                                                               : TOPIC_OWN;
        const char *where = lost == TOPIC_OWN ? "bridge/" : "device/";

        if (p->refused && lost != TOPIC_MAX_)
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_PROBLEM, remedy, "%s below %s/%s", refused,
                             base, where);
        else if (p->refused)
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_PROBLEM, remedy, "%s", refused);
        else if (!broker_passes(p, lost) && p->version == 5 && p->taken[lost])
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_WARNING, remedy,
                             "the broker takes what we publish and does not let us read %s/%s; "
                             "that is enough if it lets us read %s/bridge/request/#",
                             base, where, base);
        else if (!broker_passes(p, lost))
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_PROBLEM, remedy,
                             "what we publish below %s/%s does not come back within %d s: the "
                             "broker does not let us write there, or not read",
                             base, where, BROKER_PATIENCE_S);
        else if (p->discovery_refused)
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_WARNING, remedy,
                             "%s below %s/device/: Home Assistant will not hear of the cuffs",
                             discovery, prefix);
        else
                doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_OK, NULL,
                             "we may publish and subscribe below %s/; %s%s", base,
                             p->gateway[0] ? "the gateway says " : "no gateway has been there yet",
                             p->gateway);
}

void broker_find_discovery(struct broker_probe *p) {
        _cleanup_(freep) char *access = words_access(&p->words);
        _cleanup_(freep) char *compare = words_compare(&p->words);
        const char *prefix = p->words.prefix;

        switch (p->heard) {
        case HEARD_ONLINE:
                doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_OK, NULL,
                             "Home Assistant says online on %s/status", prefix);
                break;
        case HEARD_OTHERS:
                doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_OK, NULL,
                             "Home Assistant or another program uses the prefix %s", prefix);
                break;
        case HEARD_OFFLINE:
                doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_WARNING,
                             "Start Home Assistant, or look at its MQTT integration.",
                             "Home Assistant says offline on %s/status", prefix);
                break;
        case HEARD_OURSELVES:
        case HEARD_NOTHING:
                if (p->configs_refused)
                        doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_SKIPPED, access,
                                     "the broker does not let us look below %s/", prefix);
                else
                        doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_WARNING, compare,
                                     "%s is heard below %s/",
                                     p->heard == HEARD_OURSELVES ? "nobody but the gateway"
                                                                 : "nobody",
                                     prefix);
                break;
        }
}

void broker_find_none(struct broker_probe *p) {
        _cleanup_(freep) char *text = NULL, *remedy = NULL;

        words_failed(&p->words, p->lost, p->n_lost, p->d->config->mqtt.n_urls, BROKER_CONNECT_S,
                     &text, &remedy);
        doctor_found(p->d, DOCTOR_BROKER, DOCTOR_PROBLEM, remedy, "%s",
                     text ? text : "not reached");
        doctor_found(p->d, DOCTOR_TOPICS, DOCTOR_SKIPPED, "First the broker.", "no broker to ask");
        if (p->discovery)
                doctor_found(p->d, DOCTOR_DISCOVERY, DOCTOR_SKIPPED, "First the broker.",
                             "no broker to ask");
}

void broker_find_it(struct broker_probe *p) {
        _cleanup_(freep) char *text = NULL, *remedy = NULL;
        const char *shown, *version = p->version == 5 ? "5" : "3.1.1";

        words_failed(&p->words, p->lost, p->n_lost, p->n_lost, BROKER_CONNECT_S, &text, &remedy);
        shown = words_url(&p->words, p->n_lost);
        if (text)
                doctor_found(p->d, DOCTOR_BROKER, DOCTOR_WARNING, remedy,
                             "%s lets us in with MQTT %s, but %s", shown, version, text);
        else
                doctor_found(p->d, DOCTOR_BROKER, DOCTOR_OK, NULL, "%s lets us in with MQTT %s",
                             shown, version);
}
