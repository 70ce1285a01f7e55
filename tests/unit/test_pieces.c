/* SPDX-License-Identifier: ISC */
/* How show pieces gathers and draws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bitfield.h"
#include "pieces.h"

static uint8_t	have[4], begun[4], peers[32];

static void
page(struct pieces *p, uint32_t first, uint32_t n)
{
	struct msg_ctl_pieces_told	m = {
		.id = 7,
		.first = first,
		.have = { .p = have, .len = (uint32_t)bitfield_size(n) },
		.begun = { .p = begun, .len = (uint32_t)bitfield_size(n) },
		.peers = { .p = peers, .len = n },
	};

	pieces_take(p, &m);
}

static void
blank(void)
{
	memset(have, 0, sizeof(have));
	memset(begun, 0, sizeof(begun));
	memset(peers, 0, sizeof(peers));
}

static void
test_pages(void **state)
{
	struct pieces	p;

	(void)state;
	pieces_init(&p, 7, 20);
	blank();
	bitfield_set(have, 1);
	page(&p, 0, 12);
	assert_int_equal(p.got, 12);
	page(&p, 0, 8);			/* again */
	page(&p, 13, 7);		/* with a gap */
	page(&p, 12, 9);		/* too many */
	assert_int_equal(p.got, 12);
	page(&p, 12, 8);
	assert_int_equal(p.got, 20);
	assert_int_equal(pieces_count(&p, true), 2);
	assert_true(bitfield_get(p.have, 1));
	assert_true(bitfield_get(p.have, 13));
	assert_false(pieces_alike(&p, 0, 1));
	assert_true(pieces_alike(&p, 1, 13));
	pieces_clear(&p);
}

static void
test_copies(void **state)
{
	struct pieces	p;

	(void)state;
	pieces_init(&p, 7, 4);
	blank();
	peers[0] = peers[1] = peers[2] = 3;
	peers[3] = 2;
	page(&p, 0, 4);
	assert_true(pieces_copies(&p) == 2.75);
	pieces_clear(&p);
}

static void
test_draw(void **state)
{
	struct pieces	p;
	char		a[11], b[11];

	(void)state;
	pieces_init(&p, 7, 20);
	blank();
	/* Two pieces a cell: both, one, none but begun, none. */
	bitfield_set(have, 0);
	bitfield_set(have, 1);
	bitfield_set(have, 2);
	bitfield_set(begun, 5);
	memset(peers, 12, sizeof(peers));
	peers[3] = 4;
	peers[5] = 0;
	page(&p, 0, 20);
	assert_int_equal(pieces_draw(&p, 10, a, b), 10);
	assert_string_equal(a, "#+>.......");
	assert_string_equal(b, " 409999999");
	/* Never more cells than pieces, and the last one may be short. */
	assert_int_equal(pieces_draw(&p, 7, a, b), 7);
	assert_string_equal(a, "#>.....");
	assert_int_equal(pieces_draw(&p, 0, a, b), 0);
	pieces_clear(&p);
	pieces_init(&p, 7, 0);
	assert_int_equal(pieces_draw(&p, 7, a, b), 0);
	assert_string_equal(a, "");
	pieces_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
