"""A small world for component tests and the demo: a private dbus-daemon, a real mosquitto on a free
loopback port, the virtual cuffs, the service, and a subscriber. Every wait is for an event, with a
generous deadline; everything lives in one temporary directory and ends with it."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVICE = os.environ.get('CUFF2MQTT', os.path.join(ROOT, 'build', 'san', 'cuff2mqtt'))
VIRTUAL_CUFF = os.environ.get('VIRTUAL_CUFF', os.path.join(ROOT, 'build', 'san', 'virtual-cuff'))
DEADLINE = float(os.environ.get('CUFF2MQTT_TEST_DEADLINE', '45'))  # seconds: not a performance claim

BUS_CONFIG = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*"/><allow receive_sender="*"/>
    {policy}
  </policy>
</busconfig>
'''

# Timings a test can wait for; the shapes are those of the defaults.
FAST = '''timing: { connecting = 4.0; resolving = 5.0; pairing = 6.0; subscribing = 4.0; collecting = 20.0;
  lingering = 1.0; disconnecting = 4.0; cooldown = 0.6; backoff_min = 0.4; backoff_max = 2.0;
  listen = 0.2; settle = 0.05; reply = 1.0; unlock = 1.0; token = 0.2; program = 0.1;
  pairing_window = 60.0; pairing_retry = 0.5; health = 60.0; stop = 2.0; tail = 0.1; };
'''


class Timeout(AssertionError):
    pass


class Lines:
    """The output of a process, line by line, waitable."""

    def __init__(self, stream):
        self.lines, self.times = [], []
        self.changed = threading.Condition()
        self.ended = False
        self.catch_up = lambda: None  # what was said by now is read: before it is counted
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            self.add(line.rstrip('\n'))
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        stream.close()

    def add(self, line):
        with self.changed:
            self.lines.append(line)
            self.times.append(time.monotonic())
            self.changed.notify_all()

    def wait(self, pattern, start=0, deadline=DEADLINE):
        """Index behind the first line from `start` on that matches; the match is in .match."""
        regex, end, at = re.compile(pattern), time.monotonic() + deadline, start
        with self.changed:
            while True:
                while at < len(self.lines):
                    self.match = regex.search(self.lines[at])
                    at += 1
                    if self.match:
                        return at
                left = end - time.monotonic()
                if left <= 0 or self.ended:
                    raise Timeout('no line matches %r in:\n%s' % (pattern, '\n'.join(self.lines[start:][-60:])))
                self.changed.wait(left)

    def count(self, pattern, start=0):
        self.catch_up()
        with self.changed:
            return sum(1 for line in self.lines[start:] if re.search(pattern, line))

    def here(self):
        with self.changed:
            return len(self.lines)


class Process:
    def __init__(self, argv, env=None, cwd=None):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, errors='replace', env=env, cwd=cwd, bufsize=1,
                                        start_new_session=True)  # a Ctrl-C is for us, who stop them in order
        self.out, self.err = Lines(self.process.stdout), Lines(self.process.stderr)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, deadline=DEADLINE):
        if self.alive():
            self.process.send_signal(how)
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Timeout('%s did not end; its last words:\n%s' % (self.process.args[0], '\n'.join(self.err.lines[-40:])))
        finally:
            if self.process.stdin:
                try:
                    self.process.stdin.close()
                except BrokenPipeError:
                    pass
        return self.process.returncode


def free_port():
    """Below those that the kernel gives to connections: nobody else's takes the port of a broker that is away."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(('127.0.0.1', random.SystemRandom().randint(10000, 32767)))
                return s.getsockname()[1]
            except OSError:
                pass  # somebody has it


class Bus(Process):
    def __init__(self, directory, policy=''):
        self.path = os.path.join(directory, 'bus')
        self.address = 'unix:path=' + self.path
        config = os.path.join(directory, 'bus.conf')
        with open(config, 'w') as f:
            f.write(BUS_CONFIG.format(path=self.path, policy=policy))
        super().__init__(['dbus-daemon', '--config-file=' + config, '--nofork', '--nopidfile', '--print-address=1'])
        self.out.wait('unix:')


class Broker(Process):
    """mosquitto; `extra` lines go into its configuration."""

    def __init__(self, directory, port=None, extra=''):
        self.directory, self.extra = directory, extra.replace('@DIRECTORY@', directory)
        for attempt in range(5):
            self.port = port or free_port()
            config = os.path.join(directory, 'mosquitto.conf')
            with open(config, 'w') as f:
                f.write('listener %d 127.0.0.1\n%slog_type all\n%s%s\n' % (
                    self.port, 'user root\n' if os.geteuid() == 0 else '',
                    '' if 'allow_anonymous' in extra else 'allow_anonymous true\n', self.extra))
            super().__init__([shutil.which('mosquitto') or '/usr/sbin/mosquitto', '-c', config])
            try:
                self.err.wait(r'mosquitto version \S+ running')
                return
            except Timeout:
                self.stop(signal.SIGKILL)
                if port:
                    raise
        raise Timeout('no free port for mosquitto')


def packets(stream):
    """(head, body) of each MQTT packet, until the stream ends."""
    while head := stream.read(1):
        length, shift = 0, 0
        while True:
            head += stream.read(1)
            length |= (head[-1] & 0x7f) << shift
            shift += 7
            if not head[-1] & 0x80:
                break
        yield head, stream.read(length)


class Link:
    """One connection through the proxy."""

    def __init__(self, client, broker):
        self.client, self.broker, self.is_cut = client, broker, False
        self.delivered = {}  # packet id of what the broker sent with QoS 1: topic
        self.unanswered = set()  # packet ids of measurements whose PUBACK has not gone through


class Proxy:
    """Between the service and the broker: refuses, cuts, or withholds the PUBACKs of measurements, on
    command; so many as `quota` says are refused one by one, in MQTT 5's words. `lost_acks` counts the measurements that the broker may have got and the service cannot know of."""

    def __init__(self, port):
        self.target, self.refusing, self.withholding = port, False, False
        self.held = []  # what is withheld: (link, packet)
        self.quota = 0
        self.cut_at = None  # cut_at(link, head, body): the link falls in place of this packet of the service
        self.links, self.lock, self.lost_acks = [], threading.Condition(), 0
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            try:
                broker = socket.create_connection(('127.0.0.1', self.target))
            except OSError:
                client.close()
                continue
            link = Link(client, broker)
            with self.lock:
                self.links.append(link)
            threading.Thread(target=self._forward, args=(link,), daemon=True).start()
            threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def _forward(self, link):
        """After a cut it reads on and forwards nothing: a close with unread bytes would be a reset, which
        may take PUBACKs away from the service that have gone through already."""
        try:
            for head, body in packets(link.client.makefile('rb')):
                with self.lock:
                    if link.is_cut:
                        continue
                    if self.cut_at and self.cut_at(link, head, body):
                        self.refusing = True  # until up(): what was cut off is not said on the next link
                        self._cut(link)
                        continue
                    if head[0] >> 4 == 3 and head[0] & 6:
                        topic = 2 + int.from_bytes(body[:2], 'big')
                        if body[2:topic].endswith(b'/event') and b'/user/' in body[2:topic]:
                            if self.quota:
                                self.quota -= 1
                                link.client.sendall(b'\x40\x04' + body[topic:topic + 2] + b'\x97\0')
                                continue
                            link.unanswered.add(body[topic:topic + 2])
                    link.broker.sendall(head + body)
        except (OSError, IndexError, ValueError):
            pass
        self._cut(link)
        link.client.close()

    def _answer(self, link):
        try:
            for head, body in packets(link.broker.makefile('rb')):
                with self.lock:
                    if link.is_cut:
                        break
                    if head[0] >> 4 == 3 and head[0] & 6:
                        topic = 2 + int.from_bytes(body[:2], 'big')
                        link.delivered[body[topic:topic + 2]] = body[2:topic].decode()
                    if head[0] >> 4 == 4:
                        if self.withholding and body[:2] in link.unanswered:
                            self.held.append((link, head + body))
                            self.lock.notify_all()
                            continue
                        link.unanswered.discard(body[:2])
                    link.client.sendall(head + body)
        except (OSError, IndexError, ValueError):
            pass
        self._cut(link)

    def _cut(self, link):
        with self.lock:
            if link.is_cut:
                return
            link.is_cut = True
            self.lost_acks += len(link.unanswered)
            self.links.remove(link)
        for s in (link.broker, link.client):
            try:
                s.shutdown(socket.SHUT_WR if s is link.client else socket.SHUT_RDWR)
            except OSError:
                pass
        link.broker.close()

    def wait_held(self, count):
        with self.lock:
            if not self.lock.wait_for(lambda: len(self.held) >= count, DEADLINE):
                raise Timeout('%d of %d PUBACKs were withheld' % (len(self.held), count))

    def release(self):
        """The oldest PUBACK that was withheld goes through late."""
        with self.lock:
            link, packet = self.held.pop(0)
            link.unanswered.discard(packet[2:4])
            link.client.sendall(packet)

    def cut(self):
        for link in list(self.links):
            self._cut(link)

    def down(self):
        self.refusing = True
        self.cut()

    def up(self):
        self.refusing = False

    def stop(self):
        self.server.close()
        self.cut()


class Message:
    def __init__(self, m):
        self.topic, self.payload, self.retain = m.topic, m.payload.decode('utf-8', 'replace'), bool(m.retain)

    @property
    def json(self):
        return json.loads(self.payload)

    def __repr__(self):
        return '%s%s %s' % (self.topic, ' (retained)' if self.retain else '', self.payload)


class Subscriber:
    """Hears everything on the broker from the moment it returns from its construction; with `keep` also
    what was sent while the broker was away from it (a session that outlives the connection)."""

    def __init__(self, port, topics=('#',), keep=False, login=None):
        self.messages, self.changed, self.times = [], threading.Condition(), {}
        self.subscribed, self.topics, self.login = threading.Event(), topics, login
        self.client = paho.Client(client_id='test-%d-%d' % (os.getpid(), id(self)), protocol=paho.MQTTv5)
        self.client.on_connect = lambda c, *_: c.subscribe([(t, paho.SubscribeOptions(qos=1)) for t in topics])
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(0.05, 0.2)
        if login:
            self.client.username_pw_set(*login)
        properties = paho.Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if keep else 0
        self.client.connect('127.0.0.1', port, properties=properties)
        self.client.loop_start()
        if not self.subscribed.wait(DEADLINE):
            raise Timeout('the subscriber got no SUBACK')

    def _on_message(self, client, userdata, message):
        with self.changed:
            self.messages.append(Message(message))
            if message.topic.endswith('/event') and '/user/' in message.topic:
                self.times.setdefault(self.messages[-1].json['id'], time.monotonic())
            self.changed.notify_all()

    def find(self, topic, where=lambda m: True, start=0):
        return [m for m in self.messages[start:] if re.fullmatch(topic, m.topic) and where(m)]

    def wait(self, topic, where=lambda m: True, count=1, start=0, deadline=DEADLINE):
        """The count-th message whose topic matches the regular expression and that `where` accepts."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                found = self.find(topic, where, start)
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout('%d of %d messages on %s; heard:\n%s' %
                                  (len(found), count, topic, '\n'.join(map(repr, self.messages[-30:]))))
                self.changed.wait(left)

    def here(self):
        with self.changed:
            return len(self.messages)

    def publish(self, topic, payload, retain=False, **properties):
        props = None
        if properties:
            props = paho.Properties(PacketTypes.PUBLISH)
            for name, value in properties.items():
                setattr(props, name, value)
        self.client.publish(topic, payload, qos=1, retain=retain, properties=props).wait_for_publish(DEADLINE)

    def retained(self):
        """{topic: payload} as a new subscriber gets them: up to a marker published behind them."""
        late = Subscriber(self.client._port, ('#',), login=self.login)
        marker = 'test/marker/%d' % id(late)
        late.publish(marker, 'x')
        late.wait(re.escape(marker))
        late.stop()
        return {m.topic: m.payload for m in late.messages if m.retain}

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class Cuffs(Process):
    """The virtual cuffs: commands in, log lines out."""

    def __init__(self, argv, env):
        super().__init__(argv, env={**os.environ, **env})
        self.out.catch_up = self.catch_up

    def catch_up(self):
        """They log before they answer whoever asked; so what others have heard of is behind this answer."""
        try:
            if self.alive():
                self.out.wait(r'^done here$', self.send('here'))
        except BrokenPipeError:
            pass

    def send(self, command):
        start = self.out.here()
        self.process.stdin.write(command + '\n')
        self.process.stdin.flush()
        return start

    def do(self, command):
        start = self.send(command)
        self.out.wait(r'^(done|error) %s\b' % re.escape(command.split()[0]), start)
        if self.out.match.group(1) == 'error':
            raise AssertionError('%s: %s' % (command, self.out.match.string))
        return start

    def wait(self, pattern, start=0, deadline=DEADLINE):
        return self.out.wait(pattern, start, deadline)


class Service(Process):
    """cuff2mqtt run; returns when it said READY=1. `config` None: without a file."""

    def __init__(self, world, config='', env=None, wait_ready=True, arguments=()):
        self.directory = world.directory
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(world.directory, 'notify-%d' % id(self))
        self.notify.bind(path)
        self.notices, self.told = [], threading.Condition()
        threading.Thread(target=self._read_notify, daemon=True).start()
        self.config = os.path.join(world.directory, 'cuff2mqtt.conf')
        with open(self.config, 'w') as f:
            f.write(config or '')
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('CUFF2MQTT', 'JOURNAL', 'INVOCATION'))}
        environment.update({'DBUS_SYSTEM_BUS_ADDRESS': world.bus.address, 'NOTIFY_SOCKET': path, 'TZ': 'Europe/Berlin',
                            'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0', **(env or {})})
        began = time.monotonic()
        if config is not None:
            arguments = ('--config', self.config, *arguments)
        super().__init__([SERVICE, 'run', *arguments], env=environment)
        if wait_ready:
            self.wait_notify('READY=1')
            self.ready_after = time.monotonic() - began

    def _read_notify(self):
        while True:
            try:
                text = self.notify.recv(4096).decode()
            except OSError:
                return
            if not text:  # shut down by stop()
                return
            with self.told:
                self.notices.append(text)
                self.told.notify_all()

    def wait_notify(self, word, deadline=DEADLINE):
        """Until the service told systemd so; the first such notice."""
        end = time.monotonic() + deadline
        with self.told:
            while not any(word in notice for notice in self.notices):
                if not self.alive() or time.monotonic() > end:
                    raise Timeout('no %s; the service said:\n%s' % (word, '\n'.join(self.err.lines[-40:])))
                self.told.wait(0.2)
            return next(notice for notice in self.notices if word in notice)

    def stop(self, how=signal.SIGTERM, deadline=DEADLINE):
        code = super().stop(how, deadline)
        try:
            self.notify.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.notify.close()
        return code


def add_measurements(db, n, difference):
    """n rows like the newest, behind it, with an id and difference(1.., newest) of their own; yields each one's arrival."""
    cursor = db.execute('SELECT * FROM measurement ORDER BY arrival DESC LIMIT 1')
    newest = dict(zip((c[0] for c in cursor.description), cursor.fetchone()))
    for i in range(1, n + 1):
        row = {**newest, 'arrival': newest['arrival'] + i, 'id': '%016x' % (time.monotonic_ns() + i), **difference(i, newest)}
        db.execute('INSERT INTO measurement (%s) VALUES (%s)' % (','.join(row), ','.join('?' * len(row))), [*row.values()])
        yield row['arrival']


def add_years(path, n):
    """The database of a house that has measured for years: n measurements before the first, told long ago."""
    db = sqlite3.connect(path, timeout=30)

    def before(i, newest):
        return {field: newest[field] - i * 12 * 3600 for field in ('measured_at', 'taken_seconds', 'received_at')}

    with db:
        for _ in add_measurements(db, n, before):
            pass
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()


class World:
    """with World() as w: w.fake.do(..); w.service(); w.pair(..); w.verify()"""

    TIMING = FAST

    transactions = itertools.count(1)  # each its own: the same one again is a repeat, which is not done twice

    def __init__(self, cuffs=('cuff 28:FF:B2:05:91:B5 name=BLESmart_0000025828FFB20591B5 omron=yes users=2',),
                 config='', broker_extra='', broker_port=None, log_level='debug', policy='', env=None, use_proxy=True, login=None):
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.extra_config, self.services, self.env = config, [], env
        self.cuffs = [cuff.split()[1] for cuff in cuffs]  # their addresses
        self.bus = self.broker = self.fake = self.subscriber = self.proxy = None
        self.running, self.log_level, self.mqtt_version = None, log_level, 'auto'
        self.allowed_duplicates = 0
        try:
            self.bus = self.start_bus(policy)
            self.broker = Broker(self.directory, port=broker_port, extra=broker_extra)
            self.proxy = Proxy(self.broker.port) if use_proxy else None
            self.fake = self.start_cuffs(env or {'TZ': 'Europe/Berlin'})
            for cuff in cuffs:
                self.fake.do(cuff)
            self.subscriber = Subscriber(self.broker.port, keep=True, login=login)
        except BaseException:
            self.close()
            raise

    def start_bus(self, policy):
        return Bus(self.directory, policy)

    def start_cuffs(self, env):
        """The cuffs and the bluetoothd that hears them: here one program plays both."""
        return Cuffs([VIRTUAL_CUFF, '--address', self.bus.address], env)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    @property
    def url(self):
        return 'mqtt://127.0.0.1:%d' % (self.proxy.port if self.proxy else self.broker.port)

    @property
    def state_directory(self):
        return os.path.join(self.directory, 'state')

    @property
    def database(self):
        return os.path.join(self.state_directory, 'cuff2mqtt.db')

    def config(self):
        return ('state_directory = "%s";\nlog_level = "%s";\nsystem_clock = "trusted";\n'
                'mqtt: { url = "%s"; version = "%s"; backoff_min = 0.1; backoff_max = 0.5; };\n'
                'homeassistant: { birth_delay_min = 0.05; birth_delay_max = 0.1; };\n%s%s' %
                (self.state_directory, self.log_level, self.url, self.mqtt_version, self.TIMING if 'timing' not in self.extra_config else '', self.extra_config))

    def service(self, wait_connected=True, **kwargs):
        start = self.subscriber.here()
        self.running = Service(self, self.config(), env=self.env, **kwargs)
        self.services.append(self.running)
        if wait_connected:
            self.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)
        return self.running

    def request(self, name, payload='{}', **properties):
        """Publishes a request and returns the response's JSON."""
        start = self.subscriber.here()
        self.subscriber.publish('cuff2mqtt/bridge/request/' + name, payload, **properties)
        return self.subscriber.wait('cuff2mqtt/bridge/response/' + re.escape(name), start=start).json

    def event(self, kind, start=0, deadline=DEADLINE):
        return self.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == kind, start=start,
                                    deadline=deadline).json

    def pair(self, address='28:FF:B2:05:91:B5'):
        """Opens the window, holds the cuff's button, waits until bonded and the first session is over."""
        start, log = self.subscriber.here(), self.fake.out.here()
        answer = self.request('pairing', '{"active": true, "transaction": "pair %d"}' % next(self.transactions))
        assert answer['status'] == 'ok', answer
        self.fake.do('pairing-mode %s on' % address)
        event = self.event('device_paired', start)
        self.fake.wait(r'disconnect %s' % address, log)
        self.event('sync_finished', start)
        return event

    def measured(self, values, count=1, start=0, user=1):
        """Waits for an event with these values, e.g. '131/84/67'."""
        systolic, diastolic, pulse = map(int, values.split('/'))
        return self.subscriber.wait(
            r'cuff2mqtt/device/\w+/user/\w+/event',
            lambda m: (m.json['systolic'], m.json['diastolic'], m.json['pulse']) == (systolic, diastolic, pulse),
            count=count, start=start).json

    def rows(self, sql='SELECT id, user, systolic, diastolic, pulse FROM measurement ORDER BY arrival'):
        db = sqlite3.connect('file:%s?mode=ro' % self.database, uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def wait_count(self, table, count, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while (found := self.rows('SELECT count(*) FROM ' + table)[0][0]) != count:
            if time.monotonic() > end:
                raise Timeout('%d rows in %s, not %d' % (found, table, count))
            time.sleep(0.02)  # SQLite has no event for another process; polled with a deadline

    def wait_rows(self, count):
        self.wait_count('measurement', count)

    def wait_outbox(self, count):
        self.wait_count('outbox', count)

    def wait_outbox_empty(self, deadline=DEADLINE):
        self.wait_count('outbox', 0, deadline)

    def kill(self):
        """kill -9. A PUBACK may lie unread in the dead service's socket: what stands in its outbox may have
        been told already, and is told again."""
        self.running.stop(signal.SIGKILL)
        self.allowed_duplicates += self.rows('SELECT count(*) FROM outbox')[0][0]

    def restart_broker(self):
        """Another mosquitto on the same port, after the first was stopped."""
        self.broker = Broker(self.directory, port=self.broker.port, extra=self.broker.extra)

    def verify(self, violations=0):
        """What must hold after every story: each committed measurement on the event topic once per id, in
        order; the retained topic is the newest; the cuff saw no breach of etiquette."""
        self.wait_outbox_empty()
        rows = self.rows()
        last = rows[-1][0] if rows else None
        if last:
            self.subscriber.wait(r'cuff2mqtt/device/\w+/user/\w+/event', lambda m: m.json['id'] == last)
        events = [m.json for m in self.subscriber.find(r'cuff2mqtt/device/\w+/user/\w+/event')]
        seen, once = set(), []
        for event in events:
            if event['id'] not in seen:
                once.append(event['id'])
            seen.add(event['id'])
        assert once == [row[0] for row in rows], 'events %r, database %r' % (once, rows)
        assert len(events) - len(once) <= self.allowed_duplicates, 'doubled events: %r' % events
        self.verify_retained()
        found = self.fake.out.count(r'^log \S+ violation')
        assert found <= violations, [line for line in self.fake.out.lines if ' violation' in line]

    def verify_retained(self):
        newest = self.rows('SELECT cuff, user, id, max(measured_at * 1000000 + arrival) FROM measurement '
                           'GROUP BY cuff, user') if self.rows() else []
        wanted = {'cuff2mqtt/device/%s/user/%s/measurement' % (cuff.replace(':', '').lower(), 'unknown' if user == 255 else user):
                  identity for cuff, user, identity, _ in newest}
        for topic, identity in wanted.items():
            self.subscriber.wait(topic, lambda m, i=identity: m.payload and m.json['id'] == i)
        retained = self.subscriber.retained()
        for topic, identity in wanted.items():
            assert json.loads(retained[topic])['id'] == identity, (topic, identity, retained[topic])

    def ping(self):
        """Seconds that a message takes to the broker and back."""
        topic, begin = 'test/ping/%d' % time.monotonic_ns(), time.monotonic()
        self.subscriber.publish(topic, 'x')
        self.subscriber.wait(topic)
        return time.monotonic() - begin

    def fill_outbox(self, n):
        """n more measurements like the newest, waiting for the broker; the service must not run."""
        db = sqlite3.connect(self.database)
        with db:
            for arrival in add_measurements(db, n, lambda i, newest: {'measured_at': newest['measured_at'] + i}):
                db.execute('INSERT INTO outbox (measurement) VALUES (?)', (arrival,))
        db.close()

    def close(self):
        problems = []
        for service in self.services:
            service.stop(signal.SIGKILL)
            text = '\n'.join(service.err.lines)
            if 'AddressSanitizer' in text or 'runtime error' in text or 'LeakSanitizer' in text:
                problems.append(text)
        if self.subscriber:
            self.subscriber.stop()
        for one in (self.fake, self.proxy, self.broker, self.bus):
            if one:
                one.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not problems, problems[0][-6000:]


CUFF = '28:FF:B2:05:91:B5'


class Story(unittest.TestCase):
    """A test in a world of its own; what was said is kept for reading where CUFF2MQTT_TEST_LOGS says."""

    def world(self, *commands, bonded=True, service=True, **options):
        """The service runs and the kernel waits for the bonded cuff; nobody has pressed a button yet."""
        w = World(**options)
        self.addCleanup(w.close)
        self.addCleanup(self.keep_logs, w)
        for command in ('time-scale 20', *(['bonded ' + CUFF] if bonded else []), *commands):
            w.fake.do(command)
        if service:
            w.service()
            if bonded and 'discovery' not in w.extra_config:
                w.fake.wait('armed ' + CUFF)
        return w

    def keep_logs(self, w):
        directory = os.environ.get('CUFF2MQTT_TEST_LOGS')
        if not directory:
            return
        for name, lines in (('fake', w.fake.out.lines), ('mqtt', map(repr, w.subscriber.messages)),
                            *(('service%d' % i, s.err.lines) for i, s in enumerate(w.services))):
            with open(os.path.join(directory, '%s.%s' % (self.id(), name)), 'w') as f:
                f.write('\n'.join(lines) + '\n')

    def state(self, w, where, start=0, cuff=CUFF):
        """The first state of the cuff's topic that `where` accepts."""
        topic = 'cuff2mqtt/device/%s/state' % cuff.replace(':', '').lower()
        return w.subscriber.wait(topic, lambda m: where(m.json), start=start).json

    def health(self, w, where, start=0):
        return w.subscriber.wait('cuff2mqtt/bridge/health', lambda m: where(m.json), start=start).json

    def show(self, w, cuff=CUFF):
        """What the cuff and bluetoothd know of each other now."""
        start = w.fake.do('show ' + cuff)
        w.fake.wait('^state ' + cuff, start)
        return dict(word.split('=') for word in w.fake.out.match.string.split()[2:])

    def measure(self, w, values, command='measure', cuff=CUFF):
        """One whole session: the measurement arrives, the service says that it is done, the cuff is paused."""
        start, log = w.subscriber.here(), w.fake.out.here()
        w.fake.do('%s %s %s' % (command, cuff, values))
        event = w.measured(values, start=start)
        w.event('sync_finished', start)
        w.fake.wait('call Disconnect path=.*' + cuff.replace(':', '_'), log)
        return event
