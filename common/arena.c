/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "arena.h"
#include "memfile.h"

#define ARENA_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

int
arena_create(uint32_t nslots)
{
	int	fd, saved;

	if ((fd = memfile_new("mim-arena")) == -1)
		return -1;
	if (ftruncate(fd, (off_t)nslots * ARENA_SLOT) == -1 ||
	    fcntl(fd, F_ADD_SEALS, ARENA_SEALS) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
arena_map(struct arena *arena, int fd, uint32_t nslots)
{
	void		*base = MAP_FAILED;
	size_t		 size = (size_t)nslots * ARENA_SLOT;
	int		 seals, saved;

	seals = fcntl(fd, F_GET_SEALS);
	/* Not fstat(3), which may be a look at any path to a filter. */
	if (seals == -1 || (seals & ARENA_SEALS) != ARENA_SEALS ||
	    lseek(fd, 0, SEEK_END) != (off_t)size)
		errno = EPERM;
	else
		base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	saved = errno;
	close(fd);
	if (base == MAP_FAILED) {
		errno = saved;
		return -1;
	}
	arena->base = base;
	arena->nslots = nslots;
	return 0;
}

void
arena_unmap(struct arena *arena)
{
	if (arena->base != NULL)
		munmap(arena->base, (size_t)arena->nslots * ARENA_SLOT);
	arena->base = NULL;
	arena->nslots = 0;
}

void
arena_release(struct arena *arena, uint32_t first, uint32_t n)
{
	madvise(arena_slot(arena, first), (size_t)n * ARENA_SLOT, MADV_REMOVE);
}
