"""Paired once: from then on a cuff is only read, over restarts of the service, of bluetoothd and of the radio. Nobody
pairs it again, no agent is there, and what it remembers of us (its CCCDs) is left alone."""

from lab import CUFF, LabStory, kernels, short, timing, weight

CCCDS = ('cccd uuid=2a05 value=0002', 'cccd uuid=2a19 value=0001', 'cccd uuid=2a35 value=0002')
MEASURE = 'measure at=2026-08-01T07:%02d:00'


def links(lines):
    """What the cuff's log says of each link, from `connect` to `disconnect`; without times and address."""
    found = []
    for line in lines:
        words = line.replace(' ' + CUFF, '').split(' ', 2)
        if words[0] == 'log' and words[2].startswith('connect '):
            found.append([])
        elif words[0] == 'log' and found:
            found[-1].append(words[2])
    return found


class TestBond(LabStory):
    def paired(self, *commands, **options):
        """The cuff is paired, and the kernel waits for it again."""
        w = self.world(*commands, config=timing(cooldown=0.5), **options)
        w.pair()
        self.state(w, lambda s: s['sync_state'] == 'idle')
        return w

    def was_paired_once(self, w):
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 1)
        self.assertEqual(w.fake.out.count('call RegisterAgent '), 1)  # in the window of that pairing

    def at_rest(self, w, log):
        """The session is over: the service has tried to listen for the next one, and has read all answers."""
        w.fake.wait('call StartNotify .*answer=org.bluez.Error.InProgress', log)
        self.assertEqual(w.request('health_check')['status'], 'ok')

    @weight(50)
    @kernels('6.12', '6.1')
    def test_service_restarts(self):
        """Stopped, killed: each new run listens before the cuff is back, and hears its first words.

        StartNotify of a characteristic whose device is away is answered at once, and bluetoothd keeps it for the next
        link: the cuff speaks 50 ms after its encryption, a second before the services are resolved."""
        def story(w):
            log = w.fake.out.here()
            w.pair()
            armed = w.fake.wait(r'call RegisterApplication path=\S+ answer=ok', log)  # after the window ..
            w.fake.wait('call Disconnect ', armed)                                    # .. but it rests
            for values, minute, end in (('131/84/67', 30, w.running.stop), ('128/80/64', 31, w.kill)):
                self.at_rest(w, log)
                end()
                log = w.fake.out.here()
                w.service()
                w.fake.wait('call StartNotify .*answer=ok', log)
                self.measure(w, values, MEASURE % minute)
            self.at_rest(w, log)
            self.was_paired_once(w)
        self.same_in_both(story)

    @weight(30)
    @kernels('6.12', '6.1')
    def test_bluetoothd_restarts(self):
        """After its own restart bluetoothd knows the keys, but shows no characteristics before the first link: until
        then nobody can listen, so this cuff takes its time to speak (DECISIONS.md, 17)."""
        w = self.paired()
        w.fake.do('bluetoothd-stop')
        start, log = w.subscriber.here(), w.fake.do('bluetoothd-start')
        self.health(w, lambda h: h['healthy'], start)
        w.fake.wait('call RegisterApplication .*answer=ok', log)
        self.assertEqual(w.bluez('GattCharacteristic1'), (None, {}))
        w.fake.do('speaks-after 4000')
        self.measure(w, '131/84/67')
        w.fake.do('speaks-after 50')
        self.measure(w, '128/80/64')
        self.was_paired_once(w)
        w.verify()

    @short
    @weight(20)
    @kernels('6.12', '6.1')
    def test_power_off_and_on(self):
        """Somebody switches the adapter off; the service switches it on again, and the cuff is read."""
        w = self.paired()
        start = w.fake.out.here()
        w.bluez_set('Powered', False)
        off = w.fake.wait('powered no', start)
        w.fake.wait('powered yes', off)
        for method in ('RegisterApplication', 'StartNotify'):  # refused where bluetoothd kept what we asked for
            w.fake.wait('call %s ' % method, off)
        self.measure(w, '131/84/67')
        self.was_paired_once(w)
        w.verify()

    @weight(55)
    @kernels('6.12', '6.1')
    def test_ten_reconnects(self):
        """Each is encrypted with the key there is, before anything is asked, and brings its measurement once.

        bluetoothd itself writes the CCCDs of Service Changed (2A05), Battery Level (2A19) and of what is subscribed
        (2A35) on each link: the values the cuff has already."""
        w = self.paired('hang-up-after 1')
        w.fake.wait('call UnregisterAgent .*answer=ok')
        start = w.fake.out.here()
        for systolic in range(121, 131):
            self.measure(w, '%d/84/67' % systolic)
        reconnects = links(w.fake.out.lines[start:])
        self.assertEqual(len(reconnects), 10)
        for link in reconnects:
            spoken = [words for words in link if not words.startswith(('call ', 'asked ', 'scan '))]
            self.assertEqual(spoken[0], 'encrypted key=ltk')
            self.assertEqual(len([words for words in link if words.startswith('indication ')]), 1, link)
            self.assertLessEqual({words for words in link if words.startswith('cccd ')}, set(CCCDS))
        self.assertEqual(w.fake.out.count('smp %s host=' % CUFF, start), 0)
        self.assertEqual(w.fake.out.count('call RegisterAgent|asked Request', start), 0)
        self.assertEqual([row[2] for row in w.rows()], [*range(121, 131)])
        self.assertEqual((w.device('Bonded'), w.device('Trusted')), (True, False))
        self.state(w, lambda s: s['battery'] == 90)  # bluetoothd exports 2A19 like any other
        self.was_paired_once(w)
        w.verify()
