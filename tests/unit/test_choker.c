/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/choker.h"

#define PEERS	1200
#define START	UINT64_C(1000000)

/* A population of peers; what each got is counted in rounds. */
struct sim {
	struct choker_peer	p[PEERS];
	uint32_t		served[PEERS];
	uint64_t		first[PEERS];	/* time of the first slot */
	bool			idles[PEERS];	/* never asks */
	uint32_t		n;
	uint64_t		now;
};

static struct sim	sim;

static void
sim_init(uint32_t n, bool seeding)
{
	uint32_t	i;

	memset(&sim, 0, sizeof(sim));
	sim.n = n;
	sim.now = START;
	for (i = 0; i < n; i++) {
		sim.p[i] = (struct choker_peer){ .torrent = 1,
		    .seeding = seeding, .interested = true, .progress = 500,
		    .since = START, .size = 1000, .max = CHOKER_SLOTS_MAX,
		    .arg = (void *)(uintptr_t)i };
	}
}

static uint32_t
sim_unchoked(void)
{
	uint32_t	i, k = 0;

	for (i = 0; i < sim.n; i++)
		k += sim.p[i].unchoked;
	return k;
}

/* As unchoke.c does: what changed is noted with its time. */
static void
sim_round(uint32_t slots, bool scarce)
{
	struct choker_peer	v[PEERS], *p;
	uint32_t		i, id;

	memcpy(v, sim.p, sizeof(v));
	choker_run(v, sim.n, slots, scarce, sim.now);
	for (i = 0; i < sim.n; i++) {
		id = (uint32_t)(uintptr_t)v[i].arg;
		p = &sim.p[id];
		if (v[i].unchoked != p->unchoked) {
			if (!v[i].unchoked)
				p->idle = p->busy ? 0 :
				    (uint8_t)(p->idle + 1);
			p->unchoked = v[i].unchoked;
			p->since = sim.now;
			p->served = true;
			p->busy = p->unchoked && !sim.idles[id];
		}
		if (p->unchoked && sim.first[id] == 0)
			sim.first[id] = sim.now - START + 1;
		sim.served[id] += p->unchoked;
	}
	assert_true(sim_unchoked() <= slots);
	sim.now += CHOKER_ROUND_MS;
}

/* Over some minutes everyone who is interested gets a turn, others none. */
static void
test_turns(void **state)
{
	uint32_t	i;

	(void)state;
	sim_init(30, true);
	for (i = 0; i < 5; i++)
		sim.p[i].interested = false;
	for (i = 0; i < 30; i++) {
		sim_round(8, true);
		assert_int_equal(sim_unchoked(), 8);
	}
	for (i = 0; i < 30; i++)
		assert_true((sim.served[i] > 0) == (i >= 5));
	/* All within as many turns as it takes: 25 by 8s, 30 s each. */
	for (i = 5; i < 30; i++)
		assert_true(sim.first[i] <= 4 * CHOKER_TURN_MS);
}

static void
test_room_for_all(void **state)
{
	(void)state;
	sim_init(5, true);
	sim.p[2].unchoked = true;
	sim_round(8, false);
	assert_int_equal(sim_unchoked(), 5);
	choker_run(sim.p, 0, 8, false, sim.now);
}

/* Those that send get more than those that do not, who get something. */
static void
test_reciprocity(void **state)
{
	uint32_t	i, k, honest = 0, riders = 0;

	(void)state;
	sim_init(40, false);
	for (k = 0; k < 180; k++) {
		/* 10 send while we serve them, or did of late. */
		for (i = 0; i < 10; i++)
			sim.p[i].rate = sim.p[i].unchoked || k % 4 == 0 ?
			    50000 + i : 20000;
		sim_round(12, true);
	}
	for (i = 0; i < 10; i++)
		honest += sim.served[i];
	for (; i < 40; i++) {
		riders += sim.served[i];
		assert_true(sim.served[i] > 0);
	}
	assert_true(honest / 10 >= 8 * (riders / 30));
	/* With upload to spare nobody is kept from it. */
	sim_round(64, false);
	assert_int_equal(sim_unchoked(), 40);
	sim_round(64, true);
	assert_true(sim_unchoked() <= 10 + 4);
}

/* The fastest come first when there are too many that send. */
static void
test_fastest(void **state)
{
	uint32_t	i, k, fast = 0, slow = 0;

	(void)state;
	sim_init(20, false);
	for (i = 0; i < 20; i++)
		sim.p[i].rate = i < 4 ? 100000 : 1000 + i;
	for (k = 0; k < 60; k++)
		sim_round(5, true);
	for (i = 0; i < 20; i++)
		*(i < 4 ? &fast : &slow) += sim.served[i];
	assert_true(fast == 4 * 60);
	assert_true(slow == 60);
}

/* Who comes last to a crowd of senders has its chance soon. */
static void
test_newcomer(void **state)
{
	uint32_t	slots, i, k, others;

	(void)state;
	for (slots = 1; slots <= 12; slots++) {
		sim_init(20, false);
		for (i = 0; i < 12; i++)
			sim.p[i].rate = 10000 * (i + 1);
		for (k = 0; k < 60; k++)
			sim_round(slots, true);
		/* Seven free riders have waited; this one never was served. */
		sim.p[19].served = false;
		sim.p[19].unchoked = false;
		sim.p[19].since = sim.now;
		others = sim.served[19];
		for (k = 0; sim.served[19] == others; k++) {
			assert_true(k < 40);	/* 400 s with one slot */
			sim_round(slots, true);
		}
		if (slots >= 2)
			assert_true(k <= 15);
	}
}

static void
test_snubbed(void **state)
{
	uint32_t	i;

	(void)state;
	sim_init(10, false);
	for (i = 0; i < 10; i++)
		sim.p[i].rate = 1000;
	sim.p[0].rate = 1000000;
	sim.p[0].silent = true;
	sim.p[0].heard = sim.now - CHOKER_SNUB_MS;
	sim.p[1].rate = 900000;
	sim.p[1].silent = true;
	sim.p[1].heard = sim.now - CHOKER_SNUB_MS + 1;
	for (i = 0; i < 10; i++)
		sim.p[i].served = i == 0;
	/* In the second third of its time the fifth slot is not the first. */
	while (sim.now / CHOKER_TURN_MS % 3 == 0)
		sim.now++;
	sim.p[0].since = sim.now;
	sim.p[1].heard = sim.now - CHOKER_SNUB_MS + 1;
	sim_round(1, true);
	assert_false(sim.p[0].unchoked);
	assert_true(sim.p[1].unchoked);
}

/* A thousand that never ask leave four that do most of what there is. */
static void
test_idle_crowd(void **state)
{
	uint32_t	i, k, late = 0;

	(void)state;
	sim_init(1004, true);
	for (i = 0; i < 1000; i++)
		sim.idles[i] = true;
	for (k = 0; k < 60; k++)
		sim_round(64, false);
	for (i = 1000; i < 1004; i++) {
		assert_true(sim.first[i] <= 180000);
		late += sim.served[i];
	}
	/* Once known, they get hardly a slot from those that ask. */
	for (k = 0; k < 60; k++)
		sim_round(64, false);
	for (i = 1000; i < 1004; i++)
		late -= sim.served[i];
	assert_true((uint32_t)-late >= 4 * 40);
}

/* A peer that takes and takes without getting on loses its slot. */
static void
test_leech(void **state)
{
	(void)state;
	sim_init(2, true);
	sim.p[0].taken = 2000;
	sim.p[1].taken = 2001;
	sim.p[0].unchoked = sim.p[1].unchoked = true;
	sim_round(8, false);
	assert_true(sim.p[0].unchoked);
	assert_false(sim.p[1].unchoked);
}

/* The start and the end of a download wait less than its middle. */
static void
test_seed_bias(void **state)
{
	uint32_t	i, k, ends = 0, middle = 0;

	(void)state;
	sim_init(60, true);
	for (i = 0; i < 60; i++)
		sim.p[i].progress = i < 10 ? 0 : i < 20 ? 990 : 500;
	for (k = 0; k < 360; k++)
		sim_round(8, true);
	for (i = 0; i < 60; i++) {
		assert_true(sim.served[i] > 0);
		*(i < 20 ? &ends : &middle) += sim.served[i];
	}
	assert_true(ends / 20 > middle / 40 * 5 / 4);
	assert_true(ends / 20 < middle / 40 * 3);
}

/* Torrents share the slots, whatever their crowds. */
static void
test_torrents(void **state)
{
	uint32_t	i, k, few = 0, many = 0;

	(void)state;
	sim_init(104, true);
	for (i = 0; i < 4; i++)
		sim.p[i].torrent = 2;
	for (k = 0; k < 60; k++)
		sim_round(8, true);
	for (i = 0; i < 104; i++)
		*(i < 4 ? &few : &many) += sim.served[i];
	assert_int_equal(few, 4 * 60);
	assert_int_equal(many, 4 * 60);
	/* More torrents than slots: each has its turn. */
	sim_init(100, true);
	for (i = 0; i < 100; i++) {
		sim.p[i].torrent = i + 1;
		sim.p[i].seeding = i % 2;
		sim.p[i].rate = i % 2 ? 0 : 1000;
	}
	for (k = 0; k < 60; k++)
		sim_round(8, true);
	for (i = 0; i < 100; i++)
		assert_true(sim.served[i] > 0);
	/* A torrent's own limit keeps it to few. */
	sim_init(20, true);
	for (i = 0; i < 20; i++)
		sim.p[i].max = 4;
	sim_round(64, false);
	assert_int_equal(sim_unchoked(), 4);
}

/* A class with a low limit has few slots, which leaves the rest to others. */
static void
test_classes(void **state)
{
	uint32_t	i, k, all, slow;

	(void)state;
	sim_init(60, true);
	for (i = 0; i < sim.n; i++) {
		sim.p[i].torrent = 1 + i % 3;
		sim.p[i].class = i < 40 ? 2 : 0;
		sim.p[i].class_max = 4;
	}
	for (k = 0; k < 200; k++) {
		sim_round(16, false);
		for (all = slow = i = 0; i < sim.n; i++) {
			all += sim.p[i].unchoked;
			slow += sim.p[i].unchoked && sim.p[i].class == 2;
		}
		assert_int_equal(all, 16);
		assert_true(slow <= 4);
	}
	/* In each, everyone has a turn. */
	for (i = 0; i < sim.n; i++)
		assert_true(sim.served[i] > 0);
}

static void
test_slots(void **state)
{
	(void)state;
	assert_int_equal(choker_slots(8, 0, 0, 0, 0), CHOKER_SLOTS_MAX);
	assert_true(choker_slots(8, 8, 0, 8 * CHOKER_SLOT_HIGH, 0) > 8);
	assert_true(choker_slots(40, 40, 30, 40 * 1000, 0) < 40);
	assert_int_equal(choker_slots(8, 8, 8, 100, 0), CHOKER_SLOTS_MIN);
	assert_int_equal(choker_slots(40, 40, 0, 1000, 0), 40);
	assert_int_equal(choker_slots(CHOKER_SLOTS_MAX, 4, 0, 1U << 30, 0),
	    CHOKER_SLOTS_MAX);
	/* A limit feeds only so many. */
	assert_int_equal(choker_slots(64, 40, 0, 1000,
	    10 * CHOKER_SLOT_SHARE), 10);
	assert_int_equal(choker_slots(64, 40, 0, 1000, 1024),
	    CHOKER_SLOTS_FEW);
	assert_int_equal(choker_slots(64, 0, 0, 0, 20 << 20),
	    CHOKER_SLOTS_MAX);
	assert_true(choker_scarce(4, 0, 99000, 100000));
	assert_false(choker_scarce(4, 4, 50000, 100000));
	assert_true(choker_scarce(4, 3, 4 * 10000, 0));
	assert_false(choker_scarce(4, 3, 4 * CHOKER_SLOT_HIGH, 0));
	assert_false(choker_scarce(0, 0, 0, 0));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_room_for_all),
		cmocka_unit_test(test_reciprocity),
		cmocka_unit_test(test_fastest),
		cmocka_unit_test(test_newcomer),
		cmocka_unit_test(test_snubbed),
		cmocka_unit_test(test_idle_crowd),
		cmocka_unit_test(test_leech),
		cmocka_unit_test(test_seed_bias),
		cmocka_unit_test(test_torrents),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
