"""docs/homeassistant.md against a running gateway: its entities, its YAML, its automations, its ACL. Home Assistant is
played here as far as the page needs it: entity ids, state triggers, templates."""

import datetime
import json
import os
import re
import tempfile
import unicodedata
import unittest

import jinja2
import jinja2.sandbox
import yaml

from harness import CUFF, ROOT, Story, Subscriber, World
from templates import Checker, is_timestamp

ID = CUFF.replace(':', '').lower()
PAGE_ID = '005fbf112233'  # the page's cuff
with open(os.path.join(ROOT, 'docs', 'homeassistant.md'), encoding='utf-8') as f:
    PAGE = f.read()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r'^```yaml\n(.*?)^```$', PAGE, re.M | re.S)]
ENTITY = r'\b(?:sensor|binary_sensor|event|switch|select|button|text)\.[a-z0-9_]+'
DASHBOARD = next(block for block in BLOCKS if 'views' in block)
APEX = next(block for block in BLOCKS if block.get('type') == 'custom:apexcharts-card')
AUTOMATIONS = {block['alias']: block for block in BLOCKS if 'alias' in block}
LIMIT, SILENCE, BATTERY = ('Blood pressure above the limit', 'Blood pressure not measured', 'Cuff battery low')

# What the documentation of the built-in cards lists.
CARDS = {
    'vertical-stack': {'cards', 'title'},
    'horizontal-stack': {'cards', 'title'},
    'gauge': {'entity', 'name', 'unit', 'min', 'max', 'needle', 'severity', 'segments'},
    'markdown': {'content', 'title'},
    'statistics-graph': {'entities', 'days_to_show', 'chart_type', 'stat_types', 'title', 'period', 'hide_legend'},
    'history-graph': {'entities', 'hours_to_show', 'title'},
    'entities': {'entities', 'title', 'show_header_toggle', 'state_color'},
    'conditional': {'conditions', 'card'},
}


def cards(where):
    """Every card, those inside others too."""
    for card in where:
        yield card
        yield from cards(card.get('cards', []) + ([card['card']] if 'card' in card else []))


CARDS_SHOWN = list(cards(card for view in DASHBOARD['views'] for card in view['cards']))


def texts(node):
    """All texts of a block of YAML."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [text for one in node for text in texts(one)]
    return [node] if isinstance(node, str) else []


def slug(name):
    """For letters of Latin with dots and accents; Home Assistant knows others, too."""
    plain = unicodedata.normalize('NFKD', name).encode('ascii', 'ignore').decode()
    return re.sub(r'[^a-z0-9]+', '_', plain.lower()).strip('_')


# --- Home Assistant, as far as we need it ---------------------------------------------------------

class State:
    """Of an entity, at some time."""

    def __init__(self, state, attributes=None):
        self.state, self.attributes = state, attributes or {}


UNAVAILABLE, UNKNOWN = State('unavailable'), State('unknown')


class Home:
    """entities: {id: its component}; states: {id: State}"""

    def __init__(self, retained):
        self.entities, self.states, self.now = {}, {}, datetime.datetime.now(datetime.timezone.utc)
        for topic, payload in retained.items():
            if topic.startswith('homeassistant/device/'):
                self.discover(json.loads(payload), retained)

    def discover(self, payload, retained):
        for component in payload['components'].values():
            if 'name' not in component:  # withdrawn
                continue
            entity = '%s.%s_%s' % (component['platform'], slug(payload['device']['name']), slug(component['name']))
            assert entity not in self.entities, entity
            self.entities[entity] = component
            topic = component.get('state_topic', payload['state_topic'])
            if topic in retained:
                self.states[entity] = self.state_of(component, retained[topic])

    def state_of(self, component, payload):
        checker = Checker({}, {}, '')
        text = checker.render(component.get('value_template'), payload)
        assert not checker.problems, checker.problems
        attributes = {}
        if 'json_attributes_template' in component:
            attributes = json.loads(checker.render(component['json_attributes_template'], payload))
        if component['platform'] == 'event':
            return State('unknown')
        if text == 'None':
            return State('unknown', attributes)
        return State(text.lower() if component['platform'] == 'binary_sensor' else text, attributes)

    def render(self, template, **variables):
        """As a template of a card or an automation. Only what Home Assistant has."""
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
        environment.filters['timestamp_custom'] = lambda stamp, form: datetime.datetime.fromtimestamp(stamp).strftime(form)
        state = self.known
        environment.globals.update(
            states=lambda entity: state(entity).state,
            state_attr=lambda entity, name: state(entity).attributes[name],
            is_state=lambda entity, value: state(entity).state == value,
            has_value=lambda entity: state(entity).state not in ('unknown', 'unavailable'),
            now=lambda: self.now, timedelta=datetime.timedelta,
            as_datetime=lambda text: datetime.datetime.fromisoformat(text),
            as_timestamp=lambda text: datetime.datetime.fromisoformat(text).timestamp())
        return environment.from_string(template).render(variables).strip()

    def known(self, entity):
        assert entity in self.entities, entity
        return self.states.get(entity, UNKNOWN)

    def runs(self, automation, old=None, new=None):
        """Whether the automation would act when its entity goes from old to new (for a time: now). Renders what it would
        say then."""
        [trigger] = automation['triggers']
        variables = {}
        if trigger['trigger'] == 'state':
            if not fires(trigger, old, new):
                return False
            variables['trigger'] = {'from_state': old, 'to_state': new}
        for condition in automation.get('conditions', []):
            assert set(condition) == {'condition', 'value_template'} and condition['condition'] == 'template', condition
            verdict = self.render(condition['value_template'], **variables)
            assert verdict in ('True', 'False'), verdict
            if verdict == 'False':
                return False
        for action in automation['actions']:
            self.said = [self.render(text, **variables) for text in texts(action['data'])]
        return True


def fires(trigger, old, new):
    """A state trigger with from, to, not_from, not_to."""
    assert set(trigger) <= {'trigger', 'entity_id', 'from', 'to', 'not_from', 'not_to'}, trigger
    if old.state == new.state:
        return False
    for key, state in (('from', old), ('to', new)):
        if key in trigger and state.state not in listed(trigger[key]):
            return False
        if 'not_' + key in trigger and state.state in listed(trigger['not_' + key]):
            return False
    return True


def listed(value):
    return value if isinstance(value, list) else [value]


# --- the world ------------------------------------------------------------------------------------

class House(World):
    """Its log level is not in the file, so that it can be chosen."""

    def config(self):
        return super().config().replace('log_level = "%s";\n' % self.log_level, '')


def commands(page):
    """(request, payload) of each mosquitto_pub."""
    joined = page.replace('\\\n', ' ')
    return re.findall(r"mosquitto_pub -h BROKER -t cuff2mqtt/bridge/request/(\S+) +-m +'(.*?)'", joined)


class HouseStory(Story):
    maxDiff = None

    def house(self, *commands_, **options):
        """The cuff is called Bedroom, its users Anna and Ben: named as the page says."""
        w = House(**options)
        self.addCleanup(w.close)
        for command in ('time-scale 20', 'bonded ' + CUFF, *commands_):
            w.fake.do(command)
        w.service()
        w.fake.wait('armed ' + CUFF)
        for name, payload in commands(PAGE)[:2]:
            answer = w.request(name, payload.replace(PAGE_ID, ID))
            self.assertEqual(answer['status'], 'ok', answer)
        return w

    def home(self, w):
        """What Home Assistant has made of all that is retained; our computer is called pi here."""
        def all_there(retained):
            return [t for t in retained if t.endswith('/config')] and json.loads(retained['cuff2mqtt/bridge/devices'])
        retained = w.subscriber.retained()
        self.assertTrue(all_there(retained))
        hostname = json.loads(retained['cuff2mqtt/bridge/info'])['hostname']
        return Home({topic: payload.replace('"cuff2mqtt %s"' % hostname, '"cuff2mqtt pi"')
                     for topic, payload in retained.items()})

    def measured(self, w, values, more=''):
        """The payload of the event of a measurement, when its session is over."""
        start = w.subscriber.here()
        w.fake.do('measure %s %s %s' % (CUFF, values, more))
        event = w.measured(values, start=start)
        w.event('sync_finished', start)
        return event


class TestPage(unittest.TestCase):
    """What needs no gateway."""

    def test_blocks(self):
        """Nothing on the page escapes the other tests."""
        self.assertEqual(set(AUTOMATIONS), {LIMIT, SILENCE, BATTERY})
        self.assertEqual(len(BLOCKS), 2 + len(AUTOMATIONS))
        self.assertEqual([name for name, _ in commands(PAGE)], ['device/rename', 'device/users', 'device/remove'])
        for automation in AUTOMATIONS.values():
            self.assertLessEqual(set(automation), {'alias', 'mode', 'triggers', 'conditions', 'actions'})
            self.assertEqual(len(automation['triggers']), 1)
            for action in automation['actions']:
                self.assertEqual(set(action), {'action', 'data'})

    def test_cards_are_built_in(self):
        self.assertEqual(set(CARDS), {card['type'] for card in CARDS_SHOWN})
        for card in CARDS_SHOWN:
            self.assertLessEqual(set(card) - {'type'}, CARDS[card['type']], card['type'])
            if card['type'] == 'statistics-graph':
                self.assertEqual((card['period'], card['chart_type']), ('day', 'line'))
                self.assertEqual(card['stat_types'], ['mean', 'min', 'max'])

    def test_limits_are_those_for_home(self):
        """Red begins where docs/categories.md says hypertension does at home."""
        with open(os.path.join(ROOT, 'docs', 'categories.md'), encoding='utf-8') as f:
            limits = re.search(r'\| `hypertension` \| (\d+) or more \| or (\d+) or more \|', f.read()).groups()
        systolic, diastolic = map(int, limits)
        red = {card['entity']: card['segments'][-1]['from'] for card in CARDS_SHOWN if card['type'] == 'gauge'}
        self.assertEqual(red, {'sensor.anna_systolic': systolic, 'sensor.anna_diastolic': diastolic})
        self.assertEqual([line['y'] for line in APEX['apex_config']['annotations']['yaxis']], [systolic, diastolic])
        for card in CARDS_SHOWN:
            if card['type'] == 'gauge':
                begins = [segment['from'] for segment in card['segments']]
                self.assertEqual((begins, begins[0]), (sorted(begins), card['min']))

    def test_links_and_options(self):
        for name, anchor in re.findall(r'\]\(([\w.-]*\.md)?(?:#([\w-]+))?\)', PAGE):
            path = os.path.join(ROOT, 'docs', name or 'homeassistant.md')
            with open(path, encoding='utf-8') as f:
                headings = re.findall(r'^#+ (.*)$', f.read(), re.M)
            if anchor:
                self.assertIn(anchor, [re.sub(r'[^\w -]', '', h).lower().replace(' ', '-') for h in headings])
        with open(os.path.join(ROOT, 'config', 'cuff2mqtt.conf'), encoding='utf-8') as f:
            conf = f.read()
        for group, option in re.findall(r'`(homeassistant|mqtt)\.(\w+)`', PAGE):
            self.assertRegex(conf, r'(?ms)^%s = \{.*?^        %s = .*?^\};' % (group, option))


class TestEntities(HouseStory):
    def test_tables_and_ids(self):
        """Each entity that there is stands in the tables, with its mark; each id on the page is one of these; what cards and
        automations use is not switched off."""
        w = self.house()
        self.measured(w, '131/84/67')
        home = self.home(w)
        rows = dict(re.findall(r'^\| `(%s)` \| (\w*) ?\|' % ENTITY, PAGE, re.M))
        there = {entity: '' if component.get('enabled_by_default', True) else 'off'
                 for entity, component in home.entities.items()}
        self.assertEqual(rows, there)
        ids = set(re.findall(ENTITY, PAGE)) - {'sensor.bp7350_user_1_systolic', 'sensor.jurgen_systolic'}
        self.assertEqual(ids - set(there), set())
        used = {entity for block in BLOCKS for text in texts(block) for entity in re.findall(ENTITY, text)}
        self.assertEqual({entity for entity in used if there[entity]}, set())
        for card in CARDS_SHOWN:
            if card['type'] == 'statistics-graph':  # these need statistics
                for entity in card['entities']:
                    entity = entity if isinstance(entity, str) else entity['entity']
                    self.assertEqual(home.entities[entity]['state_class'], 'measurement')
        for condition in (c for card in CARDS_SHOWN for c in card.get('conditions', [])):
            self.assertEqual(set(condition), {'condition', 'entity', 'state'})
            self.assertIn(home.states[condition['entity']].state, ('on', 'off'))

    def test_ids_without_names(self):
        """As the page says: the cuff's name and the user's number; and of a name with dots."""
        w = self.world()
        w.request('device/rename', json.dumps({'device': ID, 'name': 'BP7350'}))
        self.measure(w, '131/84/67')
        self.assertIn('sensor.bp7350_user_1_systolic', self.home(w).entities)
        w.request('device/users', json.dumps({'device': ID, 'users': {'1': {'name': 'Jürgen'}}}))
        w.subscriber.wait('homeassistant/device/.*_u1/config', lambda m: json.loads(m.payload)['device']['name'] == 'Jürgen')
        self.assertIn('sensor.jurgen_systolic', self.home(w).entities)

    def test_a_user_appears_with_a_measurement(self):
        w = self.house()
        self.measured(w, '131/84/67')
        self.assertNotIn('sensor.ben_systolic', self.home(w).entities)
        self.measured(w, '121/74/60', 'user=2')
        self.assertEqual(self.home(w).states['sensor.ben_systolic'].state, '121')

    def test_cards_say_what_is_so(self):
        """The templates of the cards, of a measurement and of none."""
        w = self.house()
        self.measured(w, '142/91/70')
        home = self.home(w)
        [words, trouble] = [card['content'] for card in CARDS_SHOWN if card['type'] == 'markdown']
        shown = home.render(words)
        self.assertRegex(shown, r'^\*\*142/91 mmHg\*\*, pulse 70, stage_2, measured \d\d\.\d\d\.\d{4} \d\d:\d\d$')
        home.states['binary_sensor.anna_irregular_heartbeat'] = State('on')
        self.assertIn('(irregular heartbeat)', home.render(words))
        home.states['sensor.anna_measured_at'] = UNKNOWN
        self.assertEqual(home.render(words), 'Nothing was measured yet.')
        self.assertEqual(home.render(trouble), 'None')  # and not shown: there is no problem
        home.states['binary_sensor.bedroom_sync'].attributes['reason'] = 'It hung up'
        self.assertEqual(home.render(trouble), 'It hung up')

    def test_removed(self):
        """As the page says: nothing of the cuff is retained, its measurement stays."""
        w = self.house()
        self.measured(w, '131/84/67')
        w.fake.wait('armed ' + CUFF)
        start = w.subscriber.here()
        name, payload = commands(PAGE)[2]
        w.subscriber.publish('cuff2mqtt/bridge/request/' + name, payload.replace(PAGE_ID, ID))
        w.subscriber.wait('cuff2mqtt/bridge/response/' + name, lambda m: m.json['status'] == 'ok', start=start)
        w.subscriber.wait('homeassistant/device/.*_u1/config', lambda m: not m.payload, start=start)
        w.subscriber.wait('cuff2mqtt/device/.*/measurement', lambda m: not m.payload, start=start)
        left = {topic: payload for topic, payload in w.subscriber.retained().items()}
        self.assertEqual([t for t, p in left.items() if ID in t or 'Anna' in p or CUFF in p], [])
        self.assertEqual(len(w.rows()), 1)


class TestAutomations(HouseStory):
    @staticmethod
    def fired(event, second):
        """The event entity after this event."""
        return State('2026-11-22T06:31:%02d.000+00:00' % second, event)

    def test_above_the_limit(self):
        """High acts; normal, old, doubled do not; nor does a start of the gateway or of Home Assistant."""
        w = self.house()
        payloads = [self.measured(w, values, more) for values, more in (
            ('118/76/61', ''), ('142/91/70', ''), ('135/84/60', ''), ('134/85/60', ''), ('134/84/60', ''),
            ('150/95/70', 'at=2026-01-02T07:00:00'))]
        self.assertEqual([p['backlog'] for p in payloads], [False] * 5 + [True])
        self.assertEqual({p['event_type'] for p in payloads}, {'measurement'})
        home, automation = self.home(w), AUTOMATIONS[LIMIT]
        entity = home.entities[automation['triggers'][0]['entity_id']]
        self.assertEqual((entity['platform'], entity['event_types']), ('event', ['measurement']))
        normal, high, upper, lower, below, old = (self.fired(p, n) for n, p in enumerate(payloads))
        self.assertTrue(home.runs(automation, normal, high))
        self.assertEqual(home.said[1].split('. ')[0], '142/91 mmHg')
        for before, after, acts in ((high, upper, True), (upper, lower, True), (lower, below, False), (below, old, False),
                                    (high, normal, False), (normal, normal, False), (UNKNOWN, normal, False),
                                    (high, UNAVAILABLE, False), (UNAVAILABLE, high, False)):
            before = State(before.state, {'event_type': None, 'id': None, **before.attributes})
            after = State(after.state, {'event_type': None, **after.attributes})
            self.assertEqual(home.runs(automation, before, after), acts, (before.attributes, after.attributes))
        again = self.fired(payloads[1], 59)  # the same measurement came twice
        self.assertFalse(home.runs(automation, high, again))
        first = State('unknown', {'event_type': None, 'id': None})
        self.assertTrue(home.runs(automation, first, high))

    def test_nothing_measured(self):
        """After seven days, not before, and not if nobody knows."""
        w = self.house()
        event = self.measured(w, '131/84/67')
        home, automation = self.home(w), AUTOMATIONS[SILENCE]
        self.assertRegex(automation['triggers'][0]['at'], r'^\d\d:00:00$')
        self.assertTrue(is_timestamp(home.states['sensor.anna_measured_at'].state))
        measured = datetime.datetime.fromisoformat(event['measured_at'])
        for days, acts in ((0.01, False), (6.9, False), (7.1, True), (8.1, True)):
            home.now = measured + datetime.timedelta(days=days)
            self.assertEqual(home.runs(automation), acts, days)
        self.assertEqual(home.said[1], 'Nothing was measured since ' + measured.astimezone().strftime('%d.%m.'))
        for nothing in UNKNOWN, UNAVAILABLE:
            home.states['sensor.anna_measured_at'] = nothing
            self.assertFalse(home.runs(automation))

    def test_battery(self):
        """When it gets low; not when the gateway starts with a low one, or when it is changed."""
        w = self.house()
        self.measured(w, '131/84/67')
        good = self.home(w)
        entity = AUTOMATIONS[BATTERY]['triggers'][0]['entity_id']
        start = w.subscriber.here()
        w.fake.do('cuff %s battery=5' % CUFF)
        self.measured(w, '121/74/60')
        w.subscriber.wait('cuff2mqtt/device/%s/state' % ID, lambda m: m.json['battery_low'], start=start)
        low = self.home(w)
        before, after = good.states[entity], low.states[entity]
        self.assertEqual((before.state, after.state), ('off', 'on'))
        self.assertTrue(low.runs(AUTOMATIONS[BATTERY], before, after))
        self.assertEqual(low.said[1], 'Its batteries are low (5 %).')
        for nothing in UNKNOWN, UNAVAILABLE:
            self.assertFalse(low.runs(AUTOMATIONS[BATTERY], nothing, after))
            self.assertFalse(low.runs(AUTOMATIONS[BATTERY], before, nothing))
        self.assertFalse(low.runs(AUTOMATIONS[BATTERY], after, before))


class TestAcl(HouseStory):
    def test_two_people(self):
        """Each hears what is theirs, and nothing of the other; the gateway and Home Assistant miss nothing."""
        [acl] = re.findall(r'^```acl\n(.*?)^```$', PAGE, re.M | re.S)
        with tempfile.TemporaryDirectory(prefix='cuff2mqtt-') as directory:
            path = os.path.join(directory, 'acl')
            with open(path, 'w') as f:
                # everybody there is may publish a word behind which all else has come; our subscriber hears all
                f.write(acl.replace(PAGE_ID, ID) + '\nuser test\ntopic readwrite #\n\npattern readwrite test/#\n')
            os.chmod(directory, 0o755)
            self.two_people('acl_file %s\n' % path)

    def two_people(self, extra):
        w = self.house(broker_extra=extra, env={'TZ': 'Europe/Berlin', 'CUFF2MQTT_MQTT_USER': 'cuff2mqtt'},
                       login=('test', 'x'))
        heard = {name: Subscriber(w.broker.port, login=(name, 'x')) for name in ('anna', 'ben', 'homeassistant')}
        for one in heard.values():
            self.addCleanup(one.stop)
        self.measured(w, '131/84/67')
        self.measured(w, '121/74/60', 'user=2')
        answer = w.request('history', json.dumps({'device': ID}))
        self.assertEqual(len(answer['data']['records']), 2)
        heard['homeassistant'].publish('cuff2mqtt/bridge/request/info', '{}')
        heard['homeassistant'].wait('cuff2mqtt/bridge/response/info')
        asked = w.subscriber.here()
        for name in 'anna', 'ben':  # refused: nobody may hear of it
            heard[name].publish('cuff2mqtt/bridge/request/history', json.dumps({'device': ID, 'transaction': name}))
            heard[name].publish('cuff2mqtt/device/%s/user/1/measurement' % ID, '{}', retain=True)
        w.subscriber.publish('test/end', 'x')
        for one in heard.values():
            one.wait('test/end')
        topics = {name: {m.topic for m in one.messages} - {'test/end'} for name, one in heard.items()}
        for name, user in ('anna', 1), ('ben', 2):
            own = 'cuff2mqtt/device/%s/user/%d/' % (ID, user)
            self.assertEqual(topics[name], {'cuff2mqtt/bridge/state', own + 'event', own + 'measurement'})
        self.assertGreater(topics['homeassistant'], topics['anna'] | topics['ben'])
        self.assertEqual(len([t for t in topics['homeassistant'] if t.endswith('/config')]), 4)
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/request/history', start=asked), [])
        self.assertEqual(w.subscriber.find('cuff2mqtt/device/.*', start=asked), [])
        heard['homeassistant'].publish('homeassistant/status', 'online')
        start = w.subscriber.here()
        w.subscriber.wait('homeassistant/device/.*/config', start=start)

    def test_history_can_be_forbidden(self):
        w = self.house(env={'TZ': 'Europe/Berlin', 'CUFF2MQTT_MQTT_HISTORY': 'false'})
        self.measured(w, '131/84/67')
        answer = w.request('history', json.dumps({'device': ID}))
        self.assertEqual((answer['status'], answer['data'], answer['code']), ('error', {}, 'unsupported'))


if __name__ == '__main__':
    unittest.main()
