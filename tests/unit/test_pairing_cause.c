#include "check.h"

#include "cuff/pairing_cause.h"

#define EVERY(cause) (enum pairing_cause cause = 0; cause < PAIRING_CAUSE_MAX_; cause++)

static void words_are_words(void) {
        for
                EVERY(cause) {
                        const char *word = pairing_cause_to_string(cause);

                        CHECK(word != NULL);
                        if (!word)
                                continue;
                        CHECK(strlen(word) > 4 && strlen(word) < 32);
                        for (const char *c = word; *c; c++)
                                CHECK((*c >= 'a' && *c <= 'z') || *c == '_');
                        for (enum pairing_cause other = 0; other < cause; other++)
                                CHECK(strcmp(word, pairing_cause_to_string(other)) != 0);
                }
        CHECK_STR(pairing_cause_to_string(PAIRING_CAUSE_NOT_IN_PAIRING_MODE),
                  "not_in_pairing_mode");
        CHECK_STR(pairing_cause_to_string(PAIRING_CAUSE_NOT_IN_CAPTURE), "not_in_capture");
}

/* Plain text: printable ASCII, no double blanks, as many commands opened as closed. */
static void check_plain(const char *text, size_t max) {
        size_t n = strlen(text), ticks = 0;

        CHECK(n > 10 && n <= max);
        CHECK((text[0] >= 'A' && text[0] <= 'Z') || text[0] == '`');
        CHECK(strstr(text, "  ") == NULL);
        for (size_t i = 0; i < n; i++) {
                CHECK(text[i] >= ' ' && text[i] <= '~');
                ticks += text[i] == '`';
        }
        CHECK_EQ(ticks % 2, 0);
}

static void every_cause_says_what_to_do(void) {
        for
                EVERY(cause) {
                        const char *meaning = pairing_cause_meaning(cause);
                        const char *remedy = pairing_cause_remedy(cause);
                        const char *check = pairing_cause_check(cause);

                        CHECK(meaning && remedy && check);
                        if (!meaning || !remedy || !check)
                                continue;
                        check_plain(meaning, 140);
                        check_plain(remedy, 320);
                        check_plain(check, 200);
                        CHECK(strchr(meaning, '.') == NULL && strchr(meaning, '`') == NULL);
                        CHECK(remedy[strlen(remedy) - 1] == '.');
                        CHECK(check[strlen(check) - 1] == '.');
                }
}

static void no_two_causes_mean_the_same(void) {
        for
                EVERY(cause)
        for (enum pairing_cause other = 0; other < cause; other++) {
                CHECK(strcmp(pairing_cause_meaning(cause), pairing_cause_meaning(other)));
                CHECK(strcmp(pairing_cause_remedy(cause), pairing_cause_remedy(other)));
                CHECK(strcmp(pairing_cause_check(cause), pairing_cause_check(other)));
        }
}

static bool has(const char *text, const char *part) {
        return strstr(text, part) != NULL;
}

/* What a reader types must be right to the letter. */
static void remedies_have_the_exact_line(void) {
        const char *identity = pairing_cause_remedy(PAIRING_CAUSE_IDENTITY_KEY_WANTED);

        CHECK(has(pairing_cause_remedy(PAIRING_CAUSE_NOT_PAIRABLE), "`bluetoothctl pairable on`"));
        CHECK(has(pairing_cause_remedy(PAIRING_CAUSE_BOND_LOST), "`bluetoothctl remove ADDRESS`"));
        CHECK(has(pairing_cause_remedy(PAIRING_CAUSE_NO_AGENT), "`agent NoInputNoOutput`"));
        CHECK(has(pairing_cause_remedy(PAIRING_CAUSE_BONDED_ELSEWHERE), "OMRON app"));
        CHECK(has(pairing_cause_remedy(PAIRING_CAUSE_NOT_IN_PAIRING_MODE), "until P blinks"));
        CHECK(has(identity, "`Privacy = device` under [General] in /etc/bluetooth/main.conf"));
        CHECK(has(identity, "`sudo systemctl restart bluetooth`"));
        CHECK(has(identity, "experiment") && has(identity, "no report") && has(identity, "undo"));
        CHECK(has(pairing_cause_check(PAIRING_CAUSE_IDENTITY_KEY_WANTED), "initiator keys"));
}

CHECK_MAIN("unit.pairing_cause", TEST(words_are_words), TEST(every_cause_says_what_to_do),
           TEST(no_two_causes_mean_the_same), TEST(remedies_have_the_exact_line))
