/* The only place that exits. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/exit_code.h"

int main(int argc, char **argv) {
        int code = command_main(argc, argv);

        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        fprintf(stderr, "cuff2mqtt: not all of it could be written: is the disk full?\n");
        return code == EXIT_CODE_OK ? EXIT_CODE_FAILURE : code;
}
