/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bitfield.h"
#include "mem.h"
#include "peer/choker.h"
#include "peer/picker.h"
#include "peer/pipeline.h"
#include "peer/rate.h"

/*
 * A whole swarm without I/O: a seed and leeches, each with the picker, the
 * choker, the pipelines and the rates that the peer child has, wired together
 * by a clock of milliseconds.  Messages take no time, blocks the time that
 * their sender's upload limit gives them.
 */
#define LEECHES		20
#define NODES		(LEECHES + 1)	/* the last is the seed */
#define SEED		LEECHES
#define RATE		(2U << 20)	/* bytes/s that each uploads */
#define PIECE		(256U << 10)
#define SIZE		(96U << 20)
#define BLOCKS		(PIECE / BLOCK_SIZE)
#define NPIECES		(SIZE / PIECE)
#define LIMIT_MS	(6000ULL * (SIZE / RATE))
#define QUEUE		512

struct block {
	uint32_t	piece, block;
};

/* What a node knows of another. */
struct link {
	struct pieceset	 has;
	struct block	 asked[QUEUE];	/* of it, in order */
	uint32_t	 nasked;
	uint32_t	 wanted, last;
	struct pipeline	 pipeline;
	struct rate	 down;
	uint64_t	 heard, choked_at;
	uint64_t	 uploaded, got_on_at;
	uint32_t	 got_on;
	bool		 unchoked;	/* by us */
	bool		 asked_us;
	uint8_t		 idle;
};

struct node {
	struct picker	*picker;	/* NULL: the seed */
	struct link	 to[NODES];
	uint8_t		 came[NPIECES];	/* blocks of each piece */
	uint32_t	 turn;		/* who is served next */
	uint32_t	 slots;
	bool		 scarce;
	uint64_t	 rechoke_at, up_since, uploaded, wasted, done;
	int64_t		 tokens;
};

static const struct geom	geom = { SIZE, PIECE, NPIECES };
static struct node		nodes[NODES];
static uint64_t			now, chance;

/* In place of libbsd's, so that a run can be had again. */
uint32_t
arc4random(void)
{
	chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(chance >> 32);
}

uint32_t
arc4random_uniform(uint32_t bound)
{
	return bound < 2 ? 0 : arc4random() % bound;
}

static bool
node_has(const struct node *n, uint32_t piece)
{
	return n->picker == NULL || picker_has(n->picker, piece);
}

static void
link_forget(struct node *n, uint32_t peer, uint32_t i)
{
	struct link	*l = &n->to[peer];

	l->nasked--;
	memmove(&l->asked[i], &l->asked[i + 1],
	    (l->nasked - i) * sizeof(l->asked[0]));
}

static void
link_take_back(struct node *n, uint32_t peer, struct block b)
{
	struct link	*l = &n->to[peer];
	uint32_t	 i;

	for (i = 0; i < l->nasked; i++)
		if (l->asked[i].piece == b.piece &&
		    l->asked[i].block == b.block) {
			link_forget(n, peer, i);
			return;
		}
}

/* Requests of blocks, as request.c makes them. */
static void
link_refill(uint32_t me, uint32_t peer)
{
	struct node	*n = &nodes[me];
	struct link	*l = &n->to[peer];
	struct pick	 picks[QUEUE];
	struct pick_peer p;
	uint64_t	 rate = rate_get(&l->down, now);
	uint32_t	 room, got, i;

	if (n->picker == NULL || !nodes[peer].to[me].unchoked ||
	    l->wanted == 0)
		return;
	room = pipeline_window(&l->pipeline, rate, 1, QUEUE);
	if (room <= l->nasked)
		return;
	p = (struct pick_peer){ .id = peer + 1, .has = &l->has,
	    .wanted = l->wanted, .outstanding = l->nasked, .last = l->last,
	    .idle = l->nasked < PICKER_ENDGAME };
	if (!l->pipeline.snubbed) {
		p.rate = rate;
		p.fast = rate * 20 >= PIECE;
	}
	if (l->nasked == 0)
		pipeline_start(&l->pipeline, now);
	got = picker_pick(n->picker, &p, LEECHES, now, picks,
	    room - l->nasked);
	for (i = 0; i < got; i++) {
		struct block	b = { picks[i].piece, picks[i].block };

		l->asked[l->nasked++] = b;
		l->last = b.piece;
		if (picks[i].instead != 0)
			link_take_back(n, picks[i].instead - 1, b);
	}
	if (got > 0)
		nodes[peer].to[me].asked_us = true;
}

static void
link_drop_all(uint32_t me, uint32_t peer)
{
	struct node	*n = &nodes[me];
	struct link	*l = &n->to[peer];

	while (l->nasked > 0) {
		picker_unask(n->picker, peer + 1, l->asked[0].piece,
		    l->asked[0].block);
		link_forget(n, peer, 0);
	}
	picker_disown(n->picker, peer + 1);
}

/* ---- choking, as unchoke.c does it ---- */

static bool
link_interested(uint32_t me, uint32_t peer)
{
	return nodes[peer].picker != NULL && nodes[peer].to[me].wanted > 0;
}

static void
set_choke(uint32_t me, uint32_t peer, bool choke)
{
	struct link	*l = &nodes[me].to[peer];

	if (l->unchoked != choke)
		return;
	l->unchoked = !choke;
	l->choked_at = now;
	if (choke) {
		if (l->asked_us)
			l->idle = 0;
		else if (l->idle < CHOKER_IDLE_MAX)
			l->idle++;
		link_drop_all(peer, me);
		return;
	}
	l->asked_us = false;
	nodes[peer].to[me].heard = now;
	link_refill(peer, me);
}

static uint32_t
node_unchoked(const struct node *n)
{
	uint32_t	i, k = 0;

	for (i = 0; i < NODES; i++)
		k += n->to[i].unchoked;
	return k;
}

static void
on_interest(uint32_t me, uint32_t peer)
{
	struct node	*n = &nodes[me];
	struct link	*l = &n->to[peer];

	if (!l->unchoked && l->idle == 0 && !n->scarce &&
	    node_unchoked(n) < n->slots)
		set_choke(me, peer, false);
}

static void
node_rechoke(uint32_t me)
{
	struct node		*n = &nodes[me];
	struct choker_peer	 v[NODES];
	struct link		*l;
	uint32_t		 i, k = 0, used = 0, blocked = 0;
	uint64_t		 rate = n->up_since * 1000 / CHOKER_ROUND_MS;

	for (i = 0; i < NODES; i++) {
		l = &n->to[i];
		if (i == me)
			continue;
		if (l->has.count != l->got_on) {
			l->got_on = l->has.count;
			l->got_on_at = l->uploaded;
		}
		v[k++] = (struct choker_peer){ .torrent = 1,
		    .seeding = n->picker == NULL || n->done != 0,
		    .interested = link_interested(me, i),
		    .unchoked = l->unchoked, .served = l->choked_at != 0,
		    .busy = l->asked_us, .idle = l->idle,
		    .progress = (uint16_t)(l->has.count * 1000 / NPIECES),
		    .since = l->choked_at != 0 ? l->choked_at : 1,
		    .rate = rate_get(&l->down, now), .heard = l->heard,
		    .silent = l->wanted > 0 && nodes[i].to[me].unchoked,
		    .taken = l->uploaded - l->got_on_at, .size = SIZE,
		    .max = CHOKER_SLOTS_MAX, .arg = l };
		if (l->unchoked && l->asked_us) {
			used++;
			blocked += nodes[i].to[me].nasked > 0;
		}
	}
	n->slots = choker_slots(n->slots, used, blocked, rate, RATE);
	n->scarce = choker_scarce(used, blocked, rate, RATE);
	n->up_since = 0;
	choker_run(v, k, n->slots, n->scarce, now);
	for (i = 0; i < k; i++)
		if (!v[i].unchoked)
			set_choke(me, (uint32_t)((struct link *)v[i].arg -
			    n->to), true);
	for (i = 0; i < k; i++)
		if (v[i].unchoked)
			set_choke(me, (uint32_t)((struct link *)v[i].arg -
			    n->to), false);
	n->rechoke_at = now + CHOKER_ROUND_MS;
}

/* ---- blocks ---- */

static void
tell_have(uint32_t me, uint32_t piece)
{
	struct link	*l;
	uint32_t	 i;

	for (i = 0; i < LEECHES; i++) {
		if (i == me)
			continue;
		l = &nodes[i].to[me];
		bitfield_set(l->has.bits, piece);
		l->has.count++;
		picker_add_piece(nodes[i].picker, piece);
		if (!node_has(&nodes[i], piece)) {
			if (l->wanted++ == 0)
				on_interest(me, i);
			link_refill(i, me);
		}
	}
	nodes[SEED].to[me].has.count++;
}

static void
piece_done(uint32_t me, uint32_t piece)
{
	struct node	*n = &nodes[me];
	uint32_t	 i;

	assert_true(picker_on_good(n->picker, piece));
	for (i = 0; i < NODES; i++)
		if (i != me && (i == SEED ||
		    bitfield_get(n->to[i].has.bits, piece)))
			n->to[i].wanted--;
	if (picker_left(n->picker) == 0)
		n->done = now;
	tell_have(me, piece);
}

static void
deliver(uint32_t from, uint32_t me)
{
	struct node		*n = &nodes[me];
	struct link		*l = &n->to[from];
	struct block		 b = l->asked[0];
	struct pick_sender	 sender = { .id = from + 1 };
	uint32_t		 other;

	link_forget(n, from, 0);
	pipeline_on_block(&l->pipeline, now, BLOCK_SIZE);
	rate_add(&l->down, now, BLOCK_SIZE);
	l->heard = now;
	nodes[from].uploaded += BLOCK_SIZE;
	nodes[from].up_since += BLOCK_SIZE;
	nodes[from].to[me].uploaded += BLOCK_SIZE;
	if (!picker_wants(n->picker, b.piece, b.block)) {
		picker_unask(n->picker, from + 1, b.piece, b.block);
		n->wasted += BLOCK_SIZE;
	} else {
		other = picker_on_block(n->picker, &sender, b.piece, b.block);
		picker_on_stored(n->picker, b.piece, b.block, true);
		if (other != 0)
			link_take_back(n, other - 1, b);
		if (++n->came[b.piece] == BLOCKS)
			piece_done(me, b.piece);
		if (other != 0)
			link_refill(me, other - 1);
	}
	link_refill(me, from);
}

static void
node_upload(uint32_t me)
{
	struct node	*n = &nodes[me];
	uint32_t	 i, k;

	n->tokens += RATE / 1000;
	if (n->tokens > RATE / 4)
		n->tokens = RATE / 4;
	while (n->tokens >= (int64_t)BLOCK_SIZE) {
		for (i = 0; i < NODES; i++) {
			k = (n->turn + i) % NODES;
			if (k != me && n->to[k].unchoked &&
			    nodes[k].to[me].nasked > 0)
				break;
		}
		if (i == NODES)
			return;
		n->turn = k + 1;
		n->tokens -= BLOCK_SIZE;
		deliver(me, k);
	}
}

/* Each second, as request_tick() does. */
static void
node_tick(uint32_t me)
{
	struct node	*n = &nodes[me];
	struct link	*l;
	uint32_t	 i;

	if (n->picker == NULL)
		return;
	for (i = 0; i < NODES; i++) {
		l = &n->to[i];
		if (i == me)
			continue;
		if (l->nasked > 0 && pipeline_late(&l->pipeline, now)) {
			pipeline_on_timeout(&l->pipeline, now);
			link_drop_all(me, i);
		}
		link_refill(me, i);
	}
}

static void
crowd_init(uint64_t seed)
{
	uint8_t		 none[NPIECES / 8 + 1] = { 0 };
	struct node	*n;
	uint32_t	 i, j;

	memset(nodes, 0, sizeof(nodes));
	chance = seed;
	now = 1000;
	for (i = 0; i < NODES; i++) {
		n = &nodes[i];
		n->slots = choker_slots_max(RATE);
		n->rechoke_at = now + arc4random_uniform(CHOKER_ROUND_MS);
		if (i != SEED)
			n->picker = picker_new(&geom, none);
		for (j = 0; j < NODES; j++) {
			pipeline_init(&n->to[j].pipeline);
			n->to[j].last = PICKER_NONE;
			if (i == SEED)
				continue;
			if (j != SEED)
				n->to[j].has.bits = xcalloc(1,
				    NPIECES / 8 + 1);
			else
				n->to[j].has.count = NPIECES;
			picker_add_set(n->picker, &n->to[j].has);
			n->to[j].wanted = n->to[j].has.count;
		}
	}
	for (i = 0; i < LEECHES; i++)
		on_interest(SEED, i);
}

static void
crowd_free(void)
{
	uint32_t	i, j;

	for (i = 0; i < NODES; i++) {
		picker_free(nodes[i].picker);
		for (j = 0; j < NODES; j++)
			free(nodes[i].to[j].has.bits);
	}
}

static uint32_t
crowd_left(void)
{
	uint32_t	i, left = 0;

	for (i = 0; i < LEECHES; i++)
		left += nodes[i].done == 0;
	return left;
}

static void
crowd_run(void)
{
	uint32_t	i;

	while (crowd_left() > 0 && now < LIMIT_MS) {
		now++;
		for (i = 0; i < NODES; i++) {
			if (now >= nodes[i].rechoke_at)
				node_rechoke(i);
			if (now % 1000 == i)
				node_tick(i);
			node_upload(i);
		}
	}
}

/*
 * Thousandths of the ideal time, in which the seed could send all of it once,
 * that the last one took.
 */
static uint32_t
crowd_report(void)
{
	uint64_t	last = 0, wasted = 0;
	uint32_t	i;

	for (i = 0; i < LEECHES; i++) {
		assert_true(nodes[i].done > 0);
		if (nodes[i].done > last)
			last = nodes[i].done;
		wasted += nodes[i].wasted;
	}
	last -= 1000;
	print_message("# last after %llu.%llu s, ideal %u s; the seed sent "
	    "%llu percent, wasted %llu blocks\n",
	    (unsigned long long)last / 1000,
	    (unsigned long long)last % 1000 / 100, SIZE / RATE,
	    (unsigned long long)nodes[SEED].uploaded * 100 / SIZE,
	    (unsigned long long)wasted / BLOCK_SIZE);
	return (uint32_t)(last / (SIZE / RATE));
}

static void
test_crowd(void **state)
{
	uint64_t	seed;

	(void)state;
	for (seed = 1; seed <= 3; seed++) {
		crowd_init(seed);
		crowd_run();
		assert_true(crowd_report() < 1300);
		crowd_free();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
