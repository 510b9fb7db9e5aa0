/* Prints docs/models.md, the page about cuffs, from gateway/core/omron_model_table.c.
 * `make docs/models.md` calls it; `make lint` compares. */
#include "core/omron_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREACH(m)                                                                                 \
        for (const struct omron_model *m = omron_models; m < omron_models + omron_model_count; m++)

struct sold { /* a trade name of a row */
        const char *name;
        int size;
        const struct omron_model *model;
};

#define SOLD_MAX 128

/* clang-format off */
static const char introduction[] =
        "<!-- Made by `make docs/models.md` from gateway/core/omron_model_table.c. Do not edit. -->\n"
        "\n"
        "# Which cuffs\n"
        "\n"
        "This page is about the memory of OMRON cuffs: which ones the gateway can read, and how\n"
        "sure that is. A cuff that is not here, of OMRON or of another maker, still works if it\n"
        "has the plain Bluetooth Blood Pressure Profile: then the gateway gets each measurement\n"
        "as the cuff sends it, and no older ones.\n"
        "\n"
        "> **We have not tried one of these cuffs ourselves yet.** All on this page comes\n"
        "> from what other people published, mostly the projects\n"
        "> [omblepy](https://github.com/userx14/omblepy),\n"
        "> [hass-omron](https://github.com/eigger/hass-omron) and\n"
        "> [esphome-omron](https://github.com/dzikus/esphome-omron). None of it is\n"
        "> from OMRON.\n"
        "\n"
        "## How sure\n"
        "\n"
        "| word | types | what it means | if you want to buy one |\n"
        "|---|---|---|---|\n";

static const char before_buying[] =
        "\n"
        "Whatever the word, nothing is believed blindly: at the first connection a map is used\n"
        "only if the cuff's own check bits and a measurement fit it. If nothing fits, nothing\n"
        "of the memory is published, nothing is written, and you get a description of the\n"
        "memory that can be sent to us.\n"
        "\n"
        "## What to know before you buy\n"
        "\n"
        "**A trade name can hide two cuffs.** There are two generations, with different radios\n"
        "and different memories: *classic* (the gateway puts a key of its own into the cuff\n"
        "while the **P** blinks) and *modern* (no key). You need not know which you have: the\n"
        "gateway sees it when it is connected.\n"
        "\n"
        "**The BP7350 is such a name.** The classic one is a HEM-7340T-Z, the modern one a\n"
        "HEM-7340T_K4-Z. The classic one has the memory of the HEM-7155T, which others have\n"
        "read, but nobody published the bytes. **Of the modern one (\"K4\") nobody has ever\n"
        "published that it was read.** Its map is in the lists of two projects and equals that\n"
        "of the HEM-7155T-MW3, which was read. Probably it works; it is not known. The same\n"
        "holds for BP7350CAN, BP5350, M4 Intelli IT, M400 Intelli IT and some of the X4 Smart.\n"
        "\n"
        "**HEM-7188T1 (sold as X2+ Connect), HEM-7191T1, HEM-7196T1 and HEM-7440T1 are a bad\n"
        "choice.** They use OMRON's newest way to connect, \"WLD4\". It may want an encrypted\n"
        "session with a credential of OMRON's app, which this program does not have. A\n"
        "HEM-7188T1 was read without it, but did not keep its bond (eigger/hass-omron#92): it\n"
        "would have to be paired again each time.\n"
        "\n"
        "**One cuff, one partner.** A cuff is bonded with one device at a time. The phone's app\n"
        "and the gateway push each other out.\n"
        "\n"
        "**A cuff for two people** has a button 1/2. Measurements of guests are not kept by the\n"
        "cuff.\n";

static const char by_name[] =
        "\n"
        "## By trade name\n"
        "\n"
        "*Keeps* is how many measurements the cuff holds for each person; the newest overwrites\n"
        "the oldest. Only trade names that are published with their types are here; OMRON sells\n"
        "the same cuff under many names.\n"
        "\n"
        "| sold as | type | generation | how sure | people | keeps |\n"
        "|---|---|---|---|---|---|\n";

static const char by_type[] =
        "\n"
        "## By type\n"
        "\n"
        "| type | generation | how sure | people | keeps | read by | doubts |\n"
        "|---|---|---|---|---|---|---|\n";

static const char equals[] =
        "\n"
        "## Types that are taken as equal\n"
        "\n"
        "What follows the last `-` or `_` is mostly region and colour. But K4 and ESL1 are\n"
        "generations.\n"
        "\n";

static const char the_end[] =
        "\n"
        "## What is written into a cuff\n"
        "\n"
        "Nothing, unless you switch it on for a cuff by its address. (At pairing, a classic\n"
        "cuff gets its key, and the bond belongs to pairing in any case. The clock is set\n"
        "through the standard Current Time Service where the cuff has it: that does not touch\n"
        "the memory.) Nobody has tried the following with this program:\n"
        "\n"
        "- `omron.set_clock` writes the clock into the memory. For cuffs whose clock is wrong\n"
        "  and cannot be set otherwise. Never on HEM-6401T and HEM-6410T: their clock is not\n"
        "  understood.\n"
        "- `omron.clear_unread` sets the counters of unread measurements to zero. OMRON's app\n"
        "  then no longer fetches these measurements (eigger/hass-omron#69, #132). The gateway\n"
        "  does not need it.\n"
        "- `omron.registration` says \"read\" in the way OMRON's app does. Some modern cuffs seem\n"
        "  to forget their bond without it (eigger/hass-omron#175), others keep it\n"
        "  (eigger/hass-omron#91).\n"
        "\n"
        "A cuff that dislikes what is written shows \"Err\". The authors of omblepy warn that its\n"
        "calibration may be in the same memory. So the gateway writes only whole, known places\n"
        "with right checksums, once, and keeps what was there before.\n"
        "\n"
        "## Tell us about your cuff\n"
        "\n"
        "Good news is as welcome as bad news: every row above that is not *verified* waits for\n"
        "you, and the *verified* ones wait for somebody who did it with this program. Two\n"
        "things help:\n"
        "\n"
        "1. A description of the memory: send `cuff2mqtt/bridge/request/device/dump` and press\n"
        "   the cuff's Bluetooth button. It holds no measurements, no birth dates and no\n"
        "   addresses.\n"
        "2. What the cuff shows beside what the gateway says, for one measurement; and the name\n"
        "   on the box.\n"
        "\n"
        "`cuff2mqtt decode` explains single bytes that you captured. How to do both: [Report a\n"
        "cuff](../README.md#report-a-cuff).\n";
/* clang-format on */

/* What each word means: in the order of enum omron_certainty. */
static const char *const meanings[][2] = {
        [OMRON_VERIFIED] =
                {"somebody read such a cuff, or one of the same row, with another program",
                 "a fair choice, if the doubts below do not frighten you"},
        [OMRON_REPORTED] = {"another program lists it; nobody published a reading",
                            "probably works; be ready to report"},
        [OMRON_DERIVED] = {"a guess", "do not buy one for this"},
};

static void print_certainties(void) {
        for (size_t c = 0; c < sizeof meanings / sizeof meanings[0]; c++) {
                unsigned rows = 0;

                FOREACH (m)
                        rows += m->certainty == c;
                printf("| %s | %u | %s | %s |\n",
                       omron_certainty_to_string((enum omron_certainty) c), rows, meanings[c][0],
                       meanings[c][1]);
        }
}

static const char *generation(const struct omron_model *m) {
        return m->stack == OMRON_CLASSIC ? "classic" : "modern";
}

static int compare_sold(const void *a, const void *b) {
        const struct sold *x = a, *y = b;
        int shorter = x->size < y->size ? x->size : y->size;
        int order = strncmp(x->name, y->name, (size_t) shorter);

        if (order == 0)
                order = x->size - y->size;
        return order != 0 ? order : (x->model > y->model) - (x->model < y->model);
}

static size_t collect_sold(struct sold ret[SOLD_MAX]) {
        size_t n = 0;

        FOREACH (m)
                for (const char *at = m->sold_as; *at && n < SOLD_MAX; at += *at == ';') {
                        int size = (int) strcspn(at, ";");

                        ret[n++] = (struct sold){at, size, m};
                        at += size;
                }
        qsort(ret, n, sizeof *ret, compare_sold);
        return n;
}

static void print_sold(void) {
        struct sold sold[SOLD_MAX];
        size_t n = collect_sold(sold);

        for (size_t i = 0; i < n; i++) {
                const struct omron_model *m = sold[i].model;

                printf("| %.*s | %s | %s | %s | %u | %u |\n", sold[i].size, sold[i].name, m->id,
                       generation(m), omron_certainty_to_string(m->certainty), m->users,
                       m->user[0].slots);
        }
}

static void print_types(void) {
        FOREACH (m)
                printf("| %s | %s | %s | %u | %u | %s | %s |\n", m->id, generation(m),
                       omron_certainty_to_string(m->certainty), m->users, m->user[0].slots,
                       m->seen_by, m->doubts);
}

static void print_equals(void) {
        FOREACH (m)
                if (m->same_as[0])
                        printf("- **%s**: %s\n", m->id, m->same_as);
}

int main(void) {
        fputs(introduction, stdout);
        print_certainties();
        fputs(before_buying, stdout);
        fputs(by_name, stdout);
        print_sold();
        fputs(by_type, stdout);
        print_types();
        fputs(equals, stdout);
        print_equals();
        fputs(the_end, stdout);
        return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
