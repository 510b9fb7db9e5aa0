#include "core/omron_model.h"

/* Where the rows come from: the device tables of userx14/omblepy, eigger/hass-omron (also what is
 * equal to what) and dzikus/esphome-omron (trade names, sizes of user blocks, HEM-7440T1), and the
 * captures that `seen_by` names. Sizes of user blocks that no capture shows follow from the clock's
 * place: index, two user blocks, clock.
 *
 * Verified means that one of these projects says somebody read such a cuff. Nobody says so of
 * HEM-7155T-K4: it is reported. HEM-7155T-MW is derived: eigger/hass-omron's guess from early
 * reports, with the addresses of the classic HEM-7155T.
 *
 * Checksums are proven by 33 published records: LE of 14 bytes (HEM-7140T1, 7142T2, 7144T2,
 * 7146T2), LE of 16 bytes on a modern cuff (HEM-7155T-MW3), SW (HEM-7600T, 7322T). No classic
 * 16 bytes, no SW6 and no HG24 were ever published; layout 6401 has none that is known. Bit 12,
 * "the cuff fits", was seen set in the records of rows with .fit_bit_known. */

#define CLASSIC .stack = OMRON_CLASSIC, .access = OMRON_ACCESS_KEY
#define NO_KEY  .stack = OMRON_MODERN, .access = OMRON_ACCESS_NONE
#define TOKEN   .stack = OMRON_MODERN, .access = OMRON_ACCESS_TOKEN

#define RECORD(kind, size)   .layout = OMRON_LAYOUT_##kind, .record_size = (size)
#define RECORD_LE_14         RECORD(LE, 14), .checksum_proven = true
#define RECORD_LE_16         RECORD(LE, 16), .checksum_proven = true
#define RECORD_LE_16_CLASSIC RECORD(LE, 16)
#define RECORD_SW            RECORD(SW, 14), .checksum_proven = true
#define RECORD_SW6           RECORD(SW6, 14)
#define RECORD_HG24          RECORD(HG24, 24), .cursor_is_wide = true
#define RECORD_6401(size)    RECORD(6401, size), .cursor_is_newest = true, .cursor_is_wide = true

/* Cursors at 0 and 2, unread counters at 4 and 6. */
#define ONE_USER(start, slots)     .users = 1, .user = {{start, slots, 0, 4}}
#define TWO_USERS(one, two, slots) .users = 2, .user = {{one, slots, 0, 4}, {two, slots, 2, 6}}

/* SETTINGS_x: where the settings block begins; _y: how long its index is. */
#define SETTINGS(read, write, index, block, from, to, kind)                                        \
        .read_base = (read), .write_base = (write), .index_size = (index),                         \
        .user_block_size = (block), .clock_from = (from), .clock_to = (to),                        \
        .clock = OMRON_CLOCK_##kind
#define SWAPPED .words_swapped = true

#define SETTINGS_0010_16         SETTINGS(0x0010, 0x0054, 16, 14, 0x2C, 0x3C, LIN16)
#define SETTINGS_0010_24         SETTINGS(0x0010, 0x0054, 24, 10, 0x2C, 0x3C, LIN16)
#define SETTINGS_0010_28         SETTINGS(0x0010, 0x0058, 28, 10, 0x30, 0x40, LIN16)
#define SETTINGS_0010_34         SETTINGS(0x0010, 0x008E, 34, 10, 0x36, 0x46, LIN16)
#define SETTINGS_0260_16         SETTINGS(0x0260, 0x02A4, 16, 14, 0x2C, 0x3C, LIN16)
#define SETTINGS_0260_24         SETTINGS(0x0260, 0x02A4, 24, 10, 0x2C, 0x3C, LIN16)
#define SETTINGS_0260_16_SWAPPED SWAPPED, SETTINGS(0x0260, 0x02A4, 16, 14, 0x2C, 0x3C, MIX16)
#define SETTINGS_0260_8(kind)    SWAPPED, SETTINGS(0x0260, 0x0286, 8, 6, 0x14, 0x1E, kind)
#define SETTINGS_0F74            SWAPPED, SETTINGS(0x0F74, 0x0F9A, 8, 6, 0x14, 0x1E, LIN10)
/* The clock 8 bytes into its own block. */
#define SETTINGS_0356 SWAPPED, SETTINGS(0x0356, 0x03B8, 20, 26, 0x50, 0x5A, LIN10)
/* The clock comes before the user blocks; where those begin nobody says. */
#define SETTINGS_6401(write) SETTINGS(0x0100, write, 16, 0, 0x10, 0x20, PRE6401)

#define MARKED      "marked as read by other tools; no bytes published"
#define LE_LISTED   "listed with LE records, but its index has swapped words: perhaps SW"
#define WRIST       "clock and unread counters were never tried"
#define CLOCK_FIRST "user blocks and clock are not understood; sources disagree on the flags"
#define ONE_CLOCK   "only eigger/hass-omron knows a clock, in its own place"
#define WLD4        "connect type WLD4.0: it may want a secure session"

/* clang-format off */
const struct omron_model omron_models[] = {
        {.id = "HEM-6320T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-6320T-SH HEM-6320T-Z HEM-6322T-SH HEM-6323T HEM-6325T",
         .sold_as = "", .seen_by = "", .doubts = LE_LISTED,
         CLASSIC, RECORD_LE_14, ONE_USER(0x0370, 100),
         .block = 0x2C, SETTINGS_0F74, .unread_to = 0x08},
        {.id = "HEM-6321T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-6321T-Z HEM-6324T",
         .sold_as = "", .seen_by = "", .doubts = LE_LISTED,
         CLASSIC, RECORD_LE_14, TWO_USERS(0x0370, 0x08E8, 100),
         .block = 0x2C, SETTINGS_0F74, .unread_to = 0x08},
        {.id = "HEM-6401T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-6401T-Z HEM-6402T-Z",
         .sold_as = "", .seen_by = "", .doubts = CLOCK_FIRST,
         CLASSIC, RECORD_6401(16), .users = 1, .user = {{0x1350, 100, 6, 14}},
         .block = 0x10, SETTINGS_6401(0x0160)},
        {.id = "HEM-6410T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-6410T-Z HEM-6410T-Z_BP HEM-6410T-Z_BP+EV HEM-6411T-MAE",
         .sold_as = "", .seen_by = "", .doubts = CLOCK_FIRST,
         CLASSIC, RECORD_6401(32), .users = 1, .user = {{0x5590, 100, 6, 14}},
         .block = 0x10, SETTINGS_6401(0x0170)},
        {.id = "HEM-7320T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7320T-CA HEM-7320T-CACS HEM-7320T-ZV HEM-7320T_TI-CA HEM-7320T_TI-Z "
                    "HEM-8725T-WM",
         .sold_as = "", .seen_by = "", .doubts = LE_LISTED,
         CLASSIC, RECORD_LE_14, TWO_USERS(0x02AC, 0x05F4, 60),
         .block = 0x2C, SETTINGS_0260_8(LIN10), .unread_to = 0x08},
        {.id = "HEM-7322T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7321T-CA HEM-7321T_TI-CA HEM-7321T_TI-Z HEM-7280T-AP HEM-7280T-D "
                    "HEM-7280T-E HEM-7280T_TI-D HEM-7280T_TI-E HEM-7281T HEM-7282T HEM-7321T-ZV "
                    "HEM-7322T-D HEM-7322T-E",
         .sold_as = "M7 Intelli IT;M500;BP786N",
         .seen_by = "userx14/omblepy#57 (HEM-7280T), eigger/hass-omron#13 (HEM-7322T-E)",
         .doubts = "",
         CLASSIC, RECORD_SW, TWO_USERS(0x02AC, 0x0824, 100),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08, .fit_bit_known = true},
        {.id = "HEM-7511T", .certainty = OMRON_REPORTED,
         .same_as = "", .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_SW, TWO_USERS(0x02AC, 0x0798, 90),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08},
        {.id = "HEM-8732T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-8732T-SH",
         .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_SW, TWO_USERS(0x02AC, 0x05F4, 60),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08},
        {.id = "HEM-8732K", .certainty = OMRON_REPORTED,
         .same_as = "HEM-8732K-SH",
         .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_SW, TWO_USERS(0x02AC, 0x0522, 45),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08},
        {.id = "HEM-7600T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7270C HEM-7271T HEM-7600T-E HEM-7600T-Z HEM-7600T-ZCD6BK "
                    "HEM-7600T-SH3BK HEM-7600T2-JF HEM-7600T_W HEM-7600T_W-SH3W HEM-7600T_W-Z",
         .sold_as = "BP7000",
         .seen_by = "eigger/hass-omron#76 (HEM-7600T-E), userx14/omblepy#21",
         .doubts = "dzikus/esphome-omron gives some of these a ring of 90",
         CLASSIC, RECORD_SW, ONE_USER(0x02AC, 100),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08, .fit_bit_known = true},
        {.id = "HEM-9601T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-9601T-J3 HEM-9601T2-BR3 HEM-9601T_E3",
         .sold_as = "", .seen_by = "", .doubts = ONE_CLOCK,
         CLASSIC, RECORD_HG24, ONE_USER(0x041A, 350),
         .block = 0x2C, SETTINGS_0356, .unread_to = 0x14},
        {.id = "HEM-9700T", .certainty = OMRON_REPORTED,
         .same_as = "", .sold_as = "", .seen_by = "", .doubts = ONE_CLOCK,
         CLASSIC, RECORD_HG24, ONE_USER(0x041A, 1000),
         .block = 0x2C, SETTINGS_0356, .unread_to = 0x14},
        {.id = "HEM-7325T", .certainty = OMRON_REPORTED,
         .same_as = "", .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_SW, ONE_USER(0x02AC, 90),
         .block = 0x2C, SETTINGS_0260_8(MIX10), .unread_to = 0x08},
        {.id = "HEM-6232T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-6232T-AP HEM-6232T-D HEM-6232T-E HEM-6232T-Z HEM-6233T",
         .sold_as = "BP4350",
         .seen_by = "eigger/hass-omron#11",
         .doubts = "userx14/omblepy has the clock at 14-1E; its author calls that wrong",
         CLASSIC, RECORD_SW6, TWO_USERS(0x02E8, 0x0860, 100),
         .block = 0x2C, SETTINGS_0260_16_SWAPPED, .unread_to = 0x08},
        {.id = "HEM-1026T2", .certainty = OMRON_REPORTED,
         .same_as = "HEM-1026T2-AJC HEM-1026T2-AJE HEM-1026T2-AKA",
         .sold_as = "", .seen_by = "",
         .doubts = "has the connect type of modern cuffs; dzikus/esphome-omron lists it as one",
         CLASSIC, RECORD_LE_16_CLASSIC, TWO_USERS(0x02E8, 0x0928, 100),
         .block = 0x2C, SETTINGS_0260_24},
        {.id = "HEM-7530T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-6231T2-JC HEM-6231T2-JE HEM-6231T2-JT3 HEM-7271P-SH3 HEM-7271T_SH3 "
                    "HEM-7530T-Z HEM-7530T1-BR3 HEM-7530T_AP3 HEM-7530T_E3 HEM-7530T_J3 "
                    "HEM-7530T_JT3 HEM-8630T-SH",
         .sold_as = "BP7900",
         .seen_by = MARKED, .doubts = WRIST,
         CLASSIC, RECORD_SW, ONE_USER(0x02E8, 90),
         .block = 0x10, SETTINGS_0260_16_SWAPPED},
        {.id = "HEM-6161T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-6161T-D HEM-6161T-E HEM-6161T-RU HEM-6161T2-BR HEM-7271L-SH3",
         .sold_as = "",
         .seen_by = MARKED, .doubts = WRIST,
         CLASSIC, RECORD_SW, ONE_USER(0x02E8, 30),
         .block = 0x10, SETTINGS_0260_16_SWAPPED},
        {.id = "HEM-7136T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7136T-SH3 HEM-7138JT-SH HEM-7138T-SH HEM-7139T-SH3",
         .sold_as = "", .seen_by = "", .doubts = WRIST,
         CLASSIC, RECORD_SW, ONE_USER(0x02E8, 60),
         .block = 0x10, SETTINGS_0260_16_SWAPPED},
        {.id = "HEM-6231T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-6231T-SH",
         .sold_as = "", .seen_by = "",
         .doubts = "as HEM-7530T; dzikus/esphome-omron gives it a ring of 90",
         CLASSIC, RECORD_SW, ONE_USER(0x02E8, 100),
         .block = 0x10, SETTINGS_0260_16_SWAPPED},
        {.id = "HEM-6231T_Z", .certainty = OMRON_REPORTED,
         .same_as = "",
         .sold_as = "BP6350",
         .seen_by = "", .doubts = WRIST,
         CLASSIC, RECORD_SW, ONE_USER(0x02E8, 90),
         .block = 0x10, SETTINGS_0260_16_SWAPPED},
        {.id = "HEM-7153JT", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7153JT_ASH",
         .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, ONE_USER(0x0098, 30),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7150T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7150T-CA HEM-7150T-Z HEM-7153T_ASH HEM-7156T-BR HEM-7156T-LA "
                    "HEM-7156T_AAP HEM-7156T_AP",
         .sold_as = "BP7250",
         .seen_by = MARKED, .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, ONE_USER(0x0098, 60),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7157T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7157T-AP HEM-7158T-JC HEM-7158T_AP3",
         .sold_as = "", .seen_by = "", .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, ONE_USER(0x0098, 100),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7151T", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7151T-Z",
         .sold_as = "BP5250",
         .seen_by = "", .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, ONE_USER(0x0098, 80),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7155T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7155T-ALRU HEM-7155T-D HEM-7155T-EBK HEM-7155T-EBL HEM-7155T_AP "
                    "HEM-7155T_ASH3BK HEM-7155T_ASH3SL HEM-7155T_ESL HEM-7340T-CA HEM-7340T-Z "
                    "HEM-7341T-Z",
         .sold_as = "BP7350;BP7350CAN;BP5350;M4 Intelli IT;M400 Intelli IT;X4 Smart",
         .seen_by = MARKED, .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, TWO_USERS(0x0098, 0x0458, 60),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7155T-MW3", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7155T_ESL1",
         .sold_as = "X4 Smart",
         .seen_by = "dzikus/esphome-omron, eigger/hass-omron#67",
         .doubts = "eigger/hass-omron takes user 2's cursor from 08, which is a sequence number",
         TOKEN, RECORD_LE_16, TWO_USERS(0x02E8, 0x06A8, 60),
         .block = 0x38, SETTINGS_0260_24, .fit_bit_known = true,
         .registration_captured = true},
        {.id = "HEM-7155T-K4", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7155T_K4-D HEM-7155T_K4-EBK HEM-7155T_K4-ESL HEM-7340T_K4-CA "
                    "HEM-7340T_K4-Z HEM-7341T_K4-Z",
         .sold_as = "BP7350;BP7350CAN;BP5350;M4 Intelli IT;M400 Intelli IT;X4 Smart",
         .seen_by = "",
         .doubts = "nobody has published a reading; the tools disagree whether it wants a token",
         NO_KEY, RECORD_LE_16, TWO_USERS(0x02E8, 0x06A8, 60),
         .block = 0x38, SETTINGS_0260_24},
        {.id = "HEM-7155T-MW", .certainty = OMRON_DERIVED,
         .same_as = "", .sold_as = "", .seen_by = "",
         .doubts = "a guess from early reports; dzikus/esphome-omron gives its index 24 bytes",
         NO_KEY, RECORD_LE_16, TWO_USERS(0x0098, 0x0458, 60),
         .block = 0x2C, SETTINGS_0010_16},
        {.id = "HEM-7146T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7143T1-AIN HEM-7143T1-AP HEM-7143T1-D HEM-7143T1-E HEM-7143T1_D "
                    "HEM-7143T1_EBK HEM-7143T2-E HEM-7143T2_ESL HEM-7144T1-AU HEM-7144T2-BR "
                    "HEM-7144T2-LA HEM-7146T2 HEM-7146T2-EBK HEM-7146T2-ESL HEM-7146T2-JD "
                    "HEM-7146T2-JF HEM-716DT2-LA",
         .sold_as = "",
         .seen_by = "eigger/hass-omron#71 (HEM-7146T2), userx14/omblepy#55 (HEM-7144T2)",
         .doubts = "",
         NO_KEY, RECORD_LE_14, ONE_USER(0x02E8, 30),
         .block = 0x2C, SETTINGS_0260_16, .fit_bit_known = true},
        {.id = "HEM-7342T", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7159T_AP3 HEM-7342T-CA HEM-7342T-Z HEM-7342T1-ACACD6 HEM-7343T "
                    "HEM-7343T-Z HEM-7344JT_ASH3 HEM-7344T_ASH3BK HEM-7344T_ASH3SL "
                    "HEM-7346T-AJC3 HEM-7346T-AJE3 HEM-7346T2-AJC32 HEM-7346T2-AJE32 "
                    "HEM-7346T_ABR3 HEM-7346T_AP3 HEM-7347T-AJC3 HEM-7347T-AJE3 HEM-7347T2-AJC32 "
                    "HEM-7347T2-AJE32 HEM-7349T_ABR HEM-7361T-ALRU HEM-7361T-AP HEM-7361T-D "
                    "HEM-7361T-EBK HEM-7361T1-BS HEM-7361T_ESL",
         .sold_as = "BP7450;BP5450",
         .seen_by = MARKED, .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, TWO_USERS(0x0098, 0x06D8, 100),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7361T", .certainty = OMRON_VERIFIED,
         .same_as = "",
         .sold_as = "M7 Intelli IT;M500",
         .seen_by = MARKED, .doubts = "",
         CLASSIC, RECORD_LE_16_CLASSIC, TWO_USERS(0x0098, 0x06D8, 100),
         .block = 0x10, SETTINGS_0010_16, .unread_to = 0x10},
        {.id = "HEM-7191T1", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7191T1-LZ",
         .sold_as = "", .seen_by = "", .doubts = WLD4,
         TOKEN, RECORD_LE_16, ONE_USER(0x01C4, 60),
         .block = 0x38, SETTINGS_0010_24},
        {.id = "HEM-7196T1", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7194T1-FLAP HEM-7194T1-FLCAP HEM-7194T1_FLBIN HEM-7194T1_FLIN "
                    "HEM-7196T1-FLE HEM-7196T1-FLEO",
         .sold_as = "", .seen_by = "", .doubts = WLD4,
         TOKEN, RECORD_LE_16, TWO_USERS(0x01C4, 0x0584, 60),
         .block = 0x38, SETTINGS_0010_24},
        {.id = "HEM-7380T1", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7380T HEM-7380T1-EBK HEM-7380T1-EOSL HEM-7383T1-AP HEM-7384T1-NBBR",
         .sold_as = "",
         .seen_by = "eigger/hass-omron#7",
         .doubts = "",
         TOKEN, RECORD_LE_16, TWO_USERS(0x01C4, 0x0804, 100),
         .block = 0x38, SETTINGS_0010_24, .registration_captured = true},
        {.id = "HEM-7376T1", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7376T1-ACACD6 HEM-7376T1-Z HEM-7385T1-AJAZ3 HEM-7387T1-AJAZ3 "
                    "HEM-7389T1-JM3",
         .sold_as = "BP7360;BP7365CAN",
         .seen_by = MARKED, .doubts = "",
         TOKEN, RECORD_LE_16, TWO_USERS(0x080C, 0x0BCC, 60),
         .block = 0x38, SETTINGS_0010_28},
        {.id = "HEM-7377T1", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7377T1-ZAZ",
         .sold_as = "BP5360",
         .seen_by = "userx14/omblepy#69",
         .doubts = "",
         TOKEN, RECORD_LE_16, TWO_USERS(0x080C, 0x0D0C, 80),
         .block = 0x38, SETTINGS_0010_28},
        {.id = "HEM-7386T1", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7381T1-AZ HEM-7382T1 HEM-7382T1-AZAZ HEM-7386T1-AJF3 HEM-7388T1-AJF3",
         .sold_as = "BP5465;BP7465",
         .seen_by = "eigger/hass-omron#91 (HEM-7382T1)",
         .doubts = "dzikus/esphome-omron gives HEM-7382T1 rings of 60",
         TOKEN, RECORD_LE_16, TWO_USERS(0x080C, 0x0E4C, 100),
         .block = 0x38, SETTINGS_0010_28, .registration_captured = true},
        {.id = "HEM-7188T1", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7183T1-AP HEM-7183T1-CAP HEM-7183T1_FLBIN HEM-7183T1_FLIN "
                    "HEM-7183T1_LAP HEM-7188T1-LE HEM-7188T1-LEO",
         .sold_as = "X2+ Connect",
         .seen_by = "eigger/hass-omron#24, #92; partly",
         .doubts = WLD4 "; dzikus/esphome-omron has another map for it",
         TOKEN, RECORD_LE_16, ONE_USER(0x01C4, 30),
         .block = 0x38, SETTINGS_0010_24},
        {.id = "HEM-716BT2", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7149T2-E HEM-716BT2-ZAZ HEM-716CT2-Z",
         .sold_as = "BP7255;BP5255",
         .seen_by = "", .doubts = "",
         TOKEN, RECORD_LE_14, ONE_USER(0x02E8, 30),
         .block = 0x2C, SETTINGS_0260_16},
        {.id = "HEM-7142T2", .certainty = OMRON_VERIFIED,
         .same_as = "HEM-7138K-SH HEM-7140T1-AP HEM-7141T1-AP HEM-7142T1-AP HEM-7142T2-AP "
                    "HEM-7142T2-Z HEM-7142T2-ZAZ HEM-7142T2_JAZ",
         .sold_as = "BP7150;BP5150",
         .seen_by = "eigger/hass-omron#7, userx14/omblepy#39 (HEM-7140T1)",
         .doubts = "",
         TOKEN, RECORD_LE_14, ONE_USER(0x02E8, 14),
         .block = 0x2C, SETTINGS_0260_16, .fit_bit_known = true},
        {.id = "HEM-7440T1", .certainty = OMRON_REPORTED,
         .same_as = "HEM-7440T1-FLE HEM-7440T1-FLZ",
         .sold_as = "",
         .seen_by = "",
         .doubts = WLD4 "; only dzikus/esphome-omron lists it",
         TOKEN, RECORD_LE_16, ONE_USER(0x02F0, 100),
         .block = 0x38, SETTINGS_0010_34},
};
/* clang-format on */

const size_t omron_model_count = sizeof omron_models / sizeof omron_models[0];
