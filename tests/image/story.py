"""The main path in a container: story.py ROOT CONFIG VIRTUAL-CUFF BASE-TAR, as root. ROOT is the image unpacked,
CONFIG a file with its configuration (OCI's JSON). The bus runs with the policies of this machine's D-Bus and BlueZ, the
broker is a real one with docker/'s configuration, passwords from docker/first-run and its ACL."""

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

import container
from container import harness

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
CUFF = harness.CUFF
LIMIT_MB = 40
# Of no use in it, and of use to a burglar.
NOT_WANTED = ('pip', 'pip3', 'python3', 'curl', 'wget', 'gcc', 'cc', 'make', 'git', 'mosquitto', 'dbus-daemon', 'bluetoothd')
POLICIES = (('/usr/share/dbus-1/system.conf',), ('/etc/dbus-1/system.d/bluetooth.conf', '/usr/share/dbus-1/system.d/bluetooth.conf'))


def same(got, want):
    assert got == want, '%r, not %r' % (got, want)


def megabytes(files):
    """As du counts, in blocks of 4096; what has two names once."""
    return sum((size + 4095) // 4096 * 4096 for size in files.values()) / 1e6


def of_root(root):
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            s = os.lstat(os.path.join(directory, name))
            found[s.st_ino] = s.st_size
    return found


def of_tar(path):
    with tarfile.open(path) as tar:
        return {m.name: m.size for m in tar if m.isfile()}


def packages(status):
    return dict(re.findall(r'^Package: (\S+)\n(?:.+\n)*?Version: (\S+)$', status, re.M))


class Bus(harness.Process):
    """The policies as they are installed here; only where it listens is another place."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, 'dbus')
        os.makedirs(os.path.join(self.directory, 'system.d'))
        self.address = 'unix:path=%s/system_bus_socket' % self.directory
        system, bluez = (next(p for p in paths if os.path.exists(p)) for paths in POLICIES)
        shutil.copy(bluez, os.path.join(self.directory, 'system.d', 'bluetooth.conf'))
        with open(system) as f:
            text = re.sub('<listen>.*?</listen>', '<listen>%s</listen>' % self.address, f.read())
        text = re.sub('<(user|pidfile|servicehelper)>.*?</\\1>|<(fork|syslog|standard_system_servicedirs)/>|'
                      '<includedir>/etc.*?</includedir>|<include .*?</include>', '', text)
        config = os.path.join(self.directory, 'system.conf')
        with open(config, 'w') as f:
            f.write(text)
        super().__init__(['dbus-daemon', '--config-file=' + config, '--nofork', '--nopidfile', '--print-address=1'])
        self.out.wait('unix:')


class House(harness.World):
    def __init__(self, image, virtual_cuff):
        self.image, self.services = image, []
        self.bus = self.broker = self.fake = self.subscriber = self.proxy = self.running = None
        self.allowed_duplicates = 0
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        try:
            self.make(virtual_cuff)
        except BaseException:
            self.close()
            raise

    def make(self, virtual_cuff):
        shutil.copytree(os.path.join(SOURCE, 'docker'), os.path.join(self.directory, 'docker'))
        docker = os.path.join(self.directory, 'docker')
        subprocess.run([os.path.join(docker, 'first-run')], check=True, stdout=subprocess.DEVNULL)
        self.secrets = os.path.join(docker, 'secrets')
        with open(os.path.join(self.secrets, 'homeassistant_password')) as f:
            self.login = ('homeassistant', f.read().strip())
        self.bus = Bus(self.directory)
        with open(os.path.join(docker, 'mosquitto', 'mosquitto.conf')) as f:
            text = f.read().replace('/mosquitto/config', os.path.join(docker, 'mosquitto'))
        text = text.replace('/mosquitto/data', self.directory).replace('log_dest stdout', 'log_dest stderr')
        self.broker = harness.Broker(self.directory, extra=re.sub('(?m)^(listener|log_type) .*\n', '', text))
        self.fake = harness.Cuffs([virtual_cuff, '--address', self.bus.address], {'TZ': 'Europe/Berlin'})
        self.fake.do('cuff %s name=BLESmart_0000025828FFB20591B5 omron=yes users=2' % CUFF)
        self.fake.do('time-scale 20')
        self.subscriber = harness.Subscriber(self.broker.port, login=self.login)
        self.volume = self.new_volume('volume')

    def new_volume(self, name, user=None):
        """As an engine makes one: what is in the image's directory, with its owners and modes; or somebody else's."""
        path = os.path.join(self.directory, name)
        subprocess.run(['cp', '-a', self.image.root + self.image.volume, path], check=True)
        for directory, _, _ in os.walk(path) if user else ():
            os.chown(directory, *user)
        return path

    @property
    def state_directory(self):
        return self.volume

    def start(self, volume=None, user=None, **more):
        """docker run, as compose.yaml has it; the short times are for the test."""
        environment = {'CUFF2MQTT_MQTT_URL': 'mqtt://127.0.0.1:%d' % self.broker.port, 'CUFF2MQTT_MQTT_USER': 'cuff2mqtt',
                       'CUFF2MQTT_MQTT_PASSWORD_FILE': '/run/secrets/cuff2mqtt_password', 'CUFF2MQTT_TIME_ZONE': 'Europe/Berlin',
                       'CUFF2MQTT_MQTT_BACKOFF_MAX': '0.5', 'CUFF2MQTT_MQTT_BACKOFF_MIN': '0.1', 'CUFF2MQTT_TIMING_COOLDOWN': '1',
                       'CUFF2MQTT_TIMING_TAIL': '0.1', 'CUFF2MQTT_SYSTEM_CLOCK': 'trusted', **more}
        self.running = container.Container(self.image, volume or self.volume, self.bus.directory, self.secrets, environment, user)
        self.services.append(self.running)
        return self.running

    def up(self):
        start = self.subscriber.here()
        self.start().ready()
        self.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)

    def measure(self, values):
        start, log = self.subscriber.here(), self.fake.out.here()
        self.fake.do('measure %s %s' % (CUFF, values))
        event = self.measured(values, start=start)
        self.event('sync_finished', start)
        self.fake.wait('call Disconnect path=', log)
        return event

    def becomes(self, good):
        """Docker asks once a minute; so do we, more often, with a deadline."""
        end = time.monotonic() + harness.DEADLINE
        while (found := self.running.health())[0] != good and time.monotonic() < end:
            time.sleep(0.1)
        same(found[0], good)
        return found[1]


class Story:
    def __init__(self, root, config, virtual_cuff, base):
        with open(config) as f:
            self.image = container.Image(root, json.load(f))
        self.root, self.virtual_cuff, self.base, self.house = root, virtual_cuff, base, None

    # --- the image ---

    def is_small(self):
        with open(self.root + '/var/lib/dpkg/status') as f:
            self.packages = packages(f.read())
        with tarfile.open(self.base) as tar:
            before = packages(tar.extractfile('./var/lib/dpkg/status').read().decode())
        base, whole = megabytes(of_tar(self.base)), megabytes(of_root(self.root))
        new = sorted(set(self.packages) - set(before))
        print('# size: %.1f MB beside the base of %.1f MB' % (whole - base, base))
        print('# packages beside the base: %d: %s' % (len(new), ' '.join(new)))
        assert 0 < whole - base < LIMIT_MB, '%.1f MB' % (whole - base)

    def has_nothing_of_use_to_others(self):
        found = [os.path.join(d, n) for d in ('bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/local/sbin') for n in NOT_WANTED
                 if os.path.lexists(os.path.join(self.root, d, n))]
        same(found, [])
        # setuid programs are the base's, and no-new-privileges takes their power
        same(os.listdir(self.root + '/src') if os.path.exists(self.root + '/src') else [], [])

    def says_what_it_is(self):
        labels = self.image.config['Labels']
        version = subprocess.run(['make', '-s', '-C', SOURCE, 'version'], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        same(labels['org.opencontainers.image.version'], version)
        same({'title', 'description', 'licenses', 'revision', 'base.name'} - {name.split('image.', 1)[-1] for name in labels}, set())
        same([self.image.config[n] for n in ('User', 'Entrypoint', 'Cmd', 'StopSignal')], ['65534:65534', ['cuff2mqtt'], ['run'], 'SIGTERM'])
        same(list(self.image.config['Volumes']), ['/var/lib/cuff2mqtt'])
        same(self.image.config.get('ExposedPorts') or {}, {})

    def has_a_list_of_its_parts(self):
        with open(self.root + '/usr/local/share/cuff2mqtt/sbom.spdx.json') as f:
            parts = {p['name']: p['versionInfo'] for p in json.load(f)['packages']}
        same(parts.pop('cuff2mqtt'), self.image.config['Labels']['org.opencontainers.image.version'])
        assert {'libsqlite3-0', 'libpaho-mqtt1.3'} < set(parts), parts
        same({name: self.packages.get(name) for name in parts}, parts)

    def keeps_no_secret_and_no_mirror(self):
        """Neither its configuration nor its history names where the packages came from, nor has it apt's lists."""
        mirrors = subprocess.run(['apt-get', 'indextargets', '--format', '$(SITE)'], check=True, stdout=subprocess.PIPE, text=True).stdout
        text = json.dumps(self.image.whole)
        same([m for m in set(mirrors.split()) if m in text], [])
        for name in self.image.environment:
            assert not re.search('PASSWORD|SECRET|TOKEN', name), name
        same([n for n in os.listdir(self.root + '/var/lib/apt/lists') if n not in ('partial', 'auxfiles', 'lock')], [])
        for name in '.env', 'secrets', 'docker':
            assert not os.path.exists(os.path.join(self.root, name)), name
        same(os.listdir(self.root + '/run/secrets'), [])

    # --- the container ---

    def runs_with_the_hosts_bus_as_nobody(self):
        self.house = House(self.image, self.virtual_cuff)
        self.house.up()
        same(self.house.running.health(), (True, 'All is well: Bluetooth, the database and the broker.\n'))

    def has_no_rights(self):
        says = self.house.running.status()
        print('# process: uid %s, groups "%s", CapEff %s, CapPrm %s, CapBnd %s, NoNewPrivs %s' % (
            says['Uid'].split()[1], says['Groups'].strip(), says['CapEff'], says['CapPrm'], says['CapBnd'], says['NoNewPrivs']))
        none = '0' * 16
        same((says['Uid'].split(), says['Gid'].split(), says['Groups'].strip(), says['NoNewPrivs']), (['65534'] * 4, ['65534'] * 4, '', '1'))
        same([says[c] for c in ('CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb')], [none] * 5)
        assert says['NSpid'].split()[-1] == '1', says['NSpid']

    def root_is_read_only(self):
        running = self.house.running
        for point, wanted in ('/', 'ro'), ('/run/dbus', 'ro'), ('/run/secrets', 'ro'), ('/var/lib/cuff2mqtt', 'rw'):
            options, kind = running.mount(point)
            print('# mount: %s %s' % (point, options[0]))
            assert wanted in options, (point, options)
        # also for somebody who may write everywhere else
        done = subprocess.run(running.argv('/bin/sh', '-c', 'echo x > /etc/x'), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode and 'Read-only file system' in done.stdout, done.stdout
        running.execute('/bin/sh', '-c', 'echo x >/var/lib/cuff2mqtt/x && rm /var/lib/cuff2mqtt/x')

    def has_no_open_ports(self):
        ports = self.house.running.ports()
        print('# open ports: %s' % (', '.join(ports) or 'none'))
        same(ports, [])

    def pairs(self):
        house = self.house
        log, start = house.fake.out.here(), house.subscriber.here()
        run = harness.Process(house.running.argv(*self.image.nobody_in_particular(), 'cuff2mqtt', 'pair'), env=house.running.environment)
        house.services.append(run)
        house.event('pairing_started', start)
        house.fake.do('pairing-mode %s on' % CUFF)
        run.out.wait('The cuff is paired')
        same(run.process.wait(harness.DEADLINE), 0)
        house.fake.wait('disconnect ' + CUFF, log)
        house.fake.wait('armed ' + CUFF)

    def a_measurement_arrives(self):
        event = self.house.measure('131/84/67')
        assert re.search(r'\+0[12]:00$', event['measured_at']), event['measured_at']  # the time zone's files are there
        self.house.verify()

    def shell_commands_work(self):
        out = self.house.running.execute('cuff2mqtt', 'cuffs')
        assert CUFF in out, out
        assert '131' in self.house.running.execute('cuff2mqtt', 'history', '--csv')

    def a_backup_comes_out_of_the_volume_and_goes_back(self):
        """With the commands that README.md says; `docker compose cp` and `docker run` are played."""
        house = self.house
        with open(os.path.join(SOURCE, 'docker', 'README.md')) as f:
            page = f.read().split('### Backup and restore')[1].split('\n### ')[0].split('\n## ')[0]
        backup, remove = [line.split() for line in re.findall(r'^    sudo docker compose exec cuff2mqtt (.*)$', page, re.M)]
        where = re.search(r'^    sudo docker compose cp cuff2mqtt:(\S+) ~/cuff2mqtt-backup$', page, re.M).group(1)
        restore = re.search(r"--entrypoint sh cuff2mqtt -euc '\n(.*?)'$", page, re.M | re.S).group(1)
        said = house.running.execute(*backup)
        assert 'The backup is in %s: %d measurement' % (where, len(house.rows())) in said, said
        copy = os.path.join(house.directory, 'copy')
        shutil.copytree(os.path.join(house.volume, os.path.relpath(where, self.image.volume)), copy)  # root's, as with sudo
        house.running.execute(*remove)
        same(os.listdir(os.path.join(house.volume, 'backups')), [])
        kept = house.rows()
        same(house.running.stop(), 0)
        for point in 'v', 'b':
            os.makedirs(os.path.join(self.root, point), exist_ok=True)
        subprocess.run(['unshare', '--mount', 'sh', '-euc', 'mount --bind "$1" "$0/v"; mount --bind "$2" "$0/b"; '
                        'mount -o remount,ro,bind "$0/b"; exec chroot "$0" sh -euc "$3"',
                        self.root, house.volume, copy, restore], check=True)
        [old] = [n for n in os.listdir(house.volume) if n.startswith('before-restore.')]
        assert 'cuff2mqtt.db' in os.listdir(os.path.join(house.volume, old))
        with open(os.path.join(copy, 'cuff2mqtt.db'), 'rb') as one, open(os.path.join(house.volume, 'cuff2mqtt.db'), 'rb') as other:
            same(one.read() == other.read(), True)
        same({os.lstat(os.path.join(d, n)).st_uid for d, ds, fs in os.walk(house.volume) for n in ds + fs}, {self.image.user[0]})
        shutil.rmtree(os.path.join(house.volume, old))
        log = house.fake.out.here()
        house.up()
        house.fake.wait('armed ' + CUFF, log)
        same(house.rows(), kept)

    def the_request_backup_names_its_copy(self):
        answer = self.house.request('backup')
        same(answer['status'], 'ok')
        [copy] = [v for v in answer['data'].values() if str(v).startswith('/var/lib/cuff2mqtt/')]
        inside = os.path.join(self.house.volume, os.path.relpath(copy, self.image.volume))
        assert os.path.exists(inside), answer
        shutil.rmtree(inside) if os.path.isdir(inside) else os.unlink(inside)

    def restart_keeps_all(self):
        """`docker stop` and another container with the same volume."""
        house, kept = self.house, self.house.rows()
        begin = house.subscriber.here()
        same(house.running.stop(), 0)
        house.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline', start=begin)
        same(set(os.listdir(house.volume)) - {'backups', 'keys'}, {'cuff2mqtt.db', 'cuff2mqtt.lock'})
        log = house.fake.out.here()
        house.up()
        house.fake.wait('armed ' + CUFF, log)
        same(house.rows(), kept)
        house.measure('119/76/71')
        same(len(house.rows()), len(kept) + 1)
        house.verify()

    def health_turns_bad_when_the_broker_goes(self):
        house = self.house
        house.broker.stop()
        words = house.becomes(False)
        print('# unhealthy: %s' % words.strip())
        assert 'mqtt://127.0.0.1:%d' % house.broker.port in words, words
        rows = len(house.rows())
        house.fake.do('measure %s 125/80/70' % CUFF)
        house.wait_rows(rows + 1)
        start = house.subscriber.here()
        house.restart_broker()
        house.becomes(True)
        house.measured('125/80/70', start=start)
        house.wait_outbox_empty()

    def health_turns_bad_without_bluetooth(self):
        self.house.fake.do('adapter-remove')
        assert 'adapter' in self.house.becomes(False)
        self.house.fake.do('adapter-add')
        self.house.becomes(True)

    def a_user_the_host_does_not_know_is_refused(self):
        """Why the image's user is nobody: with another one dbus-daemon hangs up, and the log says so."""
        house = self.house
        same(house.running.stop(), 0)
        known = {p.pw_uid for p in pwd.getpwall()}
        uid = next(n for n in range(20000, 60000) if n not in known)
        with open(os.path.join(house.secrets, 'cuff2mqtt_password')) as f:
            password = f.read().strip()
        stranger = house.start(house.new_volume('stranger', (uid, uid)), (uid, uid), CUFF2MQTT_MQTT_PASSWORD_FILE='',
                               CUFF2MQTT_MQTT_PASSWORD=password)
        stranger.err.wait('The system bus is gone')
        same(stranger.process.wait(harness.DEADLINE), 75)

    def doctor_knows_where_it_is(self):
        house = self.house
        house.up()
        out = json.loads(house.running.execute('cuff2mqtt', 'doctor', '--json', good=(0, 1)))
        says = {one['check']: one['status'] for one in out['checks']}
        for check in 'config', 'service', 'database', 'time_zone', 'bus', 'adapter', 'cuffs', 'broker', 'topics':
            same((check, says[check]), (check, 'ok'))
        same(house.running.stop(), 0)


STEPS = [name for name in vars(Story) if not name.startswith('_')]


def main():
    architecture = sys.argv[5]
    story, good = Story(*sys.argv[1:5]), False
    try:
        for name in STEPS:
            try:
                getattr(story, name)()
            except Exception as error:  # noqa: B902: what comes after stands on this
                print('FAIL image.%s.%s' % (architecture, name), flush=True)
                print('%s: %s: %s' % (name, type(error).__name__, error), file=sys.stderr)
                for one in story.house.services[-2:] if story.house else []:
                    print('\n'.join(one.err.lines[-30:]), file=sys.stderr)
                break
            print('ok image.%s.%s' % (architecture, name), flush=True)
        else:
            good = True
    finally:
        if story.house:
            story.house.close()
    return 0 if good else 1


sys.exit(main())
