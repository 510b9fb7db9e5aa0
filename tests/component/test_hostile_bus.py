"""Another program on the system bus, of a user without rights: it calls what we export, sends what only bluetoothd
and the bus may say, and floods. It gains nothing, and the cuff is read as before."""

import os
import re
import unittest

import dbus
import dbus.bus
import dbus.lowlevel

from harness import CUFF, Story

ADAPTER = '/org/bluez/hci0'
DEVICE = ADAPTER + '/dev_' + CUFF.replace(':', '_')
VALUE = bytes.fromhex('0ec7006300ff07ea070b170e1a2d430001')
AGENT = [('Release', '', ()), ('Cancel', '', ()), ('RequestAuthorization', 'o', (DEVICE,)),
         ('RequestConfirmation', 'ou', (DEVICE, 123456)),
         ('AuthorizeService', 'os', (DEVICE, '00001810-0000-1000-8000-00805f9b34fb')),
         ('RequestPinCode', 'o', (DEVICE,)), ('RequestPasskey', 'o', (DEVICE,)),
         ('DisplayPinCode', 'os', (DEVICE, '0000')), ('DisplayPasskey', 'ouq', (DEVICE, 1, 0))]
# What is freed is free at once, so that what the process holds is what it needs.
FRUGAL = {'TZ': 'Europe/Berlin', 'ASAN_OPTIONS': 'detect_leaks=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0'}


def resident_kb(pid):
    with open('/proc/%d/status' % pid) as f:
        return int(re.search(r'VmRSS:\s*(\d+)', f.read()).group(1))


class Liar:
    """A client of the bus that knows our service by its unique name."""

    def __init__(self, test, w):
        self.bus = dbus.bus.BusConnection(w.bus.address)
        test.addCleanup(self.bus.close)
        self.service = next(name for name in self.bus.list_names() if name.startswith(':') and
                            self.bus.call_blocking('org.freedesktop.DBus', '/', 'org.freedesktop.DBus',
                                                   'GetConnectionUnixProcessID', 's', (name,)) == w.running.pid)

    def call(self, path, interface, method, signature='', arguments=()):
        """The name of the error it is answered with; "" if it is none."""
        try:
            self.bus.call_blocking(self.service, path, interface, method, signature, arguments)
            return ''
        except dbus.DBusException as e:
            return e.get_dbus_name()

    def signal(self, path, interface, member, signature, *arguments, to_all=False):
        m = dbus.lowlevel.SignalMessage(path, interface, member)
        m.append(*arguments, signature=signature)
        if not to_all:
            m.set_destination(self.service)
        self.bus.send_message(m)

    def changed(self, path, interface, **properties):
        for to_all in (False, True):
            self.signal(path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', 'org.bluez.' + interface,
                        {k: dbus.ByteArray(v) if isinstance(v, bytes) else v for k, v in properties.items()}, [],
                        to_all=to_all)

    def settle(self):
        """All of it has reached the service: this answer is behind it."""
        self.call('/', 'org.freedesktop.DBus.Peer', 'Ping')


class TestBus(Story):
    def test_what_we_export_answers_bluetoothd_alone(self):
        """The agent of an open window, with a cuff being paired, and the profile: refused, whatever is asked; and
        pairing goes on."""
        w = self.world('pairing-outcome timeout times=1', bonded=False)
        liar = Liar(self, w)
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        w.fake.do('pairing-mode on')
        w.fake.wait('pair-start')
        for method, signature, arguments in AGENT:
            self.assertEqual(liar.call('/org/cuff2mqtt/agent', 'org.bluez.Agent1', method, signature, arguments),
                             'org.freedesktop.DBus.Error.AccessDenied', method)
        self.assertEqual(liar.call('/org/cuff2mqtt/profile0', 'org.bluez.GattProfile1', 'Release'),
                         'org.freedesktop.DBus.Error.AccessDenied')
        self.assertEqual(liar.call('/org/cuff2mqtt/profile0', 'org.freedesktop.DBus.Properties', 'Set', 'ssv',
                                   ('org.bluez.GattProfile1', 'UUIDs', dbus.Array([], signature='s'))),
                         'org.freedesktop.DBus.Error.PropertyReadOnly')
        self.assertEqual(w.running.err.count('BlueZ asked'), 0)
        self.assertTrue(w.request('info')['data']['pairing']['active'])
        w.event('device_paired')
        w.event('sync_finished')
        w.verify()

    def test_forged_signals(self):
        """Who bluetoothd is, that the adapter is off, that the bond, the link or the device is gone, and a measurement:
        sent to us alone and to all. Nothing of it is believed."""
        w = self.world()
        self.measure(w, '131/84/67')
        liar, start, log = Liar(self, w), w.subscriber.here(), w.fake.out.here()
        me = liar.bus.get_unique_name()
        for new in ('', me):
            liar.signal('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', 'sss', 'org.bluez', '', new)
        for _ in range(2):
            liar.changed(ADAPTER, 'Adapter1', Powered=False)
            liar.changed(DEVICE, 'Device1', Connected=True, ServicesResolved=True)
            liar.changed(DEVICE + '/service0010/char0011', 'GattCharacteristic1', Value=VALUE)
            liar.changed(DEVICE, 'Device1', Bonded=False, Paired=False, Connected=False)
            for path, interface in ((DEVICE, 'org.bluez.Device1'), (ADAPTER, 'org.bluez.Adapter1')):
                liar.signal('/', 'org.freedesktop.DBus.ObjectManager', 'InterfacesRemoved', 'oas', path, [interface])
        liar.settle()
        health = w.request('health_check')
        self.assertEqual(health['status'], 'ok', health)
        self.measure(w, '128/80/64')
        self.assertEqual([row[2] for row in w.rows()], [131, 128])
        told = [m.json['type'] for m in w.subscriber.find('cuff2mqtt/bridge/event', start=start)]
        self.assertEqual([t for t in told if t not in ('sync_started', 'sync_finished')], [])
        self.assertEqual(w.fake.out.count(r'call .* path=(?!/org/bluez)', log), 0)
        w.verify()

    def test_names(self):
        """bluetoothd's name is not to be had while it runs; and we have none that could be taken from us."""
        w = self.world()
        liar = Liar(self, w)
        refused = liar.bus.request_name('org.bluez', dbus.bus.NAME_FLAG_REPLACE_EXISTING | dbus.bus.NAME_FLAG_DO_NOT_QUEUE)
        self.assertEqual(refused, dbus.bus.REQUEST_NAME_REPLY_EXISTS)
        owners = {name: liar.bus.get_name_owner(name) for name in liar.bus.list_names() if not name.startswith(':')}
        self.assertNotIn(liar.service, owners.values())
        self.measure(w, '131/84/67')
        w.verify()

    def test_a_flood(self):
        """Calls whose answers nobody reads, and signals: the service answers others, keeps its memory, reads the cuff."""
        w = self.world(env=FRUGAL)
        self.measure(w, '131/84/67')
        liar, pid = Liar(self, w), w.running.pid

        def flood(n):
            for _ in range(n):
                m = dbus.lowlevel.MethodCallMessage(liar.service, '/org/cuff2mqtt/agent', 'org.bluez.Agent1', 'Cancel')
                m.set_no_reply(True)
                liar.bus.send_message(m)
                liar.changed(DEVICE + '/service0010/char0011', 'GattCharacteristic1', Value=VALUE * 20)
            liar.settle()
        flood(1000)
        memory, files = resident_kb(pid), len(os.listdir('/proc/%d/fd' % pid))
        flood(5000)
        self.assertLess(resident_kb(pid) - memory, 1500)
        self.assertEqual(len(os.listdir('/proc/%d/fd' % pid)), files)
        for i in range(2000):  # answered, and never read
            liar.bus.send_message(dbus.lowlevel.MethodCallMessage(liar.service, '/', 'org.freedesktop.DBus.Peer', 'Ping'))
        liar.bus.flush()
        self.assertEqual(w.request('health_check')['status'], 'ok')
        self.measure(w, '128/80/64')
        self.assertEqual([row[2] for row in w.rows()], [131, 128])
        w.verify()


if __name__ == '__main__':
    unittest.main()
