/* SPDX-License-Identifier: ISC */
/* What a DHT node does for us in a net of others: torrents and items. */
#include "dht_sim.h"
#include "dht/node.h"

static const uint8_t	hash[ID_LEN] = "12345678901234567890";

/* Thousands of torrents: all have their turn, within the rate. */
static void
test_pacing(void **state)
{
	enum { TORRENTS = 2000, RATE = 100 };
	struct sim_mix		mix = { 0 };
	struct sim		s;
	struct sim_node		*node;
	struct dht_config	c = { .v4 = true, .rate = RATE };
	struct dht_stats	a, b;
	uint8_t			h[ID_LEN];
	uint32_t		i;

	(void)state;
	sim_init(&s, 60, 5, &mix);
	sim_until(&s, s.now + 10000);
	node = &s.v[20];
	dht_configure(node->d, &c, s.now);
	for (i = 0; i < TORRENTS; i++) {
		sim_bytes(&s, h, sizeof(h));
		assert_true(dht_torrent_add(node->d, h, i % 2, s.now));
	}
	sim_done_with(node);
	for (i = 0; i < 60; i++) {
		dht_stats(node->d, s.now, &a);
		sim_until(&s, s.now + 1000);
		dht_stats(node->d, s.now, &b);
		assert_true(b.packets_out - a.packets_out <= 2 * RATE);
	}
	/* It makes use of the rate, and seeds are not forgotten. */
	assert_true(b.packets_out >= 60 * RATE / 2);
	assert_true(b.searched > 50);
	assert_int_equal(b.torrents, TORRENTS);
	assert_true(b.late > 0 && b.late < TORRENTS);
	dht_torrent_del(node->d, h);
	dht_stats(node->d, s.now, &b);
	assert_int_equal(b.torrents, TORRENTS - 1);
	sim_free(&s);
}

/* Searches of a torrent from then on, until that long after. */
static uint32_t
searches(struct sim *s, struct sim_node *node, uint64_t ms, uint32_t hungry)
{
	struct dht_stats	st;
	uint64_t		end = s->now + ms, before;

	dht_stats(node->d, s->now, &st);
	before = st.searched;
	while (s->now < end) {
		sim_until(s, s->now + 10000);
		if (hungry > 0)
			dht_torrent_again(node->d, hash, s->now);
		sim_done_with(node);
	}
	dht_stats(node->d, s->now, &st);
	return (uint32_t)(st.searched - before);
}

/* Who is hungry for ever is not searched for all the time. */
static void
test_hunger(void **state)
{
	struct sim_mix	 mix = { 0 };
	struct sim	 s;
	struct sim_node	*node;
	uint32_t	 n;

	(void)state;
	sim_init(&s, 60, 5, &mix);
	sim_until(&s, s.now + 10000);
	node = &s.v[20];
	assert_true(dht_torrent_add(node->d, hash, false, s.now));
	sim_done_with(node);
	assert_int_equal(searches(&s, node, 600000, 0), 1);
	n = searches(&s, node, 3600000, 1);
	assert_true(n >= 5 && n <= 12);
	n = searches(&s, node, 3600000, 0);
	assert_true(n >= 3 && n <= 5);
	/* It did well for a time: it is helped soon again. */
	assert_true(searches(&s, node, 300000, 1) >= 1);
	sim_free(&s);
}

/* How the search for an item, or to put it, ended. */
static struct {
	bool		ended;
	uint32_t	stored;
	int32_t		refused;
	struct item	item;		/* nv 0: none was found */
} seen;

static void
on_stored(void *arg, uint32_t request, uint32_t nodes, int32_t refused)
{
	(void)arg;
	assert_int_equal(request, 17);
	seen.ended = true;
	seen.stored = nodes;
	seen.refused = refused;
}

static void
on_found(void *arg, uint32_t request, const struct item *item)
{
	(void)arg;
	assert_int_equal(request, 17);
	seen.ended = true;
	seen.item.nv = 0;
	if (item != NULL)
		seen.item = *item;
}

/* The end of a search for the item, in seen. */
static void
get(struct sim *s, struct sim_node *node, const uint8_t *target,
    const struct krpc_bytes *salt)
{
	seen.ended = false;
	assert_true(dht_get(node->d, 17, target, salt->p, salt->n, s->now));
	sim_done_with(node);
	sim_until(s, s->now + 20000);
	assert_true(seen.ended);
}

/* An item put by one node is found by another, its newest form. */
static void
test_put_and_get(void **state)
{
	struct dht_ops		 ops = sim_ops;
	struct dht_config	 c = { .v4 = true };
	struct sim_mix		 mix = { 0 };
	struct krpc_bytes	 salt = { (const uint8_t *)"s", 1 };
	struct krpc_bytes	 none = { NULL, 0 };
	struct sim		 s;
	struct sim_node		*v[2];
	struct item		 item;
	uint8_t			 seed[ITEM_SEED_LEN] = { 4 };
	int64_t			 cas = 8;
	int			 i;

	(void)state;
	ops.found = on_found;
	ops.stored = on_stored;
	sim_init(&s, 60, 6, &mix);
	for (i = 0; i < 2; i++) {
		v[i] = &s.v[30 + i];
		dht_free(v[i]->d);
		v[i]->d = dht_new(&c, &ops, v[i], s.now);
		sim_introduce(&s, v[i], 30);
		sim_done_with(v[i]);
	}
	sim_until(&s, s.now + 10000);
	for (i = 1; i < 4; i++) {
		item_make(&item, (const uint8_t *)"i7e", 3, seed,
		    salt.p, salt.n, i * 8);
		seen.ended = false;
		assert_true(dht_put(v[0]->d, 17, &item, i == 3 ? &cas : NULL,
		    s.now));
		sim_done_with(v[0]);
		sim_until(&s, s.now + 20000);
		assert_true(seen.ended);
		/* The third time, another seq is there than is said. */
		assert_int_equal(seen.stored, i == 3 ? 0 : 8);
		assert_int_equal(seen.refused, i == 3 ? KRPC_E_CAS : 0);
	}
	get(&s, v[1], item.target, &salt);
	assert_int_equal(seen.item.seq, 16);
	/* What others have stored at the one that looks for it counts. */
	item_make(&item, (const uint8_t *)"i8e", 3, seed, salt.p, salt.n, 99);
	assert_int_equal(items_store(&v[1]->d->items, &item, NULL,
	    &v[0]->addr, dht_id(v[1]->d, false), node_seconds(s.now)), 0);
	get(&s, v[1], item.target, &salt);
	assert_int_equal(seen.item.seq, 99);
	/* With another salt, it is not what was asked for. */
	get(&s, v[1], item.target, &none);
	assert_int_equal(seen.item.nv, 0);
	sim_free(&s);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_pacing),
		cmocka_unit_test(test_hunger),
		cmocka_unit_test(test_put_and_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
