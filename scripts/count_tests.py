#!/usr/bin/env python3
"""Counts what a run did: count_tests.py meson TESTLOG.json | junit RESULT.xml [--failures FILE]

Prints "PASSED FAILED SKIPPED". A cmocka program counts as the tests inside it; one that died before
its summary, and any other meson test, counts as one. A missing, unreadable or empty log is one
failure.

With --failures each test that failed is added to FILE, with the end of what it said: a run takes
long and prints much, and whoever looks at it afterwards looks at its end.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree

SUMMARY = re.compile(r'^\[  (PASSED |FAILED |SKIPPED) \] (\d+) test\(s\)', re.MULTILINE)
LINES_OF_A_FAILURE = 25


def count_meson(path):
    total = {'PASSED': 0, 'FAILED': 0, 'SKIPPED': 0}
    failures = []
    with open(path, encoding='utf-8') as log:
        for line in log:
            entry = json.loads(line)
            text = entry.get('stdout', '') + '\n' + entry.get('stderr', '')
            counts = dict.fromkeys(total, 0)
            for word, number in SUMMARY.findall(text):
                counts[word.strip()] += int(number)
            if entry['result'] == 'SKIP' and not any(counts.values()):
                counts['SKIPPED'] = 1
            elif entry['result'] in ('OK', 'SKIP'):
                counts['PASSED'] += not any(counts.values())
            else:
                counts['FAILED'] = max(1, counts['FAILED'])
                failures.append((f'{entry["name"]}: {entry["result"]}', text))
            for word, number in counts.items():
                total[word] += number
    if not any(total.values()):
        raise ValueError('the log tells of no test')
    return (total['PASSED'], total['FAILED'], total['SKIPPED']), failures


def count_junit(path):
    total, bad, skipped = 0, 0, 0
    failures = []
    for suite in xml.etree.ElementTree.parse(path).getroot().iter('testsuite'):
        total += int(suite.get('tests', 0))
        bad += int(suite.get('failures', 0)) + int(suite.get('errors', 0))
        skipped += int(suite.get('skipped', 0))
        for case in suite.iter('testcase'):
            failures += [(f'{case.get("classname")}::{case.get("name")}: {what.tag}', what.text or '')
                         for what in case if what.tag in ('failure', 'error')]
    return (max(0, total - bad - skipped), bad, skipped), failures


def write_failures(path, failures):
    with open(path, 'a', encoding='utf-8') as file:
        for name, text in failures:
            lines = text.strip().splitlines()[-LINES_OF_A_FAILURE:]
            print(f'FAILED {name}', *(f'    {line}' for line in lines), sep='\n', file=file)


def main(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('kind', choices=('meson', 'junit'))
    parser.add_argument('log')
    parser.add_argument('--failures', metavar='FILE')
    arguments = parser.parse_args(words)
    count = {'meson': count_meson, 'junit': count_junit}[arguments.kind]
    try:
        counts, failures = count(arguments.log)
    except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as problem:
        print(f'count_tests: {arguments.log}: {problem}', file=sys.stderr)
        counts, failures = (0, 1, 0), [(arguments.log, str(problem))]
    if arguments.failures:
        write_failures(arguments.failures, failures)
    print(*counts)


if __name__ == '__main__':
    main(sys.argv[1:])
