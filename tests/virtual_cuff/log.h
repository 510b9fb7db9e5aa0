/* Lines on stdout, flushed: what happened, and the answers to commands. */
#pragma once

/* "log T WORDS...", T = seconds since the first line */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "WORDS...": done, error, state */
void log_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes as lower-case hex into `ret` of 2 * n + 1; returns `ret`. */
const char *log_hex(const void *bytes, unsigned long n, char *ret);
