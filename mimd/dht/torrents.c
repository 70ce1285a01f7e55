/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "node.h"

/*
 * Whose turn it is: the torrents that wait stand in two lines by the time
 * they are due, so that thousands cost nothing until then; when there are
 * more than the rate lets be searched, the lines grow late together.
 */
#define JITTER_MS	(DHT_ANNOUNCE_MS / 10)
#define AGAIN_MS	60000	/* sooner than that: at least; doubles */
#define AGAIN_SHIFTS	4

static int
hash_cmp(const struct torrent *a, const struct torrent *b)
{
	return memcmp(a->hash, b->hash, ID_LEN);
}

static int
due_cmp(const struct torrent *a, const struct torrent *b)
{
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return memcmp(a->hash, b->hash, ID_LEN);
}

RB_GENERATE_INTERNAL(torrent_hashes, torrent, by_hash, hash_cmp,
    __attribute__((unused)) static)
RB_GENERATE_INTERNAL(torrent_dues, torrent, by_due, due_cmp,
    __attribute__((unused)) static)

static struct torrent *
find(const struct dht *d, const uint8_t *hash)
{
	struct torrent	key;

	memcpy(key.hash, hash, ID_LEN);
	return RB_FIND(torrent_hashes, (struct torrent_hashes *)&d->torrents,
	    &key);
}

static void
line_up(struct dht *d, struct torrent *t, uint64_t due)
{
	t->due = due;
	RB_INSERT(torrent_dues, &d->due[t->seed], t);
}

static void
step_out(struct dht *d, struct torrent *t)
{
	RB_REMOVE(torrent_dues, &d->due[t->seed], t);
}

bool
dht_torrent_add(struct dht *d, const uint8_t *hash, bool seed, uint64_t now)
{
	struct torrent	*t = find(d, hash);

	if (t == NULL) {
		if (d->ntorrents == DHT_TORRENTS_MAX)
			return false;
		t = xcalloc(1, sizeof(*t));
		memcpy(t->hash, hash, ID_LEN);
		t->seed = seed;
		RB_INSERT(torrent_hashes, &d->torrents, t);
		d->ntorrents++;
		line_up(d, t, now);
	} else if (t->searching > 0) {
		t->seed = seed;
	} else {
		step_out(d, t);
		t->seed = seed;
		line_up(d, t, t->due);
	}
	return true;
}

/* The searches of a torrent, or of all, end without a word. */
static void
stop(struct dht *d, const struct torrent *t)
{
	struct search	*s, *next;

	TAILQ_FOREACH_SAFE(s, &d->searches, entry, next)
		if (s->torrent == t)
			search_free(d, s);
	d->nsearching -= t->searching > 0;
}

void
dht_torrent_del(struct dht *d, const uint8_t *hash)
{
	struct torrent	*t = find(d, hash);

	if (t == NULL)
		return;
	if (t->searching > 0)
		stop(d, t);
	else
		step_out(d, t);
	RB_REMOVE(torrent_hashes, &d->torrents, t);
	d->ntorrents--;
	free(t);
}

/* After a search, if it was in vain. */
static uint64_t
again_after(struct torrent *t)
{
	uint64_t	wait = (uint64_t)AGAIN_MS << t->agains;

	if (t->agains < AGAIN_SHIFTS)
		t->agains++;
	return wait < DHT_ANNOUNCE_MS ? wait : DHT_ANNOUNCE_MS;
}

void
dht_torrent_again(struct dht *d, const uint8_t *hash, uint64_t now)
{
	struct torrent	*t = find(d, hash);
	uint64_t	 due;

	if (t == NULL || t->again)
		return;
	t->again = true;
	if (t->searching > 0)
		return;
	/* The last search was about so long before it is due. */
	due = t->due + again_after(t);
	due = due > now + DHT_ANNOUNCE_MS ? due - DHT_ANNOUNCE_MS : now;
	if (due >= t->due)
		return;
	step_out(d, t);
	line_up(d, t, due);
}

void
torrents_clear(struct dht *d)
{
	struct torrent	*t;

	while ((t = RB_ROOT(&d->torrents)) != NULL)
		dht_torrent_del(d, t->hash);
}

/* More at a time would only wait for each other. */
static uint32_t
room(const struct dht *d)
{
	uint32_t	max = SEARCHES_TORRENTS / 2;

	if (d->config.rate > 0 && d->config.rate / SEARCH_SHARE < max)
		max = d->config.rate / SEARCH_SHARE;
	if (max < 1)
		max = 1;
	return d->nsearching < max ? max - d->nsearching : 0;
}

static bool
has_nodes(const struct side *side)
{
	return side->on && side->table.n > 0;
}

/* Downloads first; but one in four is a seed, if any is due. */
static struct torrent *
next(const struct dht *d, uint64_t now)
{
	struct torrent	*t[2];
	int		 i, first = d->stats.searched % 4 == 3;

	for (i = 0; i < 2; i++) {
		t[i] = RB_MIN(torrent_dues,
		    (struct torrent_dues *)&d->due[i]);
		if (t[i] != NULL && t[i]->due > now)
			t[i] = NULL;
	}
	return t[first] != NULL ? t[first] : t[!first];
}

static void
start(struct dht *d, struct torrent *t, uint64_t now)
{
	struct search	*s;
	int		 i;

	step_out(d, t);
	if (!t->again)
		t->agains = 0;
	t->again = t->reached = false;
	d->stats.searched++;
	for (i = 0; i < 2; i++) {
		if (!has_nodes(&d->side[i]) || (s = search_new(d, &d->side[i],
		    SEARCH_PEERS, t->hash, now)) == NULL)
			continue;
		s->torrent = t;
		t->searching++;
		search_take_stored(d, s);
	}
	if (t->searching > 0)
		d->nsearching++;
	else
		line_up(d, t, now + NODE_TICK_MS);
}

void
torrents_run(struct dht *d, uint64_t now)
{
	struct torrent	*t;
	uint32_t	 n;

	if (!has_nodes(&d->side[0]) && !has_nodes(&d->side[1]))
		return;
	for (n = room(d); n > 0 && (t = next(d, now)) != NULL; n--)
		start(d, t, now);
}

uint64_t
torrents_due(const struct dht *d)
{
	struct torrent	*t;
	uint64_t	 due = UINT64_MAX;
	int		 i;

	if (room(d) == 0 ||
	    (!has_nodes(&d->side[0]) && !has_nodes(&d->side[1])))
		return due;
	for (i = 0; i < 2; i++) {
		t = RB_MIN(torrent_dues, (struct torrent_dues *)&d->due[i]);
		if (t != NULL && t->due < due)
			due = t->due;
	}
	return due;
}

uint32_t
torrents_late(const struct dht *d, uint64_t now)
{
	struct torrent	*t;
	uint32_t	 n = 0;
	int		 i;

	for (i = 0; i < 2; i++)
		RB_FOREACH(t, torrent_dues,
		    (struct torrent_dues *)&d->due[i]) {
			if (t->due > now)
				break;
			n++;
		}
	return n;
}

/* The hops to the nearest node, of those that answered. */
static uint32_t
hops(const struct lookup *l)
{
	uint32_t	i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].state == LOOKUP_ANSWERED)
			return l->v[i].hops + 1U;
	return 0;
}

void
torrents_on_end(struct dht *d, struct search *s, uint64_t now)
{
	struct torrent		*t = s->torrent;
	struct dht_found	 found = {
		.v6 = s->side->v6, .peers = s->npeers,
		.queries = s->lookup.asks, .hops = hops(&s->lookup),
		.stored = holders_count(s), .ms = (uint32_t)(now - s->since)
	};
	uint64_t		 wait = DHT_ANNOUNCE_MS - JITTER_MS;

	t->reached |= found.hops > 0;
	if (--t->searching == 0) {
		d->nsearching--;
		wait += node_random(d) % (2 * JITTER_MS);
		t->again |= !t->reached;	/* it is our net */
		line_up(d, t, now + (t->again ? again_after(t) : wait));
	}
	if (d->ops->searched != NULL)
		d->ops->searched(d->arg, t->hash, &found);
}
