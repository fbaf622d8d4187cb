#!/bin/sh
# configure.sh FOLDER [MESON OPTION]...: makes FOLDER a build folder with exactly these options.
#
# WERROR=true in the environment turns warnings into errors. A folder that has these options already
# is left alone: ninja configures anew by itself when a meson.build changes. One with others is made
# again from nothing, since meson 1.0 reports a changed b_sanitize and goes on without it.
set -eu
folder=$1
shift
set -- -Dwerror="${WERROR:-false}" "$@"
stamp=$folder/configured-with
wanted="${CC:-cc} $*"

if [ -f "$folder/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
[ ! -f "$stamp" ] || rm -rf "$folder"
meson setup "$folder" "$@"
echo "$wanted" >"$stamp"
