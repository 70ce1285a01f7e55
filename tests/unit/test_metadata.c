/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/metadata.h"
#include "peer/utmeta.h"

#define SIZE	(10 * UTMETA_BLOCK + 5)
#define NBLOCKS	11
#define STEP_MS	100

static const uint8_t	ip_a[16] = { 1 }, ip_b[16] = { 2 };

static void
test_one_peer(void **state)
{
	struct metadata		md;
	struct metadata_peer	p;
	uint32_t		block, i;

	(void)state;
	metadata_init(&md);
	assert_int_equal(metadata_begin(&md, 1), 0);
	assert_false(metadata_join(&md, &p, ip_a, 0));
	assert_false(metadata_join(&md, &p, ip_a, METADATA_SIZE_MAX + 1));
	assert_true(metadata_join(&md, &p, ip_a, SIZE));
	assert_int_equal(metadata_begin(&md, 1), SIZE);
	for (i = 0; i < METADATA_FIRST; i++) {
		assert_true(metadata_next(&md, &p, 1, &block));
		assert_int_equal(block, i);
	}
	assert_false(metadata_next(&md, &p, 1, &block));
	assert_int_equal(metadata_on_data(&md, &p, 9, UTMETA_BLOCK, SIZE, 2),
	    METADATA_UNASKED);
	for (i = 0; i < NBLOCKS; i++) {
		assert_int_equal(metadata_on_data(&md, &p, i,
		    i == NBLOCKS - 1 ? 5 : UTMETA_BLOCK, i % 2 ? SIZE : 0, 2),
		    METADATA_TAKE);
		assert_int_equal(metadata_next(&md, &p, 2, &block),
		    i + METADATA_FIRST < NBLOCKS);
	}
	assert_int_equal(md.ntaken, NBLOCKS);
	metadata_on_lost(&md, 3);
	assert_true(metadata_next(&md, &p, 3, &block));
	assert_int_equal(block, 3);
	assert_int_equal(metadata_on_data(&md, &p, 3, 5, SIZE, 3),
	    METADATA_WRONG);
	metadata_clear(&md);
}

static void
test_two_peers(void **state)
{
	struct metadata		md;
	struct metadata_peer	a, b;
	uint32_t		block, i;

	(void)state;
	metadata_init(&md);
	metadata_join(&md, &a, ip_a, SIZE);
	metadata_join(&md, &b, ip_b, SIZE);
	metadata_begin(&md, 1);
	assert_true(metadata_next(&md, &a, 1, &block));
	assert_true(metadata_next(&md, &b, 1, &block));
	assert_int_equal(block, 1);
	/* Rejected: the other has it next, and this one rests. */
	metadata_on_reject(&md, &b, 1, 1);
	assert_false(metadata_next(&md, &b, 1, &block));
	assert_true(metadata_next(&md, &a, 1, &block));
	assert_int_equal(block, 1);
	for (i = 2; i < METADATA_FIRST; i++)
		assert_true(metadata_next(&md, &a, 1, &block));
	/* What is asked and does not come is asked of the other. */
	for (i = METADATA_FIRST; i < NBLOCKS; i++) {
		b.rest = 0;
		assert_true(metadata_next(&md, &b, 2, &block));
		assert_int_equal(block, i);
		metadata_on_data(&md, &b, i, metadata_length(&md, i), 0, 2);
	}
	assert_false(metadata_next(&md, &b, 2, &block));
	assert_true(metadata_next(&md, &b, 1 + METADATA_AGAIN_MS, &block));
	assert_int_equal(block, 0);
	assert_int_equal(metadata_on_data(&md, &b, 0, UTMETA_BLOCK, 0, 9),
	    METADATA_TAKE);
	assert_int_equal(metadata_on_data(&md, &a, 0, UTMETA_BLOCK, 0, 9),
	    METADATA_LATE);
	/* Who leaves, leaves its blocks to others. */
	metadata_leave(&md, &a);
	for (i = 1; i < METADATA_FIRST; i++) {
		assert_true(metadata_next(&md, &b, 10, &block));
		assert_int_equal(block, i);
	}
	metadata_clear(&md);
}

static void
test_sizes(void **state)
{
	struct metadata		md;
	struct metadata_peer	p[5];
	uint8_t			ip[16] = { 0 };
	uint32_t		i;

	(void)state;
	metadata_init(&md);
	metadata_join(&md, &p[0], ip_a, 100);
	assert_int_equal(metadata_begin(&md, 1), 100);
	/* The same address has one vote. */
	metadata_join(&md, &p[1], ip_b, 200);
	metadata_join(&md, &p[2], ip_b, 200);
	assert_false(metadata_stuck(&md, 1));
	for (i = 3; i < 5; i++) {
		ip[0] = (uint8_t)(i + 10);
		metadata_join(&md, &p[i], ip, 300);
	}
	assert_true(metadata_stuck(&md, 1));
	assert_int_equal(metadata_begin(&md, 1), 300);
	/* Nothing came: the others have their turn. */
	assert_false(metadata_stuck(&md, METADATA_STUCK_MS));
	assert_true(metadata_stuck(&md, 1 + METADATA_STUCK_MS));
	assert_int_equal(metadata_begin(&md, 1 + METADATA_STUCK_MS), 100);
	metadata_clear(&md);
}

static void
test_blame(void **state)
{
	struct metadata		md;
	struct metadata_peer	a, b;
	uint8_t			ip[16];
	uint32_t		block;

	(void)state;
	metadata_init(&md);
	metadata_join(&md, &a, ip_a, 2 * UTMETA_BLOCK);
	metadata_join(&md, &b, ip_b, 2 * UTMETA_BLOCK);
	metadata_begin(&md, 1);
	assert_true(metadata_next(&md, &a, 1, &block));
	assert_true(metadata_next(&md, &b, 1, &block));
	metadata_on_data(&md, &a, 0, UTMETA_BLOCK, 0, 1);
	metadata_on_data(&md, &b, 1, UTMETA_BLOCK, 0, 1);
	/* Two sent it: nobody is to blame, but it is one at a time now. */
	assert_false(metadata_on_bad(&md, ip));
	metadata_begin(&md, 1);
	assert_ptr_equal(md.solo, &a);
	assert_false(metadata_next(&md, &b, 1, &block));
	assert_true(metadata_next(&md, &a, 1, &block));
	assert_true(metadata_next(&md, &a, 1, &block));
	metadata_on_data(&md, &a, 0, UTMETA_BLOCK, 0, 1);
	metadata_on_data(&md, &a, 1, UTMETA_BLOCK, 0, 1);
	assert_true(metadata_on_bad(&md, ip));
	assert_memory_equal(ip, ip_a, 16);
	metadata_begin(&md, 1);
	assert_ptr_equal(md.solo, &b);
	/* The one that was chosen has gone. */
	metadata_leave(&md, &b);
	assert_true(metadata_stuck(&md, 1));
	metadata_begin(&md, 1);
	assert_ptr_equal(md.solo, &a);
	metadata_clear(&md);
}

/* ---- a swarm of all kinds of peers ---- */

enum kind { HONEST, LIAR, GIANT, DWARF, REJECTER, SILENT, SLOW, KINDS };

struct actor {
	struct metadata_peer	p;
	enum kind		kind;
	bool			here, banned;
	uint64_t		due[METADATA_ASKED];
	uint32_t		block[METADATA_ASKED];
	uint32_t		n;
};

struct sim {
	struct metadata	md;
	struct actor	actors[24];
	uint32_t	n;
	bool		poisoned;
	uint32_t	bans, rounds;
	uint64_t	now;
};

static void
answer(struct sim *s, struct actor *a, uint32_t block)
{
	uint32_t		len;
	enum metadata_verdict	v;

	if (a->kind == SILENT || s->md.size == 0 || block >= s->md.nblocks)
		return;
	if (a->kind == REJECTER) {
		metadata_on_reject(&s->md, &a->p, block, s->now);
		return;
	}
	len = metadata_length(&s->md, block);
	v = metadata_on_data(&s->md, &a->p, block, len, a->p.size, s->now);
	assert_true(v == METADATA_TAKE || v == METADATA_LATE);
	if (v == METADATA_TAKE && a->kind != HONEST && a->kind != SLOW)
		s->poisoned = true;
}

static void
act(struct sim *s, struct actor *a)
{
	uint32_t	i, block;

	for (i = a->n; i-- > 0;) {
		if (a->due[i] > s->now)
			continue;
		block = a->block[i];
		a->due[i] = a->due[a->n - 1];
		a->block[i] = a->block[--a->n];
		answer(s, a, block);
	}
	while (a->n < METADATA_ASKED &&
	    metadata_next(&s->md, &a->p, s->now, &block)) {
		a->block[a->n] = block;
		a->due[a->n++] = s->now + (a->kind == SLOW ? 4000 :
		    100 + arc4random_uniform(400));
	}
}

static void
ban(struct sim *s, const uint8_t ip[16])
{
	uint32_t	i;

	for (i = 0; i < s->n; i++) {
		if (memcmp(s->actors[i].p.ip, ip, 16) != 0)
			continue;
		assert_true(s->actors[i].kind != HONEST &&
		    s->actors[i].kind != SLOW);
		metadata_leave(&s->md, &s->actors[i].p);
		s->actors[i].banned = true;
		s->actors[i].here = false;
		s->bans++;
	}
}

/* True when the right metadata is there. */
static bool
step(struct sim *s)
{
	uint8_t		ip[16];
	uint32_t	i;

	s->now += STEP_MS;
	if (s->md.size == 0 || metadata_stuck(&s->md, s->now)) {
		s->poisoned = false;
		s->rounds++;
		metadata_begin(&s->md, s->now);
		for (i = 0; i < s->n; i++)
			s->actors[i].n = 0;
	}
	for (i = 0; i < s->n; i++)
		if (s->actors[i].here)
			act(s, &s->actors[i]);
	if (s->md.size == 0 || s->md.ntaken < s->md.nblocks)
		return false;
	if (!s->poisoned && s->md.size == SIZE)
		return true;
	if (metadata_on_bad(&s->md, ip))
		ban(s, ip);
	return false;
}

static void
simulate(const enum kind *kinds, uint32_t n, uint64_t limit)
{
	struct sim	*s = calloc(1, sizeof(*s));
	struct actor	*a;
	uint8_t		 ip[16] = { 7 };
	uint32_t	 i;

	metadata_init(&s->md);
	s->now = 1000;
	s->n = n;
	for (i = 0; i < n; i++) {
		a = &s->actors[i];
		a->kind = kinds[i];
		a->here = true;
		ip[1] = (uint8_t)i;
		metadata_join(&s->md, &a->p, ip, a->kind == GIANT ?
		    METADATA_SIZE_MAX : a->kind == DWARF ? 1 : SIZE);
	}
	while (!step(s))
		if (s->now > limit)
			fail_msg("not done in %llu s, %u rounds, %u bans",
			    (unsigned long long)limit / 1000, s->rounds,
			    s->bans);
	if (limit < 3600000)
		print_message("# %u peers: %llu ms, %u rounds, %u bans\n", n,
	    (unsigned long long)s->now - 1000, s->rounds, s->bans);
	metadata_clear(&s->md);
	free(s);
}

static void
test_simulated(void **state)
{
	static const enum kind	good[] = { HONEST, HONEST, HONEST };
	static const enum kind	one_liar[] = { LIAR, HONEST, HONEST, HONEST };
	static const enum kind	sizes[] = { GIANT, DWARF, HONEST, HONEST };
	static const enum kind	alone[] = { LIAR, LIAR, LIAR, GIANT, DWARF,
		REJECTER, SILENT, HONEST };
	static const enum kind	slow[] = { SILENT, REJECTER, SLOW };
	enum kind		kinds[24];
	uint32_t		i, k, n;

	(void)state;
	simulate(good, 3, 10000);
	simulate(one_liar, 4, 30000);
	simulate(sizes, 4, 30000);
	simulate(alone, 8, 200000);
	simulate(slow, 3, 200000);
	/* Any population with an honest one in it gets there. */
	for (i = 0; i < 200; i++) {
		n = 1 + arc4random_uniform(24);
		for (k = 0; k < n; k++)
			kinds[k] = (enum kind)arc4random_uniform(KINDS);
		kinds[arc4random_uniform(n)] = HONEST;
		simulate(kinds, n, 3600000);
	}
}

/* ---- the messages ---- */

static int
parse(struct utmeta *m, const char *s)
{
	return utmeta_parse(m, (const uint8_t *)s, strlen(s));
}

static void
test_messages(void **state)
{
	struct utmeta	m;
	uint8_t		out[UTMETA_HEAD_MAX];
	size_t		n;

	(void)state;
	assert_int_equal(parse(&m, "d8:msg_typei0e5:piecei3ee"), 0);
	assert_int_equal(m.type, UTMETA_REQUEST);
	assert_int_equal(m.piece, 3);
	assert_int_equal(parse(&m,
	    "d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxx"), 0);
	assert_int_equal(m.type, UTMETA_DATA);
	assert_int_equal(m.total, 34256);
	assert_int_equal(m.len, 4);
	assert_memory_equal(m.data, "xxxx", 4);
	assert_int_equal(parse(&m, "d8:msg_typei2e5:piecei0ee"), 0);
	assert_int_equal(m.type, UTMETA_REJECT);
	assert_int_equal(parse(&m, "d8:msg_typei9e5:piecei0ee"), 0);
	assert_int_equal(m.type, UTMETA_OTHER);
	assert_int_equal(parse(&m, ""), -1);
	assert_int_equal(parse(&m, "le"), -1);
	assert_int_equal(parse(&m, "de"), -1);
	assert_int_equal(parse(&m, "d8:msg_typei0ee"), -1);
	assert_int_equal(parse(&m, "d8:msg_typei0e5:piecei-1ee"), -1);
	assert_int_equal(parse(&m, "d8:msg_typei0e5:piecei4294967296ee"), -1);
	assert_int_equal(parse(&m, "d8:msg_typei-1e5:piecei0ee"), -1);
	assert_int_equal(parse(&m, "d8:msg_typei0e5:piece1:0e"), -1);
	n = utmeta_build(out, UTMETA_DATA, UINT32_MAX, UINT32_MAX);
	assert_true(n < sizeof(out));
	assert_int_equal(utmeta_parse(&m, out, n), 0);
	assert_int_equal(m.type, UTMETA_DATA);
	assert_int_equal(m.piece, UINT32_MAX);
	assert_int_equal(m.total, UINT32_MAX);
	n = utmeta_build(out, UTMETA_REJECT, 5, 0);
	assert_int_equal(utmeta_parse(&m, out, n), 0);
	assert_int_equal(m.type, UTMETA_REJECT);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_one_peer),
		cmocka_unit_test(test_two_peers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_simulated),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
