/* Measurements from the database, a page at a time. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cuff.h"
#include "app/render.h"
#include "app/requests.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "store/history.h"

#define LIMIT_DEFAULT 50

struct page {
        struct store *store;
        FILE *f; /* of the records' JSON */
        size_t n, limit;
        struct store_history_cursor last;
        bool more;
};

/* One more than is told shows that there are more. */
static int on_row(void *owner, const struct store_measurement *m,
                  const struct store_history_cursor *here) {
        struct page *page = owner;
        _cleanup_(freep) char *text = NULL;

        if (page->n == page->limit) {
                page->more = true;
                return 1;
        }
        text = render_measurement(page->store, m, /* is_event= */ false);
        if (!text)
                return -ENOMEM;
        fprintf(page->f, "%s%s", page->n++ ? "," : "", text);
        page->last = *here;
        return 0;
}

static char *read_page(struct bridge *b, struct store_history_filter *filter, int *ret_error) {
        struct page page = {.store = b->store, .limit = filter->limit};
        _cleanup_(freep) char *records = NULL;
        char next[64] = "null", *data = NULL;
        size_t size;
        int r;

        page.f = open_memstream(&records, &size);
        if (!page.f)
                return NULL;
        filter->limit++;
        r = store_history_read(b->store, filter, on_row, &page);
        if (fclose(page.f) != 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0) {
                *ret_error = r;
                return NULL;
        }
        if (page.more)
                snprintf(next, sizeof next, "\"%" PRId64 ".%" PRId64 "\"", page.last.measured_at,
                         page.last.arrival);
        return asprintf(&data, "{\"records\":[%s],\"next\":%s}", records, next) < 0 ? NULL : data;
}

static bool take_cursor(const char *text, struct store_history_cursor *ret) {
        int end = 0;

        ret->set = true;
        return sscanf(text, "%" SCNd64 ".%" SCNd64 "%n", &ret->measured_at, &ret->arrival, &end) ==
                       2 &&
               text[end] == '\0';
}

static bool take_user(const char *text, int *ret) {
        if (strcmp(text, "unknown") == 0) {
                *ret = MEASUREMENT_USER_UNKNOWN;
                return true;
        }
        *ret = text[0] >= '1' && text[0] <= '9' && text[1] == '\0' ? text[0] - '0' : 0;
        return *ret > 0;
}

static struct reply refuse(const char *name, const char *wanted) {
        return requests_refuse(REQUEST_BAD_REQUEST, "\"%s\" must be %s", name, wanted);
}

struct reply requests_history(struct bridge *b, const struct request *request) {
        static const char time_wanted[] = "a day, as \"2026-11-22\", or a time, as "
                                          "\"2026-11-22T18:00:00\", with or without an offset";
        const struct request_value *v = request->value;
        struct store_history_filter filter = {
                .user = STORE_HISTORY_ANY_USER,
                .from_s = INT64_MIN,
                .to_s = INT64_MAX,
                .newest_first = true,
                .limit = v[HISTORY_LIMIT].present ? (size_t) v[HISTORY_LIMIT].integer
                                                  : LIMIT_DEFAULT,
        };
        struct reply reply;
        struct cuff *cuff = requests_cuff(b, v[DEVICE].text, &reply);
        int64_t end; /* of a day as `from` or `to`: not of interest */
        char *data;
        int error = -ENOMEM;

        if (!b->config->mqtt.history)
                return requests_refuse(REQUEST_UNSUPPORTED,
                                       "The option mqtt.history is off: measurements of the past "
                                       "are not told over MQTT");
        if (!cuff)
                return reply;
        filter.cuff = &cuff->record.address;
        if (v[HISTORY_USER].present && !take_user(v[HISTORY_USER].text, &filter.user))
                return refuse("user", "\"1\" to \"9\" or \"unknown\"");
        if (v[HISTORY_FROM].present &&
            wall_clock_parse(v[HISTORY_FROM].text, &filter.from_s, &end) < 0)
                return refuse("from", time_wanted);
        if (v[HISTORY_TO].present && wall_clock_parse(v[HISTORY_TO].text, &filter.to_s, &end) < 0)
                return refuse("to", time_wanted);
        if (v[HISTORY_CURSOR].present && !take_cursor(v[HISTORY_CURSOR].text, &filter.after))
                return refuse("cursor", "what the answer before had as \"next\"");
        data = read_page(b, &filter, &error);
        return data ? requests_ok(data)
                    : requests_refuse(REQUEST_INTERNAL, "The database could not be read: %s",
                                      strerror(-error));
}
