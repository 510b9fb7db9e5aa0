"""The life of a package in a clean root: packaging/clean-root run TAR python3 story.py PACKAGE VIRTUAL-CUFF.
Everything but this program, the subscriber and the virtual cuff comes from the root: bus, BlueZ's policy, broker.
What systemd does for the service is done here from its unit, as far as it can be without a running systemd: user,
environment, no capabilities, read-only system. The filter of system calls has its own test (test_unit.py)."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import harness  # noqa: E402

ROOT = os.environ['ROOT']
CUFF = harness.CUFF
CONF, STATE = '/etc/cuff2mqtt/cuff2mqtt.conf', '/var/lib/cuff2mqtt'
EDITED = '# edited by a person\n'
# What package tools write wherever they run; nothing of ours may hide there but in dpkg's own books.
NOT_OURS = re.compile(r'/(proc|dev|sys|run|tmp|var/(log|cache|tmp|lib/(apt|dpkg)))(/|$)|/etc/(passwd|group|shadow|gshadow)-$')


def inside(path):
    return ROOT + path


def command(*argv, good=True):
    done = subprocess.run(['chroot', ROOT, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8'})
    print('+', *argv, '\n' + done.stdout, file=sys.stderr, flush=True)
    if good and done.returncode:
        raise AssertionError('%s ended with %d' % (' '.join(argv), done.returncode))
    return done.stdout


def apt(*argv):
    """Without a network: what it needs was downloaded into the root."""
    return command('apt-get', '-y', '-o', 'Acquire::http::Proxy=http://127.0.0.1:9', '-o', 'Acquire::Retries=0', '-o', 'APT::Install-Recommends=true', '-o', 'Dpkg::Options::=--force-confold', *argv)


def files():
    found = set()
    for directory, names, leaves in os.walk(ROOT):
        names[:] = [n for n in names if not NOT_OURS.match(os.path.join(directory, n)[len(ROOT):])]
        found.update(os.path.join(directory, n)[len(ROOT):] for n in names + leaves)
    return {f for f in found if not NOT_OURS.match(f)}


def user():
    """(uid, gid, home, shell) in the root."""
    with open(inside('/etc/passwd')) as f:
        for line in f:
            fields = line.rstrip('\n').split(':')
            if fields[0] == 'cuff2mqtt':
                return int(fields[2]), int(fields[3]), fields[5], fields[6]
    raise AssertionError('no user cuff2mqtt')


def mode(path):
    s = os.lstat(inside(path))
    return stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid


def same(got, want):
    assert got == want, '%r, not %r' % (got, want)


def read(path):
    with open(inside(path)) as f:
        return f.read()


def unit():
    """What the installed unit says: {name: [values]}."""
    found = {}
    path = next(p for p in ('/usr/lib/systemd/system/cuff2mqtt.service', '/lib/systemd/system/cuff2mqtt.service') if os.path.exists(inside(p)))
    for line in read(path).splitlines():
        if '=' in line and not line.startswith('#'):
            name, value = line.split('=', 1)
            found.setdefault(name, []).append(value)
    return found


class Installed(harness.Process):
    """The service as its unit starts it."""

    def __init__(self):
        says, (uid, gid, home, shell) = unit(), user()
        same((says['User'], says['Group'], says['StateDirectory'], says['ProtectSystem'], says['CapabilityBoundingSet']),
             (['cuff2mqtt'], ['cuff2mqtt'], ['cuff2mqtt'], ['strict'], ['']))
        self.notices, self.told = [], threading.Condition()
        path = inside('/run/notify')
        if os.path.exists(path):
            os.unlink(path)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        os.chmod(path, 0o777)
        threading.Thread(target=self.read_notify, daemon=True).start()
        credentials = '/run/credentials/cuff2mqtt.service'
        os.makedirs(inside(credentials), exist_ok=True)
        with open(inside(credentials + '/mqtt-password'), 'w') as f:  # SetCredential=: no file, an empty line
            f.write('\n')
        environment = {'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'LANG': 'C.UTF-8', 'USER': 'cuff2mqtt',
                       'LOGNAME': 'cuff2mqtt', 'HOME': home, 'SHELL': shell, 'NOTIFY_SOCKET': '/run/notify',
                       'STATE_DIRECTORY': STATE, 'CREDENTIALS_DIRECTORY': credentials, 'WATCHDOG_USEC': '120000000'}
        # ProtectSystem=strict, StateDirectory=, PrivateTmp=, UMask=, LimitCORE=
        sandbox = ('mount --rbind "$0" "$0" && mount -o remount,ro,bind "$0" && mount -o remount,ro,bind "$0/run" && mount --bind "$0{1}" "$0{1}" && '
                   'mount -o remount,rw,bind "$0{1}" && mount -t tmpfs -o mode=1777 tmpfs "$0/tmp" && umask {0} && ulimit -c 0 && '
                   'exec chroot "$0" "$@"').format(says['UMask'][0], STATE)
        super().__init__(['unshare', '--mount', '--ipc', 'sh', '-euc', sandbox, ROOT, 'setpriv', '--reuid=%d' % uid, '--regid=%d' % gid,
                          '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', 'env', '-i',
                          *('%s=%s' % item for item in environment.items()), *says['ExecStart'][0].split()])

    def read_notify(self):
        while text := self.notify.recv(4096).decode():
            with self.told:
                self.notices.append(text)
                self.told.notify_all()

    def wait_ready(self):
        with self.told:
            if not self.told.wait_for(lambda: any('READY=1' in n for n in self.notices) or not self.alive(), harness.DEADLINE) or not self.alive():
                raise harness.Timeout('not ready: %s' % '\n'.join(self.err.lines[-40:]))

    def confined(self):
        """What the kernel says of the running service."""
        with open('/proc/%d/status' % self.pid) as f:
            says = dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)
        same((says['Name'], says['NoNewPrivs'], says['CapEff'], says['CapBnd'], says['Uid'].split(), says['Groups'].strip()),
             ('cuff2mqtt', '1', '0' * 16, '0' * 16, [str(user()[0])] * 4, ''))


class House(harness.World):
    """The bus, the broker and the cuff of the root; the words of the component tests."""

    def __init__(self, virtual_cuff):
        self.running, self.bus, self.fake, self.broker, self.subscriber = None, None, None, None, None
        os.makedirs(inside('/run/dbus'), exist_ok=True)
        self.bus = harness.Process(['chroot', ROOT, 'dbus-daemon', '--system', '--nofork', '--nopidfile', '--print-address=1'])
        self.bus.out.wait('unix:')
        self.port = harness.free_port()
        self.broker = harness.Process(['chroot', ROOT, '/usr/sbin/mosquitto', '-v', '-p', str(self.port)])
        self.broker.err.wait(r'mosquitto version \S+ running')
        shutil.copy(virtual_cuff, inside('/run/virtual-cuff'))
        self.fake = harness.Cuffs(['chroot', ROOT, '/run/virtual-cuff', '--address', 'unix:path=/run/dbus/system_bus_socket'], {})
        self.fake.do('cuff %s name=BLESmart_0000025828FFB20591B5 memory=k4 omron=yes' % CUFF)
        self.fake.do('time-scale 20')
        self.subscriber = harness.Subscriber(self.port)

    @property
    def state_directory(self):
        return inside(STATE)

    def start(self):
        start = self.subscriber.here()
        self.running = Installed()
        self.running.wait_ready()
        self.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)

    def stop(self):
        same(self.running.stop(), 0)

    def measure(self, values):
        start = self.subscriber.here()
        self.fake.do('measure %s user=1 %s' % (CUFF, values))
        self.measured(values, start=start)
        self.event('sync_finished', start)
        self.wait_outbox_empty()

    def close(self):
        if self.subscriber:
            self.subscriber.stop()
        for one in (self.running, self.fake, self.broker, self.bus):
            if one and one.alive():
                one.stop(signal.SIGKILL)


def older(package):
    """The version before this one: the same but for its number, and one line of the configuration."""
    directory = inside('/tmp/older')
    subprocess.run(['dpkg-deb', '-R', package, directory], check=True)
    control = os.path.join(directory, 'DEBIAN', 'control')
    text = open(control).read()
    version = re.search(r'^Version: (.*)$', text, re.M).group(1)
    with open(control, 'w') as f:
        f.write(text.replace('Version: ' + version, 'Version: 0.0.9-1', 1))
    with open(directory + CONF, 'a') as f:
        f.write('# as it was in the version before\n')
    subprocess.run(['dpkg-deb', '-b', directory, inside('/tmp/old.deb')], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(directory)
    shutil.copy(package, inside('/tmp/new.deb'))
    return version


class Story:
    def __init__(self, package, virtual_cuff):
        self.version, self.virtual_cuff, self.house = older(package), virtual_cuff, None

    def dependencies_are_in_the_release(self):
        needs = re.findall(r'^Inst (\S+)', apt('--simulate', 'install', '/tmp/old.deb'), re.M)
        assert {'bluez', 'mosquitto'} < set(needs), needs
        apt('install', *(n for n in needs if n != 'cuff2mqtt'))
        self.before = files()

    def installs(self):
        said = apt('install', '/tmp/old.deb')
        assert '1 newly installed' in said, 'it needs more than it says'

    def user_is_a_system_user_without_login(self):
        uid, gid, home, shell = user()
        assert 0 < uid < 1000 and 0 < gid < 1000, (uid, gid)
        same((home, shell), (STATE, '/usr/sbin/nologin'))
        line = next(x for x in read('/etc/shadow').splitlines() if x.startswith('cuff2mqtt:'))
        assert line.split(':')[1][:1] in '!*', 'it has a password'

    def directories_and_modes(self):
        uid, gid, _, _ = user()
        same(mode(CONF), (0o640, 0, gid))
        same(mode('/etc/cuff2mqtt'), (0o755, 0, 0))
        same(mode(STATE), (0o700, uid, gid))

    def configuration_is_a_conffile_and_right(self):
        assert CONF in command('dpkg-query', '-W', '-f', '${Conffiles}', 'cuff2mqtt')
        command('setpriv', '--reuid=cuff2mqtt', '--regid=cuff2mqtt', '--clear-groups', 'cuff2mqtt', 'check-config')

    def deleted_configuration_comes_back_readable(self):
        """As dpkg's manual says it is done; the service must be able to read what dpkg puts there."""
        before = mode(CONF)
        os.unlink(inside(CONF))
        command('dpkg', '--force-confmiss', '-i', '/tmp/old.deb')
        same(mode(CONF), before)

    def unit_is_enabled(self):
        link = os.readlink(inside('/etc/systemd/system/multi-user.target.wants/cuff2mqtt.service'))
        assert os.path.exists(inside(link)), link
        assert unit()['ExecStart'] == ['/usr/bin/cuff2mqtt run'], unit()['ExecStart']
        command('systemctl', '--root=/', 'is-enabled', 'cuff2mqtt.service')

    def manual_and_completions(self):
        page = subprocess.run(['man', '--warnings', '-l', inside('/usr/share/man/man1/cuff2mqtt.1.gz')], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, 'MANPAGER': 'cat', 'LC_ALL': 'C.UTF-8'})
        assert 'NAME' in page.stdout and not page.stderr, page.stderr
        command('bash', '-n', '/usr/share/bash-completion/completions/cuff2mqtt')
        assert read('/usr/share/zsh/vendor-completions/_cuff2mqtt').startswith('#compdef cuff2mqtt')

    def program_and_package_have_one_version(self):
        same(command('cuff2mqtt', 'version').split()[-1].replace('-', '~'), self.version.rsplit('-', 1)[0])

    def measurement_arrives_at_the_broker(self):
        self.house = House(self.virtual_cuff)
        text = read(CONF).replace('mqtt://localhost:1883', 'mqtt://127.0.0.1:%d' % self.house.port)
        text = text.replace('cooldown = 60;', 'cooldown = 1;').replace('tail = 5;', 'tail = 0.1;')
        with open(inside(CONF), 'w') as f:
            f.write(EDITED + text)
        self.house.start()
        self.house.running.confined()
        self.house.pair()
        self.house.measure('131/84/67')

    def stops_in_good_order(self):
        self.house.stop()
        self.kept = self.house.rows()
        assert self.kept
        uid = user()[0]
        for name in os.listdir(inside(STATE)):
            same(mode(STATE + '/' + name)[:2], (0o600, uid))

    def upgrade_keeps_data_and_configuration(self):
        edited = mode(CONF), read(CONF)
        apt('install', '/tmp/new.deb')
        same(command('dpkg-query', '-W', '-f', '${Version}', 'cuff2mqtt'), self.version)
        same((mode(CONF), read(CONF)), edited)
        same(self.house.rows(), self.kept)

    def upgraded_service_goes_on_with_the_bonded_cuff(self):
        self.house.start()
        self.house.fake.wait('armed ' + CUFF)
        self.house.measure('119/76/71')
        self.house.stop()
        assert self.kept == self.house.rows()[:len(self.kept)] and len(self.house.rows()) == len(self.kept) + 1, self.house.rows()

    def remove_keeps_data_and_configuration(self):
        kept = self.house.rows()
        self.house.close()
        self.house = None
        apt('remove', 'cuff2mqtt')
        assert not os.path.exists(inside('/usr/bin/cuff2mqtt'))
        assert read(CONF).startswith(EDITED)
        assert os.path.exists(inside(STATE + '/cuff2mqtt.db')) and kept

    def purge_leaves_no_file(self):
        with open(inside('/etc/cuff2mqtt/password'), 'w') as f:
            f.write('secret\n')
        apt('purge', 'cuff2mqtt')
        after = files()
        same((sorted(after - self.before), sorted(self.before - after)), ([], []))

    def purge_leaves_the_locked_user(self):
        self.user_is_a_system_user_without_login()


STEPS = [name for name in vars(Story) if not name.startswith('_')]


def main():
    story = Story(*sys.argv[1:3])
    release = story.version.rsplit('~', 1)[-1]
    for name in STEPS:
        try:
            getattr(story, name)()
        except Exception as error:  # noqa: B902: what comes after stands on this
            print('FAIL package.%s.%s' % (release, name), flush=True)
            print('%s: %s: %s' % (name, type(error).__name__, error), file=sys.stderr)
            if story.house and story.house.running:
                print('\n'.join(story.house.running.err.lines[-30:]), file=sys.stderr)
            break
        print('ok package.%s.%s' % (release, name), flush=True)
    else:
        return 0
    return 1


sys.exit(main())
