"""The broker comes and goes, refuses, forgets; each measurement arrives once, oldest first."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import certificates
from harness import CUFF, Story, free_port

TOPIC = 'cuff2mqtt/device/%s/user/1/measurement' % CUFF.replace(':', '').lower()
MANY = ['%d/%d/%d' % (120 + i, 70 + i, 60 + i) for i in range(1, 6)]


WINDOW = 16  # so many are under way at once


def commits(w):
    """Transactions in the log of the database: its frames that end one."""
    with open(os.path.join(w.state_directory, 'cuff2mqtt.db-wal'), 'rb') as f:
        log = f.read()
    page, salt = int.from_bytes(log[8:12], 'big'), log[16:24]
    frames = (log[at:at + 24] for at in range(32, len(log), 24 + page))
    return sum(1 for frame in frames if frame[8:16] == salt and frame[4:8] != bytes(4))


class TestAway(Story):
    def store(self, w, *values):
        """Measured and read while nobody can be told."""
        count = len(w.rows())
        start = w.fake.out.here()
        for one in values[:-1]:
            w.fake.do('measure announce=no ' + one)
        w.fake.do('measure ' + values[-1])
        w.fake.wait(r'disconnect %s by=cuff' % CUFF, start)
        w.wait_rows(count + len(values))

    def test_down_before_the_service_starts(self):
        """Boot after a power cut: cuffs are read before the broker is there, and then all is told."""
        w = self.world(service=False)
        w.proxy.down()
        w.service(wait_connected=False)
        w.running.err.wait('^warning mqtt: .*hung up without an answer')
        w.fake.wait('armed ' + CUFF)
        self.store(w, *MANY)
        self.assertEqual(w.subscriber.find('cuff2mqtt/.*'), [])
        w.proxy.up()
        w.measured(MANY[-1])
        w.verify()

    def test_lost_in_mid_session(self):
        """The broker goes while the cuff is sending: the session ends as if nothing had happened."""
        w = self.world('hold-indications 200 ms')
        for one in MANY[:-1]:
            w.fake.do('measure announce=no ' + one)
        w.fake.do('measure ' + MANY[-1])
        w.measured(MANY[0])
        w.proxy.down()
        w.wait_rows(len(MANY))
        w.fake.wait('disconnect %s by=cuff' % CUFF)
        w.proxy.up()
        w.allowed_duplicates = w.proxy.lost_acks
        w.verify()

    def test_lost_after_a_measurement_was_stored(self):
        """What arrived before is not told again, what arrived without the broker is, with the right backlog."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        w.proxy.down()
        self.store(w, 'at=2026-01-20T07:30:00 132/85/68', '133/86/69')
        w.proxy.up()
        self.assertTrue(w.measured('132/85/68')['backlog'])
        self.assertFalse(w.measured('133/86/69')['backlog'])
        w.verify()
        self.assertEqual(json.loads(w.subscriber.retained()[TOPIC])['systolic'], 133)

    def test_the_broker_itself_is_stopped_and_started(self):
        """mosquitto with persistence is restarted; what was measured meanwhile follows, nothing doubles."""
        w = self.world(broker_extra='persistence true\npersistence_location @DIRECTORY@/\n', use_proxy=False)
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        w.broker.stop()
        self.store(w, '132/85/68')
        w.restart_broker()
        w.measured('132/85/68')
        w.verify()
        self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'online')

    def test_a_broker_without_persistence_gets_everything_retained_again(self):
        """It forgot all topics in its restart: state, discovery and the newest measurement are back."""
        w = self.world(use_proxy=False)
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        before = w.subscriber.retained()
        w.broker.stop()
        start = w.subscriber.here()
        w.restart_broker()
        w.subscriber.wait(TOPIC, start=start)
        after = w.subscriber.retained()
        self.assertEqual(before.keys() - after.keys(), set())
        w.verify_retained()

    def test_a_withheld_puback_means_once_more_on_the_next_connection(self):
        """The row stays in the outbox while the broker says nothing, and is sent again only on a new
        connection; with its PUBACK it is gone."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        w.proxy.withholding = True
        w.fake.do('measure 132/85/68')
        w.measured('132/85/68')
        w.proxy.wait_held(1)
        self.assertEqual(w.rows('SELECT count(*) FROM outbox'), [(1,)])
        w.proxy.withholding = False
        self.measure(w, '133/86/69')
        w.wait_outbox(1)  # the later one was acknowledged
        w.proxy.cut()
        w.measured('132/85/68', count=2)
        self.assertEqual(w.proxy.lost_acks, 1)
        w.allowed_duplicates = 1
        w.verify()
        w.proxy.cut()
        w.subscriber.wait(TOPIC, lambda m: m.json['systolic'] == 133, count=3)
        w.verify()

    def test_what_is_acknowledged_together_leaves_the_outbox_together(self):
        """One transaction and one sync for them, not one for each; as long as the disk takes, more PUBACKs come in."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        w.running.stop()
        w.fill_outbox(WINDOW)
        w.proxy.withholding = True
        w.service()
        w.proxy.wait_held(WINDOW)
        before = commits(w)
        os.kill(w.running.pid, signal.SIGSTOP)
        for _ in range(WINDOW):
            w.proxy.release()
        w.proxy.withholding = False
        os.kill(w.running.pid, signal.SIGCONT)
        w.wait_outbox_empty()
        self.assertIn(commits(w) - before, range(1, WINDOW // 2))

    def test_a_refused_publish_is_offered_again_on_the_same_connection(self):
        """A broker that refuses for a while (MQTT 5: a quota). What is still under way meanwhile is not said twice."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        w.proxy.withholding = True
        self.measure(w, '132/85/68')
        w.proxy.wait_held(1)
        w.proxy.quota = 3  # odd: were the other one said again, it would be heard
        self.measure(w, '133/86/69')  # told at last
        w.running.err.wait('^warning mqtt: .*refuses a message')
        w.proxy.wait_held(2)
        w.proxy.withholding = False
        w.proxy.release()
        w.proxy.release()
        w.verify()
        self.assertEqual(w.running.err.count('refuses a message'), 1)
        self.assertEqual(w.running.err.count('Connected to'), 1)

    def test_cut_ten_times_while_measurements_flow(self):
        """Wi-Fi at its worst: the connection breaks at any moment; all arrive, in order."""
        w = self.world('hold-indications 40 ms')
        values = ['%d/%d/%d' % (110 + i, 60 + i, 50 + i) for i in range(1, 41)]
        for one in values[:-1]:
            w.fake.do('measure announce=no ' + one)
        start = w.fake.do('measure ' + values[-1])
        for i in range(10):
            start = w.fake.wait('confirmed ' + CUFF, start)
            start = w.fake.wait('confirmed ' + CUFF, start)
            w.proxy.cut()
        w.wait_rows(len(values))
        w.wait_outbox_empty()
        w.allowed_duplicates = w.proxy.lost_acks
        w.verify()

    def test_stopped_and_started_between_measurements(self):
        """An update of the service: the first measurement afterwards arrives as those before."""
        w = self.world()
        for i, values in enumerate(MANY):
            self.measure(w, values)
            log = w.fake.out.here()
            w.kill() if i % 2 else w.running.stop()
            w.service()
            w.fake.wait('armed ' + CUFF, log)
        w.verify()

    def test_restarted_while_the_broker_is_away(self):
        """The service ends and starts again with measurements waiting: they are told once."""
        w = self.world()
        w.proxy.down()
        self.store(w, '131/84/67', '132/85/68')
        self.assertEqual(w.running.stop(), 0)
        w.service(wait_connected=False)
        w.proxy.up()
        w.measured('132/85/68')
        w.verify()

    def test_killed_between_database_and_publication(self):
        """kill -9 with two rows in the outbox: they are told once, by the next run."""
        w = self.world()
        w.proxy.down()
        self.store(w, '131/84/67', '132/85/68')
        w.running.stop(signal.SIGKILL)  # nothing can have been told: no duplicate is allowed
        w.proxy.up()
        w.service()
        w.measured('132/85/68')
        w.verify()

    def test_killed_while_indications_come(self):
        """kill -9 in mid-session, five times: what was committed is told once, nothing doubles."""
        w = self.world('hold-indications 30 ms')
        for i in range(5):
            for j in range(4):
                w.fake.do('measure announce=%s %d/%d/70' % ('no' if j < 3 else 'yes', 120 + 5 * i + j, 70 + 5 * i + j))
            start = w.fake.out.here()
            w.fake.wait('confirmed ' + CUFF, start)
            w.kill()
            w.service()
            w.fake.wait('armed ' + CUFF, start)
        self.assertGreater(len(w.rows()), 0)
        w.verify(violations=5)  # killed while connected: bluetoothd clears the CCCD of a client that leaves


class TestAddresses(Story):
    def test_a_dead_first_url_is_passed_over(self):
        """Two brokers are configured, the first is dead: the second is used, the log says why."""
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_MQTT_URL': 'mqtt://127.0.0.1:%d,%s' % (free_port(), w.url)}
        w.service()
        w.running.err.wait('^warning mqtt: .*refuses the connection: is the broker running')
        w.running.err.wait('^info mqtt: Connected to ' + w.url)
        self.measure(w, '131/84/67')
        w.verify()

    def test_mqtt_3_1_1(self):
        """mqtt.version = "3.1.1": the broker sees that version, and everything works as with 5."""
        w = self.world(service=False)
        w.mqtt_version = '3.1.1'
        w.service()
        w.running.err.wait('^info mqtt: Connected to .* with MQTT 3.1.1')
        w.broker.err.wait(r'New client connected from \S+ as cuff2mqtt_\w+ \(p2, c0, k60')
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.proxy.cut()
        self.measure(w, '132/85/68')
        w.allowed_duplicates = w.proxy.lost_acks
        self.assertEqual(w.request('health_check')['status'], 'ok')
        w.verify()

    def test_mqtt_5_is_the_default(self):
        """With auto and a broker that knows it, MQTT 5 with a session that is kept."""
        w = self.world()
        w.broker.err.wait(r'New client connected from \S+ as cuff2mqtt_\w+ \(p5, c0, k60')


class TestTrust(Story):
    def users(self, w_or_directory, name, password):
        path = os.path.join(w_or_directory, 'passwords')
        tool = shutil.which('mosquitto_passwd')
        if not tool:
            self.skipTest('mosquitto_passwd is missing')
        subprocess.run([tool, '-b', '-c', path, name, password], check=True, capture_output=True)
        os.chmod(path, 0o644)
        return path

    def locked_world(self, **options):
        """A broker that lets in only alice with the password secret."""
        directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        path = self.users(directory, 'alice', 'secret')
        w = self.world(service=False, login=('alice', 'secret'),
                       broker_extra='allow_anonymous false\npassword_file %s\n' % path)
        w.secrets = directory
        return w

    def test_no_user_where_one_is_wanted(self):
        """The log says what the broker wants and which options give it."""
        w = self.locked_world()
        w.service(wait_connected=False)
        w.running.err.wait('^warning mqtt: .*wants a user and a password: set mqtt.user and mqtt.password_file')

    def test_a_wrong_password(self):
        """The log names the user and the remedy, once, and never the password; the service goes on."""
        w = self.locked_world()
        w.env = {'CUFF2MQTT_MQTT_USER': 'alice', 'CUFF2MQTT_MQTT_PASSWORD': 'wr0ng-w0rd'}
        w.service(wait_connected=False)
        at = w.running.err.wait('^warning mqtt: .*refuses user "alice" or the password: check mqtt.user and mqtt.password_file')
        w.broker.err.wait('not authorised', w.broker.err.wait('not authorised', w.broker.err.wait('not authorised')))
        self.assertEqual(w.running.err.count('refuses user'), 1)
        self.assertEqual(w.running.err.count('wr0ng-w0rd'), 0)
        self.assertTrue(at and w.running.alive())
        self.assertEqual(w.running.stop(), 0)

    def test_a_password_file(self):
        """One line in a file, with its line end, is the password."""
        w = self.locked_world()
        path = os.path.join(w.secrets, 'password')
        with open(path, 'w') as f:
            f.write('secret\n')
        os.chmod(path, 0o600)
        w.env = {'CUFF2MQTT_MQTT_USER': 'alice', 'CUFF2MQTT_MQTT_PASSWORD_FILE': path}
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.verify()


class TestTls(Story):
    @classmethod
    def setUpClass(cls):
        cls.directory = certificates.make(cls)

    def path(self, name):
        return os.path.join(self.directory, name)

    def tls_world(self, host, ca):
        port = free_port()
        w = self.world(service=False, use_proxy=False, broker_extra=(
            'listener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\n' %
            (port, self.path('ca.pem'), self.path('broker.pem'), self.path('broker.key'))))
        w.env = {'CUFF2MQTT_MQTT_URL': 'mqtts://%s:%d' % (host, port), 'CUFF2MQTT_MQTT_CA_FILE': self.path(ca)}
        return w

    def test_a_private_ca(self):
        """mqtts:// with the CA of the house."""
        w = self.tls_world('localhost', 'ca.pem')
        w.service()
        w.running.err.wait('^info mqtt: Connected to mqtts://localhost')
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.verify()

    def test_a_certificate_of_another_ca_is_refused(self):
        """Somebody in between: no connection, and the log says what is wrong with the certificate."""
        w = self.tls_world('localhost', 'other.pem')
        w.service(wait_connected=False)
        w.running.err.wait('^warning mqtt: .*certificate verify failed.*signed by nobody in mqtt.ca_file')
        self.assertEqual(w.subscriber.find('cuff2mqtt/.*'), [])

    def test_a_certificate_for_another_name_is_refused(self):
        """The certificate says localhost, the option says 127.0.0.1."""
        w = self.tls_world('127.0.0.1', 'ca.pem')
        w.service(wait_connected=False)
        w.running.err.wait('^warning mqtt: .*not for (the|this) name')
        self.assertEqual(w.subscriber.find('cuff2mqtt/.*'), [])


class TestWill(Story):
    def test_an_orderly_stop_says_offline_itself(self):
        """Retained, at once, and before the connection is closed."""
        w = self.world()
        self.assertEqual(w.running.stop(), 0)
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline')
        self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'offline')
        w.broker.err.wait('Received DISCONNECT from cuff2mqtt_')

    def test_a_killed_service_is_offline(self):
        """kill -9 with MQTT 3.1.1: the broker publishes the will at once."""
        w = self.world(service=False)
        w.mqtt_version = '3.1.1'
        w.service()
        w.kill()
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline')
        self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'offline')

    def test_a_short_absence_does_not_flap(self):
        """kill -9 and start again within the will delay of MQTT 5: nobody ever hears `offline`; without the
        start the delay ends and they do."""
        w = self.world()
        w.kill()
        w.service()
        self.assertEqual([m.payload for m in w.subscriber.find('cuff2mqtt/bridge/state')], ['online', 'online'])
        w.kill()
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline')
        self.assertEqual(len(w.subscriber.find('cuff2mqtt/bridge/state')), 3)


if __name__ == '__main__':
    unittest.main()
