#!/usr/bin/env python3
"""Counts what a run did: count_tests.py meson TESTLOG.json | junit RESULT.xml

Prints "PASSED FAILED SKIPPED". A cmocka program counts as the tests inside it; one that died before
its summary, and any other meson test, counts as one. A missing, unreadable or empty log is one
failure.
"""

import json
import re
import sys
import xml.etree.ElementTree

SUMMARY = re.compile(r'^\[  (PASSED |FAILED |SKIPPED) \] (\d+) test\(s\)', re.MULTILINE)


def count_meson(path):
    total = {'PASSED': 0, 'FAILED': 0, 'SKIPPED': 0}
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
            for word, number in counts.items():
                total[word] += number
    if not any(total.values()):
        raise ValueError('the log tells of no test')
    return total['PASSED'], total['FAILED'], total['SKIPPED']


def count_junit(path):
    total, bad, skipped = 0, 0, 0
    for suite in xml.etree.ElementTree.parse(path).getroot().iter('testsuite'):
        total += int(suite.get('tests', 0))
        bad += int(suite.get('failures', 0)) + int(suite.get('errors', 0))
        skipped += int(suite.get('skipped', 0))
    return max(0, total - bad - skipped), bad, skipped


def main(kind, path):
    try:
        counts = {'meson': count_meson, 'junit': count_junit}[kind](path)
    except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as problem:
        print(f'count_tests: {path}: {problem}', file=sys.stderr)
        counts = (0, 1, 0)
    print(*counts)


if __name__ == '__main__':
    main(*sys.argv[1:])
