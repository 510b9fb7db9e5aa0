"""docs/install.md: what a test can execute of it, in directories that play the roots of two computers. `sudo`, `chown` and `chgrp`
do nothing here, passwords are typed by this test, and `systemctl` is the harness."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from harness import CUFF, FAST, ROOT, SERVICE, Service, Story, World

with open(os.path.join(ROOT, 'docs', 'install.md'), encoding='utf-8') as f:
    PAGE = f.read()
BOXES = re.findall(r'^```(\w+)\n(.*?)^```$', PAGE, re.M | re.S)
PASSWORDS = {'cuff2mqtt': 'gateway-secret', 'homeassistant': 'home-secret'}
SHIMS = {'sudo': 'exec "$@"', 'chown': 'exit 0', 'chgrp': 'exit 0'}
EVENT = r'cuff2mqtt/device/\w+/user/\w+/event'


def boxes(kind, section=''):
    """Of the part of the page below this heading."""
    text = PAGE.split('\n## ' + section, 1)[1].split('\n## ')[0] if section else PAGE
    return re.findall(r'^```%s\n(.*?)^```$' % kind, text, re.M | re.S)


class Computer:
    """A directory that plays a computer's root, its unit, and who types there."""

    def __init__(self, test, w_of):
        self.test, self.w_of, self.executed = test, w_of, []
        self.bonded = False  # a cuff is to be waited for when the service starts
        self.root = tempfile.mkdtemp(prefix='cuff2mqtt-')
        test.addCleanup(shutil.rmtree, self.root)
        os.chmod(self.root, 0o755)
        for path in ('bin', 'etc/mosquitto/conf.d', 'etc/cuff2mqtt', 'var/lib/cuff2mqtt', 'var/tmp', 'var/backups'):
            os.makedirs(self.path('/' + path))
        tool = shutil.which('mosquitto_passwd')
        if not tool:
            raise unittest.SkipTest('mosquitto_passwd is missing')
        typed = '; '.join('[ "$user" = %s ] && exec %s -b "$@" %s' % (name, tool, word) for name, word in PASSWORDS.items())
        shims = {**SHIMS, 'mosquitto_passwd': 'for user; do :; done; ' + typed,
                 'cuff2mqtt': 'exec %s "$@" --config %s' % (SERVICE, self.path('/etc/cuff2mqtt/cuff2mqtt.conf'))}
        for name, text in shims.items():
            with open(self.path('/bin/' + name), 'w') as f:
                f.write('#!/bin/sh\n%s\n' % text)
            os.chmod(self.path('/bin/' + name), 0o755)

    def path(self, path):
        return self.root + path

    def write(self, path, text):
        with open(self.path(path), 'w') as f:
            f.write(text)

    def here(self, text):
        """Paths of the page become paths below the root."""
        return re.sub(r'(?<![\w./])/(etc|var)/', self.root + r'/\1/', text)

    @property
    def environment(self):
        return {'CUFF2MQTT_STATE_DIRECTORY': self.path('/var/lib/cuff2mqtt')}

    def run(self, box):
        """All lines of a box; the output of the last."""
        for line in box.splitlines():
            self.executed.append(line)
            if ' systemctl ' in line:
                self.systemctl(*line.split()[2:])
                continue
            env = {**os.environ, **self.environment, 'PATH': self.path('/bin:') + os.environ['PATH'],
                   'DBUS_SYSTEM_BUS_ADDRESS': self.w_of().bus.address if self.w_of() else '', 'TZ': 'Europe/Berlin'}
            line = self.here(line).replace('-g cuff2mqtt', '-g %d' % os.getegid())
            line = line.replace('. ' + self.path('/etc/os-release'), '. /etc/os-release')
            told = subprocess.run(['bash', '-euc', line], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.test.assertEqual(told.returncode, 0, line + '\n' + told.stdout)
        return told.stdout

    def systemctl(self, verb, *words):
        self.test.assertEqual(words[-1], 'cuff2mqtt')
        w = self.w_of()
        if verb in ('stop', 'disable', 'restart') and w.running and w.running.alive():
            self.test.assertEqual(w.running.stop(), 0)
        if verb in ('start', 'restart'):
            start, log = w.subscriber.here(), w.fake.out.here()
            w.running = Service(w, None, env=self.environment,
                                arguments=('--config', self.path('/etc/cuff2mqtt/cuff2mqtt.conf')))
            w.services.append(w.running)
            w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)
            if self.bonded:
                w.fake.wait('armed ' + CUFF, log)

    def rows(self):
        db = sqlite3.connect('file:%s?mode=ro' % self.path('/var/lib/cuff2mqtt/cuff2mqtt.db'), uri=True)
        try:
            return db.execute('SELECT id FROM measurement ORDER BY arrival').fetchall()
        finally:
            db.close()


class TestInstall(Story):
    def configuration(self, w):
        """The page's, with this world's port and times."""
        [box] = boxes('conf', '6. The gateway')
        self.assertIn('"mqtt://localhost:1883"', box)
        return box.replace('mqtt://localhost:1883', w.url) + 'system_clock = "trusted";\n' + FAST

    def broker(self, computer):
        """The page's users and rules in a real mosquitto: (configuration without its port, who reads along)."""
        section = '5. The broker'
        [commands], [rules], [settings] = (boxes(kind, section) for kind in ('sh', 'acl', 'mosquitto'))
        computer.run(commands)
        computer.write('/etc/mosquitto/acl', rules)
        for name in ('passwd', 'acl'):  # mosquitto 2.0.21 warns of what others may read
            self.assertEqual(os.stat(computer.path('/etc/mosquitto/' + name)).st_mode & 0o777, 0o600)
        self.assertIn('listener 1883\n', settings)  # the harness has a port of its own
        return computer.here(settings.replace('listener 1883\n', '')), ('homeassistant', PASSWORDS['homeassistant'])

    def test_the_whole_page(self):
        """A broker with users and rules, the gateway with its password, a cuff and a measurement; the backup before an upgrade;
        the move to another computer, with the same identity and all measurements."""
        worlds = []
        old, new = (Computer(self, lambda: worlds[0] if worlds else None) for _ in range(2))
        self.assertRegex(old.run(boxes('sh', '4. The package')[0]), r'^deb\d+ \w+\n$')
        settings, login = self.broker(old)
        w = World(broker_extra=settings, login=login)
        worlds.append(w)
        self.addCleanup(w.close)
        w.fake.do('time-scale 20')
        w.fake.do('cuff %s' % CUFF)
        self.gateway(w, old)
        inst = w.request('info')['data']['inst']
        for section in ('Upgrade', 'Backup and restore'):
            [box] = boxes('sh', section)
            old.run(box)
        self.move(w, old, new)
        self.assertEqual(w.request('info')['data']['inst'], inst)
        self.assertEqual(len(new.rows()), 1)
        self.measure(w, '133/86/69')
        self.assertEqual(len(new.rows()), 2)
        told = [m.json['id'] for m in w.subscriber.find(EVENT)]
        self.assertEqual(told, [row[0] for row in new.rows()])  # and nothing twice
        self.assertEqual({line for _, box in [b for b in BOXES if b[0] == 'sh'] for line in box.splitlines()},
                         {*old.executed, *new.executed})

    def gateway(self, w, computer):
        password, start = boxes('sh', '6. The gateway')
        computer.write('/etc/cuff2mqtt/cuff2mqtt.conf', self.configuration(w))
        os.chmod(computer.path('/etc/cuff2mqtt/cuff2mqtt.conf'), 0o640)
        computer.run(password)
        self.assertEqual(os.stat(computer.path('/etc/cuff2mqtt/password')).st_mode & 0o777, 0o640)
        computer.write('/etc/cuff2mqtt/password', PASSWORDS['cuff2mqtt'] + '\n')
        doctor = computer.run(start)
        for part in ('Configuration', 'Service', 'Database', 'Broker', 'Topics'):
            self.assertRegex(doctor, r'(?m)^  ok +%s ' % part)
        w.pair()
        self.measure(w, '131/84/67')
        w.subscriber.wait(r'homeassistant/device/.*/config')
        w.broker.err.wait('u\'cuff2mqtt\'')

    def move(self, w, old, new):
        before, after, clean, clean_old = boxes('sh', 'Move to another Pi')
        umask = os.umask(0o022)
        self.addCleanup(os.umask, umask)
        old.run(before)
        self.assertEqual(os.stat(old.path('/var/tmp/cuff2mqtt-move.tar.gz')).st_mode & 0o77, 0)
        kept = shutil.copy(old.path('/var/tmp/cuff2mqtt-move.tar.gz'), old.path('/var/kept'))
        os.rename(old.path('/var/tmp/cuff2mqtt-move.tar.gz'), new.path('/var/tmp/cuff2mqtt-move.tar.gz'))
        new.write('/var/lib/cuff2mqtt/what-was-new', '')
        new.bonded = True  # the played bluetoothd is the same one; a real one would have to pair again
        new.run(after)
        self.assertTrue(os.path.exists(new.path('/var/lib/cuff2mqtt.new/what-was-new')))
        self.assertEqual(sorted(os.listdir(new.path('/etc/cuff2mqtt'))), ['cuff2mqtt.conf', 'password'])
        self.assertEqual(os.stat(new.path('/etc/cuff2mqtt/password')).st_mode & 0o777, 0o640)
        self.assertNotIn('etc', os.listdir(new.path('/var/lib/cuff2mqtt')))
        new.run(clean)
        self.assertEqual(os.listdir(new.path('/var/tmp')), [])
        self.assertEqual(os.listdir(new.path('/var/lib')), ['cuff2mqtt'])
        os.rename(kept, old.path('/var/tmp/cuff2mqtt-move.tar.gz'))
        old.run(clean_old)
        self.assertEqual(os.listdir(old.path('/var/tmp')), [])

    def test_nobody_without_a_password(self):
        """The page's broker lets nobody in who does not say who he is, and Home Assistant does not write measurements."""
        computer = Computer(self, lambda: None)
        settings, login = self.broker(computer)
        w = World(broker_extra=settings, login=login)
        self.addCleanup(w.close)
        told = subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(w.broker.port), '-t', 'cuff2mqtt/x', '-m', 'x'],
                              capture_output=True, text=True)
        self.assertNotEqual(told.returncode, 0)
        w.subscriber.publish('cuff2mqtt/device/005fbf112233/user/1/measurement', 'x')
        w.subscriber.publish('homeassistant/x', 'marker')
        w.subscriber.wait('homeassistant/x')
        self.assertEqual(w.subscriber.find('cuff2mqtt/.*'), [])


class TestPage(unittest.TestCase):
    def test_a_second_gateway(self):
        """Its configuration is one."""
        [box] = boxes('conf', 'Several gateways')
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
            f.write(box)
            f.flush()
            subprocess.run([SERVICE, 'check-config', '--config', f.name], check=True, capture_output=True)

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd is not installed')
    def test_the_fence(self):
        """The drop-in is understood, and there is less exposure with it."""
        [box] = boxes('ini', 'Firewall')
        with open(os.path.join(ROOT, 'packaging', 'systemd', 'cuff2mqtt.service')) as f:
            text = re.sub(r'.*\(systemd 254\)\n.*\n', '', f.read()).replace('/usr/local/bin/cuff2mqtt', '/bin/true')
        exposures = []
        for name, more in (('without', ''), ('with', box)):
            directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
            self.addCleanup(shutil.rmtree, directory)
            path = os.path.join(directory, 'cuff2mqtt.service')
            with open(path, 'w') as f:
                f.write(text + more)
            told = subprocess.run(['systemd-analyze', 'verify', '--man=no', path], capture_output=True, text=True)
            self.assertEqual((told.returncode, told.stderr), (0, ''), name)
            told = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', path], capture_output=True,
                                  text=True).stdout
            exposures.append(float(re.search(r'cuff2mqtt.service: ([\d.]+)', told)[1]))
        self.assertLess(exposures[1], exposures[0])

    def test_commands_exist(self):
        """Each `cuff2mqtt X` of the page is a subcommand."""
        told = subprocess.run([SERVICE, 'help'], capture_output=True, text=True, check=True).stdout
        words = set(re.findall(r'(?m)(?:^    |`)sudo cuff2mqtt ([a-z-]+)', PAGE)) | {
            shlex.split(line)[2] for kind, box in BOXES if kind == 'sh' for line in box.splitlines()
            if line.startswith('sudo cuff2mqtt ')}
        self.assertLessEqual({'pair', 'doctor', 'backup', 'check-config', 'remove', 'cuffs', 'users'}, words)
        for word in words:
            self.assertRegex(told, r'(?m)^ +%s\b' % word)

    def test_links(self):
        """Each leads to a page, and to a heading of it."""
        for name in ('docs/install.md', 'README.md'):
            base = os.path.dirname(os.path.join(ROOT, name))
            with open(os.path.join(ROOT, name), encoding='utf-8') as f:
                text = f.read()
            for target, anchor in re.findall(r'\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)', text):
                path = os.path.join(base, target) if target else os.path.join(ROOT, name)
                self.assertTrue(os.path.exists(path), (name, target))
                if anchor:
                    with open(path, encoding='utf-8') as f:
                        heads = re.findall(r'^#+ (.*)$', f.read(), re.M)
                    slugs = {re.sub(r'[^\w -]', '', head.lower()).replace(' ', '-') for head in heads}
                    self.assertIn(anchor, slugs, (name, target))


if __name__ == '__main__':
    unittest.main()
