/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/ext.h"

static int
parse(struct ext_peer *e, const char *s)
{
	return ext_parse(e, (const uint8_t *)s, strlen(s));
}

static void
test_build(void **state)
{
	static const uint8_t	v4[16] = { [10] = 0xff, [11] = 0xff, '1', '2',
	    '3', '4' };
	struct ext_ours		ours = { .mask = ~1U, .upload_only = true,
	    .encrypts = true, .port = 6881, .reqq = 250, .metadata_size = 31235,
	    .client = "mim 0.1", .yourip = v4 };
	uint8_t			buf[EXT_HANDSHAKE_OURS + 1];
	static const char	want[] =
	    "d1:ei1e1:md11:lt_donthavei5e11:upload_onlyi3e12:ut_holepunchi4e"
	    "11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei31235e1:pi6881e"
	    "4:reqqi250e11:upload_onlyi1e1:v7:mim 0.16:yourip4:1234e";
	size_t			n;

	(void)state;
	n = ext_build(buf, &ours);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, n);
	ours = (struct ext_ours){ .off = 1U << EXT_PEX };
	n = ext_build(buf, &ours);
	assert_int_equal(n, 18);
	assert_memory_equal(buf, "d1:md6:ut_pexi0eee", 18);
	ours = (struct ext_ours){ .mask = 0 };
	assert_int_equal(ext_build(buf, &ours), 7);
	assert_memory_equal(buf, "d1:mdee", 7);
}

/* The longest there can be fits. */
static void
test_build_longest(void **state)
{
	uint8_t		ip[16] = { 0x20 };
	struct ext_ours	ours = { .mask = ~1U, .upload_only = true,
	    .port = UINT16_MAX, .reqq = UINT32_MAX,
	    .metadata_size = UINT32_MAX, .yourip = ip };
	uint8_t		*buf = malloc(EXT_HANDSHAKE_OURS);
	char		 client[200];
	struct ext_peer	 e;
	size_t		 n;

	(void)state;
	memset(client, 'x', sizeof(client) - 1);
	client[sizeof(client) - 1] = '\0';
	ours.client = client;
	n = ext_build(buf, &ours);
	assert_true(n < EXT_HANDSHAKE_OURS);
	ext_peer_init(&e);
	assert_int_equal(ext_parse(&e, buf, n), 0);
	assert_int_equal(strlen(e.client), EXT_CLIENT_MAX);
	assert_int_equal(e.port, UINT16_MAX);
	assert_int_equal(e.reqq, UINT32_MAX);
	assert_true(e.upload_only && e.has_yourip);
	assert_memory_equal(e.yourip, ip, 16);
	assert_int_equal(e.ids[EXT_PEX], EXT_PEX);
	assert_int_equal(e.ids[EXT_DONTHAVE], EXT_DONTHAVE);
	free(buf);
}

static void
test_parse(void **state)
{
	struct ext_peer	e;

	(void)state;
	ext_peer_init(&e);
	assert_int_equal(e.reqq, EXT_REQQ_DEFAULT);
	/* As in BEP 10. */
	assert_int_equal(parse(&e, "d1:md11:LT_metadatai1e6:ut_pexi2ee"
	    "1:pi6881e1:v13:\xc2\xb5Torrent 1.2e"), 0);
	assert_int_equal(e.ids[EXT_PEX], 2);
	assert_int_equal(e.ids[EXT_METADATA], 0);
	assert_int_equal(e.port, 6881);
	assert_string_equal(e.client, "\xc2\xb5Torrent 1.2");
	/* A later one adds, and takes away what it says is 0. */
	assert_int_equal(parse(&e, "d1:ei1e1:md11:ut_metadatai3e6:ut_pexi0ee"
	    "13:metadata_sizei999e4:reqqi2000e11:upload_onlyi1e"
	    "6:yourip4:abcde"), 0);
	assert_int_equal(e.ids[EXT_PEX], 0);
	assert_int_equal(e.ids[EXT_METADATA], 3);
	assert_int_equal(e.port, 6881);
	assert_int_equal(e.metadata_size, 999);
	assert_int_equal(e.reqq, 2000);
	assert_true(e.upload_only && e.encrypts && e.has_yourip);
	assert_memory_equal(e.yourip + 10, "\xff\xff" "abcd", 6);
	assert_int_equal(parse(&e, "d11:upload_onlyi0ee"), 0);
	assert_false(e.upload_only);
}

static void
test_hostile(void **state)
{
	static const char *const broken[] = {
		"", "e", "i1e", "le", "d", "d1:m", "d1:md6:ut_pexi1e",
		"0:", "99999999999:", "d1:pi6881", "garbage",
	};
	static const char *const odd[] = {
		"de", "d1:mi5ee", "d1:m3:abce", "d1:ml6:ut_pexi1eee",
		"d1:md6:ut_pexi256eee", "d1:md6:ut_pexi-1eee",
		"d1:md6:ut_pex1:1ee",
		"d1:md6:ut_pexi99999999999999999999eee",
		"d1:pi0ee", "d1:pi65536ee", "d1:pi-6881ee", "d1:p4:6881e",
		"d4:reqqi0ee", "d4:reqqi-5ee", "d4:reqq3:250e",
		"d13:metadata_sizei0ee", "d13:metadata_sizei-1ee",
		"d13:metadata_sizei33554433ee",
		"d6:yourip3:abce", "d6:yourip5:abcdee", "d6:youripi4ee",
		"d1:vi4ee", "d1:v0:e", "d11:upload_only1:1e", "d1:elee",
	};
	struct ext_peer	e, none;
	size_t		i;

	(void)state;
	ext_peer_init(&none);
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		e = none;
		if (parse(&e, broken[i]) != -1)
			fail_msg("%s is a handshake", broken[i]);
		assert_memory_equal(&e, &none, sizeof(e));
	}
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		e = none;
		assert_memory_equal(&e, &none, sizeof(e));
		(void)parse(&e, odd[i]);
		if (memcmp(&e, &none, sizeof(e)) != 0)
			fail_msg("%s was believed", odd[i]);
	}
	e = none;
	assert_int_equal(parse(&e, "d4:reqqi99999999999ee"), 0);
	assert_int_equal(e.reqq, UINT32_MAX);
}

static void
test_client_name(void **state)
{
	struct ext_peer	e;
	char		buf[300];

	(void)state;
	ext_peer_init(&e);
	assert_int_equal(parse(&e, "d1:v6:a\x1b[2J\ne"), 0);
	assert_string_equal(e.client, "a?[2J?");
	assert_int_equal(parse(&e, "d1:v4:\xff" "b\xe2\x80" "e"), 0);
	assert_string_equal(e.client, "?b??");
	assert_int_equal(parse(&e, "d1:v5:a\xe2\x80\xae" "be"), 0);
	assert_string_equal(e.client, "a?b");
	/* Cut between characters. */
	memcpy(buf, "d1:v99:x", 8);
	for (size_t i = 0; i < 49; i++)
		memcpy(buf + 8 + 2 * i, "\xc3\xa9", 2);
	memcpy(buf + 106, "e", 2);
	assert_int_equal(parse(&e, buf), 0);
	assert_int_equal(strlen(e.client), EXT_CLIENT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_build_longest),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_client_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
