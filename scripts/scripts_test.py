#!/usr/bin/env python3
"""Tests of the build's own scripts: the floor check refuses what it should, embedded bytes survive, no
failure goes uncounted."""

import contextlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import check_floors  # noqa: E402
import count_tests  # noqa: E402
import embed  # noqa: E402

FLOORS = """\
# top first
http  base json | uv openssl
json  base      |
base            |
"""


class FloorsTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def problems(self, files, floors=FLOORS):
        (self.root / 'FLOORS').write_text(floors, encoding='utf-8')
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding='utf-8')
        found, _ = check_floors.check_tree(self.root / 'FLOORS')
        return [problem.replace(f'{self.root}/', '') for problem in found]

    def test_accepts(self):
        self.assertEqual([], self.problems({
            'http/a.c': '#include <uv.h>\n#include <openssl/ssl.h>\n#include "json/r.h"\n',
            'json/r.h': '#include <stdint.h>\n# include <sys/socket.h>\n#include "base/s.h"\n',
            'json/r_test.c': '#include "base/test.h"\n#include "edm/toy_model.h"\n',
            'base/test.h': '#include <cmocka.h>\n',
            'base/s.h': '/* #include in prose is no include */\n',
        }))

    def test_refuses(self):
        cases = {
            'climbs': ('json/a.h', '\n#include "http/b.h"', 'json/a.h:2: "http/b.h"'),
            'climbs, spaced': ('base/a.c', ' #  include  "json/b.h"', 'may not use json'),
            'library not named': ('json/a.c', '#include <uv.h>', 'may not use uv'),
            'library in a folder': ('json/a.c', '#include <openssl/evp.h>', 'openssl'),
            'library never named': ('http/a.c', '#include <jansson.h>', 'jansson'),
            'library unknown': ('http/a.c', '#include <zlib.h>', 'neither'),
            'cmocka outside tests': ('http/a.c', '#include <cmocka.h>', 'cmocka'),
            'toy model outside tests': ('http/a.c', '#include "edm/toy_model.h"', 'tests alone'),
            'test climbs': ('json/a_test.c', '#include "http/b.h"', 'may not use http'),
            'no folder': ('json/a.c', '#include "a.h"', 'write "floor/header.h"'),
            'no such floor': ('json/a.c', '#include "util/a.h"', 'no floor util'),
            'out of the tree': ('json/a.c', '#include "../http/a.h"', 'no floor ..'),
            'macro': ('json/a.c', '#include HEADER', 'cannot tell'),
            'unknown folder': ('misc/a.c', '', 'does not name'),
            'folder in a floor': ('json/deep/a.c', '', 'no folders inside'),
        }
        for title, (name, text, expected) in cases.items():
            with self.subTest(title):
                found = self.problems({name: text})
                self.assertEqual(1, len(found), found)
                self.assertIn(expected, found[0])
                (self.root / name).unlink()

    def test_refuses_floors(self):
        cases = {
            'cycle': ('json base |\nbase json |\n', 'base uses json, which is not below it'),
            'itself': ('base base |\n', 'not below'),
            'twice': ('base |\nbase |\n', 'two lines'),
            'library': ('base | zlib\n', 'unknown outside library'),
            'no bar': ('base\n', 'expected'),
        }
        for title, (floors, expected) in cases.items():
            with self.subTest(title):
                self.assertIn(expected, ' '.join(self.problems({}, floors)))

    def test_program(self):
        self.problems({'json/a.h': '#include "http/b.h"\n'})
        stamp, depfile = self.root / 'stamp', self.root / 'd'
        command = [sys.executable, HERE / 'check_floors.py', self.root / 'FLOORS',
                   '--stamp', stamp, '--depfile', depfile]
        refused = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(1, refused.returncode)
        self.assertIn('a.h:1:', refused.stderr)
        self.assertFalse(stamp.exists())

        (self.root / 'json/a.h').write_text('', encoding='utf-8')
        self.assertEqual(0, subprocess.run(command, check=False).returncode)
        self.assertTrue(stamp.exists())
        self.assertIn('json/a.h', depfile.read_text(encoding='utf-8'))


class EmbedTest(unittest.TestCase):
    PROGRAM = """\
#include <stdio.h>
#include "floor/embedded_x.h"
int main(void) { return fwrite(embedded_x.ptr, 1, embedded_x.len, stdout) != embedded_x.len; }
"""

    def test_bytes_survive_the_compiler(self):
        compiler = shutil.which('cc') or shutil.which('gcc') or shutil.which('clang')
        if not compiler:
            self.skipTest('no C compiler on PATH')
        odd = [b'', b'\0', b'a"\\\n??=\x01234', bytes(range(256)) * 20]
        for data in odd:
            with self.subTest(data[:16]), tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                (root / 'floor').mkdir()
                (root / 'x.bin').write_bytes(data)
                (root / 'main.c').write_text(self.PROGRAM, encoding='ascii')
                made = [str(root / 'floor' / f'embedded_x.{end}') for end in 'ch']
                self.assertEqual(0, embed.main([str(root / 'x.bin'), 'x', 'floor', *made]))
                subprocess.run([compiler, '-std=c11', '-Wall', '-Wextra', '-Werror', '-I', root,
                                '-I', HERE.parent / 'src', root / 'main.c', made[0],
                                '-o', root / 'program'], check=True)
                output = subprocess.run([root / 'program'], stdout=subprocess.PIPE, check=True)
                self.assertEqual(data, output.stdout)

    def test_refuses_a_name_that_is_no_identifier(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(2, embed.main(['x', 'no-name', 'floor', 'c', 'h']))


class CountTest(unittest.TestCase):
    def count(self, kind, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'log'
            if text is not None:
                path.write_text(text, encoding='utf-8')
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                count_tests.main([kind, str(path)])
        return printed.getvalue().strip()

    def failures(self, kind, text):
        with tempfile.TemporaryDirectory() as folder:
            path, told = pathlib.Path(folder) / 'log', pathlib.Path(folder) / 'failures'
            path.write_text(text, encoding='utf-8')
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                count_tests.main([kind, str(path), '--failures', str(told)])
            return told.read_text(encoding='utf-8')

    def test_meson(self):
        summary = '[==========] 9 test(s) run.\n[  PASSED  ] 7 test(s).\n'
        skips = '[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] t3\n\n 1 SKIPPED TEST(S)\n'
        bad = '[  FAILED  ] 2 test(s), listed below:\n[  FAILED  ] t\n\n 2 FAILED TEST(S)\n'
        cases = [
            ('OK', summary, '7 0 0'),
            ('OK', summary + skips, '7 0 1'),
            ('FAIL', summary + bad, '7 2 0'),
            ('OK', '', '1 0 0'),            # no cmocka program
            ('FAIL', '', '0 1 0'),
            ('FAIL', summary, '7 1 0'),     # all passed, and then a leak was found
            ('TIMEOUT', '[ RUN      ] t\n', '0 1 0'),
            ('SKIP', '', '0 0 1'),
        ]
        for result, stderr, expected in cases:
            with self.subTest(result=result, expected=expected):
                line = json.dumps({'name': 'x', 'result': result, 'stdout': '', 'stderr': stderr})
                self.assertEqual(expected, self.count('meson', line + '\n'))

    def test_junit(self):
        suite = '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'
        self.assertEqual('3 3 3', self.count('junit', suite))

    def test_failures_are_named_with_the_end_of_what_they_said(self):
        said = ''.join(f'line {i}\n' for i in range(100))
        log = ''.join(json.dumps({'name': name, 'result': result, 'stdout': said}) + '\n'
                      for name, result in (('good', 'OK'), ('bad', 'FAIL')))
        told = self.failures('meson', log).splitlines()
        self.assertEqual(['FAILED bad: FAIL', '    line 75'], told[:2])
        self.assertEqual('    line 99', told[-1])

        case = '<testcase classname="tests.x" name="y"><failure>a\nb</failure></testcase>'
        suite = f'<testsuites><testsuite tests="2" failures="1">{case}<testcase/></testsuite></testsuites>'
        self.assertEqual('FAILED tests.x::y: failure\n    a\n    b\n', self.failures('junit', suite))
        self.assertIn('FAILED ', self.failures('junit', '<testsuites'))

    def test_a_log_that_is_missing_or_cut_is_a_failure(self):
        self.assertEqual('0 1 0', self.count('meson', None))
        self.assertEqual('0 1 0', self.count('junit', '<testsuites><testsuite'))
        self.assertEqual('0 1 0', self.count('meson', ''))


if __name__ == '__main__':
    unittest.main()
