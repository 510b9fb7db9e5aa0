"""`cuff2mqtt explain` says the same of a capture in whatever format it comes, through a file or a pipe; and of files that
are damaged or something else, one sentence that helps."""

import glob
import gzip
import io
import json
import os
import subprocess
import tempfile
import unittest
import zipfile

import pcap_files
from pcap_files import H4, HCI, LINK_H4, LINK_H4_DIRECTION, LINK_LE, LINK_MONITOR, MONITOR

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUFF2MQTT = os.environ.get("CUFF2MQTT", os.path.join(ROOT, "build", "san", "cuff2mqtt"))
CAPTURES = sorted(glob.glob(os.path.join(ROOT, "tests", "captures", "*.btsnoop")))

SAME = {  # formats that hold all that the Linux monitor saw
    "monitor.btsnoop": lambda f: pcap_files.btsnoop(f, MONITOR),
    "monitor.pcap": lambda f: pcap_files.pcap(f, LINK_MONITOR),
    "monitor, big endian, ns.pcap": lambda f: pcap_files.pcap(f, LINK_MONITOR, big_endian=True, nanoseconds=True),
    "monitor.pcapng": lambda f: pcap_files.pcapng(f, LINK_MONITOR),
    "other adapter.btsnoop": lambda f: pcap_files.btsnoop(f, MONITOR, adapter=3),
}
HCI_ONLY = {  # .. and those without MGMT, which alone tells some causes
    "h4.btsnoop": lambda f: pcap_files.btsnoop(f, H4),
    "hci.btsnoop": lambda f: pcap_files.btsnoop(f, HCI),
    "direction.pcap": lambda f: pcap_files.pcap(f, LINK_H4_DIRECTION),
    "direction, big endian.pcap": lambda f: pcap_files.pcap(f, LINK_H4_DIRECTION, big_endian=True),
    "direction, ns.pcap": lambda f: pcap_files.pcap(f, LINK_H4_DIRECTION, nanoseconds=True),
    "direction.pcapng": lambda f: pcap_files.pcapng(f, LINK_H4_DIRECTION),
    "no direction.pcap": lambda f: pcap_files.pcap(f, LINK_H4),
    "no direction.pcapng": lambda f: pcap_files.pcapng(f, LINK_H4),
}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def explain(*words, data=b""):
    result = subprocess.run([CUFF2MQTT, "explain", *words], input=data, capture_output=True, timeout=60)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def pairings(path, **input_):
    code, out, err = explain("--json", path, **input_)
    if code or err:
        raise AssertionError(f"{path}: {code}, {err}")
    return json.loads(out)["pairings"]


def without_causes(found):
    return [{key: value for key, value in pairing.items() if key != "causes"} for pairing in found]


class Files(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def write(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as f:
            f.write(data)
        return path


class Formats(Files):
    def each_capture(self, formats):
        self.assertGreaterEqual(len(CAPTURES), 9)
        for capture in CAPTURES:
            frames = pcap_files.read_btsnoop(read(capture))
            want = pairings(capture)
            self.assertTrue(want, capture)
            for name, make in formats.items():
                yield f"{os.path.basename(capture)} as {name}", want, self.write(name, make(frames))

    def test_all_formats_of_the_monitor_tell_the_same(self):
        for which, want, path in self.each_capture(SAME):
            self.assertEqual(pairings(path), want, which)

    def test_formats_without_mgmt_tell_the_same_conversation(self):
        for which, want, path in self.each_capture(HCI_ONLY):
            self.assertEqual(without_causes(pairings(path)), without_causes(want), which)

    def test_formats_without_mgmt_agree_among_themselves(self):
        for capture in CAPTURES:
            frames = pcap_files.read_btsnoop(read(capture))
            told = {name: pairings(self.write(name, make(frames))) for name, make in HCI_ONLY.items()}
            for name, found in told.items():
                self.assertEqual(found, told["h4.btsnoop"], (capture, name))

    def test_a_pipe_tells_what_the_file_tells(self):
        for formats in (SAME, HCI_ONLY):
            for which, _, path in self.each_capture(formats):
                self.assertEqual(pairings("-", data=read(path)), pairings(path), which)

    def test_text_may_come_as_windows_writes_it(self):
        original = os.path.join(ROOT, "tests", "captures", "original-question.txt")
        text = read(original).decode()
        want = pairings(original)
        self.assertEqual(want[0]["outcome"], "failed")
        for encoding in ("utf-8-sig", "utf-16"):
            for end in ("\n", "\r\n"):
                with self.subTest(encoding=encoding, end=end):
                    data = text.replace("\n", end).encode(encoding)
                    self.assertEqual(pairings(self.write("pasted.txt", data)), want)
                    self.assertEqual(pairings("-", data=data), want)


class Trouble(Files):
    def refused(self, name, data, *says):
        path = self.write(name, data)
        code, out, err = explain(path)
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err.count("\n"), 1, err)
        for words in (path, *says):
            self.assertIn(words, err)

    def test_what_cannot_be_read_is_named(self):
        capture = read(CAPTURES[0])
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as z:
            z.writestr("FS/data/misc/bluetooth/logs/btsnoop_hci.log", capture)
        self.refused("walk.gz", gzip.compress(capture), "gzip", "unpack it first")
        self.refused("bugreport.zip", archive.getvalue(), "zip", "FS/data/misc/bluetooth/logs/btsnoop_hci.log")
        self.refused("empty.log", b"", "is empty")
        self.refused("ethernet.pcap", pcap_files.pcap([], 1), "link type 1 (EN10MB)", "btmon -w")
        self.refused("h5.log", pcap_files.btsnoop([], 1004), "1004 (HCI Serial, H5)", "btmon -w")
        self.refused("program", read(CUFF2MQTT)[:100000], "no Bluetooth capture", "btsnoop")

    def test_a_file_that_ends_in_the_middle_is_explained_as_far_as_it_goes(self):
        for capture in CAPTURES:
            code, out, err = explain("--json", self.write("killed.btsnoop", read(capture) + bytes(10)))
            self.assertEqual(code, 0)
            self.assertEqual(json.loads(out)["pairings"], pairings(capture))
            self.assertIn("ends in the middle of a frame", err)
            self.assertIn("what was before it was read", err)

    def test_several_interfaces_that_differ_are_said(self):
        data = pcap_files.pcapng([], LINK_MONITOR) + pcap_files.pcapng_interface(LINK_LE)
        _, _, err = explain(self.write("both.pcapng", data))
        self.assertIn("several interfaces that differ", err)
        self.assertIn("only one interface", err)


if __name__ == "__main__":
    unittest.main()
