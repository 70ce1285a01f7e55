/* SPDX-License-Identifier: ISC */
/* Which pieces come first, of whom, and what that costs. */
#include <time.h>

#include "picker_sim.h"

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

/* What is skipped is not asked for, and nobody is wanted for it. */
static void
test_skip(void **state)
{
	struct sim	s;
	uint32_t	k;

	(void)state;
	sim_init(&s, 40, 65536);
	sim_join(&s, 0, true);
	sim_pick(&s, 0, 2, true, false);	/* begun, then not wanted */
	picker_set_priority(s.p, 0, 39, PICKER_SKIP);
	assert_int_equal(picker_left_wanted(s.p), 0);
	assert_int_equal(picker_left(s.p), 40);
	assert_int_equal(picker_count_wanted(s.p, &s.peer[0].has), 0);
	picker_set_priority(s.p, 7, 8, PICKER_NORMAL);
	assert_int_equal(picker_left_wanted(s.p), 2);
	assert_int_equal(picker_count_wanted(s.p, &s.peer[0].has), 2);
	sim_pick(&s, 0, 8, true, false);
	for (k = 2; k < s.peer[0].nasked; k++)
		assert_in_range(s.peer[0].asked[k].piece, 7, 8);
	/* Some blocks fail to be stored, and are asked for again. */
	while (picker_left_wanted(s.p) > 0) {
		s.now += 1000;
		sim_pick(&s, 0, 8, true, false);
		while (s.peer[0].nasked > 0)
			sim_answer(&s, 0, 0);
	}
	assert_true(picker_has(s.p, 7) && picker_has(s.p, 8));
	picker_set_priority(s.p, 0, 39, PICKER_LOW);
	assert_int_equal(picker_left_wanted(s.p), 38);
	sim_pick(&s, 0, 8, true, false);
	assert_int_equal(s.peer[0].nasked, 8);
	picker_set_priority(s.p, 7, 7, PICKER_SKIP);
	picker_on_lost(s.p, 7);
	picker_on_lost(s.p, 8);
	assert_int_equal(picker_left_wanted(s.p), 39);
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

/* Of 400 pieces picked, those that followed their neighbour. */
static uint32_t
count_neighbours(uint32_t seeds)
{
	struct sim	s;
	uint32_t	k, next = 0, last[2] = { 0, 0 }, i, piece;

	sim_init(&s, 512, 65536);
	for (i = 0; i < seeds; i++)
		sim_join(&s, i, true);
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
	sim_free(&s);
	return next;
}

/*
 * A fast peer goes on to the neighbour where both are equally rare, unless
 * few have it.
 */
static void
test_affinity(void **state)
{
	(void)state;
	assert_true(count_neighbours(PICKER_COMMON) > 200);
	assert_true(count_neighbours(PICKER_COMMON - 1) < 100);
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
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_sequential_blocks),
		cmocka_unit_test(test_late_wish),
		cmocka_unit_test(test_skip),
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
