"""What everybody says, in one order: the cuff and bluetoothd, the service, the broker's side of the connection,
and the driver. Moments are found in it, waits are for it, and it is the transcript that a failure leaves."""

import os
import re
import threading
import time

DEADLINE = float(os.environ.get('CUFF2MQTT_TEST_DEADLINE', '45'))  # seconds: not a performance claim


class Timeout(AssertionError):
    pass


class Timeline:
    def __init__(self):
        self.lines, self.times = [], []
        self.changed = threading.Condition()

    def add(self, line):
        with self.changed:
            self.lines.append(line)
            self.times.append(time.monotonic())
            self.changed.notify_all()

    def here(self):
        with self.changed:
            return len(self.lines)

    def read(self, stream, prefix):
        """Takes the lines of a process from now on, until it ends."""
        def run():
            for line in stream:
                self.add(prefix + line.rstrip('\n'))
            stream.close()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def wait(self, pattern, start=0, deadline=DEADLINE):
        """Index behind the first line from `start` on that matches, and the match."""
        regex, end, at = re.compile(pattern), time.monotonic() + deadline, start
        with self.changed:
            while True:
                while at < len(self.lines):
                    match = regex.search(self.lines[at])
                    at += 1
                    if match:
                        return at, match
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout('nobody said %r' % pattern)
                self.changed.wait(left)

    def until(self, holds, deadline=DEADLINE):
        """Until `holds()` returns no reason why not; it is asked again whenever somebody says something, and a few
        times a second for what nobody says (the database of another process)."""
        end = time.monotonic() + deadline
        while True:
            at = self.here()
            why = holds()
            if not why:
                return
            if time.monotonic() > end:
                raise Timeout(why)
            with self.changed:
                if len(self.lines) == at:
                    self.changed.wait(0.1)

    def write(self, path):
        with self.changed, open(path, 'w') as f:
            for when, line in zip(self.times, self.lines):
                f.write('%10.3f %s\n' % (when - self.times[0], line))
