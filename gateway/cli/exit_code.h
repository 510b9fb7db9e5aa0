/* The exit codes of cuff2mqtt, in the spirit of sysexits.h. `cuff2mqtt help` prints them too. */
#pragma once

/* clang-format off */
enum exit_code {
        EXIT_CODE_OK             = 0,  /* done, or stopped in good order */
        EXIT_CODE_FAILURE        = 1,  /* something failed; another try may well succeed */
        EXIT_CODE_USAGE          = 64, /* unknown subcommand or option: no retry helps */
        EXIT_CODE_DATABASE_NEWER = 65, /* the database belongs to a newer cuff2mqtt: no retry helps */
        EXIT_CODE_STATE          = 73, /* the state directory or the database cannot be used: not writable,
                                        * disk full, or another cuff2mqtt holds it */
        EXIT_CODE_TEMPORARY      = 75, /* what we depend on is away (the system bus ended): start again */
        EXIT_CODE_CONFIG         = 78, /* the configuration is wrong: no retry helps */
};
/* clang-format on */
