"""The broker's side of the connection: every packet between the service and mosquitto goes through here. So the
driver knows what the broker was told, what it has acknowledged, and which acknowledgements the service cannot have
seen; and it can refuse, cut, stall, slow down, withhold, or answer in the broker's place.

Two doors lead in, as two brokers do that a configuration lists. With `contexts` they speak TLS."""

import collections
import json
import re
import socket
import ssl
import threading
import time

EVENT = re.compile(r'.*/device/\w+/user/(\w+)/event')
NEWEST = re.compile(r'.*/device/\w+/user/(\w+)/measurement')
CONNECT, CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 1, 2, 3, 4, 9, 14


def packets(read):
    """(head, body) of each MQTT packet, until the stream ends."""
    while head := read(1):
        length, shift = 0, 0
        while True:
            head += read(1)
            length |= (head[-1] & 0x7f) << shift
            shift += 7
            if not head[-1] & 0x80:
                break
        yield head, read(length)


class Publication:
    """What a PUBLISH says; QoS 1 has a packet id."""

    def __init__(self, head, body, version):
        end = 2 + int.from_bytes(body[:2], 'big')
        self.topic, self.packet = body[2:end].decode(), None
        if head[0] & 6:
            self.packet, end = body[end:end + 2], end + 2
        if version == 5:
            length, shift = 0, 0
            while True:
                byte, end = body[end], end + 1
                length |= (byte & 0x7f) << shift
                shift += 7
                if not byte & 0x80:
                    break
            end += length
        self.payload = body[end:]

    @property
    def json(self):
        return json.loads(self.payload)


class Door:
    """One port of the two. `shut`: nobody listens; `deaf`: connections are taken, and nothing is read from them."""

    def __init__(self, proxy):
        self.proxy, self.server, self.deaf = proxy, None, False
        self.kept = socket.socket()  # while the door is shut nobody else gets the port
        self.kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.kept.bind(('127.0.0.1', 0))
        self.port = self.kept.getsockname()[1]
        self.open()

    def open(self):
        if self.server:
            return
        self.server = socket.create_server(('127.0.0.1', self.port), reuse_port=True)
        threading.Thread(target=self._accept, args=(self.server,), daemon=True).start()

    def shut(self):
        server, self.server = self.server, None
        if server:
            server.shutdown(socket.SHUT_RDWR)
            server.close()

    def _accept(self, server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self.proxy.serve, args=(self, client), daemon=True).start()


class Link:
    """One connection of the service."""

    def __init__(self, client, broker, door):
        self.client, self.broker, self.door = client, broker, door
        self.version, self.is_cut, self.is_up = 5, False, False
        self.flying = {}  # packet id: id of the measurement that the broker may have, and the service cannot know of
        self.newest = {}  # packet id: (user, id) on a retained topic, or ('state', what bridge/state says)
        self.answered = collections.deque(maxlen=16)  # ids of the last PUBACKs that went through: a window full


class Proxy:
    def __init__(self, port, timeline, contexts=None):
        self.target, self.timeline, self.contexts = port, timeline, contexts
        self.certificate = 'good'
        self.lock = threading.Condition(threading.RLock())
        self.links = []
        # what is wrong with the broker
        self.withholds = self.stalls = self.refuses_5 = self.refuses_login = self.quota = False
        self.pause = 0.0
        self.refuses_puback = 0  # so many PUBLISHs are answered with "quota exceeded", and not passed on
        self.forgetful = False   # the service has no memory: it may close a link with PUBACKs that it could not take in
        self.held = []   # PUBACKs that are withheld: (link, packet)
        # what is known
        self.told = {}   # id: payload, of measurements on the event topic that the broker has acknowledged
        self.published = collections.Counter()  # id: how often it went on to the broker
        self.unsure = collections.Counter()     # id: how often nobody could tell the service that it had arrived
        self.acknowledged = set()               # ids whose PUBACK went to the service that runs now
        self.newest = {}                        # user: id that is retained at this broker; 'state': online
        # a moment that somebody waits for: (kind, number); the packet stays where it is until go()
        self.stop_at, self.stopped, self.gone_on = None, False, threading.Event()
        self.doors = (Door(self), Door(self))

    # --- moments ---

    def stop_before(self, kind, number):
        with self.lock:
            self.gone_on.clear()
            self.stopped, self.stop_at = False, [kind, number]

    def go(self):
        with self.lock:
            self.stop_at = None
            self.gone_on.set()

    def _moment(self, kind, identity):
        """Called without the lock."""
        with self.lock:
            if not self.stop_at or self.stop_at[0] != kind:
                return
            self.stop_at[1] -= 1
            if self.stop_at[1] > 0:
                return
            self.stop_at, self.stopped = None, True
        self.timeline.add('broker stopped before %s %s' % (kind, identity))
        self.gone_on.wait(20)

    # --- connections ---

    def serve(self, door, client):
        try:
            if self.contexts:
                client.settimeout(10)  # of a handshake that nobody goes on with
                client = self.contexts[self.certificate].wrap_socket(client, server_side=True)
                client.settimeout(None)
            broker = socket.create_connection(('127.0.0.1', self.target))
        except (OSError, ssl.SSLError) as e:
            self.timeline.add('broker no link: %s' % e)
            client.close()
            return
        link = Link(client, broker, door)
        with self.lock:
            self.links.append(link)
        threading.Thread(target=self._answer, args=(link,), daemon=True).start()
        self._forward(link)

    def _wait_while_stalled(self, link):
        with self.lock:
            while (self.stalls or link.door.deaf) and not link.is_cut:
                self.lock.wait(1)
        if self.pause:
            time.sleep(self.pause)  # the network's speed: not a wait for anything

    def _forward(self, link):
        """After a cut it reads on and forwards nothing: a close with unread bytes would be a reset, which may take
        PUBACKs away from the service that have gone through already."""
        try:
            for head, body in packets(link.client.makefile('rb').read):
                self._wait_while_stalled(link)
                if head[0] >> 4 == PUBLISH:
                    self._publish(link, head, body)
                elif head[0] >> 4 == CONNECT:
                    self._connect(link, head, body)
                else:
                    with self.lock:
                        if head[0] >> 4 == DISCONNECT:
                            self._hangs_up(link)
                        if not link.is_cut:
                            link.broker.sendall(head + body)
        except (OSError, IndexError, ValueError):
            pass
        with self.lock:
            self._hangs_up(link)
        self.cut(link)
        link.client.close()

    def _to_service(self, link, packet):
        try:
            link.client.sendall(packet)
        except OSError:
            self._hangs_up(link)
            raise

    def _hangs_up(self, link):
        """The service, and nobody else."""
        if self.forgetful and not link.is_cut:
            self.unsure.update(set(link.answered))
            link.answered.clear()

    def _connect(self, link, head, body):
        link.version = 5 if body[6] == 5 else 4
        self.timeline.add('broker CONNECT version=%d door=%d' % (link.version, self.doors.index(link.door)))
        with self.lock:
            if self.refuses_5 and link.version == 5:
                answer = bytes((CONNACK << 4, 2, 0, 1))  # as a broker that knows only 3.1.1
            elif self.refuses_login:
                answer = bytes((CONNACK << 4, 3, 0, 0x86, 0)) if link.version == 5 else bytes((CONNACK << 4, 2, 0, 4))
            elif self.quota:
                answer = bytes((CONNACK << 4, 3, 0, 0x97, 0)) if link.version == 5 else bytes((CONNACK << 4, 2, 0, 3))
            else:
                link.broker.sendall(head + body)
                return
            link.client.sendall(answer)
        self.cut(link)

    def _publish(self, link, head, body):
        publication = Publication(head, body, link.version)
        event, newest = EVENT.fullmatch(publication.topic), NEWEST.fullmatch(publication.topic)
        identity = publication.json['id'] if (event or newest) and publication.payload else None
        state = publication.topic.endswith('/bridge/state')
        if event:
            self._moment('publish', identity)
        with self.lock:
            if link.is_cut:
                return
            if event and self.refuses_puback and link.version == 5:
                self.refuses_puback -= 1
                self.timeline.add('broker refuses %s' % identity)
                link.client.sendall(bytes((PUBACK << 4, 4)) + publication.packet + bytes((0x97, 0)))
                return
            if event:
                self.timeline.add('broker PUBLISH %s %s' % (identity, publication.topic))
                self.published[identity] += 1
                link.flying[publication.packet] = identity, publication
            elif newest and identity:
                link.newest[publication.packet] = newest[1], identity
            elif state:
                link.newest[publication.packet] = 'state', publication.payload.decode()
            link.broker.sendall(head + body)

    def _answer(self, link):
        try:
            for head, body in packets(link.broker.makefile('rb').read):
                if head[0] >> 4 == PUBACK:
                    self._puback(link, head, body)
                    continue
                with self.lock:
                    if link.is_cut:
                        break
                    if head[0] >> 4 == SUBACK:
                        link.is_up = True
                        self.timeline.add('broker link up')
                    self._to_service(link, head + body)
        except (OSError, IndexError, ValueError):
            pass
        self.cut(link)

    def _puback(self, link, head, body):
        packet = body[:2]
        with self.lock:
            identity, publication = link.flying.get(packet, (None, None))
            if identity:  # the broker has it, whatever the service hears
                self.told[identity] = publication.json
                self.timeline.add('broker has %s' % identity)
            if packet in link.newest:
                user, newest = link.newest.pop(packet)
                self.newest[user] = newest
                self.timeline.add('broker retains %s %s' % (user, newest))
        if identity:
            self._moment('PUBACK', identity)
        with self.lock:
            if link.is_cut:
                return
            if identity and self.withholds:
                self.held.append((link, head + body))
                self.timeline.add('broker withholds %s' % identity)
                return
            self._acknowledge(link, head + body)

    def _acknowledge(self, link, packet):
        self._to_service(link, packet)  # fails if the service is dead: then it flies on, and is unsure
        identity, _ = link.flying.pop(packet[2:4], (None, None))
        if identity:
            self.acknowledged.add(identity)
            link.answered.append(identity)
            self.timeline.add('broker PUBACK %s' % identity)

    def cut(self, link):
        with self.lock:
            if link.is_cut:
                return
            link.is_cut, link.is_up = True, False
            self.newest.pop('state', None)  # or the will says so
            ids = [identity for identity, _ in link.flying.values()]
            self.unsure.update(ids)
            self.links.remove(link)
            self.lock.notify_all()
        self.timeline.add('broker link ends%s' % ''.join(' %s?' % i for i in ids))
        for s in (link.broker, link.client):
            try:
                s.shutdown(socket.SHUT_WR if s is link.client else socket.SHUT_RDWR)
            except OSError:
                pass
        link.broker.close()

    # --- what the driver does ---

    @property
    def is_up(self):
        return any(link.is_up for link in list(self.links))

    def cut_all(self):
        for link in list(self.links):
            self.cut(link)

    def shut(self):
        for door in self.doors:
            door.shut()
        self.cut_all()

    def open(self):
        for door in self.doors:
            door.open()

    def disconnect(self, reason):
        """The broker throws its clients out; 3.1.1 has no word for it. Nothing goes through after that word."""
        with self.lock:
            for link in self.links:
                if link.version == 5 and link.is_up:
                    try:
                        link.client.sendall(bytes((DISCONNECT << 4, 2, reason, 0)))
                        self.timeline.add('broker DISCONNECT %02x' % reason)
                    except OSError:
                        pass
            self.cut_all()

    def release(self):
        """What was withheld goes through late."""
        with self.lock:
            self.withholds = False
            held, self.held = self.held, []
            for link, packet in held:
                if not link.is_cut:
                    try:
                        self._acknowledge(link, packet)
                    except OSError:
                        pass

    def heal(self):
        self.go()
        with self.lock:
            self.stalls = self.refuses_5 = self.refuses_login = self.quota = False
            self.pause, self.refuses_puback, self.certificate = 0.0, 0, 'good'
            for door in self.doors:
                door.deaf = False
            self.lock.notify_all()
        self.release()
        self.open()

    def service_ended(self, outbox):
        """It may have read a PUBACK and not have had the time to say so to its database: what stands in a dead
        service's outbox is told again."""
        self.cut_all()
        with self.lock:
            self.unsure.update(self.acknowledged & set(outbox))
            self.acknowledged = set()

    def forget_retained(self):
        with self.lock:
            self.newest = {}

    def stop(self):
        self.heal()
        self.shut()
        for door in self.doors:
            door.kept.close()
