/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "intern.h"

static void
test_shared(void **state)
{
	struct interns	 set = INTERNS_INITIALIZER(&set);
	char		 text[] = "http://tracker.example/announce";
	const char	*a, *b, *c;

	(void)state;
	a = intern(&set, text);
	b = intern(&set, "http://tracker.example/announce");
	c = intern(&set, "http://tracker.example/announcer");
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(a, "http://tracker.example/announce");
	assert_string_equal(c, "http://tracker.example/announcer");
	intern_drop(&set, a);
	assert_string_equal(b, "http://tracker.example/announce");
	intern_drop(&set, b);
	intern_drop(&set, c);
	intern_drop(&set, NULL);
	assert_true(RB_EMPTY(&set));
}

/* What was dropped by all is not found again. */
static void
test_many(void **state)
{
	struct interns	 set = INTERNS_INITIALIZER(&set);
	const char	*s[3000];
	char		 text[16];
	unsigned int	 i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "%u", i % 1000);
		s[i] = intern(&set, text);
	}
	for (i = 0; i < 2000; i++)
		assert_ptr_equal(s[i], s[i + 1000]);
	for (i = 0; i < 3000; i++)
		if (i % 1000 >= 10)
			intern_drop(&set, s[i]);
	for (i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_string_equal(s[i], text);
	}
	for (i = 0; i < 3000; i++)
		if (i % 1000 < 10)
			intern_drop(&set, s[i]);
	assert_true(RB_EMPTY(&set));
	s[0] = intern(&set, "");
	assert_string_equal(s[0], "");
	intern_drop(&set, s[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
