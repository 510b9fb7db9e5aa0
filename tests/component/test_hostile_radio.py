"""Strangers on the air: a flood of them, and somebody who has the cuff's address but not its keys."""

import os
import re
import time
import unittest

import dbus
import dbus.bus

from harness import CUFF, DEADLINE, Story, Timeout

ADAPTER = '/org/bluez/hci0'
DEVICE = ADAPTER + '/dev_' + CUFF.replace(':', '_')
ID = CUFF.replace(':', '').lower()
# What is freed is free at once, so that what the process holds is what it needs.
FRUGAL = {'TZ': 'Europe/Berlin', 'ASAN_OPTIONS': 'detect_leaks=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0'}


def resident_kb(pid):
    with open('/proc/%d/status' % pid) as f:
        return int(re.search(r'VmRSS:\s*(\d+)', f.read()).group(1))


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


class OtherProgram:
    """Another client of bluetoothd on this computer; what it has subscribed lasts as long as it does."""

    def __init__(self, test, w):
        self.bus = dbus.bus.BusConnection(w.bus.address)
        test.addCleanup(self.bus.close)

    def wait_for(self, path):
        """Until bluetoothd has this object; asked with a deadline, for there is no loop here to hear of it."""
        end = time.monotonic() + DEADLINE
        while path not in self.bus.call_blocking('org.bluez', '/', 'org.freedesktop.DBus.ObjectManager',
                                                 'GetManagedObjects', None, ()):
            if time.monotonic() > end:
                raise Timeout('bluetoothd does not know ' + path)
            time.sleep(0.02)

    def call(self, path, interface, method, *arguments):
        return self.bus.call_blocking('org.bluez', path, 'org.bluez.' + interface, method, None, arguments)


class TestFlood(Story):
    def test_thousands_of_strangers_while_pairing(self):
        """1000 of them, with OMRON's company, damaged data and hostile names, during a pairing window: answers come,
        memory and descriptors stay as they are, nothing of them is kept, and the one cuff is found and paired."""
        w = self.world('strangers 1000 adverts=20/s', bonded=False, env=FRUGAL)
        pid = w.running.pid
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        w.fake.wait(r'flood adverts=2000$')
        self.assertTrue(w.request('info')['data']['pairing']['active'])
        memory, files = resident_kb(pid), descriptors(pid)
        w.fake.wait(r'flood adverts=9000$')
        self.assertTrue(w.request('info')['data']['pairing']['active'])
        self.assertLess(resident_kb(pid) - memory, 1500)
        self.assertEqual(descriptors(pid), files)
        w.fake.do('pairing-mode on')
        self.assertEqual(w.event('device_paired')['data']['device'], ID)
        w.event('sync_finished')
        self.measure(w, '131/84/67')
        self.assertEqual(w.rows('SELECT address FROM cuff'), [(CUFF,)])
        self.assertEqual(w.rows('SELECT count(*) FROM rejected'), [(0,)])
        self.assertFalse([t for t in w.subscriber.retained() if 'c10000' in t])
        self.assertFalse([line for line in w.running.err.lines if re.search(r'[\x00-\x08\x0b-\x1f\x7f]', line)])
        w.verify()


class TestImpostor(Story):
    def listening(self, w):
        """Somebody with the cuff's address, of whom bluetoothd has no keys; another program connects and listens."""
        other = OtherProgram(self, w)
        other.call(ADAPTER, 'Adapter1', 'RemoveDevice', dbus.ObjectPath(DEVICE))
        for command in ('cuff %s open=yes' % CUFF, 'bond-lost', 'hang-up-after never', 'foreign-scan on'):
            w.fake.do(command)
        log = w.fake.do('advertise')
        other.wait_for(DEVICE)
        w.fake.do('foreign-scan off')
        other.call(DEVICE, 'Device1', 'Connect')
        w.fake.wait('resolved ' + CUFF, log)
        other.call(DEVICE + '/service0010/char0011', 'GattCharacteristic1', 'StartNotify')
        return other

    def test_values_without_a_bond_are_nobodys(self):
        """The computer lost its keys; whoever has the address now tells measurements without encryption, and another
        program listens, so that they pass by us. None is kept, also not for later; it is said once, with what to do."""
        w = self.world()
        self.measure(w, '131/84/67')
        other = self.listening(w)
        log = w.fake.out.here()
        for values in ('199/99/99', '198/98/98'):
            w.fake.do('measure announce=no ' + values)
        w.fake.wait('indication .* listeners=1', w.fake.wait('indication .* listeners=1', log))
        w.running.err.wait('has no bond with this computer')
        other.call(DEVICE, 'Device1', 'Disconnect')
        w.fake.wait('disconnect ' + CUFF)
        for command in ('cuff %s open=no' % CUFF, 'hang-up-after 0.3'):  # the true cuff again
            w.fake.do(command)
        w.pair()
        self.measure(w, '128/80/64')
        self.assertEqual([row[2] for row in w.rows()], [131, 128])
        self.assertEqual(w.running.err.count('has no bond with this computer'), 1)
        w.verify(violations=w.fake.out.count('violation'))


if __name__ == '__main__':
    unittest.main()
