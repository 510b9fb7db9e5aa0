"""`cuff2mqtt import`: people who used another program bring their measurements along, each of them once."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import time
import unittest

from harness import CUFF, ROOT, SERVICE, Story
from memory_story import EVENT, MemoryStory

HEADER = 'datetime,dia,sys,bpm,mov,ihb'
LINES = ['2024-03-01 07:15:20,84,131,67,0,1', '2024-03-01 19:40:05,79,124,70,1,0', '2024-07-02 07:11:59,81,128,65,0,0']


def omblepy(lines=LINES):
    return '\r\n'.join([HEADER, *lines, ''])


def ubpm(users, **layout):
    return json.dumps({'UBPM': users}, sort_keys=True, **layout)


def entry(taken, systolic, diastolic, pulse):
    """As omblepy writes it; `taken` is 2024-03-01T07:15:20."""
    date, clock = taken.split('T')
    return {'date': '.'.join(reversed(date.split('-'))), 'time': clock, 'msg': '', 'sys': systolic, 'dia': diastolic,
            'bpm': pulse, 'ihb': 0, 'mov': 0}


class ImportStory(MemoryStory):
    KIND = 'classic'

    def known(self, *commands, **more):
        """A gateway that knows the cuff, whose memory is empty; the service is stopped."""
        w = self.world(**more)
        self.sync(w)
        self.assertEqual(w.running.stop(), 0)
        for command in commands:
            w.fake.do(command)
        return w

    def imports(self, w, text, *arguments, code=0, cuff=CUFF, name='export', piped=False):
        """What was said on standard output, and on standard error."""
        path = os.path.join(w.directory, name)
        with open(path, 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        environment = {**os.environ, 'TZ': 'Europe/Berlin', 'ASAN_OPTIONS': 'detect_leaks=1'}
        environment.pop('SUDO_USER', None)
        with open(path, 'rb') as f:
            done = subprocess.run([SERVICE, 'import', '-' if piped else path, '--config', w.running.config,
                                   *(['--cuff', cuff] if cuff else []), *arguments],
                                  stdin=f if piped else subprocess.DEVNULL, capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def count(self, w, text, *arguments, **more):
        """New, known, refused, left out."""
        out, _ = self.imports(w, text, '--json', *arguments, **more)
        self.assertEqual(out.count('\n'), 1)
        said = json.loads(out)
        self.assertEqual(said['cuff'], CUFF)
        return said['new'], said['known'], said['refused'], said['left_out']


class Exports(ImportStory):
    def test_moving_over(self):
        """The measurements of omblepy's file are told once, as backlog and the oldest first, when the service runs; the
        newest is retained. The same file again brings nothing, before and after."""
        w = self.known()
        out, err = self.imports(w, omblepy(), '--user', '2')
        self.assertEqual(out.splitlines()[0], "omblepy's CSV: 3 new, 0 known already, 0 refused")
        self.assertIn('sudo systemctl start cuff2mqtt', out)
        self.assertEqual(err, '')
        out, _ = self.imports(w, omblepy(), '--user', '2')
        self.assertEqual(out, "omblepy's CSV: 0 new, 3 known already, 0 refused\n")
        w.service()
        w.wait_outbox_empty()
        w.subscriber.wait(EVENT, count=3)
        events = [m.json for m in w.subscriber.find(EVENT)]
        self.assertEqual([e['measured_at'] for e in events], ['2024-03-01T07:15:20+01:00', '2024-03-01T19:40:05+01:00',
                                                              '2024-07-02T07:11:59+02:00'])
        self.assertEqual([(e['user'], e['systolic'], e['diastolic'], e['pulse']) for e in events],
                         [(2, 131, 84, 67), (2, 124, 79, 70), (2, 128, 81, 65)])
        self.assertEqual([(e['irregular_heartbeat'], e['body_movement']) for e in events],
                         [(True, False), (False, True), (False, False)])
        self.assertTrue(all(e['backlog'] and e['clock_ok'] for e in events))
        self.assertEqual(self.retained(w, 2)['id'], events[-1]['id'])
        self.assertEqual(w.running.stop(), 0)
        self.assertEqual(self.count(w, omblepy(), '--user', '2'), (0, 3, 0, 0))
        w.service()
        self.verify(w)
        self.assertEqual(len(w.subscriber.find(EVENT)), 3)

    def test_to_the_wrong_user(self):
        """It is not there twice, and whoever tries again is told why nothing comes."""
        w = self.known()
        self.assertEqual(self.count(w, omblepy(), '--user', '1'), (3, 0, 0, 0))
        out, _ = self.imports(w, omblepy(), '--user', '2')
        self.assertIn("3 of those that are known are another user's here", out)
        self.assertEqual(json.loads(self.imports(w, omblepy(), '--user', '2', '--json')[0])['known_of_another'], 3)
        self.assertNotIn('another', self.imports(w, omblepy(), '--user', '1')[0])
        self.assertEqual({r[0] for r in w.rows('SELECT user FROM measurement')}, {1})

    def test_users_of_the_file(self):
        """UBPM's file tells whose they are; --user takes one person's."""
        w = self.known()
        text = ubpm({'U1': [entry('2024-03-01T07:15:20', 131, 84, 67)],
                     'U2': [entry('2024-03-01T08:00:00', 122, 80, 70), entry('2024-03-02T08:00:00', 121, 79, 71)]}, indent=4)
        self.assertEqual(self.count(w, text, '--user', '2'), (2, 0, 0, 1))
        out, _ = self.imports(w, text, '--user', '2')
        self.assertIn("UBPM's JSON: 0 new, 2 known already, 0 refused, 1 of other users left out", out)
        self.assertEqual(self.count(w, text), (1, 2, 0, 0))
        self.assertEqual(sorted(r[0] for r in w.rows('SELECT user FROM measurement')), [1, 2, 2])
        w.service()
        self.verify(w)

    def test_what_history_writes_is_known(self):
        """Round trip: nothing of an export with --omblepy is new, and what such a file cannot say is left out, and said."""
        w = Story.world(self)  # a cuff without a memory sends what a memory cannot hold
        for values in ('131/84/67 at=2026-03-01T07:15:20', '124/79/70 at=2026-03-01T19:40:05', '128/81/65 at=unset',
                       '129/82/66 at=none', '127/80/64 no-pulse'):
            w.fake.do('measure %s %s' % (CUFF, values))
        w.wait_rows(5)
        self.assertEqual(w.running.stop(), 0)
        done = subprocess.run([SERVICE, 'history', '--config', w.running.config, '--omblepy'], capture_output=True,
                              env={**os.environ, 'TZ': 'Europe/Berlin'}, timeout=60, check=True)
        self.assertIn(b'left out: 1 without a pulse', done.stderr)
        self.assertIn(b'left out: 2 without a time of the cuff', done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(self.count(w, done.stdout, '--user', '1'), (0, 2, 0, 0))
        self.assertEqual(len(w.rows()), 5)

    def test_without_seconds(self):
        """OBPM's file has minutes only: the same minute and the same values are the same measurement."""
        w = self.known()
        self.assertEqual(self.count(w, omblepy(), '--user', '1'), (3, 0, 0, 0))
        obpm = 'user;date;time;sys;dia;bpm;comment\n1;01.03.24;07:15;131;084;067;\n1;01.03.24;19:40;124;079;071;late\n'
        self.assertEqual(self.count(w, obpm), (1, 1, 0, 0))
        self.assertEqual(self.count(w, obpm), (0, 2, 0, 0))
        self.assertEqual(self.count(w, omblepy(['2024-03-01 19:40:31,79,124,71,0,0']), '--user', '1'), (0, 1, 0, 0))

    def test_standard_input(self):
        w = self.known()
        self.assertEqual(self.count(w, omblepy(), '--user', '1', piped=True), (3, 0, 0, 0))

    def test_damaged_lines(self):
        """Each is told with its number and why, and no value of it is; the rest is taken."""
        w = self.known()
        lines = [LINES[0], '2024-03-01 07:15', LINES[1], '2024-13-01 07:15:20,84,131,67,0,1', '2024-03-01 07:15:20,84,999,67,0,1',
                 '2099-03-01 07:15:20,84,131,67,0,1', LINES[2][:-8]]
        out, err = self.imports(w, omblepy(lines)[:-2], '--user', '1')
        self.assertIn('2 new, 0 known already, 5 refused', out)
        told = err.splitlines()
        self.assertEqual([line.split(' is left out: ')[0] for line in told],
                         ['cuff2mqtt: line %d' % n for n in (3, 5, 6, 7, 8)])
        for line, word in zip(told, ('fields', 'no such date', 'no living person', 'future', 'fields')):
            self.assertIn(word, line)
        self.assertNotIn('999', err)
        self.assertEqual(self.count(w, omblepy(lines), '--user', '1')[:2], (0, 2))
        _, err = self.imports(w, omblepy([lines[1]]), '--user', '1', code=1)
        self.assertIn('line 2', err)

    def test_ten_megabytes(self):
        w = self.known()
        start, n = time.mktime((2012, 1, 1, 6, 0, 0, 0, 0, 0)), 51000
        entries = [entry(time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(start + i * 4000)), 100 + i % 60, 60 + i % 31, 55 + i % 40)
                   for i in range(n)]
        text = ubpm({'U1': entries}, indent=4)
        self.assertGreater(len(text), 10000000)
        self.assertEqual(self.count(w, text), (n, 0, 0, 0))
        self.assertEqual(w.rows('SELECT count(*), count(DISTINCT id) FROM measurement'), [(n, n)])
        self.assertEqual(w.rows('SELECT count(*) FROM outbox'), [(n,)])
        self.assertEqual(self.count(w, text), (0, n, 0, 0))
        _, err = self.imports(w, b'[' + b'0,' * 9000000, code=1)
        self.assertIn('16 MB', err)


class Memory(ImportStory):
    """What was imported and what the cuff has in its memory are the same measurements."""

    def csv_of(self, held):
        """As omblepy writes what it read of this cuff."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(HEADER.split(','))
        for h in held:
            second = min(int(h.taken[-2:]), 59)
            writer.writerow(['%s:%02d' % (h.taken[:-3].replace('T', ' '), second), h.diastolic, h.systolic, h.pulse, 0, 0])
        return out.getvalue()

    def test_imported_before_the_memory_is_read(self):
        w = self.known('fill 1 40', 'fill 2 7 from=2026-02-20T07:00:00')  # one cuff measures one at a time
        held = self.held(w)
        self.assertEqual(self.count(w, self.csv_of([h for h in held if h.user == 1]), '--user', '1'), (40, 0, 0, 0))
        before = w.rows()
        w.service()
        w.wait_outbox_empty()
        self.assertEqual(self.sync(w)[0]['new_measurements'], 7)
        self.assertEqual(w.rows()[:40], before)
        self.assert_told(w, held)
        self.sync(w, 'measure 131/84/67 user=1')
        self.assertEqual(len(w.rows()), 48)
        self.verify(w)

    def test_read_before_it_is_imported(self):
        w = self.world('fill 1 20', 'fill 2 5')
        self.sync(w)
        held = self.held(w)
        w.wait_outbox_empty()
        self.assertEqual(w.running.stop(), 0)
        before = w.rows('SELECT * FROM measurement')
        for user, n in ((1, 20), (2, 5)):
            text = self.csv_of([h for h in held if h.user == user])
            self.assertEqual(self.count(w, text, '--user', str(user)), (0, n, 0, 0))
        users = {'U%d' % user: [entry(h.taken, h.systolic, h.diastolic, h.pulse) for h in held if h.user == user]
                 for user in (1, 2)}
        self.assertEqual(self.count(w, ubpm(users)), (0, 25, 0, 0))
        self.assertEqual(w.rows('SELECT * FROM measurement'), before)
        w.service()
        self.sync(w)
        self.assertEqual(len(w.subscriber.find(EVENT)), 25)
        self.verify(w)


class Refusals(ImportStory):
    def test_while_the_service_runs(self):
        """One sentence with the commands; nothing changes."""
        w = self.world()
        _, err = self.imports(w, omblepy(), '--user', '1', code=73, name='my export')
        self.assertEqual(err.count('\n'), 1)
        for words in ('`sudo systemctl stop cuff2mqtt`', '`sudo systemctl start cuff2mqtt`',
                      "`cuff2mqtt import --config %s --cuff %s --user 1 - < '%s/my export'`" %
                      (w.running.config, CUFF, w.directory)):
            self.assertIn(words, err)
        self.assertEqual(w.rows(), [])

    def test_directory_of_another_user(self):
        """The command as its owner, who need not be able to read the file."""
        w = self.known()
        if os.geteuid() == 0:
            for directory, _, files in os.walk(w.state_directory):
                for path in [directory, *(os.path.join(directory, f) for f in files)]:
                    os.chown(path, 65534, 65534)
            sudo = 'sudo -u nobody'
        else:
            with open(w.running.config, 'a') as f:
                f.write('state_directory = "/usr/lib";\n')
            sudo = 'sudo'
        _, err = self.imports(w, omblepy(), '--user', '1', code=73)
        self.assertIn('belongs to another user', err)
        self.assertIn('`%s cuff2mqtt import --config %s --cuff %s --user 1 - < %s/export`' %
                      (sudo, w.running.config, CUFF, w.directory), err)
        self.assertEqual(w.rows(), [])

    def test_what_is_missing(self):
        w = self.known()
        for arguments, cuff, words in (((), None, '--cuff ADDRESS'), (('--user', '1'), '28:FF', 'the address of a cuff'),
                                       (('--user', '0'), CUFF, 'number of a user'), (('--user', '255'), CUFF, 'number of a user'),
                                       (('--user', 'ada'), CUFF, 'number of a user'), ((), CUFF, 'add --user 1')):
            _, err = self.imports(w, omblepy(), *arguments, cuff=cuff, code=64)
            self.assertIn(words, err)
        _, err = self.imports(w, omblepy(), '--user', '1', cuff='28:FF:B2:00:00:01', code=1)
        self.assertIn('there is no cuff 28:FF:B2:00:00:01 here: known are %s' % CUFF, err)
        self.assertEqual(w.rows(), [])

    def test_no_database(self):
        """None is made: it would be one that no service reads."""
        w = self.known()
        os.rename(w.state_directory, w.state_directory + '.away')
        _, err = self.imports(w, omblepy(), '--user', '1', code=73)
        self.assertIn('no database in %s' % w.state_directory, err)
        os.mkdir(w.state_directory)
        self.imports(w, omblepy(), '--user', '1', code=73)
        self.assertEqual(os.listdir(w.state_directory), [])

    def test_unknown_files(self):
        """Refused by name, with what to do."""
        w = self.known()
        for text, words in ((b'', 'empty'), (b'SQLite format 3\0', 'database'), (b'%PDF-1.4\n', 'first line'),
                            (b'Date;Time;SYS;DIA;BPM\n', 'export as JSON'), (b'{"UBPM": {"U1": [', 'cut off')):
            out, err = self.imports(w, text, '--user', '1', code=1)
            self.assertEqual(out, '')
            self.assertIn('nothing was imported', err)
            self.assertIn(words, err)
        done = subprocess.run([SERVICE, 'import', w.directory, '--cuff', CUFF, '--user', '1', '--config', w.running.config],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('cannot be read: Is a directory', done.stderr)

    def test_disk_full(self):
        """What could be written stays, and the sentence says what to do."""
        w = self.known()
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'))
        with db:
            db.execute("CREATE TRIGGER full BEFORE INSERT ON measurement BEGIN SELECT raise(ABORT, 'full'); END")
        db.close()
        out, err = self.imports(w, omblepy(), '--user', '1', code=73)
        self.assertEqual(out, '')
        self.assertIn('cuff2mqtt doctor', err)
        self.assertEqual(w.rows(), [])


class Page(unittest.TestCase):
    def test_the_help_is_what_the_page_says(self):
        done = subprocess.run([SERVICE, 'import', '--help'], capture_output=True, text=True, check=True)
        with open(os.path.join(ROOT, 'docs', 'import.md'), encoding='utf-8') as f:
            page = f.read()
        for option in ('--cuff', '--user', '--json', '--config'):
            self.assertIn(option, done.stdout)
            self.assertIn(option, page)
        self.assertIn(HEADER, page)


if __name__ == '__main__':
    unittest.main()
