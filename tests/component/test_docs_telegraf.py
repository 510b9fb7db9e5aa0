"""docs/telegraf.md: its configuration, followed with what a running gateway publishes; and the lines that come out, in a real
InfluxDB where there is one. Telegraf itself is not here."""

import datetime
import json
import os
import re
import shutil
import tempfile
import tomllib
import unittest
import urllib.parse
import urllib.request

from harness import CUFF, ROOT, Process, Story, free_port

ID = CUFF.replace(':', '').lower()
CONFIG = os.path.join(ROOT, 'docs', 'examples', 'telegraf.conf')
INFLUXD = os.environ.get('INFLUXD') or shutil.which('influxd')
with open(os.path.join(ROOT, 'docs', 'telegraf.md'), encoding='utf-8') as f:
    PAGE = f.read()
with open(CONFIG, encoding='utf-8') as f:
    TEXT = f.read()
QUERIES = re.findall(r'^```sql\n(.*?)^```$', PAGE, re.M | re.S)

CONSUMER = {'servers', 'topics', 'qos', 'client_id', 'persistent_session', 'topic_tag', 'data_format', 'topic_parsing',
            'json_v2'}
INFLUXDB = '''reporting-disabled = true
bind-address = "127.0.0.1:%d"
[meta]
  dir = "%s/meta"
[data]
  dir = "%s/data"
  wal-dir = "%s/wal"
[http]
  bind-address = "127.0.0.1:%d"
  log-enabled = false
[monitor]
  store-enabled = false
'''


class Consumer:
    """What Telegraf's mqtt_consumer with json_v2 does, as far as the page uses it."""

    def __init__(self, config):
        [self.input] = config['inputs']['mqtt_consumer']
        assert set(self.input) == CONSUMER, self.input.keys()
        assert (self.input['data_format'], self.input['topic_tag']) == ('json_v2', '')
        assert self.input['qos'] == 1 and self.input['persistent_session'] and self.input['client_id']
        [self.topic] = self.input['topic_parsing']
        assert set(self.topic) == {'topic', 'tags'}
        [self.json] = self.input['json_v2']
        assert set(self.json) == {'measurement_name', 'timestamp_path', 'timestamp_format', 'field'}
        assert self.json['timestamp_format'] == '2006-01-02T15:04:05Z07:00'  # Go's RFC 3339
        assert len(self.topic['tags'].split('/')) == len(self.topic['topic'].split('/'))

    def hears(self, topic):
        return any(re.fullmatch(re.escape(t).replace(r'\+', '[^/]+'), topic) for t in self.input['topics'])

    def line(self, topic, payload):
        """Line protocol, with seconds."""
        assert re.fullmatch(re.escape(self.topic['topic']).replace(r'\+', '[^/]+'), topic)
        tags = {name: part for name, part in zip(self.topic['tags'].split('/'), topic.split('/')) if name != '_'}
        fields = {}
        for field in self.json['field']:
            assert set(field) <= {'path', 'rename', 'type'}
            value = payload
            for key in field['path'].split('.'):
                value = value[key]
            if value is not None:
                fields[field.get('rename', field['path'].split('.')[-1])] = self.written(value, field['type'])
        when = datetime.datetime.strptime(payload[self.json['timestamp_path']], '%Y-%m-%dT%H:%M:%S%z')
        return '%s,%s %s %d' % (self.json['measurement_name'], ','.join('%s=%s' % t for t in sorted(tags.items())),
                                ','.join('%s=%s' % f for f in fields.items()), when.timestamp())

    @staticmethod
    def written(value, kind):
        assert type(value) is {'int': int, 'bool': bool, 'string': str}[kind], (value, kind)
        return {'int': '%si', 'bool': '%s', 'string': '"%s"'}[kind] % (str(value).lower() if kind == 'bool' else value)


class Influx(Process):
    def __init__(self, directory):
        self.port, path = free_port(), os.path.join(directory, 'influxdb.conf')
        with open(path, 'w') as f:
            f.write(INFLUXDB % (free_port(), directory, directory, directory, self.port))
        super().__init__([INFLUXD, '-config', path], env={**os.environ, 'HOME': directory})
        self.err.wait('Listening on HTTP')

    def post(self, what, data):
        with urllib.request.urlopen('http://127.0.0.1:%d/%s' % (self.port, what), data, timeout=30) as answer:
            return answer.read()

    def query(self, text, **more):
        answer = json.loads(self.post('query', urllib.parse.urlencode({'q': text, **more}).encode()))
        [result] = answer['results']
        assert 'error' not in result, result
        return [row for series in result.get('series', []) for row in series['values']]


class TestTelegraf(Story):
    def lines(self, w):
        """[(event, its line)] of all that the configuration hears."""
        consumer = Consumer(tomllib.loads(TEXT))
        heard = [m for m in w.subscriber.messages if consumer.hears(m.topic)]
        return [(m.json, consumer.line(m.topic, m.json)) for m in heard]

    def three(self):
        w = self.world()
        self.measure(w, '118/76/61')
        self.measure(w, '142/91/70')
        start = w.subscriber.here()
        w.fake.do('measure %s 121/69/60 user=2 no-pulse at=2026-01-01T07:00:00' % CUFF)
        w.event('sync_finished', start)
        w.subscriber.wait('cuff2mqtt/device/.*/user/2/event')
        return w

    def test_page(self):
        """It shows the file, and its topics are the gateway's."""
        self.assertIn('\n```toml\n%s```\n' % TEXT, PAGE)
        self.assertEqual(len(QUERIES), 3)

    def test_lines(self):
        """Of each measurement one line: whose, what, and when it was measured. What is not known is not in it."""
        found = self.lines(self.three())
        self.assertEqual(len(found), 3)
        for event, line in found:
            seconds = int(datetime.datetime.fromisoformat(event['measured_at']).timestamp())
            pulse = '' if event['pulse'] is None else 'pulse=%di,' % event['pulse']
            self.assertEqual(line, 'blood_pressure,device=%s,user=%d systolic=%di,diastolic=%di,%sclock_ok=true,category="%s" %d' %
                             (ID, event['user'], event['systolic'], event['diastolic'], pulse, event['category']['esc'], seconds))
        self.assertIsNone(found[2][0]['pulse'])
        self.assertTrue(found[2][1].endswith(' 1767247200'))  # 07:00 in Berlin

    def test_fields_of_a_memory(self):
        """What only a memory tells has the type that the configuration says."""
        w = self.world('cuff %s memory=k4' % CUFF, 'hang-up-after 0.1')
        start = w.subscriber.here()
        w.fake.do('measure %s 131/84/67 ihb=yes' % CUFF)
        w.measured('131/84/67', start=start)
        [(_, line)] = self.lines(w)
        self.assertIn(',irregular_heartbeat=true,', line)

    @unittest.skipUnless(INFLUXD, 'InfluxDB is not installed')
    def test_influxdb(self):
        """It takes the lines, one that comes twice is one point, and the page's queries find them."""
        found = self.lines(self.three())
        config = tomllib.loads(TEXT)['outputs']['influxdb'][0]
        self.assertEqual(set(config), {'urls', 'database'})
        with tempfile.TemporaryDirectory(prefix='cuff2mqtt-') as directory:
            influx = Influx(directory)
            try:
                influx.query('CREATE DATABASE "%s"' % config['database'])
                for _, line in found + found[:1]:
                    influx.post('write?precision=s&db=' + config['database'], line.encode())
                answers = [influx.query(query.replace('005fbf112233', ID).replace('$timeFilter', "time > '2025-01-01'"),
                                        db=config['database']) for query in QUERIES]
            finally:
                influx.stop()
        self.assertEqual([row[1:] for row in answers[0]], [[118, 76], [142, 91]])
        self.assertIn([row[1:] for row in answers[1]], ([[130, 83.5]], [[118, 76], [142, 91]]))  # around midnight
        self.assertEqual([row[1:] for row in answers[2]], [[1]])


if __name__ == '__main__':
    unittest.main()
