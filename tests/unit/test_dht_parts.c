/* SPDX-License-Identifier: ISC */
/* The parts of a DHT node, each by itself: what they take and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dht/calls.h"
#include "dht/gate.h"
#include "dht/items.h"
#include "dht/lookup.h"
#include "dht/peerstore.h"
#include "dht/table.h"
#include "dht/token.h"

static const uint8_t	zero[ID_LEN];

/* Number n: a public address in a /24 of its own. */
static struct addr
address(uint32_t n)
{
	struct addr	a;
	uint8_t		p[6] = { (uint8_t)(20 + n / 65536),
	    (uint8_t)(n / 256), (uint8_t)n, 7, 0x1a, 0xe1 };

	addr_from_compact4(&a, p);
	return a;
}

/* An id with so many bits in common with zero; tail tells it from others. */
static uint8_t *
id_at(unsigned common, uint32_t tail)
{
	static uint8_t	id[ID_LEN];

	memset(id, 0, sizeof(id));
	memcpy(id + 12, &tail, sizeof(tail));
	id_beside(id, zero, common);
	return id;
}

/* ---- table ---- */

static void
test_table_fills(void **state)
{
	struct table		t;
	struct table_counts	c;
	uint32_t		i;
	struct addr		a;

	(void)state;
	table_init(&t, zero);
	for (i = 0; i < 5000; i++) {
		a = address(i);
		table_on_reply(&t, id_at(i % 12, i), &a, 10, 100);
	}
	/* 64, 32 and 16, then eights. */
	assert_in_range(t.nbuckets, 12, 13);
	assert_int_equal(t.buckets[0].n, 64);
	assert_int_equal(t.buckets[1].n, 32);
	assert_int_equal(t.buckets[2].n, 16);
	assert_int_equal(t.buckets[3].n, TABLE_K);
	assert_int_equal(t.buckets[11].n, TABLE_K);
	table_count(&t, 100, &c);
	assert_int_equal(c.good, t.n);
	assert_true(c.spare > 0);
	table_count(&t, 100 + TABLE_GOOD_S, &c);
	assert_int_equal(c.dubious, t.n);
	/* Ourselves, from elsewhere. */
	a = address(9000);
	i = t.n;
	table_on_reply(&t, zero, &a, 10, 100);
	assert_int_equal(t.n, i);
	table_clear(&t);
}

static void
test_table_crowds(void **state)
{
	struct table	t;
	struct addr	a = address(1), b;
	uint32_t	i;

	(void)state;
	table_init(&t, zero);
	/* One of an address, two of a /24 in a bucket. */
	table_on_reply(&t, id_at(0, 1), &a, 10, 1);
	a.port++;
	assert_false(table_wants(&t, id_at(0, 2), &a));
	table_on_reply(&t, id_at(0, 2), &a, 10, 1);
	assert_int_equal(t.n, 1);
	for (i = 0; i < 10; i++) {
		a.ip[15] = (uint8_t)(100 + i);
		table_on_reply(&t, id_at(0, 10 + i), &a, 10, 1);
	}
	assert_int_equal(t.n, TABLE_SUBNET);
	/* The same in a /64. */
	for (i = 0; i < 10; i++) {
		addr_parse(&b, "2001:db8:0:1::1", 6881);
		b.ip[15] = (uint8_t)i;
		table_on_reply(&t, id_at(0, 30 + i), &b, 10, 1);
	}
	assert_int_equal(t.n, 2 * TABLE_SUBNET);
	/* As many as there are in a local network. */
	for (i = 0; i < 10; i++) {
		addr_parse(&b, "127.0.0.1", (uint16_t)(7000 + i));
		table_on_reply(&t, id_at(0, 50 + i), &b, 10, 1);
	}
	assert_int_equal(t.n, 2 * TABLE_SUBNET + 10);
	table_clear(&t);
}

static void
test_table_ages(void **state)
{
	struct table		t;
	struct table_node	*node;
	struct addr		a, b;
	uint32_t		i;

	(void)state;
	table_init(&t, zero);
	for (i = 0; i < 200; i++) {
		a = address(i);
		table_on_reply(&t, id_at(5 + i % 2, i), &a, 10, 100);
	}
	assert_null(table_to_ping(&t, 200));
	assert_int_equal(table_stale(&t, 200), -1);
	assert_int_equal(table_stale(&t, 100 + TABLE_GOOD_S), 0);
	node = table_to_ping(&t, 100 + TABLE_GOOD_S);
	assert_non_null(node);
	a = node->addr;
	/* Who asks us is still there. */
	table_on_query(&t, node->id, &a, 100 + TABLE_GOOD_S);
	assert_ptr_not_equal(table_to_ping(&t, 100 + TABLE_GOOD_S), node);
	/* Who never answers makes way for one in reserve. */
	node = &t.buckets[5].v[0];
	a = node->addr;
	for (i = 0; i < TABLE_BAD; i++) {
		assert_int_equal(addr_cmp(&node->addr, &a), 0);
		table_on_timeout(&t, node->id, &a);
	}
	assert_int_not_equal(addr_cmp(&node->addr, &a), 0);
	/* An id that is taken stays where it is; a new one at its address. */
	a = node->addr;
	b = address(5000);
	table_on_reply(&t, node->id, &b, 10, 300);
	assert_non_null(table_find(&t, node->id, &a));
	table_on_reply(&t, id_at(5, 7777), &a, 10, 300);
	assert_non_null(table_find(&t, id_at(5, 7777), &a));
	/* With another id of our own, the same nodes are elsewhere. */
	table_rekey(&t, id_at(0, 1), 300);
	assert_non_null(table_find(&t, id_at(5, 7777), &a));
	assert_int_equal(t.buckets[0].n, t.n);
	table_clear(&t);
}

static int
cmp_to_target(const void *pa, const void *pb)
{
	return id_cmp(id_at(3, 99), pa, pb);
}

/* The nearest by the table are the nearest there are. */
static void
test_table_closest(void **state)
{
	const struct table_node	*out[TABLE_K];
	static uint8_t		all[400][ID_LEN];
	uint8_t			target[ID_LEN];
	struct table		t;
	struct addr		a;
	uint32_t		i, k, n = 0;

	(void)state;
	table_init(&t, zero);
	for (i = 0; i < 2000; i++) {
		a = address(i);
		table_on_reply(&t, id_at(i % 9, i * 2654435761U), &a, 1, 1);
	}
	for (i = 0; i < t.nbuckets; i++)
		for (k = 0; k < t.buckets[i].n; k++)
			memcpy(all[n++], t.buckets[i].v[k].id, ID_LEN);
	memcpy(target, id_at(3, 99), ID_LEN);
	qsort(all, n, ID_LEN, cmp_to_target);
	assert_int_equal(table_closest(&t, target, out, TABLE_K), TABLE_K);
	for (i = 0; i < TABLE_K; i++)
		assert_memory_equal(out[i]->id, all[i], ID_LEN);
	table_clear(&t);
}

/* ---- look-up ---- */

static void
reply(struct lookup *l, const struct lookup_node *node, uint32_t from,
    uint32_t n)
{
	uint8_t		rows[LOOKUP_PER_REPLY * KRPC_NODE4], id[ID_LEN];
	struct addr	who = node->addr, a;
	struct krpc	m;
	uint32_t	i;

	memcpy(id, node->id, ID_LEN);
	krpc_init(&m, KRPC_RESPONSE);
	m.id = id;
	m.token = (struct krpc_bytes){ (const uint8_t *)"tok", 3 };
	m.nodes.p = rows;
	for (i = 0; i < n; i++) {
		uint8_t	other[ID_LEN] = { 0 };

		a = address(from + i);
		other[4] = (uint8_t)(from + i);
		id_bind(other, &a);
		m.nodes.n += krpc_put_node(rows + m.nodes.n, other, &a);
	}
	assert_non_null(lookup_on_reply(l, &who, &m));
}

static void
test_lookup_ends(void **state)
{
	const struct lookup_node	*holders[2 * LOOKUP_K];
	struct lookup_node		*node;
	struct lookup			 l;
	struct addr			 a = address(0);
	uint32_t			 asked = 0, next = 1;

	(void)state;
	lookup_init(&l, id_at(20, 5), false);
	assert_true(lookup_done(&l));
	assert_true(lookup_start(&l, NULL, &a));
	assert_false(lookup_start(&l, NULL, &a));
	assert_false(lookup_done(&l));
	while ((node = lookup_next(&l)) != NULL) {
		assert_true(++asked < 200);
		if (asked % 5 == 4) {
			a = node->addr;
			lookup_on_slow(&l, &a);
			lookup_on_timeout(&l, &a, false);
			continue;
		}
		reply(&l, node, next, next < 100 ? 8 : 0);
		next += 8;
	}
	assert_true(lookup_done(&l));
	assert_true(asked >= LOOKUP_K);
	assert_true(lookup_holders(&l, holders) >= LOOKUP_K);
	lookup_clear(&l);
}

/* No more at a time, but for those that dawdle. */
static void
test_lookup_alpha(void **state)
{
	struct lookup_node	*node = NULL;
	struct lookup		 l;
	struct addr		 a;
	uint32_t		 i;

	(void)state;
	lookup_init(&l, zero, false);
	for (i = 0; i < 20; i++) {
		a = address(i);
		assert_true(lookup_start(&l, id_at(4, i), &a));
	}
	for (i = 0; i < LOOKUP_ALPHA; i++)
		assert_non_null(node = lookup_next(&l));
	assert_false(lookup_can_ask(&l));
	a = node->addr;
	lookup_on_slow(&l, &a);
	assert_true(lookup_can_ask(&l));
	assert_non_null(lookup_next(&l));
	assert_false(lookup_can_ask(&l));
	/* The slow one answers after all. */
	reply(&l, node, 0, 0);
	assert_false(lookup_can_ask(&l));
	lookup_clear(&l);
}

/* Of a /24 there are three at most; ports and families must be right. */
static void
test_lookup_takes(void **state)
{
	struct lookup	l;
	struct addr	a = address(0);
	uint32_t	i;

	(void)state;
	lookup_init(&l, zero, false);
	for (i = 0; i < 10; i++) {
		a.ip[15] = (uint8_t)i;
		assert_int_equal(lookup_start(&l, id_at(3, i), &a),
		    i < LOOKUP_SUBNET);
	}
	a = address(1);
	a.port = 0;
	assert_false(lookup_start(&l, zero, &a));
	addr_parse(&a, "2001:db8::1", 1);
	assert_false(lookup_start(&l, zero, &a));
	addr_parse(&a, "224.0.0.1", 1);
	assert_false(lookup_start(&l, zero, &a));
	for (i = 1; i < 300; i++) {
		a = address(i);
		lookup_start(&l, id_at(i % 30, i), &a);
	}
	assert_int_equal(l.n, LOOKUP_MAX);
	for (i = 1; i < l.n; i++)
		assert_true(id_cmp(zero, l.v[i - 1].id, l.v[i].id) <= 0);
	lookup_clear(&l);
}

/* ---- calls ---- */

static void
test_calls(void **state)
{
	struct calls		c;
	struct call		*call, *other;
	struct addr		a = address(1), b = address(2);
	uint8_t			tid[CALLS_TID_LEN];
	struct krpc_bytes	number = { tid, sizeof(tid) };
	bool			lost;
	uint32_t		i;

	(void)state;
	calls_init(&c);
	assert_true(calls_due(&c) == UINT64_MAX);
	call = calls_open(&c, &a, 0x12345678, 1000);
	calls_put_tid(call, tid);
	assert_ptr_equal(calls_find(&c, &number, &a), call);
	assert_null(calls_find(&c, &number, &b));
	tid[3] ^= 1;
	assert_null(calls_find(&c, &number, &a));
	assert_int_equal(calls_due(&c), 1000 + CALLS_SLOW_MS);
	assert_null(calls_late(&c, 1999, &lost));
	assert_ptr_equal(calls_late(&c, 2000, &lost), call);
	assert_false(lost);
	assert_null(calls_late(&c, 2000, &lost));
	assert_ptr_equal(calls_late(&c, 3000, &lost), call);
	assert_true(lost);
	calls_close(&c, call);
	/* A near net is not waited for as long. */
	for (i = 0; i < 40; i++) {
		other = calls_open(&c, &a, i, 5000);
		calls_measure(&c, other, 5019);
		calls_close(&c, other);
	}
	calls_open(&c, &a, 1, 6000);
	assert_int_equal(calls_due(&c), 6000 + CALLS_SLOW_MIN);
	for (i = c.n; i < CALLS_MAX; i++)
		assert_non_null(calls_open(&c, &a, i, 6000));
	assert_null(calls_open(&c, &a, i, 6000));
	calls_clear(&c);
}

/* ---- tokens, limits ---- */

static void
test_tokens(void **state)
{
	struct tokens		t = { .rotate_at = 0 };
	uint8_t			secret[TOKEN_SECRET] = { 1 };
	uint8_t			token[TOKEN_LEN];
	struct krpc_bytes	s = { token, sizeof(token) };
	struct addr		a = address(1), b = address(2);

	(void)state;
	tokens_rotate(&t, secret, 1000);
	assert_int_equal(t.rotate_at, 1000 + TOKEN_ROTATE_MS);
	token_make(&t, &a, zero, token);
	assert_true(token_check(&t, &a, zero, &s));
	assert_false(token_check(&t, &b, zero, &s));
	assert_false(token_check(&t, &a, id_at(3, 3), &s));
	a.port++;
	assert_true(token_check(&t, &a, zero, &s));
	secret[0] = 2;
	tokens_rotate(&t, secret, 2000);
	assert_true(token_check(&t, &a, zero, &s));
	secret[0] = 3;
	tokens_rotate(&t, secret, 3000);
	assert_false(token_check(&t, &a, zero, &s));
	s.n--;
	assert_false(token_check(&t, &a, zero, &s));
}

/* As many as it gives. */
static uint32_t
spend(struct budget *b, enum budget_kind kind, uint64_t now)
{
	uint32_t	n = 0;

	while (budget_take(b, kind, now))
		n++;
	return n;
}

static void
test_gate(void **state)
{
	struct gate	g;
	struct budget	b = { .rate = 0 };
	struct addr	a = address(1), other = address(2);
	uint32_t	n = 0;
	size_t		room, total = 0;

	(void)state;
	gate_init(&g, 5);
	while ((room = gate_ask(&g, &a, 100, 1000)) > 0) {
		assert_true(room >= 100 * GATE_FACTOR);
		room = room < 1400 ? room : 1400;
		total += room;
		gate_on_reply(&g, &a, 100, room);
		n++;
	}
	assert_int_equal(n, GATE_BURST);
	assert_true(total <= n * 100 * GATE_FACTOR + GATE_EXTRA);
	assert_true(gate_ask(&g, &other, 100, 1000) > 0);
	assert_int_equal(gate_ask(&g, &a, 100, 1100), 0);
	assert_true(gate_ask(&g, &a, 100, 1200) > 0);
	assert_int_equal(gate_ask(&g, &a, 100, 1200), 0);
	gate_clear(&g);

	budget_set(&b, 100, 0);
	assert_false(budget_take(&b, BUDGET_ANSWER, 0));
	assert_in_range(budget_due(&b, 0), 70, 80);
	/* Each has its half, however much the other would like. */
	assert_int_equal(spend(&b, BUDGET_QUERY, 5000), 50);
	assert_int_equal(spend(&b, BUDGET_ANSWER, 5000), 50);
	assert_int_equal(spend(&b, BUDGET_QUERY, 5400), 20);
	assert_int_equal(spend(&b, BUDGET_ANSWER, 5400), 20);
	/* What one leaves is the other's. */
	assert_int_equal(spend(&b, BUDGET_QUERY, 6400), 50);
	assert_int_equal(spend(&b, BUDGET_QUERY, 6900), 50);
	budget_set(&b, 0, 7000);
	assert_true(budget_take(&b, BUDGET_QUERY, 7000));
}

/* ---- stores ---- */

static void
test_peerstore(void **state)
{
	static struct addr	out[600];
	struct peerstore	s;
	uint8_t			hash[ID_LEN] = { 1 }, sample[20][ID_LEN];
	struct addr		a;
	uint32_t		i, n;

	(void)state;
	peerstore_init(&s, 77);
	assert_int_equal(peerstore_get(&s, hash, false, false, 0, out, 9), 0);
	/* A swarm has its bound, and goes on changing. */
	for (i = 0; i < 700; i++) {
		a = address(i);
		assert_true(peerstore_add(&s, hash, &a, i % 2, i, 10));
	}
	assert_int_equal(s.npeers, PEERSTORE_SWARM);
	n = peerstore_get(&s, hash, false, false, 3, out, 600);
	assert_int_equal(n, PEERSTORE_SWARM);
	n = peerstore_get(&s, hash, false, true, 3, out, 600);
	assert_true(n < PEERSTORE_SWARM);
	assert_int_equal(peerstore_get(&s, hash, true, false, 3, out, 9), 0);
	/* Another port is the same peer. */
	a = address(699);
	a.port = 99;
	assert_true(peerstore_add(&s, hash, &a, false, 0, 10));
	assert_int_equal(s.npeers, PEERSTORE_SWARM);
	/* A source has its share, of all torrents. */
	addr_parse(&a, "2001:db8:0:5::1", 1);
	for (i = 0; i < 200; i++) {
		hash[1] = (uint8_t)i;
		hash[0] = 2;
		a.ip[15] = (uint8_t)i;
		peerstore_add(&s, hash, &a, false, 0, 20);
	}
	assert_true(s.npeers - PEERSTORE_SWARM <= PEERSTORE_SOURCE);
	assert_true(s.npeers - PEERSTORE_SWARM > PEERSTORE_SOURCE / 2);
	n = peerstore_sample(&s, 12345, sample, 20);
	assert_int_equal(n, 20);
	for (i = 1; i < n; i++)
		assert_memory_not_equal(sample[0], sample[i], ID_LEN);
	/* In the end all is forgotten, the shares, too. */
	peerstore_expire(&s, 10 + PEERSTORE_LIFE_S);
	assert_true(s.npeers <= PEERSTORE_SOURCE);
	peerstore_expire(&s, 20 + PEERSTORE_LIFE_S);
	assert_int_equal(s.npeers, 0);
	assert_int_equal(s.nswarms, 0);
	for (i = 0; i < 16384; i++)
		assert_int_equal(s.sources[i], 0);
	peerstore_clear(&s);
}

static void
test_items(void **state)
{
	uint8_t		seed[ITEM_SEED_LEN] = { 1 }, v[8];
	struct items	s;
	struct item	item;
	struct addr	a = address(1);
	int64_t		cas = 4;
	uint32_t	i, n;

	(void)state;
	items_init(&s);
	item_make(&item, (const uint8_t *)"1:a", 3, seed, NULL, 0, 5);
	assert_int_equal(items_store(&s, &item, NULL, &a, zero, 1), 0);
	assert_int_equal(items_store(&s, &item, &cas, &a, zero, 1),
	    KRPC_E_CAS);
	cas = 5;
	assert_int_equal(items_store(&s, &item, &cas, &a, zero, 1), 0);
	item_make(&item, (const uint8_t *)"1:b", 3, seed, NULL, 0, 5);
	assert_int_equal(items_store(&s, &item, NULL, &a, zero, 1),
	    KRPC_E_SEQ);
	item_make(&item, (const uint8_t *)"1:b", 3, seed, NULL, 0, 4);
	assert_int_equal(items_store(&s, &item, NULL, &a, zero, 1),
	    KRPC_E_SEQ);
	item_make(&item, (const uint8_t *)"1:b", 3, seed, NULL, 0, 6);
	assert_int_equal(items_store(&s, &item, &cas, &a, zero, 1), 0);
	assert_int_equal(items_find(&s, item.target)->seq, 6);
	/* A source has its share; the nearest remain. */
	for (i = 0; i < 100; i++) {
		n = (uint32_t)snprintf((char *)v, sizeof(v), "i%ue", i);
		item_make(&item, v, n, NULL, NULL, 0, 0);
		items_store(&s, &item, NULL, &a, zero, 2);
	}
	assert_int_equal(s.n, ITEMS_SOURCE);
	for (i = 0; i < 2000; i++) {
		a = address(1000 + i);
		n = (uint32_t)snprintf((char *)v, sizeof(v), "i%ue", i);
		item_make(&item, v, n, NULL, NULL, 0, 0);
		items_store(&s, &item, NULL, &a, zero, 3);
	}
	assert_int_equal(s.n, ITEMS_MAX);
	memset(item.target, 0xff, ID_LEN);
	assert_int_equal(items_store(&s, &item, NULL, &a, zero, 3),
	    KRPC_E_SERVER);
	memset(item.target, 0, ID_LEN);
	a = address(9000);
	assert_int_equal(items_store(&s, &item, NULL, &a, zero, 3), 0);
	items_expire(&s, 3 + ITEMS_LIFE_S);
	assert_int_equal(s.n, 0);
	items_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_table_fills),
		cmocka_unit_test(test_table_crowds),
		cmocka_unit_test(test_table_ages),
		cmocka_unit_test(test_table_closest),
		cmocka_unit_test(test_lookup_ends),
		cmocka_unit_test(test_lookup_alpha),
		cmocka_unit_test(test_lookup_takes),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_peerstore),
		cmocka_unit_test(test_items)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
