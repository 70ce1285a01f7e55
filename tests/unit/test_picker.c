/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bitfield.h"
#include "mem.h"
#include "peer/picker.h"

#define PEERS	12
#define MAX	40	/* requests of a peer */

/* A swarm in miniature: who has what, who was asked for what. */
struct sim_peer {
	bool		 here;
	struct pieceset	 has;
	struct pick	 asked[MAX];
	uint32_t	 nasked;
	uint32_t	 last;		/* piece it was asked for */
};

struct sim {
	struct geom	 g;
	struct picker	*p;
	struct sim_peer	 peer[PEERS];
	uint8_t		*block;		/* times stored, by piece and block */
	bool		 endgame;	/* a block was asked for twice */
	uint32_t	 late;		/* ... because a peer was late */
	uint32_t	 fresh;		/* blocks asked for once */
	uint64_t	 now;
	uint64_t	 rand;		/* of the order of events */
};

/* Repeatable: the seed is printed when a test fails. */
static uint32_t
sim_rand(struct sim *s, uint32_t n)
{
	s->rand ^= s->rand << 13;
	s->rand ^= s->rand >> 7;
	s->rand ^= s->rand << 17;
	return (uint32_t)(s->rand >> 11) % n;
}

/* SEED=n in the environment repeats what was printed. */
static uint64_t
seed_of(uint32_t run)
{
	static uint64_t	 base;
	const char	*s = getenv("SEED");

	if (base == 0) {
		base = s != NULL ? strtoull(s, NULL, 0) : arc4random() + 1ULL;
		print_message("# SEED=%llu\n", (unsigned long long)base);
	}
	return base + run * 0x9e3779b97f4a7c15ULL;
}

static uint8_t *
sim_block(struct sim *s, uint32_t piece, uint32_t block)
{
	return &s->block[piece * 16 + block];
}

static void
sim_init(struct sim *s, uint32_t npieces, uint32_t piece_length)
{
	uint8_t	*none = xcalloc(1, bitfield_size(npieces));

	memset(s, 0, sizeof(*s));
	s->g = (struct geom){ (uint64_t)npieces * piece_length - 777,
	    piece_length, npieces };
	s->p = picker_new(&s->g, none);
	s->now = 1000000;
	s->rand = seed_of(0);
	s->block = xcalloc(npieces, 16);
	free(none);
}

static void
sim_leave(struct sim *s, uint32_t i)
{
	struct sim_peer	*q = &s->peer[i];

	while (q->nasked > 0) {
		q->nasked--;
		picker_unask(s->p, i + 1, q->asked[q->nasked].piece,
		    q->asked[q->nasked].block);
	}
	picker_disown(s->p, i + 1);
	picker_del_set(s->p, &q->has);
	free(q->has.bits);
	memset(q, 0, sizeof(*q));
}

static void
sim_join(struct sim *s, uint32_t i, bool seed)
{
	struct sim_peer	*q = &s->peer[i];
	uint32_t	 k;

	q->here = true;
	if (seed) {
		q->has.count = s->g.npieces;
	} else {
		q->has.bits = xcalloc(1, bitfield_size(s->g.npieces));
		for (k = 0; k < s->g.npieces; k++)
			if (sim_rand(s, 3) == 0) {
				bitfield_set(q->has.bits, k);
				q->has.count++;
			}
	}
	picker_add_set(s->p, &q->has);
}

static bool
sim_asked(const struct sim_peer *q, const struct pick *k)
{
	uint32_t	i;

	for (i = 0; i < q->nasked; i++)
		if (q->asked[i].piece == k->piece &&
		    q->asked[i].block == k->block)
			return true;
	return false;
}

/* Take back from a peer what another was asked for instead. */
static void
sim_take_back(struct sim *s, uint32_t id, const struct pick *k)
{
	struct sim_peer	*q = &s->peer[id - 1];
	uint32_t	 i;

	for (i = 0; i < q->nasked; i++)
		if (q->asked[i].piece == k->piece &&
		    q->asked[i].block == k->block) {
			q->asked[i] = q->asked[--q->nasked];
			return;
		}
	fail_msg("not asked of peer %u", id);
}

static uint32_t
sim_pick_at(struct sim *s, uint32_t i, uint32_t n, bool fast, bool parole,
    uint64_t rate)
{
	struct sim_peer	*q = &s->peer[i];
	struct pick_peer peer = { .id = i + 1, .has = &q->has, .fast = fast,
	    .parole = parole, .outstanding = q->nasked, .rate = rate,
	    .last = q->last };
	struct pick	 out[MAX];
	uint32_t	 got, k, o, others;

	peer.wanted = picker_count_wanted(s->p, &q->has);
	peer.idle = q->nasked < PICKER_ENDGAME;
	if (n > MAX - q->nasked)
		n = MAX - q->nasked;
	got = picker_pick(s->p, &peer, PEERS, s->now, out, n);
	assert_true(got <= n);
	for (k = 0; k < got; k++) {
		assert_true(out[k].piece < s->g.npieces);
		assert_true(out[k].block < geom_nblocks(&s->g, out[k].piece));
		assert_false(picker_has(s->p, out[k].piece));
		assert_true(q->has.bits == NULL ||
		    bitfield_get(q->has.bits, out[k].piece));
		assert_int_equal(*sim_block(s, out[k].piece, out[k].block), 0);
		assert_false(sim_asked(q, &out[k]));
		if (out[k].instead != 0)
			sim_take_back(s, out[k].instead, &out[k]);
		for (o = others = 0; o < PEERS; o++)
			others += sim_asked(&s->peer[o], &out[k]);
		assert_true(others <= 1);
		if (others == 1 && peer.idle && got <= PICKER_ENDGAME) {
			/* Only in the endgame, and only of an idle peer ... */
			s->endgame = true;
		}
		if (others == 1 && rate != 0) {
			s->late++;
		} else if (others == 1) {
			/* ... or of one that had been faster. */
			assert_true(peer.idle && got <= PICKER_ENDGAME);
		} else {
			s->fresh++;
		}
		q->asked[q->nasked++] = out[k];
		q->last = out[k].piece;
	}
	return got;
}

static void
sim_pick(struct sim *s, uint32_t i, uint32_t n, bool fast, bool parole)
{
	sim_pick_at(s, i, n, fast, parole, 0);
}

/* Peer i sends what it was asked for at index k. */
static void
sim_answer(struct sim *s, uint32_t i, uint32_t k)
{
	struct sim_peer		*q = &s->peer[i];
	struct pick		 b = q->asked[k];
	struct pick_sender	 sender = { .id = i + 1, .ip = { (uint8_t)i } };
	uint32_t		 other, n, bl;
	bool			 all = true;

	q->asked[k] = q->asked[--q->nasked];
	if (!picker_wants(s->p, b.piece, b.block))
		return;
	other = picker_on_block(s->p, &sender, b.piece, b.block);
	assert_int_not_equal(other, i + 1);
	for (n = 0; other != 0 && n < s->peer[other - 1].nasked; n++)
		if (s->peer[other - 1].asked[n].piece == b.piece &&
		    s->peer[other - 1].asked[n].block == b.block) {
			q = &s->peer[other - 1];
			q->asked[n] = q->asked[--q->nasked];
			break;
		}
	if (sim_rand(s, 30) == 0) {
		picker_on_stored(s->p, b.piece, b.block, false);
		return;
	}
	picker_on_stored(s->p, b.piece, b.block, true);
	assert_int_equal((*sim_block(s, b.piece, b.block))++, 0);
	for (bl = 0; bl < geom_nblocks(&s->g, b.piece); bl++)
		all &= *sim_block(s, b.piece, bl) == 1;
	if (!all)
		return;
	if (sim_rand(s, 10) == 0) {
		picker_on_bad(s->p, b.piece);
		if (sim_rand(s, 2) == 0)
			picker_retry(s->p, b.piece);
		memset(sim_block(s, b.piece, 0), 0, 16);
	} else {
		assert_true(picker_on_good(s->p, b.piece));
		assert_false(picker_on_good(s->p, b.piece));
	}
}

static void
sim_free(struct sim *s)
{
	uint32_t	i;

	for (i = 0; i < PEERS; i++)
		if (s->peer[i].here)
			sim_leave(s, i);
	picker_free(s->p);
	free(s->block);
}

/* Anything that may happen. */
static void
sim_event(struct sim *s)
{
	uint32_t	i = sim_rand(s, PEERS), n = s->g.npieces, k;

	s->now += sim_rand(s, 200);
	switch (sim_rand(s, 40)) {
	case 0:
		picker_set_mode(s->p, sim_rand(s, 4));
		return;
	case 1:
		k = sim_rand(s, n);
		picker_set_priority(s->p, k, k + sim_rand(s, n - k),
		    sim_rand(s, 3));
		return;
	case 2:
		k = sim_rand(s, n);
		picker_add_file(s->p, k, k + sim_rand(s, n - k));
		return;
	case 3:
		picker_suggest(s->p, i + 1, sim_rand(s, n + 3));
		return;
	}
	if (!s->peer[i].here)
		sim_join(s, i, sim_rand(s, 4) == 0);
	else if (sim_rand(s, 60) == 0)
		sim_leave(s, i);
	else if (sim_rand(s, 3) == 0)
		sim_pick_at(s, i, 1 + sim_rand(s, MAX), i % 3 == 0,
		    i % 7 == 6, i % 3 == 0 ? 1000000 : 0);
	else if (s->peer[i].nasked > 0)
		sim_answer(s, i, sim_rand(s, s->peer[i].nasked));
}

/* Any order of events ends with all pieces, each block stored once. */
static void
test_any_order(void **state)
{
	struct sim	s, r;
	uint32_t	run, step;

	(void)state;
	for (run = 0; run < 300; run++) {
		r = (struct sim){ .rand = seed_of(run) };
		sim_init(&s, 1 + sim_rand(&r, 60), 40000 +
		    sim_rand(&r, 80000));
		s.rand = r.rand;
		for (step = 0; picker_left(s.p) > 0; step++) {
			if (step == 200000)
				fail_msg("run %u never ends", run);
			sim_event(&s);
			assert_true(picker_nopen(s.p) <= PICKER_OPEN_MAX);
		}
		assert_int_equal(picker_nopen(s.p), 0);
		assert_true(picker_all_came(s.p));
		sim_free(&s);
	}
}

/* When the only peer with a piece leaves, its blocks are free for others. */
static void
test_nothing_lost(void **state)
{
	struct sim	s;

	(void)state;
	sim_init(&s, 3, 65536);
	sim_join(&s, 0, true);
	sim_pick(&s, 0, MAX, true, false);
	assert_int_equal(s.peer[0].nasked, 12);
	sim_leave(&s, 0);
	sim_join(&s, 1, true);
	sim_pick(&s, 1, MAX, false, false);
	assert_int_equal(s.peer[1].nasked, 12);
	assert_false(s.endgame);
	sim_free(&s);
}

/* Fast peers take whole pieces, in order. */
static void
test_extent(void **state)
{
	struct sim	s;
	uint32_t	k;

	(void)state;
	sim_init(&s, 40, 131072);
	sim_join(&s, 0, true);
	sim_join(&s, 1, true);
	for (k = 0; k < 5; k++) {
		sim_pick(&s, 0, 4, true, false);
		sim_pick(&s, 1, 4, true, false);
	}
	for (k = 1; k < 8; k++) {
		assert_int_equal(s.peer[0].asked[k].piece,
		    s.peer[0].asked[0].piece);
		assert_int_equal(s.peer[0].asked[k].block, k);
		assert_int_not_equal(s.peer[1].asked[k].piece,
		    s.peer[0].asked[k].piece);
	}
	sim_free(&s);
}

/* The rarest piece is opened first once four are begun. */
static void
test_rarest(void **state)
{
	struct sim	s;
	uint32_t	i, k;
	uint8_t		have[25] = { 0xf0 };

	(void)state;
	sim_init(&s, 200, 16384);
	picker_free(s.p);
	s.p = picker_new(&s.g, have);	/* four are done */
	for (i = 0; i < 5; i++) {
		s.peer[i].here = true;
		s.peer[i].has.bits = xcalloc(1, 25);
		for (k = 0; k < 200; k++)
			if (k % 5 <= i) {
				bitfield_set(s.peer[i].has.bits, k);
				s.peer[i].has.count++;
			}
		picker_add_set(s.p, &s.peer[i].has);
	}
	/* k % 5 == 4 is had by one peer, 0 by five. */
	sim_pick(&s, 4, MAX, false, false);
	for (k = 0; k < s.peer[4].nasked && k < 39; k++)
		assert_int_equal(s.peer[4].asked[k].piece % 5, 4);
	sim_free(&s);
}

/* A choked peer is asked for what it allows, and for nothing else. */
static void
test_among(void **state)
{
	struct sim		s;
	struct pieceset		all = { .count = 100 };
	struct pick_peer	peer = { .id = 1, .has = &all, .wanted = 100 };
	static const uint32_t	allowed[] = { 7, 99, 42 };
	struct pick		picks[64];
	uint8_t			bits[13] = { 0x01 };	/* 7 alone */
	uint32_t		n, i;

	(void)state;
	sim_init(&s, 100, 4 * 16384);
	picker_add_set(s.p, &all);
	n = picker_pick_among(s.p, &peer, allowed, 3, s.now, picks, 64);
	assert_int_equal(n, 12);
	for (i = 0; i < n; i++)
		assert_true(picks[i].piece == allowed[i / 4]);
	assert_int_equal(picker_pick_among(s.p, &peer, allowed, 3, s.now,
	    picks, 64), 0);
	for (i = 0; i < 4; i++)
		picker_unask(s.p, 1, 42, i);
	/* On parole it takes nothing, and nothing that it has not. */
	peer.parole = true;
	assert_int_equal(picker_pick_among(s.p, &peer, allowed, 3, s.now,
	    picks, 64), 0);
	peer.parole = false;
	peer.has = &(struct pieceset){ .bits = bits, .count = 1 };
	assert_int_equal(picker_pick_among(s.p, &peer, allowed, 3, s.now,
	    picks, 64), 0);
	peer.has = &all;
	assert_int_equal(picker_pick_among(s.p, &peer, allowed, 3, s.now,
	    picks, 3), 3);
	picker_on_good(s.p, 42);
	assert_int_equal(picker_pick_among(s.p, &peer, allowed, 3, s.now,
	    picks, 64), 0);
	picker_del_set(s.p, &all);
	sim_free(&s);
}

static void
test_blame(void **state)
{
	struct sim		 s;
	struct pick_sender	 who[PICKER_SENDERS];
	struct pick_sender	 a = { .id = 1, .ip = { 1 } };
	struct pick_sender	 b = { .id = 2, .ip = { 2 } };
	uint32_t		 n;

	(void)state;
	sim_init(&s, 1, 65536);
	sim_join(&s, 0, true);
	sim_pick(&s, 0, MAX, false, false);
	assert_int_equal(picker_blame(s.p, 0, who, &n), PICK_UNKNOWN);
	picker_on_block(s.p, &a, 0, 0);
	picker_on_block(s.p, &a, 0, 1);
	assert_int_equal(picker_blame(s.p, 0, who, &n), PICK_SOLE);
	assert_int_equal(who[0].id, 1);
	picker_on_block(s.p, &b, 0, 2);
	assert_int_equal(picker_blame(s.p, 0, who, &n), PICK_MIXED);
	assert_int_equal(n, 2);
	/* A block that disk lost says nothing about its sender. */
	picker_on_stored(s.p, 0, 2, false);
	assert_int_equal(picker_blame(s.p, 0, who, &n), PICK_SOLE);
	picker_on_bad(s.p, 0);
	assert_int_equal(picker_blame(s.p, 0, who, &n), PICK_UNKNOWN);
	s.peer[0].nasked = 0;
	sim_free(&s);
}

/* A peer that has these pieces and no others. */
static void
sim_join_with(struct sim *s, uint32_t i, uint32_t first, uint32_t n)
{
	struct sim_peer	*q = &s->peer[i];

	q->here = true;
	q->has.bits = xcalloc(1, bitfield_size(s->g.npieces));
	for (q->has.count = 0; q->has.count < n; q->has.count++)
		bitfield_set(q->has.bits, first + q->has.count);
	picker_add_set(s->p, &q->has);
}

/* Pieces that were begun with peers who left keep nobody else waiting. */
static void
test_absent(void **state)
{
	struct sim	s;
	uint32_t	i;

	(void)state;
	sim_init(&s, 60, 4 * 16384);
	for (i = 0; i < 5; i++) {
		sim_join_with(&s, i, i * 10, 10);
		sim_pick(&s, i, MAX - 1, true, false);
	}
	assert_true(picker_nopen(s.p) > PICKER_OPEN_BASE + 2);
	for (i = 0; i < 5; i++)
		sim_leave(&s, i);
	sim_join_with(&s, 5, 50, 10);
	while (s.peer[5].nasked < 20) {
		struct sim_peer	*q = &s.peer[5];
		struct pick_peer peer = { .id = 6, .has = &q->has,
		    .wanted = 10, .last = PICKER_NONE };

		/* As if alone: the fewest pieces may be begun. */
		assert_int_equal(picker_pick(s.p, &peer, 1, s.now,
		    &q->asked[q->nasked], 1), 1);
		assert_true(q->asked[q->nasked].piece >= 50);
		q->nasked++;
	}
	sim_free(&s);
}

/* Two on parole, of whom one began the last piece and stopped half-way. */
static void
test_parole(void **state)
{
	struct sim	s;

	(void)state;
	sim_init(&s, 1, 4 * 16384);
	sim_join(&s, 0, true);
	sim_join(&s, 1, true);
	sim_pick(&s, 0, 2, false, true);
	assert_int_equal(s.peer[0].nasked, 2);
	sim_pick(&s, 1, 2, false, true);
	assert_int_equal(s.peer[1].nasked, 0);
	picker_on_block(s.p, &(struct pick_sender){ .id = 1 }, 0, 0);
	picker_on_stored(s.p, 0, 0, true);
	picker_unask(s.p, 1, 0, 1);
	s.peer[0].nasked = 0;
	picker_disown(s.p, 1);
	*sim_block(&s, 0, 0) = 1;
	sim_pick(&s, 1, MAX, false, true);
	assert_int_equal(s.peer[1].nasked, 3);
	sim_free(&s);
}

/* "All came" is true from the last block on, and not after a bad piece. */
static void
test_all_came(void **state)
{
	struct sim		s;
	struct pick_sender	a = { .id = 1 };
	uint32_t		b;

	(void)state;
	sim_init(&s, 1, 2 * 16384);
	assert_false(picker_all_came(s.p));
	sim_join(&s, 0, true);
	sim_pick(&s, 0, MAX, false, false);
	for (b = 0; b < 2; b++) {
		assert_false(picker_all_came(s.p));
		picker_on_block(s.p, &a, 0, b);
	}
	assert_true(picker_all_came(s.p));
	picker_on_stored(s.p, 0, 0, false);
	assert_false(picker_all_came(s.p));
	picker_on_block(s.p, &a, 0, 0);
	assert_true(picker_all_came(s.p));
	picker_on_bad(s.p, 0);
	assert_false(picker_all_came(s.p));
	s.peer[0].nasked = 0;
	sim_free(&s);
}

/*
 * Peers come, pick and answer in any order; checks which piece is begun each
 * time.  Few enough pieces that all may be begun.
 */
static void
check_begun(struct sim *s, const uint8_t *prio, bool *begun, uint32_t peer,
    uint32_t before, bool sequential)
{
	struct sim_peer	*q = &s->peer[peer];
	uint32_t	 k, i, p;

	for (k = before; k < q->nasked; k++) {
		p = q->asked[k].piece;
		if (begun[p])
			continue;
		for (i = 0; i < s->g.npieces; i++) {
			if (begun[i] || i == p || (q->has.bits != NULL &&
			    !bitfield_get(q->has.bits, i)))
				continue;
			assert_true(prio[i] <= prio[p]);
			if (sequential && prio[i] == prio[p])
				assert_true(i > p);
		}
		begun[p] = true;
	}
}

static void
begin_in_order(struct sim *s, bool sequential)
{
	uint8_t		prio[24];
	bool		begun[24] = { false };
	uint32_t	i, before;

	for (i = 0; i < 24; i++) {
		prio[i] = (uint8_t)sim_rand(s, 3);
		picker_set_priority(s->p, i, i, prio[i]);
	}
	picker_set_mode(s->p, sequential ? PICKER_SEQUENTIAL : 0);
	while (picker_left(s->p) > 0) {
		i = sim_rand(s, PEERS);
		s->now += sim_rand(s, 200);
		if (!s->peer[i].here) {
			sim_join(s, i, sim_rand(s, 2) == 0);
		} else if (sim_rand(s, 40) == 0) {
			sim_leave(s, i);
		} else if (sim_rand(s, 2) == 0) {
			before = s->peer[i].nasked;
			sim_pick(s, i, 1 + sim_rand(s, 12), i % 3 == 0, false);
			check_begun(s, prio, begun, i, before, sequential);
		} else if (s->peer[i].nasked > 0) {
			sim_answer(s, i, sim_rand(s, s->peer[i].nasked));
		}
	}
}

static void
test_priorities(void **state)
{
	struct sim	s;
	uint32_t	run;

	(void)state;
	for (run = 0; run < 200; run++) {
		sim_init(&s, 24, 3 * 16384);
		s.rand = seed_of(run);
		begin_in_order(&s, false);
		sim_free(&s);
	}
}

static void
test_sequential(void **state)
{
	struct sim	s;
	uint32_t	run;

	(void)state;
	for (run = 0; run < 200; run++) {
		sim_init(&s, 24, 3 * 16384);
		s.rand = seed_of(run);
		begin_in_order(&s, true);
		sim_free(&s);
	}
}

/* Blocks in the order of the file, when one peer sends all. */
static void
test_sequential_blocks(void **state)
{
	struct sim	s;
	uint32_t	k;

	(void)state;
	sim_init(&s, 10, 65536);
	picker_set_mode(s.p, PICKER_SEQUENTIAL);
	sim_join(&s, 0, true);
	for (k = 0; k < 9; k++)
		sim_pick(&s, 0, 4, k % 2, false);
	for (k = 0; k < 36; k++) {
		assert_int_equal(s.peer[0].asked[k].piece, k / 4);
		assert_int_equal(s.peer[0].asked[k].block, k % 4);
	}
	sim_free(&s);
}

/* What is set in the middle of a download counts from then on. */
static void
test_late_wish(void **state)
{
	struct sim	s;
	uint32_t	k;

	(void)state;
	sim_init(&s, 40, 65536);
	sim_join(&s, 0, true);
	picker_set_priority(s.p, 5, 5, PICKER_HIGH);
	sim_pick(&s, 0, 4, true, false);
	picker_set_priority(s.p, 30, 31, PICKER_HIGH);
	sim_pick(&s, 0, 8, true, false);
	for (k = 4; k < 12; k++)
		assert_in_range(s.peer[0].asked[k].piece, 30, 31);
	picker_set_priority(s.p, 0, 39, PICKER_LOW);
	picker_set_priority(s.p, 20, 20, PICKER_NORMAL);
	sim_pick(&s, 0, 4, true, false);
	for (k = 12; k < 16; k++)
		assert_int_equal(s.peer[0].asked[k].piece, 20);
	sim_free(&s);
}

/* First and last pieces of the torrent and of files, before the others. */
static void
test_edges(void **state)
{
	struct sim	s;
	uint32_t	k, seen = 0, i;
	const uint32_t	edges[] = { 0, 9, 10, 29, 39 };

	(void)state;
	sim_init(&s, 40, 16384);
	picker_add_file(s.p, 0, 9);
	picker_add_file(s.p, 10, 29);
	picker_set_mode(s.p, PICKER_EDGES_FIRST);
	sim_join(&s, 0, true);
	sim_pick(&s, 0, 5, true, false);
	for (k = 0; k < 5; k++)
		for (i = 0; i < 5; i++)
			if (s.peer[0].asked[k].piece == edges[i])
				seen |= 1U << i;
	assert_int_equal(seen, 0x1f);
	picker_set_mode(s.p, 0);
	picker_set_priority(s.p, 20, 21, PICKER_HIGH);
	sim_pick(&s, 0, 2, true, false);
	assert_in_range(s.peer[0].asked[5].piece, 20, 21);
	assert_in_range(s.peer[0].asked[6].piece, 20, 21);
	sim_free(&s);
}

/* A fast peer goes on to the neighbour where both are equally rare. */
static void
test_affinity(void **state)
{
	struct sim	s;
	uint32_t	k, next = 0, last[2] = { 0, 0 }, i, piece;

	(void)state;
	sim_init(&s, 512, 65536);
	sim_join(&s, 0, true);
	sim_join(&s, 1, true);
	for (k = 0; k < 200; k++)
		for (i = 0; i < 2; i++) {
			sim_pick(&s, i, 4, true, false);
			piece = s.peer[i].asked[0].piece;
			next += piece == last[i] + 1;
			last[i] = piece;
			while (s.peer[i].nasked > 0)
				sim_answer(&s, i, 0);
		}
	print_message("# %u of 400 pieces followed their neighbour\n", next);
	assert_true(next > 200);
	sim_free(&s);
}

/* Hints are taken among equals, and by nobody else. */
static void
test_suggest(void **state)
{
	struct sim	s;
	uint32_t	k, n = 0;
	uint8_t		have[25] = { 0xf0 };

	(void)state;
	sim_init(&s, 200, 16384);
	picker_free(s.p);
	s.p = picker_new(&s.g, have);
	sim_join(&s, 0, true);
	sim_join(&s, 1, true);
	for (k = 100; k < 108; k++)
		picker_suggest(s.p, 1, k);
	for (k = 0; k < 300; k++)
		picker_suggest(s.p, 2, 150 + k % 7);
	picker_suggest(s.p, 1, 5000);
	sim_pick(&s, 0, 8, false, false);
	for (k = 0; k < 8; k++)
		n += s.peer[0].asked[k].piece >= 100 &&
		    s.peer[0].asked[k].piece < 108;
	assert_int_equal(n, 8);
	sim_free(&s);
}

/* A piece that failed goes to one that had no part in it, and to it alone. */
static void
test_second_try(void **state)
{
	struct sim		s;
	struct pick_sender	a = { .id = 1, .ip = { 1 } };
	struct pick_sender	b = { .id = 2, .ip = { 2 } };
	uint32_t		i;

	(void)state;
	sim_init(&s, 1, 4 * 16384);
	for (i = 0; i < 3; i++)
		sim_join(&s, i, true);
	sim_pick(&s, 0, 2, false, false);
	sim_pick(&s, 1, 2, false, false);
	for (i = 0; i < 4; i++) {
		picker_on_block(s.p, i < 2 ? &a : &b, 0, i);
		picker_on_stored(s.p, 0, i, true);
	}
	s.peer[0].nasked = s.peer[1].nasked = 0;
	picker_on_bad(s.p, 0);
	sim_pick(&s, 2, 1, true, false);
	assert_int_equal(s.peer[2].nasked, 0);
	picker_retry(s.p, 0);
	sim_pick(&s, 2, 1, true, true);
	assert_int_equal(s.peer[2].nasked, 0);
	sim_pick(&s, 2, 1, true, false);
	assert_int_equal(s.peer[2].nasked, 1);
	sim_pick(&s, 0, 1, true, false);
	sim_pick(&s, 1, 1, false, false);
	assert_int_equal(s.peer[0].nasked + s.peer[1].nasked, 0);
	/* Who keeps it for too long loses the right to it. */
	s.now += PICKER_OWN_MS;
	sim_pick(&s, 0, 1, true, false);
	assert_int_equal(s.peer[0].nasked, 1);
	sim_free(&s);
}

/*
 * Some peers take blocks and never send them.  A fast one frees their pieces
 * in bounded time, long before the end, and asks for little more than once.
 */
static void
test_hostage(void **state)
{
	struct sim	s;
	uint32_t	i, k, step, held = 0;
	uint64_t	begun, until = 0;

	(void)state;
	sim_init(&s, 4000, 4 * 16384);
	for (i = 0; i < 4; i++)
		sim_join(&s, i, true);
	begun = s.now;
	for (i = 0; i < 3; i++)
		sim_pick(&s, i, 3, false, false);
	for (step = 0; step < 600 && until == 0; step++) {
		s.now += 100;
		sim_pick_at(&s, 3, 8, true, false, 1300000);
		while (s.peer[3].nasked > 0)
			sim_answer(&s, 3, 0);
		for (i = held = 0; i < 3; i++)
			for (k = 0; k < s.peer[i].nasked; k++)
				held += !picker_has(s.p,
				    s.peer[i].asked[k].piece);
		if (held == 0)
			until = s.now;
	}
	assert_int_equal(held, 0);
	assert_false(s.endgame && picker_left(s.p) == 0);
	assert_true(picker_left(s.p) > 1000);
	print_message("# free after %llu s; %u of %u blocks asked twice\n",
	    (unsigned long long)(until - begun) / 1000, s.late,
	    s.fresh + s.late);
	assert_true(until - begun < 40000);
	assert_true(s.late <= 16);
	sim_free(&s);
}

/* A slow peer at its own slow pace costs few duplicates. */
static void
test_waste(void **state)
{
	struct sim	s;
	uint32_t	i, step;

	(void)state;
	sim_init(&s, 4000, 16 * 16384);
	for (i = 0; i < 8; i++)
		sim_join(&s, i, true);
	for (step = 0; picker_left(s.p) > 2000; step++) {
		s.now += 1000;
		for (i = 0; i < 8; i++) {
			uint32_t	n = i == 7 ? 20 : 1;

			if (step % 4 != 0 && i < 7)
				continue;
			sim_pick_at(&s, i, i == 7 ? 20 : 4, i == 7, false,
			    n * 16384 / (i == 7 ? 1 : 4));
			for (; n > 0 && s.peer[i].nasked > 0; n--)
				sim_answer(&s, i, 0);
		}
	}
	print_message("# %u of %u blocks asked twice\n", s.late,
	    s.fresh + s.late);
	assert_true(s.late < s.fresh / 20);
	sim_free(&s);
}

static double
since(const struct timespec *t, uint32_t n)
{
	struct timespec	now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((double)(now.tv_sec - t->tv_sec) * 1e9 +
	    (double)(now.tv_nsec - t->tv_nsec)) / n;
}

/* What a have and a pick cost in a torrent of n pieces. */
static void
measure(uint32_t n)
{
	struct geom	 g = { (uint64_t)n * 65536, 65536, n };
	uint8_t		*have = xcalloc(1, bitfield_size(n));
	struct picker	*p = picker_new(&g, have);
	struct pieceset	 sets[8];
	struct pick	 out[4];
	struct timespec	 t;
	uint32_t	 i, k;
	double		 cost[2];

	for (i = 0; i < 8; i++) {
		sets[i].bits = xcalloc(1, bitfield_size(n));
		arc4random_buf(sets[i].bits, n / 8);
		sets[i].count = bitfield_count(sets[i].bits, n);
		picker_add_set(p, &sets[i]);
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	for (i = 0; i < 200000; i++)
		picker_add_piece(p, arc4random_uniform(n));
	cost[0] = since(&t, i);
	clock_gettime(CLOCK_MONOTONIC, &t);
	for (i = 0; i < 2000; i++) {
		struct pick_peer peer = { .id = i % 8 + 1,
		    .has = &sets[i % 8], .wanted = n, .fast = true,
		    .rate = 1000000, .last = PICKER_NONE };
		struct pick_sender from = { .id = i % 8 + 1 };

		assert_int_equal(picker_pick(p, &peer, 8, 1000 + i, out, 4),
		    4);
		for (k = 0; k < 4; k++)
			picker_on_block(p, &from, out[k].piece, out[k].block);
		picker_on_good(p, out[0].piece);
	}
	cost[1] = since(&t, i);
	print_message("# %7u pieces: %.0f ns a have, %.0f ns a piece picked\n",
	    n, cost[0], cost[1]);
	for (i = 0; i < 8; i++)
		free(sets[i].bits);
	picker_free(p);
	free(have);
}

static void
test_cost(void **state)
{
	(void)state;
	measure(1 << 12);
	measure(1 << 16);
	measure(1 << 20);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_nothing_lost),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_rarest),
		cmocka_unit_test(test_among),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_parole),
		cmocka_unit_test(test_all_came),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_sequential_blocks),
		cmocka_unit_test(test_late_wish),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_second_try),
		cmocka_unit_test(test_hostage),
		cmocka_unit_test(test_waste),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
