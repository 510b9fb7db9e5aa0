"""`cuff2mqtt history` and `cuff2mqtt stats`, run on a database of our making."""

import datetime
import fcntl
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess
import termios
import unicodedata
import zoneinfo

from harness import CUFF, SERVICE, Story

OK, FAILURE, USAGE, STATE, CONFIG = 0, 1, 64, 73, 78
BERLIN = zoneinfo.ZoneInfo('Europe/Berlin')
OTHER = '00:5F:BF:11:22:33'
NOBODY = 65534


def at(text):
    """UTC seconds of a local time."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def columns_of(line):
    """As wide as a terminal shows it."""
    plain = re.sub(r'\033\[\d+m', '', line)
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 0 if unicodedata.combining(c) else 1 for c in plain)


class History(Story):
    def stopped(self):
        """A world whose service has made a database and has ended; the cuff is known."""
        w = self.world()
        w.running.stop()
        return w

    def database(self, w):
        return sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), timeout=30)

    def add(self, w, *rows):
        """(local time or UTC seconds, '131/84/67', what differs from a good one of user 1)"""
        db = self.database(w)
        with db:
            for when, values, more in rows:
                seconds = at(when) if isinstance(when, str) else when
                systolic, diastolic, pulse = [int(v) if v else None for v in (values + '/').split('/')[:3]]
                local = datetime.datetime.fromtimestamp(seconds, BERLIN)
                row = {'cuff': CUFF, 'user': 1, 'taken': local.strftime('%Y-%m-%d %H:%M:%S'), 'systolic': systolic,
                       'diastolic': diastolic, 'pulse': pulse, 'received_at': seconds + 60, 'measured_at': seconds,
                       'clock_ok': 1, 'source': '2a35', 'raw': b'', 'behind': 0, **more}
                if not row['clock_ok']:
                    row['taken'] = None
                number = db.execute('SELECT count(*) FROM measurement').fetchone()[0]
                row.setdefault('id', '%016x' % (0xabc0000000000000 + number))
                db.execute('INSERT INTO user (cuff, user) VALUES (?, ?) ON CONFLICT DO NOTHING', (row['cuff'], row['user']))
                db.execute('INSERT INTO measurement (%s) VALUES (%s)' % (','.join(row), ','.join('?' * len(row))),
                           list(row.values()))
        db.close()

    def change(self, w, sql, *values):
        db = self.database(w)
        with db:
            db.execute(sql, values)
        db.close()

    def add_cuff(self, w, address, name):
        db = self.database(w)
        db.row_factory = sqlite3.Row
        row = dict(db.execute('SELECT * FROM cuff').fetchone())
        row.update(address=address, name=name)
        with db:
            db.execute('INSERT INTO cuff (%s) VALUES (%s)' % (','.join(row), ','.join('?' * len(row))), list(row.values()))
        db.close()

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(('CUFF2MQTT', 'LC_', 'NO_COLOR')) and k not in ('LANG', 'LANGUAGE', 'COLUMNS')}
        return {**clean, 'TZ': 'Europe/Berlin', 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm',
                'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0', **more}

    def config(self, w):
        path = os.path.join(w.directory, 'cuff2mqtt.conf')
        if not os.path.exists(path):
            with open(path, 'w', encoding='utf-8') as f:
                f.write(w.config())
        return path

    def run_it(self, w, command, *words, user=None, raw=False, **environment):
        done = subprocess.run([SERVICE, command, '--config', self.config(w), *words], env=self.environment(**environment),
                              capture_output=True, timeout=120, user=user, extra_groups=[] if user else None,
                              cwd='/' if user else None, stdin=subprocess.DEVNULL)
        if not raw:
            done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
            self.assertNotRegex(done.stderr, 'Sanitizer|runtime error')
        return done

    def told(self, w, command, *words, **environment):
        """Its output, when all is well."""
        done = self.run_it(w, command, *words, **environment)
        self.assertEqual((done.returncode, done.stderr), (OK, ''))
        return done.stdout

    def objects(self, w, *words):
        return [json.loads(line) for line in self.told(w, 'history', '--json', *words).splitlines()]

    def systolics(self, w, *words):
        return [o['systolic'] for o in self.objects(w, *words)]

    def refused(self, w, command, *words):
        """What it says to a usage error."""
        done = self.run_it(w, command, *words)
        self.assertEqual((done.returncode, done.stdout), (USAGE, ''), done.stderr)
        return done.stderr

    def on_terminal(self, w, columns, *words, **environment):
        """What a terminal that wide gets."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
        process = subprocess.Popen([SERVICE, *words, '--config', self.config(w)], env=self.environment(**environment),
                                   stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        text = b''
        try:
            while chunk := os.read(master, 65536):
                text += chunk
        except OSError:  # the other side is closed
            pass
        os.close(master)
        self.assertEqual(process.wait(60), OK)
        return text.decode().replace('\r\n', '\n')
