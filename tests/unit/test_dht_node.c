/* SPDX-License-Identifier: ISC */
/* A DHT node as others see it, and what it sends when it is let loose. */
#include "dht_sim.h"
#include "dht/bloom.h"
#include "dht/gate.h"
#include "dht/item_krpc.h"
#include "dht/peerstore.h"

static const uint8_t	hash[ID_LEN] = "12345678901234567890";
static const uint8_t	their_id[ID_LEN] = "abcdefghij0123456789";

/* The last packet that a node sent, and what else it told. */
struct seen {
	uint8_t		buf[KRPC_OUT_MAX];
	size_t		n;
	struct krpc	m;
	struct addr	to;
	uint32_t	packets, wanted, peers;
	struct addr	peer;		/* the last found */
	uint64_t	seed;
};

static void
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t n)
{
	struct seen	*s = arg;

	memcpy(s->buf, p, n);
	s->n = n;
	s->to = *to;
	s->packets++;
	assert_int_equal(krpc_parse(&s->m, s->buf, n), 0);
}

static void
on_random(void *arg, void *buf, size_t n)
{
	struct seen	*s = arg;
	uint8_t		*p = buf;

	while (n-- > 0) {
		s->seed = s->seed * 6364136223846793005ULL + 12345;
		*p++ = (uint8_t)(s->seed >> 33);
	}
}

static void
on_want(void *arg)
{
	((struct seen *)arg)->wanted++;
}

static void
on_peers(void *arg, const uint8_t *target, const struct addr *v, uint32_t n)
{
	struct seen	*s = arg;

	assert_memory_equal(target, hash, ID_LEN);
	s->peers += n;
	s->peer = v[n - 1];
}

static const struct dht_ops ops = {
	.send = on_send, .random = on_random, .want_contacts = on_want,
	.peers = on_peers
};

static struct dht *
node_new(struct seen *s, bool v6)
{
	struct dht_config	c = { .v4 = true, .v6 = v6 };

	memset(s, 0, sizeof(*s));
	return dht_new(&c, &ops, s, 1000);
}

static struct addr
at(const char *host)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, 6881), 0);
	return a;
}

static void
query(struct krpc *m, enum krpc_method method)
{
	krpc_init(m, KRPC_QUERY);
	m->method = method;
	m->tid = (struct krpc_bytes){ (const uint8_t *)"tt", 2 };
	m->id = their_id;
	m->target = hash;
}

/* Ask; the answer is in s->m.  Whoever asks is read-only: no ping follows. */
static size_t
ask(struct dht *d, struct seen *s, const char *from, struct krpc *m,
    uint64_t now)
{
	uint8_t		out[KRPC_OUT_MAX];
	struct addr	a = at(from);
	size_t		n;

	m->flags |= KRPC_RO;
	n = krpc_build(out, m);
	s->packets = 0;
	dht_input(d, &a, out, n, now);
	return n;
}

/* A node answers our ping, and so comes into the table. */
static void
befriend(struct dht *d, struct seen *s, const char *host, uint8_t tail,
    uint64_t now)
{
	struct addr	a = at(host);
	uint8_t		id[ID_LEN], out[KRPC_OUT_MAX], tid[4];
	struct krpc	m;

	memcpy(id, their_id, ID_LEN);
	id[ID_LEN - 1] = tail;
	query(&m, KRPC_PING);
	m.id = id;
	dht_input(d, &a, out, krpc_build(out, &m), now);
	assert_int_equal(s->m.kind, KRPC_QUERY);
	memcpy(tid, s->m.tid.p, sizeof(tid));
	krpc_init(&m, KRPC_RESPONSE);
	m.tid = (struct krpc_bytes){ tid, sizeof(tid) };
	m.id = id;
	dht_input(d, &a, out, krpc_build(out, &m), now);
}

static void
test_answers(void **state)
{
	struct seen	s;
	struct dht	*d = node_new(&s, true);
	struct krpc	m;

	(void)state;
	query(&m, KRPC_PING);
	ask(d, &s, "203.0.113.5", &m, 2000);
	assert_int_equal(s.packets, 1);
	assert_int_equal(s.m.kind, KRPC_RESPONSE);
	assert_memory_equal(s.m.tid.p, "tt", 2);
	assert_memory_equal(s.m.id, dht_id(d, false), ID_LEN);
	assert_true(s.m.flags & KRPC_HAS_IP);
	assert_int_equal(s.m.ip.port, 6881);
	assert_memory_equal(s.m.ip.ip, at("203.0.113.5").ip, 16);
	/* Each family has its id, its nodes, and what is wanted of them. */
	befriend(d, &s, "198.51.100.1", 1, 3000);
	befriend(d, &s, "2001:db8::1", 2, 4000);
	query(&m, KRPC_FIND_NODE);
	ask(d, &s, "203.0.113.5", &m, 5000);
	assert_int_equal(s.m.nodes.n, KRPC_NODE4);
	assert_int_equal(s.m.nodes6.n, 0);
	ask(d, &s, "2001:db8:7::7", &m, 5000);
	assert_memory_equal(s.m.id, dht_id(d, true), ID_LEN);
	assert_int_equal(s.m.nodes.n, 0);
	assert_int_equal(s.m.nodes6.n, KRPC_NODE6);
	m.flags |= KRPC_WANT4 | KRPC_WANT6;
	ask(d, &s, "203.0.113.5", &m, 5000);
	assert_int_equal(s.m.nodes.n, KRPC_NODE4);
	assert_int_equal(s.m.nodes6.n, KRPC_NODE6);
	/* What it does not know, and what it does not answer. */
	query(&m, KRPC_UNKNOWN);
	m.target = NULL;
	ask(d, &s, "203.0.113.5", &m, 5000);
	assert_int_equal(s.m.code, KRPC_E_METHOD);
	krpc_init(&m, KRPC_RESPONSE);
	m.tid = (struct krpc_bytes){ (const uint8_t *)"tttt", 4 };
	m.id = their_id;
	ask(d, &s, "203.0.113.5", &m, 5000);
	assert_int_equal(s.packets, 0);
	m.kind = KRPC_ERROR;
	m.code = 201;
	ask(d, &s, "203.0.113.5", &m, 5000);
	assert_int_equal(s.packets, 0);
	dht_free(d);
}

static void
test_read_only(void **state)
{
	struct dht_config	c = { .v4 = true, .read_only = true };
	struct seen		s = { .n = 0 };
	struct dht		*d = dht_new(&c, &ops, &s, 1000);
	struct krpc		m;
	struct addr		a = at("198.51.100.1");

	(void)state;
	query(&m, KRPC_PING);
	ask(d, &s, "203.0.113.5", &m, 2000);
	assert_int_equal(s.packets, 0);
	dht_add_contact(d, NULL, &a);
	dht_run(d, 2000);
	assert_int_equal(s.packets, 1);
	assert_int_equal(s.m.kind, KRPC_QUERY);
	assert_true(s.m.flags & KRPC_RO);
	dht_free(d);
}

static void
announce(struct dht *d, struct seen *s, const char *from, uint16_t port,
    uint32_t flags, uint64_t now)
{
	struct krpc	m;
	uint8_t		token[KRPC_TOKEN_MAX];

	query(&m, KRPC_GET_PEERS);
	ask(d, s, from, &m, now);
	assert_non_null(s->m.token.p);
	memcpy(token, s->m.token.p, s->m.token.n);
	query(&m, KRPC_ANNOUNCE);
	m.token = (struct krpc_bytes){ token, s->m.token.n };
	m.port = port;
	m.flags = flags;
	ask(d, s, from, &m, now);
}

static void
test_announce(void **state)
{
	struct seen	s;
	struct dht	*d = node_new(&s, true);
	struct krpc	m;
	uint8_t		seeds[BLOOM_LEN] = { 0 }, peers[BLOOM_LEN] = { 0 };
	struct addr	a;

	(void)state;
	announce(d, &s, "203.0.113.5", 51413, 0, 2000);
	assert_int_equal(s.m.kind, KRPC_RESPONSE);
	announce(d, &s, "203.0.113.6", 51413, KRPC_IMPLIED | KRPC_SEED,
	    2000);
	announce(d, &s, "2001:db8::6", 51413, 0, 2000);
	/* Of the family that asks. */
	query(&m, KRPC_GET_PEERS);
	m.flags = KRPC_SCRAPE;
	ask(d, &s, "203.0.113.7", &m, 3000);
	assert_int_equal(s.m.nvalues, 2);
	a = at("203.0.113.6");
	bloom_add(seeds, &a);
	assert_memory_equal(s.m.seeds, seeds, BLOOM_LEN);
	a = at("203.0.113.5");
	bloom_add(peers, &a);
	a = at("2001:db8::6");
	bloom_add(peers, &a);
	assert_memory_equal(s.m.peers, peers, BLOOM_LEN);
	m.flags = KRPC_NOSEED;
	ask(d, &s, "203.0.113.7", &m, 3000);
	assert_int_equal(s.m.nvalues, 1);
	assert_int_equal(s.m.values[0].port, 51413);
	ask(d, &s, "2001:db8::9", &m, 3000);
	assert_int_equal(s.m.nvalues, 1);
	/* With a token of somebody else's, or an old one. */
	query(&m, KRPC_ANNOUNCE);
	m.token = (struct krpc_bytes){ (const uint8_t *)"aaaaaaaa", 8 };
	m.port = 1;
	ask(d, &s, "203.0.113.8", &m, 3000);
	assert_int_equal(s.m.code, KRPC_E_PROTOCOL);
	query(&m, KRPC_SAMPLE);
	ask(d, &s, "203.0.113.8", &m, 3000);
	assert_int_equal(s.m.num, 1);
	assert_int_equal(s.m.samples.n, ID_LEN);
	assert_memory_equal(s.m.samples.p, hash, ID_LEN);
	assert_in_range(s.m.interval, 1, 21600);
	/* They are forgotten. */
	dht_run(d, 3000 + PEERSTORE_LIFE_S * 1000);
	query(&m, KRPC_GET_PEERS);
	ask(d, &s, "203.0.113.7", &m, 4000 + PEERSTORE_LIFE_S * 1000);
	assert_int_equal(s.m.nvalues, 0);
	dht_free(d);
}

static void
test_items(void **state)
{
	struct seen		s;
	struct dht		*d = node_new(&s, false);
	struct krpc		m;
	struct item		item;
	struct krpc_bytes	salt = { (const uint8_t *)"salt", 4 };
	uint8_t			seed[ITEM_SEED_LEN] = { 9 };
	uint8_t			token[KRPC_TOKEN_MAX];

	(void)state;
	assert_int_equal(item_make(&item, (const uint8_t *)"2:v1", 4, seed,
	    salt.p, salt.n, 1), 0);
	query(&m, KRPC_GET);
	m.target = item.target;
	ask(d, &s, "203.0.113.5", &m, 2000);
	assert_null(s.m.v.p);
	memcpy(token, s.m.token.p, s.m.token.n);
	query(&m, KRPC_PUT);
	m.target = NULL;
	m.token = (struct krpc_bytes){ token, s.m.token.n };
	m.salt = salt;
	item_put(&item, &m);
	ask(d, &s, "203.0.113.5", &m, 2000);
	assert_int_equal(s.m.kind, KRPC_RESPONSE);
	ask(d, &s, "203.0.113.6", &m, 2000);
	assert_int_equal(s.m.code, KRPC_E_PROTOCOL);
	m.seq = 2;
	ask(d, &s, "203.0.113.5", &m, 2000);
	assert_int_equal(s.m.code, KRPC_E_SIG);
	query(&m, KRPC_GET);
	m.target = item.target;
	ask(d, &s, "203.0.113.7", &m, 2000);
	assert_int_equal(s.m.v.n, 4);
	assert_memory_equal(s.m.v.p, "2:v1", 4);
	assert_memory_equal(s.m.key, item.key, ITEM_KEY_LEN);
	assert_memory_equal(s.m.sig, item.sig, ITEM_SIG_LEN);
	/* Nothing that the asker has already. */
	m.seq = 1;
	m.flags = KRPC_HAS_SEQ;
	ask(d, &s, "203.0.113.7", &m, 2000);
	assert_null(s.m.v.p);
	assert_int_equal(s.m.seq, 1);
	dht_free(d);
}

/* Whoever asks too much, in whoever's name, gets little. */
static void
test_no_amplifier(void **state)
{
	struct seen	s;
	struct dht	*d = node_new(&s, false);
	struct krpc	m;
	char		host[32];
	size_t		in = 0, out = 0;
	uint32_t	i, answers = 0;

	(void)state;
	for (i = 1; i < 200; i++) {
		snprintf(host, sizeof(host), "203.0.%u.5", i);
		announce(d, &s, host, 7, 0, 2000);
	}
	query(&m, KRPC_GET_PEERS);
	m.flags = KRPC_SCRAPE | KRPC_WANT4;
	for (i = 0; i < 10000; i++) {
		in += ask(d, &s, "198.51.100.9", &m, 2000 + i);
		answers += s.packets;
		out += s.packets * s.n;
	}
	assert_in_range(answers, GATE_BURST, GATE_BURST + 10 * 8 + 1);
	assert_true(out <= answers * (in / 10000) * GATE_FACTOR +
	    GATE_EXTRA + 11 * GATE_EXTRA_RATE);
	dht_free(d);
}

/* Their votes move us, if they are many and of one mind. */
static void
test_external(void **state)
{
	struct seen		s;
	struct dht		*d = node_new(&s, false);
	struct dht_stats	st;
	struct addr		self = at("8.8.4.4"), a;
	uint8_t			before[ID_LEN], out[KRPC_OUT_MAX], id[ID_LEN];
	uint8_t			tid[4];
	struct krpc		m;
	uint32_t		i;
	char			host[32];

	(void)state;
	memcpy(before, dht_id(d, false), ID_LEN);
	for (i = 0; i < 4; i++) {
		assert_memory_equal(before, dht_id(d, false), ID_LEN);
		snprintf(host, sizeof(host), "9.9.%u.9", i);
		a = at(host);
		memcpy(id, their_id, ID_LEN);
		id[0] = (uint8_t)(40 * i);
		query(&m, KRPC_PING);
		m.id = id;
		dht_input(d, &a, out, krpc_build(out, &m), 2000 + 1000 * i);
		memcpy(tid, s.m.tid.p, sizeof(tid));
		krpc_init(&m, KRPC_RESPONSE);
		m.tid = (struct krpc_bytes){ tid, sizeof(tid) };
		m.id = id;
		m.ip = self;
		m.flags = KRPC_HAS_IP;
		dht_input(d, &a, out, krpc_build(out, &m), 2000 + 1000 * i);
	}
	assert_memory_not_equal(before, dht_id(d, false), ID_LEN);
	assert_true(id_fits(dht_id(d, false), &self));
	dht_stats(d, 9000, &st);
	assert_true(st.side[0].external);
	assert_true(st.side[0].fits);
	assert_int_equal(st.side[0].table.good, 4);
	dht_free(d);
}

/* Nobody is there: it asks for others, and less and less often. */
static void
test_alone(void **state)
{
	struct seen	s;
	struct dht	*d = node_new(&s, false);
	struct addr	a = at("198.51.100.1"), b = at("198.51.101.1");
	uint64_t	now = 1000, due;
	uint32_t	runs = 0;

	(void)state;
	dht_run(d, now);
	assert_int_equal(s.wanted, 1);
	dht_add_contact(d, their_id, &a);
	dht_add_router(d, &b);
	for (; now < 3600000; now = due > now ? due : now + 1, runs++) {
		dht_run(d, now);
		due = dht_due(d);
	}
	assert_in_range(s.packets, 20, 400);
	assert_in_range(s.wanted, 10, 60);
	assert_true(runs < 20000);
	dht_free(d);
}

/* A router leads to others, and is not entered itself. */
static void
test_router(void **state)
{
	struct seen		s;
	struct dht		*d = node_new(&s, false);
	struct dht_stats	st;
	struct addr		router = at("198.51.100.1"), a;
	uint8_t			out[KRPC_OUT_MAX], tid[4], row[KRPC_NODE4];
	struct krpc		m;

	(void)state;
	dht_run(d, 1000);
	dht_add_router(d, &router);
	dht_run(d, 1001);
	assert_int_equal(addr_cmp(&s.to, &router), 0);
	assert_int_equal(s.m.method, KRPC_FIND_NODE);
	assert_memory_equal(s.m.target, dht_id(d, false), ID_LEN);
	a = at("198.51.101.1");
	memcpy(tid, s.m.tid.p, sizeof(tid));
	krpc_init(&m, KRPC_RESPONSE);
	m.tid = (struct krpc_bytes){ tid, sizeof(tid) };
	m.id = hash;
	m.nodes = (struct krpc_bytes){ row, krpc_put_node(row, their_id,
	    &a) };
	dht_input(d, &router, out, krpc_build(out, &m), 1050);
	assert_int_equal(dht_due(d), 0);
	dht_run(d, 1050);
	assert_int_equal(addr_cmp(&s.to, &a), 0);
	dht_stats(d, 1050, &st);
	assert_int_equal(st.side[0].table.good, 0);
	memcpy(tid, s.m.tid.p, sizeof(tid));
	m.id = their_id;
	dht_input(d, &a, out, krpc_build(out, &m), 1100);
	dht_stats(d, 1100, &st);
	assert_int_equal(st.side[0].table.good, 1);
	dht_free(d);
}

/*
 * There is nobody but the router: then it counts as a node, and what it has
 * announced to us is found without asking.
 */
static void
test_lonely(void **state)
{
	struct seen		s;
	struct dht		*d = node_new(&s, false);
	struct dht_stats	st;
	struct addr		router = at("198.51.100.1");
	struct krpc		m;
	uint8_t			out[KRPC_OUT_MAX], tid[4], token[64];
	uint64_t		now;

	(void)state;
	dht_add_router(d, &router);
	for (now = 1000; now < 12000; now += 100) {
		s.packets = 0;
		dht_run(d, now);
		if (s.packets == 0)
			continue;
		memcpy(tid, s.m.tid.p, sizeof(tid));
		krpc_init(&m, KRPC_RESPONSE);
		m.tid = (struct krpc_bytes){ tid, sizeof(tid) };
		m.id = their_id;
		dht_input(d, &router, out, krpc_build(out, &m), now + 50);
		dht_stats(d, now + 50, &st);
		assert_int_equal(st.side[0].table.good, now > 5000);
	}
	assert_int_equal(st.side[0].table.good, 1);
	query(&m, KRPC_GET_PEERS);
	ask(d, &s, "198.51.100.1", &m, now);
	memcpy(token, s.m.token.p, s.m.token.n);
	query(&m, KRPC_ANNOUNCE);
	m.token = (struct krpc_bytes){ token, s.m.token.n };
	m.port = 5;
	ask(d, &s, "198.51.100.1", &m, now);
	assert_int_equal(s.m.kind, KRPC_RESPONSE);
	assert_int_equal(s.peers, 0);
	assert_true(dht_torrent_add(d, hash, false, now));
	dht_run(d, now);
	assert_int_equal(s.peers, 1);
	assert_int_equal(s.peer.port, 5);
	dht_free(d);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_announce),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_no_amplifier),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_router),
		cmocka_unit_test(test_lonely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
