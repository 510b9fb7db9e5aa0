/* Checks that look at files of the system: each good, and each bad with its remedy. The kernel's
 * answers about clock and Wi-Fi are ours. */
#include "doctor_fixture.h"

#include <errno.h>
#include <linux/wireless.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>

#include "cli/doctor_host.h"

/* --- in the kernel's place --- */

static int clock_state, clock_status;

int adjtimex(struct timex *t) {
        if (clock_state < 0) {
                errno = EPERM;
                return -1;
        }
        t->status = clock_status;
        return clock_state;
}

static struct iw_freq frequency, frequency_of_second;
static char asked[IFNAMSIZ];

int ioctl(int fd, unsigned long request, ...) {
        va_list ap;
        struct iwreq *wireless;

        va_start(ap, request);
        wireless = va_arg(ap, struct iwreq *);
        va_end(ap);
        if (request == SIOCGIWFREQ && strcmp(wireless->ifr_name, "wlan1") == 0) {
                wireless->u.freq = frequency_of_second;
                return 0;
        }
        if (request != SIOCGIWFREQ || (frequency.m == 0 && frequency.e == 0)) {
                errno = EOPNOTSUPP;
                return -1;
        }
        snprintf(asked, sizeof asked, "%s", wireless->ifr_name);
        wireless->u.freq = frequency;
        return 0;
}

static void open_house(struct house *h) {
        house_open(h);
        clock_state = TIME_OK;
        clock_status = 0;
        frequency = (struct iw_freq){0};
        asked[0] = '\0';
        unsetenv("container");
        setenv("TZ", "CET-1", 1);
        tzset();
}

/* --- kernel --- */

static void debians_two_bad_kernels_are_known_whatever_their_flavour(void) {
        static const char *const bad[] = {"6.1.0-55-amd64\n", "6.1.0-56-arm64\n",
                                          "6.1.0-56-cloud-amd64\n", "6.1.0-55\n"};

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct house h;

                open_house(&h);
                house_put(&h, "/proc/sys/kernel/osrelease", bad[i]);
                doctor_host(&h.doctor);
                CHECK_EQ(h.doctor.finding[DOCTOR_KERNEL].status, DOCTOR_PROBLEM);
                CHECK(strstr(house_text(&h, DOCTOR_KERNEL), "list_del corruption"));
                CHECK(strstr(house_text(&h, DOCTOR_KERNEL), "6.1.0-5"));
                CHECK(strstr(house_remedy(&h, DOCTOR_KERNEL), "`sudo apt full-upgrade`"));
                house_close(&h);
        }
}

static void other_kernels_are_good_and_old_ones_are_doubtful(void) {
        static const struct {
                const char *release, *status;
        } cases[] = {
                {"6.1.0-54-amd64\n", "ok"}, {"6.1.0-550-amd64\n", "ok"},
                {"6.1.0-5-amd64\n", "ok"},  {"6.12.117+deb12-arm64\n", "ok"},
                {"5.10.0-30\n", "ok"},      {"5.9.16\n", "warning"},
                {"4.19.0-27\n", "warning"}, {"strange\n", "skipped"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                open_house(&h);
                house_put(&h, "/proc/sys/kernel/osrelease", cases[i].release);
                doctor_host(&h.doctor);
                CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_KERNEL].status),
                          cases[i].status);
                CHECK_EQ(h.doctor.finding[DOCTOR_KERNEL].remedy == NULL,
                         strcmp(cases[i].status, "ok") == 0);
                house_close(&h);
        }
}

static void a_kernel_that_is_not_told_is_skipped(void) {
        struct house h;

        open_house(&h);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_KERNEL, "skipped", "cannot see which one runs", "`uname -r`");
        house_close(&h);
}

/* --- time --- */

static void the_clock_is_synchronised_or_not_or_the_owner_says(void) {
        static const struct {
                enum config_system_clock policy;
                int state, status;
                const char *found, *remedy;
        } cases[] = {
                {CONFIG_CLOCK_AUTO, TIME_OK, 0, "ok", "(none)"},
                {CONFIG_CLOCK_AUTO, TIME_ERROR, STA_UNSYNC, "warning", "timedatectl"},
                {CONFIG_CLOCK_AUTO, TIME_OK, STA_UNSYNC, "warning", "timedatectl"},
                {CONFIG_CLOCK_AUTO, -1, 0, "warning", "system_clock = \"trusted\";"},
                {CONFIG_CLOCK_TRUSTED, TIME_ERROR, STA_UNSYNC, "ok", "(none)"},
                {CONFIG_CLOCK_UNTRUSTED, TIME_OK, 0, "warning", "system_clock = \"auto\";"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                open_house(&h);
                h.config.system_clock = cases[i].policy;
                clock_state = cases[i].state;
                clock_status = cases[i].status;
                doctor_host(&h.doctor);
                CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_CLOCK].status),
                          cases[i].found);
                CHECK(strstr(house_remedy(&h, DOCTOR_CLOCK), cases[i].remedy));
                house_close(&h);
        }
}

static void look_from(struct house *h, const char *zone, const char *mark, const char *configured) {
        open_house(h);
        setenv("TZ", zone, 1);
        tzset();
        h->config.time_zone = (char *) (uintptr_t) configured;
        if (mark && mark[0] == '/')
                house_put(h, mark, "");
        else if (mark)
                setenv("container", mark, 1);
        doctor_host(&h->doctor);
        unsetenv("container");
}

static void utc_is_suspicious_in_any_container(void) {
        static const char *const marks[] = {"/.dockerenv", "/run/.containerenv",
                                            "/run/systemd/container", "lxc"};

        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
                struct house h;

                look_from(&h, "UTC0", marks[i], NULL);
                CHECK_EQ(h.doctor.finding[DOCTOR_TIME_ZONE].status, DOCTOR_WARNING);
                CHECK(strstr(house_remedy(&h, DOCTOR_TIME_ZONE),
                             "CUFF2MQTT_TIME_ZONE=Europe/Berlin"));
                house_close(&h);
        }
}

static void other_zones_and_places_are_good(void) {
        struct house h;

        look_from(&h, "CET-1", "/.dockerenv", NULL);
        CHECK_FOUND(&h, DOCTOR_TIME_ZONE, "ok", "CET, the system's", "(none)");
        house_close(&h);
        look_from(&h, "UTC0", NULL, NULL);
        CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_TIME_ZONE].status), "ok");
        CHECK(strstr(house_text(&h, DOCTOR_TIME_ZONE), "UTC"));
        house_close(&h);
        look_from(&h, "UTC0", "/.dockerenv", "Europe/Lisbon");
        CHECK_FOUND(&h, DOCTOR_TIME_ZONE, "ok", "Europe/Lisbon, as configured", "(none)");
        house_close(&h);
}

/* --- radios --- */

static void put_switch(struct house *h, const char *entry, const char *type, const char *name,
                       int soft, int hard) {
        char path[128];

        snprintf(path, sizeof path, "/sys/class/rfkill/%s/type", entry);
        house_put(h, path, type);
        snprintf(path, sizeof path, "/sys/class/rfkill/%s/name", entry);
        house_put(h, path, name);
        snprintf(path, sizeof path, "/sys/class/rfkill/%s/soft", entry);
        house_put(h, path, soft ? "1\n" : "0\n");
        snprintf(path, sizeof path, "/sys/class/rfkill/%s/hard", entry);
        house_put(h, path, hard ? "1\n" : "0\n");
}

static void a_blocked_radio_is_told_with_who_blocks_it(void) {
        struct house h;

        open_house(&h);
        put_switch(&h, "rfkill0", "wlan\n", "phy0\n", 1, 1);
        put_switch(&h, "rfkill1", "bluetooth\n", "hci0\n", 1, 0);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_RFKILL, "problem", "hci0: switched off by a program",
                    "`sudo rfkill unblock bluetooth`");
        house_close(&h);

        open_house(&h);
        put_switch(&h, "rfkill1", "bluetooth\n", "hci0\n", 1, 0);
        put_switch(&h, "rfkill2", "bluetooth\n", "hci1\n", 1, 1);
        doctor_host(&h.doctor);
        CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_RFKILL].status), "problem");
        CHECK_STR(house_text(&h, DOCTOR_RFKILL), "hci0, hci1: switched off by the computer itself");
        CHECK(strstr(house_remedy(&h, DOCTOR_RFKILL), "flight mode"));
        house_close(&h);
}

static void a_blocked_radio_beside_a_free_one_is_a_warning(void) {
        struct house h;

        open_house(&h);
        put_switch(&h, "rfkill0", "bluetooth\n", "hci0\n", 1, 0);
        put_switch(&h, "rfkill1", "bluetooth\n", "hci1\n", 0, 0);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_RFKILL, "warning", "hci0: switched off by a program",
                    "`sudo rfkill unblock bluetooth`");
        house_close(&h);
}

static void free_radios_and_no_switches_are_good(void) {
        struct house h;

        open_house(&h);
        put_switch(&h, "rfkill0", "wlan\n", "phy0\n", 1, 1);
        put_switch(&h, "rfkill1", "bluetooth\n", "hci0\n", 0, 0);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_RFKILL, "ok", "nothing blocks Bluetooth", "(none)");
        house_close(&h);
        open_house(&h);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_RFKILL, "ok", "there is none for Bluetooth", "(none)");
        house_close(&h);
}

static void put_adapter(struct house *h, const char *name, const char *modalias,
                        const char *subsystem, const char *driver) {
        char path[128];

        snprintf(path, sizeof path, "/sys/class/bluetooth/%s/address", name);
        house_put(h, path, "");
        snprintf(path, sizeof path, "/sys/class/bluetooth/%s/device/modalias", name);
        if (modalias)
                house_put(h, path, modalias);
        snprintf(path, sizeof path, "/sys/class/bluetooth/%s/device/subsystem", name);
        if (subsystem)
                house_link(h, path, subsystem);
        snprintf(path, sizeof path, "/sys/class/bluetooth/%s/device/driver", name);
        if (driver)
                house_link(h, path, driver);
}

static void adapters_are_named_with_bus_and_driver(void) {
        struct house h;

        open_house(&h);
        put_adapter(&h, "hci0", "of:NbluetoothT(null)Cbrcm,bcm43438-bt\n", "../../bus/serial",
                    "../../bus/serial/drivers/hci_uart_bcm");
        put_adapter(&h, "hci2", "usb:v0BDAp8771d0200dcE0dsc01dp01icE0isc01ip01in00\n",
                    "../../bus/usb", "../../bus/usb/drivers/btusb");
        put_adapter(&h, "hci10", NULL, NULL, NULL);
        put_adapter(&h, "hci0:64", "usb:v0A12p0001d8891\n", "../../bus/usb", NULL);
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_DRIVER, "ok",
                    "hci0 on a serial line (UART), driver hci_uart_bcm; "
                    "hci2 on USB (0bda:8771), driver btusb; hci10 without hardware (virtual)",
                    "(none)");
        house_close(&h);
}

static void a_chip_that_is_often_imitated_is_a_warning(void) {
        struct house h;

        open_house(&h);
        put_adapter(&h, "hci0", "usb:v0A12p0001d8891dcE0\n", "../../bus/usb",
                    "../../bus/usb/drivers/btusb");
        doctor_host(&h.doctor);
        CHECK_EQ(h.doctor.finding[DOCTOR_DRIVER].status, DOCTOR_WARNING);
        CHECK(strstr(house_text(&h, DOCTOR_DRIVER), "hci0 on USB (0a12:0001), driver btusb. "));
        CHECK(strstr(house_remedy(&h, DOCTOR_DRIVER), "another adapter"));
        house_close(&h);
}

static void no_adapter_is_a_problem(void) {
        struct house h;

        open_house(&h);
        house_put(&h, "/boot/firmware/config.txt",
                  "#dtoverlay=disable-bt\ndtoverlay=disable-btx\n");
        doctor_host(&h.doctor);
        CHECK_EQ(h.doctor.finding[DOCTOR_DRIVER].status, DOCTOR_PROBLEM);
        CHECK_STR(house_text(&h, DOCTOR_DRIVER), "no adapter: the kernel knows none");
        CHECK(strstr(house_remedy(&h, DOCTOR_DRIVER), "`sudo systemctl enable --now hciuart`"));
        house_close(&h);
}

static void an_adapter_that_the_pi_switches_off_is_told_with_the_line(void) {
        static const struct {
                const char *file, *text;
        } cases[] = {
                {"/boot/firmware/config.txt", "# mine\n\n  dtoverlay=disable-bt\n"},
                {"/boot/config.txt", "a\nb\ndtoverlay=pi3-disable-bt,x=y\n"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;
                char where[64];

                open_house(&h);
                house_put(&h, cases[i].file, cases[i].text);
                doctor_host(&h.doctor);
                snprintf(where, sizeof where, "(%s:3)", cases[i].file);
                CHECK_EQ(h.doctor.finding[DOCTOR_DRIVER].status, DOCTOR_PROBLEM);
                CHECK(strstr(house_text(&h, DOCTOR_DRIVER), where));
                CHECK(strstr(house_remedy(&h, DOCTOR_DRIVER), "Take line 3 "));
                CHECK(strstr(house_remedy(&h, DOCTOR_DRIVER), cases[i].file));
                house_close(&h);
        }
}

static void put_interface(struct house *h, const char *name, bool wireless, const char *state) {
        char path[128];

        snprintf(path, sizeof path, "/sys/class/net/%s/operstate", name);
        house_put(h, path, state);
        snprintf(path, sizeof path, "/sys/class/net/%s/wireless/status", name);
        if (wireless)
                house_put(h, path, "0\n");
}

static void wifi_is_judged_by_its_frequency(void) {
        static const struct {
                struct iw_freq told;
                const char *found, *text;
        } cases[] = {
                {{.m = 2437, .e = 6},
                 "warning",
                 "wlan0 uses 2.4 GHz (2437 MHz), where Bluetooth is, too"},
                {{.m = 24720000, .e = 2},
                 "warning",
                 "wlan0 uses 2.4 GHz (2472 MHz), where Bluetooth is, too"},
                {{.m = 6, .e = 0},
                 "warning",
                 "wlan0 uses 2.4 GHz (2437 MHz), where Bluetooth is, too"},
                {{.m = 14, .e = 0},
                 "warning",
                 "wlan0 uses 2.4 GHz (2484 MHz), where Bluetooth is, too"},
                {{.m = 5180, .e = 6}, "ok", "wlan0 uses 5180 MHz, not 2.4 GHz"},
                {{.m = 36, .e = 0}, "ok", "wlan0 uses 5180 MHz, not 2.4 GHz"},
                {{.m = -5, .e = 6},
                 "skipped",
                 "wlan0 is in use; it does not say on which frequency"},
                {{.m = 5180, .e = 32767},
                 "skipped",
                 "wlan0 is in use; it does not say on which frequency"},
                {{0}, "skipped", "wlan0 is in use; it does not say on which frequency"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                open_house(&h);
                put_interface(&h, "eth0", false, "up\n");
                put_interface(&h, "wlan0", true, "up\n");
                frequency = cases[i].told;
                doctor_host(&h.doctor);
                CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_WIFI].status),
                          cases[i].found);
                CHECK_STR(house_text(&h, DOCTOR_WIFI), cases[i].text);
                if (frequency.m)
                        CHECK_STR(asked, "wlan0");
                CHECK(strstr(house_remedy(&h, DOCTOR_WIFI),
                             cases[i].found[0] == 'w'   ? "5 GHz or a cable"
                             : cases[i].found[0] == 's' ? "`iw dev wlan0 link`"
                                                        : "(none)"));
                house_close(&h);
        }
}

/* Whichever comes first. */
static void of_several_the_worst_counts(void) {
        static const struct {
                int first, second;
                const char *text;
        } cases[] = {
                {5180, 2437, "wlan1 uses 2.4 GHz"}, {2437, 5180, "wlan0 uses 2.4 GHz"},
                {5180, 0, "wlan1 is in use; it"},   {0, 5180, "wlan0 is in use; it"},
                {0, 2437, "wlan1 uses 2.4 GHz"},    {5180, 5200, "wlan0 uses 5180 MHz, not"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                open_house(&h);
                put_interface(&h, "wlan0", true, "up\n");
                put_interface(&h, "wlan1", true, "up\n");
                put_interface(&h, "wlan2", true, "down\n");
                frequency = (struct iw_freq){.m = cases[i].first, .e = 6};
                frequency_of_second = (struct iw_freq){.m = cases[i].second, .e = 6};
                doctor_host(&h.doctor);
                CHECK(strncmp(house_text(&h, DOCTOR_WIFI), cases[i].text, strlen(cases[i].text)) ==
                      0);
                house_close(&h);
        }
}

/* What only the host can do is said so. */
static void in_a_container_remedies_are_for_the_host(void) {
        static const enum doctor_check checks[] = {DOCTOR_KERNEL, DOCTOR_CLOCK, DOCTOR_RFKILL,
                                                   DOCTOR_DRIVER, DOCTOR_WIFI,  DOCTOR_PRIVACY};
        struct house h;

        open_house(&h);
        house_put(&h, "/.dockerenv", "");
        house_put(&h, "/proc/sys/kernel/osrelease", "6.1.0-55-amd64\n");
        clock_status = STA_UNSYNC;
        put_switch(&h, "rfkill1", "bluetooth\n", "hci0\n", 1, 0);
        doctor_host(&h.doctor);
        for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
                CHECK(strncmp(house_remedy(&h, checks[i]), "On the host: ", 13) == 0);
        CHECK_FOUND(&h, DOCTOR_DRIVER, "skipped",
                    "this container does not see the host's adapters here; what BlueZ has is said "
                    "below",
                    "On the host: `ls -l /sys/class/bluetooth`");
        house_close(&h);

        open_house(&h); /* sysfs is there, and has none */
        house_put(&h, "/.dockerenv", "");
        house_put(&h, "/sys/class/bluetooth/hci0:64/x", "");
        doctor_host(&h.doctor);
        CHECK_EQ(h.doctor.finding[DOCTOR_DRIVER].status, DOCTOR_PROBLEM);
        CHECK(strncmp(house_remedy(&h, DOCTOR_DRIVER), "On the host: Plug in", 20) == 0);
        house_close(&h);
}

static void wifi_that_is_off_absent_or_out_of_sight(void) {
        struct house h;

        open_house(&h);
        frequency = (struct iw_freq){.m = 2437, .e = 6};
        put_interface(&h, "wlan0", true, "down\n");
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_WIFI, "ok", "not in use", "(none)");
        house_close(&h);

        open_house(&h);
        put_interface(&h, "eth0", false, "up\n");
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_WIFI, "ok", "there is none", "(none)");
        house_close(&h);

        open_house(&h);
        put_interface(&h, "eth0", false, "up\n");
        house_put(&h, "/.dockerenv", "");
        doctor_host(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_WIFI, "skipped", "this container does not see the host's Wi-Fi",
                    "On the host: `iw dev`");
        house_close(&h);
}

static void the_name_of_an_interface_stays_out_of_a_report(void) {
        struct house h;

        open_house(&h);
        put_interface(&h, "wlx28ffb20591be", true, "up\n");
        frequency = (struct iw_freq){.m = 2437, .e = 6};
        h.doctor.report = true;
        doctor_host(&h.doctor);
        CHECK_STR(asked, "wlx28ffb20591be");
        CHECK(strncmp(house_text(&h, DOCTOR_WIFI), "(name) uses 2.4 GHz", 19) == 0);
        house_close(&h);
}

CHECK_MAIN("unit.doctor_host", TEST(debians_two_bad_kernels_are_known_whatever_their_flavour),
           TEST(other_kernels_are_good_and_old_ones_are_doubtful),
           TEST(a_kernel_that_is_not_told_is_skipped),
           TEST(the_clock_is_synchronised_or_not_or_the_owner_says),
           TEST(utc_is_suspicious_in_any_container), TEST(other_zones_and_places_are_good),
           TEST(a_blocked_radio_is_told_with_who_blocks_it),
           TEST(a_blocked_radio_beside_a_free_one_is_a_warning),
           TEST(free_radios_and_no_switches_are_good), TEST(adapters_are_named_with_bus_and_driver),
           TEST(a_chip_that_is_often_imitated_is_a_warning), TEST(no_adapter_is_a_problem),
           TEST(an_adapter_that_the_pi_switches_off_is_told_with_the_line),
           TEST(wifi_is_judged_by_its_frequency), TEST(wifi_that_is_off_absent_or_out_of_sight),
           TEST(of_several_the_worst_counts), TEST(in_a_container_remedies_are_for_the_host),
           TEST(the_name_of_an_interface_stays_out_of_a_report))
