/* The only place that exits. */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/exit_code.h"

/* Who read us is gone: nobody is left to complain to. */
static bool is_unread(void) {
        struct pollfd out = {.fd = STDOUT_FILENO};

        return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

int main(int argc, char **argv) {
        int code = command_main(argc, argv);

        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        if (!is_unread())
                fprintf(stderr, "cuff2mqtt: not all of it could be written: is the disk full?\n");
        return code == EXIT_CODE_OK ? EXIT_CODE_FAILURE : code;
}
