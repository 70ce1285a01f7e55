/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "banned.h"

/* Each for its time, and the newest of too many. */
static void
test_banned(void **state)
{
	static struct banned	b;
	static struct rec_ban	out[BANNED_MAX];
	uint8_t			ip[16] = { 0 };
	uint32_t		i;

	(void)state;
	assert_int_equal(banned_list(&b, 0, out), 0);
	banned_add(&b, ip, 1000);
	banned_add(&b, ip, 2000);
	assert_int_equal(banned_list(&b, 2000, out), 1);
	assert_int_equal(out[0].seconds, BAN_SECONDS);
	assert_int_equal(banned_list(&b, 2000 + BANNED_MS - 1, out), 1);
	assert_int_equal(out[0].seconds, 1);
	assert_int_equal(banned_list(&b, 2000 + BANNED_MS, out), 0);
	assert_false(banned_del(&b, ip, 2000 + BANNED_MS));
	banned_add(&b, ip, 3000);
	assert_true(banned_del(&b, ip, 3001));
	assert_false(banned_del(&b, ip, 3002));
	assert_int_equal(banned_list(&b, 3002, out), 0);
	for (i = 0; i < 3 * BANNED_MAX; i++) {
		memcpy(ip, &i, sizeof(i));
		banned_add(&b, ip, 5000);
	}
	assert_int_equal(banned_list(&b, 5000, out), BANNED_MAX);
	for (i = 0; i < BANNED_MAX; i++) {
		uint32_t	v;

		memcpy(&v, out[i].ip, sizeof(v));
		assert_in_range(v, 2 * BANNED_MAX, 3 * BANNED_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_banned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
