/* SPDX-License-Identifier: ISC */
#ifndef PICKER_SIM_H
#define PICKER_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bitfield.h"
#include "mem.h"
#include "peer/picker.h"

/* What the picker's tests have in common. */
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

#endif /* PICKER_SIM_H */
