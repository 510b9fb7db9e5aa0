/*
 * Pieces of btmon's lines. What people put between and before them when they paste:
 *
 *      12: > > ACL Data RX: ..         line numbers and quotation
 *      &gt; ACL Data RX: ..            HTML
 *      ESC[0;35m> ACL Data RX: ..      colours
 *      [bluetooth]# > ACL Data RX: ..  bluetoothctl in the same terminal
 *      bluetoothd[746]: < ACL ..       not from people: newer versions name the sender
 */
#include "core/trace_btmon_parts.h"

#include "core/words.h"

#include <string.h>

#include "core/date_time.h"

#define SECOND_USEC            INT64_C(1000000)
#define DAY_SECONDS            (24 * 3600)
#define DIGITS_OF_FRACTION     6
#define DIGITS_OF_FRACTION_MIN 4
#define DIGITS_OF_SECONDS      10 /* 1970 to now */
#define ADDRESS_LENGTH         17
#define ESCAPE                 0x1B

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

bool trace_btmon_begins(const char *text, const char *words) {
        while (*words)
                if (*text++ != *words++)
                        return false;
        return true;
}

static bool is_one_of(char c, const char *set) {
        while (*set)
                if (c == *set++)
                        return true;
        return false;
}

/* --- cleaning --- */

static const struct {
        const char *text;
        char is;
} entities[] = {
        /* clang-format off */
        {"&lt;", '<'},
        {"&gt;", '>'},
        {"&amp;", '&'},
        {"&nbsp;", ' '},
        {"<br>", ' '},
        {"<br/>", ' '},
        {"<br />", ' '},
        {"<pre>", ' '},
        {"<code>", ' '},
        {"\xC2\xA0", ' '},     /* no-break space */
        {"\xEF\xBB\xBF", ' '}, /* byte order mark */
        /* clang-format on */
};

/* How long the entity, or the tag, at `line` is; 0: none. */
static size_t entity(const char *line, size_t n, char *ret) {
        if (!is_one_of(*line, "&<\xC2\xEF"))
                return 0;
        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
                size_t length = strlen(entities[i].text);

                if (length > n || memcmp(line, entities[i].text, length) != 0)
                        continue;
                *ret = entities[i].is;
                return length;
        }
        return 0;
}

/* How long the terminal's sequence at `line` is (ESC [ parameters, one letter). */
static size_t escape(const char *line, size_t n) {
        size_t i = 2;

        if (n < 2 || line[1] != '[')
                return 1;
        while (i < n && line[i] >= ' ' && line[i] < '@')
                i++;
        return i < n ? i + 1 : n;
}

void trace_btmon_clean(const char *line, size_t n, char ret[TRACE_BTMON_LINE_MAX + 1]) {
        size_t out = 0;
        bool blank = false;

        for (size_t i = 0; i < n && out < TRACE_BTMON_LINE_MAX - 1;) {
                char c = line[i];
                size_t length = entity(line + i, n - i, &c);

                if (c == ESCAPE) {
                        i += escape(line + i, n - i);
                        continue;
                }
                i += length ? length : 1;
                if ((unsigned char) c <= ' ') {
                        blank = out > 0;
                        continue;
                }
                if (blank)
                        ret[out++] = ' ';
                ret[out++] = c;
                blank = false;
        }
        ret[out] = '\0';
}

/* --- the beginning --- */

static const char *skip_line_number(const char *text) {
        const char *at = text;

        while (is_digit(*at))
                at++;
        if (at == text || !is_one_of(*at, " :|)"))
                return text;
        return at + 1;
}

/* "[bluetooth]# ", "[bluetoothctl]> ". */
static const char *skip_prompt(const char *text) {
        const char *at = text;

        if (*text != '[')
                return text;
        while (*at && *at != ']')
                at++;
        return trace_btmon_begins(at, "]# ") || trace_btmon_begins(at, "]> ") ? at + 3 : text;
}

/* "bluetoothd[746]: <": with the sign, or it is a field ("Data[5]: ..") or another log. */
static const char *skip_process(const char *text) {
        const char *at = text;

        while (*at && !is_one_of(*at, " [:"))
                at++;
        if (at == text || *at != '[' || !is_digit(at[1]))
                return text;
        at++;
        while (is_digit(*at))
                at++;
        return trace_btmon_begins(at, "]: ") && is_one_of(at[3], "<>@=") ? at + 3 : text;
}

static const char *skip_marks(const char *text, char *sign) {
        for (; is_one_of(*text, " <>@=|*`"); text++)
                if (is_one_of(*text, "<>@="))
                        *sign = *text;
        return text;
}

const char *trace_btmon_skip(const char *text, char *ret_sign) {
        *ret_sign = '\0';
        text = skip_marks(text, ret_sign);
        text = skip_marks(skip_prompt(skip_line_number(text)), ret_sign);
        return skip_marks(skip_process(text), ret_sign);
}

/* --- words and numbers --- */

bool trace_btmon_has(const char *text, const char *words) {
        for (; *text; text++)
                if (trace_btmon_begins(text, words))
                        return true;
        return false;
}

const char *trace_btmon_field(const char *text, const char *name) {
        if (!trace_btmon_begins(text, name))
                return NULL;
        text += strlen(name);
        if (*text == '[')
                do
                        text++;
                while (is_digit(*text) || *text == ']');
        if (*text != ':')
                return NULL;
        do
                text++;
        while (*text == ' ');
        return text;
}

bool trace_btmon_number(const char **at, uint64_t *ret) {
        bool hex = trace_btmon_begins(*at, "0x");
        uint64_t base = hex ? 16 : 10, number = 0;
        const char *begin = hex ? *at + 2 : *at, *text = begin;

        for (; hex ? words_hex_digit(*text) >= 0 : is_digit(*text); text++) {
                uint64_t more = (uint64_t) words_hex_digit(*text);

                if (number > (UINT64_MAX - more) / base)
                        return false;
                number = number * base + more;
        }
        if (text == begin)
                return false;
        *at = text;
        *ret = number;
        return true;
}

/* A command's "OGF|OCF" as an opcode. */
static bool opcode(const char **at, uint64_t ogf, uint64_t *ret) {
        uint64_t ocf;

        ++*at;
        if (!trace_btmon_number(at, &ocf) || ogf > 0x3F || ocf > 0x3FF)
                return false;
        *ret = ogf << 10 | ocf;
        return true;
}

bool trace_btmon_bracket(const char *text, uint64_t *ret) {
        for (; *text; text++) {
                const char *at = text + 1;
                uint64_t number;

                if (*text != '(' || !trace_btmon_number(&at, &number))
                        continue;
                if (*at == '|' && !opcode(&at, number, &number))
                        continue;
                if (*at != ')')
                        continue;
                *ret = number;
                return true;
        }
        return false;
}

bool trace_btmon_value(const char *text, uint64_t *ret) {
        uint64_t number;

        if (trace_btmon_bracket(text, ret))
                return true;
        if (!trace_btmon_number(&text, &number) || (*text && *text != ' '))
                return false;
        *ret = number;
        return true;
}

bool trace_btmon_address(const char *text, struct bdaddr *ret) {
        char address[ADDRESS_LENGTH + 1] = {0};

        for (size_t i = 0; i < ADDRESS_LENGTH && text[i]; i++)
                address[i] = text[i];
        return bdaddr_from_string(address, ret) == 0;
}

size_t trace_btmon_hex(const char *text, uint8_t *ret, size_t max) {
        size_t n = 0;

        for (; n < max && words_hex_digit(text[0]) >= 0 && words_hex_digit(text[1]) >= 0; text += 2)
                ret[n++] = (uint8_t) (words_hex_digit(text[0]) << 4 | words_hex_digit(text[1]));
        return n;
}

/* --- the right end of a header --- */

/* Up to `max` digits, at least one. */
static bool digits(const char **at, size_t max, int64_t *ret) {
        size_t n = 0;
        int64_t number = 0;

        for (; is_digit((*at)[n]); n++) {
                if (n == max)
                        return false;
                number = number * 10 + words_hex_digit((*at)[n]);
        }
        *at += n;
        *ret = number;
        return n > 0;
}

static bool character(const char **at, char c) {
        if (**at != c)
                return false;
        ++*at;
        return true;
}

static bool ends(const char *at) {
        return *at == '\0' || *at == ' ';
}

/* "2024-01-01" */
static void take_date(const char *at, struct trace_btmon_stamp *s) {
        int64_t year, month, day;
        struct date_time date;

        if (!digits(&at, 4, &year) || !character(&at, '-') || !digits(&at, 2, &month) ||
            !character(&at, '-') || !digits(&at, 2, &day) || !ends(at))
                return;
        if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
                return;
        date = (struct date_time){
                .year = (uint16_t) year, .month = (uint8_t) month, .day = (uint8_t) day};
        s->has_date = true;
        s->day = date_time_to_seconds(&date) / DAY_SECONDS;
}

/* "10:11:12.323537", "26.323537": six digits, of which people cut the last; with three it is
 * another number ("60.000 msec"). */
static void take_time(const char *at, struct trace_btmon_stamp *s) {
        int64_t first, minute = 0, second, fraction;
        const char *point;
        size_t n;
        bool of_day;

        if (!digits(&at, DIGITS_OF_SECONDS, &first))
                return;
        second = first;
        of_day = character(&at, ':');
        if (of_day && (!digits(&at, 2, &minute) || !character(&at, ':') ||
                       !digits(&at, 2, &second) || first > 23 || minute > 59 || second > 59))
                return;
        if (!character(&at, '.'))
                return;
        point = at;
        if (!digits(&at, DIGITS_OF_FRACTION, &fraction) || !ends(at))
                return;
        n = (size_t) (at - point);
        if (n < DIGITS_OF_FRACTION_MIN)
                return;
        for (; n < DIGITS_OF_FRACTION; n++)
                fraction *= 10;
        if (of_day)
                second += first * 3600 + minute * 60;
        s->of_day = of_day;
        s->usec = second * SECOND_USEC + fraction;
        s->has_time = true;
}

/* "#17" and then "[hci0]": what follows is a comment of somebody's. */
static void take_names(const char *at, struct trace_btmon_stamp *s) {
        uint64_t number;

        if (!s->has_number && !s->has_adapter && !s->has_time && character(&at, '#')) {
                s->has_number = trace_btmon_number(&at, &number) && ends(at);
                s->number = s->has_number ? number : 0;
        } else if (!s->has_adapter && trace_btmon_begins(at, "[hci")) {
                at += strlen("[hci");
                s->has_adapter = trace_btmon_number(&at, &number) && trace_btmon_begins(at, "]");
                s->adapter = s->has_adapter ? number : 0;
        }
}

void trace_btmon_take_stamp(const char *text, struct trace_btmon_stamp *ret) {
        struct trace_btmon_stamp s = {0};

        while (*text) {
                take_names(text, &s);
                if (!s.has_time)
                        take_time(text, &s);
                if (!s.has_date)
                        take_date(text, &s);
                while (!ends(text))
                        text++;
                while (*text == ' ')
                        text++;
        }
        *ret = s;
}
