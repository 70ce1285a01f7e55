/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "merkle.h"

#define BLOCK	16384

static void
assert_hash(const uint8_t hash[SHA256_LEN], const char *hex)
{
	char	text[2 * SHA256_LEN + 1];

	assert_string_equal(hash_hex(hash, SHA256_LEN, text), hex);
}

/* Hashes of n blocks, each filled with its number. */
static void
leaves(uint8_t *out, unsigned n)
{
	uint8_t		block[BLOCK];
	unsigned	i;

	for (i = 0; i < n; i++) {
		memset(block, (int)i, sizeof(block));
		hash_sha256(block, sizeof(block), out + i * SHA256_LEN);
	}
}

static void
test_one_block(void **state)
{
	uint8_t	leaf[SHA256_LEN], root[SHA256_LEN];

	(void)state;
	hash_sha256("hello", 5, leaf);
	merkle_root(leaf, 1, 0, 0, root);
	assert_hash(root, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e"
	    "73043362938b9824");
}

static void
test_short_last_block(void **state)
{
	uint8_t	hashes[2 * SHA256_LEN], root[SHA256_LEN];

	(void)state;
	leaves(hashes, 1);
	hash_sha256("\1", 1, hashes + SHA256_LEN);
	merkle_root(hashes, 2, 0, 0, root);
	assert_hash(root, "c905ac1382e6f3486ca12ebc7ae8da08f91686b14639fabb"
	    "a33ab2d4728642c5");
}

static void
test_padded_leaves(void **state)
{
	uint8_t	hashes[3 * SHA256_LEN], root[SHA256_LEN];

	(void)state;
	leaves(hashes, 3);
	merkle_root(hashes, 3, 0, 0, root);
	assert_hash(root, "3a399668ed9c3bb00bde9e1d7cde44b39b39867155793bbc"
	    "0a879cbc4ca9dd1e");
}

/* Five blocks in pieces of two: the layer, then the root from it. */
static void
test_piece_layer(void **state)
{
	static const char *const	expect[3] = {
	    "bb3d7ed87517034230008512a51a4bdc428c7cc128ef619425e01d124030c7b6",
	    "ca93ba2c3a43211ef471fc52d1e6bac03c02b31ece8e8ba560cb487253d5e0e9",
	    "e05004071bb3577eec8e7097e4f20d2cc18485b5fca1c5619ff7e3f0760ee57e"
	};
	uint8_t		hashes[5 * SHA256_LEN], layer[3 * SHA256_LEN];
	uint8_t		root[SHA256_LEN];
	unsigned	i;

	(void)state;
	leaves(hashes, 5);
	for (i = 0; i < 3; i++) {
		merkle_root(hashes + i * 2 * SHA256_LEN, i < 2 ? 2 : 1, 0, 1,
		    layer + i * SHA256_LEN);
		assert_hash(layer + i * SHA256_LEN, expect[i]);
	}
	merkle_root(layer, 3, 1, 0, root);
	assert_hash(root, "02d0b015ee763c012ad0246da46d035d5aeaef7929823753"
	    "94e32a28c7d02712");
	/* The same from the leaves, filled up to eight. */
	merkle_root(hashes, 5, 0, 3, root);
	assert_hash(root, "02d0b015ee763c012ad0246da46d035d5aeaef7929823753"
	    "94e32a28c7d02712");
}

static void
test_pads(void **state)
{
	uint8_t	pad[SHA256_LEN], zero[SHA256_LEN] = { 0 };

	(void)state;
	merkle_pad(0, pad);
	assert_memory_equal(pad, zero, sizeof(zero));
	merkle_pad(1, pad);
	assert_hash(pad, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8"
	    "ea9831a92759fb4b");
	merkle_pad(2, pad);
	assert_hash(pad, "db56114e00fdd4c1f85c892bf35ac9a89289aaecb1ebd0a9"
	    "6cde606a748b5d71");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_one_block),
		cmocka_unit_test(test_short_last_block),
		cmocka_unit_test(test_padded_leaves),
		cmocka_unit_test(test_piece_layer),
		cmocka_unit_test(test_pads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
