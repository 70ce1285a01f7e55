/* SPDX-License-Identifier: ISC */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_SLOT	16384U
#define ARENA_SLOTS_MIN	64U
#define ARENA_SLOTS_MAX	262144U		/* 4 GiB */

/* Shared memory of 16 KiB slots between the two ends of a data channel. */
struct arena {
	uint8_t		*base;		/* NULL: not mapped */
	uint32_t	 nslots;
};

/* A new memfd, sized, sealed and not executable; -1 and errno on failure. */
int	arena_create(uint32_t nslots);
/*
 * Map fd, which is closed in any case.  Refuses, with -1 and errno, an fd
 * of another size or without the seals SHRINK, GROW and SEAL.
 */
int	arena_map(struct arena *arena, int fd, uint32_t nslots);
void	arena_unmap(struct arena *arena);
/* Give the memory of n slots from first back to the system. */
void	arena_release(struct arena *arena, uint32_t first, uint32_t n);

static inline uint8_t *
arena_slot(const struct arena *arena, uint32_t slot)
{
	return arena->base + (size_t)slot * ARENA_SLOT;
}

#endif /* ARENA_H */
