"""`explain` on a capture of 100 MB and on one a hundredth of that: memory must not grow with the file, and time only as the
file does. The files are a real capture again and again, with its own 58 KB of pairing, encryption and GATT."""

import os
import subprocess
import sys
import tempfile
import time

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


def run(argv):
    """(seconds, kB at most, what it wrote in bytes)"""
    begin = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wrote = sum(len(block) for block in iter(lambda: process.stdout.read(1 << 20), b''))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, status
    return time.monotonic() - begin, usage.ru_maxrss, wrote


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        small, large = os.path.join(directory, 'small'), os.path.join(directory, 'large')
        sizes = make(small, LARGE // 100), make(large, LARGE)
        plain = run(['cksum', large])[0]
        results = [run([program, 'explain', path]) for path in (small, large)]
    (t1, rss1, wrote1), (t2, rss2, wrote2) = results
    print('explain, %.0f MB           %.2f x the time of cksum over it; %.0f x the time of 1/%.0f of it; one pass'
          % (sizes[1] / (1 << 20), t2 / plain, t2 / t1, sizes[1] / sizes[0]))
    print('explain, memory         %d kB, %.2f x that of 1/%.0f of the file (%.1f times the stories told)'
          % (rss2, rss2 / rss1, sizes[1] / sizes[0], wrote2 / wrote1))


if __name__ == '__main__':
    main(sys.argv[1])
