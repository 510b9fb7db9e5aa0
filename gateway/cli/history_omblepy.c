/* The files of omblepy (userx14/omblepy, omblepy.py: appendCsv and readCsv): one for each user,
 * "datetime,dia,sys,bpm,mov,ihb", local time of the cuff "YYYY-MM-DD HH:MM:SS", mov and ihb as 0 or
 * 1, every field a number, and CR LF as Python's csv writes it. */
#include <string.h>

#include "cli/exit_code.h"
#include "cli/history.h"
#include "cli/history_omblepy.h"

void history_omblepy_head(FILE *out) {
        fputs("datetime,dia,sys,bpm,mov,ihb\r\n", out);
}

enum history_omblepy_gap history_omblepy_line(FILE *out, const struct store_measurement *m) {
        const struct measurement *v = &m->measurement;
        const struct date_time t = v->taken;

        if (!v->pulse_bpm.known)
                return HISTORY_OMBLEPY_NO_PULSE;
        if (!v->has_time || !m->clock_ok) /* when it arrived is no time that the cuff has */
                return HISTORY_OMBLEPY_NO_TIME;
        fprintf(out, "%04u-%02u-%02u %02u:%02u:%02u,%d,%d,%d,%d,%d\r\n", t.year, t.month, t.day,
                t.hour, t.minute, t.second > 59 ? 59u : t.second, v->diastolic_mmhg,
                v->systolic_mmhg, v->pulse_bpm.value,
                v->body_movement.known && v->body_movement.yes,
                v->irregular_heartbeat.known && v->irregular_heartbeat.yes);
        return HISTORY_OMBLEPY_NO_GAP;
}

struct writing {
        struct history *h;
        FILE *out;
        uint64_t n, left_out[HISTORY_OMBLEPY_GAPS];
        struct bdaddr cuff;
        uint8_t user;
        bool several;
};

static int look(void *owner, const struct store_measurement *m) {
        struct writing *w = owner;

        if (w->n++ == 0) {
                w->cuff = m->cuff;
                w->user = m->measurement.user;
        }
        w->several = !bdaddr_equal(&w->cuff, &m->cuff) || w->user != m->measurement.user;
        return w->several;
}

static int row(void *owner, const struct store_measurement *m) {
        struct writing *w = owner;

        w->left_out[history_omblepy_line(w->out, m)]++;
        return history_written(w->out);
}

static void tell_left_out(uint64_t n, const char *why) {
        if (n > 0)
                fprintf(stderr, "cuff2mqtt: left out: %llu %s\n", (unsigned long long) n, why);
}

int history_omblepy(struct history *h, FILE *out) {
        struct writing w = {.h = h, .out = out};
        int r = 0;

        if (!h->selection.who[0])
                r = history_read(h, look, &w);
        if (r < 0)
                return history_end(h, r);
        if (w.several) {
                fputs("cuff2mqtt: omblepy has a file for each user, and these are of several: add "
                      "--user, or --cuff and --user\n",
                      stderr);
                return EXIT_CODE_USAGE;
        }
        history_omblepy_head(out);
        r = history_read(h, row, &w);
        tell_left_out(w.left_out[HISTORY_OMBLEPY_NO_PULSE],
                      "without a pulse, which omblepy's files cannot say");
        tell_left_out(w.left_out[HISTORY_OMBLEPY_NO_TIME],
                      "without a time of the cuff (its clock was wrong), which omblepy's files "
                      "cannot say");
        return history_end(h, r);
}
