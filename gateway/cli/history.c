#include "cli/history.h"

#include <locale.h>

#include "cli/exit_code.h"

typedef int history_writer(struct history *h, FILE *out);

/* False: two were asked for, which was said. */
static bool choose(const struct command_arguments *a, history_writer **ret) {
        const struct {
                bool given;
                history_writer *write;
        } forms[] = {{a->csv, history_csv},
                     {a->json, history_json},
                     {a->fhir, history_fhir},
                     {a->omblepy, history_omblepy}};
        unsigned n = 0;

        *ret = history_table;
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
                if (forms[i].given) {
                        *ret = forms[i].write;
                        n++;
                }
        if (n > 1)
                fputs("cuff2mqtt: --csv, --json, --fhir and --omblepy are different outputs: "
                      "choose one\nTry `cuff2mqtt history --help`.\n",
                      stderr);
        return n <= 1;
}

static int run(const struct command_arguments *a) {
        history_writer *write;
        struct history h;
        int code;

        if (!choose(a, &write))
                return EXIT_CODE_USAGE;
        setlocale(LC_CTYPE, ""); /* names, in upper and lower case */
        code = history_open(&h, "history", a);
        if (code == EXIT_CODE_OK)
                code = history_select(&h);
        if (code == EXIT_CODE_OK)
                code = write(&h, stdout);
        history_done(&h);
        return code;
}

/* clang-format off */
const struct command command_history = {
        .name = "history",
        .synopsis = "[OPTION]..",
        .summary = "Show what was measured, as a table, CSV, JSON or FHIR.",
        .help = "\n"
                "Which measurements (without these: all):\n"
                "  --cuff CUFF    of this cuff: its name, its id or its address, or how one of these begins\n"
                "  --user USER    of this user: 1, 2, .., unknown, a name, or how it begins\n"
                "  --from TIME    from this time on: 2026-11-22 or 2026-11-22T18:04\n"
                "  --to TIME      up to this time, the day or minute itself included\n"
                "  --last N       the newest N; or of the last days, weeks, months, years: 7d 2w 6m 1y\n"
                "\n"
                "How (without these: a table):\n"
                "  --csv          a header and a line for each; lines end with LF\n"
                "  --json         an object for each, one per line, as they are published over MQTT\n"
                "  --fhir         one HL7 FHIR R4 Bundle of Observations\n"
                "  --omblepy      CSV as omblepy writes and reads it, of one user; lines end with CR LF\n"
                "\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "The oldest comes first. Times are those of the configured time zone. The service may run\n"
                "meanwhile; nothing is changed. docs/history.md explains each form.\n"
                "Exit code 0: done, also if nothing was measured; 64: an option is not understood, or no\n"
                "such cuff or user; 65: the database belongs to a newer cuff2mqtt; 73: it cannot be read.\n",
        .options = (const struct command_option[]){
                COMMAND_OPTION_CONFIG,
                COMMAND_OPTION_JSON,
                COMMAND_OPTION_CUFF,
                COMMAND_OPTION_USER,
                COMMAND_OPTION_TO,
                {"--from", "a time", offsetof(struct command_arguments, from)},
                {"--last", "a number, or a time like 7d", offsetof(struct command_arguments, last)},
                {"--csv", NULL, offsetof(struct command_arguments, csv)},
                {"--fhir", NULL, offsetof(struct command_arguments, fhir)},
                {"--omblepy", NULL, offsetof(struct command_arguments, omblepy)},
                {0},
        },
        .run = run,
};
/* clang-format on */
