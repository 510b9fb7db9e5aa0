"""The fault matrix (docs/testing.md, Faults) with the real kernel and the real bluetoothd: something breaks at a drawn moment of
a measurement's path, in a third of the cases a second thing; it is healed, the cuff's button is pressed once, and all is right
again by itself. How many, and which: FAULTS_N, FAULTS_SEED, FAULTS_ONLY, as `make lab SCENARIO=faults_matrix N=12 SEED=1` sets
them. What was told goes to figures.txt."""

import os
import time
import traceback
import unittest

from lab import kernels, weight

import fault_world
from cases import Failed, plan, run_case, say

KINDS = ('classic', 'k4', 'k4-token')  # a scenario each, so that three guests share the work
COUNT = 4                              # cases in a world: pairing it takes as long as one of them
WANTED, SEED = int(os.environ.get('FAULTS_N', 12)), os.environ.get('FAULTS_SEED', '1')
ONLY = os.environ.get('FAULTS_ONLY')
LONGEST = 120 + 60 * WANTED // len(KINDS)  # seconds, on a machine with much else to do


def worlds(kind):
    """{number of the world: (its setting, its cases)} of those with this kind of cuff."""
    numbers = iter(range(10 ** 9))
    found = {}

    def setting(r):
        return fault_world.Setting(KINDS[next(numbers) % len(KINDS)], r)

    first, last = (int(n) for n in (ONLY.split('-') * 2)[:2]) if ONLY else (0, 10 ** 9)
    for number, setting, case in plan('lab ' + SEED, WANTED, fault_world.FAULTS, setting, COUNT):
        if setting.kind == kind and first <= case.number <= last:
            found.setdefault(number, (setting, []))[1].append(case)
    return found


class Told:
    """What came of the cases of one scenario."""

    def __init__(self, logs):
        self.logs, self.faults, self.lost, self.doubled, self.wrong = logs, 0, 0, 0, []
        os.makedirs(logs, exist_ok=True)

    def write(self, words):
        with open(os.path.join(self.logs, 'figures.txt'), 'a') as f:
            f.write(words + '\n')

    def good(self, case, struck, seconds):
        self.faults += len(struck)
        self.write('ok %d (%.0f s): %s' % (case.number, seconds, ' + '.join('%s at %s' % one for one in struck)))

    def bad(self, w, case, setting, why):
        self.faults += len(case.parts)
        words = '%s\n%s\n%s' % (setting, say(case), why)
        if w:
            told = w.told()
            self.lost += sum(t not in told for t in w.truth)
            self.doubled += len(w.doubled())
            w.keep(os.path.join(self.logs, 'case-%d' % case.number), words)
        self.wrong.append('case %d: %s\n%s\nagain: make lab SCENARIO=faults_matrix N=%d SEED=%s ONLY=%d KERNEL=%s' % (
            case.number, say(case), why, WANTED, SEED, case.number, '.'.join(os.uname().release.split('.')[:2])))

    def sum(self):
        return '%d faults, %d lost, %d doubled' % (self.faults, self.lost, self.doubled)


class TestMatrix(unittest.TestCase):
    def told(self, kind):
        told = Told(os.environ['CUFF2MQTT_TEST_LOGS'])
        for number, (setting, cases) in worlds(kind).items():
            self.in_world(told, number, setting, cases)
        told.write(told.sum())
        self.assertFalse(told.wrong, '\n'.join(told.wrong))

    def in_world(self, told, number, setting, cases):
        """After a case that fails the others go on in another world."""
        w = None
        for case in cases:
            began = time.monotonic()
            try:
                if not w:
                    w = fault_world.FaultWorld(setting, os.path.join(told.logs, 'world-%d-%d' % (number, case.number)))
                told.good(case, run_case(w, case, SEED), time.monotonic() - began)
            except Exception as e:
                told.bad(w, case, setting, str(e) if isinstance(e, Failed) else traceback.format_exc())
                if w:
                    w.close()
                w = None
                if isinstance(e, TimeoutError):  # of the whole scenario (in_guest.py)
                    self.fail('\n'.join(told.wrong))
        if w:
            w.keep(w.logs, str(setting))
            unheard = w.unheard()
            if unheard and not w.broker_lives:
                told.wrong.append('world %d: %d ids were acknowledged and not heard' % (number, len(unheard)))
            w.close()

    @weight(LONGEST)
    @kernels('6.12', '6.1')
    def test_classic(self):
        self.told('classic')

    @weight(LONGEST)
    @kernels('6.12', '6.1')
    def test_k4(self):
        self.told('k4')

    @weight(LONGEST)
    @kernels('6.12', '6.1')
    def test_k4_token(self):
        self.told('k4-token')
