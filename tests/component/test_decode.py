"""`cuff2mqtt decode`: every published vector through the program, and what it says about bytes that are wrong."""

import json
import os
import re
import select
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUFF2MQTT = os.environ.get("CUFF2MQTT", os.path.join(ROOT, "build", "san", "cuff2mqtt"))
OK, FAILURE, USAGE = 0, 1, 64

KINDS = {  # kind of vector: kind of `decode`
    "advert_msd": "advert", "clock_window": "clock", "clock_window_swapped": "clock", "cts_2a2b": "2a2b",
    "frame": "frame", "index": "index", "index_mirror": "index", "record": "record", "record_empty": "record",
    "settings_block": "settings", "unlock": "unlock", "unlock_token": "unlock", "secure_error": "unlock",
    "sig_2a35": "2a35", "sig_2a49": "2a49", "sig_2a52": "2a52",
}
NOT_COMPARED = {
    "note": "prose about the vector",
    "meaning": "prose; ours is worded differently",
    "name": "the cuff's, from another part of the advertisement",
    "service_uuids": "from another part of the advertisement",
    "address": "the cuff's, not in these bytes",
}
RENAMED = {("secure_error", "error"): "secure_error"}  # "error" is our own word for what went wrong

RECORD = "584e4419ac0d1e16000014000400"  # HEM-7140T1, 113/78/68
SETTINGS = "09800d0000800080090000800d00000000000000000000000001010001000000030000010100090000000b00"  # MW3


def decode(*words, lines=None):
    result = subprocess.run([CUFF2MQTT, "decode", *words], text=True, timeout=60, capture_output=True,
                            input="" if lines is None else lines)
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def vectors(*kinds):
    with open(os.path.join(ROOT, "tests", "vectors", "omron.json"), encoding="utf-8") as f:
        return [v for v in json.load(f) if not kinds or v["kind"] in kinds]


def model_of(vector):
    """The id in "HEM-7382T1 (BP5465)" or "HEM-7280T/7322T"; None in "all", "classic" and the like."""
    found = re.match(r"HEM-\w+(-\w+)?", vector["model"])
    return found and found.group()


def swapped(hex_bytes):
    return "".join(hex_bytes[i + 2:i + 4] + hex_bytes[i:i + 2] for i in range(0, len(hex_bytes), 4))


def frame(after_length):
    """The whole frame around all that stands between LEN and XOR."""
    body = bytes.fromhex(f"{len(after_length) // 2 + 2:02x}" + after_length)
    xor = 0
    for byte in body:
        xor ^= byte
    return body.hex() + f"{xor:02x}"


class Vectors(unittest.TestCase):
    def assert_stated(self, stated, got, kind, where):
        """What the vector states stands in `got`, with the same type; lists are complete, objects need not be."""
        for key, value in stated.items():
            if key in NOT_COMPARED:
                continue
            key = RENAMED.get((kind, key), key)
            self.assertIn(key, got, where)
            self.assert_equal(value, got[key], kind, f"{where} {key}")

    def assert_equal(self, value, got, kind, where):
        self.assertIs(type(got), type(value), where)
        if isinstance(value, dict):
            self.assert_stated(value, got, kind, where)
        elif isinstance(value, list):
            self.assertEqual(len(got), len(value), where)
            for one, other in zip(value, got):
                self.assert_equal(one, other, kind, where)
        else:
            self.assertEqual(got, value, where)

    def check(self, vector, *words):
        where = f'{vector["kind"]} {vector["model"]} {vector["hex"]}'
        stated = vector["decoded"]
        code, lines, errors = decode(KINDS[vector["kind"]], vector["hex"], *words)
        self.assertEqual((len(lines), errors), (1, ""), where)
        self.assert_stated(stated, lines[0], vector["kind"], where)
        is_value = "empty" not in stated and stated.get("sys", 0) is not None
        self.assertEqual(code, OK if is_value else FAILURE, where)
        self.assertEqual(lines[0].get("error"), None if is_value else "ENODATA", where)

    def check_kinds(self, least, *kinds, always_model=False):
        some = vectors(*kinds)
        self.assertGreaterEqual(len(some), least)
        for vector in some:
            model = model_of(vector)
            self.check(vector, *(["--model", model] if model and always_model else []))

    def test_every_kind_of_vector_is_decoded(self):
        self.assertEqual({v["kind"] for v in vectors()}, set(KINDS))
        self.assertGreaterEqual(len(vectors()), 83)

    def test_advertisements(self):
        self.check_kinds(8, "advert_msd")

    def test_standard_characteristics(self):
        self.check_kinds(9, "cts_2a2b", "sig_2a35", "sig_2a49", "sig_2a52")

    def test_clocks_need_no_model(self):
        self.check_kinds(3, "clock_window", "clock_window_swapped")
        self.check_kinds(3, "clock_window", "clock_window_swapped", always_model=True)

    def test_frames_with_what_they_carry(self):
        self.check_kinds(23, "frame", always_model=True)

    def test_indexes_and_settings(self):
        self.check_kinds(3, "index", "index_mirror", "settings_block", always_model=True)

    def test_records_with_their_model(self):
        self.check_kinds(28, "record", "record_empty", always_model=True)

    def test_records_whose_checksum_tells_the_layout(self):
        some = [v for v in vectors("record", "record_empty") if v["decoded"].get("checksum_ok", True)]
        self.assertGreaterEqual(len(some), 27)
        for vector in some:
            self.check(vector)

    def test_unlocking(self):
        self.check_kinds(9, "unlock", "unlock_token", "secure_error")


class Lines(unittest.TestCase):
    def test_many_lines_give_one_object_each_and_remarks_none(self):
        records = [v for v in vectors("record") if v["decoded"]["checksum_ok"]]
        text = "# captured by hand\n\n" + "\n   \n".join(v["hex"] for v in records)  # no newline at the end
        for words in ([], ["-"]):
            code, got, _ = decode("record", *words, lines=text)
            self.assertEqual((code, len(got)), (OK, len(records)))
            self.assertEqual([g["sys"] for g in got], [v["decoded"]["sys"] for v in records])

    def test_a_bad_line_does_not_end_the_others(self):
        code, got, _ = decode("record", lines=f"{RECORD}\nxyz\n  # remark\n{RECORD}\r\n")
        self.assertEqual((code, [g.get("error") for g in got]), (FAILURE, [None, "EBADMSG", None]))

    def test_nothing_to_decode_is_fine(self):
        self.assertEqual(decode("record", lines="# only a remark\n")[:2], (OK, []))

    def test_each_line_is_answered_at_once(self):
        with subprocess.Popen([CUFF2MQTT, "decode", "2a49"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            for _ in range(2):
                program.stdin.write(b"2f00\n")
                program.stdin.flush()
                self.assertTrue(select.select([program.stdout], [], [], 60)[0], "no answer while stdin is open")
                self.assertTrue(json.loads(program.stdout.readline())["movement"])
            program.stdin.close()
            self.assertEqual(program.wait(60), OK)

    def test_hex_as_other_tools_write_it(self):
        pairs = [RECORD[i:i + 2] for i in range(0, len(RECORD), 2)]
        plain = decode("record", RECORD)
        for text in (" ".join(pairs), ":".join(pairs), "-".join(pairs).upper(), "0x" + RECORD, f" {RECORD} "):
            self.assertEqual(decode("record", text), plain)

    def test_what_is_no_hex_is_malformed(self):
        for text in ("5", "584", "5g", "58 4", "", "0x", "1 1", "00" * 513):
            code, got, _ = decode("record", text)
            self.assertEqual((code, got[0]["error"]), (FAILURE, "EBADMSG"), text)

    def test_an_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([CUFF2MQTT, "decode", "2a49", "2f00"], stdout=full, stderr=subprocess.PIPE,
                                    timeout=60)
        self.assertEqual(result.returncode, FAILURE)


class Errors(unittest.TestCase):
    def assert_error(self, word, sentence, *words):
        code, got, errors = decode(*words)
        self.assertEqual((code, len(got), errors), (FAILURE, 1, ""), words)
        self.assertEqual(got[0]["error"], word, words)
        self.assertIn(sentence, got[0]["reason"], words)
        return got[0]

    def test_each_kind_refuses_what_is_too_short(self):
        for kind in ("advert", "2a35", "2a49", "2a2b", "2a52", "unlock", "frame"):
            self.assert_error("EBADMSG", "", kind, "01")
        for kind in ("record", "clock", "index", "settings"):
            self.assert_error("EBADMSG", "", kind, "01", "--model", "HEM-7155T")

    def test_what_content_cannot_decide_asks_for_a_model(self):
        self.assert_error("ENOTSUP", "--model", "index", SETTINGS)
        self.assert_error("ENOTSUP", "--model", "settings", SETTINGS)
        self.assert_error("ENOTSUP", "--model", "record", RECORD[:-4] + "0500")
        self.assert_error("ENOTSUP", "--model", "clock", "c8a80000000000001a06120e3509ef00")
        self.assert_error("ENOTSUP", "clock", "clock", "00" * 15 + "01", "--model",
                          "HEM-6401T")

    def test_types_that_nobody_described(self):
        self.assert_error("ENOTSUP", "type", "advert", "0701000000000000")
        self.assert_error("ENOTSUP", "company id", "advert", "0e020105000000000000")
        self.assert_error("ENOTSUP", "op code", "2a52", "0701")
        self.assert_error("ENOTSUP", "described", "unlock", "8300")
        got = self.assert_error("ENOTSUP", "type", "frame", "081234000000002e")
        self.assertEqual((got["type"], got["xor_ok"]), ("1234", True))

    def test_an_empty_slot_is_told_as_empty(self):
        for hex_bytes in ("ff" * 14, "00" * 14, "ff" * 16, "00" * 16, "ff" * 24, "00" * 32):
            self.assertIs(self.assert_error("ENODATA", "empty", "record", hex_bytes)["empty"], True)
        for hex_bytes in ("00" * 16, "ff" * 10):
            self.assertIs(self.assert_error("ENODATA", "empty", "clock", hex_bytes)["empty"], True)

    def test_every_damaged_bit_of_a_frame_is_noticed(self):
        good = bytes.fromhex("168100039e0e5e49441ad411af1900002100d30000cc")
        damaged = [bytes(b ^ 1 << bit % 8 if i == bit // 8 else b for i, b in enumerate(good))
                   for bit in range(8 * len(good))]
        code, got, _ = decode("frame", "--model", "HEM-7142T2", lines="\n".join(d.hex() for d in damaged))
        self.assertEqual((code, len(got)), (FAILURE, len(damaged)))
        self.assertEqual({g["error"] for g in got}, {"EBADMSG"})
        self.assertEqual({g["xor_ok"] for g in got[8:]}, {False})  # a damaged length is another reason
        self.assertFalse(any("record" in g for g in got))

    def test_a_frame_cut_short_asks_for_its_other_slices(self):
        got = self.assert_error("EBADMSG", "slices", "frame", "2e8100026026401e802d80008000094d")
        self.assertNotIn("xor_ok", got)
        self.assert_error("EBADMSG", "8 to 64", "frame", "0700000000001017")
        self.assert_error("EBADMSG", "8 to 64", "frame", "41" + "00" * 64)


class Doubts(unittest.TestCase):
    """What can be read is printed, and flagged; the exit code stays 0."""

    def decode(self, *words):
        code, got, errors = decode(*words)
        self.assertEqual((code, len(got), errors), (OK, 1, ""), words)
        self.assertNotIn("error", got[0], words)
        return got[0]

    def test_a_wrong_checksum_of_a_record_is_flagged(self):
        right = self.decode("record", RECORD, "--model", "HEM-7140T1")
        wrong = self.decode("record", RECORD[:-4] + "0500", "--model", "HEM-7140T1")
        self.assertEqual(wrong, {**right, "checksum": 5, "checksum_ok": False})

    def test_a_wrong_checksum_of_a_clock_is_flagged(self):
        got = self.decode("clock", "c8a80000000000001a06120e3509ef00", "--model", "HEM-7142T2")
        self.assertEqual((got["datetime"], got["checksum_ok"]), ("2026-06-18T14:53:09", False))

    def test_implausible_values_are_printed_as_they_are(self):
        for record, plausible in ((RECORD, True), ("00" + RECORD[2:], False), ("e1" + RECORD[2:], True),
                                  (RECORD[:4] + "05" + RECORD[6:], False)):
            got = self.decode("record", record, "--model", "HEM-7140T1")
            self.assertEqual((got["sys"], got["plausible"]), (25 + int(record[:2], 16), plausible), record)
        day_31 = self.decode("record", "5e49441af413af1900002100d300", "--model", "HEM-7142T2")
        self.assertEqual((day_31["datetime"], day_31["plausible"]), ("2026-04-31T20:38:47", False))
        self.assertIs(self.decode("2a35", "00f40158000000")["plausible"], False)
        self.assertIs(self.decode("2a35", "007e0058000000")["plausible"], True)
        self.assertIs(self.decode("2a2b", "ea070d0c143008000001")["plausible"], False)

    def test_a_value_no_number_can_hold_is_an_error_with_its_fields(self):
        code, got, _ = decode("2a35", "00ff7758000000")
        self.assertEqual((code, got[0]["error"], got[0]["dia"]), (FAILURE, "ERANGE", 88))

    def test_the_unit_is_the_cuffs(self):
        self.assertEqual(self.decode("2a35", "01a8f075f086f0")["sys"], 16.8)
        self.assertEqual(self.decode("2a35", "007e0058006500")["unit"], "mmHg")

    def test_a_status_is_told_in_words_too(self):
        got = self.decode("2a35", "107e00580065002700")
        self.assertEqual([got[k] for k in ("movement", "cuff_fit_ok", "irregular_pulse", "position_ok")],
                         [True, False, True, False])

    def test_word_swapped_is_the_same_record(self):
        plain = self.decode("record", "5e49441ad411af1900002100d300")
        other = self.decode("record", swapped("5e49441ad411af1900002100d300"))
        for key in ("sys", "dia", "pulse", "datetime", "checksum_ok", "cuff_bit12"):
            self.assertEqual(other[key], plain[key])
        self.assertEqual((plain["layout"], other["layout"]), ("le", "word_swapped"))
        self.assertNotIn("sequence", other)

    def test_an_index_with_wrong_parity_is_not_trusted(self):
        good = self.decode("index", SETTINGS[:48], "--model", "HEM-7155T-MW3")
        self.assertEqual((good["trusted1"], good["count1"], good["newest_slot1"]), (True, 9, 8))
        self.assertIs(good["fits_model"], True)
        bad = self.decode("index", "0900" + SETTINGS[4:48], "--model", "HEM-7155T-MW3")
        self.assertEqual((bad["trusted1"], bad["trusted2"], bad["cursor1"]), (False, True, 9))
        self.assertNotIn("count1", bad)
        self.assertIs(bad["fits_model"], False)

    def test_a_block_that_was_never_written_is_null(self):
        got = self.decode("settings", SETTINGS[:48] + "ff" * 10 + SETTINGS[68:], "--model", "HEM-7155T-MW3")
        self.assertIsNone(got["user1"])
        self.assertTrue(got["user2"]["checksum_ok"])
        damaged = self.decode("settings", SETTINGS[:48] + "55" + SETTINGS[50:], "--model", "HEM-7155T-MW3")
        self.assertEqual((damaged["user1"]["checksum_ok"], damaged["block_checksum_ok"]), (False, False))

    def test_a_frame_without_a_model_keeps_to_its_outside(self):
        whole = "168100039e0e5e49441ad411af1900002100d30000cc"
        outside = self.decode("frame", whole)
        self.assertNotIn("record", outside)
        self.assertEqual(outside["payload"], "5e49441ad411af1900002100d300")
        inside = self.decode("frame", whole, "--model", "HEM-7142T2")
        self.assertEqual({k: inside[k] for k in outside}, outside)
        self.assertEqual([(r["user"], r["slot"], r["sys"]) for r in inside["record"]], [(1, 13, 119)])

    def test_a_frame_of_empty_slots_says_so_for_each(self):
        got = self.decode("frame", frame("810002e81c" + "ff" * 28 + "00"), "--model", "HEM-7142T2")
        self.assertEqual(got["record"], [{"user": 1, "slot": 0, "empty": True}, {"user": 1, "slot": 1, "empty": True}])

    def test_a_clock_that_is_written_is_decoded(self):
        got = self.decode("frame", "1801c0008010c8a80000000000001a060c143008e80000fd", "--model", "HEM-7155T")
        self.assertEqual((got["clock"], got["checksum_ok"]), ("2026-06-12T20:48:08", True))

    def test_a_refused_read_carries_nothing(self):
        got = self.decode("frame", "0881000e3410e340", "--model", "HEM-7380T1")
        self.assertEqual((got["result"], "payload" in got, "record" in got), (0xE3, False, False))
        for result in (0x00, 0xE3):
            got = self.decode("frame", frame(f"810002e80e{RECORD}{result:02x}"), "--model", "HEM-7142T2")
            self.assertEqual((got["result"], "record" in got), (result, result == 0))

    def test_a_key_is_never_printed(self):
        for start in ("00", "01"):
            key = "00112233445566778899aabbccddeeff"
            own = self.decode("unlock", start + key)
            self.assertIs(own["community_key"], False)
            self.assertNotIn(key, json.dumps(own))
            self.assertIs(self.decode("unlock", start + 2 * "deadbeaf12341234")["community_key"], True)


class Words(unittest.TestCase):
    def assert_usage(self, sentence, *words):
        code, got, errors = decode(*words)
        self.assertEqual((code, got), (USAGE, []))
        self.assertIn(sentence, errors)

    def test_a_kind_must_be_known(self):
        self.assert_usage("decode needs a kind of bytes")
        self.assert_usage('no kind of bytes "rekord"; did you mean "record"?', "rekord", RECORD)
        self.assert_usage('no kind of bytes "xyzzyxyzzy"\n', "xyzzyxyzzy", RECORD)

    def test_a_model_must_be_one_model(self):
        self.assert_usage('no model "HEM-7155Q"; did you mean "HEM-7155T"?', "record", RECORD, "--model", "HEM-7155Q")
        self.assert_usage('"BP7350" is not the id of one model; it can be HEM-7155T or HEM-7155T-K4\n',
                          "record", RECORD, "--model=BP7350")
        self.assert_usage("it can be HEM-7376T1 or HEM-7377T1\n", "record", RECORD, "--model",
                          "HEM-737")
        self.assert_usage('no model ""', "record", RECORD, "--model=")

    def test_a_model_may_be_written_shortly(self):
        whole = decode("record", RECORD, "--model", "HEM-7142T2")
        self.assertEqual(whole[0], OK)
        for name in ("7142t2", "HEM-7140T1", "hem-7142T2-ZAZ"):
            self.assertEqual(decode("--model", name, "record", RECORD), whole)


if __name__ == "__main__":
    unittest.main()
