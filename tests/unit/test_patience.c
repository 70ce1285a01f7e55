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

/* Both sides keep alive a connection that neither has any use of. */
static void
test_useless(void **state)
{
	struct patience	p = fresh;
	uint64_t	useful_at = 0, t = START;

	(void)state;
	p.up = true;
	assert_false(patience_useless(&p, &useful_at, t));
	t += PATIENCE_USELESS_MS;
	assert_false(patience_useless(&p, &useful_at, t));
	assert_true(patience_useless(&p, &useful_at, t + 1));
	/* A wish, however short, buys it all that time anew. */
	p.interested = true;
	assert_false(patience_useless(&p, &useful_at, t + 2));
	p.interested = false;
	t += 2 + PATIENCE_USELESS_MS;
	assert_false(patience_useless(&p, &useful_at, t));
	assert_true(patience_useless(&p, &useful_at, t + 1));
	/* Payload of long ago is no use now. */
	p.payload = true;
	p.received = p.sent = t;
	assert_int_equal(patience_check(&p, t, &why), PATIENCE_OK);
	assert_true(patience_useless(&p, &useful_at, t + 1));
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
		cmocka_unit_test(test_useless),
		cmocka_unit_test(test_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
