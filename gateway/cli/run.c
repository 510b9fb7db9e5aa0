#include "cli/command.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "app/app.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"

#define LOG_COMPONENT "config"
#include "base/log.h"

static void log_lines(enum log_level level, char *text) {
        for (char *line; (line = strsep(&text, "\n"));)
                if (line[0])
                        log_write(level, LOG_COMPONENT, NULL, "%s", line);
}

/* What was needed for a moment (a page of the history, a backup) goes back to the kernel; malloc's
 * own limits grow with the largest block that was ever freed, and the heap with them. One arena is
 * enough for three threads that mostly sleep. */
static void keep_memory_small(void) {
        (void) mallopt(M_ARENA_MAX, 1);
        (void) mallopt(M_MMAP_THRESHOLD, 64 * 1024);
        (void) mallopt(M_TRIM_THRESHOLD, 64 * 1024);
        (void) mallopt(M_TOP_PAD, 16 * 1024);
}

static int run(const struct command_arguments *a) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        struct config config;
        int r;

        keep_memory_small();
        log_open();
        r = config_load(a->config, &config, &errors, &warnings);
        log_lines(LOG_LEVEL_WARNING, warnings);
        log_lines(LOG_LEVEL_ERROR, errors);
        if (r == -ENOMEM) { /* another try may succeed: systemd makes it */
                log_error("There is not enough memory to read the configuration: stop something "
                          "else, or wait; the service is started again");
                return EXIT_CODE_FAILURE;
        }
        if (r < 0)
                return EXIT_CODE_CONFIG;
        log_set_level(config.log_level);
        r = app_run(&config);
        config_done(&config);
        return r;
}

const struct command command_run = {
        .name = "run",
        .synopsis = "[--config FILE]",
        .summary = "Run the service until SIGTERM or SIGINT; a second one hurries.",
        .help = "\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "Without a file the defaults hold: broker mqtt://localhost:1883, the first "
                "adapter.\n"
                "Every option can also be set in the environment: mqtt.url as CUFF2MQTT_MQTT_URL; "
                "see\n"
                "`cuff2mqtt help options`. Exit codes: `cuff2mqtt help`.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, {0}},
        .run = run,
};
