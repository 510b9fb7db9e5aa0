/* Any bytes as the settings of each cuff in the table: index, user blocks, clock; what is written
 * back is right, and changes nothing else. */
#include "core/omron_settings.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

static void require_ring(const struct omron_model *m, unsigned user, const struct omron_ring *r) {
        uint16_t slots = m->user[user].slots;

        REQUIRE(omron_word_decode(r->cursor.raw).parity_ok == r->cursor.parity_ok);
        if (!r->trusted)
                return;
        REQUIRE(r->cursor.parity_ok && r->unread.parity_ok && r->count <= slots);
        if (r->count > 0)
                REQUIRE(r->newest < slots);
        if (r->count < slots && r->count > 0)
                REQUIRE(r->newest == r->count - 1);
}

static void require_settings(const struct omron_model *m, const struct omron_settings *s) {
        bool trusted = true;
        int e = omron_settings_check(m, s);

        for (unsigned i = 0; i < m->users; i++) {
                require_ring(m, i, &s->ring[i]);
                trusted = trusted && s->ring[i].trusted;
                REQUIRE(s->sequence[i].known == (m->index_size >= 24));
        }
        REQUIRE(s->blocks <= OMRON_USERS_MAX && s->has_clock == (m->clock != OMRON_CLOCK_PRE6401));
        REQUIRE(trusted ? e == 0 : e == -ENODATA || e == -EBADMSG);
}

static void decode(const struct omron_model *m, const uint8_t *data, size_t n) {
        struct omron_settings s, untouched;
        uint8_t *exact = exact_copy(data, n);
        int e;

        memset(&s, 0xAA, sizeof s);
        memset(&untouched, 0xAA, sizeof untouched);
        e = omron_settings_decode(m, exact, n, &s);
        REQUIRE(e == (n < m->index_size ? -EBADMSG : 0));
        if (e == 0)
                require_settings(m, &s);
        else
                REQUIRE(memcmp(&s, &untouched, sizeof s) == 0);
        free(exact);
}

/* With a right sum every block that is not blank is renewed: twice is two versions on. */
static void renew(const struct omron_model *m, const uint8_t *data, size_t n) {
        uint8_t once[256], twice[256], index[256] = {0};
        struct omron_settings s;
        size_t size = m->user_block_size, changed = 0;
        uint8_t *exact;
        int e;

        if (n < size || m->index_size + size > sizeof index)
                return;
        exact = exact_copy(data, size);
        e = omron_user_block_renew(m, exact, once);
        if (size > 0)
                memcpy(index + m->index_size, exact, size);
        free(exact);
        REQUIRE(size > 0 ? e == 0 || e == -EBADMSG : e == -ENOTSUP);
        if (size == 0)
                return;

        REQUIRE(omron_settings_decode(m, index, m->index_size + size, &s) == 0);
        REQUIRE((e == 0) == (!s.block[0].blank && s.block[0].checksum_ok));
        if (e < 0)
                return;
        for (size_t i = 0; i < size; i++)
                changed += once[i] != index[m->index_size + i];
        REQUIRE(changed <= 5 && (changed == 0) == (size < 10));
        REQUIRE(omron_user_block_renew(m, once, twice) == 0);
}

static void require_clock(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                          const struct date_time *time) {
        enum omron_clock_layout guess;
        struct omron_clock c;
        uint8_t back[16];
        size_t changed = 0;
        int e = omron_clock_encode(layout, bytes, n, time, back);

        REQUIRE(e == (date_time_check(time) == 0 && time->second < 60 ? 0 : -ERANGE));
        if (e < 0)
                return;
        REQUIRE(omron_clock_decode(layout, back, n, &c) == 0);
        REQUIRE(!c.blank && c.checksum_ok && date_time_equal(&c.time, time));
        for (size_t i = 0; i < n; i++)
                changed += back[i] != bytes[i];
        REQUIRE(changed <= 7);
        if (omron_clock_guess(back, n, &guess) == 0)
                REQUIRE(guess == layout);
}

static void clocks(const uint8_t *data, size_t n) {
        static const size_t size[] = {16, 16, 10, 10};

        for (int layout = 0; layout < OMRON_CLOCK_PRE6401; layout++) {
                struct omron_clock c;
                struct date_time time;
                uint32_t at = 0;
                uint8_t *exact;

                if (n < size[layout])
                        continue;
                exact = exact_copy(data, size[layout]);
                for (size_t i = 0; i < 4; i++)
                        at = at << 8 | exact[i];
                time = date_time_from_seconds(at);
                REQUIRE(omron_clock_decode((enum omron_clock_layout) layout, exact, size[layout],
                                           &c) == 0);
                require_clock((enum omron_clock_layout) layout, exact, size[layout], &c.time);
                require_clock((enum omron_clock_layout) layout, exact, size[layout], &time);
                free(exact);
        }
}

static void word(uint16_t raw) {
        struct omron_word w = omron_word_decode(raw);

        REQUIRE((omron_word_encode(w.value, w.wrapped) == raw) == w.parity_ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        for (size_t i = 0; i < omron_model_count; i++) {
                decode(&omron_models[i], data, n);
                renew(&omron_models[i], data, n);
        }
        clocks(data, n);
        for (size_t i = 0; i + 1 < n; i += 2)
                word((uint16_t) (data[i] | data[i + 1] << 8));
        return 0;
}
