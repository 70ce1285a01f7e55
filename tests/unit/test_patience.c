/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/patience.h"

#define START	1000000U

static const struct patience fresh = {
	.started = START, .received = START, .sent = START
};

static const char	*why;

static enum patience_verdict
after(struct patience p, uint64_t ms)
{
	return patience_check(&p, START + ms, &why);
}

static void
test_handshake(void **state)
{
	struct patience	p = fresh;

	(void)state;
	assert_int_equal(after(p, PATIENCE_HANDSHAKE_MS), PATIENCE_OK);
	assert_int_equal(after(p, PATIENCE_HANDSHAKE_MS + 1), PATIENCE_OVER);
	assert_string_equal(why, "no handshake in time");
	/* A byte now and then buys no time. */
	p.received = START + PATIENCE_HANDSHAKE_MS;
	assert_int_equal(after(p, PATIENCE_HANDSHAKE_MS + 1), PATIENCE_OVER);
	p.hurry = true;
	assert_int_equal(after(p, PATIENCE_HURRY_MS), PATIENCE_OK);
	assert_int_equal(after(p, PATIENCE_HURRY_MS + 1), PATIENCE_OVER);
}

static void
test_idle(void **state)
{
	struct patience	p = fresh;

	(void)state;
	p.up = true;
	p.sent = START + PATIENCE_IDLE_MS;
	assert_int_equal(after(p, PATIENCE_IDLE_MS), PATIENCE_OK);
	assert_int_equal(after(p, PATIENCE_IDLE_MS + 1), PATIENCE_OVER);
	assert_string_equal(why, "silent for too long");
	/* Silence while we do not read is ours. */
	p.paused = true;
	assert_int_equal(after(p, PATIENCE_IDLE_MS + 1), PATIENCE_OK);
}

static void
test_keepalive(void **state)
{
	struct patience	p = fresh;

	(void)state;
	p.up = true;
	assert_int_equal(after(p, PATIENCE_KEEPALIVE_MS), PATIENCE_OK);
	assert_int_equal(after(p, PATIENCE_KEEPALIVE_MS + 1),
	    PATIENCE_KEEPALIVE);
	/* What does not go out needs no company, but an end. */
	p.blocked = true;
	p.received = START + PATIENCE_STUCK_MS;
	assert_int_equal(after(p, PATIENCE_STUCK_MS), PATIENCE_OK);
	assert_int_equal(after(p, PATIENCE_STUCK_MS + 1), PATIENCE_OVER);
	assert_string_equal(why, "does not read");
}

static uint64_t
rank(struct patience p, uint64_t ms)
{
	return patience_rank(&p, START + ms);
}

static void
test_rank(void **state)
{
	struct patience	idle = fresh, barren = fresh, useful = fresh;

	(void)state;
	assert_int_equal(rank(fresh, PATIENCE_BARREN_MS + 1), 0);
	idle.up = barren.up = useful.up = true;
	barren.interested = useful.interested = true;
	useful.payload = true;
	assert_int_equal(rank(idle, PATIENCE_NEW_MS), 0);
	assert_true(rank(idle, PATIENCE_NEW_MS + 1) > 0);
	assert_int_equal(rank(barren, PATIENCE_BARREN_MS), 0);
	assert_true(rank(barren, PATIENCE_BARREN_MS + 1) > 0);
	assert_int_equal(rank(useful, UINT32_MAX), 0);
	/* Who wants nothing goes first, among equals the oldest. */
	assert_true(rank(idle, PATIENCE_NEW_MS + 1) >
	    rank(barren, UINT32_MAX));
	assert_true(rank(idle, 90000) > rank(idle, 80000));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_keepalive),
		cmocka_unit_test(test_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
