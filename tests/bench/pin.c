/* SPDX-License-Identifier: ISC */
/*
 * pin: keep one page in each 2 MiB of physical memory.
 *
 * A guest that hands free memory back to its host pays a host fault for each
 * page it uses again, several times the price of writing to it, and figures
 * then say nothing about the program measured.  Only whole blocks are handed
 * back; one page kept in each prevents it.  Wants root, to see physical
 * addresses.  Prints "ready" and stays until its standard input ends.
 */

#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE		4096UL
#define BLOCK_SHIFT	9		/* pages of a block, log2 */
#define STEP_PAGES	4096UL		/* looked at in one read */
#define PFN_MASK	((1ULL << 55) - 1)
#define BLOCKS_MAX	(1UL << 24)	/* of 2 MiB: 32 TiB */

static uint8_t	seen[BLOCKS_MAX / 8];	/* set of physical blocks */

/* True the first time it sees a block. */
static int
first_of_block(uint64_t pfn)
{
	uint64_t	block = pfn >> BLOCK_SHIFT;
	uint8_t		bit = (uint8_t)(1 << (block % 8));

	if (block >= BLOCKS_MAX)
		errx(1, "more memory than expected");
	if (seen[block / 8] & bit)
		return 0;
	seen[block / 8] |= bit;
	return 1;
}

/* Give back all of these pages but the first of each physical block. */
static unsigned long
thin_out(uint8_t *base, const uint64_t *map, unsigned long n)
{
	unsigned long	i, from = 0, kept = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && !first_of_block(map[i] & PFN_MASK))
			continue;
		if (i > from && madvise(base + from * PAGE,
		    (i - from) * PAGE, MADV_DONTNEED) == -1)
			err(1, "madvise");
		from = i + 1;
		kept += i < n;
	}
	return kept;
}

static unsigned long
pin(uint8_t *mem, unsigned long npages)
{
	static uint64_t	 map[STEP_PAGES];
	unsigned long	 at, i, n, kept = 0;
	off_t		 off;
	ssize_t		 want;
	int		 fd;

	if ((fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) == -1)
		err(1, "pagemap");
	/* All first: pages given back early would only be handed out again. */
	for (i = 0; i < npages; i++)
		mem[i * PAGE] = 1;
	for (at = 0; at < npages; at += n) {
		n = npages - at < STEP_PAGES ? npages - at : STEP_PAGES;
		off = (off_t)(((uintptr_t)mem / PAGE + at) * sizeof(map[0]));
		want = (ssize_t)(n * sizeof(map[0]));
		if (pread(fd, map, (size_t)want, off) != want)
			err(1, "pagemap");
		if ((map[0] & PFN_MASK) == 0)
			errx(1, "physical addresses are not shown: not root?");
		kept += thin_out(mem + at * PAGE, map, n);
	}
	close(fd);
	return kept;
}

int
main(int argc, char *argv[])
{
	uint8_t		*mem;
	unsigned long	 mib, size;
	char		 c;

	if (argc != 2 || (mib = strtoul(argv[1], NULL, 10)) == 0) {
		fprintf(stderr, "usage: pin MiB\n");
		return 2;
	}
	size = mib << 20;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		err(1, "mmap");
	if (madvise(mem, size, MADV_NOHUGEPAGE) == -1)
		err(1, "madvise");
	printf("ready %lu\n", pin(mem, size / PAGE));
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		continue;
	return 0;
}
