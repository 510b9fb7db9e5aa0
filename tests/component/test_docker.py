"""docker/: compose.yaml, what first-run makes, and the broker's list of rights, against the real program and mosquitto."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import yaml

from harness import ROOT, SERVICE, Broker, Story, Subscriber, World

DOCKER = os.path.join(ROOT, 'docker')
SECRETS = ('secrets/cuff2mqtt_password', 'secrets/homeassistant_password', 'mosquitto/passwd')
MOSQUITTO_PASSWD = shutil.which('mosquitto_passwd')


def read(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


def compose():
    return yaml.safe_load(read('docker', 'compose.yaml'))


def options():
    """The names in the environment that the program knows."""
    out = subprocess.run([SERVICE, 'help', 'options'], check=True, stdout=subprocess.PIPE, text=True).stdout
    return set(re.findall(r'\bCUFF2MQTT_[A-Z0-9_]+', out))


class TestCompose(unittest.TestCase):
    def test_the_gateway_has_no_rights_to_spare(self):
        one = compose()['services']['cuff2mqtt']
        self.assertEqual({'privileged', 'cap_add', 'network_mode', 'devices', 'pid', 'ipc', 'ports', 'user'} & set(one), set())
        self.assertIs(one['read_only'], True)
        self.assertEqual(one['cap_drop'], ['ALL'])
        self.assertIn('no-new-privileges:true', one['security_opt'])
        self.assertEqual(one['volumes'], ['cuff2mqtt:/var/lib/cuff2mqtt', '/run/dbus:/run/dbus:ro'])
        self.assertEqual(one['networks'], ['mqtt'])
        self.assertIs(compose()['networks']['mqtt']['internal'], True)

    def test_every_variable_is_an_option(self):
        known = options()
        named = set(compose()['services']['cuff2mqtt']['environment'])
        named |= set(re.findall(r'^ENV (CUFF2MQTT_\w+)=', read('docker', 'Dockerfile'), re.M))
        self.assertGreater(len(named), 3)
        self.assertEqual(named - known, set())

    def test_what_is_named_is_there(self):
        whole = compose()
        for name, one in whole['services'].items():
            for volume in one['volumes']:
                source = volume.split(':')[0]
                self.assertTrue(source in whole['volumes'] or source.startswith(('./', '/run/dbus')), (name, volume))
            self.assertLessEqual(set(one['networks']) - {'default'}, set(whole['networks']))
            self.assertEqual(set(one.get('secrets', [])) - set(whole['secrets']), set())
            self.assertEqual(set(one.get('depends_on', [])) - set(whole['services']), set())
        self.assertEqual([s['file'] for s in whole['secrets'].values()], ['./' + SECRETS[0]])
        self.assertTrue(os.path.exists(os.path.join(DOCKER, whole['services']['cuff2mqtt']['build']['context'], 'docker', 'Dockerfile')))

    def test_dockers_own_client_understands_it(self):
        """It needs no engine for that."""
        if subprocess.run(['docker', 'compose', 'version'], capture_output=True).returncode if shutil.which('docker') else True:
            self.skipTest('there is no `docker compose` here')
        done = subprocess.run(['docker', 'compose', '-f', os.path.join(DOCKER, 'compose.yaml'), 'config', '--quiet'],
                              env={**os.environ, 'TZ': 'Europe/Berlin'}, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))

    def test_no_secret_can_get_into_a_layer_or_a_commit(self):
        ignored = [line for line in read('.dockerignore').splitlines() if not line.startswith('#')]
        self.assertLessEqual({'.git', 'docker/*'}, set(ignored))
        again = [line for line in ignored if line.startswith('!')]
        self.assertEqual(again, ['!docker/with-apt'])  # the image's only file of there
        self.assertLess(ignored.index('docker/*'), ignored.index(again[0]))
        for name in ('docker/.env', 'docker/mosquitto/acl', 'docker/first-run.aB3xyz/passwd', *('docker/' + s for s in SECRETS),
                     'docker/homeassistant/secrets.yaml'):
            done = subprocess.run(['git', '-C', ROOT, 'check-ignore', '-q', name], capture_output=True)
            self.assertIn(done.returncode, (0, 128), name)  # 128: the source is no git clone

    def test_image_and_compose_agree(self):
        dockerfile, script = read('docker', 'Dockerfile'), read('docker', 'first-run')
        uid = re.search(r'^USER (\d+):\1$', dockerfile, re.M).group(1)
        self.assertIn('gateway=%s ' % uid, script)
        self.assertEqual(compose()['services']['mosquitto']['user'], '1883:1883')
        self.assertIn('broker=1883 ', script)
        self.assertIn('VOLUME /var/lib/cuff2mqtt\n', dockerfile)


class Copy(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='cuff2mqtt-')
        self.addCleanup(directory.cleanup)
        self.docker = os.path.join(directory.name, 'docker')
        shutil.copytree(DOCKER, self.docker, ignore=shutil.ignore_patterns('secrets', 'mosquitto', '.env', 'homeassistant'))
        os.mkdir(self.path('mosquitto'))
        shutil.copy(os.path.join(DOCKER, 'mosquitto', 'mosquitto.conf'), self.path('mosquitto'))

    def path(self, name):
        return os.path.join(self.docker, name)

    def text(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def run_it(self, path=None, code=0, argv=None, **more):
        done = subprocess.run(argv or [self.path('first-run')], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **({'PATH': path} if path else {})}, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr


@unittest.skipUnless(os.geteuid() == 0 and MOSQUITTO_PASSWD, 'needs root and mosquitto_passwd')
class TestFirstRun(Copy):
    def test_it_makes_what_is_needed(self):
        said = self.run_it()
        words = [self.text(name).strip() for name in SECRETS[:2]]
        self.assertNotEqual(*words)
        for word in words:
            self.assertRegex(word, r'\A[a-zA-Z2-9]{24}\Z')
            self.assertNotIn(word, said)
            self.assertNotIn(word, self.text('mosquitto/passwd'))
        self.assertRegex(self.text('mosquitto/passwd'), r'\Acuff2mqtt:\$\d\$.*\nhomeassistant:\$\d\$.*\n\Z')
        self.assertRegex(self.text('.env'), r'(?m)^TZ=\S+$')
        for name, owner in (SECRETS[0], 65534), (SECRETS[1], os.stat(self.docker).st_uid), (SECRETS[2], 1883):
            s = os.stat(self.path(name))
            self.assertEqual((s.st_uid, stat.S_IMODE(s.st_mode)), (owner, 0o400), name)
        s = os.stat(self.path('mosquitto/acl'))
        self.assertEqual((s.st_uid, stat.S_IMODE(s.st_mode)), (1883, 0o400))
        self.assertEqual(self.text('mosquitto/acl'), self.text('acl'))
        self.assertEqual([n for n in os.listdir(self.docker) if n.startswith('first-run.')], [])

    def test_the_source_stays_as_git_knows_it(self):
        """Its owner can read all of it: else `git pull` ends here."""
        for name in 'acl', 'mosquitto/mosquitto.conf':
            os.chown(self.path(name), 1000, 1000)
        before = {n: os.stat(self.path(n)) for n in ('acl', 'mosquitto/mosquitto.conf', 'compose.yaml')}
        self.run_it()
        for name, was in before.items():
            now = os.stat(self.path(name))
            self.assertEqual((now.st_uid, now.st_mode, now.st_mtime_ns), (was.st_uid, was.st_mode, was.st_mtime_ns), name)

    def test_a_clone_that_only_its_owner_may_read(self):
        """The broker is somebody else, and must get at its files: with umask 077 nobody could."""
        os.chmod(self.path('mosquitto'), 0o700)
        os.chmod(self.path('mosquitto/mosquitto.conf'), 0o600)
        self.run_it(umask=0o077)
        self.assertEqual(stat.S_IMODE(os.stat(self.path('mosquitto')).st_mode), 0o755)
        self.assertEqual(stat.S_IMODE(os.stat(self.path('mosquitto/mosquitto.conf')).st_mode), 0o644)

    def test_from_anywhere_with_any_name_and_any_shell(self):
        """What it says can be typed."""
        self.docker = shutil.move(self.docker, os.path.join(os.path.dirname(self.docker), "the Pi's  own"))
        parent, name = os.path.split(self.docker)
        for shell in [], ['dash'], ['busybox', 'sh'], ['bash']:
            if shell and not shutil.which(shell[0]):
                continue
            with self.subTest(shell=shell):
                said = self.run_it(argv=[*shell, os.path.join(name, 'first-run')], cwd=parent)
                shown = subprocess.run(['sh', '-c', re.search('sudo (cat .*) \\(user', said).group(1)], check=True, capture_output=True,
                                       text=True).stdout
                self.assertEqual(shown, self.text(SECRETS[1]))
                new = re.search('To have new ones: (.*)', self.run_it(argv=[*shell, './first-run'], cwd=self.docker)).group(1)
                subprocess.run(['sh', '-euc', new.replace('sudo ', '')], check=True)
                self.assertEqual([n for n in SECRETS if os.path.exists(self.path(n))], [])

    def test_other_words_in_env_are_kept(self):
        for before in 'CUFF2MQTT_APPARMOR=x', 'CUFF2MQTT_APPARMOR=x\nTZ=\n':
            with open(self.path('.env'), 'w') as f:
                f.write(before)
            self.run_it()
            lines = self.text('.env').splitlines()
            self.assertEqual(lines[0], 'CUFF2MQTT_APPARMOR=x')
            self.assertRegex(lines[-1], '^TZ=.')

    def test_changed_rights_reach_the_broker(self):
        self.run_it()
        with open(self.path('acl'), 'a') as f:
            f.write('user zigbee2mqtt\n')
        self.assertIn('restart mosquitto', self.run_it())
        self.assertEqual(self.text('mosquitto/acl'), self.text('acl'))
        s = os.stat(self.path('mosquitto/acl'))
        self.assertEqual((s.st_uid, stat.S_IMODE(s.st_mode)), (1883, 0o400))
        self.assertNotIn('restart', self.run_it())

    def test_a_second_time_changes_nothing(self):
        self.run_it()
        with open(self.path('.env'), 'w') as f:
            f.write('TZ=Asia/Tokyo\n')
        before = {name: self.text(name) for name in (*SECRETS, '.env')}
        self.assertIn('there already', self.run_it())
        self.assertEqual({name: self.text(name) for name in before}, before)

    def test_half_is_refused(self):
        self.run_it()
        before = self.text(SECRETS[0])
        os.unlink(self.path(SECRETS[2]))
        said = self.run_it(code=1)
        self.assertIn('nothing was made', said)
        self.assertFalse(os.path.exists(self.path(SECRETS[2])))
        self.assertEqual(self.text(SECRETS[0]), before)

    def test_with_an_engine(self):
        """Where the broker's tools are not installed its image does it; here somebody else plays the engine."""
        tools, log = os.path.join(self.docker, 'tools'), os.path.join(self.docker, 'log')
        os.mkdir(tools)
        for name in ('sh', 'mktemp', 'tr', 'head', 'stat', 'chown', 'chmod', 'mkdir', 'mv', 'rm', 'id', 'dirname', 'cat', 'grep',
                     'readlink', 'sed', 'cmp', 'cp'):
            os.symlink(shutil.which(name), os.path.join(tools, name))
        with open(os.path.join(tools, 'docker'), 'w') as f:
            f.write('#!/bin/sh\necho "$*" >>%s\nfor last; do :; done\ncd %s && PATH=%s exec ./first-run --as-root "$last"\n'
                    % (log, self.docker, os.environ['PATH']))
        os.chmod(os.path.join(tools, 'docker'), 0o755)
        self.run_it(path=tools)
        for name in SECRETS:
            self.assertTrue(os.path.exists(self.path(name)), name)
        self.assertEqual(self.text('log'), ''.join(
            'run --rm --network none --user 0:0 --volume %s:/work --workdir /work --entrypoint /bin/sh '
            'docker.io/library/eclipse-mosquitto:2 ./first-run --as-root %s\n' % (os.path.realpath(self.docker), word)
            for word in ('make_passwords', 'give_rights')))

    def test_without_anything(self):
        tools = os.path.join(self.docker, 'tools')
        os.mkdir(tools)
        for name in ('sh', 'dirname', 'cat', 'grep', 'id', 'readlink', 'sed'):
            os.symlink(shutil.which(name), os.path.join(tools, name))
        self.assertIn('neither docker nor podman', self.run_it(path=tools, code=1))


@unittest.skipUnless(os.geteuid() == 0 and MOSQUITTO_PASSWD, 'needs root and mosquitto_passwd')
class TestRights(Copy, Story):
    def setUp(self):
        super().setUp()
        self.run_it()
        self.words = {name: self.text('secrets/%s_password' % name).strip() for name in ('cuff2mqtt', 'homeassistant')}
        text = self.text('mosquitto/mosquitto.conf').replace('/mosquitto/config', self.path('mosquitto'))
        text = text.replace('/mosquitto/data', self.docker).replace('log_dest stdout', 'log_dest stderr')
        self.extra = re.sub('(?m)^(listener|log_type) .*\n', '', text)

    def test_the_gateway_and_home_assistant_can_do_their_work(self):
        w = World(broker_extra=self.extra, login=('homeassistant', self.words['homeassistant']),
                  env={'TZ': 'Europe/Berlin', 'CUFF2MQTT_MQTT_USER': 'cuff2mqtt',
                       'CUFF2MQTT_MQTT_PASSWORD_FILE': self.path('secrets/cuff2mqtt_password')})
        self.addCleanup(w.close)
        w.fake.do('time-scale 20')
        w.service()
        w.pair()
        w.fake.do('measure 28:FF:B2:05:91:B5 131/84/67')
        w.measured('131/84/67')
        w.verify()
        self.assertTrue(w.subscriber.find('homeassistant/device/.*/config'))
        start = w.running.err.here()
        w.subscriber.publish('homeassistant/status', 'online')
        w.running.err.wait('Home Assistant has started', start)

    def test_nobody_else_and_nothing_else(self):
        broker = Broker(self.docker, extra=self.extra)
        self.addCleanup(broker.stop)
        for login in [], ['-u', 'cuff2mqtt', '-P', 'guessed']:
            done = subprocess.run(['mosquitto_pub', '-p', str(broker.port), '-t', 'cuff2mqtt/x', '-m', 'x', *login], capture_output=True,
                                  text=True, timeout=60)
            self.assertIn('not authorised', done.stderr)
            self.assertNotEqual(done.returncode, 0)
        everything = Subscriber(broker.port, login=('homeassistant', self.words['homeassistant']))
        self.addCleanup(everything.stop)
        gateway = Subscriber(broker.port, login=('cuff2mqtt', self.words['cuff2mqtt']))
        self.addCleanup(gateway.stop)
        everything.publish('zigbee2mqtt/lamp', 'on')
        everything.publish('homeassistant/sensor/x/config', '{}')
        gateway.publish('zigbee2mqtt/lamp/set', 'off')
        gateway.publish('cuff2mqtt/bridge/state', 'online')
        everything.wait('cuff2mqtt/bridge/state')
        everything.publish('homeassistant/status', 'online')
        gateway.wait('homeassistant/status')
        self.assertEqual({m.topic for m in gateway.messages}, {'cuff2mqtt/bridge/state', 'homeassistant/status'})
        self.assertEqual(everything.find('zigbee2mqtt/lamp/set'), [])


class TestAppArmor(unittest.TestCase):
    def test_who_may_end_it(self):
        """`docker stop` comes from runc or crun, which have profiles of their own where AppArmor is 4.0 or newer."""
        text = read('packaging', 'apparmor', 'cuff2mqtt-container')
        self.assertEqual(re.findall(r'^  signal \(receive\) peer=(\w+),$', text, re.M), ['unconfined', 'runc', 'crun'])

    def test_the_profile_can_be_read(self):
        """By AppArmor's own parser, where it is installed; that it fits is for a kernel with AppArmor to say."""
        parser = shutil.which('apparmor_parser')
        if not parser:
            self.skipTest('there is no apparmor_parser here')
        profile = os.path.join(ROOT, 'packaging', 'apparmor', 'cuff2mqtt-container')
        done = subprocess.run([parser, '--skip-kernel-load', '--skip-cache', profile], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        names = subprocess.run([parser, '--names', profile], capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(names, ['cuff2mqtt-container'])


if __name__ == '__main__':
    unittest.main()
