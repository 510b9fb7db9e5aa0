"""Does the virtual cuff do what it promises? Private bus, real dbus-daemon, no gateway.

VIRTUAL_CUFF=build/san/virtual-cuff /usr/bin/python3 -m unittest discover -s tests/component -p test_fake.py
"""
import re
import time
import unittest

import dbus
from fake_bus import ADAPTER, CUFF, CURRENT_TIME, DEVICE, FALSE, MEASUREMENT, PROPERTIES, TRUE, Fake, pump


class TestPairing(Fake):
    def test_pairing_with_an_agent_bonds(self):
        client = self.pair()
        self.assertTrue(client.flag("Paired") and client.flag("Bonded") and client.flag("ServicesResolved"))
        self.assertEqual(self.state()["keys"], "yes")

    def test_pairing_without_an_agent_is_refused_without_a_reason(self):
        client = self.client()
        self.show_in_scan(client)
        self.assertEqual(self.fails("AuthenticationFailed", client.device, "Pair"), "Authentication Failed")
        self.assertFalse(client.flag("Paired"))

    def test_each_pairing_outcome_has_its_error(self):
        client = self.client()
        client.become_agent()
        self.show_in_scan(client)
        for outcome, error in (("fail", "AuthenticationFailed"), ("hangup", "AuthenticationCanceled"),
                               ("timeout", "AuthenticationTimeout"), ("rejected", "AuthenticationRejected")):
            with self.subTest(outcome):
                self.send("pairing-outcome %s times=1" % outcome)
                self.fails(error, client.device, "Pair")
                self.expect("disconnect " + CUFF)
        self.send("pairing-outcome not-bonded times=1")
        client.device("Pair")
        self.assertTrue(client.flag("Paired"))
        self.assertFalse(client.flag("Bonded"))

    def test_outside_pairing_mode_the_cuff_hangs_up(self):
        client = self.client()
        client.become_agent()
        self.show_in_scan(client, "advertise")
        self.fails("AuthenticationCanceled", client.device, "Pair")
        self.expect("disconnect %s by=cuff" % CUFF)

    def test_without_pairable_there_is_no_bond(self):
        client = self.client()
        client.become_agent()
        client.call(ADAPTER, PROPERTIES, "Set", "org.bluez.Adapter1", "Pairable", FALSE)
        self.show_in_scan(client)
        client.device("Pair")
        self.assertEqual((client.flag("Paired"), client.flag("Bonded")), (True, False))
        client.device("Disconnect")
        self.assertFalse(client.flag("Paired"))

    def test_pairing_a_bonded_cuff_is_a_violation(self):
        client = self.pair()
        self.fails("AlreadyExists", client.device, "Pair")
        self.assertTrue(self.logged("violation Pair"))

    def test_pairable_follows_the_default_agent_which_returns_to_a_foreign_one(self):
        self.send("foreign-agent on")
        foreign = self.expect("agent default").split()[-1]
        client = self.client()
        client.become_agent()
        self.expect("agent default")
        client.call("/org/bluez", "org.bluez.AgentManager1", "UnregisterAgent", dbus.ObjectPath("/agent"))
        self.expect("agent default " + foreign)
        self.send("foreign-agent off")
        self.expect("agent default none")
        self.assertFalse(client.get(ADAPTER, "org.bluez.Adapter1", "Pairable"))


class TestAutoConnect(Fake):
    def test_a_registered_profile_connects_a_bonded_cuff_that_advertises(self):
        client = self.armed_and_bonded()
        self.send("advertise")
        self.expect("connect %s by=auto" % CUFF)
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        self.assertIn(MEASUREMENT, client.objects())

    def test_disconnect_disarms_an_untrusted_cuff_until_registered_again(self):
        client = self.armed_and_bonded()
        client.device("Disconnect")
        self.expect("disarmed")
        self.send("advertise")
        self.expect("advert")
        self.assertEqual(self.state()["armed"], "no")
        client.disarm_application()
        client.arm()
        self.expect("connect %s by=auto" % CUFF)

    def test_disconnect_does_not_disarm_a_trusted_cuff(self):
        client = self.armed_and_bonded()
        client.call(DEVICE, PROPERTIES, "Set", "org.bluez.Device1", "Trusted", TRUE)
        client.device("Disconnect")
        self.assertEqual(self.state()["armed"], "yes")

    def test_unregistering_and_leaving_do_not_disarm(self):
        client = self.armed_and_bonded()
        client.disarm_application()
        client.arm()
        self.leave(client)
        self.expect("profile unregister .*client-left-bus")
        self.send("advertise")
        self.expect("connect %s by=auto" % CUFF)

    def test_a_cuff_that_keeps_advertising_is_connected_again(self):
        client = self.armed_and_bonded()
        self.send("keeps-advertising on")
        self.subscribe_and_measure(client)
        self.expect("disconnect %s by=cuff" % CUFF)
        self.expect("connect %s by=auto" % CUFF)
        self.expect("cccd %s uuid=2a35 value=0002 by=daemon" % CUFF)

    def subscribe_and_measure(self, client):
        self.subscribe(client)
        self.send("hang-up-after 0.05")
        self.send("measure 131/84/67")

    def test_with_a_lost_bond_connect_succeeds_and_the_link_drops_twice(self):
        client = self.client()
        self.send("bonded " + CUFF)
        self.send("bond-lost " + CUFF)
        self.send("advertise")
        client.device("Connect")
        for by in ("client", "auto"):
            self.expect("connect %s by=%s" % (CUFF, by))
            self.expect("key-missing")
            self.expect("disconnect %s by=cuff" % CUFF)
        self.assertTrue(client.flag("Paired") and client.flag("Bonded"))
        self.assertFalse(client.saw(DEVICE, "ServicesResolved", True))


class TestGatt(Fake):
    def test_an_indication_reaches_its_listener_and_is_confirmed(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        self.send("measure 131/84/67 at=2026-08-01T07:30:00")
        self.expect("indication .* value=0683005400ff07ea070801071e004300 listeners=1")
        self.expect("confirmed %s left=0" % CUFF)
        pump(lambda: client.saw(MEASUREMENT, "Value"), "the value")

    def test_unsent_measurements_leave_oldest_first_and_twice_if_asked(self):
        client = self.armed_and_bonded()
        for pulse in (61, 62, 63):
            self.send("measure 120/80/%d at=none announce=no" % pulse)
        self.send("duplicate-indications on")
        self.subscribe(client)
        self.send("hang-up-after 0.3")
        self.expect("disconnect %s by=cuff" % CUFF)
        values = [re.search(r"indication .*value=(\w+)", line) for line in self.lines]
        pulses = [int(value[1][-4:-2], 16) for value in values if value]
        self.assertEqual(pulses, [61, 61, 62, 62, 63, 63])

    def test_measurements_are_encoded_as_the_sig_says(self):
        self.send("cuff %s users=2" % CUFF)
        for command, value in (
            ("120/80/72 user=2 mean=93 status=0004 at=2026-11-22T10:30:00", "1e780050005d00ea070b160a1e004800020400"),
            ("17.5/11.2/67 kpa=yes at=none", "0daff070f0ff07430001"),
            ("nan/80 at=unset user=255", "0aff075000ff07e3070101000000ff"),
        ):
            self.send("measure %s announce=no" % command)
            self.assertEqual(self.expect("stored").split("value=")[1], value)
        self.send("raw 16ff announce=no")
        self.assertEqual(self.expect("stored").split("value=")[1], "16ff")

    def test_an_indication_with_nobody_listening_is_confirmed_and_lost(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        self.send("quiet")
        self.send("hang-up-after 0")
        self.expect("disconnect %s by=cuff" % CUFF)
        self.leave(client)  # after the link: the cuff keeps its CCCD
        self.expect("profile unregister")
        self.assertFalse(self.logged("violation"))
        self.send("measure 131/84/67")
        self.expect("indication .* listeners=0")
        self.expect("confirmed %s left=0" % CUFF)

    def test_leaving_the_bus_while_connected_clears_the_cccd(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        self.assertEqual(self.state()["cccd_2a35"], "0002")
        self.leave(client)
        self.expect("violation client left the bus while connected")
        self.expect("cccd-cleared %s uuid=2a35 why=client-left-bus" % CUFF)
        self.assertEqual(self.state()["cccd_2a35"], "0000")

    def test_who_leaves_before_the_cuff_has_answered_listens_no_more(self):
        client = self.armed_and_bonded()
        self.send("hang-up-after never")
        self.send("advertise")
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        client.start(MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
        client.bus.flush()
        self.leave(client)
        self.expect("violation client left the bus while connected")
        self.expect("cccd %s uuid=2a35 value=0002" % CUFF)
        self.expect("cccd-cleared %s uuid=2a35 why=client-left-bus" % CUFF)
        self.assertEqual(self.state()["cccd_2a35"], "0000")

    def test_stop_notify_while_connected_is_a_violation(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        client.call(MEASUREMENT, "org.bluez.GattCharacteristic1", "StopNotify")
        self.expect("violation CCCD cleared by client")
        self.expect("cccd-cleared %s uuid=2a35 why=StopNotify" % CUFF)

    def test_a_refused_clock_answers_att_0x80(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        value = dbus.ByteArray(bytes([0xEA, 7, 8, 1, 7, 30, 0, 6, 0, 0]))
        options = dbus.Dictionary({}, signature="sv")
        write = (CURRENT_TIME, "org.bluez.GattCharacteristic1", "WriteValue", value, options)
        self.send("clock-writable no")
        self.assertEqual(self.fails("Failed", client.call, *write), "Operation failed with ATT error: 0x80")
        self.send("clock-writable yes")
        client.call(*write)
        self.assertTrue(self.state()["clock"].startswith("2026-08-01T07:30"))

    def test_subscribing_unencrypted_makes_the_default_agent_decide(self):
        client = self.client()
        client.become_agent()
        self.show_in_scan(client)
        client.device("Connect")
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        client.call(MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
        self.assertTrue(self.logged("pair-start .* by=gatt"))
        self.assertTrue(self.logged("agent-asked RequestAuthorization answer=ok"))
        self.assertTrue(client.flag("Bonded"))

    def test_a_vanished_cuff_is_lost_at_the_point_asked_for(self):
        client = self.armed_and_bonded()
        for point in ("connected", "collecting", "confirming"):
            with self.subTest(point):
                self.send("vanish at=" + point)
                self.send("measure 131/84/67")
                self.expect("connect %s by=auto" % CUFF)
                if point == "collecting":
                    pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
                    client.call(MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
                self.expect("disconnect %s by=lost" % CUFF)
                self.assertEqual(self.state()["advertising"], "no")
        self.assertEqual(self.state()["unsent"], "2")  # the second one of `collecting`, and the one not confirmed

    def test_a_notify_session_ends_with_a_link_on_which_its_renewal_was_not_answered(self):
        client, start = self.armed_and_bonded(), (MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
        self.send("measure 131/84/67")
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        client.call(*start)
        self.expect("disconnect %s by=cuff" % CUFF)
        self.assertEqual(self.fails("InProgress", client.call, *start), "In Progress")
        self.send("speaks-after 5000")
        self.send("vanish at=subscribing")
        self.send("measure 128/80/64")
        self.expect("disconnect %s by=lost" % CUFF)
        client.call(*start)
        self.send("speaks-after 50")
        self.send("advertise")
        self.expect("indication %s .*listeners=1" % CUFF)

    def test_a_subscription_made_while_the_cuff_is_away_is_told_on_the_next_link(self):
        client = self.armed_and_bonded()
        self.send("measure 131/84/67")
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        self.send("vanish")
        self.expect("disconnect %s by=lost" % CUFF)
        client.call(MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
        self.assertFalse(client.saw(MEASUREMENT, "Notifying", True))
        self.send("advertise")
        pump(lambda: client.saw(MEASUREMENT, "Notifying", True), "Notifying")

    def test_a_cuff_that_vanishes_while_connecting_keeps_the_others_waiting(self):
        client, other = self.armed_and_bonded(), "28:FF:B2:00:00:02"
        self.send("cuff " + other)
        self.send("bonded " + other)
        client.disarm_application()
        client.arm()
        self.send("vanish %s at=connecting" % CUFF)
        self.send("advertise " + CUFF)
        first = float(self.expect("advert " + CUFF).split()[1])
        self.send("advertise " + other)
        second = float(self.expect("connect %s by=auto" % other).split()[1])
        self.assertGreaterEqual(second - first, 20.5 / 20)


class TestWorld(Fake):
    def test_errors_by_name_delays_and_silence(self):
        client = self.client()
        self.send("fail StartDiscovery NotReady Resource Not Ready")
        self.assertEqual(self.fails("NotReady", client.adapter, "StartDiscovery"), "Resource Not Ready")
        self.send("unanswered StartDiscovery")
        self.send("delay StartDiscovery 0.3")
        silent = client.start(ADAPTER, "org.bluez.Adapter1", "StartDiscovery")
        self.expect("call StartDiscovery .*answer=none")
        before = time.monotonic()
        client.adapter("StartDiscovery")
        self.assertGreaterEqual(time.monotonic() - before, 0.29)
        self.assertFalse(silent)
        self.fails("InProgress", client.adapter, "StartDiscovery")
        client.adapter("StopDiscovery")
        self.assertEqual(self.fails("Failed", client.adapter, "StopDiscovery"), "No discovery started")

    def test_a_scan_shows_what_its_filter_lets_through_and_no_longer(self):
        client = self.client()
        stranger = ADAPTER + "/dev_11_22_33_44_55_66"
        self.send("stranger 11:22:33:44:55:66 adverts=20/s")
        client.discover(DuplicateData=True, UUIDs=dbus.Array(["00001810-0000-1000-8000-00805f9b34fb"]))
        self.send("pairing-mode on")
        pump(lambda: client.saw(DEVICE, "ManufacturerData"), "ManufacturerData")
        self.assertNotIn(stranger, client.objects())
        data = client.get(DEVICE, "org.bluez.Device1", "ManufacturerData")
        self.assertEqual(bytes(data[0x020E])[:2], b"\x01\x08")
        client.adapter("StopDiscovery")
        pump(lambda: any("RSSI" in gone for _, _, gone in client.changes), "RSSI invalidated")
        self.send("foreign-scan on")
        pump(lambda: client.saw(stranger, "RSSI"), "the stranger")

    def test_on_demand_each_signal_with_data_is_preceded_by_its_rssi_alone(self):
        client = self.client()
        self.send("rssi-only on")
        self.send("bonded " + CUFF)
        client.discover(DuplicateData=True)
        self.send("advertise")
        pump(lambda: client.saw(DEVICE, "ManufacturerData"), "ManufacturerData")
        heard = [set(changed) for path, changed, _ in client.changes if path == DEVICE and "RSSI" in changed]
        self.assertEqual(heard[:2], [{"RSSI"}, {"RSSI", "ManufacturerData"}])

    def test_connecting_a_silent_cuff_waits_fails_or_is_canceled(self):
        client = self.client()
        self.send("bonded " + CUFF)
        self.send("time-scale 100")
        self.assertEqual(self.fails("Failed", client.device, "Connect"), "le-connection-abort-by-local")
        self.send("time-scale 1")
        pending = client.start(DEVICE, "org.bluez.Device1", "Connect")
        client.device("Disconnect")
        self.assertEqual(self.fails("Failed", client.finish, pending), "br-connection-canceled")
        self.assertFalse(client.saw(DEVICE, "Connected"))

    def test_bluetoothd_restarts_with_the_bond_and_nothing_else(self):
        client = self.armed_and_bonded()
        self.subscribe(client)
        self.send("bluetoothd-stop")
        self.assertFalse(client.bus.name_has_owner("org.bluez"))
        self.send("bluetoothd-start")
        self.assertIn(DEVICE, client.objects())
        self.assertTrue(client.flag("Bonded"))
        self.assertEqual((self.state()["armed"], self.state()["connected"]), ("no", "no"))
        client.arm()
        self.send("advertise")
        self.expect("connect %s by=auto" % CUFF)

    def test_rfkill_turns_the_adapter_off_and_refuses_to_turn_it_on(self):
        client = self.client()
        self.send("rfkill on")
        pump(lambda: client.saw(ADAPTER, "Powered", False), "Powered")
        self.assertEqual(client.get(ADAPTER, "org.bluez.Adapter1", "PowerState"), "off-blocked")
        turn_on = (ADAPTER, PROPERTIES, "Set", "org.bluez.Adapter1", "Powered", TRUE)
        self.assertEqual(self.fails("Failed", client.call, *turn_on), "Failed")
        self.fails("NotReady", client.adapter, "StartDiscovery")
        self.send("rfkill off")
        client.call(*turn_on)
        self.assertTrue(client.get(ADAPTER, "org.bluez.Adapter1", "Powered"))

    def test_a_pulled_adapter_takes_its_devices_along_and_brings_the_bonded_back(self):
        client = self.armed_and_bonded()
        self.send("adapter-remove")
        self.assertFalse([path for path in client.objects() if path.startswith(ADAPTER)])
        self.send("adapter-add")
        self.assertIn(DEVICE, client.objects())
        self.assertTrue(client.flag("Bonded"))
        client.arm()  # GattManager1 is new: no AlreadyExists
        self.expect("armed " + CUFF)

    def test_remove_device_forgets_the_bond_on_our_side_only(self):
        client = self.pair()
        client.adapter("RemoveDevice", dbus.ObjectPath(DEVICE))
        self.assertNotIn(DEVICE, client.objects())
        self.assertEqual((self.state()["bonded"], self.state()["keys"]), ("no", "yes"))

    def test_an_unknown_command_is_an_error(self):
        self.fake.stdin.write(b"dance\n")
        self.fake.stdin.flush()
        self.expect("^error dance")


if __name__ == "__main__":
    unittest.main()
