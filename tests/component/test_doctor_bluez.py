"""`cuff2mqtt doctor` and Bluetooth: each check is made to fail, says what to do, and is content when that was done."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
import unittest

import dbus

from harness import BUS_CONFIG, CUFF, SERVICE, DEADLINE, Process, Story

ADAPTER, OTHER = '00:1A:7D:DA:71:01', '00:1A:7D:DA:71:02'
NAME = 'BLESmart_0000025828FFB20591B5'
CHECKS = ('bus', 'bluetoothd', 'adapter', 'power', 'low_energy', 'agent', 'pairable', 'scanning', 'cuffs')
DAY = 86400


class Doctor(Story):
    def setting(self, *commands, **options):
        """A world, and the files that the doctor sees instead of this computer's."""
        w = self.world(*commands, **{'service': False, 'bonded': False, **options})
        self.root = os.path.join(w.directory, 'root')
        self.file('proc/1/comm', 'systemd\n')
        return w

    def file(self, path, text, mode=0o644):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, mode)

    def in_container(self):
        self.file('.dockerenv', '')

    def install(self, w, script, directory='usr/libexec/bluetooth'):
        """bluetoothd is a process here, and its file answers so."""
        self.file('proc/%d/comm' % w.fake.pid, 'bluetoothd\n')
        self.file(directory + '/bluetoothd', '#!/bin/sh\n' + script, 0o755)

    def program(self, pid, name):
        self.file('proc/%d/comm' % pid, name + '\n')

    def command(self, w, *arguments, env=None):
        config = os.path.join(w.directory, 'cuff2mqtt.conf')
        with open(config, 'w') as f:
            f.write(w.config())
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('CUFF2MQTT', 'DBUS'))}
        environment.update({'DBUS_SYSTEM_BUS_ADDRESS': w.bus.address, 'CUFF2MQTT_DOCTOR_ROOT': self.root,
                            'CUFF2MQTT_MQTT_URL': 'mqtt://127.0.0.1:1',  # refused at once: the broker is another story
                            'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0', 'USER': 'otto', **(env or {})})
        return [SERVICE, 'doctor', '--config', config, *arguments], environment

    def doctor(self, w, env=None):
        """What it found about Bluetooth: {check: (status, text, remedy)}."""
        argv, environment = self.command(w, '--json', env=env)
        run = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((run.stderr, run.returncode in (0, 1)), ('', True), run)
        found = {c['check']: (c['status'], c['text'], c['remedy']) for c in json.loads(run.stdout)['checks']}
        return {check: found[check] for check in CHECKS}

    def report(self, w):
        argv, environment = self.command(w, '--report')
        run = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=DEADLINE)
        return run.stdout.replace('\\', '')  # Markdown escapes

    def finds(self, w, check, status, text, remedy=None, **options):
        """It finds this; a remedy belongs to whatever is not ok."""
        found = self.doctor(w, **options)
        self.assertEqual(found[check][0], status, found[check])
        self.assertRegex(found[check][1], text)
        if status == 'ok':
            self.assertIsNone(found[check][2])
        else:
            self.assertRegex(found[check][2], remedy)
        return found

    def skips(self, found, *checks):
        for check in checks:
            self.assertEqual(found[check][0], 'skipped', found[check])
            self.assertIn('not looked at', found[check][1])
            self.assertIn('what is said above', found[check][2])

    def set(self, w, name, value):
        """What bluetoothctl does to the adapter."""
        bus = dbus.bus.BusConnection(w.bus.address)
        adapter = bus.get_object('org.bluez', '/org/bluez/hci0', introspect=False)
        adapter.Set('org.bluez.Adapter1', name, dbus.Boolean(value, variant_level=1),
                    dbus_interface='org.freedesktop.DBus.Properties')
        bus.close()


class TestBus(Doctor):
    def test_all_is_well(self):
        """A cuff that was read, the service running: every check is content."""
        w = self.setting('bonded ' + CUFF)
        self.install(w, 'test "$1" = --version && echo 5.66\n')
        w.service()
        self.measure(w, '131/84/67')
        found = self.doctor(w)
        self.assertEqual({check: f[0] for check, f in found.items()}, dict.fromkeys(CHECKS, 'ok'), found)
        self.assertEqual([f[2] for f in found.values()], [None] * len(CHECKS))
        self.assertEqual(found['bluetoothd'][1], 'bluetoothd 5.66 runs')
        self.assertEqual(found['adapter'][1], 'hci0, %s, virtual, usb:v1D6Bp0246d0542' % ADAPTER)
        self.assertEqual(found['cuffs'][1], '%s (%s) is bonded, heard within the last hour' % (NAME, CUFF))
        w.verify()

    def test_nothing_is_changed(self):
        """bluetoothd sees nobody do anything; a scan or an agent would be a line of its log."""
        w = self.setting('bonded ' + CUFF)
        start = w.fake.out.here()
        self.doctor(w)
        w.fake.do('show ' + CUFF)
        self.assertEqual([line.split()[0] for line in w.fake.out.lines[start:]], ['state', 'done'])

    def test_no_bus(self):
        w = self.setting()
        nowhere = {'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=%s/nowhere' % w.directory}
        found = self.finds(w, 'bus', 'problem', 'cannot be reached: No such file', 'systemctl start dbus', env=nowhere)
        self.skips(found, *CHECKS[1:])
        self.in_container()
        self.finds(w, 'bus', 'problem', 'cannot be reached', r'-v /run/dbus:/run/dbus', env=nowhere)
        self.finds(w, 'bus', 'ok', 'it answers, and lets us ask BlueZ')

    def test_access_denied(self):
        w = self.setting(policy='<deny send_destination="org.bluez"/>')
        found = self.finds(w, 'bus', 'problem', 'AccessDenied', r'`sudo usermod -aG bluetooth otto`.*`sudo cuff2mqtt doctor')
        self.skips(found, *CHECKS[1:])
        self.assertIn('usermod -aG bluetooth (name)', self.report(w))
        self.in_container()
        self.finds(w, 'bus', 'problem', 'AccessDenied.*AppArmor', '--security-opt apparmor=unconfined`.*-v /run/dbus:/run/dbus')
        with open(os.path.join(w.directory, 'bus.conf'), 'w') as f:
            f.write(BUS_CONFIG.format(path=w.bus.path, policy=''))
        w.bus.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + DEADLINE
        while self.doctor(w)['bus'][0] != 'ok':  # the bus reads its rules in its own time
            self.assertLess(time.monotonic(), end)

    def test_the_bus_does_not_let_us_in(self):
        """It ends the connection before the first word, as it does with a user of another name space."""
        w = self.setting()
        with open(os.path.join(w.directory, 'bus.conf'), 'w') as f:
            f.write(BUS_CONFIG.format(path=w.bus.path, policy='<deny user="*"/>'))
        w.bus.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + DEADLINE
        while (found := self.doctor(w))['bus'][0] == 'ok':
            self.assertLess(time.monotonic(), end)
        self.assertRegex(found['bus'][1], 'ended the connection before it answered')
        self.assertIn('usermod', found['bus'][2])
        self.skips(found, *CHECKS[1:])


class TestBluetoothd(Doctor):
    def test_not_installed(self):
        w = self.setting('bluetoothd-stop')
        found = self.finds(w, 'bluetoothd', 'problem', 'does not run, and BlueZ seems not to be installed', 'apt install bluez')
        self.assertEqual(found['bus'], ('ok', 'it answers', None))
        self.skips(found, *CHECKS[2:])
        w.fake.do('bluetoothd-start')
        self.finds(w, 'bluetoothd', 'ok', 'runs; version not known')

    def test_not_running(self):
        """D-Bus could start it; the doctor does not."""
        w = self.setting('bluetoothd-stop', policy='</policy><servicedir>@</servicedir><policy context="default">')
        services, started = os.path.join(w.directory, 'services'), os.path.join(w.directory, 'started')
        os.mkdir(services)
        with open(os.path.join(services, 'org.bluez.service'), 'w') as f:
            f.write('[D-BUS Service]\nName=org.bluez\nExec=/usr/bin/touch %s\n' % started)
        with open(w.bus.process.args[1].split('=')[1], 'r+') as f:
            text = f.read().replace('@', services)
            f.seek(0)
            f.write(text)
        w.bus.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + DEADLINE
        while 'seems not' in (found := self.doctor(w))['bluetoothd'][1]:
            self.assertLess(time.monotonic(), end)
        self.assertEqual(found['bluetoothd'], ('problem', 'bluetoothd does not run', 'Run `sudo systemctl enable --now bluetooth`.'))
        self.assertFalse(os.path.exists(started))

    def test_silent(self):
        w = self.setting('unanswered GetManagedObjects')
        found = self.finds(w, 'bluetoothd', 'problem', 'does not answer', 'systemctl restart bluetooth')
        self.assertEqual(found['bus'], ('ok', 'it answers', None))
        self.skips(found, *CHECKS[2:])
        self.finds(w, 'bluetoothd', 'ok', 'runs')  # once more: it was silent only once

    def test_refusing(self):
        w = self.setting('fail GetManagedObjects Failed')
        found = self.finds(w, 'bluetoothd', 'problem', r'no list .*org\.bluez\.Error\.Failed', 'restart bluetooth')
        self.skips(found, *CHECKS[2:])

    def test_version(self):
        w = self.setting()
        self.install(w, 'echo 5.55\n')
        self.finds(w, 'bluetoothd', 'warning', '5.55 runs; nothing older than 5.66', 'update the system')
        for version in ('5.66', '5.82', '6.0', '5.100-debian'):
            self.install(w, 'echo %s\n' % version)
            self.finds(w, 'bluetoothd', 'ok', 'bluetoothd %s runs$' % re.escape(version.split('-')[0]))
        for version in ('4.101', '5.9'):
            self.install(w, 'echo %s\n' % version)
            self.finds(w, 'bluetoothd', 'warning', 'bluetoothd %s runs' % re.escape(version), 'update')

    def test_started_before_its_file_was_changed(self):
        """main.conf is read once: whoever edits it and forgets the rest is told."""
        w = self.setting()
        self.install(w, 'echo 5.66\n')
        self.file('proc/uptime', '100000.00 1.00\n')
        self.file('etc/bluetooth/main.conf', '[General]\nControllerMode = le\n')
        self.file('proc/%d/stat' % w.fake.pid, '%d (bluetoothd) S %s %d\n' % (w.fake.pid, ' '.join('0' * 18), 100))
        found = self.finds(w, 'bluetoothd', 'warning', '^bluetoothd 5.66 runs, but /etc/bluetooth/main.conf was changed after',
                           '^`sudo systemctl restart bluetooth`$')
        self.assertEqual(found['adapter'][0], 'ok')
        self.file('proc/%d/stat' % w.fake.pid, '%d (bluetoothd) S %s %d\n' % (
            w.fake.pid, ' '.join('0' * 18), 100000 * os.sysconf('SC_CLK_TCK')))
        self.finds(w, 'bluetoothd', 'ok', '^bluetoothd 5.66 runs$')

    def test_version_in_its_other_place(self):
        w = self.setting()
        self.install(w, 'echo 5.50\n', 'usr/lib/bluetooth')
        self.finds(w, 'bluetoothd', 'warning', r'5\.50', 'update')

    def test_version_is_not_known(self):
        """A file that says nothing, too much, never ends, or speaks for a bluetoothd that runs elsewhere."""
        w = self.setting()
        for script in ('exit 1\n', 'echo no\n', 'yes\n', 'echo 5.55 >&2\n', 'exec cat /dev/zero\n', 'exec sleep 1000\n'):
            self.install(w, script)
            self.finds(w, 'bluetoothd', 'ok', 'runs; version not known')
        self.file('usr/libexec/bluetooth/bluetoothd', 'not executable', 0o644)
        self.finds(w, 'bluetoothd', 'ok', 'version not known')
        self.install(w, 'echo 5.55\n')
        self.program(w.fake.pid, 'something')
        self.finds(w, 'bluetoothd', 'ok', 'version not known')

    def test_interrupted(self):
        """Ctrl-C while bluetoothd is silent: an end in good order, nothing is left behind."""
        w = self.setting('unanswered GetManagedObjects')
        start = w.fake.out.here()
        argv, environment = self.command(w, '--json')
        p = Process(argv, env=environment)
        w.fake.wait('call GetManagedObjects .*answer=none', start)
        p.stop(signal.SIGINT)
        p.out.wait('"interrupted before it was known"')
        self.assertEqual(p.err.lines, [])


class TestAdapter(Doctor):
    def test_none(self):
        w = self.setting('bonded ' + CUFF, 'adapter-remove')
        found = self.finds(w, 'adapter', 'problem', '^there is none$', 'Plug one in')
        self.skips(found, *CHECKS[3:])
        w.fake.do('adapter-add')
        self.finds(w, 'adapter', 'ok', 'hci0')

    def test_the_configured_one_is_not_there(self):
        w = self.setting(config='adapter = "%s";\n' % OTHER)
        found = self.finds(w, 'adapter', 'problem', r'not there \(%s\); there is %s' % (OTHER, ADAPTER), 'option `adapter`')
        self.skips(found, *CHECKS[3:])
        w.extra_config = 'adapter = "%s";\n' % ADAPTER
        self.finds(w, 'adapter', 'ok', 'hci0, ' + ADAPTER)

    def test_off(self):
        w = self.setting('adapter powered=no')
        self.finds(w, 'power', 'problem', '^off$', '^Run `bluetoothctl power on`')
        self.set(w, 'Powered', True)
        self.finds(w, 'power', 'ok', '^on$')

    def test_blocked(self):
        w = self.setting('rfkill on')
        self.finds(w, 'power', 'problem', 'rfkill', '^Run `sudo rfkill unblock bluetooth`, then `bluetoothctl power on`')
        w.fake.do('rfkill off')
        self.set(w, 'Powered', True)
        self.finds(w, 'power', 'ok', '^on$')

    def test_blocked_by_the_computer_itself(self):
        """No command unblocks it: where to look is said at the switch."""
        w = self.setting('adapter powered=no')
        for name, text in (('type', 'bluetooth'), ('hard', '1'), ('soft', '0'), ('name', 'hci0')):
            self.file('sys/class/rfkill/rfkill0/' + name, text + '\n')
        found = self.finds(w, 'power', 'problem', 'rfkill', '^First what is said above of the radio switch, then `bluetoothctl power on`')
        self.assertNotIn('unblock', found['power'][2])

    def test_in_a_container_the_host_is_meant(self):
        """bluetoothctl and systemctl are not in it."""
        w = self.setting('adapter powered=no', 'bonded ' + CUFF, 'block %s on' % CUFF)
        self.in_container()
        found = self.finds(w, 'power', 'problem', '^off$', '^On the host: Run `bluetoothctl power on`')
        self.assertEqual(found['cuffs'][2], 'On the host: Run `bluetoothctl unblock %s`.' % CUFF)
        w.fake.do('bluetoothd-stop')
        self.finds(w, 'bluetoothd', 'problem', 'does not run', '^On the host: Run `sudo apt install bluez`')

    def test_low_energy(self):
        w = self.setting('adapter roles=peripheral')
        self.finds(w, 'low_energy', 'problem', 'no Low Energy', 'Bluetooth 4.0 or later')
        w.fake.do('adapter roles=no')
        self.finds(w, 'low_energy', 'skipped', 'does not tell', 'btmgmt info')
        w.fake.do('adapter roles=central')
        self.finds(w, 'low_energy', 'ok', 'can be a central')


class TestOthers(Doctor):
    def test_agent(self):
        """Concluded from Pairable; who it may be, from the processes; closed, it is gone."""
        w = self.setting()
        self.finds(w, 'agent', 'ok', 'no other program seems')
        start = w.fake.do('foreign-agent on')
        w.fake.wait('agent default :', start)
        found = self.finds(w, 'agent', 'warning', 'seems to answer.*does not say whose$', 'Close it while you pair')
        self.assertEqual(found['pairable'][:2], ('ok', 'on'))
        self.in_container()
        self.finds(w, 'agent', 'warning', 'may run outside this container$', 'Close')
        self.program(77, 'bluetoothctl')
        self.program(78, 'blueman-manager')
        self.program(79, 'bash')
        found = self.finds(w, 'agent', 'warning', 'running here: ', 'Close')
        names = re.findall(r'[\w-]+ \(process \d+\)', found['agent'][1])
        self.assertEqual(sorted(names), ['blueman-manager (process 78)', 'bluetoothctl (process 77)'])
        w.service()
        self.finds(w, 'agent', 'warning', 'if a pairing window is open now: ours', 'Close')
        start = w.fake.do('foreign-agent off')
        w.fake.wait('agent default none', start)
        self.finds(w, 'agent', 'ok', 'no other program seems')

    def test_agent_cannot_be_seen(self):
        w = self.setting()
        for line in ('AlwaysPairable = true', '  AlwaysPairable=true \r', 'AlwaysPairable=false\nAlwaysPairable=1'):
            self.file('etc/bluetooth/main.conf', '[General]\nName = x\n%s\n' % line)
            self.finds(w, 'agent', 'skipped', 'AlwaysPairable', 'Take AlwaysPairable out')
        self.file('etc/bluetooth/main.conf', '[General]\nAlwaysPairable = true\nno line of BlueZ\n')
        self.finds(w, 'agent', 'ok', 'no other program')  # it ignores the whole file
        for line in ('#AlwaysPairable = true', 'AlwaysPairable = false', 'AlwaysPairableX = true',
                     'AlwaysPairable = true # no comment can stand here', '[Policy]\nAlwaysPairable = true'):
            self.file('etc/bluetooth/main.conf', '[General]\n%s\n' % line)
            self.finds(w, 'agent', 'ok', 'no other program')

    def test_pairable(self):
        """Switched off by somebody: that harms only where main.conf says AlwaysPairable."""
        w = self.setting()
        self.finds(w, 'pairable', 'ok', 'off, which is usual.*cannot be told')
        start = w.fake.do('foreign-agent on')
        w.fake.wait('agent default :', start)
        self.set(w, 'Pairable', False)
        self.finds(w, 'pairable', 'ok', 'off, which is usual')
        self.file('etc/bluetooth/main.conf', '[General]\nAlwaysPairable = true\n')
        self.finds(w, 'pairable', 'problem', 'no keys are stored', '^Run `bluetoothctl pairable on`')
        self.set(w, 'Pairable', True)
        self.finds(w, 'pairable', 'ok', '^on$')

    def test_what_main_conf_says_is_out_of_sight(self):
        """In a container, or in a file that cannot be read: Pairable alone proves less."""
        w = self.setting()
        self.in_container()
        self.finds(w, 'pairable', 'skipped', 'unless main.conf says AlwaysPairable, which is not seen from here',
                   '^On the host: `grep -n AlwaysPairable /etc/bluetooth/main.conf`: if that is true, `bluetoothctl pairable on`')
        start = w.fake.do('foreign-agent on')
        w.fake.wait('agent default :', start)
        self.finds(w, 'agent', 'warning', 'or with AlwaysPairable in main.conf, which is not seen from here', 'Close it')
        self.file('etc/bluetooth/main.conf', '[General]\n')
        found = self.finds(w, 'agent', 'warning', 'seems to answer', 'Close it')
        self.assertNotIn('not seen from here', found['agent'][1])

    def test_scanning(self):
        w = self.setting()
        start = w.fake.do('foreign-scan on')
        w.fake.wait('call StartDiscovery .*ok', start)
        self.finds(w, 'scanning', 'warning', r'another program scans.*3 to 7 s[^;]*$', 'found all the same')
        self.program(77, 'hass')
        self.program(78, 'python3')
        self.finds(w, 'scanning', 'warning', r'; running here: hass \(process 77\)$', 'End the scan')
        start = w.fake.do('foreign-scan off')
        self.finds(w, 'scanning', 'ok', 'nobody scans')

    def test_scanning_ourselves(self):
        """Told so by an option, the service scans all the time; without it, it is somebody else."""
        w = self.setting('bonded ' + CUFF, config='bluetooth: { wake = "discovery"; };\n')
        start = w.fake.out.here()
        w.service()
        w.fake.wait('call StartDiscovery .*ok', start)
        self.finds(w, 'scanning', 'ok', 'our own service scans')
        w.extra_config = ''
        self.finds(w, 'scanning', 'warning', r'another program.*\(if a pairing window is open now: it is ours\)', 'End the scan')
        self.assertEqual(w.running.stop(), 0)
        self.finds(w, 'scanning', 'ok', 'nobody scans')
        w.extra_config = 'bluetooth: { wake = "discovery"; };\n'
        start = w.fake.do('foreign-scan on')
        w.fake.wait('call StartDiscovery .*ok', start)
        self.finds(w, 'scanning', 'warning', 'another program scans', 'End the scan')


class TestCuffs(Doctor):
    def known(self, w, **values):
        """The service knows the cuff, has ended, and its database says this."""
        w.service()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        self.update(w, **values)

    def update(self, w, **values):
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'))
        with db:
            for column, value in values.items():
                db.execute('UPDATE cuff SET %s = ?' % column, (value,))
        db.close()

    def test_none(self):
        w = self.setting()
        self.finds(w, 'cuffs', 'ok', '^no cuff is paired yet: `cuff2mqtt pair`$')

    def test_when_it_was_heard(self):
        w = self.setting('bonded ' + CUFF)
        who = re.escape('%s (%s) is bonded, ' % (NAME, CUFF))
        self.known(w)
        now = int(time.time())
        for ago, text in ((0, 'heard within the last hour'), (2 * 3600 + 60, 'heard 2 h ago'), (47 * 3600 + 60, 'heard 47 h ago'),
                          (13 * DAY + 60, 'heard 13 days ago'), (-5 * DAY, 'heard within the last hour')):
            self.update(w, last_seen=now - ago)
            self.finds(w, 'cuffs', 'ok', '^%s%s$' % (who, text))
        for value, text in ((now - 15 * DAY, 'heard 15 days ago'), (None, 'not heard since')):
            self.update(w, last_seen=value)
            self.finds(w, 'cuffs', 'warning', '^%s%s$' % (who, text), 'Press the cuff.s Bluetooth button.*batteries')

    def test_the_cuff_has_forgotten_its_bond(self):
        w = self.setting('bonded ' + CUFF)
        self.known(w, bond_lost=1)
        self.finds(w, 'cuffs', 'problem', 'has forgotten its bond', '^Pair it again: `cuff2mqtt pair %s`' % CUFF)

    def test_bluez_has_no_bond(self):
        """Removed with bluetoothctl, or another adapter; paired again, all is well."""
        w = self.setting('bonded ' + CUFF)
        self.known(w)
        bus = dbus.bus.BusConnection(w.bus.address)
        adapter = bus.get_object('org.bluez', '/org/bluez/hci0', introspect=False)
        adapter.RemoveDevice(dbus.ObjectPath('/org/bluez/hci0/dev_' + CUFF.replace(':', '_')), dbus_interface='org.bluez.Adapter1')
        bus.close()
        self.finds(w, 'cuffs', 'problem', 'was paired once, and BlueZ has no bond', '^Pair it again: `cuff2mqtt pair %s`' % CUFF)
        w.fake.do('paired-without-bond ' + CUFF)
        self.finds(w, 'cuffs', 'problem', 'without a bond: no keys', '^Pair it again')
        w.fake.do('bonded ' + CUFF)
        self.finds(w, 'cuffs', 'ok', 'is bonded, heard within')

    def test_blocked(self):
        w = self.setting('bonded ' + CUFF, 'block %s on' % CUFF)
        self.finds(w, 'cuffs', 'problem', 'is blocked in BlueZ', '^Run `bluetoothctl unblock %s`' % CUFF)
        w.fake.do('block %s off' % CUFF)
        self.finds(w, 'cuffs', 'ok', r'^\S+ \(%s\) is bonded, not in our database yet$' % CUFF)

    def test_the_worst_of_several(self):
        """Each has its part; the remedy is that of the worst, and of the first of them."""
        second, third = '28:FF:B2:05:91:B6', '28:FF:B2:05:91:B7'
        w = self.setting('bonded ' + CUFF, 'cuff %s name=B' % second, 'bonded ' + second, 'cuff %s name=C' % third,
                         'bonded ' + third, 'block %s on' % second, 'block %s on' % third)
        self.known(w, last_seen=int(time.time()) - 20 * DAY)
        found = self.finds(w, 'cuffs', 'problem', 'heard 20 days ago.*; ', '^Run `bluetoothctl unblock %s`.$' % second)
        self.assertEqual({part.split(' ')[0] for part in found['cuffs'][1].split('; ')}, {NAME, 'B', 'C'})

    def test_the_database_cannot_be_read(self):
        w = self.setting('bonded ' + CUFF)
        os.makedirs(w.state_directory)
        with open(os.path.join(w.state_directory, 'cuff2mqtt.db'), 'w') as f:
            f.write('this is no database' * 100)
        self.finds(w, 'cuffs', 'skipped', 'is bonded; when it was heard is in the database only', '^Run `sudo cuff2mqtt doctor')
        w.fake.do('block %s on' % CUFF)
        self.finds(w, 'cuffs', 'problem', 'is blocked', 'unblock')

    def test_a_name_that_was_made_to_harm(self):
        """It comes over the air: no terminal and no table obeys it."""
        name = '\033[2J\007|<b>`x`*' + '\u00e4' * 200
        w = self.setting('cuff %s name=%s' % (CUFF, name), 'bonded ' + CUFF)
        found = self.finds(w, 'cuffs', 'ok', r'^\?\[2J\?\|<b>`x`\*.* \(%s\) is bonded, not in our database yet$' % CUFF)
        self.assertNotRegex(found['cuffs'][1], '[\0-\x1f\x7f-\x9f]')
        self.assertLess(len(found['cuffs'][1]), 160)
        self.assertNotIn('2J', self.report(w))

    def test_report(self):
        """What is for strangers names nobody: not the cuff, not the computer, no whole address."""
        w = self.setting('bonded ' + CUFF, 'block %s on' % CUFF)
        report = self.report(w)
        for text in ('`bluetoothctl unblock 28:FF:B2:..:..:..`', '(name) (28:FF:B2:..:..:..) is blocked',
                     'hci0, 00:1A:7D:..:..:.., (name), usb:'):
            self.assertIn(text, report)
        for secret in (CUFF, ADAPTER, NAME, 'virtual', CUFF[9:], ADAPTER[9:]):
            self.assertNotIn(secret, report)


if __name__ == '__main__':
    unittest.main()
