/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/bucket.h"
#include "peer/shaper.h"

#define KIB	UINT64_C(1024)
#define MIB	(1024 * KIB)
#define SEC	UINT64_C(1000000)
#define PEERS	200

/* A population that always has more to move, and what each has moved. */
struct sim {
	struct shaper		 s;
	struct shaper_group	 g[4];
	struct shaper_peer	 p[PEERS];
	struct bucket		 own[PEERS];
	uint64_t		 moved[PEERS];
	uint32_t		 group[PEERS];
	uint32_t		 n;
	uint64_t		 now, serves;
};

static void
sim_init(struct sim *sim, uint32_t n, uint32_t ngroups, uint64_t rate)
{
	uint32_t	i;

	memset(sim, 0, sizeof(*sim));
	shaper_init(&sim->s);
	for (i = 0; i < 4; i++)
		shaper_group_init(&sim->g[i]);
	sim->n = n;
	sim->now = 1000 * SEC;
	for (i = 0; i < n; i++)
		sim->group[i] = i % ngroups;
	bucket_set(&sim->s.all, rate, sim->now);
}

static void
sim_move(struct sim *sim, uint32_t i, uint64_t bytes)
{
	struct shaper_group	*g = &sim->g[sim->group[i]];

	sim->moved[i] += bytes;
	shaper_take(&sim->s, g, &sim->p[i], bytes, sim->now);
	shaper_wait(&sim->s, g, &sim->p[i]);
}

/* One turn of the loop; returns how long the line would sleep. */
static uint64_t
sim_turn(struct sim *sim)
{
	struct shaper_peer	*p;
	uint64_t		 room, wait;
	uint32_t		 i;

	for (i = 0; i < sim->n; i++) {
		room = shaper_room(&sim->s, &sim->g[sim->group[i]],
		    &sim->p[i], sim->now);
		if (room == BUCKET_ALL)
			sim_move(sim, i, 65536);
		else if (room > 0)
			sim_move(sim, i, room < 65536 ? room : 65536);
		else
			shaper_wait(&sim->s, &sim->g[sim->group[i]],
			    &sim->p[i]);
	}
	while ((p = shaper_next(&sim->s, sim->now, &room, &wait)) != NULL) {
		sim->serves++;
		sim_move(sim, (uint32_t)(p - sim->p), room);
	}
	return wait;
}

static void
sim_run(struct sim *sim, uint64_t us, uint64_t step)
{
	uint64_t	end = sim->now + us, wait;

	while (sim->now < end) {
		wait = sim_turn(sim);
		assert_true(wait > 0);
		sim->now += wait < step ? step : wait > 100000 ? 100000 :
		    wait;
	}
	sim->now = end;
}

static uint64_t
sim_total(const struct sim *sim)
{
	uint64_t	sum = 0;
	uint32_t	i;

	for (i = 0; i < sim->n; i++)
		sum += sim->moved[i];
	return sum;
}

static void
assert_near(uint64_t got, uint64_t want, uint64_t permille)
{
	if (got + want * permille / 1000 < want ||
	    got > want + want * permille / 1000)
		fail_msg("%llu is not within %llu permille of %llu",
		    (unsigned long long)got, (unsigned long long)permille,
		    (unsigned long long)want);
}

/* 5 percent over 10 s, from 10 KiB/s to 1 GiB/s, however coarse the clock. */
static void
test_precision(void **state)
{
	static const uint64_t	steps[] = { 1000, 5000, 10000, 60000, 200000 };
	static const uint32_t	peers[] = { 1, 2, 50, 200 };
	struct sim		sim;
	uint64_t		rate, before;
	size_t			i, k;

	(void)state;
	for (rate = 10 * KIB; rate <= 1024 * MIB; rate *= 4) {
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			for (k = 0; k < 4; k++) {
				sim_init(&sim, peers[k], 1, rate);
				sim_run(&sim, 10 * SEC, steps[i]);
				assert_near(sim_total(&sim), 10 * rate, 50);
				before = sim_total(&sim);
				sim_run(&sim, 10 * SEC, steps[i]);
				assert_near(sim_total(&sim) - before,
				    10 * rate, 50);
			}
		}
	}
}

/* A loop that now and then sleeps for long loses a little at most. */
static void
test_idle_then_busy(void **state)
{
	struct sim	sim;
	uint64_t	before;

	(void)state;
	sim_init(&sim, 3, 1, MIB);
	sim_run(&sim, SEC, 5000);
	sim.now += 3600 * SEC;
	before = sim_total(&sim);
	sim_run(&sim, 10 * SEC, 5000);
	assert_near(sim_total(&sim) - before, 10 * MIB, 50);
}

/* Nobody starves: all get the same, within a few quanta. */
static void
test_fairness(void **state)
{
	static const uint32_t	peers[] = { 2, 7, 50, 200 };
	struct sim		sim;
	uint64_t		each;
	size_t			k;
	uint32_t		i;

	(void)state;
	for (k = 0; k < 4; k++) {
		sim_init(&sim, peers[k], 1, 4 * MIB);
		sim_run(&sim, 30 * SEC, 5000);
		each = sim_total(&sim) / sim.n;
		for (i = 0; i < sim.n; i++)
			assert_near(sim.moved[i], each, 100);
	}
	/* The slowest line: each of 200 is served in its time. */
	sim_init(&sim, 200, 1, 10 * KIB);
	sim_run(&sim, 60 * SEC, 5000);
	for (i = 0; i < sim.n; i++)
		assert_true(sim.moved[i] > 0);
}

/* Torrents share alike, however many peers each has. */
static void
test_torrents_share(void **state)
{
	struct sim	sim;
	uint64_t	sum[2] = { 0 };
	uint32_t	i;

	(void)state;
	sim_init(&sim, 51, 1, MIB);
	sim.group[0] = 1;
	sim_run(&sim, 20 * SEC, 5000);
	for (i = 0; i < sim.n; i++)
		sum[sim.group[i]] += sim.moved[i];
	assert_near(sum[0], 10 * MIB, 50);
	assert_near(sum[1], 10 * MIB, 50);
}

/* What a torrent's or a peer's own limit leaves goes to the others. */
static void
test_hierarchy(void **state)
{
	struct sim	sim;
	uint64_t	sum[2] = { 0 };
	uint32_t	i;

	(void)state;
	sim_init(&sim, 40, 2, 2 * MIB);
	bucket_set(&sim.g[0].bucket, 256 * KIB, sim.now);
	sim.p[1].own = &sim.own[1];
	bucket_set(&sim.own[1], 10 * KIB, sim.now);
	sim_run(&sim, 10 * SEC, 5000);
	for (i = 0; i < sim.n; i++)
		sum[sim.group[i]] += sim.moved[i];
	assert_near(sim_total(&sim), 20 * MIB, 50);
	assert_near(sum[0], 2560 * KIB, 50);
	assert_near(sim.moved[1], 100 * KIB, 50);
}

/* A torrent's limit alone does not touch the others, nor those exempt. */
static void
test_unlimited(void **state)
{
	struct sim	sim;

	(void)state;
	sim_init(&sim, 4, 2, 0);
	assert_true(shaper_room(&sim.s, &sim.g[1], &sim.p[1], sim.now) ==
	    BUCKET_ALL);
	bucket_set(&sim.g[0].bucket, 64 * KIB, sim.now);
	sim.p[2].exempt = true;
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[0], sim.now) == 0);
	assert_true(shaper_room(&sim.s, &sim.g[1], &sim.p[1], sim.now) ==
	    BUCKET_ALL);
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[2], sim.now) ==
	    BUCKET_ALL);
	shaper_take(&sim.s, &sim.g[0], &sim.p[2], MIB, sim.now);
	sim.now += SEC;
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[0], sim.now) ==
	    16 * KIB);
}

static void
test_change_while_running(void **state)
{
	static const uint64_t	rates[] = { 10 * KIB, 20 * MIB, 256 * KIB,
				    1024 * MIB, 50 * KIB };
	struct sim		sim;
	uint64_t		before;
	size_t			i;

	(void)state;
	sim_init(&sim, 20, 2, MIB);
	sim_run(&sim, SEC, 5000);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		bucket_set(&sim.s.all, rates[i], sim.now);
		before = sim_total(&sim);
		sim_run(&sim, 10 * SEC, 5000);
		assert_near(sim_total(&sim) - before, 10 * rates[i], 50);
	}
	/* No limit any more: nobody waits. */
	bucket_set(&sim.s.all, 0, sim.now);
	while (sim.s.nwaiting > 0)
		shaper_leave(&sim.s,
		    TAILQ_FIRST(&TAILQ_FIRST(&sim.s.groups)->peers));
	assert_true(TAILQ_EMPTY(&sim.s.groups));
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[0], sim.now) ==
	    BUCKET_ALL);
}

/* What cannot wait is owed, for a second at most. */
static void
test_debt(void **state)
{
	struct bucket	b;

	(void)state;
	memset(&b, 0, sizeof(b));
	bucket_set(&b, 100 * KIB, SEC);
	bucket_take(&b, 50 * KIB, SEC);
	assert_true(bucket_room(&b, SEC + 500000) == 0);
	assert_true(bucket_room(&b, SEC + 700000) > 0);
	bucket_take(&b, UINT64_MAX, 2 * SEC);
	assert_true(bucket_wait(&b, 2 * SEC) <= SEC + 125000);
	/* A clock that stands still, or seems to go back, gives nothing. */
	assert_true(bucket_room(&b, 2 * SEC) == 0);
	assert_true(bucket_room(&b, SEC) == 0);
	/* The ends of the range do not overflow. */
	bucket_set(&b, UINT64_MAX, 3 * SEC);
	assert_true(b.rate == BUCKET_RATE_MAX);
	assert_true(bucket_room(&b, UINT64_MAX / 2) ==
	    BUCKET_RATE_MAX / 4);
	bucket_take(&b, UINT64_MAX, UINT64_MAX / 2);
	bucket_take(&b, UINT64_MAX, UINT64_MAX / 2);
	assert_true(bucket_room(&b, UINT64_MAX / 2) == 0);
	bucket_set(&b, 1, UINT64_MAX / 2);
	assert_true(bucket_wait(&b, UINT64_MAX / 2) <= 2 * SEC);
}

static void
test_line(void **state)
{
	struct sim	sim;
	uint64_t	room, wait;

	(void)state;
	sim_init(&sim, 3, 2, 100 * KIB);
	assert_null(shaper_next(&sim.s, sim.now, &room, &wait));
	assert_true(wait == UINT64_MAX);
	shaper_wait(&sim.s, &sim.g[0], &sim.p[0]);
	shaper_wait(&sim.s, &sim.g[0], &sim.p[0]);
	shaper_wait(&sim.s, &sim.g[0], &sim.p[2]);
	shaper_wait(&sim.s, &sim.g[1], &sim.p[1]);
	assert_int_equal(sim.s.nwaiting, 3);
	assert_null(shaper_next(&sim.s, sim.now, &room, &wait));
	assert_true(wait > 0 && wait <= 130000);
	sim.now += wait;
	/* Torrent by torrent, peer by peer. */
	assert_ptr_equal(shaper_next(&sim.s, sim.now, &room, &wait),
	    &sim.p[0]);
	assert_ptr_equal(shaper_next(&sim.s, sim.now, &room, &wait),
	    &sim.p[1]);
	assert_ptr_equal(shaper_next(&sim.s, sim.now, &room, &wait),
	    &sim.p[2]);
	assert_int_equal(sim.s.nwaiting, 0);
	shaper_leave(&sim.s, &sim.p[0]);
	assert_int_equal(sim.s.nwaiting, 0);
}

/* ---- classes ---- */

static uint64_t
class_total(const struct sim *sim, uint8_t class)
{
	uint64_t	sum = 0;
	uint32_t	i;

	for (i = 0; i < sim->n; i++)
		if (sim->p[i].class == class)
			sum += sim->moved[i];
	return sum;
}

static void
class_set(struct sim *sim, uint8_t class, uint64_t rate)
{
	bucket_set(&sim->s.classes[class].bucket, rate, sim->now);
}

/* The peers of a class keep its limit together, in whatever torrents. */
static void
test_class_precision(void **state)
{
	static const uint64_t	steps[] = { 1000, 5000, 60000, 200000 };
	static const uint32_t	peers[] = { 1, 2, 50, 200 };
	struct sim		sim;
	uint64_t		rate;
	uint32_t		j;
	size_t			i, k;

	(void)state;
	for (rate = 10 * KIB; rate <= 1024 * MIB; rate *= 4) {
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			for (k = 0; k < 4; k++) {
				sim_init(&sim, peers[k], 3, 0);
				for (j = 0; j < sim.n; j++)
					sim.p[j].class = 8;
				class_set(&sim, 8, rate);
				sim_run(&sim, 10 * SEC, steps[i]);
				assert_near(sim_total(&sim), 10 * rate, 50);
			}
		}
	}
}

/* Torrents share a class's limit alike, and so do the peers of each. */
static void
test_class_fairness(void **state)
{
	static const uint64_t	rates[] = { 20 * KIB, 256 * KIB, 4 * MIB };
	struct sim		sim;
	uint64_t		sum[2], total;
	uint32_t		i;
	size_t			k;

	(void)state;
	for (k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
		sim_init(&sim, 40, 2, 0);
		memset(sum, 0, sizeof(sum));
		/* 10 of them in one torrent, 30 in the other. */
		for (i = 0; i < sim.n; i++) {
			sim.p[i].class = 1;
			sim.group[i] = i % 4 == 0 ? 0 : 1;
		}
		class_set(&sim, 1, rates[k]);
		sim_run(&sim, 120 * SEC, 5000);
		total = sim_total(&sim);
		assert_near(total, 120 * rates[k], 50);
		for (i = 0; i < sim.n; i++)
			sum[sim.group[i]] += sim.moved[i];
		assert_near(sum[0], total / 2, 50);
		for (i = 0; i < sim.n; i++)
			assert_near(sim.moved[i], i % 4 == 0 ? total / 20 :
			    total / 60, 200);
	}
}

/* What one class leaves goes to the other, and to those without any. */
static void
test_classes_apart(void **state)
{
	struct sim	sim;
	uint64_t	sum[3] = { 0 };
	uint32_t	i;

	(void)state;
	sim_init(&sim, 60, 2, 3 * MIB);
	for (i = 0; i < sim.n; i++)
		sim.p[i].class = (uint8_t)(i / 2 % 3);
	class_set(&sim, 1, 64 * KIB);
	class_set(&sim, 2, 512 * KIB);
	sim_run(&sim, 20 * SEC, 5000);
	assert_near(sim_total(&sim), 60 * MIB, 50);
	for (i = 0; i < 3; i++)
		sum[i] = class_total(&sim, (uint8_t)i);
	assert_near(sum[1], 20 * 64 * KIB, 50);
	assert_near(sum[2], 20 * 512 * KIB, 50);
	assert_near(sum[0], 60 * MIB - sum[1] - sum[2], 50);
	/* Of those without a class, nobody had to stand behind the others. */
	for (i = 0; i < sim.n; i++)
		if (sim.p[i].class == 0)
			assert_near(sim.moved[i], sum[0] / 20, 200);
}

/* A class that leaves something over takes no more than its share of all. */
static void
test_class_share(void **state)
{
	struct sim	sim;
	uint32_t	i;

	(void)state;
	sim_init(&sim, 20, 1, MIB);
	for (i = 0; i < 10; i++)
		sim.p[i].class = 3;
	class_set(&sim, 3, 900 * KIB);
	sim_run(&sim, 20 * SEC, 5000);
	assert_near(class_total(&sim, 3), 10 * MIB, 50);
	/* All is not limited: a class does not slow those without. */
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[19], sim.now) == 0);
	bucket_set(&sim.s.all, 0, sim.now);
	shaper_leave(&sim.s, &sim.p[19]);
	assert_true(shaper_room(&sim.s, &sim.g[0], &sim.p[19], sim.now) ==
	    BUCKET_ALL);
}

/* Limits of torrents and peers hold within a class, and are not in its way. */
static void
test_class_hierarchy(void **state)
{
	struct sim	sim;
	uint64_t	sum[2] = { 0 };
	uint32_t	i;

	(void)state;
	sim_init(&sim, 40, 2, 0);
	for (i = 0; i < sim.n; i++)
		sim.p[i].class = 1;
	class_set(&sim, 1, 2 * MIB);
	bucket_set(&sim.g[0].bucket, 10 * KIB, sim.now);
	sim.p[1].own = &sim.own[1];
	bucket_set(&sim.own[1], 20 * KIB, sim.now);
	sim.p[3].exempt = true;
	sim_run(&sim, 10 * SEC, 5000);
	for (i = 0; i < sim.n; i++)
		if (i != 3)
			sum[sim.group[i]] += sim.moved[i];
	assert_near(sum[0] + sum[1], 20 * MIB, 50);
	assert_near(sum[0], 100 * KIB, 50);
	assert_near(sim.moved[1], 200 * KIB, 50);
	assert_true(sim.moved[3] > 10 * MIB);
}

/*
 * A peer that gets into the line anew whenever it was served does not get
 * ahead of those that its class holds back.
 */
static void
test_class_turns(void **state)
{
	struct sim		sim;
	struct shaper_peer	*p;
	uint64_t		room, wait;
	uint32_t		served[4] = { 0 }, i, k;

	(void)state;
	sim_init(&sim, 4, 2, 0);
	class_set(&sim, 1, 10 * KIB);
	for (i = 0; i < sim.n; i++) {
		sim.p[i].class = 1;
		shaper_wait(&sim.s, &sim.g[sim.group[i]], &sim.p[i]);
	}
	for (i = 0; i < 40; i++) {
		while ((p = shaper_next(&sim.s, sim.now, &room, &wait)) ==
		    NULL) {
			assert_true(wait > 0 && wait <= 130000);
			/* All have stepped aside. */
			assert_int_equal(sim.s.nwaiting, 0);
			assert_true(TAILQ_EMPTY(&sim.s.groups));
			sim.now += wait;
		}
		k = (uint32_t)(p - sim.p);
		served[k]++;
		shaper_take(&sim.s, &sim.g[sim.group[k]], p, room, sim.now);
		/* While the others are held, or before they are. */
		if (i % 2 == 0)
			assert_null(shaper_next(&sim.s, sim.now, &room,
			    &wait));
		assert_true(shaper_room(&sim.s, &sim.g[sim.group[k]], p,
		    sim.now) == 0);
		shaper_wait(&sim.s, &sim.g[sim.group[k]], p);
	}
	for (i = 0; i < sim.n; i++)
		assert_int_equal(served[i], 10);
}

/* Who leaves is gone from either line; who waits for nobody's limit, too. */
static void
test_class_leave(void **state)
{
	struct sim	sim;
	uint64_t	room, wait;

	(void)state;
	sim_init(&sim, 3, 1, 0);
	class_set(&sim, 1, 10 * KIB);
	class_set(&sim, 2, 20 * KIB);
	sim.p[0].class = sim.p[1].class = 1;
	sim.p[2].class = 2;
	shaper_wait(&sim.s, &sim.g[0], &sim.p[0]);
	shaper_wait(&sim.s, &sim.g[0], &sim.p[1]);
	shaper_wait(&sim.s, &sim.g[0], &sim.p[2]);
	assert_int_equal(sim.s.nwaiting, 3);
	assert_null(shaper_next(&sim.s, sim.now, &room, &wait));
	assert_int_equal(sim.s.nwaiting, 0);
	assert_int_equal(sim.g[0].nwaiting, 0);
	shaper_leave(&sim.s, &sim.p[0]);
	shaper_leave(&sim.s, &sim.p[2]);
	assert_true(TAILQ_EMPTY(&sim.s.classes[2].held));
	/* Its limit is lifted while it waits. */
	class_set(&sim, 1, 0);
	assert_ptr_equal(shaper_next(&sim.s, sim.now, &room, &wait),
	    &sim.p[1]);
	assert_null(shaper_next(&sim.s, sim.now, &room, &wait));
	assert_true(wait == UINT64_MAX);
	assert_true(TAILQ_EMPTY(&sim.s.groups));
	assert_int_equal(sim.s.classes[1].nwaiting, 0);
	assert_int_equal(sim.s.classes[2].nwaiting, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_precision),
		cmocka_unit_test(test_idle_then_busy),
		cmocka_unit_test(test_fairness),
		cmocka_unit_test(test_torrents_share),
		cmocka_unit_test(test_hierarchy),
		cmocka_unit_test(test_unlimited),
		cmocka_unit_test(test_change_while_running),
		cmocka_unit_test(test_debt),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_class_precision),
		cmocka_unit_test(test_class_fairness),
		cmocka_unit_test(test_classes_apart),
		cmocka_unit_test(test_class_share),
		cmocka_unit_test(test_class_hierarchy),
		cmocka_unit_test(test_class_turns),
		cmocka_unit_test(test_class_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
