/* RFKILL DRIVER WIFI: what sysfs says of the radios. */
#include "cli/doctor_host.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <linux/wireless.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/words.h"

#define TEXT_SIZE 512

/* --- directories of sysfs --- */

struct names {
        struct dirent **entry;
        int n; /* 0 also where there is no such directory */
};

static int is_visible(const struct dirent *entry) {
        return entry->d_name[0] != '.';
}

static void names_free(const struct names *names) {
        for (int i = 0; i < names->n; i++)
                free(names->entry[i]);
        free(names->entry);
}

/* In order, so that two runs say the same. */
static struct names names_in(const struct doctor *d, const char *directory) {
        struct names names = {0};
        char path[PATH_MAX];

        if (doctor_path(d, directory, path, sizeof path) == 0)
                names.n = scandir(path, &names.entry, is_visible, versionsort);
        if (names.n < 0)
                names = (struct names){0};
        return names;
}

/* "DIRECTORY/NAME/FILE"; "" where it cannot be read. */
static void read_of(const struct doctor *d, const char *directory, const char *name,
                    const char *file, char *ret, size_t size) {
        char path[PATH_MAX];

        ret[0] = '\0';
        if (snprintf(path, sizeof path, "%s/%s/%s", directory, name, file) < (int) sizeof path &&
            doctor_read(d, path, ret, size) < 0)
                ret[0] = '\0';
}

/* The last part of what the link points to; "" where there is none. */
static void link_of(const struct doctor *d, const char *name, const char *link, char *ret,
                    size_t size) {
        char relative[PATH_MAX], path[PATH_MAX], target[PATH_MAX];
        const char *slash;
        ssize_t n;

        ret[0] = '\0';
        snprintf(relative, sizeof relative, "/sys/class/bluetooth/%s/%s", name, link);
        if (doctor_path(d, relative, path, sizeof path) < 0)
                return;
        n = readlink(path, target, sizeof target - 1);
        if (n < 0)
                return;
        target[n] = '\0';
        slash = strrchr(target, '/');
        snprintf(ret, size, "%.*s", (int) size - 1, slash ? slash + 1 : target);
}

/* --- rfkill --- */

#define RFKILL "/sys/class/rfkill"

struct blocks {
        unsigned n, hard, soft; /* of Bluetooth */
        struct words names;     /* of those that are blocked */
};

static void count_block(const struct doctor *d, const char *entry, struct blocks *b) {
        char type[32], hard[8], soft[8], name[64];

        read_of(d, RFKILL, entry, "type", type, sizeof type);
        if (strcmp(type, "bluetooth") != 0)
                return;
        read_of(d, RFKILL, entry, "hard", hard, sizeof hard);
        read_of(d, RFKILL, entry, "soft", soft, sizeof soft);
        read_of(d, RFKILL, entry, "name", name, sizeof name);
        b->n++;
        b->hard += hard[0] == '1';
        b->soft += hard[0] != '1' && soft[0] == '1';
        if (hard[0] != '1' && soft[0] != '1')
                return;
        words_add(&b->names, b->names.length > 0 ? ", " : "");
        words_add(&b->names, name[0] ? name : entry);
}

static void look_at_rfkill(struct doctor *d) {
        struct names entries = names_in(d, RFKILL);
        char text[TEXT_SIZE];
        struct blocks b = {.names = words_in(text, sizeof text)};
        enum doctor_status status;

        for (int i = 0; i < entries.n; i++)
                count_block(d, entries.entry[i]->d_name, &b);
        names_free(&entries);
        status = b.hard + b.soft < b.n ? DOCTOR_WARNING : DOCTOR_PROBLEM; /* another one is free */
        if (b.hard > 0)
                doctor_found(d, DOCTOR_RFKILL, status,
                             doctor_on_host(d,
                                            "Look for a switch, or a key for the flight mode; "
                                            "if there is none, the computer's own setup (BIOS)."),
                             "%s: switched off by the computer itself", text);
        else if (b.soft > 0)
                doctor_found(d, DOCTOR_RFKILL, status,
                             doctor_on_host(d, "`sudo rfkill unblock bluetooth`"),
                             "%s: switched off by a program", text);
        else
                doctor_found(d, DOCTOR_RFKILL, DOCTOR_OK, NULL, "%s",
                             b.n > 0 ? "nothing blocks Bluetooth" : "there is none for Bluetooth");
}

/* --- adapter and driver --- */

#define BLUETOOTH "/sys/class/bluetooth"
#define CSR       "0a12:0001" /* Cambridge Silicon Radio; many imitations carry the same numbers */

/* "hci0", not the connections "hci0:64" beside it. */
static bool is_adapter(const char *name) {
        size_t digits;

        if (strncmp(name, "hci", 3) != 0)
                return false;
        digits = strspn(name + 3, "0123456789");
        return digits > 0 && name[3 + digits] == '\0';
}

/* "0a12:0001" of "usb:v0A12p0001d8891..", else "". */
static void usb_ids(const char *modalias, char ret[10]) {
        unsigned vendor, product;

        ret[0] = '\0';
        if (sscanf(modalias, "usb:v%4xp%4x", &vendor, &product) == 2)
                snprintf(ret, 10, "%04x:%04x", vendor & 0xFFFF, product & 0xFFFF);
}

/* What people call it. */
static const char *bus_of(const char *subsystem) {
        static const struct {
                const char *subsystem, *text;
        } buses[] = {
                {"usb", "on USB"},
                {"serial", "on a serial line (UART)"},
                {"tty", "on a serial line (UART)"},
                {"sdio", "on SDIO"},
                {"pci", "on PCI"},
                {"", "without hardware (virtual)"},
        };

        for (size_t i = 0; i < ELEMENTS(buses); i++)
                if (strcmp(buses[i].subsystem, subsystem) == 0)
                        return buses[i].text;
        return "on another bus";
}

/* Adds "hci0 on USB (0a12:0001), driver btusb"; true if it may be an imitation. */
static bool describe(const struct doctor *d, const char *name, struct words *w) {
        char modalias[128], subsystem[64], driver[64], ids[10];

        read_of(d, BLUETOOTH, name, "device/modalias", modalias, sizeof modalias);
        link_of(d, name, "device/subsystem", subsystem, sizeof subsystem);
        link_of(d, name, "device/driver", driver, sizeof driver);
        usb_ids(modalias, ids);
        words_add(w, w->length > 0 ? "; " : "");
        words_add(w, name);
        words_add(w, " ");
        words_add(w, bus_of(subsystem));
        if (ids[0]) {
                words_add(w, " (");
                words_add(w, ids);
                words_add(w, ")");
        }
        if (driver[0]) {
                words_add(w, ", driver ");
                words_add(w, driver);
        }
        return strcmp(ids, CSR) == 0;
}

/* The line that switches the Raspberry Pi's own adapter off: its number, or 0. */
static unsigned disabling_line(const struct doctor *d, const char *file) {
        _cleanup_(fclosep) FILE *f = NULL;
        _cleanup_(freep) char *line = NULL;
        char overlay[32];
        size_t size = 0;

        if (doctor_open(d, file, &f) < 0)
                return 0;
        for (unsigned n = 1; getline(&line, &size, f) >= 0; n++)
                if (sscanf(line, " dtoverlay = %31[^, \t\r\n]", overlay) == 1 &&
                    (strcmp(overlay, "disable-bt") == 0 || strcmp(overlay, "pi3-disable-bt") == 0))
                        return n;
        return 0;
}

static void find_no_adapter(struct doctor *d) {
        static const char *const files[] = {"/boot/firmware/config.txt", "/boot/config.txt"};
        char remedy[256], path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTS(files); i++) {
                unsigned line = disabling_line(d, files[i]);

                if (line == 0)
                        continue;
                snprintf(remedy, sizeof remedy,
                         "Take line %u (`dtoverlay=disable-bt`) out of %s and restart, or plug in "
                         "a USB adapter.",
                         line, files[i]);
                doctor_found(d, DOCTOR_DRIVER, DOCTOR_PROBLEM, doctor_on_host(d, remedy),
                             "no adapter: the Raspberry Pi's own is switched off (%s:%u)", files[i],
                             line);
                return;
        }
        if (doctor_in_container(d) && doctor_path(d, BLUETOOTH, path, sizeof path) == 0 &&
            access(path, F_OK) < 0)
                doctor_found(d, DOCTOR_DRIVER, DOCTOR_SKIPPED,
                             doctor_on_host(d, "`ls -l " BLUETOOTH "`"),
                             "this container does not see the host's adapters here; what BlueZ has "
                             "is said below");
        else
                doctor_found(d, DOCTOR_DRIVER, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Plug in a USB adapter. On a Raspberry Pi, for its "
                                               "own one: `sudo systemctl enable --now hciuart`, "
                                               "and no `dtoverlay=disable-bt` in "
                                               "/boot/firmware/config.txt."),
                             "no adapter: the kernel knows none");
}

static void look_at_driver(struct doctor *d) {
        struct names entries = names_in(d, BLUETOOTH);
        bool imitation = false;
        char text[TEXT_SIZE];
        struct words w = words_in(text, sizeof text);

        for (int i = 0; i < entries.n; i++)
                if (is_adapter(entries.entry[i]->d_name))
                        imitation |= describe(d, entries.entry[i]->d_name, &w);
        names_free(&entries);
        if (w.length == 0)
                find_no_adapter(d);
        else if (imitation)
                doctor_found(
                        d, DOCTOR_DRIVER, DOCTOR_WARNING,
                        doctor_on_host(d, "If cuffs are lost again and again, try another adapter. "
                                          "`sudo dmesg | grep CSR` says whether the kernel takes "
                                          "it for an imitation."),
                        "%s. Many imitations of CSR's chip have these numbers; they are among "
                        "the most common reasons for a bad radio",
                        text);
        else
                doctor_found(d, DOCTOR_DRIVER, DOCTOR_OK, NULL, "%s", text);
}

/* --- Wi-Fi --- */

#define NET "/sys/class/net"

/* MHz; 0: it does not tell. `m` times 10 to the `e` is Hz; small numbers are channels
 * (linux/wireless.h). */
static unsigned megahertz(const struct iw_freq *f) {
        double hertz = f->m;

        if (f->e == 0 && f->m > 0 && f->m < 1000)
                return f->m == 14  ? 2484
                       : f->m < 14 ? 2407 + 5 * (unsigned) f->m
                                   : 5000 + 5 * (unsigned) f->m;
        for (int i = 0; i < f->e; i++)
                hertz *= 10;
        return hertz > 0 && hertz < 1e11 ? (unsigned) (hertz / 1e6) : 0;
}

static unsigned frequency_of(const char *interface) {
        _cleanup_(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct iwreq request = {0};

        if (fd < 0 || strlen(interface) >= sizeof request.ifr_name)
                return 0;
        strcpy(request.ifr_name, interface);
        return ioctl(fd, SIOCGIWFREQ, &request) < 0 ? 0 : megahertz(&request.u.freq);
}

static bool is_wireless(const struct doctor *d, const char *interface) {
        char relative[PATH_MAX], path[PATH_MAX];

        snprintf(relative, sizeof relative, NET "/%s/wireless", interface);
        return doctor_path(d, relative, path, sizeof path) == 0 && access(path, F_OK) == 0;
}

static void find_wifi_in_use(struct doctor *d, const char *interface, unsigned mhz) {
        const char *name = doctor_name(d, interface); /* it may be made of its address */
        char remedy[128];

        if (mhz == 0) {
                snprintf(remedy, sizeof remedy, "`iw dev %s link`", name);
                doctor_found(d, DOCTOR_WIFI, DOCTOR_SKIPPED, doctor_on_host(d, remedy),
                             "%s is in use; it does not say on which frequency", name);
        } else if (mhz < 3000) {
                doctor_found(d, DOCTOR_WIFI, DOCTOR_WARNING,
                             "If cuffs are not heard well: 5 GHz or a cable for this computer; for "
                             "a Bluetooth dongle a USB extension lead.",
                             "%s uses 2.4 GHz (%u MHz), where Bluetooth is, too", name, mhz);
        } else {
                doctor_found(d, DOCTOR_WIFI, DOCTOR_OK, NULL, "%s uses %u MHz, not 2.4 GHz", name,
                             mhz);
        }
}

/* Of several the one on 2.4 GHz is told, else one that does not tell (0). */
static bool is_worse(unsigned mhz, unsigned than) {
        bool low = mhz > 0 && mhz<3000, other = than> 0 && than < 3000;

        return low != other ? low : mhz < than;
}

static void look_at_wifi(struct doctor *d) {
        struct names interfaces = names_in(d, NET);
        const char *worst = NULL;
        unsigned wireless = 0, mhz = 0;
        char state[32];

        for (int i = 0; i < interfaces.n; i++) {
                const char *name = interfaces.entry[i]->d_name;
                unsigned its;

                if (!is_wireless(d, name))
                        continue;
                wireless++;
                read_of(d, NET, name, "operstate", state, sizeof state);
                if (strcmp(state, "up") != 0)
                        continue;
                its = frequency_of(name);
                if (worst && !is_worse(its, mhz))
                        continue;
                worst = name;
                mhz = its;
        }
        if (worst)
                find_wifi_in_use(d, worst, mhz);
        else if (wireless > 0)
                doctor_found(d, DOCTOR_WIFI, DOCTOR_OK, NULL, "not in use");
        else if (doctor_in_container(d))
                doctor_found(d, DOCTOR_WIFI, DOCTOR_SKIPPED, doctor_on_host(d, "`iw dev`"),
                             "this container does not see the host's Wi-Fi");
        else
                doctor_found(d, DOCTOR_WIFI, DOCTOR_OK, NULL, "there is none");
        names_free(&interfaces);
}

void doctor_radio(struct doctor *d) {
        look_at_rfkill(d);
        look_at_driver(d);
        look_at_wifi(d);
}
