#include "script.h"

#include <string.h>

#include "log.h"
#include "script_commands.h"
#include "util.h"

static const struct script_command *find(const char *word) {
        const struct script_command *const tables[] = {script_front, script_cuff, script_measure,
                                                       script_memory};

        for (size_t t = 0; t < ELEMENTS(tables); t++)
                for (const struct script_command *c = tables[t]; c->word; c++)
                        if (strcmp(c->word, word) == 0)
                                return c;
        return NULL;
}

void script_line(struct front *f, char *line) {
        const struct script_command *command;
        struct words w;

        words_split(&w, line);
        if (w.n == 0)
                return;
        command = find(w.word[0]);
        if (!command) {
                log_answer("error %s unknown command", w.word[0]);
                return;
        }
        command->run(f, &w);
        if (w.problem)
                log_answer("error %s %s", w.word[0], w.problem);
        else
                log_answer("done %s", w.word[0]);
}
