"""`cuff2mqtt history`: while a service runs or not, which measurements, the table for people, and what goes wrong. The
other forms: test_history_forms.py; averages: test_history_stats.py."""

import csv
import io
import json
import os
import pwd
import re
import signal
import subprocess
import time

from harness import CUFF, SERVICE
from history_look import CONFIG, FAILURE, NOBODY, OK, OTHER, STATE, History, at, columns_of


class WhileTheServiceRuns(History):
    def test_it_is_seen_at_once_and_nothing_changes(self):
        """Each line of --json is what was published, and the service goes on."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.wait_outbox_empty()
        before = {n: os.stat(os.path.join(w.state_directory, n)).st_mtime_ns for n in os.listdir(w.state_directory)
                  if not n.endswith('-shm')}
        self.assertRegex(self.told(w, 'history'), r'\n\d{4}-\d\d-\d\d \d\d:\d\d   131/ 84   67 .* stage 1\n')
        payload = w.subscriber.find(r'cuff2mqtt/device/\w+/user/1/measurement')[-1].payload
        self.assertEqual(self.told(w, 'history', '--json'), payload + '\n')
        self.assertIn('131/84', self.told(w, 'stats'))
        self.assertEqual({n: os.stat(os.path.join(w.state_directory, n)).st_mtime_ns for n in before}, before)
        self.measure(w, '118/76/60')
        self.assertEqual(self.systolics(w), [131, 118])
        w.verify()

    def test_a_page_that_somebody_looks_at_holds_nothing_up(self):
        """Blocked on a full pipe, it keeps no lock and no old state of the database."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.add(w, *(('2026-01-01T06:00', '120/80/60', {'measured_at': at('2026-01-01T06:00') + i}) for i in range(3000)))
        process = subprocess.Popen([SERVICE, 'history', '--json', '--config', self.config(w)], env=self.environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        first = process.stdout.readline()  # more than a pipe holds is still to come
        db = self.database(w)
        busy = db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()[0]
        db.close()
        self.assertEqual(busy, 0)
        self.measure(w, '118/76/60')
        with process.stdout, process.stderr:
            lines = [first, *process.stdout.readlines()]
            self.assertEqual(process.stderr.read(), b'')
        self.assertGreaterEqual(len(lines), 3001)
        self.assertEqual(len({json.loads(line)['id'] for line in lines}), len(lines))


class Selecting(History):
    def test_cuff_and_user(self):
        w = self.stopped()
        self.add_cuff(w, OTHER, 'Kitchen')
        self.change(w, "UPDATE cuff SET name = 'Küche oben' WHERE address = ?", CUFF)
        self.add(w, ('2026-11-01T07:00', '111/71/61', {}), ('2026-11-02T07:00', '112/72/62', {'user': 2}),
                 ('2026-11-03T07:00', '113/73/63', {'cuff': OTHER}), ('2026-11-04T07:00', '114/74/64', {'user': 255}))
        self.change(w, "UPDATE user SET name = 'Änne', person = 'aenne' WHERE cuff = ? AND user = 2", CUFF)
        self.change(w, "UPDATE user SET name = 'Änne', person = 'aenne' WHERE cuff = ? AND user = 1", OTHER)
        self.change(w, "UPDATE user SET name = 'Anna' WHERE cuff = ? AND user = 1", CUFF)
        for words, wanted in ((['--cuff', 'kitch'], [113]), (['--cuff', '005FBF112233'], [113]), (['--cuff', '00:5f:bf'], [113]),
                              (['--cuff=28ff'], [111, 112, 114]), (['--cuff', 'KÜCHE'], [111, 112, 114]),
                              (['--user', '1'], [111, 113]), (['--user', 'unknown'], [114]), (['--user', '7'], []),
                              (['--user', 'äNN'], [112, 113]), (['--user', 'anna'], [111]), (['--user', 'aenne'], [112, 113]),
                              (['--user', 'aenne', '--cuff', 'kitchen'], [113]), (['--user', 'aenne', '--last', '1'], [113])):
            self.assertEqual(self.systolics(w, *words), wanted, words)
        self.assertIn('"k" can be more than one cuff', self.refused(w, 'history', '--cuff', 'k'))
        said = self.refused(w, 'history', '--cuff', 'bedroom')
        self.assertIn('no cuff is called "bedroom"', said)
        self.assertIn('\n  005fbf112233  Kitchen\n', said)
        self.assertIn('\n  28ffb20591b5  Küche oben\n', said)
        said = self.refused(w, 'stats', '--user', 'bob')
        self.assertIn('no user is called "bob"', said)
        self.assertIn('\n  2        Änne, of Küche oben\n', said)
        self.assertIn('"a" can be more than one user', self.refused(w, 'history', '--user', 'a'))
        self.assertIn('no cuff is called "?[2Jx"', self.refused(w, 'history', '--cuff', '\033[2Jx'))

    def test_a_cuff_that_was_removed_is_still_found(self):
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '111/71/61', {}), ('2026-11-03T07:00', '113/73/63', {'cuff': OTHER, 'user': 2}))
        self.change(w, "UPDATE user SET name = 'Bob' WHERE cuff = ?", OTHER)
        self.assertEqual(self.systolics(w, '--cuff', '005fbf112233'), [113])
        self.assertEqual(self.systolics(w, '--user', 'bob'), [113])

    def test_time(self):
        w = self.stopped()
        self.add(w, ('2026-10-24T23:59:59', '111/71/61', {}), ('2026-10-25T00:00', '112/72/62', {}),
                 ('2026-10-25T23:59:59', '113/73/63', {}), ('2026-10-26T00:00', '114/74/64', {}))  # a day of 25 hours
        for words, wanted in ((['--from', '2026-10-25', '--to', '2026-10-25'], [112, 113]), (['--to', '2026-10-25'], [111, 112, 113]),
                              (['--from', '2026-10-26'], [114]), (['--to', '2026-10-25T00:00'], [111, 112]),
                              (['--to', '2026-10-24T23:59:58'], []), (['--from', '2026-10-25 23:59', '--last', '1'], [114]),
                              (['--to', '2026-10-25', '--last', '2'], [112, 113]), (['--last', '9'], [111, 112, 113, 114]),
                              (['--last', '1'], [114])):
            self.assertEqual(self.systolics(w, *words), wanted, words)
        now = int(time.time())
        self.add(w, (now - 8 * 86400, '115/75/65', {}), (now - 6 * 86400, '116/76/66', {}))
        self.assertEqual(self.systolics(w, '--last', '7d')[-1:], [116])
        self.assertNotIn(115, self.systolics(w, '--last', '1w'))
        for words, sentence in ((['--from', 'yesterday'], '--from "yesterday" is no time'), (['--to', '2026-02-30'], '--to "2026-02-30"'),
                                (['--from', '2026-02-02', '--to', '2026-02-01'], 'exchange them'), (['--last', 'x'], '--last "x" is neither'),
                                (['--last', '7d', '--from', '2026-01-01'], 'leave one out'), (['--last'], '--last needs'),
                                (['--csv', '--json'], 'choose one'), (['--fhir', '--omblepy'], 'choose one')):
            self.assertIn(sentence, self.refused(w, 'history', *words))

    def test_equal_times_are_in_the_order_of_arrival_also_of_the_last_ones(self):
        w = self.stopped()
        self.add(w, *(('2026-11-01T07:00', '%d/71/61' % (110 + i), {}) for i in range(5)))
        self.assertEqual(self.systolics(w), [110, 111, 112, 113, 114])
        self.assertEqual(self.systolics(w, '--last', '3'), [112, 113, 114])

    def test_many_pages(self):
        w = self.stopped()
        self.add(w, *(('2026-11-01T07:00', '%d/71/61' % (100 + i % 50), {'measured_at': at('2026-11-01T07:00') + i // 3})
                      for i in range(9001)))
        objects = self.objects(w)
        self.assertEqual(len({o['id'] for o in objects}), 9001)
        self.assertEqual([o['id'] for o in objects], sorted(o['id'] for o in objects))
        self.assertEqual(self.objects(w, '--last', '5000'), objects[-5000:])


class Table(History):
    def fill(self, w):
        self.add_cuff(w, OTHER, 'Kitchen')
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}), ('2026-11-01T20:00', '142/91/', {'user': 2, 'irregular_heartbeat': 1}),
                 ('2026-11-02T07:00', '185/125/99', {'cuff': OTHER, 'body_movement': 1, 'cuff_fit_ok': 0}),
                 ('2026-11-03T07:00', '131/79/70', {'clock_ok': 0}))
        self.change(w, "UPDATE user SET name = 'Zoë with a long name' WHERE cuff = ? AND user = 1", CUFF)

    def test_one_person_on_one_cuff(self):
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}), ('2026-11-02T08:05', '131/84/', {}))
        self.assertEqual(self.told(w, 'history').splitlines(), [
            'time                  mmHg  bpm  40               200  class',
            '2026-11-01 07:00   118/ 76   61      ▐█████            normal',
            '2026-11-02 08:05   131/ 84    -       ▐█████▌          stage 1'])
        text = self.told(w, 'history', LC_ALL='C')
        self.assertEqual(text.splitlines()[1], '2026-11-01 07:00   118/ 76   61  ....======..........  normal')
        self.assertEqual(text.splitlines()[2], '2026-11-02 08:05   131/ 84    -  .....=======........  stage 1')
        self.assertEqual(len(text.splitlines()), 3)
        self.assertTrue(text.isascii())

    def test_marks_have_a_legend(self):
        w = self.stopped()
        self.fill(w)
        lines = self.told(w, 'history').splitlines()
        self.assertRegex(lines[0], r'^time +cuff +user +mmHg +bpm ')
        self.assertIn(' Zoë with a lo… ', lines[1])
        self.assertTrue(lines[2].endswith('stage 2  i'), lines[2])
        self.assertTrue(lines[3].endswith('crisis   mf'), lines[3])
        self.assertTrue(lines[4].startswith('2026-11-03 07:00? '), lines[4])
        self.assertEqual(lines[5:], ['', 'i  irregular heartbeat', 'm  moved while measuring', 'f  the cuff did not fit well',
                                     "?  the cuff's clock was wrong: this is when the measurement arrived"])
        self.assertTrue(all(columns_of(line) <= 80 for line in lines))

    def test_a_terminal_has_colours_and_its_width(self):
        w = self.stopped()
        self.fill(w)
        for columns in (40, 50, 60, 79, 80, 200):
            lines = self.on_terminal(w, columns, 'history').splitlines()
            table = lines[:lines.index('')]
            self.assertEqual(len(table), 5)
            self.assertTrue(all(columns_of(line) <= min(columns, 80) for line in table), (columns, table))
            self.assertIn('142/ 91', table[2])
            self.assertIn('Zoë', table[1])
        self.assertIn('\033[31mcrisis\033[0m', self.on_terminal(w, 80, 'history'))
        self.assertNotIn('\033', self.on_terminal(w, 80, 'history', NO_COLOR='1'))
        self.assertNotIn('\033', self.on_terminal(w, 80, 'history', TERM='dumb'))
        self.assertNotIn('\033', self.told(w, 'history'))
        for columns in (40, 80):
            lines = self.on_terminal(w, columns, 'stats').splitlines()
            self.assertTrue(all(columns_of(line) <= columns for line in lines), lines)

    def test_the_scheme_is_the_configurations(self):
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '131/84/61', {}))
        self.assertIn('elevated', self.told(w, 'history', CUFF2MQTT_HOMEASSISTANT_CATEGORY='esc'))
        self.assertIn('high normal', self.told(w, 'history', CUFF2MQTT_HOMEASSISTANT_CATEGORY='esh'))
        said = json.loads(self.told(w, 'stats', '--json', CUFF2MQTT_HOMEASSISTANT_CATEGORY='esh'))
        self.assertEqual(said['scheme'], 'esh')

    def test_hostile_names_drive_nothing(self):
        w = self.stopped()
        self.add_cuff(w, OTHER, 'x')
        self.change(w, "UPDATE cuff SET name = ? WHERE address = ?", '\033]0;owned\a\n\r\u009b2J', CUFF)
        self.change(w, "UPDATE cuff SET name = CAST(X'FFFE41' AS TEXT) WHERE address = ?", OTHER)
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}), ('2026-11-02T07:00', '118/76/61', {'cuff': OTHER}))
        self.change(w, "UPDATE user SET name = ?, person = ? WHERE cuff = ?", '=cmd|\' /C "calc"\'!A0\033[2J\n,\u202e', '../x y', CUFF)
        for command in ('history', 'stats'):
            for words in ((), ('--json',), ('--csv',), ('--fhir',), ('--omblepy', '--cuff', OTHER)):
                if command == 'stats' and words not in ((), ('--json',)):
                    continue
                done = self.run_it(w, command, *words, raw=True)
                self.assertEqual((done.returncode, done.stderr), (OK, b''))
                self.assertEqual(re.findall('[\\x00-\\x08\\x0b-\\x0c\\x0e-\\x1f\\x7f-\\x9f]', done.stdout.decode()), [], words)
        self.assertEqual(len(self.told(w, 'history').splitlines()), 3)
        rows = list(csv.DictReader(io.StringIO(self.told(w, 'history', '--csv'))))
        self.assertTrue(rows[0]['user_name'].startswith("'=cmd|' /C \"calc\"'!A0?[2J"), rows[0])
        self.assertIn('Patient/..-x-y', self.told(w, 'history', '--fhir'))

    def test_times_of_no_calendar_are_left_out_and_counted(self):
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}), ('2026-11-01T08:00', '119/76/61', {'measured_at': 1 << 60}))
        for words in ((), ('--json',), ('--csv',), ('--fhir',), ('--omblepy',)):
            done = self.run_it(w, 'history', *words)
            self.assertEqual(done.returncode, OK)
            self.assertIn('left out: 1 with a time that no calendar has', done.stderr)
            self.assertNotIn('119', done.stdout)


class Trouble(History):
    def test_rights(self):
        """The whole command, as the one it belongs to."""
        if os.geteuid() != 0:
            self.skipTest('needs root to be somebody else')
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}))
        config = self.config(w)
        os.chmod(w.directory, 0o755)
        os.chmod(config, 0o644)
        owner = pwd.getpwuid(1)
        for name in (w.state_directory, *(os.path.join(w.state_directory, n) for n in os.listdir(w.state_directory))):
            os.chown(name, owner.pw_uid, owner.pw_gid)
        done = self.run_it(w, 'history', '--user', "O'Hara", '--last=7d', '--csv', user=NOBODY)
        self.assertEqual((done.returncode, done.stdout), (STATE, ''))
        self.assertIn("`sudo -u %s cuff2mqtt history --config %s --user 'O'\\''Hara' --last 7d --csv`\n" % (owner.pw_name, config), done.stderr)
        done = self.run_it(w, 'history', '--json', user=owner.pw_uid)
        self.assertEqual((done.returncode, done.stderr, done.stdout.count('\n')), (OK, '', 1))
        os.chmod(config, 0o600)
        done = self.run_it(w, 'stats', user=NOBODY)
        self.assertEqual((done.returncode, done.stdout), (CONFIG, ''))
        self.assertIn('cuff2mqtt stats --config %s`' % config, done.stderr)

    def test_no_database_or_a_bad_one(self):
        w = self.stopped()
        path = os.path.join(w.state_directory, 'cuff2mqtt.db')
        with open(path, 'r+b') as f:
            f.write(b'not a database at all')
        for command in ('history', 'stats'):
            done = self.run_it(w, command)
            self.assertEqual((done.returncode, done.stdout), (STATE, ''))
            self.assertTrue(done.stderr.startswith('cuff2mqtt: '))
        os.remove(path)
        done = self.run_it(w, 'history', '--csv')
        self.assertEqual((done.returncode, done.stdout), (STATE, ''))
        self.assertFalse(os.path.exists(path))

    def test_a_closed_pipe(self):
        w = self.stopped()
        self.add(w, *(('2026-11-01T07:00', '120/80/60', {'measured_at': at('2026-11-01T07:00') + i}) for i in range(4000)))
        for ignored in (False, True):
            for words in ((), ('--csv',), ('--fhir',)):
                process = subprocess.Popen(
                    [SERVICE, 'history', '--config', self.config(w), *words], env=self.environment(), stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, restore_signals=not ignored)
                process.stdout.readline()
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b'')
                process.stderr.close()
                self.assertEqual(process.wait(60), FAILURE if ignored else -signal.SIGPIPE)

    def test_a_full_disk(self):
        w = self.stopped()
        self.add(w, ('2026-11-01T07:00', '118/76/61', {}))
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([SERVICE, 'history', '--config', self.config(w)], env=self.environment(), stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn('is the disk full?', done.stderr)
