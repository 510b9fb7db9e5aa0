/* `explain --json` when memory ends: one line of JSON still, a sentence and an exit code. */
#include "check.h"

#include <cjson/cJSON.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/exit_code.h"

#define OUTPUT_MAX 65536

/* Three attempts, each refused. */
#define ATTEMPT                                                                                    \
        "< ACL Data TX: Handle 64 flags 0x00 dlen 11\n SMP: Pairing Request (0x01) len 6\n"        \
        "> ACL Data RX: Handle 64 flags 0x02 dlen 6\n SMP: Pairing Failed (0x05) len 1\n"          \
        " Reason: Unspecified reason (0x08)\n"
#define TEXT ATTEMPT ATTEMPT ATTEMPT

static long left; /* how often memory is still given; below 0 always */

static void *give(size_t n) {
        if (left == 0)
                return NULL;
        left--;
        return malloc(n);
}

static int memory_file(const char *text) {
        int fd = memfd_create("explain", 0);

        CHECK(fd >= 0);
        CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
        CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

/* Both outputs, as texts; an exit code. */
static int explain(char out[OUTPUT_MAX], char err[OUTPUT_MAX]) {
        int in = memory_file(TEXT), to[2], was[2], code;
        char *text[] = {out, err}, path[32];

        snprintf(path, sizeof path, "/proc/self/fd/%d", in);
        fflush(stdout);
        for (int i = 0; i < 2; i++) {
                to[i] = memory_file("");
                was[i] = dup(1 + i);
                dup2(to[i], 1 + i);
        }
        code = command_explain.run(&(struct command_arguments){.json = true, .operand = {path}});
        fflush(stdout);
        for (int i = 0; i < 2; i++) {
                ssize_t n = pread(to[i], text[i], OUTPUT_MAX - 1, 0);

                text[i][n < 0 ? 0 : n] = '\0';
                dup2(was[i], 1 + i);
                close(was[i]);
                close(to[i]);
        }
        close(in);
        return code;
}

/* How many pairings are told; -1: no JSON, or not one line. */
static int count(const char *out) {
        cJSON *root = cJSON_Parse(out);
        const cJSON *pairings = cJSON_GetObjectItem(root, "pairings");
        int n = cJSON_IsArray(pairings) && strchr(out, '\n') == out + strlen(out) - 1
                        ? cJSON_GetArraySize(pairings)
                        : -1;

        cJSON_Delete(root);
        return n;
}

static void what_is_told_is_json_wherever_memory_ends(void) {
        static char out[OUTPUT_MAX], err[OUTPUT_MAX];
        int code = EXIT_CODE_FAILURE;
        bool some = false;

        for (long given = 0; given < 10000 && code != EXIT_CODE_OK && !check_failed; given++) {
                cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = give, .free_fn = free});
                left = given;
                code = explain(out, err);
                cJSON_InitHooks(NULL);
                CHECK(count(out) >= 0);
                CHECK_EQ(strstr(err, "memory") != NULL, code == EXIT_CODE_FAILURE);
                CHECK_EQ(count(out) == 3, code == EXIT_CODE_OK);
                some = some || count(out) == 1;
        }
        CHECK_EQ(code, EXIT_CODE_OK);
        CHECK(some);
}

static void with_none_at_all_there_is_none(void) {
        static char out[OUTPUT_MAX], err[OUTPUT_MAX];
        int code;

        cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = give, .free_fn = free});
        left = 0;
        code = explain(out, err);
        cJSON_InitHooks(NULL);
        CHECK_EQ(code, EXIT_CODE_FAILURE);
        CHECK_STR(out, "{\"pairings\":[]}\n");
        CHECK_STR(err, "cuff2mqtt: there is no memory left\n");
}

CHECK_MAIN("unit.explain_memory", TEST(what_is_told_is_json_wherever_memory_ends),
           TEST(with_none_at_all_there_is_none))
