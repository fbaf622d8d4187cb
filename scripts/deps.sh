#!/bin/sh
# deps.sh SECTION...: installs what debian-packages.txt lists in these sections and is missing.
#
# With nothing missing it does nothing, not even ask apt. Without the right to install it prints the
# command that somebody with the right should run, and fails.
set -eu
list=$(dirname "$0")/debian-packages.txt

present() { # package probe
    case $2 in
    command:*) command -v "${2#*:}" >/dev/null ;;
    pkgconfig:*) pkg-config --exists "${2#*:}" 2>/dev/null ;;
    python:*) python3 -c "import ${2#*:}" 2>/dev/null ;;
    *) dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed ;;
    esac
}

missing=
section=
while read -r package probe; do
    case $package in
    '' | '#'*) continue ;;
    '['*) section=${package#[} section=${section%]} ;;
    *)
        case " $* " in *" $section "*) present "$package" "${probe:-dpkg}" || missing="$missing $package" ;; esac
        ;;
    esac
done <"$list"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "deps: this system has no apt-get; install what these Debian packages hold:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    echo "deps: missing packages and no right to install them; run:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "deps: installing$missing"
# A machine that never fetched the package lists, or fetched them long ago, needs them first.
$as_root apt-get -q update
# shellcheck disable=SC2086 # the lists are words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
