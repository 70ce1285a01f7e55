/* SPDX-License-Identifier: ISC */
#include "fdcache.h"

#include <sys/queue.h>
#include <sys/tree.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "io.h"
#include "mem.h"

struct entry {
	RB_ENTRY(entry)		 node;	/* fdcache::tree */
	TAILQ_ENTRY(entry)	 used;	/* fdcache::lru, oldest first */
	uint32_t		 torrent;
	uint32_t		 index;
	int			 fd;
	enum file_mode		 mode;
};

RB_HEAD(entry_tree, entry);
TAILQ_HEAD(entry_list, entry);

struct fdcache {
	struct entry_tree	 tree;
	struct entry_list	 lru;
	unsigned int		 n, max;
	bool			 fresh;		/* st is of the last one */
	struct stat		 st;
	bool			 in_row;
	struct file_row		 row;
};

static int
entry_cmp(const struct entry *a, const struct entry *b)
{
	if (a->torrent != b->torrent)
		return a->torrent < b->torrent ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return 0;
}

RB_GENERATE_INTERNAL(entry_tree, entry, node, entry_cmp,
    static __attribute__((unused)))

static void
entry_close(struct fdcache *cache, struct entry *e)
{
	RB_REMOVE(entry_tree, &cache->tree, e);
	TAILQ_REMOVE(&cache->lru, e, used);
	cache->n--;
	io_close(e->fd);
	free(e);
}

struct fdcache *
fdcache_new(unsigned int max)
{
	struct fdcache	*cache = xcalloc(1, sizeof(*cache));

	RB_INIT(&cache->tree);
	TAILQ_INIT(&cache->lru);
	cache->max = max > 0 ? max : 1;
	return cache;
}

void
fdcache_free(struct fdcache *cache)
{
	struct entry	*e;

	if (cache == NULL)
		return;
	while ((e = TAILQ_FIRST(&cache->lru)) != NULL)
		entry_close(cache, e);
	free(cache);
}

static int
open_one(struct fdcache *cache, struct place place, const char *path,
    enum file_mode mode)
{
	if (mode == FILE_CREATE)
		return file_open(place, path, mode);
	if (mode == FILE_READ && cache->in_row &&
	    place.root == cache->row.place.root &&
	    place.subdir == cache->row.place.subdir)
		return file_row_open(&cache->row, path, &cache->st);
	return file_open_stat(place, path, mode, &cache->st);
}

/* Open, making room if the process or the system is out of descriptors. */
static int
open_with_room(struct fdcache *cache, struct place place, const char *path,
    enum file_mode mode)
{
	struct entry	*e;
	int		 fd;

	for (;;) {
		fd = open_one(cache, place, path, mode);
		if (fd != -1 || (errno != EMFILE && errno != ENFILE) ||
		    (e = TAILQ_FIRST(&cache->lru)) == NULL)
			return fd;
		entry_close(cache, e);
	}
}

int
fdcache_get(struct fdcache *cache, uint32_t torrent, uint32_t index,
    struct place place, const char *path, enum file_mode mode)
{
	struct entry	 key = { .torrent = torrent, .index = index };
	struct entry	*e;
	int		 fd;

	cache->fresh = false;
	e = RB_FIND(entry_tree, &cache->tree, &key);
	if (e != NULL && e->mode >= mode) {
		TAILQ_REMOVE(&cache->lru, e, used);
		TAILQ_INSERT_TAIL(&cache->lru, e, used);
		return e->fd;
	}
	if (e != NULL)
		entry_close(cache, e);
	else if (cache->n >= cache->max)
		entry_close(cache, TAILQ_FIRST(&cache->lru));
	fd = open_with_room(cache, place, path, mode);
	if (fd == -1)
		return -1;
	e = xcalloc(1, sizeof(*e));
	e->torrent = torrent;
	e->index = index;
	e->fd = fd;
	e->mode = mode;
	RB_INSERT(entry_tree, &cache->tree, e);
	TAILQ_INSERT_TAIL(&cache->lru, e, used);
	cache->n++;
	cache->fresh = mode != FILE_CREATE;
	return fd;
}

void
fdcache_row_begin(struct fdcache *cache, struct place place)
{
	cache->in_row = true;
	cache->row = (struct file_row){ .place = place };
}

void
fdcache_row_end(struct fdcache *cache)
{
	file_row_end(&cache->row);
	cache->in_row = false;
}

const struct stat *
fdcache_fresh(const struct fdcache *cache)
{
	return cache->fresh ? &cache->st : NULL;
}

void
fdcache_drop(struct fdcache *cache, uint32_t torrent)
{
	struct entry	 key = { .torrent = torrent };
	struct entry	*e, *next;

	for (e = RB_NFIND(entry_tree, &cache->tree, &key);
	    e != NULL && e->torrent == torrent; e = next) {
		next = RB_NEXT(entry_tree, &cache->tree, e);
		entry_close(cache, e);
	}
}

void
fdcache_drop_file(struct fdcache *cache, uint32_t torrent, uint32_t index)
{
	struct entry	 key = { .torrent = torrent, .index = index };
	struct entry	*e = RB_FIND(entry_tree, &cache->tree, &key);

	if (e != NULL)
		entry_close(cache, e);
}
