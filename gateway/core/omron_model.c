#include "core/omron_model.h"

#include <assert.h>
#include <string.h>

size_t omron_model_settings_size(const struct omron_model *m) {
        size_t blocks_to = m->index_size + omron_model_user_blocks(m) * m->user_block_size;

        return blocks_to > m->clock_to ? blocks_to : m->clock_to;
}

unsigned omron_model_user_blocks(const struct omron_model *m) {
        return m->user_block_size > 0 ? 2 : 0;
}

uint16_t omron_model_record_address(const struct omron_model *m, unsigned user, unsigned slot) {
        assert(user < m->users && slot < m->user[user].slots);
        return (uint16_t) (m->user[user].start + slot * m->record_size);
}

bool omron_model_same_map(const struct omron_model *a, const struct omron_model *b) {
        for (unsigned i = 0; i < OMRON_USERS_MAX; i++)
                if (a->user[i].start != b->user[i].start || a->user[i].slots != b->user[i].slots ||
                    a->user[i].cursor != b->user[i].cursor ||
                    a->user[i].unread != b->user[i].unread)
                        return false;
        return a->users == b->users && a->words_swapped == b->words_swapped &&
               a->layout == b->layout && a->record_size == b->record_size &&
               a->cursor_is_newest == b->cursor_is_newest &&
               a->cursor_is_wide == b->cursor_is_wide && a->read_base == b->read_base &&
               a->write_base == b->write_base && a->index_size == b->index_size &&
               a->user_block_size == b->user_block_size && a->clock_from == b->clock_from &&
               a->clock_to == b->clock_to && a->clock == b->clock;
}

/* How well a name fits. A part ends where an id may be cut: "HEM-7155T" of "HEM-7155T_K4-D". */
enum match { MATCH_NONE, MATCH_BEGINNING, MATCH_PART, MATCH_EXACT };

struct text { /* not terminated */
        const char *at;
        size_t size;
};

static char lower(char c) {
        return (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool begins(struct text whole, struct text beginning) {
        if (beginning.size > whole.size)
                return false;
        for (size_t i = 0; i < beginning.size; i++)
                if (lower(whole.at[i]) != lower(beginning.at[i]))
                        return false;
        return true;
}

static struct text without_hem(struct text t) {
        const struct text hem = {"HEM-", 4};

        return begins(t, hem) ? (struct text){t.at + hem.size, t.size - hem.size} : t;
}

/* The next of a list; false: no more. An empty list has none. */
static bool take_word(const char **list, char separator, struct text *ret) {
        if (!**list)
                return false;
        *ret = (struct text){*list, 0};
        while ((*list)[0] && (*list)[0] != separator) {
                (*list)++;
                ret->size++;
        }
        if (**list)
                (*list)++;
        return true;
}

static enum match match_id(struct text id, struct text name) {
        id = without_hem(id);
        if (!begins(id, name))
                return MATCH_NONE;
        if (id.size == name.size)
                return MATCH_EXACT;
        return id.at[name.size] == '-' || id.at[name.size] == '_' ? MATCH_PART : MATCH_BEGINNING;
}

/* `name` without "HEM-". */
static enum match match_ids(const struct omron_model *m, struct text name) {
        const char *list = m->same_as;
        enum match best = match_id((struct text){m->id, strlen(m->id)}, name);
        struct text id;

        while (take_word(&list, ' ', &id)) {
                enum match match = match_id(id, name);

                best = match > best ? match : best;
        }
        return best;
}

static bool is_sold_as(const struct omron_model *m, struct text name) {
        const char *list = m->sold_as;
        struct text trade;

        while (take_word(&list, ';', &trade))
                if (trade.size == name.size && begins(trade, name))
                        return true;
        return false;
}

const struct omron_model *omron_model_find(const char *name) {
        struct text id = without_hem((struct text){name, strlen(name)});
        const struct omron_model *found = NULL;
        bool several = false;

        for (size_t i = 0; i < omron_model_count; i++) {
                enum match match = match_ids(&omron_models[i], id);

                if (match == MATCH_EXACT)
                        return &omron_models[i];
                if (match != MATCH_NONE) {
                        several = found != NULL;
                        found = &omron_models[i];
                }
        }
        return several ? NULL : found;
}

static size_t collect(struct text name, enum omron_stack stack, enum match least,
                      const struct omron_model *ret[OMRON_CANDIDATES_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < omron_model_count && n < OMRON_CANDIDATES_MAX; i++) {
                const struct omron_model *m = &omron_models[i];
                bool wanted =
                        m->stack == stack && (match_ids(m, name) >= least || is_sold_as(m, name));

                for (size_t j = 0; j < n && wanted; j++)
                        wanted = !omron_model_same_map(ret[j], m);
                if (wanted)
                        ret[n++] = m;
        }
        return n;
}

size_t omron_model_candidates(const char *name, enum omron_stack stack,
                              const struct omron_model *ret[OMRON_CANDIDATES_MAX]) {
        struct text id = without_hem((struct text){name, strlen(name)});

        /* What is cut off is a region nobody listed, or a generation that the stack contradicts. */
        while (id.size > 0) {
                size_t n = collect(id, stack, MATCH_EXACT, ret);

                if (n == 0)
                        n = collect(id, stack, MATCH_PART, ret);
                if (n > 0)
                        return n;
                do
                        id.size--;
                while (id.size > 0 && id.at[id.size] != '-' && id.at[id.size] != '_');
        }
        return 0;
}

const char *omron_certainty_to_string(enum omron_certainty c) {
        static const char *const words[] = {
                [OMRON_VERIFIED] = "verified",
                [OMRON_REPORTED] = "reported",
                [OMRON_DERIVED] = "derived",
        };

        return words[c];
}

const char *omron_layout_to_string(enum omron_layout layout) {
        static const char *const words[OMRON_LAYOUT_MAX_] = {
                [OMRON_LAYOUT_LE] = "le",
                [OMRON_LAYOUT_SW] = "word_swapped",
                [OMRON_LAYOUT_SW6] =
                        "word_swapped", /* the year's two upper bits are ignored anyway */
                [OMRON_LAYOUT_6401] = "6401",
                [OMRON_LAYOUT_HG24] = "hg24",
        };

        return words[layout];
}
