"""The command line: subcommands, exit codes, and what is said when something is wrong."""

import os
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUFF2MQTT = os.environ.get("CUFF2MQTT", os.path.join(ROOT, "build", "san", "cuff2mqtt"))
SUBCOMMANDS = ("run", "pair", "cuffs", "sync", "watch", "history", "stats", "rename", "users", "remove", "info", "health",
               "import", "backup", "doctor", "check-config", "explain", "decode", "version", "help")
OK, USAGE, CONFIG = 0, 64, 78


def cuff2mqtt(*words, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CUFF2MQTT_")}
    return subprocess.run([CUFF2MQTT, *words], env={**clean, **environment}, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True)


class CommandLine(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = os.path.join(directory.name, "c.conf")

    def write(self, text):
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.file, 0o600)

    def assert_usage(self, result, sentence):
        self.assertEqual(result.returncode, USAGE)
        self.assertEqual(result.stdout, "")
        self.assertIn(sentence, result.stderr)

    def test_version_is_printed(self):
        for words in (["version"], ["--version"]):
            result = cuff2mqtt(*words)
            self.assertEqual(result.returncode, OK)
            self.assertRegex(result.stdout, r"\Acuff2mqtt \d+\.\d+\.\d+\n\Z")
            self.assertEqual(result.stderr, "")

    def test_help_names_every_subcommand_and_exit_code(self):
        texts = {cuff2mqtt(word).stdout for word in ("help", "--help", "-h")}
        self.assertEqual(len(texts), 1)
        text = texts.pop()
        self.assertEqual([line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2] in
                          "abcdefghijklmnopqrstuvwxyz"], list(SUBCOMMANDS))
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for code in (0, 1, 10, 13, 14, 15, 19, 64, 65, 73, 75, 78):
            self.assertIn(f"\n {code:3d}  ", text)

    def test_every_subcommand_explains_itself(self):
        for name in SUBCOMMANDS:
            texts = {cuff2mqtt(*words).stdout for words in ((name, "--help"), (name, "-h"), ("help", name))}
            self.assertEqual(len(texts), 1, name)
            self.assertTrue(texts.pop().startswith(f"Usage: cuff2mqtt {name}"), name)

    def test_help_options_lists_every_option_once(self):
        options = [line.split(" = ")[0] for line in cuff2mqtt("help", "options").stdout.splitlines()
                   if line[0] != " "]
        self.write("")
        effective = [line.split(" = ")[0] for line in
                     cuff2mqtt("check-config", "--config", self.file).stdout.splitlines()]
        self.assertEqual(options, effective)
        self.assertIn("mqtt.url", options)

    def test_no_subcommand_is_a_usage_error(self):
        self.assert_usage(cuff2mqtt(), "no subcommand")

    def test_an_unknown_subcommand_names_the_nearest(self):
        self.assert_usage(cuff2mqtt("check-confg"), 'no subcommand "check-confg"; did you mean "check-config"?')
        self.assert_usage(cuff2mqtt("help", "verson"), 'did you mean "version"?')
        self.assert_usage(cuff2mqtt("xyzzyxyzzy"), 'no subcommand "xyzzyxyzzy"\n')

    def test_an_unknown_option_names_the_nearest(self):
        self.assert_usage(cuff2mqtt("--versoin"), 'no option "--versoin"; did you mean "--version"?')
        self.assert_usage(cuff2mqtt("run", "--confg", "x"), 'no option "--confg"; did you mean "--config"?')
        self.assert_usage(cuff2mqtt("version", "--hlep"), 'did you mean "--help"?')
        self.assert_usage(cuff2mqtt("decode", "--modle", "x"), 'no option "--modle"; did you mean "--model"?')
        self.assert_usage(cuff2mqtt("run", "--configs", "x"), 'no option "--configs"; did you mean "--config"?')
        self.assert_usage(cuff2mqtt("decode", "--config", "x"), 'no option "--config"')
        self.assert_usage(cuff2mqtt("run", "--models=x"), 'no option "--models=x"')
        self.assert_usage(cuff2mqtt("run", "--model=x"), 'no option "--model=x"')

    def test_words_that_do_not_belong_are_usage_errors(self):
        self.assert_usage(cuff2mqtt("version", "1"), '"1" is one word too many')
        self.assert_usage(cuff2mqtt("help", "run", "run"), '"run" is one word too many')
        self.assert_usage(cuff2mqtt("decode", "2a49", "2f00", "2f00"), '"2f00" is one word too many')
        self.assert_usage(cuff2mqtt("run", "--config"), "--config needs the name of a file")
        self.assert_usage(cuff2mqtt("decode", "2a49", "--model"), "--model needs the id of a cuff")

    def test_a_good_configuration_is_printed_as_it_is_in_effect(self):
        self.write('mqtt = { url = "mqtt://file"; user = "u"; password = "hunter2"; };\n')
        for words in (["--config", self.file], ["--config=" + self.file]):
            result = cuff2mqtt("check-config", *words, CUFF2MQTT_MQTT_URL="mqtt://environment")
            self.assertEqual((result.returncode, result.stderr), (OK, ""))
            lines = result.stdout.splitlines()
            self.assertIn('mqtt.url = ["mqtt://environment"]', lines)
            self.assertIn('mqtt.password = "(set)"', lines)
            self.assertIn('log_level = "info"', lines)
            self.assertNotIn("hunter2", result.stdout)

    def test_a_bad_configuration_shows_all_errors_at_once(self):
        self.write('log_levle = "info";\nmqtt = {\n  keep_alive = 0;\n};\n')
        result = cuff2mqtt("check-config", "--config", self.file, CUFF2MQTT_ADAPTER="hci0")
        self.assertEqual((result.returncode, result.stdout), (CONFIG, ""))
        lines = result.stderr.splitlines()
        self.assertEqual(lines[0], f"{self.file}:1: log_levle is no option; did you mean log_level?")
        self.assertEqual(lines[1], f"{self.file}:3: mqtt.keep_alive must be a whole number from 1 to 65535, not \"0\"")
        self.assertTrue(lines[2].startswith("CUFF2MQTT_ADAPTER: must be an address"))
        self.assertEqual(len(lines), 3)

    def test_a_missing_configuration_is_a_configuration_error(self):
        for name in ("check-config", "run"):
            result = cuff2mqtt(name, "--config", self.file)
            self.assertEqual(result.returncode, CONFIG)
            self.assertIn(f"{self.file}: cannot be read: No such file or directory", result.stderr)

    def test_run_refuses_a_bad_configuration_before_it_starts(self):
        self.write("x = 1;\ny = 2;\n")
        result = cuff2mqtt("run", "--config", self.file)
        self.assertEqual((result.returncode, result.stdout), (CONFIG, ""))
        self.assertIn(f"{self.file}:1: x is no option", result.stderr)
        self.assertIn(f"{self.file}:2: y is no option", result.stderr)

    def test_a_password_that_others_can_read_is_warned_about_and_accepted(self):
        self.write('mqtt = { user = "u"; password = "hunter2"; };\n')
        os.chmod(self.file, 0o644)
        result = cuff2mqtt("check-config", "--config", self.file)
        self.assertEqual(result.returncode, OK)
        self.assertIn("Warnings:\n" + self.file + ":1: mqtt.password stands in a file", result.stderr)
        self.assertNotIn("hunter2", result.stderr)

    def test_an_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([CUFF2MQTT, "version"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main()
