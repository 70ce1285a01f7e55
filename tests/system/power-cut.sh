#!/bin/sh
# SPDX-License-Identifier: ISC
# Power fails at every point of a run of the disk child.  POWERCUT_ALL=1 also
# keeps each change alone that was not synced: some minutes.

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-build}
case $build in
/*) ;;
*) build=$top/$build ;;
esac
# Of many processes that take no time of a clock; tests beside it do.
exec nice "$build/attempt/bin/powercut" ${POWERCUT_ALL:+-a}
