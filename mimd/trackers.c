/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "registry.h"
#include "mem.h"
#include "url.h"

/* The trackers of a torrent: what disk and the user say, and their state. */

#define PAGE	32U		/* of msg.def */

static void
clear(struct registry *reg, struct ttracker *tr)
{
	intern_drop(&reg->strings, tr->url);
	free(tr->error);
}

void
torrent_trackers_clear(struct registry *reg, struct torrent *t)
{
	uint8_t	i;

	for (i = 0; i < t->ntrackers; i++)
		clear(reg, &t->trackers[i]);
	free(t->trackers);
	t->trackers = NULL;
	t->ntrackers = 0;
}

static int
add(struct registry *reg, struct torrent *t, const char *url, uint8_t tier)
{
	struct ttracker	*tr;

	if (t->ntrackers == TRACKERS_MAX)
		return -1;
	t->trackers = xreallocarray(t->trackers, t->ntrackers + 1U,
	    sizeof(*t->trackers));
	tr = &t->trackers[t->ntrackers++];
	memset(tr, 0, sizeof(*tr));
	tr->url = intern(&reg->strings, url);
	tr->tier = tier;
	tr->state = TRACKER_IDLE;
	tr->seeds = tr->leeches = tr->downloads = UINT32_MAX;
	return 0;
}

static void
drop(struct registry *reg, struct torrent *t, uint8_t i)
{
	clear(reg, &t->trackers[i]);
	t->ntrackers--;
	memmove(&t->trackers[i], &t->trackers[i + 1],
	    (t->ntrackers - i) * sizeof(*t->trackers));
}

static struct ttracker *
find(struct torrent *t, const char *url)
{
	uint8_t	i;

	for (i = 0; i < t->ntrackers; i++)
		if (strcmp(t->trackers[i].url, url) == 0)
			return &t->trackers[i];
	return NULL;
}

/* ---- what the user says ---- */

/* Each in a tier of its own, after those that are there. */
static const char *
edit_add(struct registry *reg, struct torrent *t,
    const struct rec_tracker *list, uint32_t n)
{
	unsigned int	tier = 0;
	uint32_t	i;
	uint8_t		was = t->ntrackers;

	/* BEP 27: its own tracker alone may know of it. */
	if (t->private)
		return "it is private: its trackers can be replaced, but no "
		    "other added";
	for (i = 0; i < t->ntrackers; i++)
		if (t->trackers[i].tier >= tier)
			tier = t->trackers[i].tier + 1U;
	for (i = 0; i < n; i++) {
		if (find(t, list[i].url) != NULL)
			continue;
		if (tier > UINT8_MAX)
			tier = UINT8_MAX;
		if (add(reg, t, list[i].url, (uint8_t)tier++) == 0)
			continue;
		while (t->ntrackers > was)
			drop(reg, t, t->ntrackers - 1);
		return "it cannot have more than 64 trackers";
	}
	return t->ntrackers > was ? NULL : "it has that tracker already";
}

static bool
names(const char *what, const char *url)
{
	struct url	u;
	const char	*why;

	return strcmp(what, url) == 0 || (url_parse(&u, url, &why) == 0 &&
	    strcasecmp(what, u.host) == 0);
}

static const char *
edit_del(struct registry *reg, struct torrent *t,
    const struct rec_tracker *list, uint32_t n)
{
	uint32_t	i;
	uint8_t		k, was = t->ntrackers;

	for (i = 0; i < n; i++)
		for (k = t->ntrackers; k-- > 0;)
			if (names(list[i].url, t->trackers[k].url))
				drop(reg, t, k);
	return t->ntrackers < was ? NULL : "it has no such tracker";
}

/* Those that stay keep what is known of them. */
static const char *
edit_set(struct registry *reg, struct torrent *t,
    const struct rec_tracker *list, uint32_t n)
{
	struct torrent	 old = { .trackers = t->trackers,
		.ntrackers = t->ntrackers };
	struct ttracker	*was, *now, tmp;
	uint32_t	 i;

	t->trackers = NULL;
	t->ntrackers = 0;
	for (i = 0; i < n; i++) {
		if (find(t, list[i].url) != NULL)
			continue;
		add(reg, t, list[i].url, (uint8_t)i);
		if ((was = find(&old, list[i].url)) == NULL)
			continue;
		now = &t->trackers[t->ntrackers - 1];
		tmp = *now;
		*now = *was;
		*was = tmp;
		now->tier = (uint8_t)i;
	}
	torrent_trackers_clear(reg, &old);
	return NULL;
}

const char *
registry_edit_trackers(struct registry *reg, struct torrent *t,
    enum tracker_what what, const struct rec_tracker *list, uint32_t n)
{
	const char	*why = NULL;

	if (!t->loaded)
		return "it is not loaded yet";
	switch (what) {
	case TRACKER_ADD:
		why = edit_add(reg, t, list, n);
		break;
	case TRACKER_DEL:
		why = edit_del(reg, t, list, n);
		break;
	case TRACKER_SET:
		why = edit_set(reg, t, list, n);
		break;
	}
	if (why != NULL)
		return why;
	t->edited = t->relist = t->retrack = true;
	registry_reconcile(reg, t);
	return NULL;
}

const char *
registry_announce(struct registry *reg, struct torrent *t, char *text,
    size_t size)
{
	struct msg_tracker_announce	m = { .id = t->id };
	uint64_t			now = (uint64_t)time(NULL);
	uint32_t			soonest = UINT32_MAX;
	uint8_t				i;

	if (t->ntrackers == 0)
		return "it has no tracker";
	if (t->announce != ANNOUNCE_STARTED)
		return "it does not run: it is not announced";
	if (!reg->ops->up(ROLE_TRACKER, reg->arg))
		return "the tracker process is starting anew: try again";
	for (i = 0; i < t->ntrackers; i++)
		if (t->trackers[i].allowed != 0 &&
		    t->trackers[i].allowed < soonest)
			soonest = t->trackers[i].allowed;
	if (soonest == UINT32_MAX)
		return "its announce is under way";
	if (soonest > now) {
		snprintf(text, size, "next announce allowed in %llu s",
		    (unsigned long long)(soonest - now));
		return text;
	}
	reg->ops->send(ROLE_TRACKER, MSG_TRACKER_ANNOUNCE, &m, -1, reg->arg);
	return NULL;
}

/* ---- what the children are told ---- */

/* A page of the list from i on; how many. */
static uint32_t
page(const struct torrent *t, uint32_t i, struct rec_tracker rows[PAGE])
{
	uint32_t	n;

	for (n = 0; n < PAGE && i < t->ntrackers; n++, i++)
		rows[n] = (struct rec_tracker){
			.tier = t->trackers[i].tier,
			.url = t->trackers[i].url,
			.known = t->trackers[i].known,
		};
	return n;
}

void
registry_send_trackers(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_torrent	m = {
		.id = t->id,
		.private = t->private,
	};
	struct msg_tracker_urls		urls = { .id = t->id };
	struct rec_tracker		rows[PAGE];
	uint32_t			i = 0;

	memcpy(m.infohash, t->infohash, sizeof(m.infohash));
	reg->ops->send(ROLE_TRACKER, MSG_TRACKER_TORRENT, &m, -1, reg->arg);
	do {
		urls.first = i == 0;
		urls.trackers.v = rows;
		urls.trackers.n = page(t, i, rows);
		i += urls.trackers.n;
		urls.last = i == t->ntrackers;
		reg->ops->send(ROLE_TRACKER, MSG_TRACKER_URLS, &urls, -1,
		    reg->arg);
	} while (!urls.last);
	t->relist = false;
}

void
registry_send_retrack(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_retrack	m = { .id = t->id };
	struct rec_tracker		rows[PAGE];
	uint32_t			i = 0;

	do {
		m.first = i == 0;
		m.trackers.v = rows;
		m.trackers.n = page(t, i, rows);
		i += m.trackers.n;
		m.last = i == t->ntrackers;
		reg->ops->send(ROLE_DISK, MSG_TORRENT_RETRACK, &m, -1,
		    reg->arg);
	} while (!m.last);
	t->retrack = false;
}

/* ---- what the children say ---- */

int
registry_on_trackers(struct registry *reg,
    const struct msg_torrent_trackers *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	uint32_t	 i;

	/* Told a second time they are the same: keep what tracker said. */
	if (t == NULL || t->loaded)
		return 0;
	t->edited = m->edited;
	for (i = 0; i < m->trackers.n; i++) {
		if (add(reg, t, m->trackers.v[i].url,
		    m->trackers.v[i].tier) == -1)
			return -1;
	}
	return 0;
}

/* Tracker may try its list in another order than ours; the URL tells. */
static struct ttracker *
tracker_by_url(struct torrent *t, const struct rec_tracker_row *row)
{
	if (row->index < t->ntrackers &&
	    strcmp(t->trackers[row->index].url, row->url) == 0)
		return &t->trackers[row->index];
	return find(t, row->url);
}

static uint32_t
time32(uint64_t when)
{
	return when > UINT32_MAX ? UINT32_MAX : (uint32_t)when;
}

void
registry_on_tracker_rows(struct registry *reg,
    const struct msg_tracker_rows *m)
{
	const struct rec_tracker_row	*row;
	struct torrent			*t = registry_find(reg, m->id);
	struct ttracker			*tr;
	uint32_t			 i;

	if (t == NULL)
		return;
	for (i = 0; i < m->rows.n; i++) {
		row = &m->rows.v[i];
		if ((tr = tracker_by_url(t, row)) == NULL)
			continue;
		tr->state = row->state;
		if (t->announce == ANNOUNCE_STARTED && row->last > 0 &&
		    row->state == TRACKER_WAITING)
			tr->known = true;
		tr->seeds = row->seeds;
		tr->leeches = row->leeches;
		tr->downloads = row->downloads;
		tr->last = time32(row->last);
		tr->next = time32(row->next);
		tr->allowed = time32(row->allowed);
		free(tr->error);
		tr->error = *row->error == '\0' ? NULL : xstrdup(row->error);
	}
}
