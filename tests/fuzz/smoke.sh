#!/bin/sh
# SPDX-License-Identifier: ISC
# A few seconds of each fuzz target, from its seeds.  FUZZ_SECONDS gives them
# longer; what a crash was made of is left in build/fuzz/crash.

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
seconds=${FUZZ_SECONDS:-5}
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

fuzz()
{
	mkdir "$tmp/$1"
	[ ! -d "tests/fuzz/corpus/$1" ] ||
	    cp -r "tests/fuzz/corpus/$1/." "$tmp/$1"
	# What is freed is kept for a while, but is not the target's fault.
	# Whatever time is left over does: tests beside it are in more haste.
	ASAN_OPTIONS=quarantine_size_mb=16 \
	    nice -n 5 "$build/fuzz/bin/fuzz_$1" -max_total_time="$seconds" \
	    -max_len="$(max_len "$1")" -timeout=30 \
	    -rss_limit_mb=1024 -malloc_limit_mb=64 \
	    -artifact_prefix="$crash/$1-" -print_final_stats=1 \
	    "$tmp/$1" >"$tmp/$1.out" 2>&1 && : >"$tmp/$1.good"
}

report()
{
	if [ -e "$tmp/$1.good" ]; then
		echo "ok $2 - $1"
		grep -E 'number_of_executed_units' "$tmp/$1.out" |
		    sed 's/^/# /'
	else
		echo "not ok $2 - $1"
		grep -vE '^#[0-9]|NEW_FUNC' "$tmp/$1.out" | tail -n 40 |
		    sed 's/^/# /'
		status=1
	fi
}

# Two at a time.
names=$(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/\.c$//')
for name in $names; do
	fuzz "$name" &
	n=$((n + 1))
	[ $((n % 2)) -eq 1 ] || wait
done
wait
n=0
for name in $names; do
	n=$((n + 1))
	report "$name" "$n"
done
echo "1..$n"
exit $status
