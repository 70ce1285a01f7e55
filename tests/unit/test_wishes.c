/* SPDX-License-Identifier: ISC */
/* What the user wants of a swarm's pieces, and what disk cannot write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mimd/peer/swarm.h"

#define PIECES	40U

static const uint8_t	none[PIECES / 8];

static struct swarm
swarm_of_test(void)
{
	struct swarm	s = { .geom = { .size = PIECES << 14,
		.piece_length = 1U << 14, .npieces = PIECES } };

	return s;
}

static void
start_picker(struct swarm *s)
{
	picker_free(s->picker);
	s->picker = picker_new(&s->geom, none);
	swarm_tell_wishes(s);
}

static void
check_skips(struct swarm *s, const char *skips)
{
	uint32_t	i, n = 0;

	for (i = 0; i < PIECES; i++) {
		assert_int_equal(picker_skips(s->picker, i), skips[i] == 'x');
		n += skips[i] != 'x';
	}
	assert_int_equal(picker_left_wanted(s->picker), n);
}

/* The next piece that a seed is asked for. */
static uint32_t
next_piece(struct swarm *s)
{
	struct pieceset		has = { NULL, PIECES };
	struct pick_peer	peer = { .id = 1, .has = &has,
		.wanted = PIECES, .last = PICKER_NONE };
	struct pick		out;

	assert_int_equal(picker_pick(s->picker, &peer, 1, 1, &out, 1), 1);
	return out.piece;
}

/* What is barred is not wanted, whatever the user says before and after. */
static void
test_barred(void **state)
{
	static const uint8_t	bits[] = { 0xff, 0x01 };
	struct swarm		s = swarm_of_test();

	(void)state;
	start_picker(&s);
	swarm_set_priority(&s, 0, 9, PICKER_SKIP);
	check_skips(&s, "xxxxxxxxxx..............................");
	swarm_set_barred(&s, 1, bits, sizeof(bits));
	check_skips(&s, "xxxxxxxxxxxxxxxx.......x................");
	swarm_set_priority(&s, 0, 20, PICKER_HIGH);
	check_skips(&s, "........xxxxxxxx.......x................");
	swarm_set_barred(&s, 1, bits + 1, 1);
	check_skips(&s, "...............x.......x................");
	swarm_set_priority(&s, 15, 15, PICKER_LOW);
	swarm_unbar(&s);
	check_skips(&s, "........................................");
	swarm_set_priority(&s, 0, 39, PICKER_LOW);
	swarm_set_priority(&s, 15, 15, PICKER_HIGH);
	assert_int_equal(next_piece(&s), 15);
	picker_free(s.picker);
	free(s.wishes);
}

/* A picker that comes later hears of it, and so does the next one. */
static void
test_before_picker(void **state)
{
	static const uint8_t	bits[] = { 0x0f };
	struct swarm		s = swarm_of_test();

	(void)state;
	swarm_unbar(&s);
	assert_null(s.wishes);
	swarm_set_barred(&s, 4, bits, sizeof(bits));
	swarm_set_priority(&s, 38, 38, PICKER_HIGH);
	start_picker(&s);
	check_skips(&s, "....................................xxxx");
	start_picker(&s);
	check_skips(&s, "....................................xxxx");
	swarm_unbar(&s);
	start_picker(&s);
	check_skips(&s, "........................................");
	swarm_set_priority(&s, 0, 37, PICKER_LOW);
	swarm_set_priority(&s, 39, 39, PICKER_LOW);
	assert_int_equal(next_piece(&s), 38);
	picker_free(s.picker);
	free(s.wishes);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_barred),
		cmocka_unit_test(test_before_picker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
