/* SPDX-License-Identifier: ISC */
#include "trackers.h"

#include "chan.h"
#include "content.h"
#include "disk.h"
#include "magnet_msg.h"
#include "metainfo.h"
#include "tracker_list.h"

#define PAGE	32U		/* of msg.def */
#define SAVE_MS	1000U		/* until a record with them is written */

static void
report(struct disk *d, const struct content *t, const struct rec_tracker *v,
    uint32_t n)
{
	struct msg_torrent_trackers	m = {
		.id = t->id,
		.edited = t->trackers != NULL,
	};
	uint32_t			i;

	for (i = 0; i < n || (i == 0 && m.edited); i += PAGE) {
		m.trackers.v = v + i;
		m.trackers.n = n - i < PAGE ? n - i : PAGE;
		chan_send(d->parent, MSG_TORRENT_TRACKERS, &m);
	}
}

void
trackers_report(struct disk *d, const struct content *t)
{
	struct rec_tracker	 rows[TRACKERS_MAX];
	const struct metainfo	*mi;
	uint32_t		 i;

	if (t->trackers != NULL) {
		report(d, t, t->trackers->v, t->trackers->n);
	} else if (t->magnet != NULL) {
		report(d, t, rows, magnet_pack_trackers(t->magnet, rows));
	} else {
		mi = t->files->mi;
		for (i = 0; i < mi->ntrackers && i < TRACKERS_MAX; i++)
			rows[i] = (struct rec_tracker){
				.tier = mi->trackers[i].tier,
				.url = mi->trackers[i].url,
			};
		report(d, t, rows, i);
	}
}

/* Pages come one after the other; the last makes the list count. */
void
trackers_on_retrack(struct chan *c, const struct msg_torrent_retrack *m,
    void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find(d, m->id);
	uint32_t	 i;

	(void)c;
	if (m->first || d->retrack == NULL) {
		tracker_list_free(d->retrack);
		d->retrack = tracker_list_new();
	}
	for (i = 0; i < m->trackers.n && d->retrack->n < TRACKERS_MAX; i++)
		tracker_list_add(d->retrack, m->trackers.v[i].tier,
		    m->trackers.v[i].url);
	if (!m->last)
		return;
	if (t != NULL && !t->removing &&
	    !tracker_list_equal(t->trackers, d->retrack)) {
		tracker_list_free(t->trackers);
		t->trackers = d->retrack;
		content_dirty(d, t, SAVE_MS);
	} else
		tracker_list_free(d->retrack);
	d->retrack = NULL;
}
