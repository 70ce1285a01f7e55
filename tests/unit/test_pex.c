/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/holepunch.h"
#include "peer/pex.h"

static struct addr
address(const char *host, uint16_t port)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, port), 0);
	return a;
}

static struct addr
numbered(uint32_t n)
{
	struct addr	a = address("9.0.0.1", 6881);

	a.ip[13] = (uint8_t)(n >> 8);
	a.ip[14] = (uint8_t)n;
	return a;
}

static bool
says(const uint8_t *p, size_t n, const char *what, size_t len)
{
	return memmem(p, n, what, len) != NULL;
}

/* ---- messages ---- */

static void
test_build(void **state)
{
	static const char	want[] =
	    "d5:added6:\x01\x02\x03\x04\x1a\xe1" "7:added.f1:\x12"
	    "6:added618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xc8\xd5"
	    "8:added6.f1:\x01"
	    "7:dropped6:\x05\x06\x07\x08\0\x50" "8:dropped60:e";
	struct pex_msg	m = { .nadded = 2, .ndropped = 1 };
	uint8_t		out[PEX_OUT_MAX];
	size_t		n;

	(void)state;
	m.added[0].addr = address("2001:db8::1", 51413);
	m.added[0].flags = PEX_ENCRYPTS;
	m.added[1].addr = address("1.2.3.4", 6881);
	m.added[1].flags = PEX_SEED | PEX_REACHABLE;
	m.dropped[0] = address("5.6.7.8", 80);
	n = pex_build(out, &m);
	assert_int_equal(n, sizeof(want) - 1);
	assert_memory_equal(out, want, n);

	assert_int_equal(pex_parse(&m, out, n), 0);
	assert_int_equal(m.nadded, 2);
	assert_int_equal(m.added[0].flags, PEX_SEED | PEX_REACHABLE);
	assert_int_equal(m.added[0].addr.port, 6881);
	assert_int_equal(m.added[1].flags, PEX_ENCRYPTS);
	assert_int_equal(m.added[1].addr.port, 51413);
}

static int
parse(struct pex_msg *m, const char *text, size_t n)
{
	return pex_parse(m, (const uint8_t *)text, n);
}
#define PARSE(m, text)	parse(m, text, sizeof(text) - 1)

static void
test_parse(void **state)
{
	struct pex_msg	m;
	char		big[PEX_BODY_MAX + 1];

	(void)state;
	assert_int_equal(PARSE(&m, "de"), 0);
	assert_int_equal(m.nadded, 0);
	assert_int_equal(PARSE(&m, "le"), -1);
	assert_int_equal(PARSE(&m, ""), -1);
	assert_int_equal(PARSE(&m, "d5:added"), -1);
	assert_int_equal(PARSE(&m, "d5:addedi7ee"), 0);
	assert_int_equal(m.nadded, 0);
	/* A wrong length: that key is empty, others are not. */
	assert_int_equal(PARSE(&m, "d5:added7:1234567e"), 0);
	assert_int_equal(m.nadded, 0);
	/* No flags, or too few: none. */
	assert_int_equal(PARSE(&m, "d5:added12:\1\2\3\4\0\1\5\6\7\10\0\2e"),
	    0);
	assert_int_equal(m.nadded, 2);
	assert_int_equal(m.added[1].flags, 0);
	assert_int_equal(PARSE(&m, "d5:added12:\1\2\3\4\0\1\5\6\7\10\0\2"
	    "7:added.f1:\2e"), 0);
	assert_int_equal(m.added[0].flags, 0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(parse(&m, big, sizeof(big)), -1);
}

static void
test_parse_many(void **state)
{
	struct pex_msg	m;
	char		text[20000];
	int		n;

	(void)state;
	n = snprintf(text, sizeof(text), "d5:added12000:%012000d"
	    "6:added61800:%01800de", 1, 1);
	assert_int_equal(parse(&m, text, (size_t)n), 0);
	assert_int_equal(m.nadded, 2 * PEX_READ_MAX);
}

/* ---- what to tell ---- */

#define MEMBERS	130

static void
test_paces(void **state)
{
	struct pex_book		b;
	struct pex_member	m[MEMBERS], to;
	struct pex_msg		msg;
	struct addr		at = address("8.8.8.8", 1), a;
	uint8_t			out[PEX_OUT_MAX];
	uint64_t		now = 5;
	uint32_t		i, told = 0;
	size_t			n;

	(void)state;
	pex_book_init(&b);
	pex_member_init(&to, now);
	assert_false(pex_due(&b, &to, now));
	pex_join(&b, &to, &at, 0);
	for (i = 0; i < MEMBERS; i++) {
		pex_member_init(&m[i], now);
		a = numbered(i);
		pex_join(&b, &m[i], &a, PEX_REACHABLE);
	}
	while (told < MEMBERS) {
		assert_true(pex_due(&b, &to, now));
		n = pex_write(&b, &to, &at, now, out);
		assert_true(n > 0 && n < PEX_OUT_MAX);
		assert_false(pex_due(&b, &to, now + PEX_SEND_MS - 1));
		assert_int_equal(pex_parse(&msg, out, n), 0);
		assert_true(msg.nadded <= PEX_ADDED_MAX);
		for (i = 0; i < msg.nadded; i++, told++) {
			a = numbered(told);
			assert_int_equal(addr_cmp(&msg.added[i].addr, &a), 0);
			assert_int_equal(msg.added[i].flags, PEX_REACHABLE);
		}
		now += PEX_SEND_MS;
	}
	assert_false(pex_due(&b, &to, now));
	assert_int_equal(pex_write(&b, &to, &at, now, out), 0);
	for (i = 0; i < MEMBERS; i++)
		pex_leave(&b, &m[i]);
	assert_true(pex_due(&b, &to, now));
	n = pex_write(&b, &to, &at, now, out);
	assert_true(says(out, n, "7:dropped300:", 13));
	now += PEX_SEND_MS;
	/* Of so many only the last were kept. */
	n = pex_write(&b, &to, &at, now, out);
	assert_true(says(out, n, "7:dropped84:", 12));
	pex_leave(&b, &to);
	assert_null(b.gone);
}

/* Nobody hears of the departure of one he was not told of, or who is back. */
static void
test_drops(void **state)
{
	struct pex_book		b;
	struct pex_member	old, new, a, c;
	struct addr		at = address("8.8.8.8", 1), addr = numbered(1);
	struct addr		other = numbered(2);
	uint8_t			out[PEX_OUT_MAX];
	size_t			n;

	(void)state;
	pex_book_init(&b);
	pex_member_init(&old, 0);
	pex_member_init(&new, 0);
	pex_member_init(&a, 0);
	pex_member_init(&c, 0);
	pex_join(&b, &a, &addr, 0);
	pex_join(&b, &c, &other, 0);
	assert_true(pex_write(&b, &old, &at, 0, out) > 0);
	pex_leave(&b, &a);
	n = pex_write(&b, &new, &at, 0, out);
	assert_true(says(out, n, "5:added6:", 9));
	assert_true(says(out, n, "7:dropped0:", 11));
	pex_join(&b, &a, &addr, 0);
	n = pex_write(&b, &old, &at, PEX_SEND_MS, out);
	assert_true(says(out, n, "7:dropped0:", 11));
	assert_true(says(out, n, "5:added6:", 9));
	pex_leave(&b, &a);
	n = pex_write(&b, &old, &at, 2 * PEX_SEND_MS, out);
	assert_true(says(out, n, "5:added0:", 9));
	assert_true(says(out, n, "7:dropped6:", 11));
	pex_leave(&b, &c);
}

static void
test_not_itself(void **state)
{
	struct pex_book		b;
	struct pex_member	m;
	struct addr		at = address("8.8.8.8", 1);
	uint8_t			out[PEX_OUT_MAX];

	(void)state;
	pex_book_init(&b);
	pex_member_init(&m, 0);
	pex_join(&b, &m, &at, 0);
	pex_join(&b, &m, &at, PEX_SEED);
	assert_int_equal(pex_write(&b, &m, &at, 0, out), 0);
	assert_false(pex_due(&b, &m, 0));
	pex_leave(&b, &m);
	pex_leave(&b, &m);
	assert_true(TAILQ_EMPTY(&b.members));
}

/* Addresses of a private network are told in private networks alone. */
static void
test_private_network(void **state)
{
	struct pex_book		b;
	struct pex_member	near, far, m;
	struct addr		inside = address("10.0.0.1", 1);
	struct addr		outside = address("8.8.8.8", 1);
	struct addr		addr = address("10.0.0.2", 2);
	uint8_t			out[PEX_OUT_MAX];

	(void)state;
	pex_book_init(&b);
	pex_member_init(&near, 0);
	pex_member_init(&far, 0);
	pex_member_init(&m, 0);
	pex_join(&b, &m, &addr, 0);
	assert_true(pex_write(&b, &near, &inside, 0, out) > 0);
	assert_int_equal(pex_write(&b, &far, &outside, 0, out), 0);
	pex_leave(&b, &m);
}

/* ---- whom to believe ---- */

static void
test_heed(void **state)
{
	struct pex_member	m;

	(void)state;
	pex_member_init(&m, 0);
	assert_true(pex_heed(&m, 0));
	assert_false(pex_heed(&m, PEX_HEED_MS - 1));
	assert_true(pex_heed(&m, PEX_HEED_MS));
	assert_false(pex_heed(&m, PEX_HEED_MS + 1));

	assert_int_equal(pex_grant(&m, 0), PEX_GRANT);
	m.grant = 0;
	assert_int_equal(pex_grant(&m, PEX_GRANT_MS - 1), 0);
	assert_int_equal(pex_grant(&m, 3 * PEX_GRANT_MS), 3);
	assert_int_equal(pex_grant(&m, 3 * PEX_GRANT_MS), 3);
	assert_int_equal(pex_grant(&m, 10000 * PEX_GRANT_MS), PEX_GRANT);
}

static void
add(struct pex_msg *m, const char *host, uint16_t port)
{
	m->added[m->nadded++].addr = address(host, port);
}

static void
test_sift(void **state)
{
	struct pex_msg	m = { .nadded = 0 };
	struct addr	global = address("8.8.8.8", 1);
	struct addr	local = address("192.168.0.1", 1);
	uint16_t	i;

	(void)state;
	add(&m, "9.9.9.9", 0);
	add(&m, "0.0.0.0", 1);
	add(&m, "224.0.0.1", 1);
	add(&m, "255.255.255.255", 1);
	add(&m, "ff02::1", 1);
	add(&m, "::", 1);
	add(&m, "127.0.0.1", 1);
	add(&m, "10.1.1.1", 1);
	add(&m, "fd00::1", 1);
	add(&m, "9.9.9.9", 7);
	add(&m, "2001:db8::1", 8);
	pex_sift(&global, &m);
	assert_int_equal(m.nadded, 2);
	assert_int_equal(m.added[0].addr.port, 7);
	assert_int_equal(m.added[1].addr.port, 8);

	/* A network that a liar wants to see flooded. */
	m.nadded = 0;
	for (i = 0; i < 20; i++)
		add(&m, "9.9.9.9", (uint16_t)(i + 1));
	for (i = 0; i < 20; i++)
		add(&m, "2001:db8::1", (uint16_t)(i + 1));
	add(&m, "9.9.8.9", 1);
	pex_sift(&local, &m);
	assert_int_equal(m.nadded, 2 * PEX_NET_MAX + 1);

	/* A network of one's own has many. */
	m.nadded = 0;
	for (i = 0; i < 20; i++)
		add(&m, "192.168.0.2", (uint16_t)(i + 1));
	pex_sift(&local, &m);
	assert_int_equal(m.nadded, 20);
}

/* ---- holepunch ---- */

static void
test_holepunch(void **state)
{
	static const uint8_t	v4[] = {
		1, 0, 1, 2, 3, 4, 0x1a, 0xe1, 0, 0, 0, 0
	};
	uint8_t			out[HOLEPUNCH_OUT_MAX];
	struct holepunch	h = { .type = HOLEPUNCH_CONNECT };
	size_t			n;

	(void)state;
	h.addr = address("1.2.3.4", 6881);
	assert_int_equal(holepunch_build(out, &h), sizeof(v4));
	assert_memory_equal(out, v4, sizeof(v4));
	h.type = HOLEPUNCH_ERROR;
	h.addr = address("2001:db8::1", 6881);
	h.error = HOLEPUNCH_NO_SELF;
	n = holepunch_build(out, &h);
	assert_int_equal(n, HOLEPUNCH_OUT_MAX);
	assert_int_equal(holepunch_parse(&h, out, n), 0);
	assert_int_equal(h.type, HOLEPUNCH_ERROR);
	assert_int_equal(h.error, HOLEPUNCH_NO_SELF);
	assert_int_equal(h.addr.port, 6881);

	assert_int_equal(holepunch_parse(&h, v4, sizeof(v4)), 0);
	assert_int_equal(h.type, HOLEPUNCH_CONNECT);
	assert_int_equal(h.error, 0);
	/* libtorrent's, without an error. */
	assert_int_equal(holepunch_parse(&h, v4, sizeof(v4) - 4), 0);
	assert_int_equal(holepunch_parse(&h, out, n - 4), -1);
	for (n = 0; n < sizeof(v4); n++)
		assert_int_equal(holepunch_parse(&h, v4, n),
		    n == sizeof(v4) - 4 ? 0 : -1);
	memcpy(out, v4, sizeof(v4));
	out[0] = 3;
	assert_int_equal(holepunch_parse(&h, out, sizeof(v4)), -1);
	out[0] = 0;
	out[1] = 2;
	assert_int_equal(holepunch_parse(&h, out, sizeof(v4)), -1);
}

static void
test_holepunch_budget(void **state)
{
	struct holepunch_budget	b = { 0 };
	uint64_t		now = 1000000;
	int			i;

	(void)state;
	for (i = 0; i < HOLEPUNCH_BURST; i++)
		assert_true(holepunch_may(&b, now));
	assert_false(holepunch_may(&b, now));
	assert_false(holepunch_may(&b, now + HOLEPUNCH_MS - 1));
	assert_true(holepunch_may(&b, now + HOLEPUNCH_MS));
	assert_false(holepunch_may(&b, now + HOLEPUNCH_MS));
	now += 100 * HOLEPUNCH_MS;
	for (i = 0; i < HOLEPUNCH_BURST; i++)
		assert_true(holepunch_may(&b, now));
	assert_false(holepunch_may(&b, now));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_many),
		cmocka_unit_test(test_paces),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_not_itself),
		cmocka_unit_test(test_private_network),
		cmocka_unit_test(test_heed),
		cmocka_unit_test(test_sift),
		cmocka_unit_test(test_holepunch),
		cmocka_unit_test(test_holepunch_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
