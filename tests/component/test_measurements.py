"""What becomes of the bytes of one measurement: every field, every clock, every damage."""

import datetime
import json
import os
import re
import unittest
import zoneinfo

from harness import CUFF, Story

ID = CUFF.replace(':', '').lower()
TOPIC = 'cuff2mqtt/device/%s/user/1/measurement' % ID
FIELDS = {'record', 'device', 'user', 'user_name', 'measured_at', 'received_at', 'clock_ok', 'systolic', 'diastolic', 'map',
          'map_estimated', 'pulse', 'pulse_pressure', 'irregular_heartbeat', 'atrial_fibrillation', 'body_movement',
          'cuff_fit_ok', 'position_ok', 'irregular_beats', 'artifacts', 'truread', 'category', 'id'}
FINDINGS = ('irregular_heartbeat', 'body_movement', 'cuff_fit_ok', 'position_ok')
# 131/84, mean NaN, 2026-11-20 07:30:00, pulse 67, user 1
GOOD = '0E83005400FF07EA070B14071E00430001'


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def local(offset=datetime.timedelta(), zone='Europe/Berlin'):
    """The wall clock there, moved by `offset`, as the virtual cuff's at= wants it."""
    return (datetime.datetime.now(zoneinfo.ZoneInfo(zone)) + offset).strftime('%Y-%m-%dT%H:%M:%S')


class TestValues(Story):
    def test_every_field_is_there_and_what_is_unknown_is_null(self):
        """No pulse, no mean, no status: nulls, and a mean that is called an estimate."""
        w = self.world('cuff %s users=1' % CUFF)
        w.fake.do('measure 131/84/67 no-pulse')
        event = w.subscriber.wait(r'cuff2mqtt/device/\w+/user/1/event').json
        self.assertEqual(set(event), FIELDS | {'event_type', 'backlog'})
        self.assertEqual((event['event_type'], event['backlog'], event['user']), ('measurement', False, 1))
        self.assertEqual((event['systolic'], event['diastolic'], event['pulse_pressure']), (131, 84, 47))
        self.assertEqual((event['map'], event['map_estimated']), (100, True))
        self.assertEqual(event['category'], {'acc_aha': 'stage_1', 'esc': 'elevated', 'esh': 'high_normal'})
        for field in ('pulse', 'record', 'user_name', 'irregular_beats', 'artifacts', 'truread', 'atrial_fibrillation',
                      *FINDINGS):
            self.assertIsNone(event[field], field)
        retained = w.subscriber.wait(TOPIC)
        self.assertNotIn('\n', retained.payload)
        self.assertEqual(set(retained.json), FIELDS)
        w.verify()

    def test_a_mean_that_was_sent_is_no_estimate(self):
        """The cuff's own mean pressure wins over the formula."""
        w = self.world()
        event = self.measure(w, '131/84/67', 'measure mean=97')
        self.assertEqual((event['map'], event['map_estimated']), (97, False))
        w.verify()

    def test_kilopascals_become_millimetres(self):
        """A cuff that is set to kPa: 17.5/11.2 kPa are 131/84 mmHg, on every topic."""
        w = self.world()
        w.fake.do('measure 17.5/11.2/67 kpa=yes mean=13.3')
        self.assertEqual(w.measured('131/84/67')['map'], 100)
        w.verify()

    def test_status_bits(self):
        """Each bit of the status answers its own question; no bit set answers well what the cuff can detect
        (2A49, known since the first session: all but the position), and nothing else."""
        w = self.world()
        self.measure(w, '120/80/60')
        for status, values in (('0000', '121/81/61'), ('0001', '122/82/62'), ('0002', '123/83/63'),
                               ('0004', '124/84/64'), ('0020', '125/85/65')):
            w.fake.do('measure announce=no status=%s %s' % (status, values))
        w.fake.do('advertise')
        for values, expected in (('121/81/61', (False, False, True, None)), ('122/82/62', (False, True, True, None)),
                                 ('123/83/63', (False, False, False, None)), ('124/84/64', (True, False, True, None)),
                                 ('125/85/65', (False, False, True, False))):
            event = w.measured(values)
            self.assertEqual(tuple(event[field] for field in FINDINGS), expected, values)
        w.verify()

    def test_several_are_published_oldest_first_and_the_retained_topic_moves_once(self):
        """Old ones are marked as backlog; the retained topic never shows one of them."""
        w = self.world()
        hour = datetime.timedelta(hours=1)
        w.fake.do('measure announce=no at=%s 121/81/61' % local(-2 * hour))
        w.fake.do('measure announce=no at=%s 122/82/62' % local(-hour))
        w.fake.do('measure at=%s 123/83/63' % local())
        self.assertFalse(w.measured('123/83/63')['backlog'])
        self.assertTrue(w.measured('121/81/61')['backlog'] and w.measured('122/82/62')['backlog'])
        w.verify()

    def test_an_older_one_that_arrives_later_does_not_replace_the_newest(self):
        """The retained topic goes by the time of measuring, not by that of arriving."""
        w = self.world()
        newest = self.measure(w, '131/84/67')
        w.fake.do('measure at=%s 121/81/61' % local(-datetime.timedelta(days=1)))
        w.measured('121/81/61')
        w.verify()
        self.assertEqual(json.loads(w.subscriber.retained()[TOPIC])['id'], newest['id'])

    def test_a_duplicate_indication_counts_once(self):
        """BlueZ signals an indication twice, and the cuff delivers it again in the next session."""
        w = self.world('duplicate-indications on')
        w.fake.do('raw ' + GOOD)
        w.measured('131/84/67')
        start = w.subscriber.here()
        self.measure(w, '132/85/68')
        w.fake.do('raw ' + GOOD)
        w.event('sync_finished', w.subscriber.messages.index(w.subscriber.wait(
            'cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished', start=start)) + 1)
        self.assertEqual(len(w.rows()), 2)
        self.assertGreaterEqual(w.fake.out.count(r'^log \S+ indication '), 3)
        w.verify()

    def test_no_value_leaves_the_house_of_the_user(self):
        """Neither the log from info up nor anything below bridge/ shows a pressure or a pulse."""
        w = self.world()
        self.measure(w, '173/109/113')
        w.fake.do('raw 1E2B026D00FF07EA070B14071E0071000100')  # truncated, systolic 555
        w.fake.do('measure 299/173/113')  # implausible
        w.event('measurement_refused')
        w.verify()
        w.request('health_check')
        w.request('devices')
        self.assertEqual(w.running.stop(), 0)
        numbers = re.compile(r'\b(173|109|113|555|299)\b')
        lines = [line for line in w.running.err.lines if not line.startswith('debug') and numbers.search(line)]
        self.assertEqual(lines, [])
        bridge = [m for m in w.subscriber.messages if m.topic.startswith('cuff2mqtt/bridge/')]
        self.assertTrue(bridge)
        for m in bridge:
            if m.topic != 'cuff2mqtt/bridge/health':  # counters may have any value
                self.assertNotRegex(m.payload, numbers, m)
            self.assertNotRegex(m.payload, 'systolic|diastolic|pulse')


class TestClocks(Story):
    def assert_arrival_counts(self, event):
        self.assertFalse(event['clock_ok'])
        self.assertEqual(moment(event['measured_at']), moment(event['received_at']))
        self.assertFalse(event['backlog'])

    def test_no_usable_time(self):
        """No time in the frame, a clock never set, its mark, a month 13: the arrival counts."""
        w = self.world('clock-writable no')
        w.fake.do('measure announce=no at=none 121/81/61')
        w.fake.do('measure announce=no at=unset 122/82/62')
        w.fake.do('raw announce=no 0E7B005300FF07E307010100003F3F0001')  # 123/83/63 with second 63
        w.fake.do('raw announce=no 0E7C005400FF07EA070D14071E00400001')  # 124/84/64 in month 13
        w.fake.do('measure at=2019-01-01T00:07:12 125/85/65')  # never set, ticks on from there
        for values in ('121/81/61', '122/82/62', '123/83/63', '124/84/64', '125/85/65'):
            self.assert_arrival_counts(w.measured(values))
        w.verify()

    def test_the_future_does_not_freeze_the_retained_topic(self):
        """A cuff that is three days ahead counts by arrival; one that is a day ahead is believed."""
        w = self.world()
        w.fake.do('measure at=%s 121/81/61' % local(datetime.timedelta(days=3)))
        self.assert_arrival_counts(w.measured('121/81/61'))
        w.event('sync_finished')
        later = self.measure(w, '122/82/62')
        self.assertTrue(later['clock_ok'])
        w.verify()
        self.assertEqual(json.loads(w.subscriber.retained()[TOPIC])['systolic'], 122)
        ahead = datetime.timedelta(days=1)
        w.fake.do('measure at=%s 123/83/63' % local(ahead))
        event = w.measured('123/83/63')
        self.assertTrue(event['clock_ok'])
        self.assertGreater(moment(event['measured_at']) - moment(event['received_at']), ahead / 2)
        w.verify()

    def test_measured_at_has_the_cuffs_time_and_its_offset(self):
        """07:30 on the cuff is 07:30 in Home Assistant: winter and summer have their own offset."""
        w = self.world()
        w.fake.do('measure announce=no at=2026-01-20T07:30:00 121/81/61')
        w.fake.do('measure at=2026-06-20T07:30:00 122/82/62')
        self.assertEqual(w.measured('121/81/61')['measured_at'], '2026-01-20T07:30:00+01:00')
        self.assertEqual(w.measured('122/82/62')['measured_at'], '2026-06-20T07:30:00+02:00')
        w.verify()

    def test_the_time_zone_option_wins_over_the_systems(self):
        """A container in UTC with time_zone set: the cuff's time gets that zone's offset, and no warning."""
        w = self.world(service=False, config='time_zone = "America/New_York";\n',
                       env={'TZ': 'UTC'})
        w.service()
        w.fake.do('measure at=2026-01-20T07:30:00 121/81/61')
        self.assertEqual(w.measured('121/81/61')['measured_at'], '2026-01-20T07:30:00-05:00')
        self.assertEqual(w.running.err.count('The time zone is UTC'), 0)
        self.assertEqual(w.request('info')['data']['time_zone'], 'America/New_York')
        w.verify()

    def test_utc_is_warned_about(self):
        """Containers run in UTC and cuffs do not: the log says what to set."""
        w = self.world(env={'TZ': 'UTC'})
        w.running.err.wait(r'^warning .*time zone is UTC.*CUFF2MQTT_TIME_ZONE')


class TestRefused(Story):
    def test_bad_values_are_kept_and_reported_and_the_next_one_is_fine(self):
        """Truncated, not a number, implausible: the raw bytes are kept, an event tells, nothing is published."""
        w = self.world()
        bad = [(GOOD[:-2], 'EBADMSG'),  # the user is missing
               ('0E', 'EBADMSG'),
               ('00FF07FF07FF07', 'ENODATA'),  # the cuff's own "measurement failed"
               ('0083000008FF07', 'ENODATA'),  # diastolic NRes
               ('002B015400FF07', 'ERANGE'),  # 299/84
               ('0054008300FF07', 'ERANGE')]  # diastolic above systolic
        for raw, _ in bad:
            w.fake.do('raw announce=no ' + raw)
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.event('sync_finished')
        kept = w.rows('SELECT upper(hex(raw)), why, cuff, uuid FROM rejected ORDER BY arrival')
        self.assertEqual([(raw, why) for raw, why, _, _ in kept], bad)
        for _, _, cuff, uuid in kept:
            self.assertEqual(cuff, CUFF)
            self.assertTrue(uuid.startswith('00002a35-'))
        told = w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'measurement_refused')
        self.assertEqual([m.json['data']['code'] for m in told], [why for _, why in bad])
        self.assertTrue(all(m.json['data']['reason'] for m in told))
        self.assertEqual(len(w.rows()), 1)
        w.verify()


class TestIdentity(Story):
    def test_the_id_survives_the_database(self):
        """The database is deleted and the cuff delivers the same again, in another zone: the same id."""
        w = self.world()
        w.fake.do('raw ' + GOOD)
        first = w.measured('131/84/67')
        w.event('sync_finished')
        w.verify()
        self.assertEqual(w.running.stop(), 0)
        for name in os.listdir(w.state_directory):
            os.unlink(os.path.join(w.state_directory, name))
        w.env = {'TZ': 'Asia/Tokyo'}
        w.service()
        w.fake.do('raw ' + GOOD)
        again = w.measured('131/84/67', count=2)
        self.assertEqual(again['id'], first['id'])
        self.assertNotEqual(again['measured_at'], first['measured_at'])
        w.allowed_duplicates = 1
        w.verify()

    def test_the_id_survives_a_new_pairing(self):
        """Paired anew, the cuff sends what it still holds: nothing is published twice."""
        w = self.world(bonded=False)
        w.pair()
        w.fake.do('raw ' + GOOD)
        w.measured('131/84/67')
        w.fake.do('bond-lost')
        w.pair()
        w.fake.do('raw ' + GOOD)
        self.measure(w, '132/85/68')
        self.assertEqual(len(w.rows()), 2)
        w.verify()


if __name__ == '__main__':
    unittest.main()
