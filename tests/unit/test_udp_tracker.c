/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tracker/reply.h"
#include "tracker/request.h"
#include "tracker/scrape.h"
#include "tracker/udp_tracker.h"
#include "udp_fields.h"

static const uint8_t	infohash[20] = "aaaaaaaaaaaaaaaaaaaa";
static const uint8_t	peer_id[20] = "-MM0001-bbbbbbbbbbbb";

/* ---- what is said ---- */

static struct request
some_request(void)
{
	struct request	r = {
		.infohash = infohash, .peer_id = peer_id, .port = 6881,
		.key = 0x12345678, .uploaded = 3, .downloaded = 1, .left = 2,
		.event = ANNOUNCE_STARTED
	};

	return r;
}

/* The layouts of BEP 15. */
static void
test_requests(void **state)
{
	uint8_t		buf[UDP_PACKET_MAX], hashes[2][20];
	struct request	r = some_request();

	(void)state;
	assert_int_equal(udp_put_connect(buf, 0xdeadbeef), 16);
	assert_true(get(buf, 8) == 0x41727101980);
	assert_int_equal(get(buf + 8, 4), 0);
	assert_int_equal(get(buf + 12, 4), 0xdeadbeef);

	assert_int_equal(udp_put_announce(buf, 7, 9, &r, ""), 98);
	assert_true(get(buf, 8) == 7);
	assert_int_equal(get(buf + 8, 4), 1);
	assert_int_equal(get(buf + 12, 4), 9);
	assert_memory_equal(buf + 16, infohash, 20);
	assert_memory_equal(buf + 36, peer_id, 20);
	assert_int_equal(get(buf + 56, 8), 1);
	assert_int_equal(get(buf + 64, 8), 2);
	assert_int_equal(get(buf + 72, 8), 3);
	assert_int_equal(get(buf + 80, 4), 2);
	assert_int_equal(get(buf + 84, 4), 0);
	assert_int_equal(get(buf + 88, 4), 0x12345678);
	assert_int_equal(get(buf + 92, 4), UINT32_MAX);
	assert_int_equal(get(buf + 96, 2), 6881);

	r.event = ANNOUNCE_STOPPED;
	udp_put_announce(buf, 7, 9, &r, "");
	assert_int_equal(get(buf + 80, 4), 3);
	assert_int_equal(get(buf + 92, 4), 0);
	r.event = ANNOUNCE_COMPLETED;
	udp_put_announce(buf, 7, 9, &r, "");
	assert_int_equal(get(buf + 80, 4), 1);
	r.event = ANNOUNCE_REGULAR;
	udp_put_announce(buf, 7, 9, &r, "");
	assert_int_equal(get(buf + 80, 4), 0);

	memset(hashes, 'h', sizeof(hashes));
	assert_int_equal(udp_put_scrape(buf, 7, 9, hashes[0], 2), 56);
	assert_int_equal(get(buf + 8, 4), 2);
	assert_memory_equal(buf + 16, hashes, 40);
}

/* BEP 41: path and query, in pieces of at most 255 bytes. */
static void
test_url_data(void **state)
{
	uint8_t		buf[UDP_PACKET_MAX];
	struct request	r = some_request();
	char		target[4097];
	size_t		len, i, n;

	(void)state;
	len = udp_put_announce(buf, 7, 9, &r, "/announce?key=1");
	assert_int_equal(len, 98 + 2 + 15);
	assert_int_equal(buf[98], 2);
	assert_int_equal(buf[99], 15);
	assert_memory_equal(buf + 100, "/announce?key=1", 15);
	memset(target, 'x', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	len = udp_put_announce(buf, 7, 9, &r, target);
	for (i = 98, n = 0; i < len; i += 2UL + buf[i + 1]) {
		assert_int_equal(buf[i], 2);
		n += buf[i + 1];
	}
	assert_int_equal(i, len);
	assert_int_equal(n, 4096);
}

/* ---- what is answered ---- */

static void
test_announced(void **state)
{
	uint8_t		p[64] = { 0 };
	struct reply	r;
	char		text[ADDR_STRLEN];

	(void)state;
	set(p, UDP_ANNOUNCE, 4);
	set(p + 8, 1800, 4);
	set(p + 12, 5, 4);
	set(p + 16, 6, 4);
	memcpy(p + 20, "\x0a\x00\x00\x01\x1a\xe1\x0a\x00\x00\x02\x1a\xe2", 12);
	assert_int_equal(udp_get_announce(&r, p, 32, false), 0);
	assert_int_equal(r.interval, 1800);
	assert_int_equal(r.leeches, 5);
	assert_int_equal(r.seeds, 6);
	assert_int_equal(r.downloads, REPLY_UNKNOWN);
	assert_int_equal(r.npeers, 2);
	assert_string_equal(addr_str(&r.peers[1], text), "10.0.0.2:6882");
	assert_string_equal(r.text, "");
	reply_clear(&r);
	/* Whole ones count. */
	assert_int_equal(udp_get_announce(&r, p, 31, false), 0);
	assert_int_equal(r.npeers, 1);
	assert_string_equal(r.text, "warning: a peer list of odd length");
	reply_clear(&r);
	/* The family that it came by decides. */
	memcpy(p + 20, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1",
	    18);
	assert_int_equal(udp_get_announce(&r, p, 38, true), 0);
	assert_int_equal(r.npeers, 1);
	assert_string_equal(addr_str(&r.peers[0], text),
	    "[2001:db8::1]:6881");
	reply_clear(&r);
	/* What would be negative is not known. */
	memset(p + 8, 0xff, 12);
	assert_int_equal(udp_get_announce(&r, p, 20, true), 0);
	assert_int_equal(r.interval, 0);
	assert_int_equal(r.seeds, REPLY_UNKNOWN);
	assert_int_equal(r.npeers, 0);
	reply_clear(&r);
	assert_int_equal(udp_get_announce(&r, p, 19, true), -1);
	assert_string_equal(r.text, "the answer is not a tracker's");
	reply_clear(&r);
}

/* A list that fills a datagram is cut where any list is. */
static void
test_many_peers(void **state)
{
	const size_t	 len = 65507;
	uint8_t		*p = calloc(1, len);
	struct reply	 r;

	(void)state;
	memset(p + 20, 0x0a, len - 20);
	set(p, UDP_ANNOUNCE, 4);
	assert_int_equal(udp_get_announce(&r, p, len, false), 0);
	assert_int_equal(r.npeers, REPLY_PEERS_MAX);
	reply_clear(&r);
	free(p);
}

static void
test_error(void **state)
{
	uint8_t		p[32] = { 0 };
	struct reply	r;

	(void)state;
	set(p, UDP_ERROR, 4);
	memcpy(p + 8, "go\naway\0!", 9);
	assert_int_equal(udp_get_announce(&r, p, 17, false), 0);
	assert_true(r.failed);
	assert_string_equal(r.text, "go away");
	reply_clear(&r);
	assert_int_equal(udp_get_announce(&r, p, 8, false), 0);
	assert_true(r.failed);
	assert_string_equal(r.text, "the tracker refused");
	reply_clear(&r);
	assert_int_equal(udp_get_announce(&r, p, 7, false), -1);
	reply_clear(&r);
}

static void
test_scraped(void **state)
{
	uint8_t		p[8 + 3 * 12] = { 0 };
	struct counts	c[3];
	unsigned int	i;

	(void)state;
	set(p, UDP_SCRAPE, 4);
	for (i = 0; i < 9; i++)
		set(p + 8 + 4UL * i, i + 1, 4);
	assert_int_equal(udp_get_scrape(p, sizeof(p), c, 3), 3);
	assert_int_equal(c[1].seeds, 4);
	assert_int_equal(c[1].downloads, 5);
	assert_int_equal(c[1].leeches, 6);
	assert_int_equal(udp_get_scrape(p, sizeof(p), c, 2), 2);
	assert_int_equal(udp_get_scrape(p, sizeof(p) - 1, c, 3), 2);
	assert_int_equal(udp_get_scrape(p, 8, c, 3), 0);
	assert_int_equal(udp_get_scrape(p, 3, c, 3), 0);
	set(p, UDP_ERROR, 4);
	assert_int_equal(udp_get_scrape(p, sizeof(p), c, 3), 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_url_data),
		cmocka_unit_test(test_announced),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_scraped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
