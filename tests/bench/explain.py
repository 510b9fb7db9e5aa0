"""`explain` on a capture of 100 MB and on one a hundredth of that: memory must not grow with the file, and time only as the
file does. The files are a real capture again and again, with its own 58 KB of pairing, encryption and GATT."""

import os
import re
import subprocess
import tempfile
import time

import harness
import place

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURE = os.path.join(HERE, '..', 'captures', 'failonce.btsnoop')
HEAD = 16  # of btsnoop
LARGE = 100 << 20


def make(path, size):
    with open(CAPTURE, 'rb') as f:
        content = f.read()
    frames = content[HEAD:]
    with open(path, 'wb') as f:
        f.write(content[:HEAD])
        for _ in range(max(1, size // len(frames))):
            f.write(frames)
    return os.path.getsize(path)


def measured(argv, **environment):
    """(seconds, MB at most, what it wrote in bytes). Its peak is asked for while it writes: what wait4() tells of a child is
    at least what this Python has."""
    begin, wrote, most = time.monotonic(), 0, 0
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **environment}) as process:
        for block in iter(lambda: process.stdout.read(1 << 16), b''):
            wrote += len(block)
            with open('/proc/%d/status' % process.pid) as f:
                peak = re.search(r'^VmHWM:\s+(\d+)', f.read(), re.M)
            most = int(peak[1]) / 1024 if peak else most
    assert process.returncode == 0, process.returncode
    return time.monotonic() - begin, most, wrote


def run(figures, options):
    with tempfile.TemporaryDirectory() as directory:
        small, large = os.path.join(directory, 'small'), os.path.join(directory, 'large')
        sizes = make(small, LARGE // 100), make(large, LARGE)
        plain = measured(['cksum', large])[0]
        (_, little, wrote1), (took, most, wrote2) = (measured([harness.SERVICE, 'explain', path]) for path in (small, large))
        burdened = measured([harness.SERVICE, 'explain', large], LD_PRELOAD=place.BURDEN, BURDEN_MEMORY_KB='8192')[1]
    print('explain of %.0f MB: %.2f times as long as cksum, one pass; tells %.0f times as much as of %.0f MB' % (
        sizes[1] / (1 << 20), took / plain, wrote2 / wrote1, sizes[0] / (1 << 20)))
    figures.add('`explain` of 100 MB, memory at most', most, 'MB', ('8 MB more', burdened, most + 6),
                judged=('of that for 1 MB:', most / little, 1.1))
