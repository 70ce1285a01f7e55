/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/nodebook.h"

#define NOW	5000U

static struct nodebook	book;

static struct addr
node(uint32_t host, uint16_t port)
{
	struct addr	a;
	char		text[ADDR_STRLEN];

	snprintf(text, sizeof(text), "10.0.%u.%u", host >> 8, host & 255);
	assert_int_equal(addr_parse(&a, text, port), 0);
	return a;
}

static bool
add(uint32_t host, uint16_t port, uint64_t now)
{
	struct addr	a = node(host, port);

	return nodebook_add(&book, &a, now);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&book, 0, sizeof(book));
	return 0;
}

/* A host has one turn an hour, whatever ports it names. */
static void
test_again(void **state)
{
	struct addr	out[NODEBOOK_QUEUE], want = node(1, 6881);

	(void)state;
	assert_true(add(1, 6881, NOW));
	assert_false(add(1, 6881, NOW));
	assert_false(add(1, 6882, NOW + NODEBOOK_AGAIN_MS - 1));
	assert_true(add(2, 6881, NOW));
	assert_int_equal(nodebook_take(&book, out), 2);
	assert_int_equal(addr_cmp(&out[0], &want), 0);
	assert_int_equal(nodebook_take(&book, out), 0);
	assert_false(add(1, 6881, NOW + NODEBOOK_AGAIN_MS - 1));
	assert_true(add(1, 6882, NOW + NODEBOOK_AGAIN_MS));
	assert_false(add(1, 6882, NOW + NODEBOOK_AGAIN_MS));
}

/* Who found no room is not taken for told. */
static void
test_full(void **state)
{
	struct addr	out[NODEBOOK_QUEUE];
	uint32_t	i;

	(void)state;
	for (i = 0; i < NODEBOOK_QUEUE; i++)
		assert_true(add(i, 1, NOW));
	assert_false(add(i, 1, NOW));
	assert_int_equal(nodebook_take(&book, out), NODEBOOK_QUEUE);
	assert_true(add(i, 1, NOW));
}

/* Of very many the oldest are forgotten. */
static void
test_many(void **state)
{
	struct addr	out[NODEBOOK_QUEUE];
	uint32_t	i;

	(void)state;
	for (i = 0; i <= NODEBOOK_TOLD; i++) {
		assert_true(add(i, 1, NOW));
		assert_int_equal(nodebook_take(&book, out), 1);
	}
	assert_false(add(1, 1, NOW));
	assert_false(add(NODEBOOK_TOLD, 1, NOW));
	assert_true(add(0, 1, NOW));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_again, set_up),
		cmocka_unit_test_setup(test_full, set_up),
		cmocka_unit_test_setup(test_many, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
