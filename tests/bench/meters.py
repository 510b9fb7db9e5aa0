"""What a process costs, and medians."""

import os
import re
import time
from statistics import median


def memory(pid):
    """MB: {Pss, Rss, Private}"""
    with open('/proc/%d/smaps_rollup' % pid) as f:
        kb = {k: int(v) for k, v in re.findall(r'^(\w+):\s+(\d+) kB', f.read(), re.M)}
    return {'Pss': kb['Pss'] / 1024, 'Rss': kb['Rss'] / 1024, 'Private': (kb['Private_Clean'] + kb['Private_Dirty']) / 1024}


def wakeups(pid):
    """How often its threads went to sleep of their own accord; being pushed aside by others does not count."""
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/status' % (pid, task)) as f:
            total += int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', f.read(), re.M).group(1))
    return total


def cpu(pid):
    """ms of processor time, of all threads, user and system; the clock of another process (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


def wakeups_per_second(pid, seconds):
    before, begin = wakeups(pid), time.monotonic()
    time.sleep(seconds)  # the span that is measured
    return (wakeups(pid) - before) / (time.monotonic() - begin)


def timed(action):
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def middle(action, times):
    return median(action() for _ in range(times))
