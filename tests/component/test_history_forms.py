"""What `cuff2mqtt history` writes for programs, read back as those it is meant for would read it."""

import csv
import datetime
import io
import json

from history_look import OK, History


class Forms(History):
    def fill(self, w):
        self.add(w, ('2026-11-01T07:00:05', '118/76/61', {'record': 12, 'irregular_heartbeat': 0, 'body_movement': 1}),
                 ('2026-07-01T20:00', '142/91/77', {'mean': 108, 'irregular_heartbeat': 1, 'irregular_beats': 3, 'artifacts': 0,
                                                    'series_position': 2, 'position_ok': 0}),
                 ('2026-11-03T07:00', '131/79/', {'clock_ok': 0, 'cuff_fit_ok': 0}))

    def test_nothing_measured(self):
        """A sentence for people, an empty document for programs."""
        w = self.stopped()
        self.assertEqual(self.told(w, 'history'), 'Nothing has been measured yet.\n')
        self.assertEqual(self.told(w, 'stats'), 'Nothing was measured.\n')
        self.assertEqual(self.told(w, 'history', '--json'), '')
        self.assertEqual(list(csv.DictReader(io.StringIO(self.told(w, 'history', '--csv')))), [])
        self.assertEqual(json.loads(self.told(w, 'history', '--fhir')), {'resourceType': 'Bundle', 'type': 'collection'})
        self.assertEqual(self.told(w, 'history', '--omblepy').strip(), 'datetime,dia,sys,bpm,mov,ihb')
        self.assertEqual(json.loads(self.told(w, 'stats', '--json'))['people'], [])
        self.fill(w)
        self.assertIn('without options all are shown', self.told(w, 'history', '--from', '2027-01-01'))
        self.assertEqual(self.told(w, 'history', '--json', '--user', '2'), '')

    def test_csv_has_every_field_of_json(self):
        w = self.stopped()
        self.fill(w)
        self.change(w, "UPDATE user SET name = ?", 'Zoë, "the first"')
        text = self.told(w, 'history', '--csv')
        self.assertNotIn('\r', text)
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        objects = self.objects(w)
        self.assertEqual(len(rows), 3)
        for row, one in zip(rows, objects):
            flat = {}
            for key, value in one.items():
                if isinstance(value, dict):
                    flat.update({'%s.%s' % (key, k): v for k, v in value.items()})
                elif key != 'truread':
                    flat[key] = value
            for key, value in flat.items():
                self.assertEqual(row.pop(key), '' if value is None else json.dumps(value) if isinstance(value, bool) else str(value), key)
            self.assertEqual({k for k, v in row.items() if v == ''}, set(row))  # a single measurement is no truread
        self.assertEqual(objects[0]['truread'], {'count': 3, 'index': 2})
        self.assertEqual(objects[1]['user_name'], 'Zoë, "the first"')
        self.assertEqual(objects[0]['measured_at'], '2026-07-01T20:00:00+02:00')
        self.assertEqual(objects[1]['measured_at'], '2026-11-01T07:00:05+01:00')

    def test_omblepy_reads_it(self):
        """As its readCsv() and saveUBPMJson() do."""
        w = self.stopped()
        self.fill(w)
        done = self.run_it(w, 'history', '--omblepy', raw=True)
        self.assertEqual(done.returncode, OK)
        self.assertIn(b'left out: 1 without a pulse', done.stderr)
        self.assertEqual(done.stdout, b'datetime,dia,sys,bpm,mov,ihb\r\n2026-07-01 20:00:00,91,142,77,0,1\r\n'
                                      b'2026-11-01 07:00:05,76,118,61,1,0\r\n')
        for row in csv.DictReader(io.StringIO(done.stdout.decode(), newline='')):
            datetime.datetime.strptime(row['datetime'], '%Y-%m-%d %H:%M:%S')
            self.assertTrue(all(int(row[key]) >= 0 for key in ('sys', 'dia', 'bpm', 'ihb', 'mov')))
        self.add(w, ('2026-11-05T07:00', '120/80/60', {'user': 2}))
        self.assertIn('add --user', self.refused(w, 'history', '--omblepy'))
        self.assertEqual(len(self.told(w, 'history', '--omblepy', '--user', '2').splitlines()), 2)

    def test_another_time_zone_is_that_of_the_configuration(self):
        w = self.stopped()
        self.fill(w)
        env = {'CUFF2MQTT_TIME_ZONE': 'Asia/Tokyo'}
        first = json.loads(self.told(w, 'history', '--json', **env).splitlines()[0])
        self.assertEqual(first['measured_at'], '2026-07-02T03:00:00+09:00')
        self.assertIn('\n2026-07-02 03:00 ', self.told(w, 'history', **env))
        said = json.loads(self.told(w, 'stats', '--json', '--to', '2026-07-03', **env))
        self.assertEqual(said['people'][0]['windows'][3]['evening']['count'], 1)  # the cuff's own 20:00


class Fhir(History):
    """The rules of R4 (4.0.1): https://hl7.org/fhir/R4/ bundle, observation, observation-vitalsigns, bp, heartrate."""

    CATEGORY = {'system': 'http://terminology.hl7.org/CodeSystem/observation-category', 'code': 'vital-signs'}

    def check_empty(self, value, path='Bundle'):
        """JSON of FHIR: no empty object, array or text, and no null."""
        self.assertNotIn(value, ({}, [], '', None), path)
        if isinstance(value, (dict, list)):
            for key, one in value.items() if isinstance(value, dict) else enumerate(value):
                self.check_empty(one, '%s.%s' % (path, key))

    def has_coding(self, concept, **wanted):
        found = [c for c in concept['coding'] if all(c.get(k) == v for k, v in wanted.items())]
        self.assertEqual(len(found), 1, concept)
        self.assertTrue(all('system' in c for c in concept['coding']))

    def check_quantity(self, quantity, code):
        self.assertIsInstance(quantity['value'], int)
        self.assertTrue(quantity['unit'])
        self.assertEqual((quantity['system'], quantity['code']), ('http://unitsofmeasure.org', code))

    def check_vital_signs(self, o):
        """status, category:VSCat, code, subject (a Patient) and effective[x] once; vs-1, vs-2, vs-3, obs-6, obs-7."""
        self.assertEqual(o['resourceType'], 'Observation')
        self.assertRegex(o['id'], r'\A[A-Za-z0-9.-]{1,64}\Z')
        self.assertEqual(o['status'], 'final')
        self.has_coding({'coding': [c for category in o['category'] for c in category['coding']]}, **self.CATEGORY)
        self.assertRegex(o['subject']['reference'], r'\APatient/[A-Za-z0-9.-]{1,64}\Z')
        self.assertRegex(o['effectiveDateTime'], r'\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\Z')
        self.assertTrue(o.get('component') or 'valueQuantity' in o or 'dataAbsentReason' in o)
        for component in o.get('component', []):
            self.assertIn('code', component)
            self.assertTrue('valueQuantity' in component or 'dataAbsentReason' in component)
        self.assertFalse('valueQuantity' in o and 'dataAbsentReason' in o)
        for identifier in o['identifier']:
            self.assertTrue(identifier['system'].startswith('urn:') and identifier['value'])

    def check_pressures(self, o):
        """code:BPCode; no value[x]; component:SystolicBP and :DiastolicBP once each, in mm[Hg]."""
        self.has_coding(o['code'], system='http://loinc.org', code='85354-9')
        self.assertFalse([key for key in o if key.startswith('value')])
        codes = [c['code'] for component in o['component'] for c in component['code']['coding']]
        self.assertGreaterEqual(len(o['component']), 2)
        self.assertEqual((codes.count('8480-6'), codes.count('8462-4')), (1, 1))
        self.assertLessEqual(set(codes), {'8480-6', '8462-4', '8478-0'})
        for component in o['component']:
            self.has_coding(component['code'], system='http://loinc.org')
            self.check_quantity(component['valueQuantity'], 'mm[Hg]')

    def check_pulse(self, o):
        """code:HRCode; valueQuantity in /min."""
        self.has_coding(o['code'], system='http://loinc.org', code='8867-4')
        self.check_quantity(o['valueQuantity'], '/min')
        self.assertNotIn('component', o)

    def bundle(self, w, *words):
        """A collection: no total, link or search; each entry has a resource and a fullUrl of its own (bdl-1, 2, 5, 7, 8)."""
        bundle = json.loads(self.told(w, 'history', '--fhir', *words))
        self.check_empty(bundle)
        self.assertEqual((bundle['resourceType'], bundle['type'], sorted(bundle)), ('Bundle', 'collection', ['entry', 'resourceType', 'type']))
        urls = [entry['fullUrl'] for entry in bundle['entry']]
        self.assertEqual(len(set(urls)), len(urls))
        for entry in bundle['entry']:
            self.assertEqual(sorted(entry), ['fullUrl', 'resource'])
            self.assertRegex(entry['fullUrl'], r'\Aurn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z')
            o = entry['resource']
            self.assertEqual(entry['fullUrl'], 'urn:uuid:' + o['id'])
            self.check_vital_signs(o)
            profile = {'http://hl7.org/fhir/StructureDefinition/bp': self.check_pressures,
                       'http://hl7.org/fhir/StructureDefinition/heartrate': self.check_pulse}
            self.assertEqual(len(o['meta']['profile']), 1)
            profile[o['meta']['profile'][0]](o)
        return [entry['resource'] for entry in bundle['entry']]

    def test_the_rules_hold(self):
        w = self.stopped()
        Forms.fill(self, w)
        self.add(w, ('2026-11-04T07:00', '120/80/60', {'user': 255}))
        self.change(w, "UPDATE user SET name = 'Zoë', person = 'zoe' WHERE user = 1")
        found = self.bundle(w)
        self.assertEqual(len(found), 7)  # four of the pressures, three of the pulse
        first, pulse, second, _, third, last, _ = found
        self.assertEqual([c['valueQuantity']['value'] for c in first['component']], [142, 91, 108])
        self.assertEqual(pulse['valueQuantity']['value'], 77)
        self.assertEqual(first['effectiveDateTime'], '2026-07-01T20:00:00+02:00')
        self.assertEqual(second['effectiveDateTime'], '2026-11-01T07:00:05+01:00')
        self.assertEqual(len(second['component']), 2)
        self.assertEqual(first['subject'], {'reference': 'Patient/zoe', 'display': 'Zoë'})
        self.assertEqual(last['subject'], {'reference': 'Patient/28ffb20591b5-unknown'})
        self.assertTrue(first['device']['display'])
        self.assertEqual([n['text'].split()[1] for n in first['note']], ['cuff', 'cuff'])
        self.assertIn('clock was wrong', third['note'][-1]['text'])
        self.assertEqual({i['value'] for o in (first, pulse) for i in o['identifier']}, {self.objects(w)[0]['id']})
        self.assertNotEqual(first['identifier'][0]['system'], pulse['identifier'][0]['system'])

    def test_two_exports_agree(self):
        w = self.stopped()
        Forms.fill(self, w)
        self.assertEqual(self.bundle(w), self.bundle(w))
        self.assertEqual([o['id'] for o in self.bundle(w, '--last', '1')], [self.bundle(w)[-1]['id']])
