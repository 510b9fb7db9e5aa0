"""While the cuff is away somebody else advertises with its address and without the keys of the bond, asks for nothing and
tells its measurements at once, without encryption. None of them is taken, people are told, the bond stays where it is; and
when the cuff itself is back it is read, with nobody's help."""

import glob

from lab import CUFF, STORAGE, LabStory, kernels, timing, weight
from test_lost_bond import known_bad_kernels

OTHER = '66:55:44:33:22:11'  # what its log lines call it: on the air it has the cuff's address
HOSTILE = ('199/99/99', '198/98/98')


class TestImpostor(LabStory):
    def away(self, kind='', air=''):
        """The cuff was paired, read, and left; the other is there, and silent so far."""
        w = self.world('cuff %s advert-interval=1000' % CUFF, config=timing(cooldown=1.0, backoff_min=2.0, backoff_max=8.0))
        log = w.fake.out.here()
        w.pair()
        self.rested(w, log, times=2)
        log = w.fake.out.here()
        self.measure(w, '131/84/67')
        self.rested(w, log)
        w.fake.do('cuff %s name=BLESmart_0000025828FFB20591B5 users=2 open=yes unasked=yes advert-interval=1000 %s' %
                  (OTHER, kind))
        for command in ('quiet ' + CUFF, 'hang-up-after %s never' % OTHER, 'poses-as %s as=%s %s' % (OTHER, CUFF, air)):
            w.fake.do(command)
        for values in HOSTILE:
            w.fake.do('measure %s announce=no %s' % (OTHER, values))
        return w

    def keys(self):
        """What bluetoothd has on disk of bonds."""
        found = []
        for name in glob.glob('%s/*/%s/info' % (STORAGE, CUFF)):
            with open(name) as f:
                found += [line for line in f if line.startswith('Key=')]
        return found

    def gets_nothing(self, w, press='advertise %s 120', refusal='key-missing'):
        """It is connected, because the kernel knows the address; what it says is for nobody, and as it has no keys the link
        ends. That is told once."""
        start, log, keys = w.subscriber.here(), w.fake.out.here(), self.keys()
        w.fake.do(press % OTHER)
        self.assertEqual(w.event('bond_lost', start)['data'], {'device': CUFF.replace(':', '').lower()})
        self.state(w, lambda s: s['sync_state'] == 'problem' and 'forgotten' in s['sync_error'], start)
        for word in ('indication', refusal) * 2:
            log = w.fake.wait(' %s %s' % (word, OTHER), log)
        w.fake.do('quiet ' + OTHER)
        for word in ('confirmed', 'encrypted', 'pair-start', 'bonded', 'cccd', 'read', 'write'):
            self.assertEqual(w.fake.out.count(' %s %s' % (word, OTHER)), 0, word)
        self.assertTrue(w.device('Bonded'))
        self.assertTrue(keys)
        self.assertEqual(self.keys(), keys)

    def comes_back(self, w):
        """The true one; nobody has done anything but take a measurement."""
        start, log = w.subscriber.here(), w.fake.out.here()
        w.fake.do('measure %s announce=no 128/80/64' % CUFF)
        w.fake.do('advertise %s 120' % CUFF)
        w.measured('128/80/64', start=start)
        w.event('sync_finished', start)
        self.state(w, lambda s: s['sync_state'] == 'idle' and s['sync_error'] is None, start)
        w.fake.wait('encrypted %s key=ltk' % CUFF, log)
        self.assertEqual([row[2] for row in w.rows()], [131, 128])
        self.assertEqual(w.rows('SELECT count(*) FROM rejected'), [(0,)])
        self.assertEqual(w.fake.out.count('pair-start'), 1)
        self.assertEqual(len(w.events('bond_lost')), 1)
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_without_keys(self):
        """It has no key, and says so."""
        w = self.away()
        self.gets_nothing(w)
        self.comes_back(w)

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_bluffs(self):
        """It begins to encrypt, with a key of its own invention."""
        w = self.away(air='bluffs=yes')
        self.gets_nothing(w, refusal='mic-failure')
        self.comes_back(w)

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_asks_to_be_paired(self):
        """It asks for security itself, and would be paired by whoever does: nobody does, without an open window."""
        w = self.away('security-request=yes')
        self.gets_nothing(w, press='pairing-mode %s on 120')
        self.comes_back(w)

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_speaks_first(self):
        """There is much time between its first words and the refusal of the key."""
        w = self.away()
        w.fake.do('connection-interval 400')
        w.fake.do('speaks-after %s 0' % OTHER)
        self.gets_nothing(w)
        self.comes_back(w)
