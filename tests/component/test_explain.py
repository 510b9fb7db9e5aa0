"""`cuff2mqtt explain`: the stories of all captures (golden files), the verdicts that must hold, and misuse."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import air_pcap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUFF2MQTT = os.environ.get("CUFF2MQTT", os.path.join(ROOT, "build", "san", "cuff2mqtt"))
CAPTURES = os.path.join(ROOT, "tests", "captures")
GOLDEN = os.path.join(ROOT, "tests", "golden", "explain")
OK, FAILURE, USAGE = 0, 1, 64

QUESTION = "original-question.txt"


def explain(*words, stdin=b"", cwd=CAPTURES):
    result = subprocess.run([CUFF2MQTT, "explain", *words], timeout=60, capture_output=True, input=stdin, cwd=cwd)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def pairings(*words, **more):
    code, out, err = explain(*words, "--json", **more)
    assert code == OK, err
    assert out.count("\n") == 1, "one object on one line"
    return json.loads(out)["pairings"]


def causes(pairing):
    return [c["cause"] for c in pairing["causes"]]


def captures():
    return sorted(name for name in os.listdir(CAPTURES) if not name.endswith(".md"))


def golden_of(name):
    """[(file, what explain says now)], each."""
    def said(*words):
        code, out, err = explain(name, *words)
        assert (code, err) == (OK, ""), (name, code, err)
        return out

    return [(name + ".story", said()), (name + ".json", said("--json"))]


class Golden(unittest.TestCase):
    maxDiff = None

    def test_every_capture_has_its_story(self):
        names = captures()
        self.assertGreaterEqual(len(names), 10)
        for name in names:
            for file, said in golden_of(name):
                with self.subTest(file), open(os.path.join(GOLDEN, file), encoding="utf-8") as f:
                    self.assertEqual(said, f.read(), "if this is better than before: tests/golden/update BUILD")

    def test_no_story_without_its_capture(self):
        expected = {file for name in captures() for file, _ in golden_of(name)} | {"compare.story"}
        self.assertEqual(expected, set(os.listdir(GOLDEN)))

    def test_the_sample_in_the_docs_is_what_it_says(self):
        with open(os.path.join(ROOT, "docs", "pairing.md"), encoding="utf-8") as f:
            page = f.read()
        sample = page[page.index("    original-question.txt: btmon's text"):]
        sample = [line[4:] for line in sample[:sample.index("\nWhat it cannot know")].splitlines()]
        said = explain(QUESTION)[1].splitlines()
        kept = [line for line in sample if line.strip() not in ("", "..")]
        self.assertGreater(len(kept), 30)
        at = 0
        for line in kept:
            self.assertIn(line, said[at:])
            at += said[at:].index(line) + 1

    def test_stories_are_wrapped(self):
        for name in captures():
            for line in explain(name)[1].splitlines():
                self.assertLessEqual(len(line), 105, f"{name}: {line}")


class Question(unittest.TestCase):
    """The one this project began with."""

    def check(self, pairing):
        self.assertEqual(pairing["outcome"], "failed")
        self.assertEqual(pairing["failed_by"], "cuff")
        self.assertEqual(pairing["reason"], 8)
        self.assertEqual(causes(pairing)[:3], ["not_in_pairing_mode", "bonded_elsewhere", "passing_refusal"])
        self.assertNotIn("no_agent", causes(pairing))
        self.assertIsNone(pairing["response"])

    def check_request(self, pairing):
        self.assertEqual(pairing["security_request"], 1)
        self.assertEqual(pairing["request"], {"io": 3, "oob": 0, "auth": 1, "max_key_size": 16,
                                              "initiator_keys": 5, "responder_keys": 7})
        self.assertEqual(causes(pairing)[3], "identity_key_wanted")

    def test_the_text_as_pasted(self):
        found = pairings(QUESTION)
        self.assertEqual(len(found), 1)
        self.check(found[0])
        self.check_request(found[0])

    def test_the_same_bytes_as_a_capture(self):
        found = pairings("secreq_fail_connect.btsnoop")
        self.assertEqual(len(found), 1)
        self.check_request(found[0])
        self.assertEqual((found[0]["outcome"], found[0]["failed_by"], found[0]["reason"]), ("failed", "cuff", 8))

    def test_a_missing_agent_is_ruled_out(self):
        story = explain(QUESTION)[1]
        ruled_out = story[story.index("Ruled out"):]
        self.assertRegex(" ".join(ruled_out.split()), r"\(no_agent\).*\b0x01\b")
        self.assertIn("01 03 00 01 10 05 07", story)

    def test_its_last_block_alone(self):
        with open(os.path.join(CAPTURES, QUESTION), "rb") as f:
            lines = f.read().splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if b"ACL Data" in line)
        for block in (b"".join(lines[last:]),
                      b"> ACL Data RX: Handle 64 flags 0x02 dlen 6                  #20 [hci0] 26.420475\n"
                      b"      SMP: Pairing Failed (0x05) len 1\n        Reason: Unspecified reason (0x08)\n"):
            found = pairings("-", stdin=block)
            self.assertEqual(len(found), 1)
            self.assertEqual((found[0]["outcome"], found[0]["failed_by"], found[0]["reason"]), ("failed", "cuff", 8))
            self.assertIsNone(found[0]["request"])
            self.assertIsNone(found[0]["security_request"])
            self.assertIn("not_in_capture", causes(found[0]))
            self.assertEqual(causes(found[0])[0], "not_in_pairing_mode")

    def test_mangled_as_forums_do(self):
        with open(os.path.join(CAPTURES, QUESTION), encoding="utf-8") as f:
            text = f.read()
        want = pairings(QUESTION)
        for what, mangled in {
                "crlf": text.replace("\n", "\r\n"),
                "quoted": "".join("> " + line for line in text.splitlines(keepends=True)),
                "html": text.replace("<", "&lt;").replace(">", "&gt;"),
                "chatter": "Hi all,\nthis is what I see:\n\n" + text + "\nAny idea? Thanks!\n",
                "saved html": "<pre><code>" + text.replace("<", "&lt;").replace(">", "&gt;") + "</code></pre>",
                "br": text.replace("\n", "<br>\n"),
                "br of xhtml": text.replace("\n", "<br />\n"),
                "bluetoothctl beside it": text.replace("> ACL", "\x1b[0;94m[bluetooth]\x1b[0m# > ACL"),
                "newer bluetoothctl": text.replace("> ACL", "[bluetoothctl]> > ACL"),
                "tabs": "".join("\t" + line for line in text.splitlines(keepends=True)),
                "no end": text.rstrip("\n"),
        }.items():
            with self.subTest(what):
                self.assertEqual(pairings("-", stdin=mangled.encode()), want)


class Verdicts(unittest.TestCase):
    def outcomes(self, name):
        return [p["outcome"] for p in pairings(name)]

    def test_0x05_is_read_by_direction(self):
        ours, theirs = pairings("secreq_fail_noagent.btsnoop")
        self.assertEqual((ours["outcome"], ours["failed_by"], ours["reason"]), ("failed", "host", 5))
        self.assertEqual(ours["security_request"], 1)
        self.assertIsNone(ours["request"])
        self.assertEqual(set(causes(ours)[:2]), {"no_agent", "not_pairable"})
        self.assertEqual((theirs["outcome"], theirs["failed_by"], theirs["reason"]), ("failed", "cuff", 8))
        self.assertEqual(theirs["request"]["auth"] & 3, 0)
        self.assertEqual(causes(theirs)[0], "no_agent")
        unknown = explain("-", stdin=b"LE-ACL: Handle 64 flags 0x02 dlen 6\n SMP: Pairing Failed (0x05) len 1\n"
                                     b" Reason: Pairing not supported (0x05)\n")[1]
        self.assertIn("Who sent it does not take part", unknown)
        for reason in (1, 12):
            sent = explain("-", stdin=b"< ACL Data TX: Handle 64 flags 0x00 dlen 6\n SMP: Pairing Failed (0x05) len 1\n"
                                      b" Reason: (0x%02x)\n" % reason)[1]
            self.assertIn("no agent is there to ask", " ".join(sent.split()))
        received = b"> ACL Data RX: Handle 64 flags 0x02 dlen 6  #20 [hci0] 26.42\n SMP: Pairing Failed (0x05) len 1\n" \
                   b" Reason: Pairing not supported (0x05)\n"
        (cuff,) = pairings("-", stdin=received)
        self.assertEqual((cuff["failed_by"], cuff["reason"]), ("cuff", 5))
        self.assertNotIn("no_agent", causes(cuff))

    def test_success(self):
        (p,) = pairings("pair_ok.btsnoop")
        self.assertEqual(p["outcome"], "bonded")
        self.assertEqual(p["request"], {"io": 3, "oob": 0, "auth": 9, "max_key_size": 16, "initiator_keys": 5,
                                        "responder_keys": 7})
        self.assertEqual(p["response"], {"io": 3, "oob": 0, "auth": 1, "max_key_size": 16, "initiator_keys": 0,
                                         "responder_keys": 1})
        self.assertEqual((p["failed_by"], p["reason"], p["disconnect_reason"], p["causes"]), (None, None, None, []))

    def test_no_keys(self):
        (p,) = pairings("pairable_off.btsnoop")
        self.assertEqual(p["outcome"], "paired_without_keys")
        self.assertEqual(causes(p)[0], "not_pairable")

    def test_stored_keys(self):
        self.assertEqual(self.outcomes("reconnect.btsnoop"),
                         ["bonded", "encrypted_with_stored_key", "encrypted_with_stored_key"])
        self.assertEqual([p["security_request"] for p in pairings("reconnect.btsnoop")], [None, 1, 1])

    def test_a_lost_bond(self):
        first, *rest = pairings("bondlost.btsnoop")
        self.assertEqual(first["outcome"], "bonded")
        self.assertEqual([(p["outcome"], p["failed_by"], p["reason"]) for p in rest], [("key_refused", "cuff", 6)] * 2)
        self.assertEqual([causes(p)[0] for p in rest], ["bond_lost"] * 2)

    def test_a_passing_refusal(self):
        self.assertEqual(self.outcomes("failonce.btsnoop"), ["failed", "bonded"])
        self.assertIn("passing", explain("failonce.btsnoop")[1].splitlines()[-1])

    def test_not_every_later_success_makes_a_refusal_a_passing_one(self):
        def records(name):
            with open(os.path.join(CAPTURES, name), "rb") as f:
                content = f.read()
            at = 16
            while at < len(content):
                size = 24 + int.from_bytes(content[at + 4:at + 8], "big")
                yield content[at:at + size]
                at += size

        def last_words(*parts):
            return " ".join(explain("-", stdin=b"btsnoop\0" + bytes([0, 0, 0, 1, 0, 0, 7, 0xd1]) + b"".join(
                b"".join(part) for part in parts))[1].split())[-200:]

        success = list(records("pair_ok.btsnoop"))
        request = bytes.fromhex("01030009100507")
        refused = list(records("failonce.btsnoop"))
        refused = refused[:max(i for i, record in enumerate(refused) if request in record)]  # without its second try
        address = bytes.fromhex("332211db5f28")
        self.assertIn("It was passing", last_words(refused, success))
        other_cuff = [record.replace(address, address[::-1]) for record in success]
        self.assertNotIn("It was passing", last_words(refused, other_cuff))
        self.assertNotIn("It was passing", last_words(success, refused))
        self.assertNotIn("It was passing", last_words(records("secreq_fail_noagent.btsnoop"), success))

    def test_settings_of_the_host(self):
        self.assertEqual([p["request"]["auth"] for p in pairings("cap_keyboarddisplay.btsnoop")], [0x0d])
        self.assertEqual([p["request"]["initiator_keys"] for p in pairings("privacy_device.btsnoop")], [7])
        for name in ("cap_keyboarddisplay", "privacy_device"):
            self.assertEqual(self.outcomes(name + ".btsnoop"), ["bonded"])

    def test_every_field_is_always_there(self):
        for name in captures():
            for p in pairings(name):
                self.assertEqual(list(p), ["outcome", "failed_by", "reason", "security_request", "request", "response",
                                           "disconnect_reason", "causes"])
                for cause in p["causes"]:
                    self.assertEqual(list(cause), ["cause", "evidence", "remedy"])
                    self.assertRegex(cause["cause"], r"^[a-z_]+$")
                    self.assertTrue(cause["evidence"].endswith("."), cause)
                    self.assertTrue(cause["remedy"], cause)
                self.assertEqual(p["outcome"] in ("bonded", "encrypted_with_stored_key"), not p["causes"])


class Sniffer(unittest.TestCase):
    """Link layer captures: as far as they are not encrypted."""

    REQUEST = {"io": 3, "oob": 0, "auth": 1, "max_key_size": 16, "initiator_keys": 5, "responder_keys": 7}

    def explained(self, link_type, packets):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "air.pcap")
            air_pcap.write(path, link_type, packets)
            (p,) = pairings(path)
            return p, explain(path)[1]

    def test_a_refusal(self):
        for link_type, failed_by in ((air_pcap.LE_LL, None), (air_pcap.LE_LL_WITH_PHDR, "cuff"),
                                     (air_pcap.NORDIC_BLE, "cuff")):
            with self.subTest(link_type):
                p, story = self.explained(link_type, air_pcap.failure())
                self.assertEqual((p["outcome"], p["reason"], p["request"]), ("failed", 8, self.REQUEST))
                self.assertEqual(p["failed_by"], failed_by)  # 251 does not tell who sent a packet
                self.assertEqual(causes(p)[0], "not_in_pairing_mode")
                self.assertIn("C1:D2:E3:F4:05:16", story)

    def test_a_pairing_ends_where_encryption_begins(self):
        for link_type in (air_pcap.LE_LL, air_pcap.LE_LL_WITH_PHDR, air_pcap.NORDIC_BLE):
            with self.subTest(link_type):
                p, story = self.explained(link_type, air_pcap.pairing())
                self.assertEqual((p["outcome"], p["failed_by"], p["security_request"]), ("incomplete", None, 1))
                self.assertEqual(p["request"], self.REQUEST)
                self.assertEqual(p["response"]["responder_keys"], 1)
                self.assertEqual(causes(p)[0], "not_in_capture")
                self.assertIn("said it was in pairing mode", " ".join(story.split()))


class Keys(unittest.TestCase):
    SECRET = ("Pairing Confirm", "Pairing Random", "Encryption Information")

    def test_are_hidden_unless_asked_for(self):
        hidden, shown = explain("pair_ok.btsnoop")[1], explain("pair_ok.btsnoop", "--keys")[1]
        for name in self.SECRET:
            line = next(line for line in hidden.splitlines() if name in line)
            self.assertRegex(line, name + r"\s+[0-9a-f]{2} \.\. \(16 bytes, hidden\)$")
            full = next(line for line in shown.splitlines() if name in line)
            self.assertRegex(full, name + r"\s+([0-9a-f]{2} ){16}[0-9a-f]{2}$")

    def test_no_secret_of_any_capture_is_in_any_story(self):
        found = 0
        for name in captures():
            shown = explain(name, "--keys")[1]
            story = explain(name)[1] + explain(name, "--json")[1]
            for secret in re.findall(r"\s[0-9a-f]{2}((?: [0-9a-f]{2}){16})$", shown, re.M):
                found += 1
                for form in (secret, secret.replace(" ", ""), "".join(reversed(secret.split()))):
                    self.assertNotIn(form, story, name)
        self.assertGreater(found, 40)


class Compare(unittest.TestCase):
    def test_side_by_side(self):
        code, out, err = explain("secreq_fail_connect.btsnoop", "privacy_device.btsnoop")
        self.assertEqual((code, err), (OK, ""))
        with open(os.path.join(GOLDEN, "compare.story"), encoding="utf-8") as f:
            self.assertEqual(out, f.read())
        side = out[out.index("Side by side"):]
        self.assertRegex(side, r"\* Initiator keys +EncKey, Sign +EncKey, IdKey, Sign")
        self.assertIn("Privacy", side)

    def test_nothing_differs(self):
        out = explain("failonce.btsnoop", "pair_ok.btsnoop")[1]
        self.assertIn("do not differ in anything that can matter", " ".join(out.split()))

    def test_nothing_to_compare(self):
        code, out, err = explain("pair_ok.btsnoop", "-", stdin=b"> HCI Event: Disconnect Complete (0x05) plen 4  #1 1.0\n")
        self.assertEqual(code, OK, err)
        self.assertIn("nothing to compare: standard input has no Pairing Request", out)

    def differences(self, name, good):
        out = " ".join(explain(name, good)[1].split())
        return out[out.index("What the differences can mean"):]

    def test_what_the_good_one_lacks_is_no_remedy(self):
        lacking = self.differences("pair_ok.btsnoop", "privacy_device.btsnoop")
        self.assertIn("`Privacy = device`", lacking)
        self.assertIn("private (random) address and hands over its identity", lacking)
        having = self.differences("privacy_device.btsnoop", "pair_ok.btsnoop")
        self.assertNotIn("Privacy", having)
        self.assertIn("succeeded without more of it", having)
        self.assertIn("needs no private (random) one", having)

    def test_secure_connections_either_way(self):
        with open(os.path.join(CAPTURES, "pair_ok.btsnoop"), "rb") as f:
            sc = f.read()
        request = bytes.fromhex("01030009100507")
        self.assertEqual(sc.count(request), 1)
        legacy = sc.replace(request, bytes.fromhex("01030001100507"))
        with tempfile.NamedTemporaryFile(suffix=".btsnoop") as file:
            file.write(legacy)
            file.flush()
            self.assertIn("let the host begin (Pair)", self.differences(file.name, "pair_ok.btsnoop"))
            self.assertIn("`sudo btmgmt sc off`", self.differences("pair_ok.btsnoop", file.name))

    def test_the_second_file_must_be_of_a_success(self):
        for name in ("failonce.btsnoop", "pair_ok.btsnoop"):
            code, out, _ = explain(name, QUESTION)
            self.assertEqual(code, OK)
            self.assertNotIn("Side by side", out)
            self.assertIn(f"nothing to compare: no pairing in {QUESTION} succeeded", out)

    def test_json_tells_of_one(self):
        code, out, err = explain("failonce.btsnoop", "pair_ok.btsnoop", "--json")
        self.assertEqual(code, OK)
        self.assertEqual(len(json.loads(out)["pairings"]), 2)
        self.assertIn("alone", err)


class Misuse(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="explain-")
        self.addCleanup(shutil.rmtree, self.directory)

    def file(self, name, content):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def refused(self, *words, code=FAILURE, pattern, stdin=b""):
        got, out, err = explain(*words, stdin=stdin)
        self.assertEqual(got, code, err)
        self.assertEqual(out, "")
        self.assertRegex(err, pattern)

    def test_words(self):
        self.refused(code=USAGE, pattern="needs a capture")
        self.refused("a", "b", "c", code=USAGE, pattern="one word too many")
        self.refused("-", "-", code=USAGE, pattern="only one")
        self.refused("pair_ok.btsnoop", "--kees", code=USAGE, pattern='"--keys"')
        self.refused("pair_ok.btsnoop", "--json=1", code=USAGE, pattern="no option")
        self.refused("--", "--json", pattern="--json cannot be opened")
        self.assertEqual(explain("--json", "--", "pair_ok.btsnoop")[0], OK)

    def test_files(self):
        self.refused("nothing.here", pattern=r"nothing\.here")
        self.refused(self.directory, pattern="directory")
        self.refused(self.file("empty", b""), pattern="empty")
        self.refused(self.file("rubbish", os.urandom(4096) + b"\0" * 64), pattern="rubbish")
        self.refused("nothing.here", "--json", pattern=r"nothing\.here")
        self.refused("pair_ok.btsnoop", "nothing.here", pattern=r"nothing\.here")

    def test_text_that_is_not_btmons(self):
        code, out, err = explain("-", stdin=b"Dear diary,\nit did not pair again.\n")
        self.assertEqual(code, FAILURE)
        self.assertIn("btmon -w", err)

    def test_text_of_other_programs_is_named(self):
        for text, pattern in {
                b"HCI sniffer - Bluetooth packet analyzer ver 5.50\ndevice: hci0 snap_len: 1500 filter: 0xffffffff\n"
                b"> HCI Event: Command Status (0x0f) plen 4\n    LE Create Connection (0x08|0x000d) status 0x00 ncmd 1\n"
                b"> ACL data: handle 64 flags 0x02 dlen 6\n    SMP: Pairing Failed (0x05)\n": "hcidump.*btmon -w",
                b"I run linux, here is my log\n> 2016-08-06 19:04:14.325726 > ACL data: handle 64 flags 0x02 dlen 11\n"
                b">     SMP: Pairing Request (0x01)\n>       capability 0x04 oob 0x00 auth req 0x0d\n": "hcidump",
                b"Frame 472: 10 bytes on wire (80 bits), 10 bytes captured (80 bits)\n"
                b"    Encapsulation type: Bluetooth Linux Monitor (159)\n": "Wireshark.*pcapng",
        }.items():
            self.refused("-", stdin=text, pattern=pattern)

    def test_nothing_in_it(self):
        with open(os.path.join(CAPTURES, "pair_ok.btsnoop"), "rb") as f:
            head = f.read(16)
        code, out, err = explain(self.file("short.btsnoop", head))
        self.assertEqual((code, err), (OK, ""))
        self.assertIn("no pairing in it", out)
        self.assertEqual(pairings(self.file("short.btsnoop", head)), [])

    def test_a_capture_that_was_cut_off(self):
        with open(os.path.join(CAPTURES, "failonce.btsnoop"), "rb") as f:
            content = f.read()
        path = self.file("cut.btsnoop", content[:-5])
        code, out, err = explain(path, "--json")
        self.assertEqual(code, OK)
        self.assertIn("middle of a frame", err)
        self.assertEqual([p["outcome"] for p in json.loads(out)["pairings"]], ["failed", "bonded"])

    def test_cut_at_many_places(self):
        with open(os.path.join(CAPTURES, "secreq_fail_connect.btsnoop"), "rb") as f:
            content = f.read()
        for n in range(0, len(content), len(content) // 40):
            code, out, _ = explain("-", stdin=content[:n])
            self.assertIn(code, (OK, FAILURE))

    def test_a_closed_output(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([CUFF2MQTT, "explain", "pair_ok.btsnoop"], stdout=full, stderr=subprocess.PIPE,
                                    timeout=60, cwd=CAPTURES)
        self.assertEqual(result.returncode, FAILURE)
        self.assertRegex(result.stderr, rb"not all of it could be written.*disk")


if __name__ == "__main__":
    unittest.main()
