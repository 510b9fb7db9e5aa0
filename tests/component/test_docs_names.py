"""What the pages name is there: links, subcommands and their options, requests, options of the configuration, files of the
map; and each request that can be sent has its row among the bad ones of test_requests_bad.py."""

import functools
import os
import re
import subprocess
import unittest

from harness import ROOT, SERVICE
from test_requests_bad import INSIDE, REQUESTS

PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'gateway/README.md', 'gateway/DECISIONS.md'] + sorted(
    'docs/' + name for name in os.listdir(os.path.join(ROOT, 'docs')) if name.endswith('.md'))
COMMAND = r"(?<![\w/-])cuff2mqtt ([a-z][\w-]*)((?: +[^ `|&;]+)*)"
GROUPS = 'bluetooth|omron|mqtt|homeassistant|timing'


@functools.cache
def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as f:
        return f.read()


def code(page):
    """What stands between ` and in blocks: of those nothing is prose."""
    text = read(page)
    blocks = re.findall(r'^```.*?^```$', text, re.M | re.S)
    text = re.sub(r'^```.*?^```$', '', text, flags=re.M | re.S)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r'^    (.*)$', text, re.M) + [
        ' '.join(words.split()) for words in re.findall(r'`([^`]+)`', re.sub(r'^    .*$', '', text, flags=re.M))]


def anchors(page):
    headings = re.findall(r'^#+ (.*)$', re.sub(r'^```.*?^```$', '', read(page), flags=re.M | re.S), re.M)
    plain = [re.sub(r'\[(.*?)\]\(.*?\)', r'\1', heading) for heading in headings]
    return {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in plain}


@functools.cache
def help_of(*words):
    done = subprocess.run([SERVICE, *words], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def section(name, text):
    return re.search(r'^## `%s`\n(.*?)(?=^## |\Z)' % re.escape(name), text, re.M | re.S)[1]


class Names(unittest.TestCase):
    def test_links(self):
        count = 0
        for page in PAGES:
            for name, anchor in re.findall(r'\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)', read(page)):
                target = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
                with self.subTest(page=page, link=name, anchor=anchor):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, target)))
                    if anchor:
                        self.assertIn(anchor, anchors(target))
                count += 1
        self.assertGreater(count, 100)

    def test_every_page_is_listed(self):
        linked = set(re.findall(r'\]\((docs/\w[\w-]*\.md)', read('README.md')))
        self.assertEqual({page for page in PAGES if page.startswith('docs/')} - linked, set())

    def test_commands(self):
        """Each subcommand, and the options shown behind it, stand in --help."""
        shown = set()
        for page in PAGES:
            for line in code(page):
                plain = re.sub(r'-u cuff2mqtt|[][]|(^|  )#.*', '', line)  # of systemd, of sudo; may be left out; words for people
                for name, words in re.findall(COMMAND, plain):
                    with self.subTest(page=page, line=line):
                        text = help_of(name, '--help')
                        self.assertIsNotNone(text, name)
                        for option in re.findall(r'(?<!\S)--?[a-z][\w-]*', words):
                            self.assertIn(option, text + ' --help')
                    shown.add(name)
        every = {line.split()[0] for line in help_of('help').split('\n\n')[2].splitlines()}
        self.assertEqual({name for name in every - shown if '`%s`' % name not in read('CHANGELOG.md')}, set())

    def test_requests(self):
        """Those that a page sends; and each one with all its fields is tried with bad values."""
        text = read('docs/requests.md')
        names = re.findall(r'^## `(.*)`$', text, re.M)
        fields = {name: re.findall(r'^\| `([\w.]+)`', section(name, text), re.M) for name in names}
        for page in PAGES:
            for name in re.findall(r'bridge/request/([a-z_/]+)', read(page)):
                self.assertIn(name, names, page)
        self.assertEqual({name: {field for field in of if '.' not in field} for name, of in fields.items()},
                         {name: set(of) for name, (_, of) in REQUESTS.items()})
        inside = {(name, re.sub(r'\busers\.\d', 'users.1', field)) for name, of in fields.items() for field in of if '.' in field}
        self.assertEqual(inside, {(name, '.'.join((*path, field))) for name, _, path, of in INSIDE for field in of})

    def test_options_of_the_configuration(self):
        conf = read('config/cuff2mqtt.conf')
        for page in PAGES:
            for group, option in re.findall(r'`(%s)\.(\w+)(?=[` =])' % GROUPS, read(page)):
                with self.subTest(page=page, option=group + '.' + option):
                    self.assertRegex(conf, r'(?ms)^%s = \{.*?^        %s = .*?^\};' % (group, option))

    def test_the_map(self):
        """Each file that gateway/README.md names is there, in the room it says."""
        known = {os.path.relpath(os.path.join(top, name), ROOT) for where in ('gateway', 'tests', 'tools', 'config', 'docs')
                 for top, _, names in os.walk(os.path.join(ROOT, where)) for name in names}
        found = re.findall(r'`((?:\w+/)*\w+\.(?:c|h|py|sh|conf))`', read('gateway/README.md'))
        self.assertGreater(len(found), 50)
        for name in found:
            self.assertTrue(any(('/' + path).endswith('/' + name) for path in known), name)


if __name__ == '__main__':
    unittest.main()
