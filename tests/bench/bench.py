#!/usr/bin/python3
"""What the service costs. Machines are shared and noisy: what is compared within one run is given as a ratio;
the absolute figures are for orientation only.   make bench"""

import argparse
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import explain  # noqa: E402
import harness  # noqa: E402
import memory  # noqa: E402

CUFF = '28:FF:B2:05:91:B5'


def smaps(pid):
    with open('/proc/%d/smaps_rollup' % pid) as f:
        text = f.read()
    return {k: int(re.search(r'^%s:\s+(\d+)' % k, text, re.M).group(1)) for k in ('Rss', 'Pss')}


def wakeups(pid):
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/status' % (pid, task)) as f:
            total += sum(int(n) for n in re.findall(r'ctxt_switches:\s+(\d+)', f.read()))
    return total


def cpu(pid):
    with open('/proc/%d/stat' % pid) as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def timed(action):
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def best(action, times=5):
    return min(timed(action) for _ in range(times))


def bench_start(world):
    def start():
        service = world.service(wait_connected=False)
        start.took.append(service.ready_after)
        service.stop()

    start.took = []
    for _ in range(5):
        start()
    exec_only = best(lambda: subprocess.run([harness.SERVICE, 'version'], stdout=subprocess.DEVNULL, check=True))
    python = best(lambda: subprocess.run(['/usr/bin/python3', '-c', 'import paho.mqtt.client'], check=True))
    took = min(start.took)
    print('start to READY         %6.1f ms   %.1f x `cuff2mqtt version`   %.2f x Python importing its MQTT client'
          % (took * 1000, took / exec_only, took / python))


def bench_idle(world, seconds):
    service = world.service()
    time.sleep(2)  # not a wait for an event: the start's allocations settle before idling is measured
    before, used = wakeups(service.pid), cpu(service.pid)
    time.sleep(seconds)
    memory = smaps(service.pid)
    control = smaps(world.broker.pid)
    print('idle memory            RSS %d kB, PSS %d kB   (mosquitto beside it: PSS %d kB, ratio %.2f)'
          % (memory['Rss'], memory['Pss'], control['Pss'], memory['Pss'] / control['Pss']))
    print('idle wake-ups          %.1f/s   CPU %.2f ms/s over %d s'
          % ((wakeups(service.pid) - before) / seconds, (cpu(service.pid) - used) * 1000 / seconds, seconds))
    service.stop()


def bench_latency(world, count):
    service = world.service()
    world.fake.do('hang-up-after 0.3')
    delays = []
    for i in range(count):
        log, start = world.fake.out.here(), world.subscriber.here()
        world.fake.do('measure %s %d/80/60' % (CUFF, 110 + i))
        at = world.fake.wait(r'^log \S+ indication ', log)
        begin = world.fake.out.times[at - 1]
        message = world.measured('%d/80/60' % (110 + i), start=start)
        delays.append(max(0.0, world.subscriber.times[message['id']] - begin))
        world.fake.wait(r'^log \S+ disconnect ', log)
    ping = min(world.ping() for _ in range(5))
    print('indication to PUBLISH  median %.1f ms   %.1f x a message through the broker alone'
          % (sorted(delays)[len(delays) // 2] * 1000, sorted(delays)[len(delays) // 2] / ping))
    service.stop()


def bench_drain(world, rows):
    took = {}
    for version in ('5', '3.1.1'):
        world.fill_outbox(rows)
        world.mqtt_version = version
        start = world.subscriber.here()
        service = world.service()
        begin = time.monotonic()
        world.subscriber.wait(r'cuff2mqtt/device/\w+/user/\w+/event', count=rows, start=start, deadline=300)
        world.wait_outbox_empty(300)
        took[version] = time.monotonic() - begin
        service.stop()
    print('%d rows drained      MQTT 5 %.2f s, 3.1.1 %.2f s   ratio %.2f' % (rows, took['5'], took['3.1.1'], took['5'] / took['3.1.1']))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build')
    parser.add_argument('--idle', type=int, default=20, help='seconds of idling to measure')
    parser.add_argument('--rows', type=int, default=1000)
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    harness.SERVICE, harness.VIRTUAL_CUFF = os.path.join(build, 'cuff2mqtt'), os.path.join(build, 'virtual-cuff')
    with harness.World(use_proxy=False, log_level='info') as world:
        bench_start(world)
        world.fake.do('bonded %s' % CUFF)
        bench_latency(world, 7)
        bench_idle(world, options.idle)
        bench_drain(world, options.rows)
    memory.main()
    explain.main(harness.SERVICE)


main()
