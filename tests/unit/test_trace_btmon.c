/* What each block of btmon's text becomes: links, advertisements, the management interface.
 * (Others: SMP, lines and their clock, and what btmon really printed.) */
#include "trace_btmon_fixture.h"

#define LE "> HCI Event: LE Meta Event (0x3e) plen 19 #7 [hci0] 1.000000\n"
#define A1 "28:FF:B2:05:91:BE"
#define A2 "D0:11:22:33:44:55"

/* --- links --- */

#define CREATE(type)                                                                               \
        "< HCI Command: LE Create Connection (0x08|0x000d) plen 25 #6 [hci0] 0.900000\n"           \
        "        Own address type: Whatever (" type ")\n"
#define EXTENDED_CREATE(type)                                                                      \
        "< HCI Command: LE Extended Create... (0x08|0x0043) plen 26 #6 [hci0] 0.900000\n"          \
        "        Own address type: Whatever (" type ")\n"
#define COMPLETE(sub)                                                                              \
        LE "LE Something Complete (" sub ")\nStatus: Success (0x00)\nHandle: 64\n"                 \
           "Peer address type: Public (0x00)\nPeer address: " A1 " (OUI 28-FF-B2)\n"
#define CONNECTED "7 100000 64 connected " A1 " random "
#define DIES      "> HCI Event: Disconnect Complete (0x05) plen 4 #9 [hci0] 2.000000\n"

static void a_connection_and_from_which_address(void) {
        static const struct row rows[] = {
                {COMPLETE("0x01") "Role: Central (0x00)\n", "7 0 64 connected " A1 " random ?\n"},
                {CREATE("0x00") COMPLETE("0x01"), CONNECTED "no\n"},
                {CREATE("0x01") COMPLETE("0x01"), CONNECTED "yes\n"},
                {EXTENDED_CREATE("0x03") COMPLETE("0x0a"), CONNECTED "yes\n"},
                {EXTENDED_CREATE("0x02") COMPLETE("0x29"), CONNECTED "?\n"},
                {CREATE("0x04") COMPLETE("0x01"), CONNECTED "?\n"},
                {CREATE("0x02") COMPLETE("0x0a") "Local resolvable private address: " A2 " (..)\n",
                 CONNECTED "yes\n"},
                {CREATE("0x02") COMPLETE("0x0a") "Local resolvable private address: "
                                                 "00:00:00:00:00:00 (Non-Resolvable)\n",
                 CONNECTED "no\n"},
                {CREATE("0x02") COMPLETE("0x0a") "Local resolvable private address: (removed)\n",
                 CONNECTED "?\n"},
                {LE "LE Connection Complete (0x01)\nStatus: Success (0x00)\n"
                    "Handle: 3585 Address: " A1 " (OUI 28-FF-B2)\nPeer address: (removed)\n",
                 "7 0 3585 connected - random ?\n"},
                /* nothing came up */
                {LE "LE Connection Complete (0x01)\nStatus: Timeout (0x3e)\nHandle: 64\n", ""},
                {LE "LE Connection Complete (0x01)\nHandle: 64\n", ""},
                {LE "LE Connection Complete (0x01)\nStatus: Success (0x00)\n", ""},
                {LE "LE Connection Complete (0x01)\nStatus: Success (0x00)\nHandle: 4096\n", ""},
                /* what is it */
                {LE "Status: Success (0x01)\nStatus: Success (0x00)\nHandle: 64\n", ""},
                {LE "LE Read Remote Used Features (0x04)\nStatus: Success (0x00)\nHandle: 64\n",
                 ""},
                {LE "LE what (0x10001)\nStatus: Success (0x00)\nHandle: 64\n", ""},
                {DIES "Status: Success (0x00)\nHandle: 64\nReason: x (0x13)\n",
                 "9 0 64 disconnected 13\n"},
                {DIES "Status: x (0x02)\nHandle: 64\nReason: x (0x13)\n", ""},
                {DIES "Status: Success (0x00)\nHandle: 64\n", ""},
                {DIES "Handle: 64\nReason: x (0x13)\n", ""},
                {DIES "Status: Success (0x00)\nHandle: 64\nHandle: 65\nReason: x (0xff)\n"
                      "Reason: y (0x13)\n",
                 "9 0 64 disconnected ff\n"},
                {DIES "what (0x02)\nStatus: Success (0x00)\nHandle: 64\nReason: x (0x13)\n",
                 "9 0 64 disconnected 13\n"},
                {LE "no code yet\nLE Connection Complete (0x01)\nHandle: 64\n"
                    "Status: Success (0x00)\n",
                 "7 0 64 connected - random ?\n"},
                {LE "LE Enhanced Connection Complete (0x0a)\nHandle: 64\n", ""},
                {LE "LE Enhanced Connection Complete v2 (0x29)\nHandle: 64\n", ""},
        };

        CHECK_ROWS(rows);
}

#define START                                                                                      \
        "< HCI Command: LE Start Encryption (0x08|0x0019) plen 28 #8 [hci0] 3.000000\n"            \
        "Handle: 64\n"
#define REFUSED(status)                                                                            \
        "> HCI Event: Command Status (0x0f) plen 4 #9 [hci0] 3.000100\n"                           \
        "LE Start Encryption (0x08|0x0019) ncmd 1\nStatus: Whatever (" status ")\n"
#define CHANGE(code, status)                                                                       \
        "> HCI Event: Encryption Change (" code ") plen 4 #9 [hci0] 3.000100\n"                    \
        "Status: Whatever (" status ")\nHandle: 64\n"

static void encryption_asked_for_and_done(void) {
        static const struct row rows[] = {
                {START "Random number: 0x0000000000000000\nEncrypted diversifier: 0x0000\n",
                 "8 0 64 encrypt\n"},
                {START "Random number: 0xfedcba9876543210\nEncrypted diversifier: 0x0000\n",
                 "8 0 64 encrypt stored\n"},
                {START "Random number: 0x0000000000000000\nEncrypted diversifier: 0x0001\n",
                 "8 0 64 encrypt stored\n"},
                {CHANGE("0x08", "0x00") "Encryption: Enabled (0x01)\n", "9 0 64 encrypted 00\n"},
                {CHANGE("0x08", "0x06") "Encryption: Disabled (0x00)\n", "9 0 64 encrypted 06\n"},
                {CHANGE("0x08", "0x00") "Encryption: Disabled (0x00)\n", ""},
                {CHANGE("0x59", "0x00") "Encryption: Enabled with AES-CCM (0x01)\n",
                 "9 0 64 encrypted 00\n"},
                {CHANGE("0x30", "0x00"), "9 0 64 encrypted 00\n"},
                {CHANGE("0x31", "0x00"), ""},
                {CHANGE("0x08", "0xff"), "9 0 64 encrypted ff\n"},
                {CHANGE("0x08", "0x100"), ""},
                {CHANGE("0x30", "none"), ""},
                {CHANGE("0x59", "none"), ""},
                {START REFUSED("0x02"), "8 0 64 encrypt\n9 100 64 encrypted 02\n"},
                {START REFUSED("0x00") REFUSED("0x02"), "8 0 64 encrypt\n"},
                {REFUSED("0x02"), ""},
        };

        CHECK_ROWS(rows);
}

#define AS_PERIPHERAL(handle)                                                                      \
        LE "LE Connection Complete (0x01)\nStatus: Success (0x00)\nHandle: " handle                \
           "\nRole: Slave (0x01)\nPeer address: " A1 "\n"
#define ASKS(way, handle)                                                                          \
        way " Handle " handle " flags 0x02 dlen 6 #7 [hci0] 1.000000\n"                            \
            "SMP: Security Request (0x0b) len 1\nAuthentication requirement: x (0x01)\n"
#define UP(handle) "7 0 " handle " connected " A1 " random ?\n"

/* The sides are the link's: who is the central is not who made the capture. */
static void where_the_host_is_the_peripheral_sides_swap(void) {
        static const struct row rows[] = {
                {AS_PERIPHERAL("1") ASKS("< ACL Data TX:", "1") ASKS("> ACL Data RX:", "1")
                         ASKS("< ACL Data TX:", "2") ASKS("LE-ACL:", "1"),
                 UP("1") "7 0 1 cuff 0b 01\n7 0 1 host 0b 01\n7 0 2 host 0b 01\n7 0 1 ? 0b 01\n"},
                {AS_PERIPHERAL("1") DIES
                 "Status: Success (0x00)\nHandle: 1\nReason: x (0x13)\n" ASKS("< ACL Data TX:",
                                                                              "1"),
                 UP("1") "9 1000000 1 disconnected 16\n7 0 1 host 0b 01\n"},
                {AS_PERIPHERAL("1") AS_PERIPHERAL("2") AS_PERIPHERAL("3") AS_PERIPHERAL("4")
                         AS_PERIPHERAL("5") AS_PERIPHERAL("6") AS_PERIPHERAL("7") AS_PERIPHERAL("8")
                                 AS_PERIPHERAL("9") ASKS("< ACL Data TX:", "1")
                                         ASKS("< ACL Data TX:", "9"),
                 UP("1") UP("2") UP("3") UP("4") UP("5") UP("6") UP("7") UP("8")
                         UP("9") "7 0 1 host 0b 01\n7 0 9 cuff 0b 01\n"},
                {AS_PERIPHERAL("1") "Peer address type: Random (0x01)\n",
                 "7 0 1 connected " A1 " random yes\n"},
                {AS_PERIPHERAL("1") "Peer address type: Public (0x00)\n",
                 "7 0 1 connected " A1 " random no\n"},
                {AS_PERIPHERAL("1") "< ACL Data TX: Handle 1 flags 0x02 dlen 6 [hci1]\n"
                                    "SMP: Security Request (0x0b) len 1\nAuthentication "
                                    "requirement: x (0x01)\n",
                 UP("1") "2 -1 1 hci1 host 0b 01\n"},
                {LE "LE Long Term Key Request (0x05)\nHandle: 9\nRandom number: 0x0\n"
                    "Encrypted diversifier: 0x0001\n" ASKS("< ACL Data TX:", "9"),
                 "7 0 9 encrypt stored\n7 0 9 cuff 0b 01\n"},
        };

        CHECK_ROWS(rows);
}

#define CLASSIC(handle)                                                                            \
        "> HCI Event: Connect Complete (0x03) plen 11 #1 [hci0] 1.000000\n"                        \
        "Status: Success (0x00)\nHandle: " handle "\nAddress: " A1 "\nLink type: ACL (0x01)\n"
#define CHANGED(handle)                                                                            \
        "> HCI Event: Encryption Change (0x08) plen 4 #9 [hci0] 2.000000\n"                        \
        "Status: PIN or Key Missing (0x06)\nHandle: " handle "\nEncryption: Disabled (0x00)\n"

/* Headphones and keyboards use the same events. */
static void links_of_classic_bluetooth_are_no_cuffs(void) {
        static const struct row rows[] = {
                {CLASSIC("11") CHANGED("11"), ""},
                {CLASSIC("11") CHANGED("12"), "9 1000000 12 encrypted 06\n"},
                {CLASSIC("11") AS_PERIPHERAL("11") CHANGED("11"),
                 UP("11") "9 1000000 11 encrypted 06\n"},
                {CHANGED("11"), "9 0 11 encrypted 06\n"},
        };

        CHECK_ROWS(rows);
}

static void a_handle_that_was_cut_away_is_the_last_one(void) {
        static const struct row rows[] = {
                {ASKS("> ACL Data RX:",
                      "64") "> ACL Data RX: Handl.. flags 0x02 dlen 6\n"
                            "SMP: Pairing Failed (0x05) len 1\nReason: x (0x08)\n"
                            "> ACL Data RX: Handle 6.. flags 0x02 dlen 6\n"
                            "SMP: Pairing Failed (0x05) len 1\nReason: x (0x08)\n"
                            "> ACL Data RX: Handle 70000 flags 0x02 dlen 6\n"
                            "SMP: Pairing Failed (0x05) len 1\nReason: x (0x08)\n",
                 "7 0 64 cuff 0b 01\n2 -1 64 cuff 05 08\n3 -1 64 cuff 05 08\n4 -1 64 cuff 05 08\n"},
                {"> ACL Data RX: Handl.. flags 0x02 dlen 6\n"
                 "SMP: Pairing Failed (0x05) len 1\nReason: x (0x08)\n",
                 "1 -1 0 cuff 05 08\n"},
        };

        CHECK_ROWS(rows);
}

static void a_status_may_be_on_the_next_line(void) {
        static const struct row rows[] = {
                {LE "LE Connection Complete (0x01)\nStatus: Suc\ncess (0x00)\nHandle: 3\n",
                 "7 0 3 connected - random ?\n"},
                {LE "LE Connection Complete (0x01)\nStatus: Suc\nRole: Master (0x00)\nHandle: 3\n",
                 ""},
                {LE "LE Connection Complete (0x01)\nHandle: 3\nStatus: Suc\nPHY: (0x00)\n", ""},
                {LE "LE Connection Complete (0x01)\nHandle: 3\nStatus: Suc\nc\n(0x00)\n", ""},
        };

        CHECK_ROWS(rows);
}

/* --- advertisements --- */

#define REPORT(address, company, data)                                                             \
        "Event type: Connectable undirected - ADV_IND (0x00)\nAddress type: Public (0x00)\n"       \
        "Address: " address " (OUI 28-FF-B2)\nCompany: Who knows (" company ")\n"                  \
        "  Data: " data "\n"

static void omrons_reports_and_their_flag(void) {
        static const struct row rows[] = {
                {LE
                 "LE Advertising Report (0x02)\nNum reports: 1\n" REPORT(A1, "526", "0108000000"),
                 "7 0 0 advert " A1 " flag yes\n"},
                {LE
                 "LE Extended Advertising Report (0x0d)\nEntry 0\n" REPORT(A1, "526", "0100000000"),
                 "7 0 0 advert " A1 " flag no\n"},
                {LE "LE Advertising Report (0x02)\n" REPORT(A1, "0x020e", "00010203040506"),
                 "7 0 0 advert " A1 " flag ?\n"},
                {LE "LE Advertising Report (0x02)\n" REPORT(A1, "76", "0108000000"), ""},
                {LE
                 "LE Advertising Report (0x02)\n" REPORT("FF-FF-FF-FF-FF-FF", "526", "0108000000"),
                 ""},
                /* another company before it, or behind it */
                {LE "LE Advertising Report (0x02)\nAddress: " A1 "\nCompany: Apple, Inc. (76)\n"
                    "Data: 0100000000\nCompany: Omron (526)\nData[5]: 0108000000\n"
                    "Company: Apple, Inc. (76)\nData: 0100000000\n",
                 "7 0 0 advert " A1 " flag yes\n"},
                {LE "LE Advertising Report (0x02)\nNum reports: 3\n" REPORT(A1, "526", "0108000000")
                         REPORT(A2, "76", "0108000000") REPORT(A2, "526", "0100000000"),
                 "7 0 0 advert " A1 " flag yes\n7 0 0 advert " A2 " flag no\n"},
                {LE "LE Connection Complete (0x01)\nStatus: Success (0x00)\nHandle: 64\n"
                    "Data: 0108000000\n",
                 "7 0 64 connected - random ?\n"},
        };

        CHECK_ROWS(rows);
}

/* --- the management interface --- */

#define COMMAND(code) "@ MGMT Command: Whatever.. (" code ") plen 8 {0x0001} [hci1] 5.000000\n"
#define EVENT(code)   "@ MGMT Event: Whatever (" code ") plen 8 {0x0001} [hci1] 5.000000\n"
#define PEER          "LE Address: " A1 " (OUI 28-FF-B2)\n"
#define BREDR         "BR/EDR Address: " A1 " (OUI 28-FF-B2)\n"

static void what_user_space_and_kernel_tell_each_other(void) {
        static const struct row rows[] = {
                {COMMAND("0x0018") "Capability: KeyboardDisplay (0x04)\n", "1 0 0 hci1 io 4\n"},
                {COMMAND("0x0019") PEER "Capability: NoInputNoOutput (0x03)\n",
                 "1 0 0 hci1 pair " A1 " io 3\n"},
                {COMMAND("0x0019") BREDR "Capability: NoInputNoOutput (0x03)\n", ""},
                {COMMAND("0x001c") PEER, "1 0 0 hci1 confirmed " A1 " yes\n"},
                {COMMAND("0x001d") PEER, "1 0 0 hci1 confirmed " A1 " no\n"},
                {COMMAND("0x001e") PEER, "1 0 0 hci1 confirmed " A1 " yes\n"},
                {COMMAND("0x001f") PEER, "1 0 0 hci1 confirmed " A1 " no\n"},
                {COMMAND("0x001c") "LE Address: (removed)\n", "1 0 0 hci1 confirmed - yes\n"},
                {COMMAND("0x001c") BREDR, ""},
                {COMMAND("0x0020") PEER, ""},
                {EVENT("0x000f") PEER "Confirm hint: 0x01\n", "1 0 0 hci1 confirm " A1 "\n"},
                {EVENT("0x0010") PEER, "1 0 0 hci1 confirm " A1 "\n"},
                {EVENT("0x000a") "Store hint: Yes (0x01)\n" PEER, "1 0 0 hci1 key " A1 "\n"},
                {EVENT("0x000a") "Store hint: No (0x00)\n" PEER, ""},
                {EVENT("0x0011") PEER "Status: Authentication Failed (0x05)\n",
                 "1 0 0 hci1 status " A1 " 05\n"},
                {EVENT("0x0011") BREDR "Status: Authentication Failed (0x05)\n", ""},
                {EVENT("0x0006") "Current settings: 0x00000ad0\n", "1 0 0 hci1 bondable yes\n"},
                {EVENT("0x0006") "Current settings: 0x00000ac0\n", "1 0 0 hci1 bondable no\n"},
                {EVENT("0x0012") PEER "Company: Omron (526)\nData: 0108000000\n", ""},
                /* replies: to which command, in the second line */
                {EVENT("0x0001") "Pair Device (0x0019) plen 7\nStatus: Success (0x00)\n" PEER,
                 "1 0 0 hci1 status " A1 " 00\n"},
                {EVENT("0x0001") "Pair Device (0x0019) plen 7\nStatus: Success (0x00)\n" BREDR, ""},
                {EVENT("0x0002") "Pair Device (0x0019)\nStatus: Busy (0x0a)\n",
                 "1 0 0 hci1 status - 0a\n"},
                {EVENT("0x0001") "Set Bondable (0x0009) plen 4\nStatus: Success (0x00)\n"
                                 "Current settings: 0x00000a11\n",
                 "1 0 0 hci1 bondable yes\n"},
                {EVENT("0x0001") "Read Controller Information (0x0004) plen 280\n"
                                 "Status: Success (0x00)\nAddress: " A2 "\n"
                                 "Supported settings: 0x0001beff\nCurrent settings: 0x00000080\n",
                 "1 0 0 hci1 bondable no\n"},
                {EVENT("0x0001") "Add UUID (0x0010) plen 3\nStatus: Success (0x00)\n", ""},
        };

        CHECK_ROWS(rows);
}

CHECK_MAIN("unit.trace_btmon", TEST(a_status_may_be_on_the_next_line),
           TEST(a_connection_and_from_which_address), TEST(encryption_asked_for_and_done),
           TEST(where_the_host_is_the_peripheral_sides_swap),
           TEST(links_of_classic_bluetooth_are_no_cuffs),
           TEST(a_handle_that_was_cut_away_is_the_last_one), TEST(omrons_reports_and_their_flag),
           TEST(what_user_space_and_kernel_tell_each_other))
