"""The cuff is not alone on the air: another cuff that blocks the kernel, fifty strangers, somebody who scans."""

import re

from btsnoop import advertisers_of_file
from lab import CUFF, OMRON_CUFF, LabStory, timing, wait_until, weight

SECOND = 'C0:FF:EE:00:00:02'
STRANGERS = 50


def sleeps(service):
    """How often the thread that holds the service's event loop has gone to sleep so far."""
    with open('/proc/%d/task/%d/status' % (service.pid, service.pid)) as f:
        return int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', f.read(), re.M)[1])


class TestCrowd(LabStory):
    def read(self, w, values):
        """Seconds from the first advertisement until the cuff knows that its measurement was heard."""
        log = w.fake.out.here()
        self.measure(w, values)
        self.rested(w, log)
        times = {}
        for line in w.fake.out.lines[log:]:
            found = re.match(r'log (\S+) (advertising|confirmed) ', line)
            if found:
                times.setdefault(found[2], float(found[1]))
        return times['confirmed'] - times['advertising']

    @weight(60)
    def test_one_cuff_blocks_the_other(self):
        """Gone after one advertisement, it keeps the kernel busy for some 20 s; then the other cuff is read."""
        w = self.world(cuffs=(OMRON_CUFF, 'cuff %s name=second random=yes users=1' % SECOND),
                       config=timing(cooldown=0.5))
        for cuff in (CUFF, SECOND):
            log = w.fake.out.here()
            w.pair(cuff)
        self.rested(w, log, times=2)
        w.fake.do('vanish %s at=connecting' % CUFF)
        log = w.fake.do('measure %s 131/84/67' % CUFF)
        at = w.fake.wait('vanished ' + CUFF, w.fake.wait('initiating ' + CUFF, log))
        w.fake.do('measure %s 111/71/51' % SECOND)
        w.measured('111/71/51')
        w.fake.wait('connect ' + SECOND, w.fake.wait('initiating cancelled', at))  # in this order
        self.assertEqual(w.fake.out.count(' connect ', log), 1)
        w.fake.do('advertise ' + CUFF)
        w.measured('131/84/67')
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    def told_of_strangers(self, w):
        """How many bluetoothd has told the bus of."""
        with w.recorder.changed:
            added = [m.body[0] for m in w.recorder.messages if m.member == 'InterfacesAdded']
        return len({path for path in added if '/dev_' in path and CUFF.replace(':', '_') not in path})

    def nobody_wakes(self, w, command, until, what):
        """The service sleeps while this happens, but for a word about the adapter."""
        before = sleeps(w.running)
        w.fake.do(command)
        wait_until(until, what)
        self.assertLess(sleeps(w.running) - before, STRANGERS / 10)

    @weight(60)
    def test_strangers(self):
        """Fifty devices at ten adverts a second, then somebody who wants to see them all: the service does not wake for
        them, and the cuff is read as before."""
        w = self.world('hang-up-after 1', config=timing(cooldown=0.5))
        log = w.fake.out.here()
        w.pair()
        self.rested(w, log, times=2)
        alone = [self.read(w, '%d/80/60' % n) for n in (121, 122)]
        self.nobody_wakes(w, 'strangers %d adverts=10/s' % STRANGERS,
                          lambda: len(advertisers_of_file(w.log('btsnoop'))) > STRANGERS, 'the kernel to hear all')
        self.assertFalse(self.told_of_strangers(w))
        crowded = [self.read(w, '%d/80/60' % n) for n in (131, 132)]
        self.assertLess(min(crowded), 3 * max(alone))
        self.nobody_wakes(w, 'foreign-scan on unfiltered', lambda: self.told_of_strangers(w) == STRANGERS,
                          'bluetoothd to tell of all')
        self.read(w, '141/80/60')
        self.assertEqual([row[2] for row in w.rows()], [121, 122, 131, 132, 141])
        w.fake.do('foreign-scan off')
        self.assertEqual(w.running.stop(), 0)
        w.verify()
