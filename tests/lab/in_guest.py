#!/usr/bin/python3
"""Runs scenarios in a guest, as root:   in_guest.py OUTDIR QUEUE_DIR BUILD KERNEL

QUEUE_DIR/queue names them, one a line. Guests share it: who can make the directory QUEUE_DIR/claimed/ID leaves
its name there, runs ID and writes QUEUE_DIR/results/ID. The first line is `ok SECONDS`, `FAIL`, `skip REASON`
or `known-bad REASON`; after FAIL follow the line of the story that broke and everybody's last words. All logs:
OUTDIR/ID/.

What there is, on the host:   in_guest.py --list [--kernel KERNEL] [--short] [--only WORD]     ID<TAB>SECONDS"""

import argparse
import os
import signal
import subprocess
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(HERE, 'scenarios')
LONGEST = 270  # seconds for one scenario that says no more (`weight`): before the host calls the guest dead
LAST_WORDS = {'service.log': 25, 'cuff.log': 25, 'bluetoothd.log': 15}


def methods(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from methods(one)
        else:
            yield one


def scenarios():
    """{id: test case}; `pairing.bond_survives_restarts` is TestX.test_bond_survives_restarts of test_pairing.py."""
    found = {}
    for case in methods(unittest.TestLoader().discover(SCENARIOS, 'test_*.py')):
        if isinstance(case, unittest.loader._FailedTest):
            raise case._exception
        name = '.'.join(part.removeprefix('test_') for part in (type(case).__module__, case._testMethodName))
        if name in found:
            raise SystemExit('two scenarios are called ' + name)
        found[name] = case
    return found


def trait(case, name, default):
    return getattr(getattr(case, case._testMethodName), name, default)


def kernels_of(case):
    return trait(case, 'kernels', ('6.12',))


def show(options):
    import lab
    for name, case in scenarios().items():
        if (options.only in name and (trait(case, 'short', False) or not options.short)
                and (not options.kernel or any(lab.is_kernel(options.kernel, k) for k in kernels_of(case)))):
            print('%s\t%d' % (name, trait(case, 'weight', 15)))


# --- one scenario -------------------------------------------------------------------------------------

class Result(unittest.TestResult):
    """The first thing that went wrong, or why the scenario cannot be tried."""

    def __init__(self):
        super().__init__()
        self.broken = self.reason = None

    def addError(self, test, error):
        self.broken = self.broken or error

    addFailure = addError

    def addSubTest(self, test, part, error):
        self.broken = self.broken or error

    def addSkip(self, test, reason):
        self.reason = reason


def way(error):
    """The frames without those of unittest."""
    return [frame for frame in traceback.extract_tb(error[2]) if os.sep + 'unittest' + os.sep not in frame.filename]


def story_line(error):
    """The line of the scenario's own file, and what was said about it."""
    kind, value, _ = error
    own = [frame for frame in way(error) if frame.filename.startswith(SCENARIOS)]
    where = '(outside the story)'
    if own:
        where = '%s:%d: %s' % (os.path.basename(own[-1].filename), own[-1].lineno, own[-1].line)
    return '\n'.join([where, *(line[:300] for line in ('%s: %s' % (kind.__name__, value)).splitlines())])


def last_words(directory):
    for name in [*LAST_WORDS, *(os.path.join('fake', one) for one in LAST_WORDS)]:
        path, count = os.path.join(directory, name), LAST_WORDS[os.path.basename(name)]
        if os.path.exists(path):
            with open(path, errors='replace') as f:
                yield '--- %s\n%s' % (name, ''.join(f.readlines()[-count:]))


def too_long(signum, frame):
    raise TimeoutError('the scenario took longer than it may')


def run(case, directory, kernel):
    """The text of the result."""
    import lab
    for name, reason in trait(case, 'known_bad', []):
        if lab.is_kernel(kernel, name):
            return 'known-bad ' + reason
    if not any(lab.is_kernel(kernel, name) for name in kernels_of(case)):
        return 'skip not for kernel ' + kernel
    os.makedirs(directory, exist_ok=True)
    os.environ['CUFF2MQTT_TEST_LOGS'] = directory
    result, began = Result(), time.monotonic()
    signal.alarm(max(LONGEST, 2 * trait(case, 'weight', 0)))
    case.run(result)
    signal.alarm(0)
    if result.broken:
        return '\n'.join(['FAIL', story_line(result.broken), *last_words(directory),
                          '--- the whole way\n' + ''.join(traceback.format_list(way(result.broken)))])
    if result.reason:
        return 'skip ' + result.reason
    return 'ok %.1f' % (time.monotonic() - began)


def work_off(out, queue, kernel):
    found = scenarios()
    for directory in ('claimed', 'results'):
        os.makedirs(os.path.join(queue, directory), exist_ok=True)
    with open(os.path.join(queue, 'queue')) as f:
        names = f.read().split()
    for name in names:
        try:
            os.mkdir(os.path.join(queue, 'claimed', name))
        except FileExistsError:
            continue
        with open(os.path.join(queue, 'claimed', name, os.uname().nodename), 'w'):
            pass
        print(name, flush=True)
        text = run(found[name], os.path.join(out, name), kernel) if name in found else 'FAIL\nthere is no such scenario'
        path = os.path.join(queue, 'results', name)
        with open(path + '.new', 'w') as f:
            f.write(text + '\n')
        os.rename(path + '.new', path)


def main():
    sys.path[:0] = [HERE, SCENARIOS]
    parser = argparse.ArgumentParser()
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--kernel')
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--only', default='')
    parser.add_argument('guest', nargs='*', metavar='OUTDIR QUEUE_DIR BUILD KERNEL')
    options = parser.parse_args()
    if options.list:
        show(options)
        return
    out, queue, build, kernel = options.guest
    if os.path.exists('/run/dbus/system_bus_socket'):
        raise SystemExit('in_guest.py: this machine is in use; a scenario would take its Bluetooth away')
    os.environ.update(CUFF2MQTT=os.path.join(build, 'cuff2mqtt'), VIRTUAL_CUFF=os.path.join(build, 'virtual-cuff'),
                      VIRTUAL_CUFF_VHCI=os.path.join(build, 'virtual-cuff-vhci'), PYTHONDONTWRITEBYTECODE='1')
    os.environ.setdefault('CUFF2MQTT_TEST_DEADLINE', '90')
    subprocess.run(['modprobe', 'hci_vhci'], check=True)
    signal.signal(signal.SIGALRM, too_long)
    work_off(out, queue, kernel)


if __name__ == '__main__':
    main()
