"""`cuff2mqtt doctor` and the broker: each thing that can be wrong with it has its own words and its remedy;
the broker is left as it was, and none keeps the doctor longer than a few seconds."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import certificates
from doctor_look import look, run_doctor
from harness import Broker, Subscriber, free_port, packets

VERSIONS = ('5', '3.1.1')
GUEST = r'New client connected from \S+ as (cuff2mqtt-doctor-[0-9a-f]{6}) \(p%s, c1, k60'


class Misbehaving:
    """A broker that does as told: `silent`, hangs up, is old, refuses, forgets."""

    def __init__(self, silent=False, no_suback=False, only_3_1_1=False, refuse=(), hang_up_on_publish=False,
                 echo_from=1):
        self.silent, self.no_suback, self.only_3_1_1, self.refuse = silent, no_suback, only_3_1_1, refuse
        self.hang_up_on_publish, self.echo_from = hang_up_on_publish, echo_from
        self.published = 0
        self.connects = []
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.clients = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        v5 = False
        try:
            for head, body in packets(client.makefile('rb')):
                if self.silent:
                    continue
                kind = head[0] >> 4
                if kind == 1:
                    self.connects.append(body)
                    v5 = body[6] == 5
                    if v5 and self.only_3_1_1:
                        client.sendall(b'\x20\x03\x00\x84\x00')
                        client.close()
                        return
                    client.sendall(b'\x20\x03\x00\x00\x00' if v5 else b'\x20\x02\x00\x00')
                elif kind == 8 and not self.no_suback:
                    self._subscribe(client, body, v5)
                elif kind == 3:
                    if self.hang_up_on_publish:
                        client.close()
                        return
                    self._publish(client, body, v5)
        except (OSError, IndexError):
            pass

    def _subscribe(self, client, body, v5):
        codes, at = b'', 3 if v5 else 2
        while at < len(body):
            n = int.from_bytes(body[at:at + 2], 'big')
            topic = body[at + 2:at + 2 + n].decode()
            codes += bytes([(0x87 if v5 else 0x80) if any(re.fullmatch(r, topic) for r in self.refuse) else 1])
            at += 3 + n
        answer = body[:2] + (b'\x00' if v5 else b'') + codes
        client.sendall(bytes([0x90, len(answer)]) + answer)

    def _publish(self, client, body, v5):
        n = 2 + int.from_bytes(body[:2], 'big')
        client.sendall(b'\x40\x02' + body[n:n + 2])
        if b'/doctor/' not in body[:n]:
            return
        self.published += b'/bridge/doctor/' in body[:n]
        if self.published >= self.echo_from:
            back = body[:n] + body[n + 2:]
            client.sendall(bytes([0x30, len(back)]) + back)

    def stop(self):
        self.server.close()
        for client in self.clients:
            client.close()


class Examination(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)

    def broker(self, extra=''):
        broker = Broker(self.directory, extra=extra)
        self.addCleanup(broker.stop)
        return broker

    def misbehaving(self, **how):
        broker = Misbehaving(**how)
        self.addCleanup(broker.stop)
        return broker

    def subscriber(self, broker, **options):
        subscriber = Subscriber(broker.port, **options)
        self.addCleanup(subscriber.stop)
        return subscriber

    def path(self, name, text=None):
        path = os.path.join(self.directory, name)
        if text is not None:
            with open(path, 'w') as f:
                f.write(text)
            os.chmod(path, 0o644)
        return path

    def environment(self, where, version='auto', **more):
        """`where`: a broker, or the option itself."""
        url = where if isinstance(where, str) else 'mqtt://127.0.0.1:%d' % where.port
        return {'CUFF2MQTT_MQTT_URL': url, 'CUFF2MQTT_MQTT_VERSION': version,
                **{'CUFF2MQTT_' + k.upper(): v for k, v in more.items()}}

    def look(self, where, version='auto', **more):
        return look(self.directory, env=self.environment(where, version, **more))

    def found(self, check, status, text, remedy=None):
        self.assertEqual(check['status'], status, check)
        self.assertRegex(check['text'], text)
        if remedy is None:
            self.assertIsNone(check['remedy'], check)
        else:
            self.assertRegex(check['remedy'], remedy)


class TestGood(Examination):
    def test_a_guest_that_leaves_nothing(self):
        """A name of its own each time, no will, a session that ends with the connection, nothing retained."""
        broker = self.broker()
        subscriber = self.subscriber(broker)
        for version, p in zip(VERSIONS, (5, 2)):
            start = broker.err.here()
            found = self.look(broker, version)
            self.found(found['broker'], 'ok', r'^mqtt://127\.0\.0\.1:%d lets us in with MQTT %s$' % (broker.port, version))
            self.found(found['topics'], 'ok', '^we may publish and subscribe below cuff2mqtt/; no gateway has been')
            broker.err.wait(GUEST % p, start)
            name = broker.err.match.group(1)
            broker.err.wait('^[0-9]+: No will message specified', start)
            broker.err.wait('Received DISCONNECT from ' + name, start)
        self.assertEqual(broker.err.count('Sending CONNACK to cuff2mqtt-doctor-'), 2)
        self.assertEqual(len(set(re.findall(r'as (cuff2mqtt-doctor-\w+)', '\n'.join(broker.err.lines)))), 2)
        heard = subscriber.messages[:]
        self.assertEqual(subscriber.retained(), {})
        self.assertEqual(len(heard), 6)
        for message in heard:
            self.assertRegex(message.topic, r'^(cuff2mqtt/(bridge|device)/doctor/\w+|homeassistant/device/cuff2mqtt_doctor_\w+/doctor)$')

    def test_what_the_gateway_says(self):
        """Its retained state is told, online or offline."""
        broker = self.broker()
        subscriber = self.subscriber(broker)
        for version in VERSIONS:
            for word in ('online', 'offline'):
                subscriber.publish('cuff2mqtt/bridge/state', word, retain=True)
                self.found(self.look(broker, version)['topics'], 'ok', '; the gateway says %s$' % word)

    def test_user_and_password(self):
        """As configured."""
        broker = self.locked()
        for version in VERSIONS:
            found = self.look(broker, version, mqtt_user='alice', mqtt_password='s3cr3t-w0rd')
            self.found(found['broker'], 'ok', '^mqtt://127.* lets us in')

    def locked(self):
        passwords = self.path('passwords')
        subprocess.run(['mosquitto_passwd', '-b', '-c', passwords, 'alice', 's3cr3t-w0rd'], check=True,
                       capture_output=True)
        os.chmod(passwords, 0o644)
        return self.broker('allow_anonymous false\npassword_file %s\n' % passwords)

    def test_no_user_where_one_is_wanted(self):
        """The options that give it are named; what comes behind the broker is not looked at."""
        broker = self.locked()
        for version in VERSIONS:
            found = self.look(broker, version)
            self.found(found['broker'], 'problem', 'wants a user and a password', r'^Set mqtt\.user and mqtt\.password_file\.')
            for slug in ('topics', 'discovery'):
                self.found(found[slug], 'skipped', 'no broker to ask', '^First the broker')

    def test_a_wrong_password(self):
        """The user is named, the password never; in a report neither is."""
        broker = self.locked()
        for version in VERSIONS:
            env = self.environment(broker, version, mqtt_user='alice', mqtt_password='wr0ng-w0rd')
            found = look(self.directory, env=env)
            self.found(found['broker'], 'problem', 'refuses user "alice" or the password',
                       r'^Check mqtt\.user and mqtt\.password_file, and the broker')
            report, code = run_doctor(self.directory, '--report', env=env)
            self.assertIn('broker 1 refuses user (user) or the password', report)
            for word in ('alice', 'wr0ng', '127.0.0.1'):
                self.assertNotIn(word, report)
            self.assertNotEqual(code, 0)

    def test_among_very_many_retained_messages(self):
        """More than the client holds at once: ours comes back all the same."""
        broker = self.broker('max_queued_messages 0\n')
        subscriber = self.subscriber(broker, topics=('nothing',))
        for i in range(1500):
            subscriber.client.publish('homeassistant/sensor/lamp%d/config' % i, 'x' * 500, qos=0, retain=True)
        subscriber.publish('homeassistant/sensor/last/config', 'x', retain=True)
        for version in VERSIONS:
            found = self.look(broker, version)
            self.found(found['topics'], 'ok', '.')
            self.found(found['discovery'], 'ok', 'uses the prefix homeassistant')

    def test_no_session_is_left_behind(self):
        """MQTT 5: none is kept for later (session expiry 0); 3.1.1: a clean session."""
        broker = self.misbehaving()
        for version in VERSIONS:
            self.found(self.look(broker, version)['topics'], 'ok', '.')
        self.assertEqual([connect[7] & 2 for connect in broker.connects], [2, 2])
        n = broker.connects[0][10]
        self.assertIn(broker.connects[0][11:11 + n], (b'', b'\x11\0\0\0\0'))

    def test_a_message_that_was_lost_is_sent_again(self):
        """What comes back is the second."""
        broker = self.misbehaving(echo_from=2)
        self.found(self.look(broker)['topics'], 'ok', '.')
        self.assertGreaterEqual(broker.published, 2)


class TestNotReached(Examination):
    def test_no_broker(self):
        """Nobody listens on the port."""
        found = self.look('mqtt://127.0.0.1:%d' % free_port())
        self.found(found['broker'], 'problem', 'refuses the connection$', r'^Is the broker running, on this port\?$')
        self.found(found['topics'], 'skipped', 'no broker to ask', 'First the broker')

    def test_a_host_that_does_not_exist(self):
        """The name is told; in a report it is not."""
        env = self.environment('mqtt://no-such-broker.invalid')
        self.found(look(self.directory, env=env)['broker'], 'problem', 'no host "no-such-broker.invalid"',
                   r'^Check mqtt\.url and the name server\.$')
        report, _ = run_doctor(self.directory, '--report', env=env)
        self.assertIn('broker 1 cannot be reached', report)
        self.assertNotIn('no-such-broker', report)

    def test_one_that_takes_the_connection_and_is_silent(self):
        """No MQTT broker at all: it is not waited for longer than for any other."""
        self.found(self.look(self.misbehaving(silent=True))['broker'], 'problem', 'does not answer within 6 s$',
                   r'^Is there an MQTT broker, ')

    def test_one_that_never_answers_a_subscription(self):
        """It lets us in and then sleeps."""
        for version in VERSIONS:
            self.found(self.look(self.misbehaving(no_suback=True), version)['broker'], 'problem',
                       'does not answer', '^Is there an MQTT broker')

    def test_a_broker_without_mqtt_5(self):
        """With auto it is asked again; told to use MQTT 5 only, the option is named."""
        broker = self.misbehaving(only_3_1_1=True)
        self.found(self.look(broker)['broker'], 'ok', 'with MQTT 3.1.1$')
        self.found(self.look(broker, '5')['broker'], 'problem', 'does not speak MQTT 5$', r'^Set mqtt\.version to "auto"')

    def test_the_second_of_two(self):
        """The first is dead, or silent: the second lets us in, and the first is told."""
        broker = self.broker()
        dead, silent = 'mqtt://127.0.0.1:%d' % free_port(), self.misbehaving(silent=True)
        found = self.look('%s mqtt://127.0.0.1:%d' % (dead, broker.port))
        self.found(found['broker'], 'warning', '^mqtt://127.0.0.1:%d lets us in with MQTT 5, but %s refuses the' %
                   (broker.port, dead), '^Is the broker running')
        self.found(found['topics'], 'ok', '.')
        found = self.look('mqtt://127.0.0.1:%d mqtt://127.0.0.1:%d' % (silent.port, broker.port))
        self.found(found['broker'], 'warning', '^mqtt://127.0.0.1:%d lets us in .*, but \\S+ does not answer$' % broker.port, '.')
        report, _ = run_doctor(self.directory, '--report',
                               env=self.environment('%s mqtt://127.0.0.1:%d' % (dead, broker.port)))
        self.assertIn('broker 2 lets us in with MQTT 5, but broker 1 refuses the connection', report)

    def test_none_of_several(self):
        """Each is told."""
        dead = ['mqtt://127.0.0.1:%d' % free_port() for _ in range(3)]
        found = self.look(' '.join(dead))['broker']
        self.found(found, 'problem', '; '.join('%s refuses the connection' % url for url in dead), '.')
        self.assertEqual(found['remedy'].count('Is the broker running'), 1)


class TestAllowed(Examination):
    """The access list is at fault; with what the remedy says, all is well."""

    def acl(self, *lines):
        return self.broker('acl_file %s\n' % self.path('acl', ''.join(line + '\n' for line in lines)))

    def heals(self, remedy, version):
        """A broker with what the remedy says."""
        found = self.look(self.acl(*re.findall(r'`(topic [^`]*)`', remedy)), version)
        self.found(found['topics'], 'ok', 'we may publish')

    def test_all_is_forbidden(self):
        """Neither to write nor to read."""
        for version, text in zip(VERSIONS, ('refuses a message', 'does not come back within 3 s')):
            found = self.look(self.acl('topic readwrite other/#'), version)
            self.found(found['broker'], 'ok', '.')
            self.found(found['topics'], 'problem', text,
                       r'`topic readwrite cuff2mqtt/#`, `topic write homeassistant/#`, `topic read homeassistant/status`')
            self.heals(found['topics']['remedy'], version)

    def test_writing_is_forbidden(self):
        """MQTT 5 says so; with 3.1.1 only silence tells."""
        for version, text in zip(VERSIONS, (r'refuses a message \(code 0x87\) below cuff2mqtt/bridge/$', 'does not come back .* write there, or not read$')):
            self.found(self.look(self.acl('topic read cuff2mqtt/#', 'topic write homeassistant/#'), version)['topics'],
                       'problem', text, 'readwrite cuff2mqtt/#')

    def test_reading_is_forbidden(self):
        """MQTT 5 acknowledges the message, which does not come back."""
        for version, status, text in zip(VERSIONS, ('warning', 'problem'), (
                'takes what we publish and does not let us read cuff2mqtt/bridge/; that is enough if .* cuff2mqtt/bridge/request/#$',
                'below cuff2mqtt/bridge/ does not come back')):
            found = self.look(self.acl('topic write cuff2mqtt/#', 'topic write homeassistant/#'), version)
            self.found(found['topics'], status, text, 'readwrite cuff2mqtt/#')

    def test_the_topics_of_cuffs_are_forbidden(self):
        """Those of the gateway are not: it says that it is online, and no measurement arrives."""
        for version, text in zip(VERSIONS, (r'refuses a message \(code 0x87\) below cuff2mqtt/device/$',
                                            'below cuff2mqtt/device/ does not come back')):
            found = self.look(self.acl('topic readwrite cuff2mqtt/bridge/#', 'topic write homeassistant/#'), version)
            self.found(found['topics'], 'problem', text, 'readwrite cuff2mqtt/#')
            self.heals(found['topics']['remedy'], version)

    def test_no_more_is_allowed_than_is_needed(self):
        """The service writes everywhere and reads below bridge/."""
        found = self.look(self.acl('topic write cuff2mqtt/#', 'topic read cuff2mqtt/bridge/#', 'topic write homeassistant/#'), '5')
        self.found(found['topics'], 'ok', 'we may publish')

    def test_discovery_is_forbidden(self):
        """The gateway works and Home Assistant never hears of it: with MQTT 5 the broker says so."""
        found = self.look(self.acl('topic readwrite cuff2mqtt/#'), '5')
        self.found(found['topics'], 'warning', r'refuses a message \(code 0x87\) below homeassistant/device/: Home Assistant will not',
                   'write homeassistant/#')
        self.heals(found['topics']['remedy'], '5')
        found = self.look(self.acl('topic readwrite cuff2mqtt/#'), '5', homeassistant_discovery='false')
        self.found(found['topics'], 'ok', '.')

    def test_a_subscription_is_refused(self):
        """The filter is named; one that only the doctor wants is none of the service's trouble."""
        for version in VERSIONS:
            found = self.look(self.misbehaving(refuse=['cuff2mqtt/.*', 'homeassistant/.*']), version)
            self.found(found['topics'], 'problem', r'refuses cuff2mqtt/bridge/doctor/\w+ \(code', 'readwrite cuff2mqtt/#')
            found = self.look(self.misbehaving(refuse=[r'cuff2mqtt/bridge/request/#']), version)
            self.found(found['topics'], 'problem', r'refuses cuff2mqtt/bridge/request/# \(code', 'readwrite cuff2mqtt/#')
            found = self.look(self.misbehaving(refuse=['homeassistant/status']), version)
            self.found(found['topics'], 'problem', r'refuses homeassistant/status \(code', 'read homeassistant/status')
            for filters in (r'homeassistant/.*\+/config', r'homeassistant/\+/\+/\+/config'):
                found = self.look(self.misbehaving(refuse=[filters]), version)
                self.found(found['topics'], 'ok', '.')
                self.found(found['discovery'], 'skipped', 'does not let us look below homeassistant/', 'access list')

    def test_a_broker_that_hangs_up_on_whom_it_refuses(self):
        """As some in the cloud do."""
        for version in VERSIONS:
            found = self.look(self.misbehaving(hang_up_on_publish=True), version)
            self.found(found['broker'], 'ok', '.')
            self.found(found['topics'], 'problem', 'hung up when we used our topics', 'readwrite cuff2mqtt/#')

    def test_topics_of_ones_own(self):
        """Are looked at, and named; but not in a report."""
        mine = {'mqtt_base_topic': 'anna/cuff', 'homeassistant_discovery_prefix': 'annas-house'}
        env = self.environment(self.acl('topic readwrite anna/#', 'topic write annas-house/#'), **mine)
        found = look(self.directory, env=env)
        self.found(found['topics'], 'ok', 'below anna/cuff/')
        self.found(found['discovery'], 'warning', 'below annas-house/', r'discovery_prefix \(annas-house\)')
        for env in (env, self.environment(self.acl('topic read x'), **mine),
                    self.environment(self.misbehaving(refuse=['.*/doctor/.*']), **mine),
                    self.environment(self.misbehaving(refuse=['.*/status']), **mine)):
            report, _ = run_doctor(self.directory, '--report', env=env)
            self.assertIn('(base_topic)/', report)
            self.assertNotIn('anna', report)


class TestDiscovery(Examination):
    def discovery(self, messages, **more):
        broker = self.broker()
        subscriber = self.subscriber(broker)
        for topic, payload in messages:
            subscriber.publish(topic, payload, retain=True)
        found = [self.look(broker, version, **more)['discovery'] for version in VERSIONS]
        self.assertEqual(found[0], found[1])
        return found[0]

    def test_home_assistant_left_word(self):
        """Its birth message is retained."""
        self.found(self.discovery([('homeassistant/status', 'online')]), 'ok', '^Home Assistant says online on homeassistant/status$')

    def test_home_assistant_is_off(self):
        """Its will is retained."""
        self.found(self.discovery([('homeassistant/status', 'offline')]), 'warning', 'says offline', '^Start Home Assistant')

    def test_another_program_uses_the_prefix(self):
        """Topics of three levels, and of four."""
        for topic in ('homeassistant/sensor/lamp/config', 'homeassistant/sensor/0x12/lamp/config', 'homeassistant/device/lamp/config'):
            self.found(self.discovery([(topic, '{}')]), 'ok', '^Home Assistant or another program uses the prefix homeassistant$')

    def test_the_gateway_alone(self):
        """What it published itself proves nothing."""
        self.found(self.discovery([('homeassistant/device/cuff2mqtt_0123456789ab/config', '{}')]), 'warning',
                   '^nobody but the gateway is heard below homeassistant/$', 'must be the discovery prefix of Home Assistant')

    def test_another_prefix(self):
        """Home Assistant speaks elsewhere: compare, and what can be known."""
        self.found(self.discovery([('ha/status', 'online')]), 'warning', '^nobody is heard below homeassistant/$',
                   r'homeassistant\.discovery_prefix .* compare them\. It may be right all the same: .* retained, .*`topic read homeassistant/status`\.$')
        self.found(self.discovery([('ha/status', 'online')], homeassistant_discovery_prefix='ha'), 'ok', 'online on ha/status')

    def test_switched_off(self):
        """It is said even if there is no broker."""
        self.found(self.discovery([], homeassistant_discovery='false'), 'ok', r'^off \(homeassistant\.discovery = false\)$')
        found = self.look('mqtt://127.0.0.1:%d' % free_port(), homeassistant_discovery='false')
        self.found(found['discovery'], 'ok', '^off')


class TestTls(Examination):
    @classmethod
    def setUpClass(cls):
        cls.keys = certificates.make(cls)

    def tls(self, host, ca):
        port = free_port()
        self.broker('listener %d 127.0.0.1\ncafile %s/ca.pem\ncertfile %s/broker.pem\nkeyfile %s/broker.key\n' %
                    (port, self.keys, self.keys, self.keys))
        return self.look('mqtts://%s:%d' % (host, port), mqtt_ca_file=os.path.join(self.keys, ca))

    def test_a_private_ca(self):
        """With the CA of the house."""
        self.found(self.tls('localhost', 'ca.pem')['broker'], 'ok', '^mqtts://localhost:')

    def test_an_unknown_ca(self):
        """What signed it is not in the file."""
        self.found(self.tls('localhost', 'other.pem')['broker'], 'problem', 'certificate verify failed',
                   r'^Its certificate is signed by nobody in mqtt\.ca_file')

    def test_another_name(self):
        """The certificate says localhost, the option 127.0.0.1."""
        self.found(self.tls('127.0.0.1', 'ca.pem')['broker'], 'problem', 'certificate is not for the name "127.0.0.1"',
                   'for which name its certificate is')

    def test_tls_where_there_is_none(self):
        """mqtts:// on the port of mqtt://."""
        found = self.look('mqtts://127.0.0.1:%d' % self.broker().port)['broker']
        self.found(found, 'problem', 'mqtts://', '.')


if __name__ == '__main__':
    unittest.main()
