"""5, 20 and 50 cuffs at one gateway: what one more costs, and whether a measurement gets dearer because others are there."""

import meters
from place import Place

SIZES, ROUNDS, SESSIONS = (5, 20, 50), 3, 5


def cuffs(count):
    return ['cuff 28:FF:B2:00:00:%02X name=BLESmart_0000025828FFB20000%02X omron=yes users=2' % (i, i) for i in range(count)]


def of(count, **burden):
    """MB resident when all are known; ms of processor time for a measurement of one, the best of some rounds; wake-ups a second."""
    with Place(*cuffs(count)) as place, place.cuff2mqtt(**burden) as service:
        for cuff in place.cuffs[:SESSIONS]:
            place.session(service, cuff)
        resident, used = meters.memory(service.pid)['Rss'], []
        for _ in range(ROUNDS):
            before = meters.cpu(service.pid)
            for cuff in place.cuffs[:SESSIONS]:
                place.session(service, cuff)
            used.append((meters.cpu(service.pid) - before) / SESSIONS)
        return resident, min(used), min(meters.wakeups_per_second(service.pid, 4) for _ in range(2))


def run(figures, options):
    few, some, many = SIZES
    (few_mb, few_ms, few_wakes), (some_mb, some_ms, _), (many_mb, many_ms, many_wakes) = map(of, SIZES)
    burdened_mb, burdened_ms, burdened_wakes = of(many, memory_kb=2048, work_usec=5000, wake_hz=5)
    first, later = (some_mb - few_mb) / (some - few) * 1024, (many_mb - some_mb) / (many - some) * 1024
    figures.add('memory of a cuff more, of %d' % many, later, 'kB',
                ('2 MB more', (burdened_mb - some_mb) / (many - some) * 1024, later + 50),
                judged=('of that of %d: %.0f kB,' % (some, first), later / first, 1.5))
    figures.add('processor time of a measurement, %d cuffs' % many, many_ms, 'ms', ('5 ms more in each sync', burdened_ms, many_ms * 1.3),
                judged=('of %d cuffs: %.2f, of %d: %.2f ms,' % (few, few_ms, some, some_ms), many_ms / few_ms, 1.5))
    figures.add('wake-ups while idle, %d cuffs' % many, many_wakes, '', ('5 more', burdened_wakes, many_wakes + 3),
                judged=('of %d cuffs: %.2f,' % (few, few_wakes), many_wakes / few_wakes, 1.2))
