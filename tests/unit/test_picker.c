/* SPDX-License-Identifier: ISC */
/* Blocks, whoever sends them in whatever order. */
#include "picker_sim.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
