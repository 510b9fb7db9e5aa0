"""What Home Assistant sees: discovery as the broker really retains it, with the payloads really published."""

import json
import re
import unittest

from harness import CUFF, Story
from templates import Checker, render_all

ID = CUFF.replace(':', '').lower()
SECOND = 'C0:FF:EE:00:00:02'


class HomeAssistantStory(Story):
    def discovery(self, w, prefix='homeassistant'):
        return {t: json.loads(p) for t, p in w.subscriber.retained().items() if t.startswith(prefix + '/')}

    def assert_taken(self, w, prefix='homeassistant'):
        """Home Assistant would take all of it: what the broker retains, and the last of each event."""
        events = {m.topic: m.payload for m in w.subscriber.messages if m.topic.endswith('/event')}
        retained = {t: p for t, p in w.subscriber.retained().items() if not t.startswith('test/')}
        self.assertEqual(render_all(retained, events, prefix), [])

    def inst(self, w):
        return w.request('info')['data']['inst']


class TestDiscovery(HomeAssistantStory):
    def test_gateway_cuffs_and_users(self):
        """One retained message for the gateway, one for each cuff, one for each user that has measured."""
        w = self.world('cuff %s name=second users=1' % SECOND, 'bonded ' + SECOND)
        w.fake.wait('armed ' + SECOND)
        self.measure(w, '131/84/67')
        self.measure(w, '121/81/61', 'measure user=2')
        w.fake.do('measure %s user=255 111/71/51' % SECOND)
        w.measured('111/71/51')
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished', count=3)
        second, inst = SECOND.replace(':', '').lower(), self.inst(w)
        found = self.discovery(w)
        self.assertEqual(set(found), {'homeassistant/device/%s/config' % one for one in (
            inst, inst + '_' + ID, inst + '_' + second, inst + '_' + ID + '_u1', inst + '_' + ID + '_u2',
            inst + '_' + second + '_uunknown')})
        self.assertEqual(found['homeassistant/device/%s_%s/config' % (inst, ID)]['device']['via_device'], inst)
        self.assertEqual(found['homeassistant/device/%s_%s_u2/config' % (inst, ID)]['device']['via_device'],
                         inst + '_' + ID)
        self.assert_taken(w)
        w.verify()

    def test_before_anything_is_known(self):
        """A gateway without a cuff, and a cuff that was never read: nothing is undefined."""
        w = self.world(bonded=False)
        w.subscriber.wait('cuff2mqtt/bridge/devices')  # the last of what a connection begins with
        self.assert_taken(w)
        w.pair()
        self.assert_taken(w)

    def test_with_everything_known(self):
        """Mean, status, battery, clock: every template gives a state of its class."""
        w = self.world('cuff %s battery=7 clock=-30' % CUFF)
        self.measure(w, '131/84/67', 'measure mean=99 status=0027')
        self.state(w, lambda s: s['battery'] == 7 and s['battery_low'] and s['clock_drift'] is not None)
        self.assert_taken(w)
        w.verify()

    def test_while_something_is_wrong(self):
        """No adapter, an open window, a cuff in trouble: still nothing that Home Assistant would refuse."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.request('pairing', 'true')
        w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: m.json['pairing']['active'])
        self.assert_taken(w)
        start = w.subscriber.here()
        w.fake.do('adapter-remove')
        w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: m.json['adapter']['powered'] is not True, start=start)
        self.assert_taken(w)

    def test_the_last_event(self):
        """Whoever pairs a cuff reads on the gateway's device how it goes, in words."""
        w = self.world(bonded=False)
        w.pair()
        finished = w.event('pairing_finished')
        payload = self.discovery(w)['homeassistant/device/%s/config' % self.inst(w)]
        sensor = payload['components']['last_event']
        self.assertEqual((sensor['platform'], sensor['entity_category']), ('sensor', 'diagnostic'))
        said = [Checker({}, {}, '').render(sensor['value_template'], m.payload)
                for m in w.subscriber.find(re.escape(sensor['state_topic']))]
        self.assertIn(finished['data']['text'], said)
        self.assertIn(w.event('pairing_stopped')['data']['text'], said)
        self.assertTrue(all(0 < len(text) <= 255 for text in said), said)
        self.assert_taken(w)

    def test_the_same_devices_after_a_restart(self):
        """unique_id is for ever: a restart changes neither topics nor ids."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        before = self.discovery(w)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertTrue(w.request('info')['data'])
        self.assertEqual(self.discovery(w), before)

    def test_availability_is_the_bridges_alone(self):
        """A sleeping cuff is healthy: nothing expires, nothing but bridge/state makes an entity unavailable."""
        w = self.world()
        self.measure(w, '131/84/67')
        for topic, payload in self.discovery(w).items():
            self.assertEqual(payload['availability'], [{'topic': 'cuff2mqtt/bridge/state'}], topic)
            text = json.dumps(payload)
            for word in ('expire_after', 'object_id', '"~"', 'default_entity_id'):
                self.assertNotIn(word, text, topic)
            for component in payload['components'].values():
                self.assertIn(component.get('availability', []), [[]])
                self.assertNotEqual(component.get('device_class'), 'pressure')
        self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'online')

    def test_the_model_appears_when_it_was_read(self):
        """After the first session the device has its maker and model; the ids stay."""
        w = self.world()
        topic = 'homeassistant/device/%s_%s/config' % (self.inst(w), ID)
        before = self.discovery(w)[topic]
        self.measure(w, '131/84/67')
        after = self.discovery(w)[topic]
        self.assertEqual(after['device']['model'], 'BP7350')
        self.assertEqual(after['device']['identifiers'], before['device']['identifiers'])
        self.assertEqual({k: c['unique_id'] for k, c in after['components'].items()},
                         {k: c['unique_id'] for k, c in before['components'].items()})


class TestBirth(HomeAssistantStory):
    def test_online_sends_everything_again(self):
        """Home Assistant starts: discovery first, then state, info, cuffs and the newest measurements; events
        are not fired again."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        retained = {t for t in w.subscriber.retained() if not t.startswith('test/')}
        start = w.subscriber.here()
        w.subscriber.publish('homeassistant/status', 'online')
        for topic in retained - {'cuff2mqtt/bridge/health'}:
            w.subscriber.wait(re.escape(topic), start=start)
        measurement = 'cuff2mqtt/device/%s/user/1/measurement' % ID
        for topic in (measurement, 'cuff2mqtt/bridge/devices', 'cuff2mqtt/bridge/info'):
            w.subscriber.wait(topic, start=start, count=2)  # once more for brokers that retain nothing
        self.assertEqual(len(w.subscriber.find(r'cuff2mqtt/device/\w+/user/\w+/event')), 1)
        w.verify()

    def test_offline_and_others_send_nothing(self):
        """Only `online` is a birth."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        start = w.subscriber.here()
        for payload in ('offline', 'ONLINE', 'online ', ''):
            w.subscriber.publish('homeassistant/status', payload)
        w.request('info')  # answered behind them
        w.subscriber.publish('homeassistant/status', 'online')
        w.subscriber.wait('homeassistant/device/.*/config', start=start)
        self.assertEqual(w.running.err.count('Home Assistant has started'), 1)

    def test_a_prefix_of_ones_own(self):
        """discovery_prefix moves discovery and the birth topic."""
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_HOMEASSISTANT_DISCOVERY_PREFIX': 'ha'}
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.subscriber.publish('ha/status', 'online')
        w.subscriber.wait('ha/device/.*/config', start=start)
        self.assertEqual(self.discovery(w), {})
        self.assertEqual(len(self.discovery(w, 'ha')), 3)
        self.assert_taken(w, 'ha')

    def test_a_scheme_of_ones_own(self):
        """homeassistant.category says whose classes a user's device shows; key and unique_id do not follow it."""
        w = self.world()
        self.measure(w, '137/83/67')
        topic = 'homeassistant/device/%s_%s_u1/config' % (self.inst(w), ID)
        before = self.discovery(w)[topic]['components']['category']
        self.assertEqual(self.category(w, before), 'stage_1')
        self.assertEqual(w.running.stop(), 0)
        w.env = {'CUFF2MQTT_HOMEASSISTANT_CATEGORY': 'esc'}
        w.service()
        self.assertTrue(w.request('info')['data'])
        after = self.discovery(w)[topic]['components']['category']
        self.assertEqual(self.category(w, after), 'hypertension')
        self.assertEqual(after['options'], ['non_elevated', 'elevated', 'hypertension'])
        self.assertEqual(after['unique_id'], before['unique_id'])
        self.assert_taken(w)

    def category(self, w, component):
        state = w.subscriber.retained()['cuff2mqtt/device/%s/user/1/measurement' % ID]
        return Checker({}, {}, '').render(component['value_template'], state)


class TestOff(HomeAssistantStory):
    def test_no_discovery(self):
        """homeassistant.discovery = false: not one message below the prefix, also after a birth; all else is there."""
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_HOMEASSISTANT_DISCOVERY': 'false'}
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.subscriber.publish('homeassistant/status', 'online')
        w.request('info')
        w.verify()
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/device/remove', '{"device": "%s", "unpair": false}' % ID)
        w.subscriber.wait('cuff2mqtt/device/%s/user/1/measurement' % ID, lambda m: m.payload == '', start=start)
        self.assertEqual(w.subscriber.find('homeassistant/device/.*'), [])
        self.assertEqual(self.discovery(w), {})

    def test_switched_off_after_it_was_on(self):
        """What was announced is taken away, in Home Assistant too, at this start and at the next; switched on
        again the same devices are there."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        before = self.discovery(w)
        self.assertEqual(len(before), 3)
        for _ in range(2):
            self.assertEqual(w.running.stop(), 0)
            w.env = {'CUFF2MQTT_HOMEASSISTANT_DISCOVERY': 'false'}
            start = w.subscriber.here()
            w.service()
            for topic in before:
                w.subscriber.wait(re.escape(topic), lambda m: m.payload == '', start=start)
            self.assertEqual(self.discovery(w), {})
        self.measure(w, '128/80/64')
        self.assertEqual(self.discovery(w), {})
        self.assertEqual(w.running.stop(), 0)
        w.env = None
        w.service()
        w.request('info')
        self.assertEqual(self.discovery(w), before)
        self.assert_taken(w)

    def test_another_base_topic(self):
        """A second gateway on one broker has its own tree and its own devices."""
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_MQTT_BASE_TOPIC': 'house/bp'}
        w.service(wait_connected=False)
        w.subscriber.wait('house/bp/bridge/state', lambda m: m.payload == 'online')
        w.fake.wait('armed ' + CUFF)
        w.fake.do('measure 131/84/67')
        w.subscriber.wait('house/bp/device/%s/user/1/measurement' % ID)
        w.subscriber.publish('house/bp/bridge/request/health_check', '{}')
        w.subscriber.wait('house/bp/bridge/response/health_check')
        self.assertEqual(w.subscriber.find('cuff2mqtt/.*'), [])
        w.subscriber.wait('house/bp/bridge/event', lambda m: m.json['type'] == 'sync_finished')
        self.assert_taken(w)


if __name__ == '__main__':
    unittest.main()
