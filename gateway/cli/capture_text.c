/* Text, line by line: UTF-8 or anything near ASCII, with or without a byte order mark, or UTF-16
 * with one (as PowerShell's > and Notepad write it). Lines end with LF or CR LF. */
#include <string.h>

#include "cli/capture_source.h"

_Static_assert(TRACE_BTMON_LINE_MAX <= CAPTURE_FRAME_MAX, "a line fits");

/* The next character, EOF at the end. Of UTF-16 what is not ASCII becomes '?': btmon writes none,
 * but names of devices may. */
static int next_character(struct capture *c) {
        int first = getc_unlocked(c->file), second;

        if (c->encoding == CAPTURE_BYTES || first == EOF)
                return first;
        second = getc_unlocked(c->file);
        if (second == EOF)
                return EOF;
        if (c->encoding == CAPTURE_UTF16_BE)
                return first == 0 && second < 0x80 ? second : '?';
        return second == 0 && first < 0x80 ? first : '?';
}

static int text_next(struct capture *c, struct capture_frame *ret) {
        bool any = false;
        size_t n = 0;
        int character;

        while ((character = next_character(c)) != EOF && character != '\n') {
                any = true;
                if (n < TRACE_BTMON_LINE_MAX)
                        c->bytes[n++] = character == '\0' ? ' ' : (uint8_t) character;
        }
        if (ferror(c->file))
                return capture_fail_read(c);
        if (character == EOF && !any)
                return 0;
        if (n > 0 && c->bytes[n - 1] == '\r')
                n--;
        *ret = (struct capture_frame){.kind = CAPTURE_TEXT,
                                      .line = {.text = (const char *) c->bytes, .n = n}};
        return 1;
}

int capture_text_open(struct capture *c) {
        static const struct mark {
                const char *bytes;
                size_t n;
                int encoding;
        } marks[] = {{"\xef\xbb\xbf", 3, CAPTURE_BYTES},
                     {"\xff\xfe", 2, CAPTURE_UTF16_LE},
                     {"\xfe\xff", 2, CAPTURE_UTF16_BE}};

        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
                if (c->head_size < marks[i].n || memcmp(c->head, marks[i].bytes, marks[i].n) != 0)
                        continue;
                c->encoding = marks[i].encoding;
                c->head_at = marks[i].n; /* not handed out */
        }
        snprintf(c->format, sizeof c->format, "btmon's text");
        c->next = text_next;
        return 0;
}
