/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/utp_refuse.h"

/* As libtorrent sends it: type, id, timestamp, 0, window, seq, ack. */
static const uint8_t	syn[UTP_HEADER] = {
	0x41, 0, 0xab, 0xcd, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0,
	0, 0, 0, 0, 0x9a, 0xbc, 0, 0
};

static void
test_syn(void **state)
{
	static const uint8_t	want[UTP_HEADER] = {
		[0] = 0x31, [2] = 0xab, 0xcd, [18] = 0x9a, 0xbc
	};
	uint8_t			out[UTP_HEADER], again[UTP_HEADER];

	(void)state;
	memset(out, 0xff, sizeof(out));
	assert_true(utp_refuse(out, syn, sizeof(syn)));
	assert_memory_equal(out, want, sizeof(want));
	/* Two of us would not go on for ever. */
	assert_false(utp_refuse(again, out, sizeof(out)));
}

static void
test_extensions(void **state)
{
	static const struct {
		uint8_t	first;
		uint8_t	bytes[UTP_SYN_MAX];
		size_t	n;
		bool	good;
	} rows[] = {
		/* "Extension bits", as libutp has them; and two of them. */
		{ 2, { 0, 8 }, 10, true },
		{ 1, { 2, 4, 1, 2, 3, 4, 0, 8 }, 16, true },
		{ 1, { 0, 0 }, 2, true },
		/* Bytes of payload; cut short; too long to be one. */
		{ 0, { 0 }, 1, false },
		{ 2, { 0, 8 }, 11, false },
		{ 2, { 0, 8 }, 9, false },
		{ 2, { 0, 8 }, 1, false },
		{ 2, { 0 }, 0, false },
		{ 1, { 2, 255 }, 44, false },
		{ 1, { 2, 0, 2, 0, 2, 0 }, 6, false },
		{ 2, { 0, 43 }, 45, false },
	};
	uint8_t	p[UTP_HEADER + UTP_SYN_MAX], out[UTP_HEADER];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(p, syn, sizeof(syn));
		p[1] = rows[i].first;
		memcpy(p + sizeof(syn), rows[i].bytes, rows[i].n);
		if (utp_refuse(out, p, sizeof(syn) + rows[i].n) !=
		    rows[i].good)
			fail_msg("row %zu", i);
	}
}

static void
test_others(void **state)
{
	uint8_t	p[UTP_HEADER], out[UTP_HEADER];
	size_t	n;
	int	first;

	(void)state;
	memcpy(p, syn, sizeof(p));
	for (first = 0; first <= UINT8_MAX; first++) {
		p[0] = (uint8_t)first;
		assert_int_equal(utp_refuse(out, p, sizeof(p)),
		    first == 0x41);
	}
	for (n = 0; n < sizeof(syn); n++)
		assert_false(utp_refuse(out, syn, n));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_syn),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
