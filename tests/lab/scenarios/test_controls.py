"""Controls: programs that nobody here wrote pair with the virtual cuff and read it. What they can do, a cuff can."""

import re
import subprocess

from lab import CUFF, LabStory, wait_until, weight

SERVICES = ['1800', '1801', '1810', '180f', '180a', '1805']
VALUES = '131/84/67 at=2026-08-01T07:30:00'
MEASURED = '0e 83 00 54 00 ff 07 ea 07 08 01 07 1e 00 43 00'  # .. as 2A35: sixteen bytes are a line of bluetoothctl


def read(path):
    """What a program for terminals said, without its colours."""
    with open(path, errors='replace') as f:
        return re.sub(r'\x1b\[[0-9;]*[mK]', '', f.read())


class TestControls(LabStory):
    def world(self, *commands):
        w = super().world(*commands, service=False)
        w.fake.wait('powered yes')
        return w

    def heard(self, w, cuff_does):
        """bluetoothd knows the cuff from now on."""
        w.fake.do('foreign-scan on')
        start = w.fake.do(cuff_does)
        w.fake.wait('heard ' + CUFF, start)
        wait_until(lambda: w.device('Address'), 'bluetoothd to know the cuff')
        w.fake.wait('scan off', w.fake.do('foreign-scan off'))

    @weight(25)
    def test_bluetoothctl_pairs_and_reads(self):
        """Pair, read a characteristic that needs the keys, and hear a measurement."""
        w = self.world('measure announce=no user=1 ' + VALUES, 'hang-up-after never')
        said = w.log('foreign-agent.txt')

        def tells(text):
            wait_until(lambda: text in read(said), text)

        w.fake.do('foreign-agent on NoInputNoOutput')
        self.heard(w, 'pairing-mode on')
        w.fake.agent.say('pair ' + CUFF)
        w.fake.wait('bonded ' + CUFF)
        wait_until(lambda: w.device('ServicesResolved') and w.device('Bonded'), 'the services')
        for line in ('menu gatt', 'select-attribute 00002a49-0000-1000-8000-00805f9b34fb', 'read'):
            w.fake.agent.say(line)
        w.fake.wait('read %s uuid=2a49' % CUFF)
        tells('07 00')
        for line in ('select-attribute 00002a35-0000-1000-8000-00805f9b34fb', 'notify on'):
            w.fake.agent.say(line)
        w.fake.wait('confirmed %s left=0' % CUFF)
        tells(MEASURED)

    @weight(20)
    def test_gatttool_lists_the_services(self):
        """BlueZ's older tool, which speaks ATT by itself: each service is there, in the order of handles."""
        w = self.world('hang-up-after never')
        w.fake.do('advertise')
        found = subprocess.run(['gatttool', '-b', CUFF, '--primary'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, timeout=60)
        with open(w.log('gatttool.txt'), 'w') as f:
            f.write(found.stdout)
        self.assertEqual(found.returncode, 0, found.stdout)
        self.assertEqual(re.findall(r'uuid: 0000(\w{4})-', found.stdout), SERVICES)
