/* SPDX-License-Identifier: ISC */
/* Thousands of nodes: are things found, and at what price? */
#include "dht_sim.h"
#include "sanitizer.h"

#ifdef SANITIZED
#define NODES	400U		/* in a rough net */
#define SMALLEST 20U		/* of those that grow, by four */
#define BESET	300U		/* with liars in it */
#define TORRENTS 100U
#else
#define NODES	10000U
#define SMALLEST 150U
#define BESET	1200U
#define TORRENTS 300U
#endif

/* Means over the searches of a net. */
struct totals {
	uint32_t	searches, found;
	double		hops, queries, ms;
};

/* One announces each of the torrents, another looks for it. */
static void
announce(struct sim *s, uint32_t n)
{
	struct sim_node	*node;
	uint32_t	 i;

	s->results = xcalloc(n, sizeof(*s->results));
	s->nresults = n;
	for (i = 0; i < n; i++) {
		node = sim_any(s, SIM_OPEN);
		sim_bytes(s, s->results[i].hash, ID_LEN);
		s->results[i].want = node->addr;
		dht_torrent_add(node->d, s->results[i].hash, true, s->now);
		sim_done_with(node);
		sim_until(s, s->now + 50);
	}
}

/* Some leave, without a word, and some come back, knowing three others. */
static void
churn(struct sim *s, uint32_t n, const struct sim_mix *mix)
{
	uint32_t	i, k, r;
	struct sim_node	*node;

	for (i = 0; i < n; i++) {
		k = 8 + sim_rand(s, s->n - 8);
		node = &s->v[k];
		for (r = 0; r < s->nresults; r++)
			if (addr_cmp(&s->results[r].want, &node->addr) == 0)
				break;
		if (node->kind == SIM_LIAR || r < s->nresults)
			continue;
		if (node->d != NULL) {
			sim_stop(node);
			continue;
		}
		sim_start(s, k, mix->nat > 0 && sim_rand(s, 4) == 0 ?
		    SIM_NAT : SIM_OPEN);
		sim_introduce(s, node, s->n);
		sim_done_with(node);
	}
}

static void
look(struct sim *s, uint32_t n, enum sim_kind kind, struct totals *t)
{
	struct sim_result	*r;
	struct sim_node		*node;
	uint32_t		 i;

	memset(t, 0, sizeof(*t));
	s->looking = true;
	for (i = 0; i < n; i++) {
		do
			node = sim_any(s, kind);
		while (addr_cmp(&node->addr, &s->results[i].want) == 0);
		dht_torrent_add(node->d, s->results[i].hash, false, s->now);
		sim_done_with(node);
		sim_until(s, s->now + 50);
	}
	sim_until(s, s->now + 30000);
	for (i = 0; i < n; i++) {
		r = &s->results[i];
		t->searches += r->done;
		t->found += r->found;
		t->hops += r->end.hops;
		t->queries += r->end.queries;
		t->ms += r->end.ms;
	}
	t->hops /= t->searches;
	t->queries /= t->searches;
	t->ms /= t->searches;
}

static void
print(const struct sim *s, const char *what, const struct totals *t)
{
	print_message("# %6u nodes, %-22s %4.1f %% found, %4.1f hops, "
	    "%5.1f queries, %5.0f ms\n", s->n, what,
	    100.0 * t->found / t->searches, t->hops, t->queries, t->ms);
}

/* What it costs grows as the logarithm of the net. */
static void
test_growth(void **state)
{
	struct sim_mix		mix = { 0 };
	struct totals		t[3];
	struct sim		s;
	uint32_t		i;

	(void)state;
	for (i = 0; i < 3; i++) {
		sim_init(&s, SMALLEST << 2 * i, i + 1, &mix);
		sim_until(&s, s.now + 20000);
		announce(&s, 100);
		sim_until(&s, s.now + 10000);
		look(&s, 100, SIM_OPEN, &t[i]);
		print(&s, "nothing lost:", &t[i]);
		assert_int_equal(t[i].found, 100);
		sim_free(&s);
	}
	for (i = 1; i < 3; i++) {
		assert_true(t[i].queries < t[i - 1].queries + 12);
		assert_true(t[i].hops < t[i - 1].hops + 1.5);
	}
}

static void
test_rough_net(void **state)
{
	struct sim_mix	mix = { .nat = 15, .nat_ro = 10 };
	struct totals	t;
	struct sim	s;

	(void)state;
	sim_init(&s, NODES, 7, &mix);
	s.loss = 20;
	sim_until(&s, s.now + 20000);
	announce(&s, TORRENTS);
	sim_until(&s, s.now + 10000);
	churn(&s, NODES / 20, &mix);
	sim_until(&s, s.now + 5000);
	look(&s, TORRENTS, SIM_OPEN, &t);
	print(&s, "20 % loss, NAT, churn:", &t);
	assert_int_equal(t.searches, TORRENTS);
	assert_true(t.found * 100 >= TORRENTS * 99);
	sim_free(&s);
}

/*
 * One in five knows of its like only, which are where you look: so they say,
 * which BEP 42 belies; or really, as near as their addresses let them be.
 */
static uint32_t
eclipse(bool fit, const char *what)
{
	struct sim_mix	mix = { .liars = 20, .liars_fit = fit };
	struct totals	t;
	struct sim	s;
	int		i;

	sim_init(&s, BESET, 11 + fit, &mix);
	s.loss = 2;
	for (i = 0; i < 100; i++) {
		sim_liars_call(&s, 1);
		sim_until(&s, s.now + 500);
	}
	announce(&s, TORRENTS);
	sim_until(&s, s.now + 15000);
	look(&s, TORRENTS, SIM_OPEN, &t);
	print(&s, what, &t);
	sim_free(&s);
	return t.found * 100 / TORRENTS;
}

static void
test_eclipse(void **state)
{
	(void)state;
	assert_true(eclipse(false, "20 % are liars:") >= 95);
	assert_true(eclipse(true, "20 % are sly liars:") >= 85);
}

/* From three saved nodes to a table that is of use. */
static void
test_cold_start(void **state)
{
	struct sim_mix		mix = { 0 };
	struct dht_stats	st;
	struct sim		s;
	struct sim_node		*node;
	uint64_t		began;

	(void)state;
	sim_init(&s, 500, 3, &mix);
	node = &s.v[499];
	sim_stop(node);
	sim_until(&s, s.now + 10000);
	sim_start(&s, 499, SIM_OPEN);
	sim_introduce(&s, node, 499);
	sim_done_with(node);
	began = s.now;
	do {
		sim_until(&s, s.now + 100);
		dht_stats(node->d, s.now, &st);
	} while (st.side[0].table.good < 40 && s.now < began + 60000);
	print_message("# 40 good nodes after %.1f s\n",
	    (double)(s.now - began) / 1000);
	assert_true(s.now - began <= 10000);
	sim_free(&s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_cold_start),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_rough_net),
		cmocka_unit_test(test_eclipse)
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
