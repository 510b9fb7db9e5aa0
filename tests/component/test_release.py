"""What a release is made of: the archive, the list of parts, and what must hold before. The program's own bytes: `make lint`
compares two builds."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import ROOT, SERVICE

# What SPDX 2.3's schema knows of a package, as far as it is used; it forbids everything else.
FIELDS = {'SPDXID', 'name', 'versionInfo', 'supplier', 'downloadLocation', 'filesAnalyzed', 'licenseConcluded', 'licenseDeclared',
          'copyrightText', 'primaryPackagePurpose', 'checksums', 'sourceInfo', 'externalRefs'}
FILES = ('Makefile', 'CHANGELOG.md', 'LICENSE', 'gateway', 'packaging')
NAME = ('-c', 'user.name=A', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false')


def clean_environment(**more):
    """Not what `make check` tells its own children."""
    kept = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'SOURCE_DATE_EPOCH')}
    return {**kept, 'GIT_CONFIG_GLOBAL': '/dev/null', **more}


def version():
    with open(os.path.join(ROOT, 'gateway', 'version.h')) as f:
        return re.search('VERSION "(.*)"', f.read())[1]


class Release(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, self.directory)

    def run_in(self, directory, *command, code=0, **env):
        told = subprocess.run(command, cwd=directory, env=clean_environment(**env), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual(told.returncode, code, told.stdout)
        return told.stdout


@unittest.skipUnless(shutil.which('git'), 'git is not installed')
class TestTree(Release):
    def tree(self):
        """A repository with one commit, which could be released."""
        path = os.path.join(self.directory, 'tree')
        os.mkdir(path)
        for name in FILES:
            source = os.path.join(ROOT, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, os.path.join(path, name))
        self.write(path, 'CHANGELOG.md', '# Changelog\n\n## [%s] - 2026-01-31\n' % version())
        self.run_in(path, 'git', 'init', '-q')
        self.commit(path)
        return path

    def write(self, path, name, text):
        with open(os.path.join(path, name), 'w') as f:
            f.write(text)

    def commit(self, path):
        self.run_in(path, 'git', 'add', '-A')
        self.run_in(path, 'git', *NAME, 'commit', '-q', '-m', 'x', GIT_COMMITTER_DATE='2026-01-31T12:00:00Z')

    def check(self, path, *complaints):
        told = self.run_in(path, 'packaging/release', '--check', code=1 if complaints else 0)
        self.assertEqual(len(told.splitlines()), max(1, len(complaints)), told)
        for complaint in complaints:
            self.assertIn(complaint, told)

    def test_what_may_be_released(self):
        """A clean tree, one version, a day; not a tag that is on another commit."""
        path = self.tree()
        self.check(path)
        self.write(path, 'new', '')
        self.check(path, 'the tree is not clean')
        self.write(path, 'CHANGELOG.md', '# Changelog\n\n## [9.9.9] - unreleased\n')
        self.commit(path)
        self.check(path, 'CHANGELOG.md begins with 9.9.9, gateway/version.h says ' + version(),
                   'CHANGELOG.md dates 9.9.9 "unreleased": write the day')
        self.write(path, 'CHANGELOG.md', '# Changelog\n\n## News\n')
        self.check(path, 'the tree is not clean', 'the first heading')
        self.run_in(path, 'git', 'checkout', '-q', 'HEAD~', '.')
        self.run_in(path, 'git', 'tag', 'v' + version(), 'HEAD~')
        self.commit(path)
        self.check(path, 'the tag v%s is on another commit' % version())

    def test_archive(self):
        """From two clones, at different times, with different rights: the same bytes. It has the tree, and nothing else."""
        path, digests = self.tree(), set()
        for name, umask in (('one', 0o022), ('two', 0o077)):
            clone = os.path.join(self.directory, name)
            before = os.umask(umask)
            try:
                self.run_in(self.directory, 'git', 'clone', '-q', path, clone)
                self.write(clone, 'not-committed', name)
                archive = os.path.join(clone, self.run_in(clone, 'make', '-s', 'dist').strip())
            finally:
                os.umask(before)
            with open(archive, 'rb') as f:
                digests.add(f.read())
        self.assertEqual(len(digests), 1)
        self.assertEqual(os.path.basename(archive), 'cuff2mqtt-%s.tar.xz' % version())
        names = self.run_in(self.directory, 'tar', '-tf', archive).split()
        self.assertEqual({name.split('/')[0] for name in names}, {'cuff2mqtt-' + version()})
        self.assertIn('cuff2mqtt-%s/gateway/version.h' % version(), names)
        self.assertNotIn('not-committed', ''.join(names))


class TestDependencies(unittest.TestCase):
    def test_make_deb_installs_what_the_package_asks_for(self):
        """Else dpkg-buildpackage refuses on a machine that is new."""
        with open(os.path.join(ROOT, 'packaging', 'debian', 'control')) as f:
            field = re.search(r'^Build-Depends: (.*?)^\S', f.read(), re.M | re.S)[1]
        asked = {re.match(r'[a-z0-9.+-]+', one.strip())[0] for one in field.split(',') if '<cross>' not in one}
        with open(os.path.join(ROOT, 'packaging', 'install-dependencies')) as f:
            lists = dict(re.findall(r'^(build|deb)="(.*)"$', f.read(), re.M))
        given = {*lists['build'].split(), *lists['deb'].split(), 'debhelper-compat'}  # debhelper provides that
        self.assertEqual(asked - given, set())
        self.assertLess(5, len(asked))


class TestParts(Release):
    def sbom(self):
        return self.run_in(self.directory, os.path.join(ROOT, 'packaging', 'sbom'), SERVICE, version(),
                           SOURCE_DATE_EPOCH='1769860800')

    def test_the_list_of_parts(self):
        """Every library that the program names, with Debian's version of it; what SPDX 2.3 demands is there."""
        told = self.sbom()
        self.assertEqual(told, self.sbom())
        found = json.loads(told)
        self.assertEqual((found['spdxVersion'], found['dataLicense'], found['SPDXID']),
                         ('SPDX-2.3', 'CC0-1.0', 'SPDXRef-DOCUMENT'))
        self.assertEqual(found['creationInfo']['created'], '2026-01-31T12:00:00Z')
        self.assertTrue(found['documentNamespace'].startswith('https://') and found['name'] and found['creationInfo']['creators'])
        packages = {one['SPDXID']: one for one in found['packages']}
        self.assertEqual(len(packages), len(found['packages']))
        for one in packages.values():
            self.assertLessEqual(set(one), FIELDS)
            self.assertRegex(one['SPDXID'], '^SPDXRef-[A-Za-z0-9.-]+$')
            self.assertTrue(one['name'] and one['versionInfo'] and one['downloadLocation'])
        self.assertEqual(packages['SPDXRef-Package-cuff2mqtt']['versionInfo'], version())
        ends = [(r['spdxElementId'], r['relationshipType'], r['relatedSpdxElement']) for r in found['relationships']]
        self.assertIn(('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Package-cuff2mqtt'), ends)
        self.assertEqual({b for _, _, b in ends}, set(packages))
        names = {one['name'] for one in packages.values()}
        self.assertLessEqual({'cuff2mqtt', 'libc6', 'libsystemd0', 'libcjson1', 'libsqlite3-0'},
                             {re.sub('t64$', '', name) for name in names})
        for name in names - {'cuff2mqtt'}:
            installed = subprocess.run(['dpkg-query', '-W', '-f', '${Version}\n', name], stdout=subprocess.PIPE, text=True).stdout
            self.assertIn(packages['SPDXRef-Package-' + re.sub('[^A-Za-z0-9.-]', '-', name)]['versionInfo'], installed.split())

    def test_a_library_of_nobody(self):
        """A program that is linked with something that no package has gets no list."""
        copy = os.path.join(self.directory, 'program')
        with open(SERVICE, 'rb') as f:
            data = f.read()
        self.assertIn(b'libcjson.so.1\0', data)
        with open(copy, 'wb') as f:
            f.write(data.replace(b'libcjson.so.1\0', b'libnosuc.so.1\0'))
        told = self.run_in(self.directory, os.path.join(ROOT, 'packaging', 'sbom'), copy, version(), code=1,
                           SOURCE_DATE_EPOCH='1769860800')
        self.assertIn('libnosuc.so.1', told)


if __name__ == '__main__':
    unittest.main()
