#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/shell_print.h"

static int ask(struct ask *ask, const struct command_arguments *a) {
        struct cuff_named cuff;
        int code = ask_hear(ask, /* offline_will_do= */ false);
        cJSON *data;

        if (code == EXIT_CODE_OK)
                code = ask_cuff(ask, a->operand[0], &cuff);
        if (code != EXIT_CODE_OK)
                return code;
        data = ask_about(&cuff);
        cJSON_AddStringToObject(data, "name", a->operand[1]);
        return ask_request(ask, data, 0);
}

static int run(const struct command_arguments *a) {
        struct ask one;
        int code;

        if (!a->operand[1] || !a->operand[1][0]) {
                fputs("cuff2mqtt: rename needs a cuff and its new name\n"
                      "Try `cuff2mqtt rename --help`.\n",
                      stderr);
                return EXIT_CODE_USAGE;
        }
        code = ask_open(&one, &command_rename, a, &(struct ask_setup){.request = "device/rename"});
        if (code == EXIT_CODE_OK)
                code = ask(&one, a);
        if (code == EXIT_CODE_OK) {
                const cJSON *data = ask_data(&one, 0);

                printf("%s is called %s now.\n", shell_text(data, "from"), shell_text(data, "to"));
        }
        ask_close(&one);
        return code;
}

/* clang-format off */
const struct command command_rename = {
        .name = "rename",
        .synopsis = "CUFF NAME [--config FILE]",
        .summary = "Give a cuff another name.",
        .help = "\n"
                "  CUFF           its name, its id or its address, or how one of these begins\n"
                "  NAME           the name people see, also in Home Assistant; at most 63 bytes\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "  cuff2mqtt rename 28:FF Bedroom\n"
                "\n"
                "Topics and ids stay as they are.\n"
                "Exit code 0: done; 14: the MQTT broker is away; 15: the service does not answer;\n"
                "64: no such cuff, or the name is too long.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, {0}},
        .operands = 2,
        .run = run,
};
/* clang-format on */
