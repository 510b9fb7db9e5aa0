/* What `cuff2mqtt sync`, `rename`, `cuffs` and their like share: a guest at the broker, they hear
 * what the running service keeps there, and ask it (docs/requests.md). Told in order: each call
 * runs the loop until it is done. What goes wrong is said once, on stderr, with what to do; the
 * exit code is returned, and no call after it waits for anything.
 *
 *      struct ask a;
 *      code = ask_open(&a, &command_x, arguments, &(struct ask_setup){.request = "device/x"});
 *      if (code == EXIT_CODE_OK)
 *              code = ask_hear(&a, false);
 *      if (code == EXIT_CODE_OK)
 *              code = ask_cuff(&a, word, &cuff);
 *      if (code == EXIT_CODE_OK)
 *              code = ask_request(&a, data, limit_usec);     the answer: ask_data(&a, 0)
 *      ask_close(&a); */
#pragma once

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/deadline.h"
#include "cli/command.h"
#include "cli/cuff_word.h"
#include "cli/guest.h"

#define ASK_PROMPT_SIZE 160

enum ask_service {
        ASK_SERVICE_UNKNOWN, /* the broker has never heard of it */
        ASK_SERVICE_OFFLINE,
        ASK_SERVICE_ONLINE,
};

enum ask_wait { ASK_WAIT_NOTHING, ASK_WAIT_KEPT, ASK_WAIT_ONLINE, ASK_WAIT_ANSWER };
enum ask_patience { ASK_FOR_BROKER, ASK_FOR_KEPT, ASK_FOR_SERVICE, ASK_FOR_ANSWER };

struct ask_events { /* each may be NULL */
        /* Whatever comes that is no answer to us. `json` is its payload with harmless texts; NULL:
         * it is none. */
        void (*heard)(void *owner, const char *path, const struct mqtt_incoming *m,
                      const cJSON *json);
        void (*connected)(void *owner);
        void (*lost)(void *owner);    /* why: `trouble` */
        bool (*has_all)(void *owner); /* that is kept and wanted: ask_hear() ends */
        /* The request, by its place; a second answer follows. */
        void (*accepted)(void *owner, size_t request);
        void (*answered)(void *owner, size_t request); /* its last answer is there */
        void (*tick)(void *owner);                     /* each second from then on */
        void (*clear)(void *owner);                    /* something is about to be said on stderr */
};

struct ask_setup {
        const char *request;      /* what will be asked; NULL: nothing */
        const char *const *paths; /* what is heard besides the service's state and its cuffs, up to
                                   * a NULL, at most four; NULL: nothing */
        const struct ask_events *events; /* NULL: none */
        void *owner;
};

struct ask_one { /* a request under way */
        char *payload;
        char transaction[GUEST_TOKEN_SIZE + 8];
        bool accepted;
        bool heard;    /* an answer to it, since it was asked (again) */
        cJSON *answer; /* all of the last one; its texts are harmless */
};

struct ask {
        const struct command *command;
        struct ask_setup setup;
        struct config config;
        sd_event *event;
        struct guest guest;
        enum ask_wait wait;
        enum ask_patience why;
        struct deadline patience; /* for the broker, for the service's next word */
        struct deadline limit;    /* for the end of what was accepted */
        struct deadline tick;
        enum ask_service service;
        bool was_connected, heard_enough, interrupted, stopped;
        int code; /* why it is over; -1: it is not */
        char trouble[512];

        /* bridge/devices, the newest that was heard; NULL: none. Its texts are harmless. */
        cJSON *devices;
        struct cuff_named *cuffs; /* as many as `devices` has; in its order */
        size_t n_cuffs;

        /* The requests under way, and their ends */
        struct ask_one *one;
        size_t n;
        uint64_t limit_usec;
        unsigned n_requests; /* in all */
        bool accepted;       /* one of them, at least */
};

/* Reads the configuration and begins to connect. ask_close() in any case. */
int ask_open(struct ask *a, const struct command *c, const struct command_arguments *arguments,
             const struct ask_setup *setup);
/* What the broker keeps of the service. `offline_will_do`: it need not run, if it ever did. */
int ask_hear(struct ask *a, bool offline_will_do);
/* What was heard may be old. Says so; an exit code. */
int ask_must_be_online(struct ask *a);
/* The one `word` means; NULL: the only one. */
int ask_cuff(struct ask *a, const char *word, struct cuff_named *ret);
/* Asks and waits for the end; after a break of the connection it asks again, with the same
 * transaction. Takes `data`. `limit_usec`: for the second answer, once it is accepted (0: ten
 * seconds). An error of the service is said, and its code made an exit code. */
int ask_request(struct ask *a, cJSON *data, uint64_t limit_usec);
/* Several at once, `n` of them, until each has ended. What goes wrong with one is for `answered` to
 * say; the exit code is that of the first of them that failed. */
int ask_requests(struct ask *a, cJSON *const *data, size_t n, uint64_t limit_usec);
/* The `data` of the end; NULL: there is none. */
const cJSON *ask_data(const struct ask *a, size_t request);
/* NULL: it went well. Else why not, a sentence. */
const char *ask_error(const struct ask *a, size_t request);
/* {"device": id}, for a request about it. */
cJSON *ask_about(const struct cuff_named *cuff);
/* A line from the terminal; EXIT_CODE_FAILURE: its end. */
int ask_prompt(struct ask *a, const char *question, char ret[ASK_PROMPT_SIZE]);
/* Runs until all is over (Ctrl-C): for who only listens. */
int ask_listen(struct ask *a);
/* It is over, with this exit code; `format` (NULL: nothing) is said. For the first who says so. */
void ask_end(struct ask *a, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void ask_close(struct ask *a);

/* What the command line says of a cuff: its name, or its id. Valid until the next call. */
const char *ask_name(const struct cuff_named *cuff);
