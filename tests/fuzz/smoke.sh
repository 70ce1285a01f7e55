#!/bin/sh
# SPDX-License-Identifier: ISC
# A few seconds of each fuzz target, from its seeds.  FUZZ_SECONDS gives them
# longer; what a crash was made of is left in build/fuzz/crash.

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
seconds=${FUZZ_SECONDS:-10}
crash=$build/fuzz/crash
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
n=0
status=0

make -s fuzz BUILD="$build" >"$tmp/make" 2>&1 || {
	echo "not ok 1 - the fuzz targets build"
	tail -n 30 "$tmp/make" | sed 's/^/# /'
	echo "1..1"
	exit 1
}
mkdir -p "$crash"

# As many inputs as a packet or a small torrent has bytes.
max_len()
{
	case $1 in
	metainfo|bencode)	echo 65536 ;;
	tracker_reply)		echo 16384 ;;
	*)			echo 8192 ;;
	esac
}

for source in tests/fuzz/fuzz_*.c; do
	name=${source##*/fuzz_}
	name=${name%.c}
	n=$((n + 1))
	mkdir "$tmp/$name"
	[ ! -d "tests/fuzz/corpus/$name" ] ||
	    cp -r "tests/fuzz/corpus/$name/." "$tmp/$name"
	if "$build/fuzz/bin/fuzz_$name" -max_total_time="$seconds" \
	    -max_len="$(max_len "$name")" -rss_limit_mb=512 -timeout=10 \
	    -artifact_prefix="$crash/$name-" -print_final_stats=1 \
	    "$tmp/$name" >"$tmp/out" 2>&1; then
		echo "ok $n - $name"
		grep -E 'number_of_executed_units' "$tmp/out" | sed 's/^/# /'
	else
		echo "not ok $n - $name"
		grep -vE '^#[0-9]|NEW_FUNC' "$tmp/out" | tail -n 40 | sed 's/^/# /'
		status=1
	fi
done
echo "1..$n"
exit $status
