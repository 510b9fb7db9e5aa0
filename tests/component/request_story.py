"""What the stories of requests share: asking, and the two answers that there may be."""

import json
import subprocess
import threading

import paho.mqtt.client as paho

from harness import CUFF, DEADLINE, FAST, Story

ID = CUFF.replace(':', '').lower()
SECOND = '28:FF:B2:05:91:B6'
SECOND_ID = SECOND.replace(':', '').lower()
TWO_CUFFS = ('cuff %s name=BLESmart_0000025828FFB20591B5 omron=yes users=2' % CUFF, 'cuff %s name=second omron=yes users=2' % SECOND)
EVENT = r'cuff2mqtt/device/\w+/user/\w+/event'
SILENT = 'The cuff was not heard'


def timing(**values):
    """FAST, with other values for some."""
    text = FAST.rstrip().removesuffix('};')
    for name in values:
        text = text.replace(' %s = ' % name, ' %s_ = ' % name)
    words = [word for word in text.replace('timing: {', '').split(';') if word.strip() and '_ = ' not in word]
    return 'timing: {%s; };\n' % ';'.join(words + [' %s = %s' % (name, float(value)) for name, value in values.items()])


def response(name):
    return 'cuff2mqtt/bridge/response/' + name


class Answers:
    """Answers on one topic, with their MQTT 5 properties."""

    def __init__(self, test, w, topic):
        self.messages, self.changed = [], threading.Condition()
        ready = threading.Event()
        client = paho.Client(protocol=paho.MQTTv5)
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: ready.set()
        client.on_connect = lambda c, *_: c.subscribe(topic, 1)
        client.connect('127.0.0.1', w.broker.port)
        client.loop_start()
        test.addCleanup(client.loop_stop)
        test.addCleanup(client.disconnect)
        test.assertTrue(ready.wait(DEADLINE))

    def _on_message(self, client, userdata, message):
        with self.changed:
            self.messages.append((json.loads(message.payload), getattr(message.properties, 'CorrelationData', None)))
            self.changed.notify_all()

    def wait(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.messages) >= count, DEADLINE), self.messages
            return list(self.messages)


class RequestStory(Story):
    def ok(self, w, name, payload='{}'):
        answer = w.request(name, payload)
        self.assertEqual(set(answer), {'status', 'data', 'transaction'}, answer)
        self.assertEqual(answer['status'], 'ok', answer)
        return answer

    def error(self, w, name, payload, code, words='', transaction=None):
        """The answer is an error with this code and a sentence with these words."""
        answer = w.request(name, payload)
        self.is_error(answer, code, words, transaction)
        return answer

    def is_error(self, answer, code, words='', transaction=None):
        self.assertEqual(set(answer), {'status', 'data', 'error', 'code', 'transaction'}, answer)
        self.assertEqual((answer['status'], answer['data'], answer['code']), ('error', {}, code), answer)
        self.assertIn(words, answer['error'])
        self.assertGreater(len(answer['error'].split()), 2, answer)
        self.assertEqual(answer['transaction'], transaction, answer)

    def accepted(self, w, name, data=None, transaction='t', **properties):
        """Asked and accepted, nothing else yet. Where the subscriber was before."""
        start = w.subscriber.here()
        answer = w.request(name, json.dumps({**(data or {}), 'transaction': transaction}), **properties)
        self.assertEqual(set(answer), {'status', 'data', 'transaction'}, answer)
        self.assertEqual((answer['status'], answer['transaction']), ('accepted', transaction), answer)
        return start

    def second(self, w, name, start, transaction='t', count=1):
        """The second answer."""
        return w.subscriber.wait(response(name), lambda m: m.json['status'] != 'accepted' and
                                 m.json['transaction'] == transaction, start=start, count=count).json

    def second_ok(self, w, name, start, transaction='t'):
        answer = self.second(w, name, start, transaction)
        self.assertEqual(set(answer), {'status', 'data', 'transaction'}, answer)
        self.assertEqual(answer['status'], 'ok', answer)
        return answer['data']

    def answers(self, w, name, start, count=None):
        """All that have come so far, which is said to be `count`."""
        self.ok(w, 'info')  # what was said before is here now
        found = [m.json for m in w.subscriber.find(response(name), start=start)]
        if count is not None:
            self.assertEqual(len(found), count, found)
        return found

    def device(self, w, cuff=ID):
        return next(d for d in self.ok(w, 'devices')['data'] if d['id'] == cuff)

    def forget_bond(self, w, cuff=CUFF):
        """By somebody else: bluetoothctl remove."""
        subprocess.run(['dbus-send', '--bus=' + w.bus.address, '--print-reply', '--dest=org.bluez', '/org/bluez/hci0',
                        'org.bluez.Adapter1.RemoveDevice', 'objpath:/org/bluez/hci0/dev_' + cuff.replace(':', '_')],
                       check=True, capture_output=True)

    def without_log_level(self, w):
        """The configuration file says nothing of it."""
        whole = w.config()
        w.config = lambda: whole.replace('log_level = "%s";\n' % w.log_level, '')
        return w
