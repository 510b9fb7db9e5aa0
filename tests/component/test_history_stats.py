"""`cuff2mqtt stats`."""

import json
import re

from harness import CUFF
from history_look import OTHER, History


class Statistics(History):
    def test_windows_mornings_and_shares(self):
        w = self.stopped()
        self.add(w, ('2026-11-20T05:00', '120/80/60', {}), ('2026-11-20T11:59:59', '121/81/', {}),  # morning
                 ('2026-11-20T12:00', '150/95/80', {}), ('2026-11-20T17:00', '130/84/71', {}),  # afternoon, evening
                 ('2026-11-01T23:59', '131/85/72', {}), ('2026-11-02T04:59', '110/70/50', {}),
                 ('2026-09-20T12:00', '110/70/50', {}), ('2025-01-01T12:00', '110/70/50', {}),
                 ('2026-11-21T06:00', '190/125/90', {'clock_ok': 0}),
                 ('2026-11-22T00:00', '200/130/99', {}))  # behind --to
        self.change(w, "UPDATE user SET name = 'Anna', person = 'anna'")
        said = json.loads(self.told(w, 'stats', '--json', '--to', '2026-11-21'))
        self.assertEqual((said['until'], said['scheme'], len(said['people'])), ('2026-11-22T00:00:00+01:00', 'acc_aha', 1))
        person = said['people'][0]
        self.assertEqual((person['person'], person['name'], person['device'], person['user']), ('anna', 'Anna', '28ffb20591b5', 1))
        week, month, quarter, always = person['windows']
        self.assertEqual([x['days'] for x in person['windows']], [7, 30, 90, None])
        self.assertEqual([x['count'] for x in person['windows']], [5, 7, 8, 9])
        self.assertEqual(week['systolic'], {'mean': 142.2, 'min': 120, 'max': 190})
        self.assertEqual(week['diastolic'], {'mean': 93, 'min': 80, 'max': 125})
        self.assertEqual(week['pulse'], {'mean': 75.3, 'min': 60, 'max': 90})
        self.assertEqual((week['morning']['count'], week['morning']['systolic']['mean'], week['morning']['diastolic']['mean']), (2, 120.5, 80.5))
        self.assertEqual((week['evening']['count'], week['evening']['systolic']['mean']), (1, 130))
        self.assertEqual((month['evening']['count'], month['morning']['count'], month['evening']['systolic']['mean']), (2, 2, 130.5))
        self.assertEqual([x['without_clock'] for x in person['windows']], [1, 1, 1, 1])
        self.assertEqual({k: v['count'] for k, v in always['category'].items()}, {'normal': 3, 'elevated': 0, 'stage_1': 4, 'stage_2': 1, 'crisis': 1})
        self.assertEqual(always['category']['stage_1']['share'], 0.444)
        text = self.told(w, 'stats', '--to', '2026-11-21')
        self.assertIn('Anna of ', text.splitlines()[0])
        self.assertRegex(text, r'\n +7 days +30 days +90 days +all\n')
        self.assertRegex(text, r'\nmornings +121/81 +121/81 +121/81 +121/81\n')
        self.assertRegex(text, r'\nstage 1 +60 % ')
        self.assertIn('1 came while the cuff\'s clock was wrong', text)

    def test_people_and_users_are_told_apart(self):
        w = self.stopped()
        self.add_cuff(w, OTHER, 'Kitchen')
        self.add(w, ('2026-11-20T06:00', '120/80/60', {}), ('2026-11-20T07:00', '130/80/60', {'cuff': OTHER, 'user': 2}),
                 ('2026-11-20T08:00', '140/80/60', {'cuff': OTHER}), ('2026-11-20T09:00', '150/80/60', {'user': 255}))
        self.change(w, "UPDATE user SET name = 'Anna', person = 'anna' WHERE (cuff, user) IN (VALUES (?, 1), (?, 2))", CUFF, OTHER)
        said = json.loads(self.told(w, 'stats', '--json', '--to', '2026-11-20'))['people']
        self.assertEqual([(p['person'], p['device'], p['user'], p['windows'][3]['count'], p['windows'][3]['systolic']['mean']) for p in said],
                         [('anna', None, None, 2, 125), (None, '005fbf112233', 1, 1, 140), (None, '28ffb20591b5', None, 1, 150)])
        heads = re.findall(r'^(?:Anna|user).*', self.told(w, 'stats', '--to', '2026-11-20'), re.M)
        self.assertEqual(heads, ['Anna', 'user 1 of Kitchen', 'user unknown of 28ffb20591b5'])
        said = json.loads(self.told(w, 'stats', '--json', '--to', '2026-11-20', '--cuff', 'kitchen', '--user', 'anna'))['people']
        self.assertEqual([p['windows'][3]['count'] for p in said], [1])

    def test_empty_windows(self):
        w = self.stopped()
        self.add(w, ('2026-01-01T06:00', '120/80/', {}))
        week = json.loads(self.told(w, 'stats', '--json', '--to', '2026-11-20'))['people'][0]['windows'][0]
        self.assertEqual((week['count'], week['systolic'], week['pulse'], week['morning']['count']), (0, None, None, 0))
        self.assertIsNone(week['category']['normal']['share'])
        self.assertRegex(self.told(w, 'stats', '--to', '2026-11-20'), r'\naverage bpm +- +- +- +-\n')
