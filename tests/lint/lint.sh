#!/bin/sh
# SPDX-License-Identifier: ISC
# The house rules that a program can check.

cd "$(dirname "$0")/../.." || exit 1
n=0
status=0

# none what output: not ok if there is any output, which says why.
none()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | head -n 40 | sed 's/^/# /'
		status=1
	fi
}

sources()
{
	find common include mimd mimctl tests -name fixtures -prune -o \
	    \( -name '*.[chy]' -o -name '*.def' \) -print | sort
}

scripts()
{
	find .ci tests -name fixtures -prune -o -name corpus -prune -o \
	    -type f \( -name '*.sh' -o -name '*.py' -o -path '.ci/*' \) -print |
	    sort
}

long_lines()
{
	sources | xargs awk '{
		while ((tab = index($0, "\t")) > 0)
			$0 = substr($0, 1, tab - 1) \
			    substr("        ", (tab - 1) % 8 + 1) \
			    substr($0, tab + 1)
		if (length($0) > 80)
			print FILENAME ":" FNR ": " length($0) " columns"
	}'
}

# A child sees its own folder, mimd's and include/, never a sibling's.
sibling_headers()
{
	for child in mimd/*/; do
		child=${child%/}
		for header in mimd/*/*.h; do
			name=${header##*/}
			[ -e "$child/$name" ] || [ -e "mimd/$name" ] ||
			    [ -e "include/$name" ] ||
			    echo "#include \"$name\""
		done | grep -nHF -f - "$child"/*.[ch]
	done
}

# What the disk child does with files goes through io.c, where tests cut in.
disk_calls()
{
	for f in mimd/disk/*.c; do
		[ "$f" = mimd/disk/io.c ] || grep -nHE \
		    '\b(open(at|dir)?|f?stat(at|fs|vfs)?|lseek|p(read|write)v?|f(data)?sync|ftruncate|fallocate|posix_fadvise|(mkdir|rename|unlink)(at)?)\([^)]' "$f"
	done
}

# gcc builds the tree for the other tests; this is what clang says of it.  The
# sanitizers' build is clang's, and takes no warning: if it is there, and of
# this very tree, clang has nothing to say.
clang_says()
{
	make -q BUILD="${BUILD:-build}" san-objects >/dev/null 2>&1 ||
	    make -k -j2 BUILD="$build" CC="clang -fsyntax-only" CFLAGS= \
	    HARDEN= objects 2>&1 | grep -E '(error|warning): |\*\*\*' |
	    grep -v '^clang '
}

none "manual pages are clean" \
    "$(mandoc -Tlint -W warning man/* 2>&1)"
none "nothing is included from the folder above" \
    "$(sources | xargs grep -n '#include "\.\./')"
none "no child includes a sibling's header" "$(sibling_headers)"
none "no file is reached past the disk child's I/O layer" "$(disk_calls)"
none "no line of C is longer than 80 columns" "$(long_lines)"
none "no line ends in blanks" "$({ sources; scripts; echo Makefile; } |
    xargs grep -nE '[[:blank:]]+$')"
none "every C file names its licence" \
    "$(sources | xargs grep -L 'SPDX-License-Identifier: ISC')"
none "every script of the tests names its licence" "$(scripts |
    grep '^tests' | xargs grep -L 'SPDX-License-Identifier: ISC')"
none "every test may be run" "$(find tests/system tests/lint tests/fuzz \
    -maxdepth 1 \( -name '*.sh' -o -name '*.py' \) ! -perm -100)"
none "nothing is left to be done later" \
    "$(sources | xargs grep -nE '\b(TODO|FIXME|XXX)\b')"

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
trap 'exit 1' INT TERM
none "clang has nothing to say" "$(clang_says)"

echo "1..$n"
exit $status
