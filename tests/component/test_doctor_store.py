"""`cuff2mqtt doctor` and what is kept: the service on it, the database, its disk. A service that runs does not
notice; what the doctor says to do helps."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from doctor_look import look, run_doctor
from harness import SERVICE, Story, free_port
from test_store_faults import mounted

NOBODY = 65534


class StoreExamination(Story):
    """The broker is not asked for: it is another file's business, and nobody listens."""

    def look(self, directory, state=None, *arguments, env=None, **options):
        return look(directory, *arguments, env=self.environment(directory, state, env), **options)

    def environment(self, directory, state=None, env=None):
        return {'CUFF2MQTT_STATE_DIRECTORY': state or os.path.join(directory, 'state'),
                'CUFF2MQTT_MQTT_URL': 'mqtt://127.0.0.1:%d' % free_port(), **(env or {})}

    def found(self, check, status, text, remedy=None):
        self.assertEqual(check['status'], status, check)
        self.assertRegex(check['text'], text)
        if remedy is None:
            self.assertIsNone(check['remedy'], check)
        else:
            self.assertRegex(check['remedy'], remedy)

    def temporary(self):
        directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        os.mkdir(os.path.join(directory, 'state'))
        return directory

    def database(self, w):
        return os.path.join(w.state_directory, 'cuff2mqtt.db')

    def files(self, w):
        """Names, and the bytes of all but SQLite's index of the log, in which readers leave marks."""
        seen = {}
        for name in os.listdir(w.state_directory):
            path = os.path.join(w.state_directory, name)
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    seen[name] = '' if name.endswith('-shm') else f.read()
        return seen


class TestService(StoreExamination):
    def test_a_service_that_runs(self):
        """It is seen at work, with a measurement that waits; not a byte changes, and it goes on."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.proxy.down()
        w.fake.do('measure 132/85/68')
        w.running.err.wait('lost|closed the connection|refuses the connection')
        w.wait_rows(2)
        before = self.files(w)
        self.assertIn('cuff2mqtt.db-wal', before)
        found = self.look(w.directory, w.state_directory)
        self.found(found['service'], 'ok', '^runs on ' + w.state_directory + '$')
        self.found(found['database'], 'ok', r'^sound: 2 measurements, 1 of them waits for the broker, 1 cuff, \d+\.\d MB$')
        self.assertEqual(sorted(self.files(w)), sorted(before))
        w.proxy.up()
        w.measured('132/85/68')
        w.allowed_duplicates = w.proxy.lost_acks
        w.verify()

    def test_a_service_that_was_stopped(self):
        """How to start it; its database is told all the same, and is as before."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        before = self.files(w)
        found = self.look(w.directory, w.state_directory)
        self.found(found['service'], 'warning', '^does not run on ', 'sudo systemctl start cuff2mqtt')
        self.found(found['database'], 'ok', r'^sound: 1 measurement, 1 cuff, ')
        self.assertEqual(self.files(w), before)

    def test_where_none_has_ever_run(self):
        """No database is no trouble then, and nothing is made."""
        directory = self.temporary()
        for state in ('state', 'none', 'none/such'):
            found = self.look(directory, os.path.join(directory, state))
            self.found(found['service'], 'warning', '^does not run', 'systemctl start')
            self.found(found['database'], 'ok', '^none yet$')
            self.found(found['space'], 'ok', 'are free$')
        self.assertEqual(os.listdir(os.path.join(directory, 'state')), [])
        self.assertFalse(os.path.exists(os.path.join(directory, 'none')))

    def test_a_report_names_no_directory(self):
        """It may be in somebody's home."""
        directory = self.temporary()
        report, _ = run_doctor(directory, '--report', env=self.environment(directory))
        self.assertIn('does not run on the state directory', report)
        self.assertNotIn(directory, report)


class TestDatabase(StoreExamination):
    def stopped(self):
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        return w

    def sql(self, w, text):
        db = sqlite3.connect(self.database(w), isolation_level=None)
        db.executescript(text)
        db.close()

    def check(self, w, status, text, remedy):
        before = self.files(w)
        self.found(self.look(w.directory, w.state_directory)['database'], status, text, remedy)
        self.assertEqual(self.files(w), before)

    def sound_again(self, w):
        """After the remedy."""
        w.service()
        self.assertEqual(w.running.stop(), 0)
        self.found(self.look(w.directory, w.state_directory)['database'], 'ok', '^sound: ')

    def test_a_damaged_database(self):
        """The service sets it aside by itself: after a restart all is well."""
        w = self.stopped()
        with open(self.database(w), 'r+b') as f:
            f.write(b'\xa5' * 100)
        self.check(w, 'problem', '^is damaged$', r'sudo systemctl restart cuff2mqtt.*sets the damaged file aside.*backup')
        self.sound_again(w)

    def test_an_index_that_does_not_fit(self):
        """What it says to do is done, to the letter."""
        w = self.stopped()
        self.sql(w, "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = sql || ' WHERE user = 9' "
                    "WHERE name = 'measurement_newest'")
        self.check(w, 'problem', 'an index that does not fit', 'sqlite3 %s REINDEX' % self.database(w))
        remedy = self.look(w.directory, w.state_directory)['database']['remedy']
        if shutil.which('sqlite3'):
            subprocess.run(re.search('`sudo (sqlite3 [^`]*)`', remedy).group(1).split(), check=True)
        else:
            self.sql(w, 'REINDEX')
        self.sound_again(w)

    def test_a_newer_one(self):
        """It is left as it is."""
        w = self.stopped()
        self.sql(w, 'PRAGMA user_version = 99')
        self.check(w, 'problem', r'newer cuff2mqtt \(its version is 99\)$', '^Install that newer cuff2mqtt again')

    def test_one_of_another_program(self):
        """Moved away, the service makes its own."""
        w = self.stopped()
        self.sql(w, 'DROP TABLE outbox; CREATE TABLE other (x)')
        self.check(w, 'problem', 'is not one of cuff2mqtt', 'Move ' + self.database(w) + ' away')
        os.rename(self.database(w), self.database(w) + '.other')
        self.sound_again(w)

    def test_one_that_another_program_holds(self):
        """Who it is, is what the line that is printed says; a blank in its path does no harm."""
        w = self.stopped()
        state = os.path.join(w.directory, 'my state')
        os.rename(w.state_directory, state)
        self.addCleanup(os.rename, state, w.state_directory)
        db = sqlite3.connect(os.path.join(state, 'cuff2mqtt.db'), isolation_level=None)
        self.addCleanup(db.close)
        db.execute('PRAGMA journal_mode = WAL')
        db.execute('PRAGMA locking_mode = EXCLUSIVE')
        db.execute('BEGIN EXCLUSIVE')
        db.execute('UPDATE cuff SET writes = writes + 1')
        found = self.look(w.directory, state)
        self.found(found['database'], 'problem', r'^cannot be read \(Device or resource busy\)$',
                   "^Close the program that holds it: `sudo fuser -v '%s'/cuff2mqtt.db` names it" % state)
        db.execute('COMMIT')
        db.close()
        self.found(self.look(w.directory, state)['database'], 'ok', '^sound: ')

    def test_in_a_container(self):
        """There is no systemd in it: what starts and restarts it, is docker."""
        directory = self.temporary()
        os.makedirs(os.path.join(directory, 'root'))
        with open(os.path.join(directory, 'root', '.dockerenv'), 'w'):
            pass
        found = self.look(directory)
        self.found(found['service'], 'warning', 'does not run',
                   '^Start it: `docker start CONTAINER`. If it does not stay, `docker logs CONTAINER` says why.$')

    def test_a_directory_in_its_place(self):
        """Not even a file."""
        directory = self.temporary()
        os.mkdir(os.path.join(directory, 'state', 'cuff2mqtt.db'))
        self.found(self.look(directory)['database'], 'problem', r'cannot be read \(Is a directory\)', 'it must be a file')

    def test_a_log_that_only_the_service_may_read(self):
        """Copied without its index: the service makes one."""
        w = self.world()
        self.measure(w, '131/84/67')
        directory = self.temporary()
        for name in ('cuff2mqtt.db', 'cuff2mqtt.db-wal'):
            shutil.copy(os.path.join(w.state_directory, name), os.path.join(directory, 'state'))
        self.found(self.look(directory)['database'], 'skipped', 'by the service only', 'sudo systemctl restart cuff2mqtt')
        self.assertEqual(sorted(os.listdir(os.path.join(directory, 'state'))), ['cuff2mqtt.db', 'cuff2mqtt.db-wal'])

    def test_one_that_is_gone(self):
        """Deleted under a running service; and when that has ended."""
        w = self.world()
        for name in ('cuff2mqtt.db', 'cuff2mqtt.db-wal', 'cuff2mqtt.db-shm'):
            os.unlink(os.path.join(w.state_directory, name))
        self.check(w, 'problem', 'is gone, although the service runs', '^Restart the service')
        self.assertEqual(w.running.stop(), 0)
        for name in set(self.files(w)) - {'cuff2mqtt.lock'}:
            os.unlink(os.path.join(w.state_directory, name))
        self.check(w, 'warning', 'is gone: a service has run on', 'backup of cuff2mqtt.db, put it back')
        self.sound_again(w)


class TestOthers(StoreExamination):
    def as_nobody(self, directory, **options):
        if os.geteuid() != 0:
            self.skipTest('only root can be another user')
        os.makedirs(os.path.join(directory, 'root'), exist_ok=True)
        try:
            subprocess.run([SERVICE, 'version'], user=NOBODY, cwd='/', check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest('another user may not run the program from here')
        return self.look(directory, user=NOBODY, **options)

    def test_another_user(self):
        """The directory of the service is closed: how to look as the service does. Its disk can be seen."""
        directory = self.temporary()
        state = os.path.join(directory, 'state')
        with open(os.path.join(state, 'cuff2mqtt.lock'), 'w'):
            os.chmod(state, 0o700)
        found = self.as_nobody(directory)
        for slug in ('service', 'database'):
            self.found(found[slug], 'skipped', '^this user may not look into ' + state, '`sudo .*cuff2mqtt doctor`')
        self.found(found['space'], 'ok', 'are free$')

    def test_the_service_of_the_system_is_meant(self):
        """By a user who has none of their own."""
        directory = self.temporary()
        home = os.path.join(directory, 'home')
        system = os.path.join(directory, 'root', 'var', 'lib', 'cuff2mqtt')
        os.makedirs(system)
        env = {'CUFF2MQTT_STATE_DIRECTORY': None, 'HOME': home}
        self.found(self.as_nobody(directory, env=env)['service'], 'warning', 'does not run on %s$' % system, '.')
        own = os.path.join(home, '.local', 'state', 'cuff2mqtt')
        os.makedirs(own)
        self.found(self.as_nobody(directory, env=env)['service'], 'warning', 'does not run on %s$' % own, '.')


    def test_a_directory_of_ones_own_choice_is_meant(self):
        """Even if no service has run there, and one of the system has elsewhere."""
        directory = self.temporary()
        os.makedirs(os.path.join(directory, 'root', 'var', 'lib', 'cuff2mqtt'))
        state = os.path.join(directory, 'none')
        found = self.look(directory, state, env={'HOME': os.path.join(directory, 'home')})
        self.found(found['service'], 'warning', 'does not run on %s$' % state, '.')


class TestSpace(StoreExamination):
    def test_a_disk_that_is_nearly_full(self):
        """Less than 50 MB: what shows it, and what helps; enough again when some is freed."""
        directory = self.temporary()
        state = os.path.join(directory, 'state')
        with mounted(self, state, 'size=70m'):
            self.found(self.look(directory)['space'], 'ok', r'^73\.\d MB of 73\.\d MB are free$')
            with open(os.path.join(state, 'big'), 'wb') as f:
                f.write(bytes(21 << 20))
            self.found(self.look(directory)['space'], 'problem', 'MB are free$', '^Free some: `df -h %s`' % state)
            report, _ = run_doctor(directory, '--report', env=self.environment(directory))
            self.assertNotIn(directory, report)

    def test_a_disk_that_is_read_only(self):
        """As worn-out SD cards become."""
        directory = self.temporary()
        with mounted(self, os.path.join(directory, 'state'), 'ro'):
            self.found(self.look(directory)['space'], 'problem', 'is read-only$', '^Make it writable again')

    def test_no_file_can_be_made(self):
        """Room, but no inode."""
        directory = self.temporary()
        state = os.path.join(directory, 'state')
        with mounted(self, state, 'size=100m,nr_inodes=20'):
            with self.assertRaises(OSError):
                for i in range(30):
                    with open(os.path.join(state, str(i)), 'w'):
                        pass
            self.found(self.look(directory)['space'], 'problem', '^no file can be made', '`df -i %s`' % state)

    def test_a_file_in_the_way(self):
        """The state directory is none."""
        directory = self.temporary()
        with open(os.path.join(directory, 'file'), 'w'):
            pass
        state = os.path.join(directory, 'file', 'state')
        found = self.look(directory, state)
        self.found(found['service'], 'warning', 'does not run', '.')
        self.found(found['database'], 'problem', r'cannot be read \(Not a directory\)', 'it must be a file')
        self.found(found['space'], 'problem', r'^%s cannot be used \(Not a directory\)$' % state, 'Correct state_directory')


if __name__ == '__main__':
    unittest.main()
