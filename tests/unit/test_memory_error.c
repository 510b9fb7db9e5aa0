#include "check.h"

#include "cuff/memory_error.h"

static void words_are_words(void) {
        for (int i = 0; i < MEMORY_ERROR_MAX_; i++) {
                const char *word = memory_error_to_string((enum memory_error) i);

                CHECK(word != NULL && *word);
                for (const char *c = word; *c; c++)
                        CHECK((*c >= 'a' && *c <= 'z') || *c == '_');
                for (int j = 0; j < i; j++)
                        CHECK(strcmp(word, memory_error_to_string((enum memory_error) j)) != 0);
        }
        CHECK_STR(memory_error_to_string(MEMORY_WRONG_KEY), "wrong_key");
        CHECK_STR(memory_error_to_string(MEMORY_OK), "ok");
}

static void check_clause(const char *text) {
        size_t n = strlen(text);

        CHECK(n > 10 && n < 200);
        CHECK(text[0] >= 'A' && text[0] <= 'Z');
        CHECK(n > 0 && text[n - 1] != '.' && text[n - 1] != ' ');
        CHECK(strstr(text, "  ") == NULL);
}

static void every_error_has_a_cause_and_a_remedy(void) {
        CHECK_STR(memory_error_cause(MEMORY_OK), "");
        CHECK_STR(memory_error_remedy(MEMORY_OK), "");
        for (int i = MEMORY_OK + 1; i < MEMORY_ERROR_MAX_; i++) {
                check_clause(memory_error_cause((enum memory_error) i));
                check_clause(memory_error_remedy((enum memory_error) i));
                for (int j = MEMORY_OK + 1; j < i; j++)
                        CHECK(strcmp(memory_error_cause((enum memory_error) i),
                                     memory_error_cause((enum memory_error) j)) != 0);
        }
}

CHECK_MAIN("unit.memory_error", TEST(words_are_words), TEST(every_error_has_a_cause_and_a_remedy))
