"""The moments of a measurement's path. A moment is the n-th line of a kind that anybody says, the n-th write to the
database, or the n-th packet that the broker's side holds back until the fault is there."""

import collections
import re
import time

from writes import Writes  # beside the harness

# What the fake calls `advert` and `resolved` the lab calls `heard` and, where the list of services is asked for, `mtu`.
# `pattern`: of a line; `stop`: what the proxy holds back; `writes`: to the database. `most`: n is 1 to this.
# `counts`: there is one for each measurement.
Moment = collections.namedtuple('Moment', 'name pattern stop writes most counts', defaults=(None, None, False, 1, False))

MOMENTS = (
    Moment('idle'),
    Moment('advertisement', r'^log \S+ (advert|heard) '),
    Moment('connecting', r'^log \S+ (connect|encrypted|resolved|mtu) ', most=3),
    Moment('subscribing', r'^log \S+ cccd ', most=3),
    Moment('opening', r'^log \S+ (unlock|token|start) '),
    Moment('request', r'^log \S+ (write|memory-read) ', most=16),
    Moment('frame', r'^log \S+ notification ', most=16),
    Moment('value', r'^log \S+ indication ', most=2, counts=True),
    Moment('committing', writes=True, most=24),
    Moment('committed', stop='publish', most=3, counts=True),
    Moment('published', stop='PUBACK', most=3, counts=True),
    Moment('acknowledged', r'^broker PUBACK ', most=3, counts=True),
    Moment('ending', r'^log \S+ end '),
    Moment('resting', r'^log \S+ disconnect '),
)
BY_NAME = {m.name: m for m in MOMENTS}


class Watch:
    """Set up before anything is measured; reached() is called behind that."""

    def __init__(self, world, moment, number):
        self.world, self.moment, self.number = world, moment, number
        self.start = world.timeline.here()
        self.writes = Writes(world.state_directory) if moment.writes else None
        if moment.stop:
            world.proxy.stop_before(moment.stop, number)

    def reached(self, late):
        """The moment's name, or why it is another."""
        end = time.monotonic() + late
        try:
            if self.moment.stop:
                return self._lines(r'^broker stopped before', 1, end)
            if self.writes:
                return self._written(end)
            if self.moment.pattern:
                return self._lines(self.moment.pattern, self.number, end)
            return self.moment.name
        finally:
            if self.writes:
                self.writes.close()

    def _lines(self, pattern, number, end):
        """The session's end is the last chance."""
        at, timeline = self.start, self.world.timeline
        either = re.compile('(%s)|^log \\S+ disconnect ' % pattern)
        while number:
            try:
                at, match = timeline.wait(either.pattern, at, max(0.0, end - time.monotonic()))
            except AssertionError:
                return self.moment.name + ' (late)'
            if match[1]:
                number -= 1
            elif not self.moment.stop:
                return self.moment.name + ' (over)'
        return self.moment.name

    def _written(self, end):
        for _ in range(self.number):
            while not self.writes.wait(0.1):
                if time.monotonic() > end:
                    return self.moment.name + ' (late)'
        return self.moment.name
