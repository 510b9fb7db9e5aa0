"""`cuff2mqtt decode smp` against tshark: both read the same PDUs, out of our captures and out of one that this test
writes with everything a PDU can say, and must agree on every field, every bit and every name."""

import glob
import json
import os
import re
import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUFF2MQTT = os.environ.get("CUFF2MQTT", os.path.join(ROOT, "build", "san", "cuff2mqtt"))
OK, FAILURE = 0, 1

SIZES = {0x01: 7, 0x02: 7, 0x03: 17, 0x04: 17, 0x05: 2, 0x06: 17, 0x07: 11, 0x08: 17, 0x09: 8, 0x0A: 17, 0x0B: 2,
         0x0C: 65, 0x0D: 17, 0x0E: 2}


# --- what the two say ---

def tshark(path):
    """The SMP part of each packet that has one, as tshark's XML: `show` a value, `showname` the line for people,
    `value` the bytes it was read from (of a part of a byte, that part), all as text."""
    output = subprocess.run(["tshark", "-r", path, "-Y", "btsmp", "-T", "pdml"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, timeout=120, check=True).stdout  # on stderr: "running as root"
    return [packet.find("proto[@name='btsmp']") for packet in xml.etree.ElementTree.fromstring(output)]


def decode(*words, lines=()):
    result = subprocess.run([CUFF2MQTT, "decode", "smp", *words], input="".join(line + "\n" for line in lines),
                            text=True, capture_output=True, timeout=120)
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def number(text):
    return int(text, 0)


def as_sent(text):
    return text.replace(":", "")


OURS = {  # tshark's field: our key, and how its value reads there. Keys and the like tshark shows as sent
    "opcode": ("code", number),
    "reason": ("reason", number),
    "io_capability": ("io", number),
    "oob_data_flags": ("oob", number),
    "authreq": ("auth", number),
    "max_enc_key_size": ("max_key_size", number),
    "initiator_key_distribution": ("initiator_keys", number),
    "responder_key_distribution": ("responder_keys", number),
    "cfm_value": ("value", as_sent),
    "random_value": ("value", as_sent),
    "long_term_key": ("value", as_sent),
    "id_resolving_key": ("value", as_sent),
    "signature_key": ("value", as_sent),
    "dhkey_check": ("value", as_sent),
    "ediv": ("ediv", number),
    "address_type": ("address_type", lambda text: ("public", "random")[number(text)]),
    "bd_addr": ("address", str.upper),
    "public_key_x": ("x", as_sent),
    "public_key_y": ("y", as_sent),
    "notification_type": ("keypress", number),
}
NAMES = {"opcode": "pdu", "reason": "reason_text", "io_capability": "io_name", "notification_type": "keypress_text"}
YOUNG_REASONS = {0x0F: "Key Rejected", 0x10: "Busy"}  # not every tshark knows them


def bits_of(field):
    """{tshark's name: the bits, moved down} of a byte of flags."""
    return {bit.get("name").removeprefix("btsmp."): int(bit.get("value"), 16) for bit in field}


def words_of_auth(bits, auth):
    """CT2 and what is reserved come from the number: not every tshark has them."""
    bonding, ct2, reserved = bits["bonding_flags"], auth & 0x20, auth & 0xC0
    return ", ".join([("No Bonding", "Bonding")[bonding] if bonding < 2 else f"Bonding reserved 0x{bonding:02x}",
                      "MITM" if bits["mitm_flag"] else "No MITM", "SC" if bits["sc_flag"] else "Legacy",
                      *(["Keypress"] if bits["keypress_flag"] else []), *(["CT2"] if ct2 else []),
                      *([f"reserved 0x{reserved:02x}"] if reserved else [])])


def words_of_keys(bits):
    words = [word for name, word in (("enc", "EncKey"), ("id", "IdKey"), ("sign", "Sign"), ("linkkey", "LinkKey"))
             if bits["key_dist_" + name]]
    reserved = bits["key_dist_reserved"] << 4
    return ", ".join(words + ([f"reserved 0x{reserved:02x}"] if reserved else [])) or "none"


def letters(name):
    """What stays when two people write the same name."""
    return re.sub(r"[^a-z]", "", name.lower().replace("master", "central"))


def stated(proto):
    """What tshark says about a PDU, as our object would say it, and its names apart."""
    values, names = {}, {}
    for field in proto:
        name = field.get("name").removeprefix("btsmp.")
        key, convert = OURS[name]
        values[key] = convert(field.get("show"))
        if name in NAMES:
            names[NAMES[name]] = re.fullmatch(r"[^:]*: (.*) \(0x[0-9a-f]+\)", field.get("showname")).group(1)
        if name == "authreq":
            values["auth_text"] = words_of_auth(bits_of(field), values["auth"])
        if name.endswith("_key_distribution"):
            values[key + "_text"] = words_of_keys(bits_of(field))
        if name == "oob_data_flags":
            line = field.get("showname")
            values["oob_text"] = ("OOB data not present" if "Not Present" in line else
                                  "OOB data present" if "Present" in line else "reserved")
    if "ediv" in values:
        values["rand"] = values.pop("value")  # of two numbers with one name, the one that comes with EDIV
    return values, names


def bytes_of(proto):
    return "".join(field.get("value") for field in proto)


# --- a capture of our own: btsnoop as btmon writes it ---

class Capture:
    COMMAND_EVENT, ACL_TX, ACL_RX = 3, 4, 5
    HANDLE = 0x0040

    def __init__(self):
        self.bytes, self.records, self.pdus = b"btsnoop\0" + struct.pack(">II", 1, 2001), 0, []
        connected = struct.pack("<BBHBB6sHHHB", 0x01, 0, self.HANDLE, 0, 0, bytes.fromhex("332211db5f28"), 40, 0, 42, 0)
        self.add(self.COMMAND_EVENT, b"\x3e" + bytes([len(connected)]) + connected)

    def add(self, opcode, data):
        self.records += 1
        self.bytes += struct.pack(">IIIIq", len(data), len(data), opcode, 0, 0x00E03AB44A676000 + self.records) + data

    def smp(self, code, *body):
        """One PDU, the host's and the cuff's in turns; a long one in several packets, as controllers do."""
        pdu, to_cuff = bytes([code, *body]), len(self.pdus) % 2 == 0
        frame = struct.pack("<HH", len(pdu), 6) + pdu
        for at in range(0, len(frame), 27):
            flag = 1 if at else 0 if to_cuff else 2
            piece = frame[at:at + 27]
            self.add(self.ACL_TX if to_cuff else self.ACL_RX,
                     struct.pack("<HH", self.HANDLE | flag << 12, len(piece)) + piece)
        self.pdus.append(pdu.hex())


def everything():
    c = Capture()
    for auth in (0x05, 0x0D):  # a conversation of each kind, every code in it
        c.smp(0x0B, auth)
        for code in (1, 2):
            c.smp(code, 4, 0, auth, 16, 0x0F, 0x0F)
        for code in sorted(set(SIZES) - {1, 2, 5, 9, 0x0B}):
            for side in (1, 2):
                c.smp(code, *((code * 16 + side * 100 + i) % 256 for i in range(SIZES[code] - 1)))
        for kind in (0, 1):
            c.smp(9, kind, 0xC0 + kind, 2, 3, 4, 5, 6)
    for reason in [*range(0x12), 0x80, 0xFF]:
        c.smp(5, reason)
    for kind in range(7):
        c.smp(0x0E, kind)
    for auth in range(256):
        c.smp(0x0B, auth)
        c.smp(2, auth % 7, auth % 4, 255 - auth, auth % 19, auth, 255 - auth)
        c.smp(1, auth % 6, auth % 3, auth, 16, 255 - auth, auth)
    return c


class AgainstTshark(unittest.TestCase):
    maxDiff = None

    def assert_same(self, proto, got, where):
        values, names = stated(proto)
        for key, theirs in names.items():
            name = got.pop(key)
            if key == "reason_text" and got["reason"] in YOUNG_REASONS:
                self.assertEqual(name, YOUNG_REASONS[got["reason"]], where)
            else:
                self.assertEqual(letters(name), letters(theirs.replace("Unknown", "reserved")), where)
        self.assertEqual(got, values, where)

    def compare(self, path):
        """The PDUs in the file as hex, after both were asked about each of them."""
        protos = tshark(path)
        pdus = [bytes_of(proto) for proto in protos]
        code, ours, errors = decode("-", lines=pdus)
        self.assertEqual((code, len(ours), errors), (OK, len(pdus), ""), path)
        for pdu, proto, got in zip(pdus, protos, ours):
            self.assertEqual(len(pdu), 2 * int(proto.get("size")), f"{path} {pdu}")
            self.assert_same(proto, got, f"{os.path.basename(path)} {pdu}")
        return pdus

    def test_our_captures(self):
        codes, count = set(), 0
        for path in sorted(glob.glob(os.path.join(ROOT, "tests", "captures", "*.btsnoop"))):
            pdus = self.compare(path)
            count += len(pdus)
            codes |= {int(pdu[:2], 16) for pdu in pdus}
        self.assertGreaterEqual(count, 73)
        self.assertGreaterEqual(codes, set(range(0x01, 0x0C)))

    def test_everything_a_pdu_can_say(self):
        capture = everything()
        with tempfile.NamedTemporaryFile(suffix=".btsnoop") as file:
            file.write(capture.bytes)
            file.flush()
            self.assertEqual(self.compare(file.name), capture.pdus)
        self.assertEqual({int(pdu[:2], 16) for pdu in capture.pdus}, set(SIZES))
        self.assertGreater(len(capture.pdus), 800)


class Errors(unittest.TestCase):
    def assert_error(self, word, sentence, pdu):
        code, got, errors = decode(pdu)
        self.assertEqual((code, len(got), errors), (FAILURE, 1, ""), pdu)
        self.assertEqual(set(got[0]), {"error", "reason"}, pdu)
        self.assertEqual(got[0]["error"], word, pdu)
        self.assertIn(sentence, got[0]["reason"], pdu)

    def test_a_length_that_is_not_the_codes(self):
        for code, size in SIZES.items():
            for n in {0, 1, size - 2, size} - {size - 1}:
                self.assert_error("EBADMSG", "long", bytes([code] + [0] * n).hex())

    def test_codes_that_are_reserved(self):
        for code in (0x00, 0x0F, 0xFF):
            self.assert_error("ENOTSUP", "no such code", f"{code:02x}0000")

    def test_an_address_of_no_type(self):
        self.assert_error("EBADMSG", "address type", "0902ffeeddccbbaa")



class Explained(unittest.TestCase):
    """No PDU is missed, taken twice or given to the wrong side between the file and the story."""

    STEP = re.compile(r"^ +[0-9]+\.[0-9]+  #([0-9]+) +(cuff|host)  \S.{28}  ((?:[0-9a-f]{2} ?)+)$", re.M)

    def test_every_pdu_is_in_the_story_of_its_pairing(self):
        compared = 0
        for path in sorted(glob.glob(os.path.join(ROOT, "tests", "captures", "*.btsnoop"))):
            story = subprocess.run([CUFF2MQTT, "explain", "--keys", path], text=True, capture_output=True, timeout=120,
                                   check=True).stdout
            found = [(int(n), side, hexed.replace(" ", "")) for n, side, hexed in self.STEP.findall(story)]
            fields = subprocess.run(["tshark", "-r", path, "-Y", "btsmp", "-T", "fields", "-e", "frame.number", "-e",
                                     "hci_mon.opcode"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                    timeout=120, check=True).stdout.split()
            wanted = [(int(n), {4: "host", 5: "cuff"}[int(opcode, 0)], bytes_of(proto))
                      for n, opcode, proto in zip(fields[::2], fields[1::2], tshark(path))]
            self.assertEqual(found, wanted, path)
            compared += len(wanted)
        self.assertGreater(compared, 60)


if __name__ == "__main__":
    unittest.main()
