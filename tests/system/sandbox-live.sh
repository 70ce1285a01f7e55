#!/bin/sh
# SPDX-License-Identifier: ISC
# What the kernel says of the children of a running mimd, started as root
# and as an ordinary user.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd) || exit 1

dir=$(mktemp -d)
pid=
clean() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
chmod 755 "$dir"
cp "$build/bin/mimd" "$build/bin/mimctl" "$dir" || exit 1
n=0

is() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		echo "# got '$1', expected '$2'"
	fi
}

status() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' ' |
	    sed 's/ *$//'
}

# How many children have sealed themselves; dht begins when the others have.
sealed() {
	"$dir/mimctl" -s "$dir/$who/sock" show processes 2>/dev/null |
	    grep -c seccomp
}

start() {
	who=$1
	shift
	mkdir -p "$dir/$who/state" "$dir/$who/downloads"
	printf '%s\n' "listen on 127.0.0.1 port $((30000 + $$ % 10000))" \
	    "state directory \"$dir/$who/state\"" \
	    "download directory \"$dir/$who/downloads\"" \
	    "port mapping yes" "dht yes" "dht bootstrap none" \
	    "control socket \"$dir/$who/sock\"" >"$dir/$who/conf"
	chown -R "$owner" "$dir/$who" 2>/dev/null
	"$@" "$dir/mimd" -d -f "$dir/$who/conf" >"$dir/$who/log" 2>&1 \
	    </dev/null &
	pid=$!
	tries=0
	until [ "$(sealed)" -eq 6 ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || break
		sleep 0.1
	done
	is "$([ $tries -lt 200 ] && echo up)" up "$who: all children are up"
	[ $tries -lt 200 ] || sed 's/^/# /' "$dir/$who/log"
}

# Descriptors from 3 on that have a path; a memfd has none.
files() {
	for fd in "/proc/$1/fd"/*; do
		[ "${fd##*/}" -gt 2 ] && readlink "$fd"
	done | grep -v '^/memfd:' | grep -c '^/'
}

sockets() {
	for fd in "/proc/$1/fd"/*; do
		readlink "$fd"
	done | grep -c '^socket:'
}

examine() {
	who=$1 uid=$2
	for child in $(cat "/proc/$pid/task/$pid/children"); do
		role=$(tr '\0' ' ' <"/proc/$child/cmdline" |
		    sed 's/^mimd: *//; s/ .*//')
		name="$who: $role"
		is "$(status "$child" NoNewPrivs)" 1 "$name: no_new_privs"
		is "$(status "$child" Seccomp)" 2 "$name: seccomp"
		is "$(status "$child" CapEff)" 0000000000000000 \
		    "$name: no effective capability"
		is "$(status "$child" CapPrm)" 0000000000000000 \
		    "$name: no permitted capability"
		is "$(status "$child" CapInh)" 0000000000000000 \
		    "$name: no inheritable capability"
		is "$(status "$child" Uid)" "$uid $uid $uid $uid" "$name: user"
		is "$(status "$child" Groups)" "" "$name: no groups"
		[ "$who" = root ] && is "$(status "$child" CapBnd)" \
		    0000000000000000 "$name: empty bounding set"
		[ "$(id -u)" -eq 0 ] && examine_root "$role" "$child"
	done
}

# What only root may look at.
examine_root() {
	case $1 in
	peer|tracker|portmap|dht)
		[ "$who" = root ] && is "$(readlink "/proc/$2/root")" \
		    /var/empty/mimd "$name: locked in"
		is "$(files "$2")" 0 \
		    "$name: no file is open" ;;
	disk)
		is "$([ "$(sockets "$2")" -le 3 ] && echo few)" few \
		    "$name: no socket but its three channels" ;;
	esac
	is "$(readlink "/proc/$2/cwd" | grep -c "$dir")" 0 \
	    "$name: not in a download directory"
}

stop() {
	kill "$pid"
	wait "$pid"
	is $? 0 "$1: ends in order"
	pid=
}

if [ "$(id -u)" -eq 0 ]; then
	make -s user || exit 1
	owner=_mimd
	start root env
	examine root "$(id -u _mimd)"
	stop root
	owner=65534:65534
	start user setpriv --reuid 65534 --regid 65534 --clear-groups
	examine user 65534
	stop user
else
	owner=$(id -u)
	start user env
	examine user "$(id -u)"
	stop user
fi
echo "1..$n"
