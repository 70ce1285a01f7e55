/* SPDX-License-Identifier: ISC */
/* Memory: code, and the arena. */
#include <sys/mman.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "attempt.h"

static int
try_mmap_exec(const struct attempt_env *env)
{
	(void)env;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
try_mprotect_exec(const struct attempt_env *env)
{
	void	*p;

	(void)env;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int
try_arena(const struct attempt_env *env)
{
	struct arena	arena;

	if (arena_map(&arena, env->arena, ATTEMPT_SLOTS) == -1)
		return -1;
	memset(arena_slot(&arena, ATTEMPT_SLOTS - 1), 1, ARENA_SLOT);
	arena_release(&arena, 0, ATTEMPT_SLOTS);
	arena_unmap(&arena);
	return 0;
}

/* Longer than it is: told apart when mapped. */
static int
try_arena_larger(const struct attempt_env *env)
{
	struct arena	arena;

	return arena_map(&arena, env->arena, ATTEMPT_SLOTS + 1);
}

/* The mapping made by hand: its pages beyond the end fault. */
static int
try_arena_beyond(const struct attempt_env *env)
{
	volatile uint8_t	*p;

	p = mmap(NULL, (ATTEMPT_SLOTS + 1) * ARENA_SLOT,
	    PROT_READ | PROT_WRITE, MAP_SHARED, env->arena, 0);
	if (p == MAP_FAILED)
		return -1;
	p[ATTEMPT_SLOTS * ARENA_SLOT] = 1;
	return 0;
}

static int
try_arena_resize(const struct attempt_env *env)
{
	return ftruncate(env->arena, 2 * ATTEMPT_SLOTS * ARENA_SLOT);
}

const struct attempt	attempts_memory[] = {
	/* peer, disk, tracker, resolver, portmap, dht; signal */
	{ "mmap of code", try_mmap_exec,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "mprotect to code", try_mprotect_exec,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "use the arena", try_arena,
	    { WORKS, WORKS, WORKS, WORKS, WORKS, WORKS }, 0 },
	{ "map more than the arena", try_arena_larger,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "write beyond the arena", try_arena_beyond,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, SIGBUS },
	{ "resize the arena", try_arena_resize,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ .name = NULL }
};
