"""One world of the fault matrix: bus, broker, a cuff with a memory, the service under a supervisor that does what
systemd does; and what must hold in it. The cuff's memory is the truth, and the driver wrote it."""

import glob
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import faults  # noqa: E402
import harness  # noqa: E402
import memory_story  # noqa: E402
from faults_shim import Shim  # noqa: E402
from harness import CUFF  # noqa: E402
from proxy import Proxy  # noqa: E402
from relay import Relay  # noqa: E402
from timeline import DEADLINE, Timeline, Timeout  # noqa: E402

NAME = memory_story.NAME
RESTART = 0.1             # systemd: 5 s
NO_RETRY = (64, 65, 78)   # RestartPreventExitStatus of the unit
RING = 60                 # records of a user; the oldest would be overwritten

# Pauses of a second or more are shortened; nothing is left out.
TIMING = memory_story.FAST.replace('reply = 1.0', 'reply = 0.4').replace('health = 60.0', 'health = 5.0')
TIMING = TIMING.replace('lingering = 1.0', 'lingering = 0.5').replace('connecting = 4.0', 'connecting = 2.0')
TIMING = TIMING.replace('resolving = 5.0', 'resolving = 2.0').replace('subscribing = 4.0', 'subscribing = 2.0')
TIMING = TIMING.replace('disconnecting = 4.0', 'disconnecting = 2.0')

LINK = re.compile(r'log \S+ (connect|disconnect) ')

# What the virtual cuff may say of a host that died, or lost its bus, in mid-session.
EXPLAINED = re.compile(r'violation (CCCD cleared by client|client left the bus|no END|host hung up early)')

# .. and of one that had no memory to unsubscribe while the cuff was away: that link is lost, the next one is good.
FORGETFUL = re.compile(r'violation RX1-3 before unlock')
# .. or no time, when the cuff was back within a quarter of a second: bluetoothd itself subscribes again.
RENEWED = re.compile(r'log \S+ cccd .* by=daemon')


class Service:
    """cuff2mqtt under something like systemd: started again when it ends, unless it says that this cannot help.
    `down` keeps it from being started."""

    def __init__(self, world, environment):
        self.world, self.environment = world, environment
        self.lock = threading.Condition()
        self.process, self.ready, self.down, self.closed = None, False, False, False
        self.refused = False   # it ended with a code of NO_RETRY
        self.codes = []
        self.notify_path = os.path.join(world.directory, 'notify')
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.notify_path)
        threading.Thread(target=self._hear, daemon=True).start()
        self.thread = threading.Thread(target=self._supervise, daemon=True)
        self.thread.start()

    def _hear(self):
        while True:
            text = self.notify.recv(4096).decode('utf-8', 'replace')
            if not text:
                return
            if 'READY=1' in text:
                self.ready = True
                self.world.timeline.add('service READY')

    def _supervise(self):
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self.closed or not (self.down or self.refused))
                if self.closed:
                    return
                self.ready = False
                self.process = subprocess.Popen([harness.SERVICE, 'run', '--config', self.world.config_path],
                                                env=self.environment, stdin=subprocess.DEVNULL,
                                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                                errors='replace')
                self.world.timeline.add('service started pid=%d' % self.process.pid)
            reader = self.world.timeline.read(self.process.stderr, 'service: ')
            code = self.process.wait()
            reader.join()
            with self.lock:
                self.ready = False
                self.codes.append(code)
                self.world.proxy.service_ended(self.world.outbox())
                self.world.timeline.add('service ended code=%d' % code)
                self.refused = code in NO_RETRY
                self.process = None
                self.lock.notify_all()
                if not self.closed:
                    self.lock.wait_for(lambda: self.closed, RESTART)

    def kill(self, how=signal.SIGKILL):
        """Returns when it has ended; it stays down until up()."""
        with self.lock:
            self.down = True
            ended = len(self.codes)
            if not self.process:
                return
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)  # as systemd does: one that is stopped would not hear it
            if not self.lock.wait_for(lambda: len(self.codes) > ended, DEADLINE):
                raise Timeout('the service does not end')

    @property
    def sleeps(self):
        process = self.process
        if not process:
            return False
        with open('/proc/%d/stat' % process.pid) as f:
            return f.read().rpartition(')')[2].split()[0] == 'T'

    def up(self):
        with self.lock:
            self.down = self.refused = False
            self.lock.notify_all()

    def close(self):
        with self.lock:
            self.closed = True
            if self.process:
                self.process.kill()
            self.lock.notify_all()
        self.thread.join(10)
        self.notify.shutdown(socket.SHUT_RDWR)


class World:
    """The setting: `kind` of cuff; `persistence` of the broker; `tls`; `version` of MQTT; `indicates`: what is measured
    comes two ways."""

    FAULTS, TIMING, EXPLAINED, TIMELINE = faults.BY_NAME, TIMING, EXPLAINED, Timeline
    CONFIG = 'log_level = "debug";\nsystem_clock = "untrusted";\nomron: { keys = "default"; };\n'
    # Seconds. How long a short fault lasts at most; a long one lasts until the cuff's session is over, if it is by then.
    HOLD, SESSION = 0.5, 1.5
    # A moment that does not come by then, because another fault is in its way, is this one; the second moment of a case.
    LATE, LATE_AGAIN = 3.0, 0.7
    PRESS = 40  # how long the cuff is heard when its button is pressed

    def __init__(self, shim_library, certificates, setting):
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.timeline = self.TIMELINE()
        self.truth = []      # (user, systolic, diastolic, pulse): the n-th is unlike all others
        self.bus = self.broker = self.cuff = self.subscriber = self.proxy = self.relay = self.service = None
        self.broker_lives, self.again = 0, set()
        self.kind, self.persistence, self.indicates = setting.kind, setting.persistence, setting.indicates
        self.tls, self.version = setting.tls, setting.version
        self.violations = self.checked = 0
        self.crashes_allowed = False
        try:
            self._begin(shim_library, certificates if self.tls else None, self.version)
        except BaseException:
            self.close()
            raise

    def _begin(self, library, certificates, version):
        self.bus = harness.Bus(self.directory)
        self.shim = Shim(self.directory, library)
        self.broker = harness.Broker(self.directory, extra=(
            'persistence true\npersistence_location @DIRECTORY@/\nautosave_interval 1\nautosave_on_changes true\n'
            if self.persistence else ''))
        self.proxy = Proxy(self.broker.port, self.timeline, certificates and certificates.contexts())
        bus_address = self.begin_bluetooth()
        self.subscriber = harness.Subscriber(self.broker.port, keep=True)
        self._configure(version, certificates)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('CUFF2MQTT', 'JOURNAL', 'INVOCATION'))}
        environment.update({'DBUS_SYSTEM_BUS_ADDRESS': bus_address, 'TZ': 'Europe/Berlin',
                            'NOTIFY_SOCKET': os.path.join(self.directory, 'notify'), **self.shim.env})
        self.service = Service(self, environment)
        self.timeline.wait('^service READY')
        self.settle()

    def begin_bluetooth(self):
        """bluetoothd and a cuff that is paired; the address of the bus for the service."""
        self.relay = Relay(os.path.join(self.directory, 'relay'), self.bus.path)
        self.start_cuff()
        self.describe_cuff()
        self.do('bonded ' + CUFF)
        self.do('hang-up-after 0.1')
        if self.kind == 'classic':
            self.do('cuff-key default')
        return self.relay.address

    def start_cuff(self, **environment):
        self.cuff = subprocess.Popen([harness.VIRTUAL_CUFF, '--address', self.bus.address], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
                                     env={**os.environ, 'TZ': 'Europe/Berlin', **environment})
        self.timeline.read(self.cuff.stdout, '')
        self.do('time-scale 20')

    def describe_cuff(self):
        if self.kind:
            self.do('cuff %s name=%s memory=%s indicates=%s' % (CUFF, NAME, self.kind, 'yes' if self.indicates else 'no'))
        else:  # 2A35 alone
            self.do('cuff %s name=%s omron=no users=2' % (CUFF, NAME))

    def _configure(self, version, certificates):
        urls = ', '.join('"%s://localhost:%d"' % ('mqtts' if certificates else 'mqtt', d.port) for d in self.proxy.doors)
        self.config_path = os.path.join(self.directory, 'cuff2mqtt.conf')
        with open(self.config_path, 'w') as f:
            f.write('state_directory = "%s";\n%s'
                    'mqtt: { url = [%s]; version = "%s"; backoff_min = 0.1; backoff_max = 0.5; keep_alive = 10; %s };\n'
                    'homeassistant: { birth_delay_min = 0.05; birth_delay_max = 0.1; };\n%s' %
                    (self.state_directory, self.CONFIG, urls, version,
                     'ca_file = "%s";' % certificates.path('ca.pem') if certificates else '', self.TIMING))

    @property
    def state_directory(self):
        return os.path.join(self.directory, 'state')

    @property
    def database(self):
        return os.path.join(self.state_directory, 'cuff2mqtt.db')

    # --- the cuff ---

    def do(self, command):
        start = self.timeline.here()
        self.timeline.add('> ' + command)
        self.cuff.stdin.write(command + '\n')
        self.cuff.stdin.flush()
        at, match = self.timeline.wait(r'^(done|error) %s\b.*' % re.escape(command.split()[0]), start)
        if match[1] == 'error':
            raise AssertionError('%s: %s' % (command, match[0]))
        return start

    def is_linked(self):
        lines = self.timeline.lines
        for i in range(len(lines) - 1, -1, -1):
            match = LINK.match(lines[i])
            if match:
                return match[1] == 'connect'
        return False

    def measure(self, user, announce):
        """Values and a time that no other record has."""
        n = len(self.truth)
        self.truth.append((user, 80 + n, 40 + n % 30, 60 + n % 90))
        self.do('measure %d/%d/%d user=%d at=2026-%02d-%02dT07:00:%02d announce=%s' %
                (*self.truth[-1][1:], user, 1 + n // 28, 1 + n % 28, n % 60, 'yes' if announce else 'no'))

    def room(self):
        return [u for u in (1, 2) if not self.kind or sum(t[0] == u for t in self.truth) < RING - 3]

    # --- the database, from outside ---

    def _query(self, sql):
        db = sqlite3.connect('file:%s?mode=ro' % self.database, uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def rows(self):
        """What is committed: (user, systolic, diastolic, pulse)."""
        return set(self._query('SELECT user, systolic, diastolic, pulse FROM measurement'))

    def outbox(self):
        try:
            return [row[0] for row in self._query('SELECT id FROM outbox JOIN measurement ON arrival = measurement')]
        except sqlite3.Error:
            return []

    # --- what must hold ---

    def told(self):
        """The truth that the broker has acknowledged: {values: {ids}}."""
        found = {}
        for identity, m in list(self.proxy.told.items()):
            found.setdefault((m['user'], m['systolic'], m['diastolic'], m['pulse']), set()).add(identity)
        return found

    def newest(self, truth):
        return {str(user): (user, *rest) for user, *rest in truth}

    def unsettled(self, truth=None):
        """Why the world is not as it must become by itself; None when it is. `truth`: what must have been told."""
        told = self.told()
        truth = [t for t in self.truth if truth is None or t in truth]
        missing = [t for t in truth if t not in told]
        if not self.service.ready:
            return 'the service is not READY again'
        if not self.proxy.is_up:
            return 'there is no connection to the broker'
        if self.proxy.newest.get('state') != 'online':
            return 'bridge/state does not say online'
        if missing:
            return '%d of %d measurements have not been told: %s' % (len(missing), len(truth), missing[:5])
        for user, values in self.newest(truth).items():
            if self.proxy.newest.get(user) not in told[values]:
                return 'the newest of user %s is not retained' % user
        try:
            waiting = self.outbox()
        except sqlite3.Error as e:
            return 'the database: %s' % e
        return '%d stay in the outbox' % len(waiting) if waiting else None

    def settle(self):
        self.timeline.until(self.unsettled)

    def doubled(self):
        """Sentences about what was told too often."""
        wrong = ['%s was told under %d ids: %s' % (values, len(ids), ids) for values, ids in self.told().items()
                 if len(ids) > 1]
        for identity, n in self.proxy.published.items():
            may = 1 + self.proxy.unsure[identity]
            if n > may and identity not in self.again:
                wrong.append('%s was told %d times, and may be %d times' % (identity, n, may))
        return wrong

    def check(self):
        """What may not have happened; a list of sentences."""
        wrong = self.doubled()
        told = self.told()
        for values in told:
            if values not in self.truth:
                wrong.append('told, and never measured: %s' % (values,))
        for code in self.service.codes[self.checked:]:
            if code < 0 and code != -signal.SIGKILL and not self.crashes_allowed:
                wrong.append('the service died of signal %d' % -code)
        self.checked = len(self.service.codes)
        for at, line in enumerate(self.timeline.lines[self.violations:], self.violations):
            renewed = any(RENEWED.search(one) for one in self.timeline.lines[at + 1:at + 3])
            if FORGETFUL.search(line) and (self.crashes_allowed or renewed):
                continue
            if line.startswith('log ') and ' violation ' in line and not self.EXPLAINED.search(line):
                wrong.append(line)
        self.violations = self.timeline.here()
        return wrong

    def check_retained(self):
        """As a new subscriber sees it, at the broker itself."""
        topics = self.subscriber.retained()
        wrong = []
        told = self.told()
        for user, values in self.newest(self.truth).items():
            name = 'cuff2mqtt/device/%s/user/%s/measurement' % (CUFF.replace(':', '').lower(), user)
            payload = topics.get(name)
            if payload is None or harness.json.loads(payload)['id'] not in told[values]:
                wrong.append('retained for user %s: %s' % (user, payload))
        if topics.get('cuff2mqtt/bridge/state') != 'online':
            wrong.append('bridge/state: %s' % topics.get('cuff2mqtt/bridge/state'))
        return wrong

    def unheard(self):
        """ids that the broker acknowledged and a subscriber never heard: its own loss, if it was killed."""
        def missing():
            heard = {m.json['id'] for m in self.subscriber.find(r'cuff2mqtt/device/\w+/user/\w+/event')}
            return set(self.proxy.told) - heard

        if not self.broker_lives:
            try:
                self.timeline.until(missing, self.SESSION)  # some may be on their way to the subscriber
            except Timeout:
                pass
        return missing()

    # --- the broker ---

    def kill_broker(self, how=signal.SIGKILL):
        self.broker.stop(how)
        self.timeline.add('mosquitto ended')

    def start_broker(self):
        if self.broker.alive():
            return
        self.proxy.forget_retained()  # saved or not: the service tells it anew
        self.broker = harness.Broker(self.directory, port=self.broker.port, extra=self.broker.extra)
        self.broker_lives += 1
        self.timeline.add('mosquitto started')

    # --- the end ---

    def close(self):
        if self.service:
            self.service.close()
        if self.subscriber:
            self.subscriber.stop()
        if self.proxy:
            self.proxy.stop()
        self.end_bluetooth()
        for one in (self.broker, self.bus):
            if one:
                one.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def end_bluetooth(self):
        if self.cuff:
            self.cuff.stdin.close()
            self.cuff.terminate()
            self.cuff.wait()
        if self.relay:
            self.relay.down()

    def keep(self, directory, words):
        """What a failure leaves behind."""
        os.makedirs(directory, exist_ok=True)
        self.timeline.write(os.path.join(directory, 'transcript'))
        with open(os.path.join(directory, 'why'), 'w') as f:
            f.write(words + '\n')
        with open(os.path.join(directory, 'mqtt'), 'w') as f:
            f.write('\n'.join(map(repr, self.subscriber.messages)) + '\n')
        for name in glob.glob(self.database + '*'):
            shutil.copy(name, directory)


class Certificates:
    """One directory for a whole run: ca.pem, and what a broker may show: good, expired, for another name, of
    another authority. Good ones are so for some days."""

    def __init__(self, library, days=2):
        self.days = str(days)
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self._authority('ca')
        self._authority('other')
        self._broker('good', 'localhost', 'ca')
        self._broker('name', 'elsewhere', 'ca')
        self._broker('authority', 'localhost', 'other')
        shim = Shim(self.directory, library)
        shim.set('clock_offset_s', -400 * 86400)
        self.days = '2'
        self._broker('expired', 'localhost', 'ca', shim.env)

    def path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *words, env=None):
        subprocess.run(['openssl', *words], cwd=self.directory, check=True, capture_output=True,
                       env={**os.environ, **(env or {})})

    def _authority(self, name):
        self._openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', self.days, '-subj', '/CN=' + name,
                      '-keyout', name + '.key', '-out', name + '.pem')

    def _broker(self, name, host, authority, env=None):
        with open(self.path('names'), 'w') as f:
            f.write('subjectAltName=DNS:%s\n' % host)
        self._openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=' + host, '-keyout', name + '.key',
                      '-out', name + '.csr')
        self._openssl('x509', '-req', '-days', self.days, '-in', name + '.csr', '-CA', authority + '.pem', '-CAkey',
                      authority + '.key', '-CAcreateserial', '-extfile', 'names', '-out', name + '.pem', env=env)

    def contexts(self):
        found = {}
        for name in ('good', 'name', 'authority', 'expired'):
            found[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            found[name].load_cert_chain(self.path(name + '.pem'), self.path(name + '.key'))
        return found

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)
