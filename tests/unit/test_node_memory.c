/* SPDX-License-Identifier: ISC */
/* Which nodes of the DHT are kept, and when they are saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node_memory.h"

static struct node_memory	mem;
static struct rec_node		rows[NODES_PAGE];
static uint8_t			ids[NODES_PAGE][20];

static int
setup(void **state)
{
	(void)state;
	memset(&mem, 0, sizeof(mem));
	memset(rows, 0, sizeof(rows));
	return 0;
}

/* Row i is node number k of a family, with or without an id. */
static void
row(uint32_t i, bool v6, uint32_t k, bool named)
{
	memset(&rows[i], 0, sizeof(rows[i]));
	if (v6)
		rows[i].ip[0] = 0x20;
	else
		rows[i].ip[10] = rows[i].ip[11] = 0xff;
	rows[i].ip[14] = (uint8_t)(k >> 8);
	rows[i].ip[15] = (uint8_t)k;
	rows[i].port = 7000;
	memset(ids[i], (int)k + 1, sizeof(ids[i]));
	if (named)
		rows[i].id = (struct blob){ ids[i], sizeof(ids[i]) };
}

static void
fill(uint32_t first, uint32_t n, bool v6, uint32_t k)
{
	uint32_t	i;

	for (i = 0; i < n; i++)
		row(first + i, v6, k + i, true);
}

static void
tell(uint32_t n, uint8_t id)
{
	struct msg_dht_nodes	m = { .nodes = { rows, n } };

	memset(m.id4, id, sizeof(m.id4));
	memset(m.id6, id + 1, sizeof(m.id6));
	node_memory_told(&mem, &m);
}

static void
saved(uint32_t n, uint8_t id)
{
	struct msg_nodes_saved	m = { .nodes = { rows, n } };

	memset(m.id4, id, sizeof(m.id4));
	node_memory_saved(&mem, &m);
}

/* How many of a family are kept; all rows make sense. */
static uint32_t
kept(bool v6)
{
	struct rec_node	out[NODES_PAGE];
	uint32_t	i, n, count = 0;

	n = node_memory_rows(&mem, out);
	for (i = 0; i < n; i++) {
		assert_int_equal(out[i].port, 7000);
		assert_true(out[i].id.len == 0 || out[i].id.len == 20);
		count += (out[i].ip[0] == 0x20) == v6;
	}
	return count;
}

/* Saved ones serve until there are newer ones; after that they are stale. */
static void
test_saved(void **state)
{
	struct rec_node	out[NODES_PAGE];

	(void)state;
	row(0, false, 1, true);
	row(1, true, 2, false);
	saved(2, 9);
	assert_int_equal(node_memory_rows(&mem, out), 2);
	assert_int_equal(mem.id4[0], 9);
	assert_int_equal(out[0].ip[15], 1);
	assert_int_equal(out[0].id.len, 20);
	assert_memory_equal(out[0].id.p, ids[0], 20);
	assert_int_equal(out[1].id.len, 0);
	/* They are on disk. */
	assert_false(node_memory_save(&mem, 0, true));

	fill(0, 100, false, 0);
	tell(100, 3);
	fill(0, 5, false, 500);
	saved(5, 9);
	assert_int_equal(mem.id4[0], 3);
	assert_int_equal(kept(false), 100);
}

/* A child that has just begun knows few; nobody known: it knows nothing. */
static void
test_few(void **state)
{
	struct rec_node	out[NODES_PAGE];

	(void)state;
	fill(0, 100, false, 0);
	fill(100, 60, true, 0);
	tell(160, 1);
	fill(0, 3, false, 99);		/* one of them is known */
	tell(3, 2);
	assert_int_equal(kept(false), 102);
	assert_int_equal(kept(true), 60);
	node_memory_rows(&mem, out);
	assert_int_equal(out[0].ip[15], 99);
	assert_int_equal(out[3].ip[15], 0);
	assert_int_equal(mem.id4[0], 2);
	tell(0, 7);
	assert_int_equal(kept(false), 102);
	assert_int_equal(mem.id4[0], 2);
}

/* Enough of a family take the place of those before, not of the other's. */
static void
test_families(void **state)
{
	(void)state;
	fill(0, 50, false, 0);
	fill(50, 50, true, 0);
	tell(100, 1);
	fill(0, NODE_MEMORY_ENOUGH, false, 1000);
	tell(NODE_MEMORY_ENOUGH, 1);
	assert_int_equal(kept(false), NODE_MEMORY_ENOUGH);
	assert_int_equal(kept(true), 50);
	/* There is no more room than that, and none is there twice. */
	fill(0, NODES_PAGE, false, 2000);
	tell(NODES_PAGE, 1);
	assert_int_equal(kept(false), NODES_PAGE);
	assert_int_equal(kept(true), 0);
	fill(0, NODES_PAGE, false, 3000);
	row(7, false, 3000, true);
	tell(NODES_PAGE, 1);
	assert_int_equal(kept(false), NODES_PAGE - 1);
}

static void
test_save(void **state)
{
	(void)state;
	assert_false(node_memory_save(&mem, 1000, true));
	row(0, false, 1, true);
	tell(1, 1);
	assert_true(node_memory_save(&mem, 1000, false));
	assert_false(node_memory_save(&mem, 2000, true));
	tell(1, 1);
	assert_false(node_memory_save(&mem,
	    1000 + NODE_MEMORY_SAVE_MS - 1, false));
	assert_true(node_memory_save(&mem, 1000 + NODE_MEMORY_SAVE_MS, false));
	/* Nor does the end wait, nor a table that grows. */
	tell(1, 1);
	assert_false(node_memory_save(&mem, 1001 + NODE_MEMORY_SAVE_MS,
	    false));
	assert_true(node_memory_save(&mem, 1001 + NODE_MEMORY_SAVE_MS, true));
	fill(0, 2, false, 1);
	tell(2, 1);
	assert_true(node_memory_save(&mem, 1002 + NODE_MEMORY_SAVE_MS, false));
	fill(0, 3, false, 1);
	tell(3, 1);
	assert_false(node_memory_save(&mem, 1003 + NODE_MEMORY_SAVE_MS,
	    false));
}

/* What a disk that was killed had in hand is saved by the next. */
static void
test_lost(void **state)
{
	(void)state;
	row(0, false, 1, true);
	saved(1, 1);
	node_memory_lost(&mem);
	assert_false(node_memory_save(&mem, 0, true));
	tell(1, 1);
	assert_true(node_memory_save(&mem, 0, true));
	node_memory_lost(&mem);
	assert_true(node_memory_save(&mem, 0, true));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_saved, setup),
		cmocka_unit_test_setup(test_few, setup),
		cmocka_unit_test_setup(test_families, setup),
		cmocka_unit_test_setup(test_save, setup),
		cmocka_unit_test_setup(test_lost, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
