#!/usr/bin/env python3
"""Turns a file into C: embed.py INPUT NAME FLOOR OUTPUT.c OUTPUT.h

The header declares `extern const struct slice embedded_NAME;`. A floor uses it so:

    model_generated += custom_target('embedded_seed',
      input: 'seed.json',
      output: ['embedded_seed.c', 'embedded_seed.h'],
      command: embed_command + ['seed', 'model', '@OUTPUT@'])

and its sources say #include "model/embedded_seed.h". The bytes are a string literal with octal
escapes: a hexadecimal one would swallow a digit that follows it, and "??" would start a trigraph.
"""

import pathlib
import re
import sys

BYTES_PER_LINE = 64


def c_string(chunk):
    def spell(byte):
        char = chr(byte)
        if byte == 10:
            return '\\n'
        if char in '"\\':
            return '\\' + char
        if 32 <= byte < 127 and char != '?':
            return char
        return f'\\{byte:03o}'
    return '"' + ''.join(spell(byte) for byte in chunk) + '"'


def make_source(data, name, floor, origin):
    lines = [c_string(data[at:at + BYTES_PER_LINE]) for at in range(0, len(data), BYTES_PER_LINE)]
    body = '\n    '.join(lines or ['""'])
    return (f'/* Made from {origin}; not to be edited. */\n'
            f'#include "{floor}/embedded_{name}.h"\n\n'
            f'const struct slice embedded_{name} = {{\n    {body},\n    {len(data)},\n}};\n')


def make_header(name, floor, origin):
    guard = f'{floor}_embedded_{name}_h'.upper()
    return (f'/* Made from {origin}; not to be edited. */\n'
            f'#ifndef {guard}\n#define {guard}\n\n#include "base/slice.h"\n\n'
            f'extern const struct slice embedded_{name};\n\n#endif\n')


def main(arguments):
    if len(arguments) != 5 or not re.fullmatch('[a-z][a-z0-9_]*', arguments[1]):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    source, name, floor, output_c, output_h = arguments
    origin = pathlib.Path(source).name
    data = pathlib.Path(source).read_bytes()
    pathlib.Path(output_c).write_text(make_source(data, name, floor, origin), encoding='ascii')
    pathlib.Path(output_h).write_text(make_header(name, floor, origin), encoding='ascii')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
