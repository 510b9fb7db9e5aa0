"""`cuff2mqtt sync`: the cuff is woken, read, and how it ended is told; each ending has its own exit code."""

import signal
import subprocess
import unittest

from harness import CUFF, FAST
from shell_look import ADAPTER, BUSY, FAILURE, ID, NO_ANSWER, NOT_HEARD, OK, OTHER, TWO, Shell

SHORT = FAST.replace('tail = 0.1', 'tail = 0.1; wish = 1.0')
PRESS = "Press the cuff's Bluetooth button: "


class Sync(Shell):
    def asking(self, w, *words):
        p = self.begin(w, 'sync', *words)
        p.out.wait(PRESS)
        return p

    def test_what_is_new_is_counted(self):
        w = self.world()
        for values, wanted in (('131/84/67', '1 new measurement'), (None, 'Nothing new: all of its measurements are here')):
            p = self.asking(w)
            w.fake.do('measure %s %s' % (CUFF, values) if values else 'advertise ' + CUFF)
            out, err = self.ended(p, OK)
            self.assertEqual((out[1:], list(err)), (['It is connected, and being read', wanted], []))
            w.event('sync_finished')
        w.fake.do('measure %s 120/80/60 announce=no' % CUFF)
        w.fake.do('measure %s 121/80/60 announce=no' % CUFF)
        p = self.asking(w, ID[:4])
        w.fake.do('advertise ' + CUFF)
        self.assertEqual(self.ended(p, OK)[0][-1], '2 new measurements')

    def test_it_is_not_heard(self):
        w = self.world(config=SHORT)
        out, err = self.ended(self.asking(w), NOT_HEARD)
        self.assertEqual(len(out), 1)
        self.assertIn('The cuff was not heard: bring it closer', err[0])

    def test_the_time_that_is_left(self):
        """On a terminal, on a line that goes away."""
        w = self.world(config=FAST.replace('tail = 0.1', 'tail = 0.1; wish = 100.0'))
        t = self.terminal(w, 40, 'sync')
        t.wait(r'\r\x1b\[K  1:3\d left')
        t.wait(r'left\r\x1b\[K  1:3\d left')
        w.fake.do('measure %s 131/84/67' % CUFF)
        code, text = t.end()
        self.assertEqual(code, OK, text)
        self.assertTrue(text.endswith('left\r\x1b[KIt is connected, and being read\n1 new measurement\n'), text)
        self.assertNotIn('left', self.run_it(w, 'help').stdout)

    def test_a_terminal_that_obeys_nothing(self):
        w = self.world(config=SHORT)
        code, text = self.terminal(w, 40, 'sync', TERM='dumb').end()
        self.assertEqual(code, NOT_HEARD)
        self.assertNotIn('\x1b', text)

    def test_it_cannot_be_read(self):
        w = self.world()
        p = self.asking(w)
        w.fake.do('vanish %s at=subscribing' % CUFF)
        w.fake.do('measure %s 131/84/67' % CUFF)
        out, err = self.ended(p, FAILURE)
        self.assertEqual(out[1:], ['It is connected, and being read'])
        self.assertEqual(len(err), 1)

    def test_it_has_been_asked_for_already(self):
        w = self.world()
        p = self.asking(w)
        self.assertIn('asked for already', self.fails(w, BUSY, 'sync'))
        w.fake.do('measure %s 131/84/67' % CUFF)
        self.ended(p, OK)

    def test_bluetooth_is_off(self):
        w = self.world()
        w.fake.do('adapter-remove')
        w.event('adapter_down')
        self.fails(w, ADAPTER, 'sync')

    def test_only_the_cuff_that_was_meant(self):
        """What another one does meanwhile is no news of this one."""
        other = TWO[1].split()[1]
        w = self.world('bonded ' + other, cuffs=TWO)
        p = self.asking(w, CUFF)
        w.fake.do('measure %s 118/76/60' % other)
        w.measured('118/76/60')
        w.event('sync_finished')
        self.assertEqual(p.out.count('connected'), 0)
        w.fake.do('measure %s 131/84/67' % CUFF)
        self.assertEqual(self.ended(p, OK)[0][1:], ['It is connected, and being read', '1 new measurement'])

    def all_of(self, w):
        """Two cuffs, asked for together."""
        for cuff, name in ((CUFF, 'Bedroom'), (OTHER, 'Kitchen')):
            self.told(w, 'rename', cuff, name)
        p = self.begin(w, 'sync')
        for name in ('Bedroom', 'Kitchen'):
            p.out.wait(PRESS + name)
        return p

    def test_all_of_them(self):
        """In whatever order their buttons are pressed."""
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        p = self.all_of(w)
        w.fake.do('measure %s 131/84/67' % CUFF)
        p.out.wait('^Bedroom: 1 new measurement$')
        self.assertTrue(p.alive())
        w.fake.do('advertise %s' % OTHER)
        out, err = self.ended(p, OK)
        self.assertEqual((out[2:], list(err)), (['Bedroom: It is connected, and being read', 'Bedroom: 1 new measurement',
                                                 'Kitchen: It is connected, and being read',
                                                 'Kitchen: Nothing new: all of its measurements are here'], []))

    def test_one_of_them_is_not_heard(self):
        """It is said which; the exit code is that one's."""
        w = self.world('bonded ' + OTHER, cuffs=TWO, config=FAST.replace('tail = 0.1', 'tail = 0.1; wish = 4.0'))
        p = self.all_of(w)
        w.fake.do('advertise %s' % CUFF)
        out, err = self.ended(p, NOT_HEARD)
        self.assertEqual(out[-1], 'Bedroom: Nothing new: all of its measurements are here')
        self.assertEqual(len(err), 1)
        self.assertIn('cuff2mqtt: Kitchen: The cuff was not heard', err[0])

    def test_one_of_them_is_asked_for_already(self):
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        first = self.asking(w, CUFF)
        p = self.begin(w, 'sync')
        p.out.wait(PRESS)
        p.err.wait('asked for already')
        for cuff in CUFF, OTHER:
            w.fake.do('advertise %s' % cuff)
        self.ended(p, BUSY)
        self.ended(first, OK)

    def test_the_service_comes_back_and_is_asked_for_those_that_are_left(self):
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        p = self.all_of(w)
        w.fake.do('measure %s 131/84/67' % CUFF)
        p.out.wait('^Bedroom: 1 new')
        start = w.subscriber.here()
        w.kill()
        w.service()
        w.subscriber.wait('cuff2mqtt/bridge/response/device/sync', lambda m: m.json['status'] == 'accepted', start=start)
        w.fake.do('advertise %s' % OTHER)
        out, _ = self.ended(p, OK)
        self.assertEqual(len(w.subscriber.find('cuff2mqtt/bridge/request/device/sync', start=start)), 1)
        self.assertEqual(out.count('Bedroom: 1 new measurement'), 1)

    def test_ctrl_c(self):
        """The service goes on, and that is said."""
        w = self.world()
        for how in (signal.SIGINT, signal.SIGTERM):
            p = self.asking(w) if how == signal.SIGINT else self.begin(w, 'sync')
            if how == signal.SIGTERM:
                p.err.wait('asked for already')
                continue
            p.process.send_signal(how)
            _, err = self.ended(p, FAILURE)
            self.assertIn('may still do it', err[0])
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.measured('131/84/67')

    def test_the_broker_is_away_for_a_moment(self):
        """It asks again, is answered again, and nothing is done twice."""
        w = self.world()
        p = self.asking(w)
        start, log = w.subscriber.here(), w.broker.err.here()
        w.proxy.cut()
        self.heard(w, 'sync', log)
        w.subscriber.wait('cuff2mqtt/bridge/response/device/sync', lambda m: m.json['status'] == 'accepted', start=start)
        w.fake.do('measure %s 131/84/67' % CUFF)
        out, err = self.ended(p, OK)
        self.assertEqual((out[-1], len([line for line in out if PRESS in line]), list(err)), ('1 new measurement', 1, []))

    def test_the_service_is_killed_and_comes_back(self):
        """The new one knows nothing of it, and is asked again."""
        w = self.world()
        p = self.asking(w)
        w.kill()
        w.service()
        w.subscriber.wait('cuff2mqtt/bridge/response/device/sync', lambda m: m.json['status'] == 'accepted', count=2)
        w.fake.do('measure %s 131/84/67' % CUFF)
        self.assertEqual(self.ended(p, OK)[0][-1], '1 new measurement')

    def test_the_service_is_killed(self):
        w = self.world()
        p = self.asking(w)
        w.kill()
        _, err = self.ended(p, NO_ANSWER)
        self.assertIn('the service went away meanwhile', err[0])

    def test_nobody_reads_what_it_says(self):
        """It is done all the same."""
        w = self.world()
        p = subprocess.Popen(self.argv(w, ['sync']), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.kill)
        p.stdout.readline()
        p.stdout.close()
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.measured('131/84/67')
        self.assertEqual(p.wait(45), FAILURE)
        with p.stderr:
            self.assertEqual(p.stderr.read(), b'')


if __name__ == '__main__':
    unittest.main()
