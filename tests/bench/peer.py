#!/usr/bin/python3
"""What one would write in an evening for the same job, to be measured beside the service: bleak hears the cuff, connects and
reads every measurement; SQLite keeps them, synced; paho publishes them with QoS 1. Neither retries, discovery, requests,
nor anything that must survive a fault: it does less than the service, in its favour.

    peer.py CUFF 2a35|k4 STATE-DIRECTORY mqtt[s]://HOST:PORT [CA]

Says `ready` on stdout when it is connected to the broker and listens for the cuff. The bus is DBUS_SYSTEM_BUS_ADDRESS.
It knows of OMRON's memory what a script needs: where the rings of a K4 lie, and reads all of both each time. What a block
brought is kept before the next is asked for, as the service does."""

import asyncio
import functools
import json
import os
import sqlite3
import struct
import sys
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from bleak import BleakClient, BleakScanner

BLOOD_PRESSURE, MEASUREMENT = ('0000%s-0000-1000-8000-00805f9b34fb' % uuid for uuid in ('1810', '2a35'))
RX, TX = '49123040-aee8-11e1-a74d-0002a5d5c51b', 'db5b55e0-aee7-11e1-965e-0002a5d5c51b'
RINGS, SLOTS, RECORD, BLOCK = (0x02E8, 0x06A8), 60, 16, 0x38


class Keeper:
    """A row for each measurement, once, synced before anybody is told; then told, and marked as told on PUBACK."""

    def __init__(self, directory, broker, ca):
        self.db = sqlite3.connect(os.path.join(directory, 'peer.db'), isolation_level=None)
        self.db.executescript('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;'
                              'CREATE TABLE IF NOT EXISTS measurement (cuff, user, at, systolic, diastolic, pulse, told DEFAULT 0,'
                              ' UNIQUE (cuff, user, at, systolic, diastolic, pulse))')
        self.flying = {}  # packet id: row
        self.loop = asyncio.get_running_loop()
        self.client = paho.Client(client_id='peer-%d' % os.getpid(), clean_session=False)
        self.client.on_publish = lambda client, userdata, mid: self.loop.call_soon_threadsafe(self.on_puback, mid)
        url = urlsplit(broker)
        if url.scheme == 'mqtts':
            self.client.tls_set(ca)
        self.client.connect(url.hostname, url.port)
        self.client.loop_start()
        self.puback = asyncio.Event()

    def on_puback(self, mid):
        self.flying.pop(mid, None)
        self.puback.set()

    async def keep(self, measurements):
        """[(cuff, user, at, systolic, diastolic, pulse)]"""
        self.db.execute('BEGIN')
        news = []
        for m in measurements:
            cursor = self.db.execute('INSERT OR IGNORE INTO measurement (cuff, user, at, systolic, diastolic, pulse) '
                                     'VALUES (?, ?, ?, ?, ?, ?)', m)
            if cursor.rowcount:
                news.append((cursor.lastrowid, m))
        self.db.execute('COMMIT')
        newest = {}
        for row, m in news:
            newest[m[1]] = row, m
            self.publish(row, m, 'event', False)
        for row, m in newest.values():
            self.publish(row, m, 'measurement', True)
        while self.flying:
            self.puback.clear()
            await self.puback.wait()
        if news:
            self.db.execute('UPDATE measurement SET told = 1 WHERE rowid BETWEEN ? AND ?', (news[0][0], news[-1][0]))

    def publish(self, row, measurement, topic, retain):
        cuff, user, at, systolic, diastolic, pulse = measurement
        payload = json.dumps({'id': '%s-%d' % (cuff, row), 'measured_at': at, 'systolic': systolic, 'diastolic': diastolic,
                              'pulse': pulse})
        topic = 'peer/device/%s/user/%d/%s' % (cuff.replace(':', '').lower(), user, topic)
        self.flying[self.client.publish(topic, payload, qos=1, retain=retain).mid] = row


def sfloat(word):
    mantissa, exponent = word & 0xFFF, word >> 12
    return (mantissa - 0x1000 if mantissa & 0x800 else mantissa) * 10.0 ** (exponent - 16 if exponent & 8 else exponent)


def decode_2a35(cuff, value):
    flags, systolic, diastolic, _ = struct.unpack_from('<BHHH', value)
    place, at, pulse, user = 7, None, None, 0
    if flags & 2:
        at = '%04d-%02d-%02dT%02d:%02d:%02d' % struct.unpack_from('<HBBBBB', value, place)
        place += 7
    if flags & 4:
        pulse = sfloat(struct.unpack_from('<H', value, place)[0])
        place += 2
    if flags & 8:
        user = value[place]
    return cuff, user, at, sfloat(systolic), sfloat(diastolic), pulse


def decode_record(cuff, user, raw):
    date, time = struct.unpack_from('<HH', raw, 4)
    at = '%04d-%02d-%02dT%02d:%02d:%02d' % (2000 + (raw[3] & 63), date >> 10 & 15, date >> 5 & 31, date & 31, time >> 6 & 63,
                                          time & 63)
    return cuff, user, at, raw[0] + 25, raw[1], raw[2]


async def listen_to_indications(cuff, client, keeper, values):
    """Until the cuff hangs up, which says that there is no more; each is kept when it comes."""
    await client.start_notify(MEASUREMENT, lambda _, value: values.put_nowait(value))
    while (value := await values.get()) is not None:
        await keeper.keep([decode_2a35(cuff, value)])


def frame(kind, address=0, n=0):
    body = bytes((8, kind >> 8, kind & 255, address >> 8, address & 255, n, 0))
    return body + bytes((functools.reduce(int.__xor__, body),))


async def read_memory(cuff, client, keeper, values):
    async def ask(request):
        await client.write_gatt_char(TX, request, response=False)
        return bytes(await values.get())[6:-2]

    await client.start_notify(RX, lambda _, value: values.put_nowait(value))
    await ask(frame(0x0000, n=0x10))
    for user, ring in enumerate(RINGS, 1):
        end, rest = ring + SLOTS * RECORD, b''
        for at in range(ring, end, BLOCK):
            rest += await ask(frame(0x0100, at, min(BLOCK, end - at)))
            records, rest = rest[:len(rest) // RECORD * RECORD], rest[len(rest) // RECORD * RECORD:]
            await keeper.keep([decode_record(cuff, user, records[i:i + RECORD]) for i in range(0, len(records), RECORD)
                               if records[i] != 0xFF])
    await ask(frame(0x0F00))
    await values.get()  # the end of the link


class Ears:
    """Hears the cuff; deaf while the link is up, since discovery slows it down."""

    def __init__(self, address):
        self.address, self.heard = address, asyncio.Queue()
        self.scanner = BleakScanner(lambda device, _: self.heard.put_nowait(device), service_uuids=[BLOOD_PRESSURE])

    async def hear(self):
        while (device := await self.heard.get()).address != self.address:
            pass
        await self.scanner.stop()
        while not self.heard.empty():
            self.heard.get_nowait()
        return device


async def main(address, kind, directory, broker, ca=None):
    keeper, ears = Keeper(directory, broker, ca), Ears(address)
    collect = listen_to_indications if kind == '2a35' else read_memory
    await ears.scanner.start()
    while not keeper.client.is_connected():
        await asyncio.sleep(0.005)
    print('ready', flush=True)
    while True:
        device, values = await ears.hear(), asyncio.Queue()  # of values, and at last None: the cuff has hung up
        async with BleakClient(device, disconnected_callback=lambda _, values=values: values.put_nowait(None)) as client:
            await collect(address, client, keeper, values)
        await ears.scanner.start()


if __name__ == '__main__':
    asyncio.run(main(*sys.argv[1:]))
