"""The commands that talk with the running service, run beside it."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import zlib

from harness import CUFF, DEADLINE, SERVICE, Process, Story

OK, FAILURE, ADAPTER, BUSY, NO_BROKER, NO_ANSWER, NOT_HEARD, USAGE, CONFIG = 0, 1, 10, 13, 14, 15, 19, 64, 78
ID = CUFF.replace(':', '').lower()
OTHER = '00:5F:BF:11:22:33'
NOBODY = 65534
TWO = ('cuff %s name=BLESmart_0000025828FFB20591B5 omron=yes users=2' % CUFF, 'cuff %s name=BLESmart_0000025800' % OTHER)
HOSTILE = 'x\x1b[2J\x07\x9b\ny'
TAMED = 'x?[2J??? y'


class Terminal:
    """A program on a terminal of so many columns; what it shows comes in `.text`."""

    def __init__(self, argv, env, columns):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
        self.process = subprocess.Popen(argv, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.text, self.changed, self.ended = '', threading.Condition(), False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while chunk := os.read(self.master, 65536):
                with self.changed:
                    self.text += chunk.decode('utf-8', 'replace')
                    self.changed.notify_all()
        except OSError:  # the other side is closed
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, pattern):
        with self.changed:
            self.changed.wait_for(lambda: re.search(pattern, self.text) or self.ended, DEADLINE)
            assert re.search(pattern, self.text), (pattern, self.text)

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Exit code, and all that was shown, as lines end here."""
        code = self.process.wait(DEADLINE)
        with self.changed:
            self.changed.wait_for(lambda: self.ended, DEADLINE)
        os.close(self.master)
        return code, self.text.replace('\r\n', '\n')


class Shell(Story):
    def config(self, w, **more):
        """One file for each text: another program may be reading."""
        text = w.config()
        for old, new in more.values():
            text = text.replace(old, new)
        path = os.path.join(w.directory, 'shell-%08x.conf' % zlib.crc32(text.encode()))
        if not os.path.exists(path):
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
        return path

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(('CUFF2MQTT', 'LC_', 'NO_COLOR')) and k not in ('LANG', 'LANGUAGE', 'COLUMNS', 'TERM')}
        return {**clean, 'TZ': 'Europe/Berlin', 'LC_ALL': 'C.UTF-8', 'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0', **more}

    def argv(self, w, words, **more):
        return [SERVICE, words[0], '--config', self.config(w, **more), *words[1:]]

    def begin(self, w, *words, **more):
        """A process that goes on; it ends with the test."""
        process = Process(self.argv(w, words, **more), env=self.environment())
        w.services.append(process)
        return process

    def run_it(self, w, *words, env=None, text=None, **more):
        done = subprocess.run(self.argv(w, words, **more), env=self.environment(**(env or {})), capture_output=True,
                              timeout=120, input=(text or '').encode())
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertNotRegex(done.stderr, 'Sanitizer|runtime error')
        self.assertNotRegex(done.stdout + done.stderr, '[\x00-\x09\x0b-\x1f\x7f-\x9f]')
        return done

    def told(self, w, *words, **more):
        """Its output, when all is well."""
        done = self.run_it(w, *words, **more)
        self.assertEqual((done.returncode, done.stderr), (OK, ''))
        return done.stdout

    def fails(self, w, code, *words, out='', **more):
        """What it says about that; on standard output nothing, or what `out` accepts."""
        done = self.run_it(w, *words, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stdout, out and out or r'\A\Z')
        self.assertTrue(done.stderr.startswith('cuff2mqtt: '), done.stderr)
        return done.stderr

    def ended(self, process, code, deadline=DEADLINE):
        """Its lines on standard output, and on standard error."""
        got = process.process.wait(deadline)
        for lines in process.out, process.err:
            with lines.changed:
                lines.changed.wait_for(lambda: lines.ended, deadline)
        self.assertEqual(got, code, '\n'.join([*process.out.lines, *process.err.lines]))
        return process.out.lines, process.err.lines

    def terminal(self, w, columns, *words, **env):
        return Terminal(self.argv(w, words), self.environment(**{'TERM': 'xterm', **env}), columns)

    def heard(self, w, word, start=0):
        """Until the program has all that is kept for it, and hears the rest."""
        w.broker.err.wait('Sending SUBACK to cuff2mqtt_' + word, start)

    def say(self, w, path, payload, retain=False):
        """What is to be kept is kept when this returns."""
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/' + path, payload if isinstance(payload, (str, bytes)) else json.dumps(payload),
                             retain=retain)
        if retain:
            w.subscriber.wait('cuff2mqtt/' + path, start=start)

    def asked(self, w, name, start):
        return w.subscriber.wait('cuff2mqtt/bridge/request/' + name, start=start).json
