#include "cli/pair_problem.h"

#include <ctype.h>
#include <string.h>

void pair_fail_problem(struct pair *p, const char *code, const char *cause, const char *problem) {
        char evidence[sizeof p->view.evidence], remedy[sizeof p->view.remedy];
        const char *rest = strstr(problem, ": ");

        if (!rest || !rest[2]) {
                pair_fail(p, code, cause, problem,
                          "Run `cuff2mqtt doctor`: it says what is missing");
                return;
        }
        snprintf(evidence, sizeof evidence, "%.*s", (int) (rest - problem), problem);
        snprintf(remedy, sizeof remedy, "%c%s, then pair again; `cuff2mqtt doctor` says more",
                 toupper((unsigned char) rest[2]), rest + 3);
        pair_fail(p, code, cause, evidence, remedy);
}
