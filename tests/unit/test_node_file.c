/* SPDX-License-Identifier: ISC */
/* The file of nodes: what is written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/node_file.h"
#include "hash.h"
#include "mem.h"

#define HEAD	56U	/* bytes before the first node */
#define ROW	38U
#define PORT_AT	16U	/* in a row */

static uint8_t	id[20];

/* Of n nodes, one in three without an id. */
static uint8_t *
make(uint32_t n, size_t *len)
{
	struct rec_node		*rows = xcalloc(n + 1, sizeof(*rows));
	struct msg_nodes_save	 m = { .nodes = { rows, n } };
	uint8_t			*buf;
	uint32_t		 i;

	memset(m.id4, 4, sizeof(m.id4));
	memset(m.id6, 6, sizeof(m.id6));
	memset(id, 7, sizeof(id));
	for (i = 0; i < n; i++) {
		memset(rows[i].ip, (int)i, sizeof(rows[i].ip));
		rows[i].port = (uint16_t)(65535 - i);
		if (i % 3 != 0)
			rows[i].id = (struct blob){ id, sizeof(id) };
	}
	buf = node_file_encode(&m, len);
	free(rows);
	return buf;
}

static void
test_round(void **state)
{
	static const uint32_t	 counts[] = { 0, 1, 100, NODES_PAGE };
	struct rec_node		 rows[NODES_PAGE];
	struct msg_nodes_saved	 m;
	const char		*why;
	uint8_t			*buf;
	uint32_t		 i, k;
	size_t			 len;

	(void)state;
	for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
		buf = make(counts[k], &len);
		assert_true(len <= NODE_FILE_SIZE_MAX);
		assert_int_equal(len, HEAD + counts[k] * ROW + SHA1_LEN);
		assert_int_equal(node_file_decode(&m, rows, buf, len, &why),
		    0);
		assert_int_equal(m.id4[19], 4);
		assert_int_equal(m.id6[0], 6);
		assert_int_equal(m.nodes.n, counts[k]);
		for (i = 0; i < counts[k]; i++) {
			assert_int_equal(rows[i].ip[15], i & 0xff);
			assert_int_equal(rows[i].port, 65535 - i);
			assert_int_equal(rows[i].id.len, i % 3 == 0 ? 0 : 20);
			if (i % 3 != 0)
				assert_memory_equal(rows[i].id.p, id, 20);
		}
		free(buf);
	}
}

static void
refused(const uint8_t *buf, size_t len, const char *reason)
{
	struct rec_node		 rows[NODES_PAGE];
	struct msg_nodes_saved	 m;
	const char		*why;
	uint8_t			*copy = xmalloc(len + 1);

	/* To its end, and no further: for what looks on. */
	memcpy(copy, buf, len);
	copy = xreallocarray(copy, len > 0 ? len : 1, 1);
	assert_int_equal(node_file_decode(&m, rows, copy, len, &why), -1);
	assert_string_equal(why, reason);
	free(copy);
}

static void
seal(uint8_t *buf, size_t len)
{
	hash_sha1(buf, len - SHA1_LEN, buf + len - SHA1_LEN);
}

static void
test_damage(void **state)
{
	uint8_t	*buf;
	size_t	 len, i;

	(void)state;
	buf = make(2, &len);
	for (i = 0; i < HEAD + SHA1_LEN; i++)
		refused(buf, i, "too short");
	for (; i < len; i++)
		refused(buf, i, "damaged (checksum)");
	for (i = 12; i < len; i++) {
		buf[i] ^= 1;
		refused(buf, len, "damaged (checksum)");
		buf[i] ^= 1;
	}
	buf[0] ^= 1;
	refused(buf, len, "not a file of nodes");
	free(buf);
}

/* Its checksum is right, but what it says is not. */
static void
test_malformed(void **state)
{
	static const uint32_t	 counts[] = { 0, 1, 3, 0xffffff, UINT32_MAX };
	uint8_t			*buf;
	size_t			 len, i;

	(void)state;
	buf = make(2, &len);
	buf[8] = 2;
	seal(buf, len);
	refused(buf, len, "of an unknown version");
	buf[8] = 1;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		memcpy(buf + HEAD - 4, &counts[i], 4);
		seal(buf, len);
		refused(buf, len, "malformed");
	}
	memset(buf + HEAD - 4, 0, 4);
	buf[HEAD - 4] = 2;
	memset(buf + HEAD + ROW + PORT_AT, 0, 2);
	seal(buf, len);
	refused(buf, len, "malformed");
	free(buf);
	/* More than a message takes. */
	buf = make(NODES_PAGE + 1, &len);
	refused(buf, len, "malformed");
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
