"""Does the virtual cuff speak OMRON's memory protocol? Private bus, real dbus-daemon, no gateway.

VIRTUAL_CUFF=build/san/virtual-cuff /usr/bin/python3 -m unittest discover -s tests/component -p test_fake_memory.py
"""
import re
import unittest

from fake_bus import CUFF, DEVICE, pump
from fake_memory import CHARACTERISTIC, CLASSIC, END, KEY, MODERN, START, MemoryFake, frame


class TestClassic(MemoryFake):
    def test_a_whole_session(self):
        self.bonded("classic")
        self.send("measure 131/84/67 user=2 at=2026-08-01T07:30:15 announce=no")
        self.session()
        settings = self.read(0x0010, 0x2C)
        self.assertEqual(settings[:8].hex(), "0080010000800100")
        record = self.read(0x0458, 16)
        self.assertEqual(record[:14].hex(), "6a54431a2720" + "8f17" + "0000" + "0100" + "0002")
        self.assertEqual(record[14:], bytes([sum(record[:14]) & 255, 0]))
        self.assertEqual(self.ask(END).hex(), "088f000000000087")
        self.expect("end %s rc=00" % CUFF)
        self.gone()
        self.assertEqual(self.violations(), [])

    def test_slices_are_padded_to_16_bytes_and_come_on_their_channels(self):
        self.bonded("classic")
        self.session()
        self.say(frame(0x0100, 0x0010, 0x2C))
        slices = [self.take() for _ in range(4)]
        self.assertEqual([path for path, _ in slices], CLASSIC["rx"])
        self.assertEqual([len(value) for _, value in slices], [16] * 4)
        self.assertEqual(slices[0][1][0], 0x34)
        self.assertEqual(slices[3][1][4:], bytes(12))

    def test_equal_values_are_told_each_time(self):
        self.bonded("classic")
        self.session()
        first = self.read(0x0098, 16)
        self.assertEqual(self.read(0x0098, 16), first)
        self.assertEqual(first, b"\xff" * 16)

    def test_services_and_advertisement(self):
        client = self.client()
        self.cuff("classic")
        self.show_in_scan(client)
        known = [str(u) for u in client.get(DEVICE, "org.bluez.Device1", "UUIDs")]
        self.assertEqual(known, ["00001810-0000-1000-8000-00805f9b34fb"])
        self.host = self.armed_and_bonded()
        self.connect()
        self.assertIn("ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b",
                      [str(u) for u in self.host.get(DEVICE, "org.bluez.Device1", "UUIDs")])
        self.assertEqual(str(self.host.get(CLASSIC["rx"][2], CHARACTERISTIC, "UUID")),
                         "5128ce60-aee8-11e1-b84b-0002a5d5c51b")
        self.assertEqual([str(f) for f in self.host.get(CLASSIC["tx"][0], CHARACTERISTIC, "Flags")], ["write"])
        self.assertEqual(self.host.get(CLASSIC["tx"][0], CHARACTERISTIC, "MTU"), 23)

    def test_a_wrong_key_keeps_it_locked(self):
        self.bonded("classic", key="00112233445566778899aabbccddeeff")
        self.connect()
        self.subscribe_to(CLASSIC["rx"][0], CLASSIC["unlock"])
        self.assertEqual(self.unlock()[:2], b"\x81\x01")
        self.subscribe_to(*CLASSIC["rx"][1:])
        self.say(START)
        self.expect("start %s unanswered=locked" % CUFF)
        self.send("cuff-key default")
        self.assertEqual(self.unlock()[:2], b"\x81\x00")

    def test_channels_subscribed_before_the_unlock_leave_start_unanswered(self):
        self.bonded("classic")
        self.connect()
        self.subscribe_to(CLASSIC["rx"][0], CLASSIC["rx"][1], CLASSIC["unlock"])
        self.assertEqual(self.unlock()[:2], b"\x81\x00")
        self.say(START)
        self.expect("start %s unanswered=notify-order" % CUFF)
        self.assertEqual(self.violations(), ["violation RX1-3 before unlock: %s uuid=4d0b" % CUFF])

    def test_sessions_that_bluetoothd_renews_break_the_order_unless_ended_while_away(self):
        self.bonded("classic")
        self.session()
        self.ask(END)
        self.gone()
        self.connect()
        self.expect("violation RX1-3 before unlock")
        self.send("vanish")
        self.gone("lost")
        self.unsubscribe()
        before = len(self.violations())
        self.session()
        self.assertEqual(len(self.violations()), before)

    def test_a_key_is_programmed_while_it_pairs(self):
        self.cuff("classic")
        self.host = self.client()
        self.host.become_agent()
        self.show_in_scan(self.host)
        self.host.device("Connect")
        pump(lambda: self.host.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        self.assertFalse(self.logged("pair-start"))
        self.subscribe_to(CLASSIC["rx"][0], CLASSIC["unlock"])
        self.assertEqual(self.unlock(bytes(16), 2)[:2], b"\x82\x0f")
        self.assertEqual(self.unlock()[:2], b"\x81\x04")
        self.assertEqual(self.unlock(KEY, 0)[:2], b"\x80\x0f")
        self.expect("pair-start %s by=cuff" % CUFF)
        self.expect("bonded " + CUFF)
        self.assertEqual(self.unlock(bytes(16), 2)[:2], b"\x82\x00")
        self.assertEqual(self.unlock(KEY, 0)[:2], b"\x80\x00")
        self.expect("key-programmed " + CUFF)
        self.subscribe_to(*CLASSIC["rx"][1:])
        self.ask(START)
        self.ask(END)
        self.assertEqual(self.state()["key"], "default")
        self.assertEqual(self.violations(), [])

    def test_outside_pairing_mode_no_key_is_programmed(self):
        self.bonded("classic", key=None)
        self.connect()
        self.subscribe_to(CLASSIC["rx"][0], CLASSIC["unlock"])
        self.assertEqual(self.unlock(bytes(16), 2)[:2], b"\x82\x0f")
        self.assertEqual(self.unlock(KEY, 0)[:2], b"\x80\x0f")
        self.assertEqual(self.state()["key"], "none")

    def test_the_7322t_says_who_it_is_echoes_writes_and_swaps_words(self):
        self.bonded("7322t")
        self.send("measure 132/82/72 at=2022-05-12T18:04:18 announce=no")
        self.connect()
        self.subscribe_to(CLASSIC["rx"][0], CLASSIC["unlock"])
        self.unlock()
        self.subscribe_to(*CLASSIC["rx"][1:])
        self.assertEqual(self.ask(START)[:6].hex(), "188000000010")
        self.assertEqual(self.read(0x02AC, 56)[:8].hex(), "526b164815921112")
        self.assertEqual(self.read(0x0260, 8).hex(), "0001800000018000")
        data = bytes.fromhex("80008000")
        self.assertEqual(self.ask(frame(0x01C0, 0x028A, 4, data))[6:10], data)
        self.ask(END)
        self.expect("end %s rc=00" % CUFF)
        self.assertEqual(self.state()["unread1"], "0")


class TestModern(MemoryFake):
    def test_k4_is_silent_to_a_token_and_takes_commands(self):
        self.bonded("k4")
        self.send("fill 1 60")
        self.connect()
        self.assertEqual([str(f) for f in self.host.get(MODERN["tx"][0], CHARACTERISTIC, "Flags")],
                         ["write-without-response", "write"])
        self.assertEqual(self.host.get(MODERN["tx"][0], CHARACTERISTIC, "MTU"), 247)
        self.subscribe_to(MODERN["rx"][0], MODERN["unlock"])
        self.write(MODERN["unlock"], bytes.fromhex("1165ad17c3") + bytes(15), "command")
        self.expect("token %s silent" % CUFF)
        self.assertEqual(self.ask(START).hex(), "0880000000100098")
        self.assertEqual(self.read(0x0260, 0x2C)[:16].hex(), "00400080" + "3c800080" + "3c000080" + "00000000")
        ring = b"".join(self.read(0x02E8 + i, min(0x38, 960 - i)) for i in range(0, 960, 0x38))
        sequences = [ring[i + 10] | ring[i + 11] << 8 for i in range(0, 960, 16)]
        self.assertEqual(sequences, list(range(1, 61)))
        self.assertTrue(all(sum(ring[i:i + 14]) & 255 == ring[i + 14] for i in range(0, 960, 16)))
        self.ask(END)
        self.gone()
        self.assertEqual(self.violations(), [])

    def test_a_token_is_answered_with_its_nonce(self):
        self.bonded("k4-token")
        self.connect()
        self.subscribe_to(MODERN["rx"][0], MODERN["unlock"])
        self.write(MODERN["unlock"], bytes.fromhex("1165ad17c3") + bytes(15), "command")
        self.assertEqual(self.take(), (MODERN["unlock"], bytes.fromhex("910065ad17c3")))

    def test_tokens_may_be_required_or_harmful(self):
        self.bonded("mw3")
        for kind, token in (("required", False), ("harmful", True)):
            with self.subTest(kind):
                self.send("cuff-token " + kind)
                self.connect()
                self.subscribe_to(MODERN["rx"][0], MODERN["unlock"])
                if token:
                    self.write(MODERN["unlock"], bytes.fromhex("1165ad17c3") + bytes(15))
                self.say(START)
                self.expect("start %s unanswered=token" % CUFF)
                self.send("vanish")
                self.gone("lost")
                self.unsubscribe()

    def test_it_advertises_fe4a_and_what_the_rings_hold(self):
        self.host = self.client()
        self.cuff("k4")
        self.send("fill 1 3")
        self.send("measure 120/80/60 user=2 sequence=300 announce=no")
        self.host.discover(Transport="le", DuplicateData=True)
        self.send("pairing-mode on")
        pump(lambda: self.host.saw(DEVICE, "ManufacturerData"), "ManufacturerData")
        data = self.host.get(DEVICE, "org.bluez.Device1", "ManufacturerData")
        self.assertEqual(bytes(data[0x020E]).hex(), "0149" + "030003" + "2c0101")
        self.assertEqual([str(u) for u in self.host.get(DEVICE, "org.bluez.Device1", "UUIDs")],
                         ["0000fe4a-0000-1000-8000-00805f9b34fb"])

    def test_news_are_told_until_a_session_has_ended(self):
        self.bonded("k4")
        self.send("measure 120/80/60 announce=no")
        self.assertEqual(self.state()["flags"], "41")
        self.session()
        self.send("vanish")
        self.gone("lost")
        self.unsubscribe()
        self.assertEqual(self.state()["flags"], "41")
        self.session()
        self.ask(END)
        self.assertEqual(self.state()["flags"], "01")

    def test_the_7142t2_has_one_user_and_records_of_14_bytes(self):
        self.bonded("7142t2")
        self.send("raw 5e49441ad411af1900002100d300 announce=no")
        self.session()
        self.assertEqual(self.read(0x02E8, 14).hex(), "5e49441ad411af1900002100d300")
        self.assertEqual(self.ask(frame(0x0100, 0x02E8 + 14 * 14, 14)).hex()[:14], "08810003ac0ee3")

    def test_a_tail_of_adverts(self):
        self.bonded("k4", "tail=5")
        self.session()
        self.ask(END)
        self.gone()
        self.expect("connect %s by=auto" % CUFF)

    def test_it_indicates_too_if_asked_for(self):
        self.bonded("k4")
        self.send("measure 120/80/60 announce=no")
        self.assertEqual(self.state()["unsent"], "0")
        self.send("cuff %s indicates=yes" % CUFF)
        self.send("measure 131/84/67 announce=no")
        self.subscribe_after_connect()
        self.expect("indication %s .*listeners=1" % CUFF)
        self.assertEqual((self.state()["unsent"], self.state()["count1"]), ("0", "2"))

    def subscribe_after_connect(self):
        self.connect()
        self.subscribe_to(DEVICE + "/service0010/char0011")


class TestEtiquette(MemoryFake):
    def test_without_start_nothing_is_read(self):
        self.bonded("k4")
        self.connect()
        self.subscribe_to(MODERN["rx"][0])
        self.say(frame(0x0100, 0x0260, 0x10))
        self.expect("violation read without START: " + CUFF)
        self.say(frame(0x01C0, 0x02A8, 2, b"\x00\x80"))
        self.expect("violation write without START: " + CUFF)

    def test_a_second_start_is_not_answered_and_the_cuff_hangs_up(self):
        self.bonded("k4")
        self.session()
        self.ask(END)
        self.say(START)
        self.expect("violation START twice: " + CUFF)
        self.gone()
        self.assertEqual(self.values(), [])

    def test_leaving_without_end_or_early_after_it_is_told(self):
        self.bonded("k4")
        self.send("forgets-bond on")
        self.session()
        self.host.start(DEVICE, "org.bluez.Device1", "Disconnect")
        self.expect("violation no END: " + CUFF)
        self.gone("client")
        self.unsubscribe()
        self.assertEqual(self.state()["keys"], "yes")
        self.host.disarm_application()
        self.host.arm()
        self.send("hang-up-after never")
        self.session()
        self.ask(END)
        self.host.start(DEVICE, "org.bluez.Device1", "Disconnect")
        self.expect("violation host hung up early after END: " + CUFF)
        self.expect("bond-forgotten " + CUFF)
        self.assertEqual(self.state()["keys"], "no")

    def test_a_cleared_cccd_costs_the_bond(self):
        self.bonded("k4")
        self.send("forgets-bond on")
        self.session()
        self.ask(END)
        self.host.call(MODERN["rx"][0], CHARACTERISTIC, "StopNotify")
        self.gone()
        self.assertTrue(self.logged("violation CCCD cleared by client while connected: %s uuid=4912" % CUFF))
        self.assertEqual(self.state()["keys"], "no")

    def test_damaged_frames_are_told_and_not_answered(self):
        self.bonded("classic")
        self.session()
        self.say(frame(0x0100, 0x0010, 0x10)[:-1] + b"\x00")
        self.expect("violation damaged frame: %s value=0801" % CUFF)
        self.write(CLASSIC["tx"][1], bytes(4))
        self.expect("violation slice out of order: " + CUFF)
        self.assertEqual(self.read(0x0010, 2).hex(), "0080")


class TestWrites(MemoryFake):
    def test_written_settings_show_on_the_next_link(self):
        self.bonded("classic")
        self.send("fill 1 2")
        self.session()
        self.assertEqual(self.ask(frame(0x01C0, 0x0058, 4, b"\x00\x80\x00\x80")).hex(), "0881c00058040015")
        self.expect("memory-write %s at=0058 value=00800080" % CUFF)
        self.assertEqual(self.read(0x0014, 2).hex(), "0200")
        self.ask(END)
        self.gone()
        self.unsubscribe()
        self.assertEqual((self.state()["unread1"], self.state()["count1"]), ("0", "2"))
        self.session()
        self.assertEqual(self.read(0x0014, 2).hex(), "0080")

    def test_the_clock_is_set_and_ticks(self):
        self.bonded("classic", "clock=unset")
        self.session()
        clock = self.read(0x003C, 16)
        self.assertEqual(clock[8:11].hex(), "130101")
        self.assertEqual(sum(clock[:14]) & 255, clock[14])
        new = clock[:8] + bytes.fromhex("1a080107 1e00")
        self.ask(frame(0x01C0, 0x0080, 16, new + bytes([sum(new) & 255, 0])))
        self.assertEqual(self.ask(END)[6], 0)
        self.assertTrue(self.state()["clock"].startswith("2026-08-01T07:30"))
        self.assertEqual(self.state()["clock_set"], "yes")

    def test_wrong_sums_are_refused_at_the_end(self):
        self.bonded("k4")
        for address, data in ((0x02BC, bytes(10)[:8] + b"\x01\x00"), (0x02D0, bytes(14) + b"\x07\x00"),
                              (0x02A4, b"\x03\x00")):
            with self.subTest(address):
                self.session()
                self.ask(frame(0x01C0, address, len(data), data))
                self.assertEqual(self.ask(END).hex(), "088f00000000e562")
                self.expect("end %s rc=E5" % CUFF)
                self.gone()
                self.unsubscribe()
        self.assertEqual((self.state()["count1"], self.state()["clock_set"]), ("0", "yes"))

    def test_outside_the_mirror_nothing_is_written(self):
        self.bonded("k4")
        self.session()
        self.assertEqual(self.ask(frame(0x01C0, 0x0260, 2, b"\x01\x00")).hex()[:14], "0881c0026002e3")
        self.assertEqual(self.ask(frame(0x0100, 0x0100, 0x10)).hex(), "0881000100106b" [:12] + "e37b")


class TestFaults(MemoryFake):
    def faulty(self, kind, *faults):
        self.bonded(kind)
        self.send("fill 1 4")
        self.session()
        for fault in faults:
            self.send("omron-fault " + fault)

    def test_a_reply_comes_twice(self):
        self.faulty("k4", "duplicate-reply")
        reply = self.ask(frame(0x0100, 0x02E8, 16))
        self.assertEqual(self.take_frame(), reply)
        self.read(0x02F8, 16)
        self.assertEqual(self.values(), [])

    def test_a_late_reply_is_overtaken(self):
        self.faulty("k4", "delay-reply 200")
        self.say(frame(0x0100, 0x02E8, 16))
        self.assertEqual(self.ask(frame(0x0100, 0x02F8, 16))[3:5].hex(), "02f8")
        self.assertEqual(self.take_frame()[3:5].hex(), "02e8")

    def test_replies_and_records_are_damaged(self):
        self.faulty("k4", "corrupt-reply", "corrupt-record")
        self.say(frame(0x0100, 0x02E8, 16))
        reply = self.take()[1]
        self.assertNotEqual(frame(0x8100, 0x02E8, 16, reply[6:-2]), reply)
        bad = reply[6:-2]
        good = self.read(0x02E8, 16)
        self.assertEqual([i for i in range(16) if good[i] != bad[i]], [1])
        self.assertNotEqual(sum(bad[:14]) & 255, bad[14])

    def test_a_slice_is_dropped(self):
        self.faulty("classic", "drop-slice")
        self.say(frame(0x0100, 0x0098, 16))
        self.assertEqual(self.take()[0], CLASSIC["rx"][0])
        self.read(0x00A8, 16)

    def test_reads_are_refused_for_ever(self):
        self.faulty("k4", "refuse-read 02F8 times=0")
        for _ in range(2):
            self.assertEqual(self.ask(frame(0x0100, 0x02E8, 0x20))[6], 0xE3)
        self.expect(r"memory-read %s at=02e8 n=20 result=E3" % CUFF)
        self.read(0x02E8, 16)
        self.send("omron-fault none")
        self.read(0x02E8, 0x20)

    def test_end_is_refused(self):
        self.faulty("k4", "refuse-settings")
        self.assertEqual(self.ask(END)[6], 0xE5)

    def test_start_is_not_answered_once(self):
        self.bonded("k4")
        self.send("omron-fault start-unanswered")
        self.connect()
        self.subscribe_to(MODERN["rx"][0])
        self.say(START)
        self.expect("start %s unanswered=fault" % CUFF)
        self.assertEqual(self.ask(END)[1:3].hex(), "8f00")
        self.gone()

    def test_it_hangs_up_at_a_frame_of_each_link(self):
        self.bonded("k4")
        self.send("omron-fault hang-up at=2 times=2")
        for _ in range(2):
            self.session()
            self.say(frame(0x0100, 0x02E8, 16))
            self.gone()
            self.unsubscribe()
        self.session()
        self.read(0x02E8, 16)
        self.assertEqual(self.violations(), [])

    def test_a_garbled_reply_and_a_wrong_parity(self):
        self.faulty("k4", "garbage-reply", "bad-parity 1")
        self.say(frame(0x0100, 0x02E8, 16))
        self.assertEqual(set(self.take()[1]), {0xA5})
        self.assertEqual(self.read(0x0260, 2).hex(), "0480")

    def test_it_vanishes_in_the_middle_of_the_records(self):
        self.faulty("k4")
        self.send("vanish at=collecting")
        self.read(0x0260, 0x10)
        self.say(frame(0x0100, 0x02E8, 16))
        self.gone("lost")


class TestLanguage(MemoryFake):
    def test_memory_is_looked_into_and_changed(self):
        self.bonded("mw3")
        self.send("poke 02E8 0102ff")
        self.send("peek 02E8 4")
        self.expect("^memory %s at=02e8 value=0102ffff" % CUFF)
        self.session()
        self.assertEqual(self.read(0x02E8, 4).hex(), "0102ffff")

    def test_records_say_what_they_are_told(self):
        self.cuff("mw3", "clock=unset")
        for command, value in (
            ("127/83/72 sequence=7", "6653481320043f100000070000018f00"),
            ("115/76/86 user=2 at=2026-08-04T22:21:59 sequence=13 beats=1", "5a4c561a96207b1500100d000002"),
            ("25/20/30 at=2030-12-31T23:59:59 ihb=yes mov=yes loose=yes position=3 artifacts=2",
             "00141e1ef7f3fbce0002"),
            ("250/180/240 at=2026-01-01T00:00:00 beats=15 artifacts=15", "e1b4f01a2004001000ff"),
        ):
            self.send("measure %s announce=no" % command)
            line = self.expect("stored %s user=" % CUFF)
            self.assertTrue(re.search(r"value=(\w+)", line)[1].startswith(value), line)

    def test_what_cannot_be_is_an_error(self):
        for line in ("cuff %s memory=bp7000" % CUFF, "peek 02E8 4", "measure 131/84/67 user=3"):
            self.fake.stdin.write((line + "\n").encode())
            self.fake.stdin.flush()
            self.expect("^(error|done) " + line.split()[0])
            if line.startswith("peek"):
                self.send("cuff %s memory=k4" % CUFF)
        self.assertEqual(sum(line.startswith("error") for line in self.lines), 3)
        for line in ("measure nan/80", "measure 24/20/60", "measure 17.5/11.2 kpa=yes", "measure 120/80/60 at=none",
                     "omron-fault dance", "raw 00", "cuff-key 00", "cuff-token no", "fill 3 1", "poke 0FFF 0000"):
            self.fake.stdin.write((line + "\n").encode())
            self.fake.stdin.flush()
            self.expect("^error " + line.split()[0])


if __name__ == "__main__":
    unittest.main()
