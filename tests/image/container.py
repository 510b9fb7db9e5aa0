"""What an engine does with an image, as far as it can be done without one: the image's own user, environment, entry
point and health check; a read-only root, one volume, the host's bus to read, own processes, mounts, IPC and host name, no
capabilities, nothing to gain any. Not here: an own network, cgroups, a filter of system calls, AppArmor."""

import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import harness  # noqa: E402

# $0 the root, $1 volume, $2 where it goes, $3 directory of the bus, $4 directory of secrets; then what is run
MOUNTS = '''
mount --make-rprivate /
mount --rbind "$0" "$0"
mount -t proc -o nosuid,nodev,noexec proc "$0/proc"
mount -t tmpfs -o nosuid,mode=755,size=64k tmpfs "$0/dev"
for device in null zero full random urandom; do touch "$0/dev/$device" && mount --bind "/dev/$device" "$0/dev/$device"; done
mount -o remount,ro,bind "$0"
mount --bind "$1" "$0$2"
mount --bind "$3" "$0/run/dbus" && mount -o remount,ro,bind "$0/run/dbus"
mount --bind "$4" "$0/run/secrets" && mount -o remount,ro,bind "$0/run/secrets"
root=$0
shift 4
exec chroot "$root" "$@"
'''


class Image:
    def __init__(self, root, config):
        self.root, self.config = root, config['config']
        self.whole = config
        self.user = [int(n) for n in self.config['User'].split(':')]
        self.environment = dict(one.split('=', 1) for one in self.config['Env'])
        [self.volume] = self.config['Volumes']
        for point in '/run/dbus', '/run/secrets':  # an engine makes them where something is mounted
            os.makedirs(root + point, exist_ok=True)

    def nobody_in_particular(self, user=None):
        """The words before a command that take all rights away. The image's own setpriv: it runs on the inside."""
        uid, gid = user or self.user
        return ['/usr/bin/setpriv', '--reuid=%d' % uid, '--regid=%d' % gid, '--clear-groups', '--no-new-privs',
                '--inh-caps=-all', '--bounding-set=-all']


class Container(harness.Process):
    """One that runs; `environment` is added to the image's."""

    def __init__(self, image, volume, bus, secrets, environment, user=None):
        self.image, self.environment, self.user = image, {**image.environment, **environment}, user
        super().__init__(['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', 'sh', '-euc', MOUNTS,
                          image.root, volume, image.volume, bus, secrets, *image.nobody_in_particular(user),
                          *image.config['Entrypoint'], *image.config['Cmd']], env=self.environment)

    @property
    def first(self):
        """The process 1 of the container, as it is called outside."""
        with open('/proc/%d/task/%d/children' % (self.pid, self.pid)) as f:
            return int(f.read().split()[0])

    def ready(self):
        self.err.wait('^info app: Ready')
        return self

    def argv(self, *words):
        return ['nsenter', '--target=%d' % self.first, '--mount', '--pid', '--ipc', '--uts', '--root', '--wd', *words]

    def execute(self, *words, good=(0,)):
        """`docker exec CONTAINER WORD..`: what it said."""
        done = subprocess.run(self.argv(*self.image.nobody_in_particular(self.user), *words), env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode in good, '%r ended with %d: %s' % (words, done.returncode, done.stdout)
        return done.stdout

    def health(self):
        """The image's own check: (whether it is good, its words)."""
        kind, *words = self.image.config['Healthcheck']['Test']
        assert kind == 'CMD', kind
        done = subprocess.run(self.argv(*self.image.nobody_in_particular(self.user), *words), env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode == 0, done.stdout

    def status(self):
        with open('/proc/%d/status' % self.first) as f:
            return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)

    def ports(self):
        """TCP and UDP sockets of its process that wait for others to come."""
        files, ours, found = '/proc/%d/fd' % self.first, set(), []
        for fd in os.listdir(files):
            try:
                ours.add(os.readlink(os.path.join(files, fd)))
            except FileNotFoundError:  # closed meanwhile
                pass
        for kind, waiting in ('tcp', '0A'), ('tcp6', '0A'), ('udp', '07'), ('udp6', '07'):
            with open('/proc/%d/net/%s' % (self.first, kind)) as f:
                for line in f.readlines()[1:]:
                    fields = line.split()
                    if fields[3] == waiting and 'socket:[%s]' % fields[9] in ours:
                        found.append('%s %s' % (kind, fields[1]))
        return found

    def mount(self, point):
        """(options, file system) of what is mounted there, as the container sees it."""
        with open('/proc/%d/mountinfo' % self.first) as f:
            rows = [re.match(r'\d+ \d+ \S+ \S+ (\S+) (\S+) .*- (\S+)', line).groups() for line in f]
        return [(options.split(','), kind) for where, options, kind in rows if where == point][-1]

    def stop(self, how=signal.SIGTERM, deadline=harness.DEADLINE):
        """`docker stop`; its exit code."""
        if self.alive() and how != signal.SIGKILL:
            try:
                os.kill(self.first, how)
            except (OSError, IndexError):
                pass
            try:
                self.process.wait(deadline)
            except subprocess.TimeoutExpired:
                pass
        return super().stop(signal.SIGKILL if self.alive() else how, deadline)
