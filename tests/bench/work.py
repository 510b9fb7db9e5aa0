"""While measurements come: processor time of each, the way from the cuff to the broker, an outbox that is emptied."""

from datetime import datetime, timedelta
from statistics import median

import meters
from place import EVENT, INDICATING, K4, Place

ROUNDS, SESSIONS, SYNCS = 3, 8, 3
RECORDS = 60  # of each of two users
LATENCIES = 9


def cpu_of(how, place, work, count):
    """ms for each of `count` times work(place, process), after a first time that does not count."""
    with how() as process:
        work(place, process)
        before = meters.cpu(process.pid)
        for _ in range(count):
            work(place, process)
        return (meters.cpu(process.pid) - before) / count


def indicated(place, process):
    place.session(process)


def remembered(place, process):
    """A memory full of what nobody has read yet: a record every six hours, from when the last one ended."""
    begin = datetime(2020, 1, 1) + place.measured * RECORDS * timedelta(hours=6)
    place.measured += 1
    for user in (1, 2):
        place.fake.do('fill %d %d from=%s' % (user, RECORDS, begin.isoformat()))
    log, start = place.fake.out.here(), place.subscriber.here()
    place.fake.do('advertise')
    place.settle(process, log, start, 2 * RECORDS)


def cpu(figures, name, cuff, work, count, measurements, burden):
    """Sessions of the service, of the service under a burden and of the peer, in turns; each one's best round, since what
    others on this machine do can only add."""
    used = {}
    with Place(cuff) as place:
        place.grow_old()
        ways = {'ours': place.cuff2mqtt, 'burdened': lambda: place.cuff2mqtt(work_usec=burden), 'peer': place.peer}
        for _ in range(ROUNDS):
            for which, how in ways.items():
                used.setdefault(which, []).append(cpu_of(how, place, work, count) / measurements)
    ours, burdened, theirs = (min(used[which]) for which in ways)
    figures.add(name, ours, 'ms', ('%.4g ms more in each sync' % (burden / 1000), burdened, ours * 1.3), peer=theirs,
                judged=('of the peer\'s:', ours / theirs, 0.5))


def latency(figures):
    """From the indication on the link to the subscriber."""
    def of(how):
        delays = []
        with how() as process:
            for _ in range(LATENCIES):
                log, start = place.session(process)
                at = place.fake.wait(r'^log \S+ indication ', log)
                event = place.subscriber.find(EVENT, start=start)[0].json
                delays.append((place.subscriber.times[event['id']] - place.fake.out.times[at - 1]) * 1000)
        return median(delays)

    with Place() as place:
        place.grow_old()
        ours, burdened, theirs = of(place.cuff2mqtt), of(lambda: place.cuff2mqtt(wait_usec=20000)), of(place.peer)
    figures.add('from the cuff to the subscriber', ours, 'ms', ('20 ms more in each sync', burdened, ours + 15), peer=theirs)


def drain(figures, rows):
    """From READY, so with the connection, to an empty outbox."""
    def once(**burden):
        place.fill_outbox(rows)
        start = place.subscriber.here()
        with place.cuff2mqtt(**burden):
            took = meters.timed(lambda: place.wait_outbox_empty(300))
            place.subscriber.wait(EVENT, count=rows, start=start)
        return took

    with Place() as place:
        with place.cuff2mqtt() as service:
            place.session(service)
        for version in ('5', '3.1.1'):
            place.mqtt_version = version
            ours, burdened = meters.middle(once, 3), once(wait_usec=10000)
            figures.add('%d rows over MQTT %s' % (rows, version), ours, 's', ('10 ms more in each sync', burdened, ours * 1.5), below=1)


def run(figures, options):
    cpu(figures, 'processor time of an indicated measurement', INDICATING, indicated, SESSIONS, 1, 5000)
    cpu(figures, 'processor time of a remembered measurement', K4, remembered, SYNCS, 2 * RECORDS, 5000)
    latency(figures)
    drain(figures, options.rows)
