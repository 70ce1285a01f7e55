/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/wire.h"

static const struct geom geom = { 10 * 32768 - 5, 32768, 10 };

static struct wire_msg
parse(const uint8_t *p, size_t n)
{
	struct wire_msg	m;

	wire_parse(p, n, &geom, &m);
	return m;
}

/* Messages, and what they are. */
static const struct {
	uint8_t		bytes[17];
	size_t		n;
	enum wire_kind	kind;
} messages[] = {
	{ { 0 }, 4, WIRE_KEEPALIVE },
	{ { 0, 0, 0, 1, 0 }, 5, WIRE_CONTROL },
	{ { 0, 0, 0, 2, 0, 0 }, 6, WIRE_BAD },
	{ { 0, 0, 0, 5, 4, 0, 0, 0, 9 }, 9, WIRE_CONTROL },
	{ { 0, 0, 0, 5, 4, 0, 0, 0, 10 }, 9, WIRE_BAD },
	{ { 0, 0, 0, 5, 4, 0xff, 0xff, 0xff, 0xff }, 9, WIRE_BAD },
	{ { 0, 0, 0, 3, 5 }, 5, WIRE_BITS },
	{ { 0, 0, 0, 2, 5 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 4, 5 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 13, 6, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0x40, 0 },
	    17, WIRE_CONTROL },
	{ { 0, 0, 0, 12, 6 }, 5, WIRE_BAD },
	{ { 0, 0, 0x40, 9, 7, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 13,
	    WIRE_DATA },
	{ { 0, 0, 0x40, 9, 7, 0, 0, 0, 0, 0, 0, 0x40, 1 }, 13,
	    WIRE_BAD },
	{ { 0, 0, 0x40, 9, 7, 0, 0, 0, 9, 0, 0, 0x40, 0 }, 13,
	    WIRE_BAD },		/* the last block is short */
	{ { 0, 0, 0x40, 4, 7, 0, 0, 0, 9, 0, 0, 0x40, 0 }, 13,
	    WIRE_DATA },
	{ { 0, 0, 0, 9, 7, 0, 0, 0, 0, 0, 0, 0, 0 }, 13, WIRE_DATA },
	{ { 0, 0, 0, 8, 7 }, 5, WIRE_BAD },
	{ { 0, 0, 0x40, 10, 7 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 3, 9, 0x1a, 0xe1 }, 7, WIRE_CONTROL },
	{ { 0, 0, 0, 2, 9 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 5, 9 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 9, 11 }, 5, WIRE_SKIP },
	{ { 0, 0x10, 0, 0, 11 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 5, 13, 0, 0, 0, 9 }, 9, WIRE_CONTROL },
	{ { 0, 0, 0, 5, 13, 0, 0, 0, 10 }, 9, WIRE_BAD },
	{ { 0, 0, 0, 4, 13 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 1, 14 }, 5, WIRE_CONTROL },
	{ { 0, 0, 0, 2, 14 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 1, 15 }, 5, WIRE_CONTROL },
	{ { 0, 0, 0, 5, 15 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 13, 16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0x40, 0 },
	    17, WIRE_CONTROL },
	{ { 0, 0, 0, 13, 16, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x40, 0 },
	    17, WIRE_BAD },
	{ { 0, 0, 0, 9, 16 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 5, 17, 0, 0, 0, 9 }, 9, WIRE_CONTROL },
	{ { 0, 0, 0, 5, 17, 0, 0, 0, 10 }, 9, WIRE_BAD },
	{ { 0, 0, 0, 6, 17 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 9, 18 }, 5, WIRE_SKIP },
	{ { 0, 0, 0, 2, 20, 0 }, 6, WIRE_EXT },
	{ { 0, 1, 0, 2, 20, 0xff }, 6, WIRE_EXT },
	{ { 0, 1, 0, 3, 20 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 1, 20 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 5, 21 }, 5, WIRE_BAD },
	{ { 0, 0, 0, 1, 255 }, 5, WIRE_BAD },
};

static void
test_table(void **state)
{
	struct wire_msg	m;
	size_t		i, k;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		m = parse(messages[i].bytes, messages[i].n);
		if (m.kind != messages[i].kind)
			fail_msg("row %zu: kind %d", i, (int)m.kind);
		if (m.kind == WIRE_BAD)
			continue;
		assert_true(m.size <= messages[i].n);
		/* Cut short anywhere, it asks for more, never for all. */
		for (k = 0; k < m.size; k++) {
			m = parse(messages[i].bytes, k);
			assert_int_equal(m.kind, WIRE_MORE);
			assert_true(m.need > k && m.need <= messages[i].n);
		}
	}
}

static void
test_build(void **state)
{
	uint8_t		buf[WIRE_HANDSHAKE], id[20] = "-Mi0100-aaaaaaaaaaa";
	struct wire_msg	m;

	(void)state;
	assert_int_equal(wire_put_range(buf, WIRE_CANCEL, 3, 16384, 16384),
	    17);
	m = parse(buf, 17);
	assert_int_equal(m.id, WIRE_CANCEL);
	assert_int_equal(m.piece, 3);
	assert_int_equal(m.begin, 16384);
	assert_int_equal(m.length, 16384);
	assert_int_equal(wire_put_index(buf, WIRE_HAVE, 7), 9);
	assert_int_equal(parse(buf, 9).piece, 7);
	assert_int_equal(wire_put_piece(buf, 2, 0, 100), 13);
	assert_int_equal(parse(buf, 13).length, 100);
	assert_int_equal(wire_put_ext(buf, 7, 500), 6);
	m = parse(buf, 6);
	assert_int_equal(m.ext, 7);
	assert_int_equal(m.length, 500);
	assert_int_equal(wire_put_plain(buf, WIRE_UNCHOKE), 5);
	assert_int_equal(parse(buf, 5).id, WIRE_UNCHOKE);
	assert_int_equal(wire_put_port(buf, 51413), WIRE_PORT_SIZE);
	m = parse(buf, WIRE_PORT_SIZE);
	assert_int_equal(m.id, WIRE_PORT);
	assert_int_equal(m.port, 51413);
	wire_handshake(buf, (const uint8_t *)"0123456789abcdefghij", id, true);
	assert_int_equal(wire_speaks(buf), WIRE_SPEAKS_EXT |
	    WIRE_SPEAKS_FAST | WIRE_SPEAKS_DHT);
	wire_handshake(buf, (const uint8_t *)"0123456789abcdefghij", id,
	    false);
	assert_int_equal(wire_handshake_check(buf, sizeof(buf)), 0);
	assert_int_equal(wire_handshake_check(buf, 3), 0);
	assert_int_equal(wire_speaks(buf), WIRE_SPEAKS_EXT |
	    WIRE_SPEAKS_FAST);
	buf[27] = 0x05;
	buf[25] = 0;
	assert_int_equal(wire_speaks(buf), WIRE_SPEAKS_FAST |
	    WIRE_SPEAKS_DHT);
	assert_memory_equal(buf + WIRE_OFF_ID, id, 20);
	assert_int_equal(wire_handshake_check(
	    (const uint8_t *)"GET / HTTP/1.0\r\n", 16), -1);
}

/* Nobody knows how many pieces there are: see bare.c. */
static void
test_bare(void **state)
{
	static const struct {
		uint8_t		bytes[17];
		size_t		n;
		enum wire_kind	kind;
	} rows[] = {
		{ { 0, 0, 0, 5, 4, 0, 0, 0, 0 }, 9, WIRE_CONTROL },
		{ { 0, 0, 0, 5, 4, 0, 0x1f, 0xff, 0xff }, 9, WIRE_CONTROL },
		{ { 0, 0, 0, 5, 4, 0, 0x20, 0, 0 }, 9, WIRE_BAD },
		{ { 0, 0, 0, 2, 5 }, 5, WIRE_BITS },
		{ { 0, 4, 0, 1, 5 }, 5, WIRE_BITS },
		{ { 0, 4, 0, 2, 5 }, 5, WIRE_BAD },
		{ { 0, 0, 0, 1, 5 }, 5, WIRE_BAD },
		{ { 0, 0, 0x40, 9, 7 }, 13, WIRE_BAD },
		{ { 0, 0, 0, 13, 6, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0x40, 0 },
		    17, WIRE_CONTROL },
	};
	static const struct geom	none;
	struct wire_msg			m;
	size_t				i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_parse(rows[i].bytes, rows[i].n, &none, &m);
		if (m.kind != rows[i].kind)
			fail_msg("row %zu: %d", i, (int)m.kind);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
