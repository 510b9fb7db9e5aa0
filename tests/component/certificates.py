"""Certificates for a broker on this machine, for the time of one test class."""

import os
import shutil
import subprocess
import tempfile
import unittest


def openssl(directory, *words):
    subprocess.run(['openssl', *words], cwd=directory, check=True, capture_output=True)


def make(test_class):
    """A directory with ca.pem, which signed broker.pem (for localhost; broker.key), and other.pem, which signed
    nothing. Everybody may read it: mosquitto drops its rights."""
    if not shutil.which('openssl'):
        raise unittest.SkipTest('openssl is missing')
    directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
    test_class.addClassCleanup(shutil.rmtree, directory)
    os.chmod(directory, 0o755)
    for name in ('ca', 'other'):
        openssl(directory, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=' + name,
                '-keyout', name + '.key', '-out', name + '.pem')
    openssl(directory, 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', 'broker.key',
            '-out', 'broker.csr')
    with open(os.path.join(directory, 'names'), 'w') as f:
        f.write('subjectAltName=DNS:localhost\n')
    openssl(directory, 'x509', '-req', '-days', '2', '-in', 'broker.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key',
            '-CAcreateserial', '-extfile', 'names', '-out', 'broker.pem')
    for name in os.listdir(directory):
        os.chmod(os.path.join(directory, name), 0o644)
    return directory
