#!/bin/sh
# SPDX-License-Identifier: ISC
# The escape matrix, role x attempt, as root and as an ordinary user; and a
# child that says what it may not.
set -u
cd "$(dirname "$0")/../.." || exit 1
bin=${BUILD:-build}/attempt/bin

dir=$(mktemp -d)
pid=
clean() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
chmod 755 "$dir"
n=0

result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}

# Renumber what the matrix prints, under the name of who ran it.
matrix() {
	who=$1
	shift
	"$@" "$dir/matrix" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	while IFS= read -r line; do
		case $line in
		ok\ *) result 0 "$who: ${line#*- }" ;;
		not\ ok\ *) result 1 "$who: ${line#*- }" ;;
		esac
	done <"$dir/out"
	sed 's/^/# /' "$dir/err"
	result "$status" "$who: the whole matrix"
}

cp "$bin/matrix" "$dir/matrix" && chmod 755 "$dir/matrix" || exit 1
if [ "$(id -u)" -eq 0 ]; then
	make -s user || exit 1
	matrix root env
	matrix user setpriv --reuid 65534 --regid 65534 --clear-groups
else
	matrix user env
fi

# A mimd of its own, whose one child lies to its parent.
liar() {
	role=$1
	cp "$bin/mimd" "$dir/mimd-$role"
	mkdir -p "$dir/$role/state" "$dir/$role/downloads"
	printf '%s\n' "listen on 127.0.0.1 port $((20000 + $$ % 10000))" \
	    "state directory \"$dir/$role/state\"" \
	    "download directory \"$dir/$role/downloads\"" \
	    "port mapping yes" \
	    "control socket \"$dir/$role/sock\"" >"$dir/$role/conf"
	chown -R 65534:65534 "$dir/$role" 2>/dev/null
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$dir/mimd-$role" -d -f "$dir/$role/conf" \
		    >"$dir/$role/log" 2>&1 </dev/null &
	else
		"$dir/mimd-$role" -d -f "$dir/$role/conf" \
		    >"$dir/$role/log" 2>&1 </dev/null &
	fi
	pid=$!
	found=1
	tries=0
	while [ $tries -lt 100 ]; do
		if grep -q "$role: broke the rules and is killed" \
		    "$dir/$role/log" 2>/dev/null; then
			found=0
			break
		fi
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
	result $found "$role: a message it may not send is its end"
	[ $found -eq 0 ] || sed 's/^/# /' "$dir/$role/log"
}

for role in peer disk tracker resolver portmap dht; do
	liar $role
done
echo "1..$n"
