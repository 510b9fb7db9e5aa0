"""`cuff2mqtt pair` against the real bluetoothd: each ending with its exit code, and after its remedy the same command pairs
the cuff. Alone but where the story says that the service runs."""

import json
import os
import pwd
import random
import re
import subprocess

from harness import DEADLINE, SERVICE, Process
from lab import CUFF, LabStory, kernels, timing, weight
from memory_story import MemoryStory

OK = 0
NOT_IN_PAIRING_MODE, BONDED_ELSEWHERE, CONFIRM_MISMATCH, NOT_PAIRABLE, NO_ANSWER = 20, 21, 27, 30, 37
SECOND = 'C0:FF:EE:00:00:02'
ASKS = 'cuff %s security-request=yes' % CUFF
ASKED, ANSWERED = '01030009100507', '01030001100507'  # Pairing Request: of Pair(), to the cuff's Security Request
YESTERDAY = 'at=2026-08-01T07:30:00'
STEPS = ('Looking for a cuff', 'Found the cuff', 'Connecting to', 'asks the cuff for keys', 'have exchanged keys', 'It is a ',
         'clock', 'The cuff was read; new measurements: 3', 'From now on')
BOTH = kernels('6.12', '6.1')


def times(window=60.0, **more):
    return timing(**{'cooldown': 0.5, 'pairing_retry': 1.0, 'pairing_window': window, **more})


class PairStory(LabStory):
    def start(self, *commands, window=60.0, **options):
        """No service runs; the adapter is on."""
        options.setdefault('config', times(window))
        w = self.world(*commands, service=False, **options)
        w.fake.wait('powered yes')
        return w

    def run_pair(self, w, *words, prefix=()):
        """The program, when its window is open."""
        path = os.path.join(w.directory, 'pair.conf')
        with open(path, 'w') as f:
            f.write(w.config())
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('CUFF2MQTT', 'JOURNAL', 'TERM'))}
        environment.update({'DBUS_SYSTEM_BUS_ADDRESS': w.bus.address, 'TZ': 'Europe/Berlin'})
        p = Process([*prefix, SERVICE, 'pair', '--config', path, *words], env=environment)
        w.services.append(p)
        p.out.wait('"looking"' if '--json' in words else 'Looking for a cuff')
        return p

    def ended(self, w, p, code, said=()):
        """Its lines, wrapped ones joined. `said`: on stderr."""
        got = p.process.wait(DEADLINE)
        for lines in p.out, p.err:
            with lines.changed:
                lines.changed.wait_for(lambda lines=lines: lines.ended, DEADLINE)
        with open(w.log('pair.txt'), 'a') as f:
            f.write('\n'.join(['', '%s: %d' % (' '.join(p.process.args), got), *p.out.lines, *p.err.lines, '']))
        self.assertEqual(got, code, '\n'.join([*p.out.lines, *p.err.lines]))
        self.assertEqual(p.err.lines, list(said))
        return re.sub(r'\n +', ' ', '\n'.join(p.out.lines)).splitlines()

    def paired(self, w, *words, cuff=CUFF, prefix=(), said=()):
        """The command and the button; its lines."""
        p = self.run_pair(w, *words, prefix=prefix)
        w.fake.do('pairing-mode %s on' % cuff)
        return self.ended(w, p, OK, said)

    def failed(self, w, code, p, word):
        """What a program (`p` runs with --json) hears at the end: the cause with this name."""
        result = json.loads(self.ended(w, p, code)[-1])
        self.assertEqual(result['type'], 'result')
        result = result['data']
        self.assertEqual((result['paired'], result['exit_code'], result['code']), (False, code, word))
        self.assertTrue(result['cause'] and result['evidence'] and result['remedy'] and result['certainty'], result)
        return result

    def refused(self, w, code, word, command='pairing-mode on'):
        p = self.run_pair(w, '--json')
        w.fake.do(command)
        return self.failed(w, code, p, word)

    def in_order(self, lines, patterns):
        at = 0
        for pattern in patterns:
            found = [n for n, line in enumerate(lines[at:], at) if re.search(pattern, line)]
            self.assertTrue(found, 'no %r behind line %d of\n%s' % (pattern, at, '\n'.join(lines)))
            at = found[0] + 1

    def patient(self, w):
        """From here on the window is long."""
        w.extra_config = times()
        return w

    def bluetoothctl(self, w, *words):
        subprocess.run(['bluetoothctl', *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       timeout=DEADLINE, env={**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': w.bus.address})

    def over(self, w):
        """What was read waits for the service, which publishes it."""
        w.service()
        w.verify()


class TestGood(MemoryStory, PairStory):
    """A cuff with OMRON's memory, which holds three measurements; `forgets-bond on` makes bad manners show."""

    def good(self, kind, service):
        options = {'kind': kind, 'key': None, 'config': '', 'timing': times()}
        commands = ('hang-up-after 3', 'fill 1 2', 'fill 2 1')
        w = self.world(*commands, **options) if service else self.start_memory(*commands, **options)
        lines = self.paired(w)
        self.assertIn('The service runs' if service else 'No service runs', lines[0])
        self.in_order(lines, STEPS)
        self.assertIn('classic' if kind == 'classic' else 'modern', '\n'.join(lines))
        self.assertEqual(len(w.rows()), 3)
        self.assertTrue(w.device('Bonded'))
        self.assertEqual(w.fake.out.count('pair-start'), 1)
        if not service:
            w.service()
        w.verify()
        self.assert_told(w, self.held(w))

    def start_memory(self, *commands, **options):
        w = self.world(*commands, service=False, **options)
        w.fake.wait('powered yes')
        return w

    @weight(25)
    @BOTH
    def test_classic(self):
        self.good('classic', service=False)

    @weight(25)
    @BOTH
    def test_k4(self):
        self.good('k4', service=False)

    @weight(25)
    def test_classic_through_the_service(self):
        self.good('classic', service=True)

    @weight(25)
    def test_k4_through_the_service(self):
        self.good('k4', service=True)

    @weight(35)
    @BOTH
    def test_cuff_asks(self):
        """Refused twice, a classic cuff is let ask by itself: the third rung, in the same window."""
        w = self.start_memory('hang-up-after 3', 'fill 1 2', 'fill 2 1', 'pairing-outcome fail times=2', kind='classic',
                              key=None, config='', timing=times())
        lines = self.paired(w)
        self.in_order(lines, ('asks the cuff for keys$', 'Trying again', 'once more', 'Trying again',
                              'the cuff is to ask for keys by itself', 'The cuff asks for security; the gateway agrees',
                              *STEPS[4:]))
        self.assertEqual(w.fake.out.count('security-request ' + CUFF), 1)
        requests = re.findall(r'smp %s host=(01\w+)' % CUFF, '\n'.join(w.fake.out.lines))
        self.assertEqual(requests, [ASKED, ASKED, ANSWERED])
        self.assertEqual(len(w.rows()), 3)
        self.over(w)


class TestRefused(PairStory):
    def refuses(self, outcome, evidence, *commands, window=20.0, code=BONDED_ELSEWHERE, word='bonded_elsewhere'):
        """.. as often as it is tried; then not any more, as after the remedy. Root hears of the kernel how."""
        w = self.start('pairing-outcome ' + outcome, *commands, window=window)
        result = self.refused(w, code, word)
        self.assertIn(evidence, result['evidence'])
        self.assertGreaterEqual(w.fake.out.count('pair-start ' + CUFF), 1)
        for command in ('pairing-outcome ok', 'pairing-mode off', 'measure announce=no %s 131/84/67' % YESTERDAY):
            w.fake.do(command)
        lines = self.paired(self.patient(w))
        self.in_order(lines, ('Found the cuff', 'have exchanged keys', 'new measurements: 1', 'From now on'))
        self.over(w)
        return result

    @weight(40)
    @BOTH
    def test_unspecified_reason(self):
        """Pairing Failed 0x08, and the cuff asks for security itself: the question that started it all."""
        self.refuses('fail', 'The cuff refused with Unspecified Reason (0x08)', ASKS)

    @weight(40)
    def test_pairing_not_supported(self):
        self.refuses('rejected', 'The cuff refused with Pairing Not Supported (0x05)')

    @weight(40)
    def test_confirm_value_failed(self):
        self.refuses('fail reason=0x04', 'The cuff refused with Confirm Value Failed (0x04)', code=CONFIRM_MISMATCH,
                     word='confirm_mismatch')

    @weight(40)
    @BOTH
    def test_hangs_up(self):
        self.refuses('hangup', 'Remote User Terminated Connection (0x13)')

    @weight(75)
    def test_silent(self):
        """SMP's 30 seconds."""
        result = self.refuses('timeout', '30 s', window=40.0, code=NO_ANSWER, word='no_answer')
        self.assertIn('30', result['cause'])

    @weight(40)
    @BOTH
    def test_keeps_no_keys(self):
        """`bluetoothctl pairable off`, where main.conf lets it stay so; the remedy is typed as it is printed."""
        w = self.start(window=15.0, conf={'AlwaysPairable': 'true'})
        self.bluetoothctl(w, 'pairable', 'off')
        result = self.refused(w, NOT_PAIRABLE, 'not_pairable')
        typed = re.search(r'`(bluetoothctl pairable on)`', result['remedy'])[1]
        self.bluetoothctl(w, *typed.split()[1:])
        w.fake.do('pairing-mode off')
        self.paired(self.patient(w))
        self.assertTrue(w.device('Bonded'))
        self.over(w)

    @weight(30)
    def test_not_in_p(self):
        """It advertises, and no P blinks."""
        w = self.start(window=8.0)
        result = self.refused(w, NOT_IN_PAIRING_MODE, 'not_in_pairing_mode', command='advertise 10')
        self.assertEqual(result['certainty'], 'sure')
        self.assertIn('P blinks', result['remedy'])
        self.assertEqual(w.fake.out.count(' connect ' + CUFF), 0)
        w.fake.do('quiet')
        self.paired(self.patient(w))
        self.over(w)


class TestBonds(PairStory):
    @weight(45)
    def test_stale(self):
        """The cuff was paired before, and has forgotten it: the old bond goes before it is connected. Then the same with the
        service, which was waiting for it."""
        w = self.start()
        self.paired(w)
        for service in (False, True):
            w.fake.do('bond-lost')
            start = w.fake.out.here()
            if service:
                w.service()
                start = w.fake.wait('call RegisterApplication .*answer=ok', start)
            p = self.run_pair(w)
            at = w.fake.wait('call Disconnect .*answer=ok', start)
            w.fake.wait('scan on active', at)  # bluetoothd asked for it later: the kernel does not wait for the cuff any more
            w.fake.do('pairing-mode on')
            lines = self.ended(w, p, OK)
            self.in_order(lines, ('removing the old bond', 'Found the cuff', 'have exchanged keys', 'From now on'))
            self.assertEqual(w.fake.out.count('call RemoveDevice .*answer=ok', start), 1)
            self.assertEqual(w.fake.out.count('pair-start ' + CUFF, start), 1)
            self.assertEqual(w.fake.out.count('key-missing', start), 0)
            self.assertTrue(w.device('Bonded'))
        w.verify()

    @weight(30)
    @BOTH
    def test_foreign_agent(self):
        """Somebody's agent is the default one: not while the cuff is paired, and again when the command has ended."""
        w = self.start('cuff %s name=second security-request=yes' % SECOND)
        w.fake.do('foreign-agent on')
        start = w.fake.out.here()
        self.paired(w)
        self.assertEqual(w.fake.out.count('asked Request', start), 0)
        theirs, ours = (m.sender for m in w.recorder.messages if (m.type, m.member) == ('call', 'RequestDefaultAgent'))
        self.assertNotEqual(ours, theirs)
        w.fake.do('foreign-scan on')
        w.fake.do('pairing-mode %s on' % SECOND)
        w.fake.wait('heard ' + SECOND, start)
        stop = w.fake.do('foreign-scan off')
        w.fake.wait('scan off', stop)
        w.recorder.call('org.bluez', w.bluez('Device1', SECOND)[0], 'org.bluez.Device1', 'Connect')
        w.fake.wait(r'asked RequestAuthorization (\S+)', start)
        self.assertEqual(w.fake.out.match[1], theirs)
        w.fake.agent.say('yes')
        w.fake.wait('bonded ' + SECOND, start)


class TestTrace(PairStory):
    @weight(30)
    def test_trace(self):
        """What D-Bus does not tell: the cuff's reason. Then who may not listen pairs all the same, and hears what to do."""
        w = self.start('pairing-outcome fail', window=6.0)
        p = self.run_pair(w, '--trace')
        w.fake.do('pairing-mode on')
        lines = self.ended(w, p, BONDED_ELSEWHERE)
        self.in_order(lines, ('^Cause:', '^Evidence:', '^Do:', '^What the kernel saw',
                              r'refused with Unspecified Reason \(0x08\)'))
        self.in_order(p.out.lines, ('^What the kernel saw', r' host +Pairing Request +01 03 00 09 10 05 07$',
                                    r' cuff +Pairing Failed +05 08$', r'^ +Unspecified Reason \(0x08\)$'))
        w.fake.do('pairing-outcome ok')
        w.fake.do('pairing-mode off')
        nobody = pwd.getpwnam('nobody')
        os.chmod(w.directory, 0o755)
        for directory, _, files in os.walk(w.state_directory):
            for path in [directory, *(os.path.join(directory, name) for name in files)]:
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        prefix = ('setpriv', '--reuid', str(nobody.pw_uid), '--regid', str(nobody.pw_gid), '--clear-groups')
        lines = self.paired(self.patient(w), '--trace', prefix=prefix,
                            said=['cuff2mqtt: only root may listen to the kernel: `sudo cuff2mqtt pair --trace`'])
        self.assertNotIn('What the kernel saw', '\n'.join(lines))


class TestTwenty(PairStory):
    SEED = 2026
    FAULTS = ('fail', 'fail reason=0x04', 'fail reason=0x05', 'hangup')

    @weight(240)
    def test_twenty(self):
        """Twenty in a row, a classic cuff and a K4 in turn; half of the time the first attempt fails. Each takes one run of
        the command and one press of the button. The old bond is taken away by hand, or is found to be stale."""
        chance, failures = random.Random(self.SEED), 0
        cuffs = ('cuff %s name=BLESmart_0000025828FFB20591B5 memory=classic' % CUFF,
                 'cuff %s name=BLESmart_0000030EC0FFEE000002 memory=k4' % SECOND)
        w = self.start(cuffs=cuffs)
        for cuff in CUFF, SECOND:
            w.fake.do('fill %s 1 2' % cuff)
            w.fake.do('forgets-bond %s on' % cuff)
        for n in range(20):
            cuff, fails = (CUFF, SECOND)[n % 2], chance.random() < 0.5
            if n >= 2:
                w.fake.do('bond-lost ' + cuff)
                if n % 4 < 2:
                    self.bluetoothctl(w, 'remove', cuff)
            w.fake.do('pairing-outcome %s %s' % (cuff, chance.choice(self.FAULTS) + ' times=1' if fails else 'ok'))
            start = w.fake.out.here()
            self.paired(w, cuff=cuff)
            self.assertEqual(w.fake.out.count('bonded ' + cuff, start), 1)
            self.assertEqual(w.fake.out.count('pair-failed ' + cuff, start), int(fails))
            failures += fails
            w.fake.do('pairing-mode %s off' % cuff)
        with open(w.log('figures.txt'), 'w') as f:
            f.write('seed %d: 20 of 20 paired, the first attempt of %d failed\n' % (self.SEED, failures))
        self.assertEqual(len(w.rows()), 4)
        self.over(w)
