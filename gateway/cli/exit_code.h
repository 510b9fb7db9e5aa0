/* The exit codes of cuff2mqtt, in the spirit of sysexits.h. `cuff2mqtt help` prints them too. */
#pragma once

/* clang-format off */
enum exit_code {
        EXIT_CODE_OK             = 0,  /* done, or stopped in good order */
        EXIT_CODE_FAILURE        = 1,  /* something failed; another try may well succeed */
        /* Of those that ask the running service; EXIT_CODE_PAIR_..: of `cuff2mqtt pair` alone, when no
         * cuff was paired. */
        EXIT_CODE_ADAPTER        = 10, /* Bluetooth is not ready */
        EXIT_CODE_PAIR_AGENT     = 11, /* BlueZ takes no agent of ours */
        EXIT_CODE_PAIR_CLOSED    = 12, /* the window was closed before a cuff was paired */
        EXIT_CODE_BUSY           = 13, /* it is being done already, or something else is in the way */
        EXIT_CODE_NO_BROKER      = 14, /* the broker is away */
        EXIT_CODE_NO_ANSWER      = 15, /* the service does not answer */
        EXIT_CODE_PAIR_ADDRESS   = 16, /* what has this address is no cuff */
        EXIT_CODE_PAIR_TOO_MANY  = 17, /* the gateway has no room for another cuff */
        EXIT_CODE_PAIR_OLD_BOND  = 18, /* BlueZ does not give up the old bond */
        EXIT_CODE_NOT_HEARD      = 19, /* the cuff was not heard */
        EXIT_CODE_PAIR_CAUSE     = 20, /* .. and up: plus the place in enum pairing_cause */

        EXIT_CODE_USAGE          = 64, /* unknown subcommand or option: no retry helps */
        EXIT_CODE_DATABASE_NEWER = 65, /* the database belongs to a newer cuff2mqtt: no retry helps */
        EXIT_CODE_STATE          = 73, /* the state directory or the database cannot be used: not writable,
                                        * disk full, or another cuff2mqtt holds it */
        EXIT_CODE_TEMPORARY      = 75, /* what we depend on is away (the system bus ended): start again */
        EXIT_CODE_CONFIG         = 78, /* the configuration is wrong: no retry helps */
};
/* clang-format on */
