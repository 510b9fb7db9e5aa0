"""docs/node-red.md: its flow fits together and to the gateway; the code in it runs under plain Node.js, if that is there; and
the whole flow runs again in Node-RED, if `make node-red` has installed it (or NODE_RED says where it is)."""

import importlib.machinery
import json
import os
import re
import shutil
import subprocess
import sys
import types
import unittest

from harness import CUFF, ROOT, Story

SCRIPT = os.path.join(ROOT, 'tests', 'docs', 'node_red')
sys.dont_write_bytecode = True  # no __pycache__ beside the script
node_red = types.ModuleType('node_red')
node_red.__file__ = SCRIPT
importlib.machinery.SourceFileLoader('node_red', SCRIPT).exec_module(node_red)

with open(node_red.PAGE, encoding='utf-8') as f:
    PAGE = f.read()
with open(node_red.FLOW, encoding='utf-8') as f:
    FLOW_TEXT = f.read()
FLOW = json.loads(FLOW_TEXT)
NODES = {node['id']: node for node in FLOW}
CORE = {'tab', 'mqtt-broker', 'mqtt in', 'mqtt out', 'function', 'file', 'debug', 'inject'}

# Follows the wires from the first node with each message, as Node-RED does; prints what reaches which last node.
WALK = '''
const [nodes, first, messages] = JSON.parse(require('fs').readFileSync(0));
const code = {}, store = {}, ends = [];
function give(id, msg) {
    const node = nodes[id];
    if (node.type !== 'function') return ends.push([id, msg.payload]);
    store[id] ??= {};
    const context = { get: key => store[id][key], set: (key, value) => { store[id][key] = value; } };
    const out = new Function('msg', 'context', node.func)(msg, context);
    if (out) pass(node, out);
}
function pass(node, msg) {
    for (const id of node.wires[0]) give(id, structuredClone(msg));
}
for (const payload of messages) pass(nodes[first], { payload });
console.log(JSON.stringify(ends));
'''


def fits(pattern, topic):
    return re.fullmatch(re.escape(pattern).replace(r'\+', '[^/]+'), topic)


def node_of(kind, name):
    [node] = [n for n in FLOW if n['type'] == kind and name in (n.get('name'), n.get('topic'))]
    return node


class TestFlow(Story):
    def test_it_fits_together(self):
        """One flow in the page and in the file; ids, wires and the broker."""
        self.assertIn('\n```json\n%s```\n' % FLOW_TEXT, PAGE)
        self.assertEqual(len(NODES), len(FLOW))
        self.assertEqual({node['type'] for node in FLOW}, CORE)
        [tab] = [node for node in FLOW if node['type'] == 'tab']
        [broker] = [node for node in FLOW if node['type'] == 'mqtt-broker']
        self.assertTrue(broker['clientid'])  # so the broker keeps what comes while Node-RED is down
        self.assertFalse(broker['cleansession'] or broker['autoUnsubscribe'])
        reached = set()
        for node in FLOW:
            if node in (tab, broker):
                continue
            self.assertEqual(node['z'], tab['id'])
            self.assertEqual(node.get('broker', broker['id']), broker['id'])
            for target in (target for wires in node['wires'] for target in wires):
                self.assertIn(NODES[target]['type'], CORE - {'tab', 'mqtt-broker', 'mqtt in', 'inject'})
                reached.add(target)
        begins = {node['id'] for node in FLOW if node['type'] in ('mqtt in', 'inject')}
        self.assertEqual(set(NODES) - reached - {tab['id'], broker['id']}, begins)

    def test_names(self):
        """The page explains what there is."""
        explained = re.findall(r'^- \*\*(.*?)\*\*', PAGE, re.M)
        self.assertLessEqual(set(explained), {node.get('name') for node in FLOW})
        self.assertEqual({n['name'] for n in FLOW if n['type'] == 'function'} - set(explained), set())
        for name in re.findall(r'node "(.*?)"', PAGE):
            self.assertIn(name, [node.get('name') for node in FLOW])

    def test_topics(self):
        """The gateway publishes what is heard, and answers what is sent, there where the answer is awaited."""
        w = self.world()
        event = self.measure(w, '131/84/67')
        heard = node_of('mqtt in', 'each measurement')
        self.assertEqual((heard['datatype'], heard['qos']), ('json', '1'))
        topics = [m.topic for m in w.subscriber.messages if fits(heard['topic'], m.topic)]
        self.assertEqual(len(topics), 1)
        for node in FLOW:
            for field in re.findall(r'\b(?:m|msg\.payload)\.(\w+)', node.get('func', '').replace('.payload.map', '')):
                self.assertIn(field, event)
        request, press = NODES['c2m-request'], node_of('inject', 'sync')
        self.assertEqual((request['retain'], press['wires']), ('false', [[request['id']]]))
        self.assertEqual([p['p'] for p in press['props']], ['payload'])
        start = w.subscriber.here()
        w.subscriber.publish(request['topic'], press['payload'])
        answer = w.subscriber.wait(re.escape(node_of('mqtt in', 'answers')['topic']), start=start)
        self.assertEqual(answer.json['status'], 'accepted')
        for payload in re.findall(r'`(\{"device".*?\})`', PAGE):
            self.assertEqual(set(json.loads(payload)), {'device'})

    @unittest.skipUnless(shutil.which('node'), 'Node.js is not installed')
    def test_code(self):
        """The code of the functions, with what the gateway says: doubled, old, high, and without a pulse."""
        w = self.world()
        events = [self.measure(w, '131/84/67'), self.measure(w, '142/91/70')]
        high = events[1]
        events.append(high)  # doubled
        for change in ({'backlog': True}, {'pulse': None}, {'systolic': 135, 'diastolic': 84}, {'systolic': 134, 'diastolic': 85},
                       {'systolic': 134, 'diastolic': 84}):
            events.append({**high, **change, 'id': '%016x' % len(events)})
        result = subprocess.run(['node', '-e', WALK], input=json.dumps([NODES, 'c2m-events', events]), check=True,
                                stdout=subprocess.PIPE, text=True, timeout=60)
        ends = json.loads(result.stdout)
        once = [event for n, event in enumerate(events) if n != 2]
        self.assertEqual([line for end, line in ends if end == 'c2m-file'],
                         [','.join('' if e[k] is None else str(e[k]) for k in
                                   ('measured_at', 'device', 'user', 'systolic', 'diastolic', 'pulse', 'id')) for e in once])
        self.assertEqual([text.split(':')[0] for end, text in ends if end == 'c2m-alarm'],
                         ['142/91 mmHg', '142/91 mmHg', '135/84 mmHg', '134/85 mmHg'])

    @unittest.skipUnless(node_red.installed(), 'Node-RED is not installed: `make node-red`')
    def test_in_node_red(self):
        """The whole flow; the page shows what it does."""
        events, lines, log = node_red.run(node_red.installed())
        self.assertEqual(len(events), 7)
        once = list({e['id']: e for e in events}.values())
        self.assertEqual(len(once), 6)
        self.assertEqual([line.split(',')[3:6] for line in lines],
                         [[str(e[k]) for k in ('systolic', 'diastolic', 'pulse')] for e in once])
        for shown in lines, log:
            self.assertIn('\n\n%s\n' % node_red.indented(shown), PAGE)


class TestPage(unittest.TestCase):
    def test_transcript(self):
        """It is there, and of the version that the script installs."""
        shown = PAGE[PAGE.index(node_red.BEGIN):PAGE.index(node_red.END)]
        self.assertIn('\nNode-RED %s, Node.js v' % node_red.VERSION, shown)
        self.assertEqual(len(re.findall(r',ID$', shown, re.M)), 6)
        self.assertIn(CUFF.replace(':', '').lower(), shown)


if __name__ == '__main__':
    unittest.main()
