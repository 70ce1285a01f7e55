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
#include "peer/superseed.h"

#define PEERS	8
#define PIECES	200U

struct sim_peer {
	struct superseed_peer	sp;
	struct pieceset		has;
	bool			here;
};

struct sim {
	struct superseed	*ss;
	struct sim_peer		 peer[PEERS];
	uint32_t		 npeers;
	uint32_t		 sent;		/* pieces by the seed */
	uint64_t		 now;
};

static bool
peer_has(const struct sim_peer *q, uint32_t piece)
{
	return bitfield_get(q->has.bits, piece);
}

static void
sim_join(struct sim *s, uint32_t i)
{
	struct sim_peer	*q = &s->peer[i];

	q->has.bits = xcalloc(1, bitfield_size(PIECES));
	q->has.count = 0;
	q->here = true;
	superseed_join(s->ss, &q->sp, &q->has);
}

static void
sim_leave(struct sim *s, uint32_t i)
{
	struct sim_peer	*q = &s->peer[i];

	superseed_leave(s->ss, &q->sp, &q->has);
	free(q->has.bits);
	memset(q, 0, sizeof(*q));
}

static void
sim_show(struct sim *s)
{
	uint32_t	i, piece;

	for (i = 0; i < s->npeers; i++) {
		struct sim_peer	*q = &s->peer[i];

		if (!q->here)
			continue;
		superseed_tick(&q->sp, &q->has, PIECES, s->now);
		while ((piece = superseed_next(s->ss, &q->sp, &q->has,
		    s->now)) != PICKER_NONE) {
			assert_true(piece < PIECES);
			assert_false(peer_has(q, piece));
			assert_true(superseed_shows(&q->sp, piece));
			assert_true(q->sp.nout <= SUPERSEED_OUT);
		}
	}
}

static void
sim_got(struct sim *s, uint32_t i, uint32_t piece)
{
	uint32_t	k;

	bitfield_set(s->peer[i].has.bits, piece);
	s->peer[i].has.count++;
	superseed_on_have(s->ss, piece);
	for (k = 0; k < s->npeers; k++)
		if (s->peer[k].here)
			superseed_on_seen(s->ss, &s->peer[k].sp, piece,
			    k == i, s->now);
}

/* A second: each takes one shown piece of the seed, and three of others. */
static void
sim_second(struct sim *s)
{
	uint32_t	i, k, n, piece;

	s->now += 1000;
	sim_show(s);
	for (i = 0; i < s->npeers; i++) {
		struct sim_peer	*q = &s->peer[i];

		for (k = 0; q->here && k < q->sp.nout; k++) {
			if (peer_has(q, q->sp.out[k]))
				continue;
			s->sent++;
			sim_got(s, i, q->sp.out[k]);
			break;
		}
	}
	for (i = 0; i < s->npeers; i++)
		for (n = 0; s->peer[i].here && n < 300; n++) {
			k = arc4random_uniform(s->npeers);
			piece = arc4random_uniform(PIECES);
			if (!s->peer[k].here || !peer_has(&s->peer[k], piece) ||
			    peer_has(&s->peer[i], piece))
				continue;
			sim_got(s, i, piece);
			n += 100;
		}
}

static bool
sim_done(const struct sim *s)
{
	uint32_t	i;

	for (i = 0; i < s->npeers; i++)
		if (s->peer[i].here && s->peer[i].has.count < PIECES)
			return false;
	return true;
}

static void
sim_run(struct sim *s, uint32_t npeers)
{
	uint32_t	i;

	*s = (struct sim){ .ss = superseed_new(PIECES), .npeers = npeers,
	    .now = 1 };
	for (i = 0; i < npeers; i++)
		sim_join(s, i);
}

static void
sim_end(struct sim *s)
{
	uint32_t	i;

	for (i = 0; i < s->npeers; i++)
		if (s->peer[i].here)
			sim_leave(s, i);
	assert_int_equal(s->ss->npeers, 0);
	for (i = 0; i < PIECES; i++) {
		assert_int_equal(s->ss->avail[i], 0);
		assert_int_equal(s->ss->shown[i], 0);
	}
	superseed_free(s->ss);
}

/* Little is sent twice. */
static void
test_swarm(void **state)
{
	struct sim	s;
	uint32_t	t;

	(void)state;
	sim_run(&s, 5);
	for (t = 0; t < 3000 && !sim_done(&s); t++)
		sim_second(&s);
	assert_true(sim_done(&s));
	print_message("# %u of %u pieces sent for 5 peers in %u s\n", s.sent,
	    PIECES, t);
	assert_true(s.sent >= PIECES && s.sent < PIECES + PIECES / 5);
	sim_end(&s);
}

/* A lone peer is not kept waiting. */
static void
test_alone(void **state)
{
	struct sim	s;
	uint32_t	t;

	(void)state;
	sim_run(&s, 1);
	for (t = 0; t < PIECES && !sim_done(&s); t++)
		sim_second(&s);
	assert_true(sim_done(&s));
	assert_int_equal(s.sent, PIECES);
	sim_end(&s);
}

/* Peers that come and go, or that pass on nothing, hold up nobody for ever. */
static void
test_churn(void **state)
{
	struct sim	s;
	uint32_t	t, i;

	(void)state;
	sim_run(&s, PEERS);
	for (t = 0; t < 5000; t++) {
		sim_second(&s);
		i = arc4random_uniform(PEERS);
		if (t % 20 == 0 && t < 2000) {
			if (s.peer[i].here)
				sim_leave(&s, i);
			else
				sim_join(&s, i);
		} else if (t > 2000 && sim_done(&s)) {
			break;
		}
	}
	assert_true(sim_done(&s));
	sim_end(&s);
}

static void
test_selfish(void **state)
{
	struct sim	s;
	uint32_t	t, k, i;

	(void)state;
	sim_run(&s, 2);
	/* Neither gives the other anything. */
	for (t = 0; t < 5000 && !sim_done(&s); t++) {
		s.now += 1000;
		sim_show(&s);
		for (k = 0; k < 2; k++) {
			struct sim_peer	*q = &s.peer[k];

			for (i = 0; i < q->sp.nout; i++)
				if (!peer_has(q, q->sp.out[i]))
					sim_got(&s, k, q->sp.out[i]);
		}
	}
	assert_true(sim_done(&s));
	sim_end(&s);
}

/* Whole sets come and go; nothing is shown that the peer has. */
static void
test_sets(void **state)
{
	struct superseed	*ss = superseed_new(10);
	struct superseed_peer	 a, b;
	uint8_t			 bits[2] = { 0xff, 0 };
	struct pieceset		 none = { .bits = NULL }, all = { NULL, 10 };
	struct pieceset		 most = { bits, 8 };
	uint32_t		 p;

	(void)state;
	superseed_join(ss, &a, &all);
	assert_int_equal(superseed_next(ss, &a, &all, 1), PICKER_NONE);
	superseed_join(ss, &b, &none);
	superseed_del_set(ss, &none);
	superseed_add_set(ss, &most);
	p = superseed_next(ss, &b, &most, 1);
	assert_true(p == 8 || p == 9);
	assert_true(superseed_next(ss, &b, &most, 1) == 17 - p);
	assert_int_equal(superseed_next(ss, &b, &most, 1), PICKER_NONE);
	/* Two that are there: nothing is due before the time. */
	superseed_tick(&b, &all, 10, SUPERSEED_WAIT_MS);
	assert_int_equal(b.nout, 2);
	superseed_tick(&b, &most, 10, 10 * SUPERSEED_WAIT_MS);
	assert_int_equal(b.nout, 2);
	superseed_tick(&b, &all, 10, SUPERSEED_WAIT_MS + 1);
	assert_int_equal(b.nout, 1);
	superseed_leave(ss, &b, &most);
	superseed_leave(ss, &a, &all);
	superseed_free(ss);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_swarm),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_selfish),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
