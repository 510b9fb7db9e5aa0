"""What goes wrong with the database: said clearly, nothing lost in silence, no crash loop."""

import contextlib
import glob
import json
import os
import resource
import sqlite3
import subprocess
import unittest

from harness import CUFF, DEADLINE, Service, Story

TOPIC = 'cuff2mqtt/device/%s/user/1/measurement' % CUFF.replace(':', '').lower()


class StoreStory(Story):
    def database(self, w):
        return os.path.join(w.state_directory, 'cuff2mqtt.db')

    def refused(self, w, code, sentence, **options):
        """A service that does not start: its exit code, and an error that says why and what helps."""
        service = Service(w, w.config(), env=w.env, wait_ready=False, **options)
        w.services.append(service)
        self.assertEqual(service.process.wait(DEADLINE), code)
        service.err.wait('^error app: .*' + sentence)
        self.assertFalse(any('READY=1' in notice for notice in service.notices))
        return service

    def discovery(self, w):
        return {topic for topic in w.subscriber.retained() if topic.startswith('homeassistant/device/')}


class TestStart(StoreStory):
    def test_files_are_private(self):
        """The directory is 0700 and every file in it 0600: it is health data."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(os.stat(w.state_directory).st_mode & 0o7777, 0o700)
        for name in os.listdir(w.state_directory):
            self.assertEqual(os.stat(os.path.join(w.state_directory, name)).st_mode & 0o7777, 0o600, name)

    def test_a_second_service_on_the_same_database(self):
        """It ends with 73 and says what to do; the first does not notice."""
        w = self.world()
        self.refused(w, 73, 'Another cuff2mqtt is already running .*set another state_directory')
        self.measure(w, '131/84/67')
        w.verify()

    def test_a_database_of_a_newer_version(self):
        """Exit 65 (systemd does not start it again), and the file stays as it is."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        db = sqlite3.connect(self.database(w))
        db.execute('PRAGMA user_version = 99')
        db.close()
        with open(self.database(w), 'rb') as f:
            before = f.read()
        self.refused(w, 65, 'made by a newer cuff2mqtt .*install the newer cuff2mqtt again')
        with open(self.database(w), 'rb') as f:
            self.assertEqual(f.read(), before)
        self.assertEqual(len(w.rows()), 1)

    def test_a_damaged_database_is_set_aside(self):
        """Pages overwritten: kept under a dated name, said so, and Home Assistant sees the same devices."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        ids = self.discovery(w)
        db = sqlite3.connect(self.database(w))
        size = db.execute('PRAGMA page_size').fetchone()[0]
        pages = [row[0] for row in db.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'measurement'")]
        db.close()
        with open(self.database(w), 'r+b') as f:
            for page in pages:
                f.seek((page - 1) * size)
                f.write(b'\xa5' * size)
        log = w.fake.out.here()
        w.service()
        w.running.err.wait(r'^error app: The database was damaged\. It is kept as \S+\.corrupt-\d{8}-\d{6}; what could be read')
        self.assertEqual(len(glob.glob(self.database(w) + '.corrupt-*[0-9]')), 1)
        w.fake.wait('armed ' + CUFF, log)
        start = w.subscriber.here()
        w.fake.do('advertise')
        w.event('sync_finished', start)
        self.measure(w, '132/85/68')
        self.assertEqual(self.discovery(w), ids)
        self.assertEqual([row[2] for row in w.rows()], [132])

    def test_a_file_that_is_no_database(self):
        """Garbage in its place is set aside too, and the service runs: no crash loop."""
        w = self.world()
        self.assertEqual(w.running.stop(), 0)
        for name in os.listdir(w.state_directory):
            os.unlink(os.path.join(w.state_directory, name))
        with open(self.database(w), 'wb') as f:
            f.write(b'This is not a database. ' * 400)
        w.service()
        w.running.err.wait('^error app: The database was damaged')
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(w.running.err.count('damaged'), 0)

    def test_a_directory_that_cannot_be_used(self):
        """A file in the way of the state directory: exit 73, and which file to move."""
        w = self.world(service=False)
        with open(w.state_directory, 'w'):
            pass
        self.refused(w, 73, r'Cannot use the database directory .*\(Not a directory\): move the file')

    def test_a_directory_that_is_not_there_and_cannot_be_made(self):
        """No parent directory: exit 73, and how to make it."""
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_STATE_DIRECTORY': os.path.join(w.directory, 'no', 'such')}
        self.refused(w, 73, r'Cannot use the database directory .*\(No such file or directory\): create it with')

    def test_a_directory_that_is_not_writable(self):
        """Read-only for us: exit 73 and a remedy."""
        w = self.world(service=False)
        os.mkdir(w.state_directory)
        if os.geteuid() != 0:
            os.chmod(w.state_directory, 0o500)
            self.addCleanup(lambda: os.path.exists(w.state_directory) and os.chmod(w.state_directory, 0o700))
            self.refused(w, 73, r'Cannot write to the database directory .*\(Permission denied\)')
            return
        with mounted(self, w.state_directory, 'ro'):
            self.refused(w, 73, r'Cannot write to the database directory .*\(Read-only file system\): make that disk writable')


@contextlib.contextmanager
def mounted(test, directory, options):
    """A small file system of its own; the test is skipped where nothing may be mounted."""
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'none', directory], capture_output=True).returncode:
        test.skipTest('no file system can be mounted here')
    try:
        yield
    finally:
        subprocess.run(['umount', '-l', directory], check=True)


class TestFull(StoreStory):
    def wait_in_memory_until(self, w, free_space):
        """Two measurements while nothing can be written, then `free_space`; both arrive, in order."""
        start = w.subscriber.here()
        w.fake.do('measure announce=no 132/85/68')
        w.fake.do('measure 133/86/69')
        w.running.err.wait(r'^error intake: .*cannot be saved .*kept in memory and tried again')
        self.health(w, lambda h: not h['healthy'] and 'wait in memory' in h['problem'] and 'free some space' in h['problem'],
                    start)
        w.event('sync_finished', start)
        answer = w.request('health_check')['data']
        self.assertEqual((answer['healthy'], answer['checks']['database']), (False, False))
        self.assertEqual(len(w.rows()), 1)
        free = w.subscriber.here()
        free_space()
        w.measured('133/86/69')
        w.running.err.wait('^info intake: 2 measurements that had to wait are saved now')
        self.health(w, lambda h: h['healthy'] and h['problem'] is None, free)
        self.assertEqual([row[2] for row in w.rows()], [131, 132, 133])
        w.verify()

    def test_a_full_disk(self):
        """No space left: measurements wait in memory, the health says so, and are saved when there is space."""
        w = self.world(service=False)
        os.mkdir(w.state_directory)
        with mounted(self, w.state_directory, 'size=1m,mode=700'):
            w.service()
            w.fake.wait('armed ' + CUFF)
            self.measure(w, '131/84/67')
            w.wait_outbox_empty()
            filler = os.path.join(w.state_directory, 'cuff2mqtt.filler')
            with open(filler, 'wb', buffering=0) as f, contextlib.suppress(OSError):
                while True:
                    f.write(bytes(512))
            self.wait_in_memory_until(w, lambda: os.unlink(filler))
            self.assertEqual(w.running.stop(), 0)

    def test_no_file_may_grow(self):
        """The same without a mount: a limit on file sizes, taken away again."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        soft, hard = resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE, (0, hard))
        self.wait_in_memory_until(w, lambda: resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE, (soft, hard)))

    def test_a_disk_that_is_full_from_the_start(self):
        """Exit 73 with the remedy; nothing half made stays behind."""
        w = self.world(service=False)
        os.mkdir(w.state_directory)
        with mounted(self, w.state_directory, 'size=4k,mode=700'):
            self.refused(w, 73, r'\(No space left on device\): free some space')


class TestRunning(StoreStory):
    def test_damaged_while_running(self):
        """The tables go to pieces under the running service: set aside, made anew, the measurement is kept."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        ids = self.discovery(w)
        self.damage(w)
        w.fake.do('measure 132/85/68')
        w.running.err.wait('^error app: The database is damaged')
        w.event('database_set_aside')
        w.measured('132/85/68')
        self.assertEqual([row[2] for row in w.rows()], [132])
        self.measure(w, '133/86/69')
        w.wait_outbox_empty()
        self.assertEqual(self.discovery(w), ids)
        self.assertEqual(json.loads(w.subscriber.retained()[TOPIC])['systolic'], 133)
        self.assertEqual(len(glob.glob(self.database(w) + '.corrupt-*[0-9]')), 1)
        self.assertTrue(w.request('health_check')['data']['healthy'])

    def damage(self, w):
        db = sqlite3.connect(self.database(w), isolation_level=None)
        db.execute('PRAGMA writable_schema = ON')
        db.execute("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'measurement'")
        db.execute('PRAGMA schema_version = 4711')
        db.close()

    def test_a_late_puback_for_the_old_database_means_nothing_to_the_new(self):
        """Both have a first row in their outbox; the acknowledgement of the old one does not remove the new."""
        w = self.world()
        w.fake.do('advertise')
        w.event('sync_finished')
        w.request('info')
        w.proxy.withholding = True
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.event('sync_finished', w.subscriber.here() - 2)
        self.damage(w)
        w.fake.do('measure 132/85/68')
        w.measured('132/85/68')
        w.proxy.wait_held(2)
        self.assertEqual(w.rows('SELECT sequence FROM outbox'), [(1,)])
        ids = [m.json['id'] for m in w.subscriber.find(r'cuff2mqtt/device/\w+/user/\w+/event')]
        self.assertEqual(len(ids), 2)
        w.proxy.withholding = False
        w.proxy.release()
        w.request('health_check')  # answered behind what they caused
        self.assertEqual(w.rows('SELECT sequence FROM outbox'), [(1,)])
        w.proxy.cut()
        w.measured('132/85/68', count=2)
        w.wait_outbox_empty()

    def test_damaged_while_measurements_wait_for_the_broker(self):
        """The outbox cannot be read when the broker comes back: said and set aside, and the next one is published."""
        w = self.world()
        w.proxy.down()
        w.fake.do('measure 131/84/67')
        w.wait_rows(1)
        w.fake.wait('disconnect ' + CUFF)
        self.damage(w)
        w.proxy.up()
        w.running.err.wait('^error mqtt: Waiting measurements could not be read')
        w.running.err.wait('^error app: The database was damaged. It is kept as')
        self.measure(w, '132/85/68')
        w.verify()

    def test_damaged_and_not_to_be_made_anew(self):
        """No space for another database either: exit 73, and what is lost with it is said."""
        w = self.world()
        w.proxy.down()
        w.fake.do('measure 131/84/67')
        w.wait_rows(1)
        w.fake.wait('disconnect ' + CUFF)
        resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE, (0, resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE)[1]))
        w.proxy.up()
        w.running.err.wait('^error mqtt: Acknowledged measurements could not be taken out of the outbox')
        w.fake.do('measure 132/85/68')
        w.running.err.wait('^error intake: .*kept in memory')
        self.damage(w)
        w.running.err.wait('^error app: The database is damaged')
        w.running.err.wait('^error app: Cannot .* \(No space left on device\): free some space')
        self.assertEqual(w.running.process.wait(DEADLINE), 73)
        self.assertEqual(w.running.err.count('^error intake: 1 measurements could not be saved before the end and are lost'), 1)

    def test_somebody_else_holds_the_database(self):
        """A person in the sqlite3 shell forgot a transaction: the measurement waits and is saved afterwards."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        db = sqlite3.connect(self.database(w), isolation_level=None)
        db.execute('BEGIN IMMEDIATE')
        w.fake.do('measure 132/85/68')
        w.running.err.wait('^error intake: .*kept in memory')
        db.execute('ROLLBACK')
        db.close()
        w.measured('132/85/68')
        w.verify()


if __name__ == '__main__':
    unittest.main()
