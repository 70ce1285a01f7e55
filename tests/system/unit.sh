#!/bin/sh
# SPDX-License-Identifier: ISC
# The systemd unit is valid, and as tight as it claims.
set -u
cd "$(dirname "$0")/../.." || exit 1

command -v systemd-analyze >/dev/null || {
	echo "1..0 # SKIP no systemd-analyze"
	exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 1..4

result() {
	if [ "$1" -eq 0 ]; then
		echo "ok $2 - $3"
	else
		echo "not ok $2 - $3"
		sed 's/^/# /' "$dir/out"
	fi
}

make -s install DESTDIR="$dir/root" PREFIX=/usr BUILD="${BUILD:-build}" \
    >"$dir/out" 2>&1
result $? 1 "make install DESTDIR"
unit=$dir/root/usr/lib/systemd/system/mimd.service

systemd-analyze security --offline=yes --threshold=15 --no-pager "$unit" \
    >"$dir/out" 2>&1
result $? 2 "exposure is 1.5 or less"

# With the binary that is here, and without the manual pages.
sed "s|^ExecStart=[^ ]*|ExecStart=$dir/root/usr/sbin/mimd|" "$unit" \
    >"$dir/mimd.service"
systemd-analyze verify --man=no "$dir/mimd.service" >"$dir/out" 2>&1
r=$?
grep -q mimd.service "$dir/out" && r=1
result $r 3 "systemd-analyze verify"

# Who confines itself needs these, which are in no group.
r=0
for call in seccomp landlock_create_ruleset landlock_add_rule \
    landlock_restrict_self; do
	grep -q "^SystemCallFilter=.*$call" "$unit" || r=1
done
result $r 4 "the children may confine themselves"
