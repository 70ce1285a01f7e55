/* SPDX-License-Identifier: ISC */
#include "tally.h"

#include <sys/statfs.h>

#include "chan.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "loop.h"

#define TALLY_MS	1000U

static void
tally_on_timer(void *arg)
{
	tally_tell(arg);
}

void
tally_init(struct disk *d)
{
	d->tally = loop_timer_new(d->loop, tally_on_timer, d);
}

void
tally_soon(struct disk *d)
{
	if (!loop_timer_pending(d->tally))
		loop_timer_set(d->tally, TALLY_MS);
}

void
tally_read(struct disk *d, const struct content *t, uint64_t bytes)
{
	d->roots[t->root].read += bytes;
	tally_soon(d);
}

void
tally_written(struct disk *d, const struct content *t, uint64_t bytes)
{
	d->roots[t->root].written += bytes;
	tally_soon(d);
}

static void
tally_root(struct root *root, uint32_t index, struct rec_volume *v)
{
	struct statfs	st;

	*v = (struct rec_volume){ .root = index, .read = root->read,
	    .written = root->written };
	root->read = root->written = 0;
	if (io_fstatfs(root->fd, &st) == -1)
		return;
	v->size = (uint64_t)st.f_blocks * (uint64_t)st.f_bsize;
	v->free = (uint64_t)st.f_bavail * (uint64_t)st.f_bsize;
}

void
tally_tell(struct disk *d)
{
	struct rec_volume	 rows[ROOTS_MAX];
	uint32_t		 places[ROOTS_MAX] = { 0 }, i;
	struct msg_disk_tally	 m = { .volumes = { .v = rows } };
	struct content		*t;

	for (i = 0; i < ROOTS_MAX; i++) {
		if (d->roots[i].fd == -1)
			continue;
		places[i] = m.volumes.n;
		tally_root(&d->roots[i], i, &rows[m.volumes.n++]);
	}
	for (t = check_running(d, NULL); t != NULL; t = check_running(d, t))
		rows[places[t->root]].checking++;
	TAILQ_FOREACH(t, &d->checks, check_link)
		if (d->roots[t->root].fd != -1)
			rows[places[t->root]].queued++;
	m.saving = d->njobs;
	TAILQ_FOREACH(t, &d->dirty, dirty_link)
		m.saving++;
	chan_send(d->parent, MSG_DISK_TALLY, &m);
	if (!check_idle(d) || m.saving > 0)
		tally_soon(d);
}
