#include "smp_crypto.h"

#include "vhci_fixture.h"

/* Standards print the highest byte first, the air sends the lowest. */
static void printed(const char *hex, uint8_t *ret) {
        uint8_t bytes[16];
        size_t n = from_hex(hex, bytes);

        for (size_t i = 0; i < n; i++)
                ret[i] = bytes[n - 1 - i];
}

static const char *print(const uint8_t block[16]) {
        static char hex[33];
        uint8_t bytes[16];

        for (size_t i = 0; i < 16; i++)
                bytes[i] = block[15 - i];
        return log_hex(bytes, 16, hex);
}

static void e_is_aes_with_the_bytes_the_other_way_round(void) {
        uint8_t key[16], plain[16], ret[16];

        /* FIPS-197, appendix C.1 */
        printed("000102030405060708090a0b0c0d0e0f", key);
        printed("00112233445566778899aabbccddeeff", plain);
        smp_e(key, plain, ret);
        CHECK_STR(print(ret), "69c4e0d86a7b0430d8cdb78070b4c55a");
        /* Core Specification 5.4, Vol 6 Part C, 1: a session key */
        printed("4c68384139f574d836bcf34e9dfb01bf", key);
        printed("0213243546576879acbdcedfe0f10213", plain);
        smp_e(key, plain, ret);
        CHECK_STR(print(ret), "99ad1b5226a37e3e058e3b8e27c2c666");
}

static void the_result_may_stand_where_the_plain_text_was(void) {
        uint8_t key[16], block[16];

        printed("000102030405060708090a0b0c0d0e0f", key);
        printed("00112233445566778899aabbccddeeff", block);
        smp_e(key, block, block);
        CHECK_STR(print(block), "69c4e0d86a7b0430d8cdb78070b4c55a");
}

/* Core Specification 5.4, Vol 3 Part H, 2.2.3 */
static void c1_gives_the_value_of_the_specification(void) {
        struct smp_address initiator = {.type = 1}, responder = {.type = 0};
        uint8_t k[16] = {0}, r[16], preq[7], pres[7], ret[16];

        printed("5783d52156ad6f0e6388274ec6702ee0", r);
        printed("07071000000101", preq);
        printed("05000800000302", pres);
        printed("a1a2a3a4a5a6", initiator.bytes);
        printed("b1b2b3b4b5b6", responder.bytes);
        smp_c1(k, r, preq, pres, &initiator, &responder, ret);
        CHECK_STR(print(ret), "1e1e3fef878988ead2a74dc5bef13b86");
}

/* 2.2.4 */
static void s1_gives_the_value_of_the_specification(void) {
        uint8_t k[16] = {0}, r1[16], r2[16], ret[16];

        printed("000f0e0d0c0b0a091122334455667788", r1);
        printed("010203040506070899aabbccddeeff00", r2);
        smp_s1(k, r1, r2, ret);
        CHECK_STR(print(ret), "9a1fe1f0e8b0f49b5b4216ae796da062");
}

/* Pairings that Linux 6.1 began and a virtual cuff 28:5F:DB:11:22:33 answered, as btmon saw them:
 * from the host's public address, and from a private one. All in the order of the air. */
static const struct {
        uint8_t host_type;
        const char *host, *preq, *pres, *mconfirm, *sconfirm, *mrand, *srand, *stk;
} ON_AIR[] = {
        {0, "0100cc01aa00", "01030009100507", "02030001100001", "d6b6b22dcb020019effbd9ae2fb96646",
         "fbf20effd2fd1a1700beff920ca6199b", "facf5266e474e74fe056e9429ada5667",
         "1174840ec54ab1cc93d2df3a87e07bca", "289693bda2f7a1422d404cff0b5d17a3"},
        {1, "a8e8d12ab94d", "01030009100707", "02030001100701", "fe9a850efd4a91b0905d1554837f6cb4",
         "0df3f352eed9b06216b15e265a2ff960", "ea7f22993a93d2802e22d067c51fd1e6",
         "a4a703f90df09f7f548850a0892eecff", "c7d7fb2d8c34e6774ae31194143790c3"},
};

static void linux_computes_the_same(void) {
        for (size_t i = 0; i < sizeof ON_AIR / sizeof ON_AIR[0]; i++) {
                struct smp_address host = {.type = ON_AIR[i].host_type}, cuff = {.type = 0};
                uint8_t k[16] = {0}, preq[7], pres[7], mrand[16], srand[16], ret[16];
                char hex[33];

                from_hex(ON_AIR[i].host, host.bytes);
                from_hex("332211db5f28", cuff.bytes);
                from_hex(ON_AIR[i].preq, preq);
                from_hex(ON_AIR[i].pres, pres);
                from_hex(ON_AIR[i].mrand, mrand);
                from_hex(ON_AIR[i].srand, srand);
                smp_c1(k, mrand, preq, pres, &host, &cuff, ret);
                CHECK_STR(log_hex(ret, 16, hex), ON_AIR[i].mconfirm);
                smp_c1(k, srand, preq, pres, &host, &cuff, ret);
                CHECK_STR(log_hex(ret, 16, hex), ON_AIR[i].sconfirm);
                smp_s1(k, srand, mrand, ret);
                CHECK_STR(log_hex(ret, 16, hex), ON_AIR[i].stk);
        }
}

CHECK_MAIN("unit.vhci_crypto", TEST(e_is_aes_with_the_bytes_the_other_way_round),
           TEST(the_result_may_stand_where_the_plain_text_was),
           TEST(c1_gives_the_value_of_the_specification),
           TEST(s1_gives_the_value_of_the_specification), TEST(linux_computes_the_same))
