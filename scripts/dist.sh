#!/bin/sh
# dist.sh: packs build/connectord for machines that have Debian 12's libraries.
#
# The same commit gives the same bytes: names are sorted, owners are root, times are the commit's.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
machine=$(uname -m)
case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
name=connectord-$version-linux-$machine
folder=build/dist/$name
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

rm -rf build/dist
mkdir -p "$folder"
strip -o "$folder/connectord" build/connectord
for file in LICENSE packaging/connectord.service docs/man/*.[1-9] packaging/*.[1-9]; do
    [ ! -f "$file" ] || cp "$file" "$folder/"
done
sed "s/@VERSION@/$version/g" packaging/README.tarball.md >"$folder/README.md"
for needed in LICENSE README.md connectord.service; do
    [ -f "$folder/$needed" ] || { echo "dist: $needed is missing" >&2; exit 1; }
done

tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw --mtime="@$epoch" \
    --directory build/dist "$name" | gzip -n -9 >"build/dist/$name.tar.gz"
(cd build/dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "build/dist/$name.tar.gz"
