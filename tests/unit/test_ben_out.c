/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ben_out.h"

static void
put_all(struct ben_out *o)
{
	ben_put_dict(o);
	ben_put_text(o, "a");
	ben_put_list(o);
	ben_put_int(o, 0);
	ben_put_int(o, -1);
	ben_put_int(o, 1234567890123);
	ben_put_int(o, INT64_MAX);
	ben_put_int(o, INT64_MIN);
	ben_put_end(o);
	ben_put_text(o, "b");
	ben_put_str(o, "\0\xff", 2);
	ben_put_text(o, "c");
	ben_put_head(o, 10);
	ben_put(o, "01234", 5);
	ben_put(o, "56789", 5);
	ben_put_text(o, "d");
	ben_put_text(o, "");
	ben_put_text(o, "e");
	ben_put(o, "le", 2);
	ben_put_end(o);
}

static const char	all[] = "d1:al" "i0e" "i-1e" "i1234567890123e"
	"i9223372036854775807e" "i-9223372036854775808e" "e"
	"1:b2:\0\xff" "1:c10:0123456789" "1:d0:" "1:ele" "e";
#define ALL	(sizeof(all) - 1)

static void
test_write(void **state)
{
	uint8_t		buf[ALL];
	struct ben_out	o = { .p = buf, .size = sizeof(buf) };

	(void)state;
	put_all(&o);
	assert_false(o.full);
	assert_int_equal(o.n, ALL);
	assert_memory_equal(buf, all, ALL);
}

/* Nothing is written beyond the end, nor after what did not fit. */
static void
test_full(void **state)
{
	uint8_t		buf[ALL + 1];
	struct ben_out	o;
	size_t		size;

	(void)state;
	for (size = 0; size < ALL; size++) {
		memset(buf, 'X', sizeof(buf));
		o = (struct ben_out){ .p = buf, .size = size };
		put_all(&o);
		assert_true(o.full);
		assert_true(o.n <= size);
		assert_memory_equal(buf, all, o.n);
		assert_int_equal(buf[o.n], 'X');
	}
}

static void
test_count(void **state)
{
	struct ben_out	o = { .p = NULL };

	(void)state;
	put_all(&o);
	assert_false(o.full);
	assert_int_equal(o.n, ALL);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
