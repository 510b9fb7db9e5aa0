"""Every request with everything that can be wrong with its fields: refused by name, and nothing happens."""

import json
import os
import sqlite3
import unittest

from request_story import ID, RequestStory, response

LONG = 'x' * 200
# What is no value of a type. None as a type: the field may be null, too.
BAD = {
    'bool': ('"yes"', '1', '[]', '{}', '"true"'),
    '10..600': ('9', '601', '60.5', '"60"', 'true', '[]', '1e3', '-10', '18446744073709551616'),
    '1..500': ('0', '501', '1.5', '"5"', 'false', '{}'),
    'address': ('"28FF"', '""', '1', '["28:FF:B2:05:91:B5"]', '"28:FF:B2:05:91:BG"', '"28:FF:B2:05:91:B5 "'),
    'text': ('""', json.dumps(LONG), '1', 'true', '{}', '["x"]'),
    'name': ('""', json.dumps(LONG), '1', 'true', '{}', '" "', '"\\u00a0\\u3000 "', '"a\\nb"', '"\\u001b[31mred"', '"tab\\t"',
             '"\\u007f"', '"\\u0085"', '"a\\u202eb"', '"a\\u2028b"', '"\\u200b"', '"\\ufeff"'),
    'person': ('""', '1', '"Anna"', '"an na"', '"an/na"', '"a+"', '"#"', '"ann\\u00eb"', json.dumps('x' * 33)),
    'time': ('"now"', '1', '"2026-02-30"', '"2026-11-22  18:00"', '" 2026-11-22"', '"2026-11-22T18:00+25:00"', '{}'),
    'object': ('"x"', '1', '[]', 'true'),
}
# request: (a good payload, {field: (type, required, null is a value)})
REQUESTS = {
    'pairing': ({'active': False}, {'active': ('bool', True, False), 'timeout': ('10..600', False, False),
                                    'address': ('address', False, False)}),
    'device/pair': ({'address': '00:00:00:00:00:01'}, {'address': ('address', True, False),
                                                      'timeout': ('10..600', False, False)}),
    'device/remove': ({'device': ID}, {'device': ('text', True, False), 'unpair': ('bool', False, False),
                                       'purge': ('bool', False, False)}),
    'device/sync': ({'device': ID}, {'device': ('text', False, False)}),
    'device/rename': ({'device': ID, 'name': 'x'}, {'device': ('text', True, False), 'name': ('name', True, False)}),
    'device/users': ({'device': ID, 'users': {}}, {'device': ('text', True, False), 'users': ('object', True, False)}),
    'device/options': ({'device': ID, 'options': {}}, {'device': ('text', True, False), 'options': ('object', True, False)}),
    'device/time': ({'device': ID}, {'device': ('text', True, False)}),
    'device/dump': ({'device': ID}, {'device': ('text', True, False), 'values': ('bool', False, False)}),
    'history': ({'device': ID}, {'device': ('text', True, False), 'user': ('text', False, False), 'from': ('time', False, False),
                                 'to': ('time', False, False), 'limit': ('1..500', False, False),
                                 'cursor': ('text', False, False)}),
    'options': ({'options': {}}, {'options': ('object', True, False)}),
    'devices': ({}, {}), 'info': ({}, {}), 'health_check': ({}, {}), 'restart': ({}, {}), 'backup': ({}, {}),
}
# In an object: (request, a good payload around it, {field: (type, required, null is a value)})
INSIDE = (
    ('device/users', {'device': ID}, ('users', '1'), {'name': ('name', False, True), 'person': ('person', False, True)}),
    ('device/users', {'device': ID}, ('users', 'unknown'), {'name': ('name', False, True), 'person': ('person', False, True)}),
    ('device/users', {'device': ID}, ('users',), {'1': ('object', False, False), 'unknown': ('object', False, False)}),
    ('device/options', {'device': ID}, ('options',), {'set_clock': ('bool', False, True), 'listen': ('bool', False, True),
                                                      'memory': ('bool', False, True)}),
    ('options', {}, ('options',), {'log_level': ('text', False, True)}),
)


def payload(good, field, value):
    """`good`, with `value` (JSON text) for this field; None: without it."""
    texts = {key: json.dumps(one) for key, one in {'transaction': 7, **good}.items()}
    texts.pop(field, None)
    return '{%s}' % ', '.join(['%s: %s' % (json.dumps(k), v) for k, v in texts.items()] +
                              (['%s: %s' % (json.dumps(field), value)] if value else []))


def wrapped(good, path, inside):
    for key in reversed(path[1:]):
        inside = '{%s: %s}' % (json.dumps(key), inside)
    return payload(good, path[0], inside)


def bad_values(kind, nullable):
    return BAD[kind] + (() if nullable else ('null',))


def cases():
    """(request, payload, what the sentence must name)"""
    for name, (good, fields) in REQUESTS.items():
        yield name, payload(good, 'nothing', 'true'), 'nothing'
        for field, (kind, required, nullable) in fields.items():
            for value in bad_values(kind, nullable):
                yield name, payload(good, field, value), field
            if required:
                yield name, payload(good, field, None), field
            yield name, payload(good, field + 's', '1'), field + 's'
            twice = json.dumps(good.get(field, 'x'))
            if field in good:
                yield name, payload(good, field, '%s, %s: %s' % (twice, json.dumps(field), twice)), field
    for name, good, path, fields in INSIDE:
        yield name, wrapped(good, path, '{"nothing": 1}'), 'nothing'
        for field, (kind, _, nullable) in fields.items():
            for value in bad_values(kind, nullable):
                yield name, wrapped(good, path, '{%s: %s}' % (json.dumps(field), value)), field


class TestBadFields(RequestStory):
    def test_each_bad_field(self):
        """bad_request with a sentence that names the field, the transaction comes back; the cuff, its names, its bond, the
        gateway stay as they are. One transaction for all: errors are not answered from memory."""
        w = self.world()
        w.subscriber.wait('cuff2mqtt/device/%s/state' % ID)  # all has been told
        before = w.subscriber.retained()
        start, log = w.subscriber.here(), w.fake.out.here()
        for name, text, field in cases():
            with self.subTest(name=name, payload=text):
                answer = w.request(name, text)
                self.is_error(answer, 'bad_request', '"%s"' % field, 7)
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/event', start=start), [])
        self.assertEqual(w.fake.out.count('call (RemoveDevice|Connect|Pair|RegisterAgent)', log), 0)
        after = w.subscriber.retained()
        for topics in (before, after):
            topics.pop('cuff2mqtt/bridge/health')
        self.assertEqual(after, before)
        self.assertTrue(w.running.alive())

    def test_what_is_no_object(self):
        """Each request refuses what is not JSON, not an object, not text, too large; by its name."""
        w = self.world()
        for name in REQUESTS:
            for text, code in (('{"transaction": 7', 'bad_json'), (b'{"x": "\xff"}', 'bad_json'), ('[]', 'bad_request'),
                               ('{} {}', 'bad_json'), ('{"a\\u0000": 1}', 'bad_request'), ('x' * 4097, 'too_large'),
                               ('{"transaction": "\\ud800"}', 'bad_json'), ('[' * 4000, 'bad_request')):
                with self.subTest(name=name, payload=text[:40]):
                    self.is_error(w.request(name, text), code)
        self.assertEqual(self.answers(w, 'info', 0)[-1]['status'], 'ok')

    def test_an_unknown_cuff(self):
        """unknown_device, of whatever is about a cuff; also for words that look like paths or SQL."""
        w = self.world()
        for name, (good, fields) in REQUESTS.items():
            if 'device' not in fields:
                continue
            for device in ('c0ffee000009', 'C0:FF:EE:00:00:09', ID + '0', '../../etc', "' OR 1=1 --", 'ë'):
                text = json.dumps({**good, 'device': device, 'transaction': 'x'})
                with self.subTest(name=name, device=device):
                    self.error(w, name, text, 'unknown_device', 'bridge/devices', 'x')

    def test_a_cuff_by_its_address_in_any_case(self):
        """The id or the address, in capitals or not; alone where one argument is enough."""
        w = self.world()
        for text in (ID, ID.upper(), '28:ff:b2:05:91:b5', '28:FF:B2:05:91:B5'):
            self.ok(w, 'device/rename', json.dumps({'device': text, 'name': text}))
            self.ok(w, 'history', text)
            self.ok(w, 'history', json.dumps(text))

    def test_no_database(self):
        """Nothing can be written: internal, with a sentence, nothing half done; what only reads is answered."""
        w = self.world()
        w.wait_count('cuff', 1)
        holder = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), isolation_level=None)
        holder.execute('BEGIN IMMEDIATE')
        for name, data in (('device/rename', {'device': ID, 'name': 'x'}),
                           ('device/users', {'device': ID, 'users': {'1': {'name': 'x', 'person': 'x'}}}),
                           ('device/options', {'device': ID, 'options': {'memory': False}}),
                           ('device/remove', {'device': ID, 'unpair': False, 'purge': True})):
            with self.subTest(name=name):
                answer = self.error(w, name, json.dumps({**data, 'transaction': 'x'}), 'internal', 'The database', 'x')
                self.assertNotIn('Success', answer['error'])
        self.assertEqual(self.ok(w, 'history', ID)['data'], {'records': [], 'next': None})
        self.assertEqual(len(self.ok(w, 'devices')['data']), 1)
        holder.rollback()
        holder.close()
        self.assertEqual(self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'x', 'transaction': 'x'}))['data']['to'], 'x')

    def test_names_that_are_no_topics(self):
        """A name of a request that is too long is not answered, others are, and all go on."""
        w = self.world()
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/' + 'x' * 65, '{}')
        w.running.err.wait('^warning bridge: A request with a name of 65 bytes is ignored')
        self.error(w, 'x' * 64, '{}', 'unknown_request')
        self.error(w, 'ë', '{}', 'unknown_request')
        self.assertEqual(w.subscriber.find(response('x{65}'), start=start), [])


if __name__ == '__main__':
    unittest.main()
