"""What is asked of a cuff over MQTT, and what the real bluetoothd makes of it: read it now, remove it, pair it again."""

import json

from lab import CUFF, LabStory, kernels, timing, wait_until, weight

ID = CUFF.replace(':', '').lower()


class TestManage(LabStory):
    def second(self, w, name):
        """Asked: accepted, and later how it ended."""
        start = w.subscriber.here()
        answer = w.request(name, json.dumps({'device': ID, 'transaction': name}))
        self.assertEqual(answer['status'], 'accepted', answer)
        return lambda: w.subscriber.wait('cuff2mqtt/bridge/response/' + name, lambda m: m.json['status'] != 'accepted',
                                         start=start).json

    @weight(60)
    @kernels('6.12', '6.1')
    def test_read_and_removed_and_paired_again(self):
        """A sleeping cuff is read when its button is pressed. Removed, bluetoothd has no key of it, the kernel does not
        connect it, and nothing retained is left; paired again it is as before."""
        w = self.world(config=timing(cooldown=0.5))
        w.pair()
        self.measure(w, '131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'idle')
        topics = {t for t in w.subscriber.retained() if ID in t}
        end = self.second(w, 'device/sync')
        log = w.fake.do('advertise')
        self.assertEqual(end()['data'], {'device': ID, 'new_records': 0})
        w.fake.wait('disconnect ' + CUFF, log)
        self.state(w, lambda s: s['sync_state'] == 'idle')
        self.assertEqual(self.second(w, 'device/remove')()['data'], {'device': ID})
        wait_until(lambda: w.device('Address') is None, 'bluetoothd to forget the cuff')
        self.assertEqual({t for t in w.subscriber.retained() if ID in t}, set())
        log = w.fake.do('measure announce=no 141/91/71')
        w.fake.do('advertise')
        w.fake.wait('silent ' + CUFF, log)
        self.assertEqual(w.fake.out.count(' connect ' + CUFF, log), 0)
        w.pair()
        w.measured('141/91/71')
        self.assertEqual({t for t in w.subscriber.retained() if ID in t}, topics)
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 2)
        w.verify()
