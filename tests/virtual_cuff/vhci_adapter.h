/* The controller as a whole: plugged in, pulled out, reset. */
#pragma once

struct front;

int adapter_add(struct front *f); /* 0 or negative errno */
void adapter_remove(struct front *f);
void adapter_reset(struct front *f); /* by the host: nothing is left but the address */
