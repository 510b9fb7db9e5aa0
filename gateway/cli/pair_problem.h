/* One ending of `cuff2mqtt pair` that both of its ways have. */
#pragma once

#include "cli/pair.h"

/* As pair_fail(). `problem` is one of the gateway's own ("There is no Bluetooth adapter: plug it
 * in"): what stands behind its colon is the remedy. */
void pair_fail_problem(struct pair *p, const char *code, const char *cause, const char *problem);
