/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "selector.h"
#include "view.h"

#define IDS_MAX		4096		/* in one ctl_list */

static void	copy_torrent(struct view *view,
    const struct rec_torrent_row *r);
static void	copy_files(struct view *view, const struct msg_ctl_files *m);
static void	copy_peers(struct view *view, const struct msg_ctl_peers *m);
static void	copy_trackers(struct view *view,
    const struct msg_ctl_trackers *m);
static void	copy_webseeds(struct view *view,
    const struct msg_ctl_webseeds *m);
static void	torrent_clear(struct view_torrent *t);
static int	pick(struct view *view, struct selector *sel);

int
view_fetch(struct view *view, struct client *client, const uint32_t *ids,
    size_t nids, unsigned tables)
{
	struct msg_ctl_list	 req = { 0 };
	struct rec_id		*page;
	size_t			 done = 0, n;
	int			 status;

	req.files = (tables & VIEW_FILES) != 0;
	req.peers = (tables & VIEW_PEERS) != 0;
	req.trackers = (tables & VIEW_TRACKERS) != 0;
	req.webseeds = (tables & VIEW_WEBSEEDS) != 0;
	page = xcalloc(IDS_MAX, sizeof(*page));
	do {
		n = nids - done > IDS_MAX ? IDS_MAX : nids - done;
		for (size_t i = 0; i < n; i++)
			page[i].id = ids[done + i];
		req.ids.v = page;
		req.ids.n = (uint32_t)n;
		status = daemon_ask(client, MSG_CTL_LIST, &req, -1, DAEMON_MS,
		    NULL, view_on_message, view);
		done += n;
	} while (status == CTL_OK && done < nids);
	free(page);
	return status;
}

int
view_select(struct view *view, struct client *client, int nwords,
    char *const *words, unsigned tables)
{
	struct selector	*sel;
	uint32_t	*ids;
	size_t		 nids;
	char		 why[SELECTOR_ERR_MAX];
	int		 status;

	sel = selector_parse(nwords, words, why);
	if (sel == NULL) {
		warnx("%s", why);
		return CTL_USAGE;
	}
	status = view_fetch(view, client, NULL, 0,
	    selector_wants_trackers(sel) ? VIEW_TRACKERS : 0);
	if (status == CTL_OK && nwords > 0)
		status = pick(view, sel);
	selector_free(sel);
	if (status != CTL_OK || tables == 0 || view->n == 0)
		return status;

	/* Now the tables, of the chosen only. */
	nids = view->n;
	ids = xcalloc(nids, sizeof(*ids));
	for (size_t i = 0; i < nids; i++)
		ids[i] = view->torrents[i].row.id;
	view_clear(view);
	status = view_fetch(view, client, ids, nids, tables);
	free(ids);
	return status;
}

static void
describe(struct selector_torrent *to, const struct view_torrent *t)
{
	const char	**urls;

	to->id = t->row.id;
	to->infohash = t->row.infohash;
	to->infohash2 = t->row.infohash2.len == 32 ? t->row.infohash2.p : NULL;
	to->name = t->row.name;
	to->state = tstate_name(t->row.state);
	urls = xcalloc(t->ntrackers + 1, sizeof(*urls));
	for (size_t i = 0; i < t->ntrackers; i++)
		urls[i] = t->trackers[i].url;
	to->urls = urls;
	to->nurls = t->ntrackers;
}

/* Keep the torrents that sel wants. */
static int
pick(struct view *view, struct selector *sel)
{
	struct selector_torrent	*to;
	enum selector_result	 result;
	char			 why[SELECTOR_ERR_MAX];
	bool			*picked;
	size_t			 n = view->n, kept = 0;

	to = xcalloc(n + 1, sizeof(*to));
	picked = xcalloc(n + 1, sizeof(*picked));
	for (size_t i = 0; i < n; i++)
		describe(&to[i], &view->torrents[i]);
	result = selector_apply(sel, to, n, picked, why);
	for (size_t i = 0; i < n; i++) {
		free((void *)to[i].urls);
		if (picked[i])
			view->torrents[kept++] = view->torrents[i];
		else
			torrent_clear(&view->torrents[i]);
	}
	view->n = kept;
	view->last = 0;
	free(to);
	free(picked);
	if (result == SELECTOR_OK)
		return CTL_OK;
	warnx("%s", why);
	return result == SELECTOR_NONE ? CTL_NO_TORRENT : CTL_USAGE;
}

void
view_on_message(const struct msg_in *in, void *arg)
{
	struct view	*view = arg;

	switch (in->type) {
	case MSG_CTL_TORRENTS:
		for (uint32_t i = 0; i < in->body.ctl_torrents.rows.n; i++)
			copy_torrent(view, &in->body.ctl_torrents.rows.v[i]);
		break;
	case MSG_CTL_FILES:
		copy_files(view, &in->body.ctl_files);
		break;
	case MSG_CTL_PEERS:
		copy_peers(view, &in->body.ctl_peers);
		break;
	case MSG_CTL_TRACKERS:
		copy_trackers(view, &in->body.ctl_trackers);
		break;
	case MSG_CTL_WEBSEEDS:
		copy_webseeds(view, &in->body.ctl_webseeds);
		break;
	case MSG_CTL_TOTAL:
		view->down_rate = in->body.ctl_total.down_rate;
		view->up_rate = in->body.ctl_total.up_rate;
		view->announces = in->body.ctl_total.announces;
		view->stalled = in->body.ctl_total.stalled;
		strlcpy(view->network, in->body.ctl_total.network,
		    sizeof(view->network));
		strlcpy(view->proxy, in->body.ctl_total.proxy,
		    sizeof(view->proxy));
		break;
	default:
		break;
	}
}

/* Room for 2^k elements grows when n reaches it. */
static void *
grow(void *v, size_t n, size_t more, size_t size)
{
	size_t	cap = 1;

	while (cap < n)
		cap *= 2;
	if (n != 0 && n + more <= cap)
		return v;
	while (cap < n + more)
		cap *= 2;
	return xreallocarray(v, cap, size);
}

static void
copy_torrent(struct view *view, const struct rec_torrent_row *r)
{
	struct view_torrent	*t;
	uint8_t			*hash;

	view->torrents = grow(view->torrents, view->n, 1,
	    sizeof(*view->torrents));
	t = &view->torrents[view->n++];
	memset(t, 0, sizeof(*t));
	t->row = *r;
	t->row.name = xstrdup(r->name);
	t->row.error = xstrdup(r->error);
	t->row.dir = xstrdup(r->dir);
	hash = xmalloc(r->infohash2.len + 1);
	if (r->infohash2.len > 0)
		memcpy(hash, r->infohash2.p, r->infohash2.len);
	t->row.infohash2.p = hash;
}

/* Tables come torrent by torrent, in the order of the rows. */
static struct view_torrent *
find(struct view *view, uint32_t id)
{
	for (size_t i = 0; i < view->n; i++) {
		if (view->torrents[view->last].row.id == id)
			return &view->torrents[view->last];
		view->last = (view->last + 1) % view->n;
	}
	return NULL;
}

static void
copy_files(struct view *view, const struct msg_ctl_files *m)
{
	struct view_torrent	*t = find(view, m->id);

	if (t == NULL)
		return;
	t->files = grow(t->files, t->nfiles, m->files.n, sizeof(*t->files));
	for (uint32_t i = 0; i < m->files.n; i++) {
		t->files[t->nfiles] = m->files.v[i];
		t->files[t->nfiles++].path = xstrdup(m->files.v[i].path);
	}
}

static void
copy_peers(struct view *view, const struct msg_ctl_peers *m)
{
	struct view_torrent	*t = find(view, m->id);

	if (t == NULL)
		return;
	t->peers = grow(t->peers, t->npeers, m->peers.n, sizeof(*t->peers));
	for (uint32_t i = 0; i < m->peers.n; i++) {
		t->peers[t->npeers] = m->peers.v[i];
		t->peers[t->npeers++].client = xstrdup(m->peers.v[i].client);
	}
}

static void
copy_trackers(struct view *view, const struct msg_ctl_trackers *m)
{
	struct view_torrent	*t = find(view, m->id);
	struct rec_tracker_row	*r;

	if (t == NULL)
		return;
	t->trackers = grow(t->trackers, t->ntrackers, m->rows.n,
	    sizeof(*t->trackers));
	for (uint32_t i = 0; i < m->rows.n; i++) {
		r = &t->trackers[t->ntrackers++];
		*r = m->rows.v[i];
		r->url = xstrdup(r->url);
		r->error = xstrdup(r->error);
	}
}

static void
copy_webseeds(struct view *view, const struct msg_ctl_webseeds *m)
{
	struct view_torrent	*t = find(view, m->id);
	struct rec_webseed_row	*r;

	if (t == NULL)
		return;
	t->webseeds = grow(t->webseeds, t->nwebseeds, m->rows.n,
	    sizeof(*t->webseeds));
	for (uint32_t i = 0; i < m->rows.n; i++) {
		r = &t->webseeds[t->nwebseeds++];
		*r = m->rows.v[i];
		r->url = xstrdup(r->url);
		r->error = xstrdup(r->error);
	}
}

static void
torrent_clear(struct view_torrent *t)
{
	for (size_t i = 0; i < t->nfiles; i++)
		free((void *)t->files[i].path);
	for (size_t i = 0; i < t->npeers; i++)
		free((void *)t->peers[i].client);
	for (size_t i = 0; i < t->ntrackers; i++) {
		free((void *)t->trackers[i].url);
		free((void *)t->trackers[i].error);
	}
	free(t->files);
	free(t->peers);
	for (size_t i = 0; i < t->nwebseeds; i++) {
		free((void *)t->webseeds[i].url);
		free((void *)t->webseeds[i].error);
	}
	free(t->trackers);
	free(t->webseeds);
	free((void *)t->row.name);
	free((void *)t->row.error);
	free((void *)t->row.dir);
	free((void *)t->row.infohash2.p);
	memset(t, 0, sizeof(*t));
}

void
view_clear(struct view *view)
{
	for (size_t i = 0; i < view->n; i++)
		torrent_clear(&view->torrents[i]);
	free(view->torrents);
	memset(view, 0, sizeof(*view));
}

double
view_progress(const struct view_torrent *t)
{
	if (t->row.size == 0)
		return 0;
	return t->row.wanted == 0 ? 1 :
	    (double)t->row.got / (double)t->row.wanted;
}

bool
view_stuck(const struct rec_torrent_row *r)
{
	return r->state == TSTATE_ERROR || (r->held & SWARM_HELD_FILE) != 0;
}

/*
 * Uploaded for each byte of payload taken; of one that had all its data from
 * the start, for each byte it has.
 */
bool
view_ratio(const struct view_torrent *t, double *ratio)
{
	uint64_t	base = t->row.downloaded;

	if (base == 0)
		base = t->row.have;
	if (base == 0)
		return false;
	*ratio = (double)t->row.uploaded / (double)base;
	return true;
}

bool
view_eta(const struct view_torrent *t, uint64_t *seconds)
{
	uint64_t	left;

	if (t->row.state != TSTATE_DOWNLOADING || t->row.down_rate == 0 ||
	    t->row.got > t->row.wanted)
		return false;
	left = t->row.wanted - t->row.got;
	*seconds = (left + t->row.down_rate - 1) / t->row.down_rate;
	return true;
}
