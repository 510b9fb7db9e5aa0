"""Requests about the gateway: options, backup, and answers that never depend on the cuff."""

import glob
import json
import os
import sqlite3
import unittest

from harness import CUFF
from request_story import ID, RequestStory, response
from test_store_faults import mounted


class TestLogLevel(RequestStory):
    def level(self, w, level, transaction=None):
        data = self.ok(w, 'options', json.dumps({'options': {'log_level': level}}))['data']
        self.assertEqual(set(data), {'options', 'restart_required'})
        self.assertEqual(data['restart_required'], False)
        return data['options']['log_level']

    def world(self, **options):
        w = self.without_log_level(super().world(service=False, **options))
        w.service()
        w.fake.wait('armed ' + CUFF)
        return w

    def test_at_once_and_after_a_start(self):
        """debug: more is said from now on and after a start; null: as before; info shows it each time."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.err.count('^debug '), 0)
        start = w.subscriber.here()
        self.assertEqual(self.level(w, 'debug'), 'debug')
        w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: m.json['log_level'] == 'debug', start=start)
        self.measure(w, '132/85/68')
        self.assertGreater(w.running.err.count('^debug '), 0)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'debug')
        self.measure(w, '134/87/70')
        self.assertGreater(w.running.err.count('^debug '), 0)
        self.assertEqual(self.level(w, 'error'), 'error')
        self.assertEqual(self.level(w, None), 'info')
        start = w.running.err.here()
        self.measure(w, '133/86/69')
        self.assertEqual(w.running.err.count('^debug ', start), 0)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'info')

    def test_nothing_to_change(self):
        """What there is, is told."""
        w = self.world()
        self.assertEqual(self.ok(w, 'options', '{"options": {}}')['data'],
                         {'options': {'log_level': 'info'}, 'restart_required': False})

    def test_words_that_are_no_level(self):
        w = self.world()
        for word in ('Debug', 'trace', 'infos', ' info'):
            self.error(w, 'options', json.dumps({'options': {'log_level': word}}), 'bad_request',
                       '"error", "warning", "info" or "debug"')

    def test_the_file_comes_first(self):
        """unsupported, and where to change it; what was set before is not taken when the file says something."""
        w = self.world()
        self.assertEqual(self.level(w, 'error'), 'error')
        self.assertEqual(w.running.stop(), 0)
        plain = w.config()
        w.config = lambda: plain + 'log_level = "warning";\n'
        w.service()
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'warning')
        for level in ('debug', None):
            self.error(w, 'options', json.dumps({'options': {'log_level': level}, 'transaction': 1}), 'unsupported',
                       'configuration', 1)
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'warning')

    def test_the_environment_comes_first(self):
        w = self.world(env={'CUFF2MQTT_LOG_LEVEL': 'warning', 'TZ': 'Europe/Berlin'})
        self.error(w, 'options', '{"options": {"log_level": "debug"}}', 'unsupported', 'environment')
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'warning')

    def test_no_database(self):
        """Not kept, so not done."""
        w = self.world()
        w.wait_count('cuff', 1)
        holder = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), isolation_level=None)
        holder.execute('BEGIN IMMEDIATE')
        self.error(w, 'options', '{"options": {"log_level": "debug"}}', 'internal', 'The database')
        holder.rollback()
        holder.close()
        self.assertEqual(self.ok(w, 'info')['data']['log_level'], 'info')


class TestBackup(RequestStory):
    def test_a_copy(self):
        """Whole, and only for the service: the measurements up to now, keys, in backups/."""
        w = self.world()
        self.measure(w, '131/84/67')
        data = self.ok(w, 'backup', '{"transaction": "b"}')['data']
        self.assertEqual((set(data), data['measurements']), ({'path', 'measurements'}, 1))
        self.assertEqual(os.path.dirname(data['path']), os.path.join(w.state_directory, 'backups'))
        db = sqlite3.connect('file:%s?mode=ro' % os.path.join(data['path'], 'cuff2mqtt.db'), uri=True)
        self.assertEqual(db.execute('PRAGMA integrity_check').fetchone()[0], 'ok')
        self.assertEqual(db.execute('SELECT id FROM measurement').fetchall(), [(row[0],) for row in w.rows()])
        db.close()
        for directory, _, files in os.walk(data['path']):
            self.assertEqual(os.stat(directory).st_mode & 0o7777, 0o700)
            for name in files:
                self.assertEqual(os.stat(os.path.join(directory, name)).st_mode & 0o7777, 0o600)
        self.measure(w, '132/85/68')
        w.verify()

    def test_a_copy_that_can_be_used(self):
        """Another service on it has the cuff and its measurements."""
        w = self.world()
        self.measure(w, '131/84/67')
        path = self.ok(w, 'backup')['data']['path']
        inst = self.ok(w, 'info')['data']['inst']
        self.assertEqual(w.running.stop(), 0)
        w.env = {'CUFF2MQTT_STATE_DIRECTORY': path, 'TZ': 'Europe/Berlin'}
        w.service()
        self.assertEqual(self.ok(w, 'info')['data']['inst'], inst)
        self.assertEqual([r['systolic'] for r in self.ok(w, 'history', ID)['data']['records']], [131])

    def test_many_at_once(self):
        """Twice within a second is refused by name; each that is ok is whole, the same transaction makes one."""
        w = self.world()
        start = w.subscriber.here()
        for transaction in (1, 1, 2, 3, 4, 5, 6, 7):
            w.subscriber.publish('cuff2mqtt/bridge/request/backup', json.dumps({'transaction': transaction}))
        w.subscriber.wait(response('backup'), count=8, start=start)
        answers = [m.json for m in w.subscriber.find(response('backup'), start=start)]
        self.assertEqual(answers[0], answers[1])
        paths = {a['data']['path'] for a in answers if a['status'] == 'ok'}
        self.assertEqual({os.path.join(w.state_directory, 'backups', name)
                          for name in os.listdir(os.path.join(w.state_directory, 'backups'))}, paths)
        refused = [a for a in answers if a['status'] == 'error']
        self.assertEqual({a['code'] for a in refused} | {'rate_limited'}, {'rate_limited'})
        self.assertEqual(len(paths) + len(refused) + 1, 8)
        self.assertGreater(len(refused), 0)

    def test_a_full_disk(self):
        """internal, with a sentence; nothing half done is left, and the service goes on."""
        w = self.world(service=False)
        os.mkdir(w.state_directory)
        with mounted(self, w.state_directory, 'size=600k,mode=700'):
            w.service()
            w.fake.wait('armed ' + CUFF)
            self.measure(w, '131/84/67')
            with open(os.path.join(w.state_directory, 'filler'), 'wb', buffering=0) as f:
                try:
                    while True:
                        f.write(b'x' * 4096)
                except OSError:
                    pass
            answer = self.error(w, 'backup', '{"transaction": 1}', 'internal', 'space', 1)
            self.assertEqual(glob.glob(os.path.join(w.state_directory, 'backups', '*')), [], answer)
            os.unlink(os.path.join(w.state_directory, 'filler'))
            self.ok(w, 'backup', '{"transaction": 1}')
            self.measure(w, '132/85/68')
            self.assertEqual(w.running.stop(), 0)


    def test_no_place_for_it(self):
        """A file is there, the disk is read-only, no directory can be made: internal, with what helps here, where no other
        place can be chosen. The directory comes with the first."""
        w = self.world(service=False)
        directory = os.path.join(w.state_directory, 'backups')
        os.mkdir(w.state_directory)
        with mounted(self, w.state_directory, 'size=2m,nr_inodes=40,mode=700'):
            w.service()
            w.fake.wait('armed ' + CUFF)
            self.measure(w, '131/84/67')
            fillers = []
            try:
                while True:
                    fillers.append(os.path.join(w.state_directory, 'filler%d' % len(fillers)))
                    open(fillers[-1], 'xb').close()
            except OSError:
                fillers.pop()
            self.error(w, 'backup', '{"transaction": 1}', 'internal', directory + ' cannot be made (No space left on device)', 1)
            for filler in fillers:
                os.unlink(filler)
            open(directory, 'xb').close()
            self.error(w, 'backup', '{"transaction": 1}', 'internal', directory + ' is not a directory: move it away', 1)
            os.unlink(directory)
            os.mkdir(directory)
            with mounted(self, directory, 'ro'):
                self.error(w, 'backup', '{"transaction": 1}', 'internal', 'may not write to %s (Read-only' % directory, 1)
            os.rmdir(directory)
            self.assertEqual(os.path.dirname(self.ok(w, 'backup', '{"transaction": 1}')['data']['path']), directory)
            self.assertEqual(w.running.stop(), 0)


class TestAlways(RequestStory):
    """What only tells is answered in whatever state the radio is."""

    def test_without_bluetooth(self):
        for command in ('adapter-remove', 'bluetoothd-stop', 'rfkill on'):
            with self.subTest(command=command):
                w = self.world()
                w.fake.do(command)
                w.event('adapter_down')
                for name in ('info', 'devices', 'health_check', 'backup'):
                    self.ok(w, name)
                self.ok(w, 'history', ID)
                self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'x'}))
                self.ok(w, 'device/users', json.dumps({'device': ID, 'users': {}}))
                self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {}}))
                for name, data in (('device/sync', {'device': ID}), ('device/time', {'device': ID}), ('device/sync', {}),
                                   ('device/dump', {'device': ID}), ('device/remove', {'device': ID}),
                                   ('device/pair', {'address': CUFF}), ('pairing', {'active': True})):
                    self.error(w, name, json.dumps({**data, 'transaction': 9}), 'adapter_off', '', 9)

    def test_the_documentation_has_each(self):
        """docs/requests.md names every request that is answered."""
        w = self.world()
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        with open(os.path.join(root, 'docs', 'requests.md')) as f:
            page = f.read()
        names = [line[4:-1] for line in page.splitlines() if line.startswith('## `')]
        self.assertEqual(len(names), 16)
        for name in names:
            if name not in ('restart', 'backup', 'device/sync'):
                answer = w.request(name, '{"nothing": 1}')
                self.assertEqual(answer['code'], 'bad_request', name)


if __name__ == '__main__':
    unittest.main()
