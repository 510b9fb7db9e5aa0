#!/usr/bin/python3
"""What the service costs, beside a script for the same job (peer.py).   make bench [ONLY=word]
The figures and what they mean: docs/performance.md."""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'component'))
import fake_bus  # noqa: E402
import harness  # noqa: E402
import place  # noqa: E402

import explain  # noqa: E402
import figures  # noqa: E402
import idle  # noqa: E402
import many  # noqa: E402
import sync  # noqa: E402
import work  # noqa: E402

PARTS = {'idle': idle, 'work': work, 'sync': sync, 'many': many, 'explain': explain}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build')
    parser.add_argument('--only', choices=PARTS, help='one part')
    parser.add_argument('--idle', type=int, default=30, help='seconds of idling to measure')
    parser.add_argument('--rows', type=int, default=1000, help='in the outbox')
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    harness.SERVICE, harness.VIRTUAL_CUFF = os.path.join(build, 'cuff2mqtt'), os.path.join(build, 'virtual-cuff')
    fake_bus.PROGRAM, place.BURDEN = harness.VIRTUAL_CUFF, os.path.join(build, 'bench-burden.so')
    table = figures.Figures()
    for name, part in PARTS.items():
        if options.only in (None, name):
            part.run(table, options)
    return table.summary()


if __name__ == '__main__':
    sys.exit(main())
