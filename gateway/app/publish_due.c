/* What is due: marked here, sent by publish.c. */
#include "app/publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/cuff.h"
#include "base/cleanup.h"

#define LOG_COMPONENT "mqtt"
#include "base/log.h"

#define META_ANNOUNCED "discovery.announced"

struct publisher_cuff *publisher_find(struct publisher *p, const struct bdaddr *address) {
        for (size_t i = 0; i < p->n_cuffs; i++)
                if (bdaddr_equal(&p->cuffs[i].address, address))
                        return &p->cuffs[i];
        return NULL;
}

static void add_user(struct publisher_cuff *mine, uint8_t user) {
        for (size_t i = 0; i < mine->n_users; i++)
                if (mine->users[i].user == user)
                        return;
        if (mine->n_users < PUBLISHER_USERS_MAX)
                mine->users[mine->n_users++] = (struct publisher_user){.user = user};
        else
                log_warning("A cuff has more than %d users; user %u is on the event topic only",
                            PUBLISHER_USERS_MAX, user);
}

bool publisher_is_discovery_due(const struct publisher *p) {
        _cleanup_(freep) char *word = NULL;

        return p->config->homeassistant.discovery ||
               (p->store && store_meta_get(p->store, META_ANNOUNCED, &word) >= 0);
}

void publisher_remember_announced(struct publisher *p) {
        _cleanup_(freep) char *word = NULL;

        if (store_meta_get(p->store, META_ANNOUNCED, &word) == -ENODATA)
                store_meta_set(p->store, META_ANNOUNCED, "yes"); /* or at the next connection */
}

void publisher_cuff_due(struct publisher *p, const struct cuff *cuff) {
        bool discovery = publisher_is_discovery_due(p);
        uint8_t users[PUBLISHER_USERS_MAX + 1];
        struct publisher_cuff *mine;
        int n;

        if (!cuff || !cuff->stored || !p->store)
                return;
        mine = publisher_find(p, &cuff->record.address);
        if (!mine) {
                mine = &p->cuffs[p->n_cuffs++];
                *mine = (struct publisher_cuff){.address = cuff->record.address};
        }
        n = store_measurements_users(p->store, &mine->address, users, sizeof users);
        if (n < 0)
                publisher_failed(p);
        for (int u = 0; u < n; u++)
                add_user(mine, users[u]);
        mine->discovery_due = discovery;
        mine->state_due = p->devices_due = true;
        for (size_t u = 0; u < mine->n_users; u++) {
                mine->users[u].discovery_due = discovery;
                mine->users[u].measurement_due = true;
        }
}

void publisher_list_removed(struct publisher *p) {
        if (!p->removed_due)
                return;
        p->removed_due = false;
        free(p->removed.cuff);
        memset(&p->removed, 0, sizeof p->removed);
        if (store_removed_list(p->store, &p->removed.cuff, &p->removed.n) < 0)
                publisher_failed(p);
}

void publisher_list_persons(struct publisher *p) {
        if (!p->persons_due)
                return;
        p->persons_due = false;
        free(p->persons.person);
        memset(&p->persons, 0, sizeof p->persons);
        if (store_persons_list(p->store, &p->persons.person, &p->persons.n) < 0)
                publisher_failed(p);
}

void publisher_all_due(struct publisher *p) {
        memset(p->told, 0, sizeof p->told);
        publisher_look_again(p);
}

void publisher_look_again(struct publisher *p) {
        p->online_due = p->info_due = p->devices_due = true;
        p->gateway_due = publisher_is_discovery_due(p);
        p->removed_due = p->persons_due = true;
        p->n_cuffs = 0;
        for (size_t i = 0; i < p->collector->n_cuffs; i++)
                publisher_cuff_due(p, p->collector->cuffs[i]);
}
