#include "app/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"

struct view { /* one cuff as the message room wants it; points into itself */
        struct message_cuff cuff;
        struct store_user *users;
        struct message_user *message_users;
        char paired_at[WALL_CLOCK_TEXT_SIZE], last_sync[WALL_CLOCK_TEXT_SIZE];
};

static void view_done(struct view *v) {
        free(v->users);
        free(v->message_users);
}

/* The users' texts must outlive the view. */
static int view_of(struct view *v, const struct cuff *cuff, const struct store_user *users,
                   size_t n) {
        const struct store_cuff *r = &cuff->record;

        v->message_users = calloc(n ? n : 1, sizeof *v->message_users);
        if (!v->message_users)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                v->message_users[i] =
                        (struct message_user){users[i].user, users[i].name, users[i].person};
        if (r->paired_at)
                wall_clock_format_local(r->paired_at, v->paired_at);
        if (r->last_sync)
                wall_clock_format_local(r->last_sync, v->last_sync);
        v->cuff = (struct message_cuff){
                .address = r->address,
                .name = cuff_name(cuff),
                .model = r->model,
                .model_id = r->memory_model,
                .firmware = r->firmware,
                .hardware = r->hardware,
                .serial = r->serial,
                .manufacturer = r->manufacturer,
                .paired_at = r->paired_at ? v->paired_at : NULL,
                .last_sync = r->last_sync ? v->last_sync : NULL,
                .bonded =
                        !r->bond_lost && (!cuff->device || bluez_device_info(cuff->device)->bonded),
                .users = v->message_users,
                .n_users = n,
        };
        return 0;
}

static int view_init(struct view *v, struct store *store, const struct cuff *cuff) {
        size_t n = 0;
        int r;

        *v = (struct view){0};
        r = store_users_list(store, &cuff->record.address, &v->users, &n);
        return r < 0 ? r : view_of(v, cuff, v->users, n);
}

/* Without a good clock a measurement seems to be from when it came: not fresh for that. */
static bool is_backlog(const struct store_measurement *m) {
        return (m->behind && !m->clock_ok) || m->measured_at < wall_clock_now() - RENDER_BACKLOG_S;
}

char *render_measurement(struct store *store, const struct store_measurement *m, bool is_event) {
        char measured_at[WALL_CLOCK_TEXT_SIZE], received_at[WALL_CLOCK_TEXT_SIZE];
        struct store_user *users = NULL;
        const char *name = NULL;
        size_t n = 0;
        char *payload;

        if (store_users_list(store, &m->cuff, &users, &n) < 0)
                n = 0;
        for (size_t i = 0; i < n; i++)
                if (users[i].user == m->measurement.user && users[i].name[0])
                        name = users[i].name;
        wall_clock_format_local(m->measured_at, measured_at);
        wall_clock_format_utc(m->received_at, received_at);
        payload = message_measurement(&(struct message_measurement){
                .cuff = m->cuff,
                .measurement = &m->measurement,
                .id = m->id,
                .user_name = name,
                .measured_at = measured_at,
                .received_at = received_at,
                .clock_ok = m->clock_ok,
                .is_event = is_event,
                .backlog = is_backlog(m),
        });
        free(users);
        return payload;
}

char *render_cuff_state(struct store *store, const struct cuff *cuff) {
        const struct store_cuff *r = &cuff->record;
        char last_seen[WALL_CLOCK_TEXT_SIZE], last_sync[WALL_CLOCK_TEXT_SIZE];
        uint8_t users[16];
        int n = store_measurements_users(store, &r->address, users, sizeof users);

        if (r->last_seen)
                wall_clock_format_local(r->last_seen, last_seen);
        if (r->last_sync)
                wall_clock_format_local(r->last_sync, last_sync);
        return message_cuff_state(&(struct message_cuff_state){
                .battery_percent = r->battery_percent,
                .rssi_dbm = {.known = cuff->has_rssi, .value = cuff->has_rssi ? cuff->rssi : 0},
                .clock_drift_s = r->clock_drift_s,
                .unread = r->unread,
                .last_seen = r->last_seen ? last_seen : NULL,
                .last_sync = r->last_sync ? last_sync : NULL,
                .sync_state = cuff_sync_state(cuff),
                .sync_error = cuff->trouble[0] ? cuff->trouble : NULL,
                .users = users,
                .n_users = n > 0 ? (size_t) n : 0,
        });
}

/* Those of one cuff among all. */
static const struct store_user *users_of(const struct bdaddr *cuff, const struct store_user *all,
                                         size_t n_all, size_t *ret_n) {
        size_t first = 0, n = 0;

        while (first < n_all && !bdaddr_equal(&all[first].cuff, cuff))
                first++;
        while (first + n < n_all && bdaddr_equal(&all[first + n].cuff, cuff))
                n++;
        *ret_n = n;
        return all ? all + first : NULL;
}

/* One query for all users: a gateway may have many cuffs, and this is said after each session. */
char *render_devices(struct store *store, const struct collector *c) {
        struct view *views = calloc(c->n_cuffs + 1, sizeof *views);
        struct message_cuff *cuffs = calloc(c->n_cuffs + 1, sizeof *cuffs);
        _cleanup_(freep) struct store_user *all = NULL;
        size_t n = 0, n_all = 0, n_users;
        char *payload = NULL;
        bool readable = store_users_list(store, NULL, &all, &n_all) >= 0;

        for (size_t i = 0; views && cuffs && readable && i < c->n_cuffs; i++) {
                const struct cuff *cuff = c->cuffs[i];
                const struct store_user *users =
                        users_of(&cuff->record.address, all, n_all, &n_users);

                if (cuff->stored && view_of(&views[n], cuff, users, n_users) >= 0) {
                        cuffs[n] = views[n].cuff;
                        n++;
                }
        }
        if (views && cuffs)
                payload = message_devices(cuffs, n);
        for (size_t i = 0; i < n; i++)
                view_done(&views[i]);
        free(views);
        free(cuffs);
        return payload;
}

char *render_users(struct store *store, const struct cuff *cuff) {
        _cleanup_(view_done) struct view v;

        return view_init(&v, store, cuff) < 0 ? NULL : message_users(&v.cuff);
}

char *render_cuff_discovery(struct store *store, const struct homeassistant_context *ha,
                            const struct cuff *cuff) {
        _cleanup_(view_done) struct view v;

        return view_init(&v, store, cuff) < 0 ? NULL : homeassistant_cuff(ha, &v.cuff);
}

char *render_user_discovery(struct store *store, const struct homeassistant_context *ha,
                            const struct cuff *cuff, uint8_t user) {
        _cleanup_(view_done) struct view v;

        if (view_init(&v, store, cuff) < 0)
                return NULL;
        for (size_t i = 0; i < v.cuff.n_users; i++)
                if (v.cuff.users[i].user == user)
                        return homeassistant_user(ha, &v.cuff, &v.cuff.users[i]);
        return NULL;
}
