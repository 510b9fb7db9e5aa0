#include "omron.h"

static bool is_now(const struct omron *o, const struct omron_fault *f, enum omron_fault_kind kind) {
        return f->kind == kind && (f->at == 0 || f->at == o->frames);
}

static void use_up(struct omron_fault *f) {
        if (f->times && --f->times == 0)
                f->kind = OMRON_NO_FAULT;
}

bool omron_fault_befalls(struct omron *o, enum omron_fault_kind kind, unsigned *ret_argument) {
        for (struct omron_fault *f = o->faults; f < o->faults + OMRON_FAULTS; f++) {
                if (!is_now(o, f, kind))
                        continue;
                if (ret_argument)
                        *ret_argument = f->argument;
                use_up(f);
                return true;
        }
        return false;
}

bool omron_fault_refuses(struct omron *o, unsigned address, size_t n) {
        for (struct omron_fault *f = o->faults; f < o->faults + OMRON_FAULTS; f++) {
                if (!is_now(o, f, OMRON_REFUSE_READ) || f->argument < address ||
                    f->argument >= address + n)
                        continue;
                use_up(f);
                return true;
        }
        return false;
}

bool omron_fault_add(struct omron *o, const struct omron_fault *fault) {
        for (struct omron_fault *f = o->faults; f < o->faults + OMRON_FAULTS; f++)
                if (f->kind == OMRON_NO_FAULT) {
                        *f = *fault;
                        return true;
                }
        return false;
}
