/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry.h"
#include "choice.h"
#include "geom.h"
#include "mem.h"
#include "slim.h"

static int
torrent_cmp(const struct torrent *a, const struct torrent *b)
{
	return memcmp(a->infohash, b->infohash, sizeof(a->infohash));
}

RB_GENERATE_INTERNAL(torrent_hashes, torrent, by_hash, torrent_cmp,
    __attribute__((unused)) static)

void
registry_init(struct registry *reg, const struct registry_ops *ops, void *arg)
{
	uint32_t	i;

	memset(reg, 0, sizeof(*reg));
	reg->ops = ops;
	reg->arg = arg;
	reg->next_id = 1;
	RB_INIT(&reg->hashes);
	RB_INIT(&reg->strings);
	for (i = 0; i < REGISTRY_ADDS_MAX; i++)
		reg->adds[i].fd = -1;
}

void
registry_clear(struct registry *reg)
{
	uint32_t	i;

	while (reg->n > 0)
		torrent_free(reg, reg->torrents[reg->n - 1]);
	free(reg->torrents);
	reg->torrents = NULL;
	for (i = 0; i < REGISTRY_ADDS_MAX; i++) {
		if (reg->adds[i].fd != -1)
			close(reg->adds[i].fd);
		magnet_free(reg->adds[i].magnet);
		choice_free(reg->adds[i].choice);
		free(reg->adds[i].subdir);
		free(reg->adds[i].away_subdir);
		reg->adds[i] = (struct pending_add){ .fd = -1 };
	}
}

/* Index of the first torrent whose id is at least this. */
static uint32_t
registry_index(const struct registry *reg, uint32_t id)
{
	uint32_t	low = 0, high = reg->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (reg->torrents[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct torrent *
registry_find(const struct registry *reg, uint32_t id)
{
	uint32_t	i = registry_index(reg, id);

	if (i == reg->n || reg->torrents[i]->id != id)
		return NULL;
	return reg->torrents[i];
}

struct torrent *
registry_find_hash(struct registry *reg, const uint8_t infohash[SHA1_LEN])
{
	struct torrent	key;

	memcpy(key.infohash, infohash, sizeof(key.infohash));
	return RB_FIND(torrent_hashes, &reg->hashes, &key);
}

struct torrent *
registry_after(const struct registry *reg, uint32_t id)
{
	uint32_t	i;

	if (id == UINT32_MAX)
		return NULL;
	i = registry_index(reg, id + 1);
	return i < reg->n ? reg->torrents[i] : NULL;
}

struct torrent *
torrent_new(struct registry *reg, uint32_t id,
    const uint8_t infohash[SHA1_LEN])
{
	struct torrent	*t;
	uint32_t	 i = registry_index(reg, id);

	if (reg->n == reg->size) {
		reg->size = reg->size == 0 ? 16 : reg->size * 2;
		reg->torrents = xreallocarray(reg->torrents, reg->size,
		    sizeof(*reg->torrents));
	}
	t = xcalloc(1, sizeof(*t));
	t->id = id;
	memcpy(t->infohash, infohash, sizeof(t->infohash));
	memmove(reg->torrents + i + 1, reg->torrents + i,
	    (reg->n - i) * sizeof(*reg->torrents));
	reg->torrents[i] = t;
	reg->n++;
	RB_INSERT(torrent_hashes, &reg->hashes, t);
	if (id >= reg->next_id)		/* at the end from 1 again */
		reg->next_id = id + 1;
	return t;
}

void
torrent_free(struct registry *reg, struct torrent *t)
{
	uint32_t	i = registry_index(reg, t->id);

	registry_dht_forget(reg, t);
	reg->n--;
	memmove(reg->torrents + i, reg->torrents + i + 1,
	    (reg->n - i) * sizeof(*reg->torrents));
	RB_REMOVE(torrent_hashes, &reg->hashes, t);
	torrent_files_clear(t);
	free(t->prios);
	torrent_order_free(t);
	torrent_trackers_clear(reg, t);
	torrent_webseeds_clear(t);
	free(t->infohash2);
	free(t->name);
	intern_drop(&reg->strings, t->dir);
	free(t->error);
	free(t->now);
	free(t->rows);
	free(t->known);
	free(t);
	slim_freed(&reg->freed);
}

bool
torrent_complete(const struct torrent *t)
{
	return t->size > 0 && t->got == t->wanted;
}

uint64_t
torrent_left(const struct torrent *t)
{
	return t->npieces == 0 ? BLOCK_SIZE : t->wanted - t->got;
}

enum tstate
torrent_state(const struct torrent *t)
{
	if (!t->loaded)
		return t->paused ? TSTATE_STOPPED : TSTATE_CHECKING;
	if (t->dstate == DSTATE_ERROR)
		return TSTATE_ERROR;
	if (t->dstate == DSTATE_CHECKING)
		return TSTATE_CHECKING;
	if (t->dstate == DSTATE_MOVING)
		return TSTATE_MOVING;
	if (t->paused || t->removing)
		return TSTATE_STOPPED;
	if (t->dstate == DSTATE_WAITING)
		return TSTATE_WAITING;
	if (t->npieces == 0)
		return TSTATE_METADATA;
	return torrent_complete(t) ? TSTATE_SEEDING : TSTATE_DOWNLOADING;
}

void
torrent_set_error(struct torrent *t, const char *error)
{
	free(t->error);
	t->error = *error == '\0' ? NULL : xstrdup(error);
}

void
torrent_files_clear(struct torrent *t)
{
	free(t->paths);
	free(t->files);
	t->paths = NULL;
	t->files = NULL;
	t->paths_len = t->paths_size = 0;
	t->files_got = t->files_size = 0;
}

/* The usual torrent has one file: start small, then double. */
static uint32_t
grown(uint32_t size, uint32_t need)
{
	while (size < need)
		size = size == 0 ? need : size * 2;
	return size;
}

int
torrent_file_add(struct torrent *t, const struct rec_file *f)
{
	struct tfile	*file;
	size_t		 len = strlen(f->path) + 1;

	if (t->files_got == t->nfiles || t->paths_len > INT32_MAX - len)
		return -1;
	if (t->files_got == t->files_size) {
		t->files_size = grown(t->files_size, t->files_got + 1);
		t->files = xreallocarray(t->files, t->files_size,
		    sizeof(*t->files));
	}
	if (len > t->paths_size - t->paths_len) {
		t->paths_size = grown(t->paths_size,
		    t->paths_len + (uint32_t)len);
		t->paths = xreallocarray(t->paths, t->paths_size, 1);
	}
	file = &t->files[t->files_got++];
	file->size = f->size;
	file->have = 0;
	file->attr = f->attr;
	file->path = t->paths_len;
	memcpy(t->paths + t->paths_len, f->path, len);
	t->paths_len += (uint32_t)len;
	return 0;
}

const char *
torrent_file_path(const struct torrent *t, uint32_t index)
{
	return t->paths + t->files[index].path;
}

const struct rec_swarm *
torrent_now(const struct torrent *t)
{
	static const struct rec_swarm	rest;

	return t->now != NULL ? t->now : &rest;
}

/* Most of many torrents rest, and what does costs no memory. */
void
torrent_set_now(struct torrent *t, const struct rec_swarm *now)
{
	if (now == NULL || (now->down_rate | now->up_rate | now->peers |
	    now->candidates | now->held) == 0) {
		free(t->now);
		t->now = NULL;
		return;
	}
	if (t->now == NULL)
		t->now = xmalloc(sizeof(*t->now));
	*t->now = *now;
}
