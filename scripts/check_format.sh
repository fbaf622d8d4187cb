#!/bin/sh
# check_format.sh [--fix] [FILE...]: holds C files to .clang-format; without names, all that git tracks.
#
# The version is fixed because each version formats a little differently.
set -eu
cd "$(dirname "$0")/.."
formatter=clang-format-14
mode='--dry-run -Werror'
if [ "${1:-}" = --fix ]; then
    mode=-i
    shift
fi
if [ $# = 0 ]; then
    # Words are safe here: no file of ours has a blank in its name.
    # shellcheck disable=SC2046
    set -- $(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'fuzz/*.[ch]' 'bench/*.[ch]')
fi
[ $# = 0 ] && exit 0
# shellcheck disable=SC2086
exec $formatter $mode "$@"
