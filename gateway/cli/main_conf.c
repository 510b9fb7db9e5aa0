#include "cli/main_conf.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BLANK " \t\r\n\f" /* to GKeyFile */

/* --- lines --- */

static void cut_end_of_line(char *line) {
        size_t n = strlen(line);

        if (n == 0 || line[n - 1] != '\n')
                return;
        line[--n] = '\0';
        if (n > 0 && line[n - 1] == '\r')
                line[n - 1] = '\0';
}

static void cut_blanks(char *text) {
        size_t n = strlen(text);

        while (n > 0 && strchr(BLANK, text[n - 1]))
                text[--n] = '\0';
}

/* "[General]", and nothing but blanks behind it. */
static bool is_group(const char *line) {
        size_t n = strcspn(line + 1, "[]");

        for (size_t i = 1; i <= n; i++)
                if (iscntrl((unsigned char) line[i]))
                        return false;
        return n > 0 && line[n + 1] == ']' && line[n + 2 + strspn(line + n + 2, " \t")] == '\0';
}

/* "Key", or for one language "Key[de]". */
static bool is_key(const char *key) {
        size_t n = strcspn(key, "[]");

        if (n == 0 || key[n] == '\0')
                return n > 0;
        if (key[n] != '[' || key[n - 1] == ' ')
                return false;
        for (n++; isalnum((unsigned char) key[n]) || (key[n] && strchr("-_.@", key[n])) ||
                  (unsigned char) key[n] >= 0x80;)
                n++;
        return key[n] == ']' && key[n + 1] == '\0';
}

struct reading {
        const char *key;
        bool in_group, in_general;
        unsigned line;
        struct main_conf_value *found;
};

/* 0, or -EBADMSG: BlueZ reads no further, and forgets what it has read. Changes the line. */
static int read_line(struct reading *r, char *line) {
        char *equals;

        r->line++;
        cut_end_of_line(line);
        line += strspn(line, BLANK);
        if (*line == '#' || *line == '\0')
                return 0;
        if (*line == '[' && is_group(line)) {
                r->in_group = true;
                r->in_general = strncmp(line, "[General]", strlen("[General]")) == 0;
                return 0;
        }
        equals = strchr(line, '=');
        if (!equals || equals == line || !r->in_group)
                return -EBADMSG;
        *equals = '\0';
        cut_blanks(line);
        if (!is_key(line))
                return -EBADMSG;
        if (r->in_general && strcmp(line, r->key) == 0) {
                r->found->line = r->line;
                equals += 1 + strspn(equals + 1, BLANK);
                snprintf(r->found->text, sizeof r->found->text, "%s", equals);
        }
        return 0;
}

int main_conf_read(const struct doctor *d, const char *key, struct main_conf_value *ret) {
        _cleanup_(fclosep) FILE *f = NULL;
        _cleanup_(freep) char *line = NULL;
        struct main_conf_value found = {0};
        struct reading reading = {.key = key, .found = &found};
        size_t size = 0;
        int r = doctor_open(d, MAIN_CONF, &f);

        *ret = found;
        if (r < 0)
                return r;
        errno = 0;
        while (r >= 0 && getline(&line, &size, f) >= 0)
                r = read_line(&reading, line);
        if (r >= 0 && ferror(f))
                return errno ? -errno : -EIO;
        if (r < 0)
                found = (struct main_conf_value){.line = reading.line};
        *ret = found;
        return r;
}

bool main_conf_is_true(const struct main_conf_value *value) {
        struct main_conf_value v = *value;

        cut_blanks(v.text);
        return strcmp(v.text, "true") == 0 || strcmp(v.text, "1") == 0;
}

/* --- times --- */

/* The 22nd word of /proc/PID/stat, in ticks since the computer was started; the second, in
 * parentheses, may have blanks. */
static bool started(const struct doctor *d, pid_t pid, double *ret_s) {
        char path[64], text[1024];
        unsigned long long ticks;
        const char *at;

        snprintf(path, sizeof path, "/proc/%lld/stat", (long long) pid);
        if (doctor_read(d, path, text, sizeof text) < 0 || !(at = strrchr(text, ')')) ||
            sscanf(at + 1,
                   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                   "%llu",
                   &ticks) != 1)
                return false;
        *ret_s = (double) ticks / (double) sysconf(_SC_CLK_TCK);
        return true;
}

bool main_conf_is_newer(const struct doctor *d, pid_t pid) {
        char path[PATH_MAX], text[64];
        double since_start_s, uptime_s, age_s;
        struct timespec now;
        struct stat st;

        if (doctor_path(d, MAIN_CONF, path, sizeof path) < 0 || stat(path, &st) < 0 ||
            doctor_read(d, "/proc/uptime", text, sizeof text) < 0 ||
            sscanf(text, "%lf", &uptime_s) != 1 || !started(d, pid, &since_start_s))
                return false;
        clock_gettime(CLOCK_REALTIME, &now);
        age_s = difftime(now.tv_sec, st.st_mtime);
        /* A file of the future tells nothing; a second more or less may be a matter of rounding. */
        return age_s >= 0 && age_s + 1 < uptime_s - since_start_s;
}
