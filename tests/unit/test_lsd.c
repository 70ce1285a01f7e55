/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/lsd.h"

#define HASH	"0123456789abcdefABCDEF000000000000000001"

static int
parse(struct lsd_msg *m, const char *text)
{
	return lsd_parse(m, text, strlen(text), "me");
}

static void
test_parse(void **state)
{
	struct lsd_msg	m;

	(void)state;
	assert_int_equal(parse(&m, "BT-SEARCH * HTTP/1.1\r\n"
	    "Host: 239.192.152.143:6771\r\nPort: 6881\r\n"
	    "Infohash: " HASH "\r\ncookie: you\r\n\r\n\r\n"), 0);
	assert_int_equal(m.port, 6881);
	assert_int_equal(m.nhashes, 1);
	assert_false(m.ours);
	assert_memory_equal(m.hashes[0], "\x01\x23\x45\x67\x89\xab\xcd\xef"
	    "\xab\xcd\xef\0\0\0\0\0\0\0\0\x01", 20);
	/* Names in any case, several hashes, our cookie, bare newlines. */
	assert_int_equal(parse(&m, "bt-search * http/1.0\nPORT:1\n"
	    "INFOHASH:" HASH "\ninfohash: \t" HASH " \nCookie: me"), 0);
	assert_int_equal(m.nhashes, 2);
	assert_true(m.ours);
	/* A hash that is none is passed over. */
	assert_int_equal(parse(&m, "BT-SEARCH * HTTP/1.1\nPort: 1\n"
	    "Infohash: 12\nInfohash: " HASH "\n"), 0);
	assert_int_equal(m.nhashes, 1);
}

static void
test_reject(void **state)
{
	static const char *const	bad[] = {
		"",
		"\r\n",
		"NOTIFY * HTTP/1.1\r\nPort: 1\r\nInfohash: " HASH "\r\n",
		"BT-SEARCH * HTTP/1.1",
		"BT-SEARCH * HTTP/1.1\r\nInfohash: " HASH "\r\n\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: " HASH "\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: " HASH
		    "\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 000001\r\nInfohash: " HASH
		    "\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: -1\r\nInfohash: " HASH "\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\nInfohash: " HASH
		    "\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " HASH "0\r\n",
		"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: x" HASH "\r\n",
		("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: "
		    "g123456789abcdefABCDEF000000000000000001\r\n"),
	};
	struct lsd_msg	m;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&m, bad[i]), -1);
}

static void
test_build(void **state)
{
	uint8_t		 raw[LSD_HASHES_MAX][20];
	const uint8_t	*hashes[LSD_HASHES_MAX];
	char		 out[LSD_PACKET_MAX + 1];
	struct lsd_msg	 m;
	uint32_t	 i;
	size_t		 n;

	(void)state;
	for (i = 0; i < LSD_HASHES_MAX; i++) {
		memset(raw[i], (int)(i * 7 + 170), 20);
		hashes[i] = raw[i];
	}
	n = lsd_build(out, false, 51413, hashes, 1, "me");
	out[n] = '\0';
	assert_string_equal(out, "BT-SEARCH * HTTP/1.1\r\n"
	    "Host: 239.192.152.143:6771\r\nPort: 51413\r\n"
	    "Infohash: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	    "cookie: me\r\n\r\n\r\n");
	n = lsd_build(out, true, 65535, hashes, LSD_HASHES_MAX,
	    "0123456789abcdef");
	assert_true(n <= LSD_PACKET_MAX);
	out[n] = '\0';
	assert_non_null(strstr(out, "Host: [ff15::efc0:988f]:6771\r\n"));
	assert_int_equal(lsd_parse(&m, out, n, "0123456789abcdef"), 0);
	assert_true(m.ours);
	assert_int_equal(m.nhashes, LSD_HASHES_MAX);
	assert_memory_equal(m.hashes, raw, sizeof(raw));
}

#define TORRENTS	1000

/* Each torrent in its time, packets no closer than they may be. */
static void
test_schedule(void **state)
{
	static struct lsd_item	items[TORRENTS];
	static uint8_t		raw[TORRENTS][20];
	static uint64_t		seen[TORRENTS];
	struct lsd_queue	q;
	const uint8_t		*hashes[LSD_HASHES_MAX];
	uint64_t		now = 1000, before = 0, due;
	uint32_t		i, k, n, packets = 0;

	(void)state;
	lsd_queue_init(&q);
	assert_true(lsd_due(&q) == UINT64_MAX);
	for (i = 0; i < TORRENTS; i++) {
		memcpy(raw[i], &i, sizeof(i));
		lsd_add(&q, &items[i], raw[i], now);
	}
	while ((due = lsd_due(&q)) < 3600000) {
		assert_true(due >= before + LSD_PACKET_MS);
		now = before = due;
		n = lsd_take(&q, now, hashes);
		assert_true(n > 0);
		packets++;
		for (k = 0; k < n; k++) {
			memcpy(&i, hashes[k], sizeof(i));
			assert_true(seen[i] == 0 ||
			    now - seen[i] >= LSD_AGAIN_MS);
			seen[i] = now;
		}
		assert_int_equal(lsd_take(&q, now, hashes), 0);
	}
	for (i = 0; i < TORRENTS; i++)
		assert_true(now - seen[i] < LSD_AGAIN_MS + 60000);
	/* 42 packets are a round. */
	assert_in_range(packets, 42 * 11, 42 * 12);
	for (i = 0; i < TORRENTS; i++)
		lsd_del(&q, &items[i]);
	lsd_del(&q, &items[0]);
	assert_true(lsd_due(&q) == UINT64_MAX);
}

#define MANY	10000

/* The round of very many takes no longer than that of few. */
static void
test_many(void **state)
{
	static struct lsd_item	items[MANY];
	static uint8_t		raw[MANY][20];
	static uint64_t		seen[MANY];
	struct lsd_queue	q;
	const uint8_t		*hashes[LSD_HASHES_MAX];
	uint64_t		now = 1000, before = 0;
	uint32_t		i, k, n;

	(void)state;
	lsd_queue_init(&q);
	for (i = 0; i < MANY; i++) {
		memcpy(raw[i], &i, sizeof(i));
		lsd_add(&q, &items[i], raw[i], now);
	}
	while ((now = lsd_due(&q)) < 3600000) {
		assert_true(now >= before + LSD_PACKET_LEAST_MS);
		before = now;
		n = lsd_take(&q, now, hashes);
		for (k = 0; k < n; k++) {
			memcpy(&i, hashes[k], sizeof(i));
			assert_true(now - seen[i] < LSD_AGAIN_MS + 30000);
			seen[i] = now;
		}
	}
	for (i = 0; i < MANY; i++)
		assert_true(now - seen[i] < LSD_AGAIN_MS + 30000);
}

static void
test_again(void **state)
{
	struct lsd_item		a = { .queued = false }, b = a;
	struct lsd_queue	q;
	const uint8_t		*hashes[LSD_HASHES_MAX];
	static const uint8_t	one[20] = { 1 }, two[20] = { 2 };
	uint64_t		now = 1000;

	(void)state;
	lsd_queue_init(&q);
	lsd_add(&q, &a, one, now);
	now = lsd_due(&q);
	assert_int_equal(lsd_take(&q, now, hashes), 1);
	lsd_add(&q, &b, two, now);
	lsd_again(&q, now);
	assert_int_equal(a.at, now + LSD_LEAST_MS);
	assert_int_equal(b.at, now + LSD_SOON_MS);
	lsd_again(&q, now + 200000);
	assert_int_equal(a.at, now + LSD_LEAST_MS);
	lsd_del(&q, &a);
	lsd_del(&q, &b);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_reject),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
