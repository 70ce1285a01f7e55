#!/bin/sh
# SPDX-License-Identifier: ISC
# Show mim's main job on a swarm of its own on loopback: a seed, three leeches
# and a small tracker, each mimd with its own state, in a temporary directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=${1:?usage: demo.sh directory-of-mimd-and-mimctl}
bin=$(cd "$bin" && pwd)
leeches="1 2 3"
seconds=120

# Root starts them as an ordinary user of a user namespace, where it can:
# then no account is needed for them.
ordinary=
if [ "$(id -u)" -eq 0 ] &&
    unshare --user --map-user=65534 true 2>/dev/null; then
	ordinary="unshare --user --map-user=65534"
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mim-demo.XXXXXXXX")
pids=
stop() {
	trap - EXIT
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	for pid in $pids; do
		wait "$pid" 2>/dev/null || :
	done
	rm -rf "$tmp"
}
trap 'stop' EXIT
trap 'exit 1' HUP INT TERM

say() {
	printf '\n== %s\n' "$*"
}

fail() {
	say "FAILED: $*"
	for log in "$tmp"/*/log; do
		[ -s "$log" ] && { echo "-- ${log#"$tmp"/}"; tail -20 "$log"; }
	done
	exit 1
}

# start name port: a mimd with everything beneath $tmp/name
start() {
	mkdir -p "$tmp/$1/data"
	cat >"$tmp/$1/mimd.conf" <<-CONF
	listen on * port $2
	state directory "$tmp/$1/state"
	download directory "$tmp/$1/data"
	control socket "$tmp/$1/sock" mode 0600
	allow local trackers
	CONF
	# shellcheck disable=SC2086
	$ordinary "$bin/mimd" -d -f "$tmp/$1/mimd.conf" \
	    >"$tmp/$1/log" 2>&1 &
	pids="$pids $!"
}

ctl() {
	name=$1
	shift
	"$bin/mimctl" -s "$tmp/$name/sock" "$@"
}

# await name: until its socket answers
await() {
	n=0
	until ctl "$1" -q status >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 100 ] || fail "$1 did not start"
		sleep 0.1
	done
}

say "128 MiB of random files, a torrent of them, and a tracker on loopback"
python3 "$here/swarm.py" content "$tmp/demo"
python3 "$here/swarm.py" tracker "$tmp/port" &
pids="$pids $!"
n=0
until [ -s "$tmp/port" ]; do
	n=$((n + 1))
	[ $n -lt 100 ] || fail "the tracker did not start"
	sleep 0.1
done
url="http://127.0.0.1:$(cat "$tmp/port")/announce"
python3 "$here/swarm.py" torrent "$tmp/demo" "$url" "$tmp/demo.torrent"
"$bin/mimctl" info "$tmp/demo.torrent" || fail "mimctl info"

say "one mimd as seed, three as leeches"
# shellcheck disable=SC2046
set -- $(python3 "$here/swarm.py" ports 4)
start seed "$1"
shift
mv "$tmp/demo" "$tmp/seed/data/demo"
for i in $leeches; do
	start "leech$i" "$1"
	shift
done
for name in seed leech1 leech2 leech3; do
	await $name
done
ctl seed add -c "$tmp/demo.torrent" || fail "add"
ctl seed wait -t 60 all || fail "the seed does not find its data"
for i in $leeches; do
	ctl "leech$i" add "$tmp/demo.torrent" || fail "add"
done

for round in 1 2 3; do
	sleep 0.3
	say "leech1, look $round"
	ctl leech1 status
done
for i in $leeches; do
	ctl "leech$i" wait -t $seconds all || fail "leech$i is not complete"
done
say "the seed's whole page"
ctl seed status 1
say "leech1, complete"
ctl leech1 status
ctl leech1 show processes

for i in $leeches; do
	diff -r "$tmp/seed/data/demo" "$tmp/leech$i/data/demo" ||
	    fail "leech$i has other bytes than the seed"
done
say "all three leeches have what the seed has, bit by bit"
for name in seed leech1 leech2 leech3; do
	ctl $name shutdown || fail "$name did not stop"
done
