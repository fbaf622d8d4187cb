#!/usr/bin/env python3
"""Holds every #include in src/ to the floors of src/FLOORS.

A file may include headers of its own floor, of the floors that its floor's line names, of the outside
libraries after the bar, and of the C library and the kernel. Unit tests (*_test.[ch]) may also include
cmocka, base/test.h and the toy model. Anything else is reported as file:line and fails the build, and so does a
floor that uses one above it: lines stand top first, so that a cycle cannot be written down.

Limits: it reads text, not C. An #include inside #if counts; one made by a macro is refused.
"""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\b\s*(.*)$')
TARGET = re.compile(r'^(?:"([^"]+)"|<([^>]+)>)')

# Outside libraries, by the name that FLOORS uses.
OUTSIDE = [
    ('cmocka', re.compile(r'cmocka\.h')),
    ('inih', re.compile(r'ini\.h')),
    ('jansson', re.compile(r'jansson.*\.h')),
    ('libcurl', re.compile(r'curl/.+')),
    ('libdeflate', re.compile(r'libdeflate\.h')),
    ('libpq', re.compile(r'(libpq-fe\.h|libpq/.+|postgresql/.+)')),
    ('nghttp2', re.compile(r'nghttp2/.+')),
    ('openssl', re.compile(r'openssl/.+')),
    ('pcre2', re.compile(r'pcre2\.h')),
    ('sqlite3', re.compile(r'sqlite3(ext)?\.h')),
    ('uv', re.compile(r'(uv\.h|uv/.+)')),
]

# The C library, POSIX and Linux: allowed on every floor. A list and not "all the rest", so that a
# library nobody declared is noticed.
SYSTEM = re.compile(
    r'(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal'
    r'|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings'
    r'|tgmath|threads|time|uchar|wchar|wctype'
    r'|dirent|dlfcn|endian|byteswap|err|execinfo|fcntl|fnmatch|ftw|getopt|glob|grp|ifaddrs|langinfo'
    r'|libgen|malloc|net/if|netdb|poll|pthread|pty|pwd|regex|sched|semaphore|spawn|sysexits|syslog'
    r'|termios|ucontext|unistd|utime|wordexp|immintrin|emmintrin|x86intrin|arm_neon'
    r'|(sys|netinet|arpa|linux|asm|sanitizer)/\w+)\.h')

# What unit tests share. These are test code themselves, wherever they lie.
TEST_HEADERS = {'base/test.h', 'edm/toy_model.h'}


def read_floors(path):
    """Returns ({floor: (floors it may use, libraries)}, [problem])."""
    lines, problems = [], []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        if line.count('|') != 1:
            problems.append(f'{path}:{number}: expected "floor floors... | libraries..."')
            continue
        left, right = line.split('|')
        words = left.split()
        if not words:
            problems.append(f'{path}:{number}: no floor named before the bar')
            continue
        lines.append((number, words[0], words[1:], right.split()))

    floors, below = {}, set()
    libraries_known = {name for name, _ in OUTSIDE}
    for number, floor, uses, libraries in reversed(lines):
        if floor in floors:
            problems.append(f'{path}:{number}: {floor} has two lines')
        for use in uses:
            if use not in below:
                problems.append(f'{path}:{number}: {floor} uses {use}, which is not below it')
        for library in libraries:
            if library not in libraries_known:
                problems.append(f'{path}:{number}: unknown outside library {library}')
        floors[floor] = ({floor, *uses}, set(libraries))
        below.add(floor)
    return floors, problems


def check_include(floors, floor, is_test, text):
    """Returns what is wrong with the words after #include, or None."""
    match = TARGET.match(text)
    if not match:
        return f'cannot tell what is included: {text}'
    header = match.group(1) or match.group(2)
    uses, libraries = floors[floor]

    if match.group(1):
        if is_test and header in TEST_HEADERS:
            return None
        if header in TEST_HEADERS:
            return f'"{header}" is for tests alone'
        folder, slash, _ = header.partition('/')
        if not slash:
            return f'"{header}": write "floor/header.h", or <header.h> for the system\'s'
        if folder not in floors:
            return f'"{header}": there is no floor {folder}'
        if folder not in uses:
            return f'"{header}": {floor} may not use {folder}'
        return None

    for name, pattern in OUTSIDE:
        if pattern.fullmatch(header):
            if name in libraries or (is_test and name == 'cmocka'):
                return None
            return f'<{header}>: {floor} may not use {name}'
    if SYSTEM.fullmatch(header):
        return None
    return f'<{header}>: neither the C library nor a known outside library'


def check_file(floors, floor, path):
    shared = f'{floor}/{path.stem}.h' in TEST_HEADERS
    is_test = shared or path.name.endswith(('_test.c', '_test.h'))
    problems = []
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        match = INCLUDE.match(line)
        problem = match and check_include(floors, floor, is_test, match.group(1).strip())
        if problem:
            problems.append(f'{path}:{number}: {problem}')
    return problems


def check_tree(floors_path):
    """Returns ([problem], [path that was looked at])."""
    root = floors_path.parent
    floors, problems = read_floors(floors_path)
    seen = [floors_path, root]
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        seen.append(folder)
        sources = sorted(path for path in folder.rglob('*') if path.suffix in ('.c', '.h'))
        if folder.name not in floors:
            if sources:
                problems.append(f'{folder}: a folder of sources that {floors_path} does not name')
            continue
        for path in sources:
            seen.append(path)
            if path.parent != folder:
                problems.append(f'{path}: floors have no folders inside them')
            problems += check_file(floors, folder.name, path)
    return problems, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('floors', type=pathlib.Path, help='the file FLOORS; its folder is checked')
    parser.add_argument('--stamp', type=pathlib.Path, help='written when nothing was wrong')
    parser.add_argument('--depfile', type=pathlib.Path, help='what was looked at, for ninja')
    arguments = parser.parse_args()

    problems, seen = check_tree(arguments.floors)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if arguments.depfile:
        # Folders are in the list too: a new file changes its folder's time.
        names = ' '.join(str(path).replace(' ', '\\ ') for path in seen)
        arguments.depfile.write_text(f'{arguments.stamp}: {names}\n', encoding='utf-8')
    if arguments.stamp:
        arguments.stamp.write_text('', encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
