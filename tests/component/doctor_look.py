"""`cuff2mqtt doctor`, run on a host that is nowhere: its files below a directory, no system bus."""

import json
import os
import subprocess

from harness import DEADLINE, SERVICE

SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lsan.txt')
ENDINGS = ('AddressSanitizer', 'LeakSanitizer', 'runtime error')


def run_doctor(directory, *arguments, env=None, user=None, code=None):
    """(stdout, exit code); whatever it looks for in the environment is not ours."""
    root = os.path.join(directory, 'root')
    os.makedirs(root, exist_ok=True)
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(('CUFF2MQTT', 'XDG_STATE', 'STATE_DIRECTORY', 'JOURNAL', 'NOTIFY'))}
    clean.update({'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=' + os.path.join(directory, 'no-bus'),
                  'CUFF2MQTT_DOCTOR_ROOT': root,
                  'CUFF2MQTT_STATE_DIRECTORY': os.path.join(directory, 'state'),
                  'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0',
                  'LSAN_OPTIONS': 'print_suppressions=0:suppressions=' + SUPPRESSIONS, **(env or {})})
    done = subprocess.run([SERVICE, 'doctor', *arguments], env={k: v for k, v in clean.items() if v is not None},
                          capture_output=True, text=True, timeout=DEADLINE, user=user,
                          cwd='/' if user is not None else None)
    if any(word in done.stderr for word in ENDINGS):
        raise AssertionError(done.stderr[-6000:])
    return done.stdout, done.returncode


def look(directory, *arguments, **options):
    """{slug: {status, text, remedy}} of every check."""
    out, _ = run_doctor(directory, '--json', *arguments, **options)
    return {check['check']: check for check in json.loads(out)['checks']}
