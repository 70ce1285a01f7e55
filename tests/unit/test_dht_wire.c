/* SPDX-License-Identifier: ISC */
/* What the BEPs print: messages, ids, filters and items as they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crc32c.h"
#include "dht/bloom.h"
#include "dht/item_krpc.h"
#include "dht/krpc.h"
#include "dht/nodeid.h"
#include "hash.h"

static const uint8_t	abc[ID_LEN + 1] = "abcdefghij0123456789";

static void
from_hex(const char *hex, uint8_t *out)
{
	size_t	len = strlen(hex);

	assert_true(hash_from_hex(hex, len, out, len / 2));
}

static int
parse(struct krpc *m, const char *s)
{
	return krpc_parse(m, (const uint8_t *)s, strlen(s));
}

static void
assert_builds(const struct krpc *m, const char *s)
{
	uint8_t	out[KRPC_OUT_MAX];
	size_t	n = krpc_build(out, m);

	assert_int_equal(n, strlen(s));
	assert_memory_equal(out, s, n);
}

/* ---- BEP 5 ---- */

static void
test_queries(void **state)
{
	static const char *const	examples[] = {
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz"
		    "123456e1:q9:find_node1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwx"
		    "yz123456e1:q9:get_peers1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_"
		    "hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusn"
		    "the1:q13:announce_peer1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz"
		    "1234564:wantl2:n42:n6ee1:q17:sample_infohashes2:roi1e"
		    "1:t2:aa1:y1:qe"
	};
	static const enum krpc_method	methods[] = { KRPC_PING,
	    KRPC_FIND_NODE, KRPC_GET_PEERS, KRPC_ANNOUNCE, KRPC_SAMPLE };
	struct krpc			m;
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(parse(&m, examples[i]), 0);
		assert_int_equal(m.kind, KRPC_QUERY);
		assert_int_equal(m.method, methods[i]);
		assert_int_equal(m.code, 0);
		assert_memory_equal(m.id, abc, ID_LEN);
		assert_builds(&m, examples[i]);
	}
	assert_int_equal(m.flags, KRPC_RO | KRPC_WANT4 | KRPC_WANT6);
}

static void
test_answers(void **state)
{
	const char	*peers =
	    "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl"
	    "6:axje.u6:idhtnmee1:t2:aa1:y1:re";
	const char	*error =
	    "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee";
	struct krpc	 m;
	struct addr	 a;
	char		 buf[ADDR_STRLEN];

	(void)state;
	assert_int_equal(parse(&m, peers), 0);
	assert_int_equal(m.kind, KRPC_RESPONSE);
	assert_int_equal(m.nvalues, 2);
	assert_string_equal(addr_str(&m.values[0], buf),
	    "97.120.106.101:11893");
	assert_builds(&m, peers);
	assert_int_equal(parse(&m, error), 0);
	assert_int_equal(m.kind, KRPC_ERROR);
	assert_int_equal(m.code, 201);
	m.text = "A Generic Error Ocurred";
	assert_builds(&m, error);
	/* Our address: with a port, without, and within r as it once was. */
	assert_int_equal(parse(&m, "d2:ip6:abcdef1:rd2:id20:"
	    "abcdefghij0123456789e1:t1:a1:y1:re"), 0);
	a = m.ip;
	assert_true(m.flags & KRPC_HAS_IP);
	assert_int_equal(parse(&m, "d1:rd2:id20:abcdefghij01234567892:ip4:"
	    "abcde1:t1:a1:y1:re"), 0);
	assert_int_equal(addr_cmp_ip(&m.ip, &a), 0);
}

/* Neither a message nor worth an answer. */
static void
test_rejected(void **state)
{
	static const char *const	bad[] = {
		"", "x", "de", "le", "i1e", "d1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:y1:qe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t0:1:y1:qe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t33:aaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaa1:y1:qe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:xe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y2:qqe",
		"d1:ad2:id20:abcdefghij01234567892:id20:abcdefghij0123456789"
		    "e1:q4:ping1:t2:aa1:y1:qe",
		"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:q",
		"d1:ai1e1:q4:ping1:t2:aa1:y1:qe",
		"d1:rd2:id19:abcdefghij012345678e1:t2:aa1:y1:re",
		"d1:rd5:token1:ae1:t2:aa1:y1:re",
		"d1:rd2:id20:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0e1:t2:aa"
		    "1:y1:re"
	};
	static const struct {
		const char	*s;
		int		 code;
	}	wrong[] = {
		{ "d1:ade1:q4:ping1:t1:a1:y1:qe", 203 },
		{ "d1:ad2:id3:abce1:q4:ping1:t1:a1:y1:qe", 203 },
		{ "d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t1:a"
		    "1:y1:qe", 203 },
		{ "d1:ad2:id20:abcdefghij0123456789e1:q5:hello1:t1:a1:y1:qe",
		    204 },
		{ "d1:ad2:id20:abcdefghij01234567899:info_hash20:abcdefghij"
		    "01234567894:porti0e5:token1:xe1:q13:announce_peer1:t1:a"
		    "1:y1:qe", 203 },
		{ "d1:ad2:id20:abcdefghij01234567899:info_hash20:abcdefghij"
		    "01234567894:porti1ee1:q13:announce_peer1:t1:a1:y1:qe",
		    203 },
		{ "d1:ad2:id20:abcdefghij01234567895:token1:xe1:q3:put1:t1:a"
		    "1:y1:qe", 203 }
	};
	static uint8_t			big[KRPC_READ_MAX + 1];
	struct krpc			m;
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&m, bad[i]), -1);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(&m, wrong[i].s), 0);
		assert_int_equal(m.code, wrong[i].code);
	}
	/* Deep, and long. */
	memset(big, 'l', sizeof(big));
	big[0] = 'd';
	assert_int_equal(krpc_parse(&m, big, KRPC_READ_MAX), -1);
	memcpy(big, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa"
	    "1:y1:qe", 56);
	assert_int_equal(krpc_parse(&m, big, KRPC_READ_MAX), 0);
	assert_int_equal(krpc_parse(&m, big, sizeof(big)), -1);
	for (i = 0; i < 55; i++)
		assert_int_equal(krpc_parse(&m, big, i), -1);
}

/* A method of the future, about something: nodes near it are an answer. */
static void
test_unknown_method(void **state)
{
	struct krpc	m;

	(void)state;
	assert_int_equal(parse(&m, "d1:ad2:id20:abcdefghij01234567896:target"
	    "20:mnopqrstuvwxyz123456e1:q5:hello1:t1:a1:y1:qe"), 0);
	assert_int_equal(m.code, 0);
	assert_int_equal(m.method, KRPC_FIND_NODE);
	assert_int_equal(parse(&m, "d1:ad2:id20:abcdefghij01234567899:info_h"
	    "ash20:mnopqrstuvwxyz123456e1:q5:hello1:t1:a1:y1:qe"), 0);
	assert_int_equal(m.method, KRPC_FIND_NODE);
	assert_memory_equal(m.target, "mnopqrstuvwxyz123456", ID_LEN);
}

static void
test_nodes(void **state)
{
	struct krpc_bytes	rows;
	uint8_t			buf[KRPC_NODE6 * 2];
	const uint8_t		*id;
	struct addr		a, b;
	int			v6;

	(void)state;
	for (v6 = 0; v6 < 2; v6++) {
		assert_int_equal(addr_parse(&a, v6 ? "2001:db8::1" :
		    "192.0.2.1", 6881), 0);
		rows.p = buf;
		rows.n = krpc_put_node(buf, abc, &a);
		assert_int_equal(rows.n, v6 ? KRPC_NODE6 : KRPC_NODE4);
		assert_true(krpc_node(&rows, v6, 0, &id, &b));
		assert_false(krpc_node(&rows, v6, 1, &id, &b));
		assert_memory_equal(id, abc, ID_LEN);
		assert_int_equal(addr_cmp(&a, &b), 0);
	}
}

/* ---- ids ---- */

static void
test_bep42(void **state)
{
	static const struct {
		const char	*ip;
		uint8_t		 r, first[3];
	}	v[] = {
		{ "124.31.75.21", 1, { 0x5f, 0xbf, 0xbf } },
		{ "21.75.31.124", 86, { 0x5a, 0x3c, 0xe9 } },
		{ "65.23.51.170", 22, { 0xa5, 0xd4, 0x32 } },
		{ "84.124.73.14", 65, { 0x1b, 0x03, 0x21 } },
		{ "43.213.53.83", 90, { 0xe5, 0x6f, 0x6c } },
		{ "2001:db8:85a3:8d3:1319:8a2e:370:7348", 5,
		    { 0xb5, 0x12, 0x48 } }
	};
	uint8_t		id[ID_LEN] = { 0 };
	struct addr	a;
	size_t		i;

	(void)state;
	assert_int_equal(crc32c((const uint8_t *)"123456789", 9),
	    0xe3069283U);
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_int_equal(addr_parse(&a, v[i].ip, 1), 0);
		memset(id, 0xff, sizeof(id));
		id[ID_LEN - 1] = v[i].r;
		id_bind(id, &a);
		assert_int_equal(id[0], v[i].first[0]);
		assert_int_equal(id[1], v[i].first[1]);
		assert_int_equal(id[2] & 0xf8, v[i].first[2] & 0xf8);
		assert_int_equal(id[ID_LEN - 1], v[i].r);
		assert_true(id_fits(id, &a));
		id[2] ^= 0x08;
		assert_false(id_fits(id, &a));
		id[2] ^= 0x0f;
		assert_true(id_fits(id, &a));
		id[0] ^= 0x80;
		assert_false(id_fits(id, &a));
	}
	/* Local networks know no such rule. */
	addr_parse(&a, "10.1.2.3", 1);
	assert_true(id_fits(id, &a));
	addr_parse(&a, "fe80::1", 1);
	assert_true(id_fits(id, &a));
	addr_parse(&a, "::1", 1);
	assert_true(id_fits(id, &a));
}

static void
test_distance(void **state)
{
	uint8_t		a[ID_LEN] = { 0 }, b[ID_LEN] = { 0 }, own[ID_LEN];
	unsigned	i;

	(void)state;
	assert_int_equal(id_common(a, b), ID_BITS);
	assert_int_equal(id_cmp(a, a, b), 0);
	for (i = 0; i < ID_BITS; i++) {
		memset(b, 0, sizeof(b));
		b[i / 8] = (uint8_t)(0x80 >> i % 8);
		assert_int_equal(id_common(a, b), i);
		assert_true(id_cmp(a, a, b) < 0);
		assert_true(id_cmp(b, a, b) > 0);
	}
	memset(own, 0x5a, sizeof(own));
	for (i = 0; i < ID_BITS; i++) {
		memset(b, 0xc3, sizeof(b));
		id_beside(b, own, i);
		assert_int_equal(id_common(own, b), i);
	}
}

/* ---- BEP 33 ---- */

static void
test_filter(void **state)
{
	uint8_t		filter[BLOOM_LEN] = { 0 }, digest[SHA1_LEN];
	uint8_t		want[SHA1_LEN];
	struct addr	a;
	char		host[32];
	int		i;

	(void)state;
	assert_int_equal(bloom_count(filter), 0);
	addr_parse(&a, "192.168.1.1", 1);
	bloom_add(filter, &a);
	assert_int_equal(filter[1711 / 8], 1 << 1711 % 8);
	assert_int_equal(filter[1831 / 8], 1 << 1831 % 8);
	assert_int_equal(bloom_count(filter), 1);
	memset(filter, 0, sizeof(filter));
	for (i = 0; i < 256; i++) {
		snprintf(host, sizeof(host), "192.0.2.%d", i);
		addr_parse(&a, host, 1);
		bloom_add(filter, &a);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(host, sizeof(host), "2001:db8::%x", i);
		addr_parse(&a, host, 1);
		bloom_add(filter, &a);
	}
	hash_sha1(filter, sizeof(filter), digest);
	from_hex("e4dabf3c822dcd0030ee21df8369bfef2594b52b", want);
	assert_memory_equal(digest, want, sizeof(want));
	assert_int_equal(bloom_count(filter), 1225);
	memset(filter, 0xff, sizeof(filter));
	assert_in_range(bloom_count(filter), 7000, 9000);
}

/* ---- BEP 44, BEP 46 ---- */

static const char	hello[] = "12:Hello World!";

static void
hello_message(struct krpc *m, const uint8_t *key, const uint8_t *sig)
{
	krpc_init(m, KRPC_RESPONSE);
	m->v = (struct krpc_bytes){ (const uint8_t *)hello, 15 };
	m->key = key;
	m->sig = sig;
	m->seq = 1;
	m->flags = KRPC_CANONICAL | KRPC_HAS_SEQ;
}

static void
test_items(void **state)
{
	static const struct {
		const char	*salt, *target, *sig;
	}	v[] = {
		{ "", "4a533d47ec9c7d95b1ad75f576cffc641853b750",
		  "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e"
		  "853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a160"
		  "8ecd7ae21f01" },
		{ "foobar", "411eba73b6f087ca51a3795d9c8c938d365e32c1",
		  "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d"
		  "17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f1"
		  "4951a87d9a08" }
	};
	struct krpc_bytes	salt;
	struct krpc		m;
	struct item		item;
	uint8_t			key[ITEM_KEY_LEN], sig[ITEM_SIG_LEN];
	uint8_t			target[ID_LEN];
	size_t			i;

	(void)state;
	from_hex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3"
	    "e7e548", key);
	for (i = 0; i < 2; i++) {
		from_hex(v[i].sig, sig);
		from_hex(v[i].target, target);
		salt = (struct krpc_bytes){ (const uint8_t *)v[i].salt,
		    strlen(v[i].salt) };
		hello_message(&m, key, sig);
		assert_int_equal(item_read(&item, &m, &salt), 0);
		assert_memory_equal(item.target, target, ID_LEN);
		assert_true(item_verify(&item));
		m.seq = 2;
		assert_int_equal(item_read(&item, &m, &salt), 0);
		assert_false(item_verify(&item));
	}
	hello_message(&m, NULL, NULL);
	assert_int_equal(item_read(&item, &m, NULL), 0);
	from_hex("e5f96f6f38320f0f33959cb4d3d656452117aadb", target);
	assert_memory_equal(item.target, target, ID_LEN);
	from_hex("8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab3"
	    "6ed63e", key);
	from_hex("cc3f9d90b572172053626f9980ce261a850d050b", sig);
	item_target(key, NULL, 0, target);
	assert_memory_equal(target, sig, ID_LEN);
	from_hex("59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f", sig);
	item_target(key, (const uint8_t *)"n", 1, target);
	assert_memory_equal(target, sig, ID_LEN);
}

static void
test_bad_items(void **state)
{
	uint8_t			seed[ITEM_SEED_LEN] = { 3 }, big[1004];
	uint8_t			long_salt[ITEM_SALT_MAX + 1] = { 0 };
	struct krpc_bytes	salt = { long_salt, sizeof(long_salt) };
	struct krpc		m;
	struct item		item, ours;

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, "996:", 4);
	assert_int_equal(item_make(&ours, big, 1000, seed, NULL, 0,
	    4), 0);
	assert_true(item_verify(&ours));
	krpc_init(&m, KRPC_QUERY);
	item_put(&ours, &m);
	m.flags |= KRPC_CANONICAL;
	assert_int_equal(item_read(&item, &m, NULL), 0);
	assert_true(item_verify(&item));
	assert_memory_equal(item.target, ours.target, ID_LEN);
	assert_int_equal(item_read(&item, &m, &salt), KRPC_E_SALT);
	salt.n--;
	assert_int_equal(item_read(&item, &m, &salt), 0);
	assert_false(item_verify(&item));
	m.flags &= ~KRPC_CANONICAL;
	assert_int_equal(item_read(&item, &m, NULL), KRPC_E_PROTOCOL);
	m.flags |= KRPC_CANONICAL;
	m.v.n = 1001;
	assert_int_equal(item_read(&item, &m, NULL), KRPC_E_BIG);
	m.v.n = 1000;
	m.seq = -1;
	assert_int_equal(item_read(&item, &m, NULL), KRPC_E_PROTOCOL);
	m.seq = 4;
	m.sig = NULL;
	assert_int_equal(item_read(&item, &m, NULL), KRPC_E_PROTOCOL);
	memcpy(big, "997:", 4);
	assert_int_equal(item_make(&ours, big, 1001, NULL, NULL, 0,
	    0), -1);
	assert_int_equal(item_make(&ours, (const uint8_t *)"d1:bi1e1:ai1ee",
	    14, NULL, NULL, 0, 0), -1);
	assert_int_equal(item_make(&ours, (const uint8_t *)"i1ex", 4, NULL,
	    NULL, 0, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_unknown_method),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_bep42),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_bad_items)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
