"""How sniffers write packets of the air down, by tshark: what trace_air reads in its unit tests is what a dissector
that is not ours reads, with each pseudo header. Without tshark these tests fail."""

import functools
import os
import re
import subprocess
import tempfile
import unittest

import air_pcap
from air_pcap import CUFF, HOST, LE_LL, LE_LL_WITH_PHDR, NORDIC_BLE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURE = os.path.join(ROOT, "tests", "unit", "trace_air_fixture.h")

NORDICS = {f"272 version {v}": (NORDIC_BLE, functools.partial(air_pcap.nordic, version=v)) for v in (1, 2, 3)}
FORMATS = {"251": (LE_LL, None), "256": (LE_LL_WITH_PHDR, None), **NORDICS}
TOLD = {name: value for name, value in FORMATS.items() if name != "251"}  # with direction and CRC

ADV_IND, CONNECT_IND = 0, 5
ENC_REQ, ENC_RSP, START_ENC_REQ, TERMINATE_IND = 0x03, 0x04, 0x05, 0x02
SMP = [0x0B, 0x01, 0x02, 0x03, 0x03, 0x04, 0x04]


class Air(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def read(self, form, packets, *fields, only="frame", **more):
        """One list of values for each packet; numbers, as far as they are, else text; None: not there."""
        link_type, header = FORMATS[form]
        path = os.path.join(self.directory, "air.pcap")
        air_pcap.write(path, link_type, packets, header, **more)
        words = [word for field in fields for word in ("-e", field)]
        result = subprocess.run(["tshark", "-n", "-r", path, "-Y", only, "-T", "fields", "-E", "separator=;", *words],
                                env={**os.environ, "HOME": self.directory}, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [[self.value(v) for v in line.split(";")] for line in result.stdout.splitlines()]

    @staticmethod
    def value(text):
        if re.fullmatch(r"0x[0-9a-f]+", text):
            return int(text, 16)
        return int(text) if re.fullmatch(r"0|[1-9]\d*", text) else text or None


class Pairing(Air):
    def test_nothing_is_malformed(self):
        for form in FORMATS:
            with self.subTest(form):
                # Behind LL_START_ENC_REQ is ciphertext, and only there tshark has to guess.
                clear = air_pcap.pairing()[:16]
                for packets in (clear, air_pcap.failure()[:3]):
                    wrong = "_ws.malformed || _ws.expert.severity >= warning || btle.crc.incorrect"
                    self.assertEqual(self.read(form, packets, "frame.number", only=wrong), [])
                self.assertEqual(len(self.read(form, clear, "frame.number")), len(clear))

    def test_it_is_the_pairing_that_was_meant(self):
        for form in FORMATS:
            with self.subTest(form):
                rows = self.read(form, air_pcap.pairing(), "btle.advertising_header.pdu_type", "btsmp.opcode",
                                 "btle.control_opcode", "btle.access_address")
                self.assertEqual([row[0] for row in rows if row[0] is not None], [ADV_IND, CONNECT_IND])
                self.assertEqual([row[1] for row in rows if row[1] is not None], SMP)
                self.assertEqual([row[2] for row in rows[:16] if row[2] is not None], [ENC_REQ, ENC_RSP, START_ENC_REQ])
                self.assertEqual({row[3] for row in rows[:2]}, {air_pcap.ADVERTISING})
                self.assertEqual({row[3] for row in rows[2:]}, {air_pcap.LINK})

    def test_addresses_and_manufacturer_data(self):
        for form in FORMATS:
            with self.subTest(form):
                rows = self.read(form, air_pcap.pairing()[:2], "btle.advertising_address", "btle.initiator_address",
                                 "btle.advertising_header.randomized_tx", "btcommon.eir_ad.entry.company_id",
                                 "btcommon.eir_ad.entry.data")
                cuff, host = "c1:d2:e3:f4:05:16", "0a:11:22:33:44:55"
                self.assertEqual(rows[0][:4], [cuff, None, 1, 0x020E])
                self.assertEqual(rows[0][4], "0108010001")
                self.assertEqual(rows[1][:3], [cuff, host, 0])
                random = self.read(form, air_pcap.failure()[:1], "btle.advertising_header.randomized_tx")
                self.assertEqual(random, [[1]])

    def test_the_features_and_the_key_that_is_asked_for(self):
        for form in FORMATS:
            with self.subTest(form):
                features = self.read(form, air_pcap.pairing(), "btsmp.opcode", "btsmp.io_capability", "btsmp.authreq",
                                     "btsmp.max_enc_key_size", only="btsmp.io_capability")
                self.assertEqual(features, [[1, 3, 1, 16], [2, 3, 1, 16]])
                asked = self.read(form, air_pcap.pairing(), "btle.control.random_number",
                                  "btle.control.encrypted_diversifier", only="btle.control_opcode == 3")
                self.assertEqual(asked, [[0, 0]])

    def test_the_unit_tests_read_the_same_bytes(self):
        with open(FIXTURE, encoding="utf-8") as f:
            text = re.sub(r'"\s*"', "", f.read().replace("\\\n", ""))
        sides = {"UNKNOWN": None, "HOST": HOST, "CUFF": CUFF}
        lines = [(sides[side], line) for side, line in re.findall(r'\{TRACE_(\w+),\s+"([0-9a-f]+)"\}', text)]
        packets = air_pcap.pairing()
        self.assertEqual(lines, [(p.side, p.bytes.hex()) for p in packets])
        whole = {name: value for name, value in re.findall(r'#define AIR_(\w+)_REQUEST\s+"([0-9a-f]+)"', text)}
        self.assertEqual(whole, {"PHDR": air_pcap.phdr(packets[4], 4).hex(), **{
            f"NORDIC_{version}": air_pcap.nordic(packets[4], 4, version).hex() for version in (1, 2, 3)}})


class PseudoHeader(Air):
    def test_directions(self):
        field = {form: "btle_rf.pdu_type" if form == "256" else "nordic_ble.direction" for form in TOLD}
        for form in TOLD:
            with self.subTest(form):
                packets = air_pcap.pairing()
                rows = self.read(form, packets, field[form], only="btle.data_header")
                words = {HOST: 2, CUFF: 3} if form == "256" else {HOST: 1, CUFF: 0}
                self.assertEqual([row[0] for row in rows], [words[p.side] for p in packets[2:]])
        sent = [p.side for p in air_pcap.pairing()[3:12] if p.side and len(p.bytes) > 9]
        for form in TOLD:  # and so do the layers above take them
            with self.subTest(form):
                rows = self.read(form, air_pcap.pairing(), "_ws.col.Info", only="btsmp")
                words = {"Sent": HOST, "Rcvd": CUFF}
                self.assertEqual([words[row[0].split()[0]] for row in rows], sent)

    def test_a_bad_crc(self):
        field = {form: "btle_rf.flags.crc_valid" if form == "256" else "nordic_ble.crcok" for form in TOLD}
        for form in TOLD:
            with self.subTest(form):
                rows = self.read(form, air_pcap.failure(), field[form])
                self.assertEqual([row[0] for row in rows], [1, 1, 1, 0, 1, 1])
        packets = air_pcap.pairing()  # tshark calculates it on the advertising channels only
        self.assertEqual(self.read("251", packets, "frame.number", only="btle.crc.incorrect"), [])
        packets[1].bytes = packets[1].bytes[:-1] + bytes([packets[1].bytes[-1] ^ 1])
        self.assertEqual(self.read("251", packets, "frame.number", only="btle.crc.incorrect"), [[2]])

    def test_a_retransmission_has_the_same_sequence_number(self):
        for form in FORMATS:
            with self.subTest(form):
                rows = self.read(form, air_pcap.failure()[1:5], "btle.data_header.sequence_number", "btsmp.opcode")
                self.assertEqual(rows, [[0, 1], [0, 1], [0, 5], [0, 5]])

    def test_what_was_decrypted(self):
        link = air_pcap.Link()
        packets = [air_pcap.connect_ind(), link.smp(CUFF, bytes([6]) + bytes(range(16)), decrypted=True)]
        fields = {"256": ("btle_rf.flags.decrypted", "btle_rf.flags.mic_valid")}
        for form in TOLD:
            with self.subTest(form):
                names = fields.get(form, ("nordic_ble.encrypted", "nordic_ble.micok"))
                rows = self.read(form, packets, *names, "btsmp.opcode", only="btle.data_header")
                self.assertEqual(rows, [[1, 1, 6]])

    def test_what_stands_between_header_and_payload(self):
        request = air_pcap.Link().smp(HOST, bytes.fromhex("01030001100507"))
        coded = air_pcap.Packet(air_pcap.LINK, HOST, request.bytes[4:-3])
        coded.bytes = coded.bytes[:4] + b"\x00" + coded.bytes[4:]  # coding indicator
        at = {LE_LL_WITH_PHDR: (9, 0x80), NORDIC_BLE: (8, 0x20)}

        def as_coded(header, packet, index, byte, flag):
            frame = bytearray(header(packet, index))
            frame[byte] |= flag
            return bytes(frame)

        for link_type, header in ((LE_LL_WITH_PHDR, air_pcap.phdr), (NORDIC_BLE, air_pcap.nordic)):
            FORMATS["coded"] = (link_type, lambda p, i, h=header, a=at[link_type]: as_coded(h, p, i, *a))
            self.addCleanup(FORMATS.pop, "coded", None)
            self.assertEqual(self.read("coded", [coded], "btsmp.opcode", "btsmp.io_capability"), [[1, 3]])
        pdu = request.bytes[4:-3]
        tone = air_pcap.Packet(air_pcap.LINK, HOST, bytes([pdu[0] | 0x20, pdu[1], 0x14]) + pdu[2:])
        self.assertEqual(self.read("256", [tone], "btsmp.opcode", "btsmp.io_capability"), [[1, 3]])


if __name__ == "__main__":
    unittest.main()
