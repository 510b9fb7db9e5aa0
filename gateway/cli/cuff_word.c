#include "cli/cuff_word.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "cli/command.h"

enum cuff_word_match cuff_word_match(const char *word, const char *name) {
        wchar_t wide_word[CUFF_WORD_NAME_SIZE], wide_name[CUFF_WORD_NAME_SIZE];
        size_t n = mbstowcs(wide_word, word, CUFF_WORD_NAME_SIZE),
               m = mbstowcs(wide_name, name, CUFF_WORD_NAME_SIZE);

        if (!*word || !*name)
                return CUFF_WORD_IS_NOT;
        if (n < CUFF_WORD_NAME_SIZE && m < CUFF_WORD_NAME_SIZE) {
                if (wcsncasecmp(wide_word, wide_name, n) != 0)
                        return CUFF_WORD_IS_NOT;
                return n == m ? CUFF_WORD_IS : CUFF_WORD_BEGINS;
        }
        if (strncasecmp(word, name, strlen(word)) != 0)
                return CUFF_WORD_IS_NOT;
        return strlen(word) == strlen(name) ? CUFF_WORD_IS : CUFF_WORD_BEGINS;
}

static void add_address(struct cuff_named *c) {
        char address[BDADDR_STRING_SIZE];
        size_t n = strlen(c->name);

        bdaddr_to_string(&c->address, address);
        snprintf(c->name + n, sizeof c->name - n, " %s", address + strlen("28:FF:B2:05:"));
}

void cuff_word_distinguish(struct cuff_named *cuffs, size_t n) {
        for (size_t i = 0; i < n; i++) {
                bool has_twin = false;

                for (size_t k = i + 1; k < n && cuffs[i].name[0]; k++)
                        if (strcmp(cuffs[i].name, cuffs[k].name) == 0) {
                                add_address(&cuffs[k]);
                                has_twin = true;
                        }
                if (has_twin)
                        add_address(&cuffs[i]);
        }
}

static enum cuff_word_match match_cuff(const char *word, const struct cuff_named *c) {
        char id[BDADDR_ID_SIZE], address[BDADDR_STRING_SIZE];
        const char *const names[] = {c->name, id, address};
        enum cuff_word_match best = CUFF_WORD_IS_NOT;

        bdaddr_to_id(&c->address, id);
        bdaddr_to_string(&c->address, address);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                enum cuff_word_match one = cuff_word_match(word, names[i]);

                best = one > best ? one : best;
        }
        return best;
}

size_t cuff_word_find(const char *word, const struct cuff_named *cuffs, size_t n,
                      size_t *ret_place) {
        for (enum cuff_word_match wanted = CUFF_WORD_IS; wanted > CUFF_WORD_IS_NOT; wanted--) {
                size_t found = 0;

                for (size_t i = 0; i < n; i++)
                        if (match_cuff(word, &cuffs[i]) == wanted) {
                                *ret_place = i;
                                found++;
                        }
                if (found > 0)
                        return found;
        }
        return 0;
}

int cuff_word_refuse(const char *command, const char *word, size_t matches,
                     const struct cuff_named *cuffs, size_t n) {
        int code = matches > 0
                           ? command_refuse_word(command, "", word, " can be more than one cuff")
                           : command_refuse_word(command, "no cuff is called ", word,
                                                 n > 0 ? "" : ": there is none yet");

        cuff_word_list(cuffs, n);
        return code;
}

void cuff_word_list(const struct cuff_named *cuffs, size_t n) {
        if (n > 0)
                fputs("These are known:\n", stderr);
        for (size_t i = 0; i < n; i++) {
                char id[BDADDR_ID_SIZE];

                bdaddr_to_id(&cuffs[i].address, id);
                fprintf(stderr, "  %s  %s\n", id, cuffs[i].name);
        }
}
