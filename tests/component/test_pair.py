"""`cuff2mqtt pair`: one guided pairing with one ending, through the service and without it; every ending has its own
exit code, and after following the remedy the same command succeeds."""

import json
import os
import re
import shutil
import signal
import sqlite3
import time
import unittest

from harness import CUFF, DEADLINE, FAST, SERVICE, Process, World, free_port

OK, USAGE, DATABASE_NEWER, STATE, CONFIG = 0, 64, 65, 73, 78
ADAPTER, AGENT, CLOSED, BUSY, NO_BROKER, NO_ANSWER, CAUSE = 10, 11, 12, 13, 14, 15, 20
SOMEBODY = 65534  # who is not root
CAUSES = ['not_in_pairing_mode', 'bonded_elsewhere', 'passing_refusal']  # as enum pairing_cause begins


class PairWorld(World):
    """run_pair() starts the program; without a service its configuration is written here."""

    def run_pair(self, *words, config=None, bus=None, user=None):
        program = [SERVICE]
        path = os.path.join(self.directory, 'pair.conf')
        with open(path, 'w') as f:
            f.write(config or self.config())
        environment = {k: v for k, v in os.environ.items() if not k.startswith(('CUFF2MQTT', 'JOURNAL', 'TERM'))}
        environment.update({'DBUS_SYSTEM_BUS_ADDRESS': bus or self.bus.address, 'TZ': 'Europe/Berlin',
                            'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0'})
        if user:
            os.chmod(self.directory, 0o755)
            program = ['setpriv', '--reuid=%d' % user, '--regid=%d' % user, '--clear-groups',
                       shutil.copy(SERVICE, os.path.join(self.directory, 'cuff2mqtt'))]
        process = Process([*program, 'pair', '--config', path, *words], env=environment)
        self.services.append(process)
        return process


def has_taken(process, deadline=DEADLINE):
    """The signals that were sent to it: until none of them waits for it to read."""
    end = time.monotonic() + deadline
    while True:
        with open('/proc/%d/status' % process.pid) as f:
            waiting = [line for line in f if line.startswith(('SigPnd', 'ShdPnd')) and int(line.split()[1], 16)]
        if not waiting:
            return
        assert time.monotonic() < end, waiting
        time.sleep(0.01)  # the kernel has no event for it; polled with a deadline


class Story(unittest.TestCase):
    def world(self, *args, window='60.0', config='', **kwargs):
        timing = FAST.replace('pairing_window = 60.0', 'pairing_window = ' + window)
        world = PairWorld(*args, config=timing + config, **kwargs)
        self.addCleanup(world.close)
        return world

    def ended(self, process, code, deadline=60):
        """Its lines, wrapped ones joined."""
        got = process.process.wait(deadline)
        for lines in process.out, process.err:
            with lines.changed:
                lines.changed.wait_for(lambda: lines.ended, deadline)
        out = re.sub(r'\n +', ' ', '\n'.join(process.out.lines)).splitlines()
        self.assertEqual(got, code, '\n'.join(out + list(process.err.lines)))
        self.assertEqual(list(process.err.lines), [])
        return out

    def three_lines(self, out):
        """Cause, evidence and remedy, at the end and nowhere else."""
        words = [line.split(':')[0] for line in out[-3:]]
        self.assertEqual(words, ['Cause', 'Evidence', 'Do'])
        self.assertFalse(any(line.startswith('Cause:') for line in out[:-3]))
        return [line.split(':', 1)[1].strip() for line in out[-3:]]

    def paired(self, w, p, command='pairing-mode %s on'):
        p.out.wait('Looking for a cuff')
        w.fake.do(command % CUFF)
        return self.ended(p, OK)


class Endings:
    """Told of the program with a service and of the program alone."""

    def test_a_cuff_is_paired_and_read(self):
        w = self.start()
        out = self.paired(w, w.run_pair())
        for n, pattern in enumerate(('Looking for', 'Found', 'Connecting', 'asks the cuff for keys', 'exchanged keys',
                                     'It is a', 'clock', 'read', 'From now on')):
            self.assertIn(pattern, out[n + 1])
        self.assertIn(CUFF, '\n'.join(out) + CUFF)

    def test_for_programs(self):
        w = self.start()
        p = w.run_pair('--json')
        p.out.wait('"looking"')
        w.fake.do('pairing-mode %s on' % CUFF)
        lines = [json.loads(line) for line in self.ended(p, OK)]
        self.assertEqual([list(line) for line in lines], [['type', 'data']] * len(lines))
        steps = [line['data'].get('step') for line in lines if line['type'] == 'pairing_progress']
        self.assertEqual([s for s in steps if s in ('looking', 'found', 'bonded', 'read')],
                         ['looking', 'found', 'bonded', 'read'])
        self.assertEqual(lines[-2]['type'], 'pairing_finished')
        self.assertEqual(lines[-1], {'type': 'result', 'data': {
            'paired': True, 'code': None, 'certainty': None, 'cause': None, 'evidence': None, 'remedy': None,
            'exit_code': 0}})

    def test_no_cuff_shows_its_p(self):
        w = self.start(window='3.0')
        cause, evidence, remedy = self.three_lines(self.ended(w.run_pair(), CAUSE))
        self.assertIn('pairing mode', cause)
        self.assertIn('P', remedy)
        self.paired(w, w.run_pair(config=w.config().replace('pairing_window = 3.0', 'pairing_window = 60.0')))

    def test_the_cuff_refuses_and_refuses(self):
        w = self.start(window='20.0')
        w.fake.do('pairing-outcome %s fail' % CUFF)
        p = w.run_pair('--json')
        p.out.wait('"looking"')
        w.fake.do('pairing-mode %s on' % CUFF)
        code = p.process.wait(60)
        result = json.loads(p.out.lines[-1])['data']
        self.assertFalse(result['paired'])
        self.assertEqual(code, result['exit_code'])
        self.assertIn(result['code'], CAUSES)
        self.assertEqual(code, CAUSE + CAUSES.index(result['code']))
        self.assertTrue(result['evidence'] and result['remedy'] and result['certainty'])
        w.fake.do('pairing-outcome %s ok' % CUFF)
        w.fake.do('pairing-mode %s off' % CUFF)
        self.paired(w, w.run_pair())

    def test_once_refused_is_tried_again(self):
        w = self.start()
        w.fake.do('pairing-outcome %s fail times=1' % CUFF)
        out = self.paired(w, w.run_pair())
        self.assertTrue(any('again' in line for line in out), out)

    def test_no_keys_are_kept(self):
        w = self.start(window='10.0')
        w.fake.do('pairing-outcome %s not-bonded' % CUFF)
        p = w.run_pair('--json')
        p.out.wait('"looking"')
        w.fake.do('pairing-mode %s on' % CUFF)
        p.process.wait(60)
        self.assertEqual(json.loads(p.out.lines[-1])['data']['code'], 'not_pairable')

    def test_ctrl_c_closes_the_window(self):
        w = self.start()
        for how in signal.SIGINT, signal.SIGTERM:
            p = w.run_pair()
            p.out.wait('Looking for a cuff')
            p.process.send_signal(how)
            self.ended(p, CLOSED)
        self.paired(w, w.run_pair())

    def test_ctrl_c_twice(self):
        w = self.start()
        p = w.run_pair()
        p.out.wait('Looking for a cuff')
        p.process.send_signal(signal.SIGINT)
        has_taken(p)
        if p.alive():
            p.process.send_signal(signal.SIGINT)
        self.ended(p, CLOSED)

    def test_ctrl_c_after_the_bond_is_no_failure(self):
        w = self.start()
        p = w.run_pair()
        p.out.wait('Looking for a cuff')
        w.fake.do('pairing-mode %s on' % CUFF)
        p.out.wait('exchanged keys')
        p.process.send_signal(signal.SIGINT)
        self.ended(p, OK)

    def test_no_agent_is_taken(self):
        w = self.start()
        w.fake.do('fail RequestDefaultAgent org.bluez.Error.Failed')
        cause, _, remedy = self.three_lines(self.ended(w.run_pair(), AGENT))
        self.assertIn('questions', cause)
        self.assertIn('systemctl restart bluetooth', remedy)
        self.paired(w, w.run_pair())

    def test_aeroplane_mode(self):
        w = self.start()
        w.fake.do('rfkill on')
        if w.running:
            w.event('adapter_down')
        _, evidence, remedy = self.three_lines(self.ended(w.run_pair(), ADAPTER))
        self.assertEqual(evidence, 'Bluetooth is switched off by a software block')
        self.assertIn('Try `sudo rfkill unblock bluetooth`, then pair again', remedy)
        w.fake.do('rfkill off')
        if w.running:
            w.event('adapter_up')
        self.paired(w, w.run_pair())

    def test_words(self):
        w = self.start()
        p = w.run_pair('not-an-address')
        self.assertEqual(p.process.wait(20), USAGE)
        p.err.wait('is no address')
        p = w.run_pair(config='nonsense = 1;\n')
        self.assertEqual(p.process.wait(20), CONFIG)
        p.err.wait('nonsense')


class Alone(Endings, Story):
    def start(self, **kwargs):
        return self.world(**kwargs)

    def test_what_was_read_waits_for_the_service(self):
        w = self.start()
        w.fake.do('measure %s 131/84/67' % CUFF)
        self.paired(w, w.run_pair())
        w.wait_rows(1)
        start = w.subscriber.here()
        w.service()
        w.measured('131/84/67', start=start)

    def test_a_block_is_told_at_once(self):
        """Before the patience with one that may still come is over, although that began earlier."""
        other, w = self.start(), self.start()
        other.fake.do('adapter-remove')
        waiting = other.run_pair()
        waiting.out.wait('this program pairs by itself')
        w.fake.do('rfkill on')
        self.ended(w.run_pair(), ADAPTER)
        self.assertTrue(waiting.alive())
        self.assertIn('There is no Bluetooth adapter', '\n'.join(self.ended(waiting, ADAPTER)))

    def test_it_may_not_be_switched_on(self):
        w = self.start(config='bluetooth: { power_on = false; };\n')
        w.fake.do('adapter powered=no')
        _, evidence, remedy = self.three_lines(self.ended(w.run_pair(), ADAPTER))
        self.assertEqual(evidence, 'The Bluetooth adapter is switched off')
        self.assertIn('`bluetoothctl power on`', remedy)
        w.fake.do('adapter powered=yes')
        self.paired(w, w.run_pair())

    def test_it_is_just_coming_up(self):
        w = self.start()
        w.fake.do('adapter powered=no')
        self.paired(w, w.run_pair())

    def test_the_adapter_comes_late(self):
        w = self.start()
        w.fake.do('adapter-remove')
        p = w.run_pair()
        p.out.wait('this program pairs by itself')
        w.fake.do('adapter-add')
        self.paired(w, p)

    def test_no_bus(self):
        w = self.start()
        cause, _, _ = self.three_lines(self.ended(w.run_pair(bus='unix:path=/nonexistent'), ADAPTER))
        self.assertIn('message bus', cause)

    def test_two_at_once(self):
        w = self.start()
        first = w.run_pair()
        first.out.wait('Looking for a cuff')
        out = self.ended(w.run_pair(), NO_ANSWER)
        self.assertIn('another `cuff2mqtt pair`', self.three_lines(out)[2])
        self.assertNotIn('The service runs', '\n'.join(out))
        self.paired(w, first)

    def test_a_newer_database(self):
        w = self.start()
        os.makedirs(w.state_directory)
        with sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db')) as db:
            db.execute('PRAGMA user_version = 1000')
        self.three_lines(self.ended(w.run_pair(), DATABASE_NEWER))

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another user')
    def test_root_leaves_the_files_to_the_services_user(self):
        w = self.world(cuffs=('cuff %s name=BLESmart_0000025828FFB20591B5 memory=classic' % CUFF,))
        os.chmod(w.directory, 0o755)
        os.makedirs(w.state_directory, 0o700)
        os.chown(w.state_directory, SOMEBODY, SOMEBODY)
        self.paired(w, w.run_pair())
        found = {path: os.stat(os.path.join(path, name)).st_uid
                 for path, rooms, files in os.walk(w.state_directory) for name in rooms + files}
        self.assertTrue(any(path.endswith('keys') for path in found))
        self.assertEqual(set(found.values()), {SOMEBODY}, found)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another user')
    def test_who_may_not_look_is_told_to_be_root(self):
        w = self.start()
        os.makedirs(w.state_directory, 0o700)
        for config, code in ((w.config(), NO_ANSWER), (w.config().replace(w.url, 'mqtt://127.0.0.1:%d' % free_port()), NO_BROKER)):
            out = self.ended(w.run_pair(config=config, user=SOMEBODY), code)
            self.assertIn('`sudo cuff2mqtt pair`', self.three_lines(out)[2])
            self.assertNotIn('The service runs', '\n'.join(out))

    def test_a_database_that_is_not_ours(self):
        w = self.start()
        os.makedirs(os.path.join(w.state_directory, 'cuff2mqtt.db'))
        self.three_lines(self.ended(w.run_pair(), STATE))


class ThroughTheService(Endings, Story):
    def start(self, **kwargs):
        w = self.world(**kwargs)
        w.service()
        return w

    def test_it_says_so(self):
        w = self.start()
        self.assertIn('The service runs', self.paired(w, w.run_pair())[0])

    def test_two_at_once(self):
        w = self.start()
        first = w.run_pair()
        first.out.wait('Looking for a cuff')
        cause, _, remedy = self.three_lines(self.ended(w.run_pair(), BUSY))
        self.assertIn('window', cause)
        self.paired(w, first)

    def test_the_broker_is_away(self):
        w = self.start()
        config = w.config().replace(w.url, 'mqtt://127.0.0.1:%d' % free_port())
        cause, evidence, _ = self.three_lines(self.ended(w.run_pair(config=config), NO_BROKER))
        self.assertIn('broker', cause)
        self.assertIn('127.0.0.1', evidence)

    def test_another_base_topic(self):
        w = self.start()
        config = w.config().replace('mqtt: { ', 'mqtt: { base_topic = "elsewhere"; ')
        self.three_lines(self.ended(w.run_pair(config=config), NO_ANSWER))

    def test_the_service_ends_meanwhile(self):
        w = self.start()
        p = w.run_pair()
        p.out.wait('Looking for a cuff')
        w.running.stop()
        self.three_lines(self.ended(p, CLOSED))

    def looking(self, w):
        p = w.run_pair()
        p.out.wait('Looking for a cuff')
        return p

    def test_the_service_is_killed_and_comes_back(self):
        """Its window is gone, and nobody tells how it ended."""
        w = self.start()
        p = self.looking(w)
        w.running.stop(signal.SIGKILL)
        w.service()
        cause, _, remedy = self.three_lines(self.ended(p, NO_ANSWER))
        self.assertIn('was not heard', cause)
        self.assertIn('pair again', remedy)
        self.paired(w, w.run_pair())

    def test_the_service_is_killed(self):
        w = self.start(window='1.0')
        p = self.looking(w)
        w.running.stop(signal.SIGKILL)
        self.assertIn('went away', self.three_lines(self.ended(p, NO_ANSWER))[0])

    def test_the_broker_restarts(self):
        w = self.start()
        p = self.looking(w)
        start = w.subscriber.here()
        w.broker.stop()
        w.restart_broker()
        w.broker.err.wait('Sending SUBACK to cuff2mqtt_pair')
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)
        w.fake.do('pairing-mode %s on' % CUFF)
        self.ended(p, OK)

    def test_the_broker_was_away_for_a_moment(self):
        """All the same the window ends by itself, and says why."""
        w = self.start(window='24.0')
        p = self.looking(w)
        w.proxy.cut()
        self.assertIn('pairing mode', self.three_lines(self.ended(p, CAUSE))[0])

    def test_the_service_hangs(self):
        w = self.start(window='1.0')
        p = self.looking(w)
        w.running.process.send_signal(signal.SIGSTOP)
        cause, evidence, _ = self.three_lines(self.ended(p, NO_ANSWER))
        w.running.process.send_signal(signal.SIGCONT)
        self.assertIn('was not heard', cause)
        self.assertIn('the time of the window is over', evidence)

    def test_the_broker_goes(self):
        w = self.start(window='120.0')
        p = self.looking(w)
        w.proxy.down()
        cause, evidence, _ = self.three_lines(self.ended(p, NO_BROKER))
        self.assertIn('went away', cause)
        self.assertIn('127.0.0.1', evidence)

    def test_the_window_ends_while_nobody_hears(self):
        w = self.start(window='5.0')
        p = self.looking(w)
        w.proxy.down()
        w.running.err.wait('Pairing failed')
        w.proxy.up()
        cause, evidence, _ = self.three_lines(self.ended(p, NO_ANSWER))
        self.assertIn('was not heard', cause)
        self.assertIn('the window was closed while', evidence)

    def interrupted_before_the_answer(self, w):
        start = w.subscriber.here()
        w.running.process.send_signal(signal.SIGSTOP)
        p = w.run_pair()
        w.subscriber.wait('cuff2mqtt/bridge/request/pairing', start=start)
        p.process.send_signal(signal.SIGINT)
        has_taken(p)
        w.running.process.send_signal(signal.SIGCONT)
        self.ended(p, CLOSED)

    def test_ctrl_c_before_the_answer(self):
        w = self.start()
        start = w.subscriber.here()
        self.interrupted_before_the_answer(w)
        self.assertEqual(w.event('pairing_stopped', start)['data']['reason'], 'requested')

    def test_ctrl_c_closes_nobody_elses_window(self):
        w = self.start()
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        self.interrupted_before_the_answer(w)
        self.assertTrue(w.request('info')['data']['pairing']['active'])

    def test_what_others_say(self):
        """Anybody with the right to write there."""
        w = self.start()
        start = w.subscriber.here()
        p = self.looking(w)
        ours = w.subscriber.wait('cuff2mqtt/bridge/request/pairing', start=start).json['transaction']
        failed = {'type': 'pairing_failed', 'data': {'code': 'x', 'cause': 'A lie'}}
        for data in (7, None, 'x', [], {}, {'text': 7, 'step': [], 'until': {}}, {'until': '9999-12-31T23:59:59Z'},
                     {'text': '\x1b[2J\x07\x9b'}, {'text': 'long ' * 20000}):
            w.subscriber.publish('cuff2mqtt/bridge/event', json.dumps(
                {'transaction': ours, 'type': 'pairing_progress', 'data': data}))
        for message in ({'transaction': ours}, {'transaction': ours, 'type': 7}, {'transaction': ours, 'type': 'device_left'},
                        failed, {**failed, 'transaction': 7}, {**failed, 'transaction': ours + '0'}):
            w.subscriber.publish('cuff2mqtt/bridge/event', json.dumps(message))
        for payload in ('', '7', '[' * 5000, b'\xff\x00\xff', '{"pairing": 7}', '{"pairing": {"active": "no"}}', '{'):
            for topic in 'event', 'response/pairing', 'info':
                w.subscriber.publish('cuff2mqtt/bridge/' + topic, payload)
        w.subscriber.publish('cuff2mqtt/bridge/state', 'x' * 5000)
        out = '\n'.join(self.paired(w, p))
        self.assertNotIn('A lie', out)
        self.assertNotRegex(out, '[\x00-\x09\x0b-\x1f\x7f-\x9f]')
        self.assertIn('?[2J?', out)

    def test_a_failure_without_words(self):
        w = self.start()
        start = w.subscriber.here()
        p = self.looking(w)
        ours = w.subscriber.wait('cuff2mqtt/bridge/request/pairing', start=start).json['transaction']
        w.subscriber.publish('cuff2mqtt/bridge/event', json.dumps({'transaction': ours, 'type': 'pairing_failed'}))
        self.assertEqual(self.ended(p, 1)[-1], 'Cause:    It failed, and nobody said why')


if __name__ == '__main__':
    unittest.main()
