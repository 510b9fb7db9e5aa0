#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/history.h"
#include "cli/tame.h"
#include "mqtt/message.h"

bool history_has_cuff(const struct history *h, const struct bdaddr *cuff) {
        for (size_t i = 0; i < h->n_cuffs; i++)
                if (bdaddr_equal(&h->cuffs[i].address, cuff))
                        return true;
        return false;
}

int history_add_cuff(struct history *h, const struct store_cuff *cuff) {
        struct cuff_named *grown, *c;

        _Static_assert(sizeof c->name >= STORE_TEXT_SIZE, "names are copied");
        grown = reallocarray(h->cuffs, h->n_cuffs + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        h->cuffs = grown;
        c = &grown[h->n_cuffs++];
        *c = (struct cuff_named){.address = cuff->address};
        strcpy(c->name, cuff->name[0] ? cuff->name : cuff->model);
        tame(c->name);
        return 0;
}

static struct history_user *find(const struct history *h, const struct bdaddr *cuff, uint8_t user) {
        for (size_t i = 0; i < h->n_users; i++)
                if (h->users[i].user == user && bdaddr_equal(&h->users[i].cuff, cuff))
                        return &h->users[i];
        return NULL;
}

static int add_user(struct history *h, const struct store_user *user) {
        struct history_user *grown, *u;

        if (find(h, &user->cuff, user->user))
                return 0;
        grown = reallocarray(h->users, h->n_users + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        h->users = grown;
        u = &grown[h->n_users++];
        *u = (struct history_user){.cuff = user->cuff, .user = user->user};
        strcpy(u->name, user->name);
        strcpy(u->person, user->person);
        tame(u->name);
        tame(u->person);
        return 0;
}

int history_add_users(struct history *h, const struct bdaddr *cuff) {
        _cleanup_(freep) struct store_user *users = NULL;
        size_t n = 0;
        int r = store_users_list(h->store, cuff, &users, &n);

        for (size_t i = 0; i < n && r >= 0; i++)
                r = add_user(h, &users[i]);
        return r < 0 ? r : 0;
}

const struct history_user *history_user(struct history *h, const struct bdaddr *cuff,
                                        uint8_t user) {
        static struct history_user nameless;
        const struct history_user *u = find(h, cuff, user);

        if (u)
                return u;
        /* of a cuff that was removed, or new since we began */
        history_add_users(h, cuff);
        add_user(h, &(struct store_user){.cuff = *cuff, .user = user});
        u = find(h, cuff, user);
        nameless = (struct history_user){.cuff = *cuff, .user = user};
        return u ? u : &nameless;
}

const char *history_cuff_name(const struct history *h, const struct bdaddr *cuff) {
        static char id[BDADDR_ID_SIZE];

        for (size_t i = 0; i < h->n_cuffs; i++)
                if (bdaddr_equal(&h->cuffs[i].address, cuff) && h->cuffs[i].name[0])
                        return h->cuffs[i].name;
        bdaddr_to_id(cuff, id);
        return id;
}

const char *history_person(const struct history_user *u) {
        return u->person[0] ? u->person : u->name;
}

const char *history_user_label(const struct history_user *u) {
        static char word[MESSAGE_USER_SIZE];

        if (u->name[0] || u->person[0])
                return u->name[0] ? u->name : u->person;
        message_user_to_string(u->user, word);
        return word;
}
