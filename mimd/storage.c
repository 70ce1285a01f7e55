/* SPDX-License-Identifier: ISC */
#include "storage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "mem.h"
#include "parent.h"

#define RATE_MIN_MS	500U	/* of time that makes a rate */
#define RATE_MAX_MS	3000U	/* ... and without news it is 0 */
#define TELL_MS		1000U	/* news are of so much time at least */

void
storage_clear(struct storage *s)
{
	uint32_t	i;

	for (i = 0; i < ROOTS_MAX; i++)
		free(s->volumes[i].error);
}

/* Totals travel as numbers up to INT64_MAX; a liar shall not wrap them. */
static void
add(uint64_t *total, uint64_t more)
{
	*total = more > INT64_MAX - *total ? INT64_MAX : *total + more;
}

static void
complain(struct parent *parent)
{
	struct storage	*s = &parent->storage;
	uint32_t	 stalled = storage_stalled(parent);

	if (stalled > 0 && !s->complained)
		log_warnx("disk has not answered for %u s: stuck?", stalled);
	else if (stalled == 0 && s->complained)
		log_info("disk answers again");
	s->complained = stalled > 0;
}

static uint64_t
per_second(uint64_t bytes, uint64_t ms)
{
	return bytes > INT64_MAX / 1000 ? INT64_MAX : bytes * 1000 / ms;
}

static void
make_rates(struct storage *s, uint64_t now)
{
	struct storage_volume	*v;
	uint64_t		 ms = now - s->since;
	uint32_t		 i;

	if (ms < RATE_MIN_MS)
		return;
	if (ms > RATE_MAX_MS)
		ms = TELL_MS;
	for (i = 0; i < ROOTS_MAX; i++) {
		v = &s->volumes[i];
		v->read_rate = per_second(v->fresh_read, ms);
		v->write_rate = per_second(v->fresh_written, ms);
		v->fresh_read = v->fresh_written = 0;
	}
	s->since = now;
}

void
storage_on_disk(struct parent *parent, const struct msg_disk_tally *m)
{
	struct storage			*s = &parent->storage;
	const struct rec_volume		*r;
	struct storage_volume		*v;
	uint32_t			 i;

	for (i = 0; i < m->volumes.n; i++) {
		r = &m->volumes.v[i];
		v = &s->volumes[r->root];
		add(&v->read, r->read);
		add(&v->written, r->written);
		add(&v->fresh_read, r->read);
		add(&v->fresh_written, r->written);
		v->size = r->size;
		v->free = r->free;
		v->checking = r->checking;
		v->queued = r->queued;
	}
	s->saving = m->saving;
	s->asked = 0;
	s->told = loop_now(parent->loop);
	make_rates(s, s->told);
	complain(parent);
}

void
storage_on_arena(struct parent *parent, const struct msg_arena_tally *m)
{
	struct storage	*s = &parent->storage;

	s->arena = *m;
	s->arena_at = loop_now(parent->loop);
	add(&s->sent, m->sent);
	add(&s->blocks_read, m->read);
	complain(parent);
}

void
storage_on_down(struct parent *parent, enum role role)
{
	struct storage	*s = &parent->storage;
	uint32_t	 i;

	if (role == ROLE_PEER || role == ROLE_DISK)
		memset(&s->arena, 0, sizeof(s->arena));
	if (role != ROLE_DISK)
		return;
	s->asked = 0;
	s->told = 0;
	s->saving = 0;
	s->complained = false;
	for (i = 0; i < ROOTS_MAX; i++)
		s->volumes[i].checking = s->volumes[i].queued = 0;
}

uint32_t
storage_root(const struct parent *parent, const char *dir)
{
	const char	*root;
	size_t		 len, best = 0;
	uint32_t	 i, found = 0;

	for (i = 0; i < parent->conf->nroots; i++) {
		root = parent->conf->roots[i];
		len = strlen(root);
		if (len > best && strncmp(root, dir, len) == 0 &&
		    (dir[len] == '\0' || dir[len] == '/' ||
		    root[len - 1] == '/')) {
			best = len;
			found = i;
		}
	}
	return found;
}

void
storage_on_error(struct parent *parent, const struct torrent *t)
{
	struct storage_volume	*v;

	if (t->error == NULL || t->dir == NULL)
		return;
	v = &parent->storage.volumes[storage_root(parent, t->dir)];
	free(v->error);
	v->error = xasprintf("torrent %u: %.480s", t->id, t->error);
	v->error_at = (uint64_t)time(NULL);
}

void
storage_tick(struct parent *parent)
{
	struct msg_disk_ask	 m = { .none = 0 };
	struct proc		*disk = parent_child(parent, ROLE_DISK);

	complain(parent);
	if (!disk->ready || !proc_up(disk) || parent->storage.asked != 0)
		return;
	parent->storage.asked = loop_now(parent->loop);
	proc_send(disk, MSG_DISK_ASK, &m);
}

uint32_t
storage_stalled(const struct parent *parent)
{
	const struct storage	*s = &parent->storage;
	uint64_t		 now = loop_now(parent->loop), ms = 0;

	if (s->arena.silent > 0)
		ms = s->arena.silent + (now - s->arena_at);
	if (s->asked != 0 && now - s->asked > ms)
		ms = now - s->asked;
	return ms < STORAGE_STALL_MS ? 0 :
	    ms / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ms / 1000);
}

uint64_t
storage_rate(const struct parent *parent, uint64_t rate)
{
	return loop_now(parent->loop) - parent->storage.told > RATE_MAX_MS ?
	    0 : rate;
}
