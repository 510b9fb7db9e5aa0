/* A cuff that speaks its protocol without a mistake and whose memory is full of lies: the input
 * fills rings, then changes bytes, and makes sums and parity right again or not. Two links of it.
 * What must hold, besides what the fixture asks of every link: what is taken is what the memory
 * holds, each place of a ring once in a link, and a measurement that is one.
 *
 * Input: model, options, records of two users, faults in three bytes; then a change in four: what,
 * where in two, value. */
#include "fuzz/input.h"
#include "fuzz/property.h"

#include "unit/omron_fixture.h"

enum change { /* of the memory; in two bits more: how often, a step of its size apart */
              CHANGE_BYTE,   /* anywhere */
              CHANGE_RECORD, /* one byte of a record, and its sum made right */
              CHANGE_BROKEN, /* the same, the sum as it was */
              CHANGE_WORD,   /* cursor or unread: any value, its parity right */
              CHANGE_INDEX,  /* a byte of index, user blocks, clock */
              CHANGE_MARK,   /* what was kept of an earlier link */
              CHANGE_COPY,   /* one record in another's place */
              CHANGE_MAX_,
};

/* Of the link; that calls fail is fuzz_driver_omron's. */
static const enum fault faults[] = {FAULT_NONE, FAULT_NONE, SILENT, DAMAGED,    LATE,
                                    TWICE,      SLICE_LOST, EARLY,  REFUSED_8F, HANGS_UP};

static void fix_sum(const struct omron_model *m, unsigned address) {
        size_t at = m->record_size == 14 ? 12 : 14;
        bool swapped = m->layout != OMRON_LAYOUT_LE;
        uint8_t sum = 0;

        for (size_t i = 0; i < at; i++)
                sum = (uint8_t) (sum + cuff.memory[address + (swapped ? i ^ 1 : i)]);
        put(address + at, &sum, 1, swapped);
}

static void change(uint8_t what, unsigned where, uint8_t value) {
        const struct omron_model *m = cuff.model;
        unsigned user = (where >> 15) % m->users, slots = m->user[user].slots;
        unsigned slot = (where >> 5) % slots;
        unsigned address = omron_model_record_address(m, user, slot);

        switch (what % CHANGE_MAX_) {
        case CHANGE_BYTE:
                cuff.memory[where] = value;
                break;
        case CHANGE_RECORD:
        case CHANGE_BROKEN:
                cuff.memory[address + where % m->record_size] = value;
                if (what % CHANGE_MAX_ == CHANGE_RECORD)
                        fix_sum(m, address);
                break;
        case CHANGE_WORD:
                put_word(where & 0x100 ? m->user[user].cursor : m->user[user].unread,
                         word_of((unsigned) value << (where & 7), where & 0x200));
                break;
        case CHANGE_INDEX:
                cuff.memory[m->read_base + where % omron_model_settings_size(m)] = value;
                break;
        case CHANGE_MARK:
                cuff.setup.mark[user] = (struct omron_mark){
                        .known = true,
                        .slot = (uint16_t) (value & 1 ? slot : where),
                        .hash = value & 2 ? omron_record_hash(cuff.memory + address, m->record_size)
                                          : value};
                break;
        default:
                memcpy(cuff.memory + address,
                       cuff.memory + omron_model_record_address(m, user, value % slots),
                       m->record_size);
        }
}

static void require_records(size_t from) {
        static bool seen[OMRON_USERS_MAX][0x10000];

        memset(seen, 0, sizeof seen);
        for (size_t i = from; i < cuff.n_got; i++) {
                const struct driver_omron_record *r = &cuff.got[i];

                REQUIRE(r->user >= 1 && r->user <= OMRON_USERS_MAX);
                REQUIRE(r->raw_size <= OMRON_RECORD_SIZE_MAX);
                REQUIRE(!seen[r->user - 1][r->slot]);
                seen[r->user - 1][r->slot] = true;
                REQUIRE(r->error != 0 || measurement_check(&r->measurement) == 0);
                if (cuff.driver.facts.model && r->error == 0)
                        REQUIRE(memcmp(r->raw,
                                       cuff.memory +
                                               omron_model_record_address(cuff.driver.facts.model,
                                                                          r->user - 1u, r->slot),
                                       r->raw_size) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct input in = {data, data + n};
        const struct omron_model *m = &omron_models[take(&in) % omron_model_count];
        uint8_t options = take(&in), value;

        check_failed = false;
        begin(m->id);
        for (unsigned i = 0; i < m->users; i++)
                measure(i, 0, take(&in) * m->user[i].slots / 128u);
        cuff.setup.proved = options & 1 ? m : NULL;
        cuff.setup.dump = (options & 6) == 6;
        cuff.name = options & 8 ? "HEM-7155T" : m->id;
        cuff.lying = true;
        cuff.setup.mtu = options & 16 ? 64 : cuff.setup.mtu;
        cuff.unpadded = options & 32;
        cuff.end_result = options & 64 ? 0xE5 : 0;
        cuff.fault = faults[take(&in) % (sizeof faults / sizeof faults[0])];
        cuff.fault_at = take(&in);
        cuff.fault_times = cuff.fault == FAULT_NONE ? 0 : take(&in) % 5;
        while (in.end - in.at >= 4) {
                uint8_t what = take(&in);
                unsigned where = take_two(&in);

                value = take(&in);
                for (unsigned i = 0; i <= (unsigned) what >> 6; i++)
                        change(what & 0x3F, (where + i * 0x20u) & 0xFFFF, value);
        }
        run();
        require_records(0);
        REQUIRE(cuff.writes == 0 && !check_failed);
        if (cuff.setup.dump)
                return 0;
        next_link();
        cuff.n_got = 0;
        run();
        require_records(0);
        REQUIRE(cuff.writes == 0 && !check_failed);
        return 0;
}
