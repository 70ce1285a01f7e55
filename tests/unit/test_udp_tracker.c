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
#include "tracker/udp_table.h"
#include "tracker/udp_tracker.h"

#define SEC	UINT64_C(1000)

static const uint8_t	infohash[20] = "aaaaaaaaaaaaaaaaaaaa";
static const uint8_t	peer_id[20] = "-MM0001-bbbbbbbbbbbb";

/* ---- what is said ---- */

static uint64_t
get(const uint8_t *p, unsigned int n)
{
	uint64_t	v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
set(uint8_t *p, uint64_t v, unsigned int n)
{
	while (n-- > 0)
		*p++ = (uint8_t)(v >> 8 * n);
}

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

/* ---- the table ---- */

#define SENT_MAX	(2 * UDP_ACTIVE_MAX + 8)

static struct {
	struct udp_table *table;
	uint64_t	 now;
	unsigned int	 n;		/* sent */
	struct {
		struct addr	to;
		uint8_t		p[16];
	}		 sent[SENT_MAX];
	const char	*send_error;
	unsigned int	 done, plain;
	char		 error[64];
	uint8_t		 packet[64];
	size_t		 len;
	bool		 v6;
} net;
static struct addr	server, other;

static const char *
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t len)
{
	(void)arg;
	assert_true(len >= 16);
	assert_true(net.n < SENT_MAX);
	net.sent[net.n].to = *to;
	memcpy(net.sent[net.n++].p, p, 16);
	return net.send_error;
}

static size_t
on_packet(struct udp_req *req, uint64_t connection, uint32_t tid, bool plain,
    uint8_t *buf)
{
	(void)req;
	net.plain += plain;
	return udp_put_scrape(buf, connection, tid, infohash, 1);
}

static void
on_done(struct udp_req *req, const struct udp_result *result)
{
	(void)req;
	net.done++;
	strlcpy(net.error, result->error != NULL ? result->error : "",
	    sizeof(net.error));
	net.v6 = result->v6;
	net.len = result->len;
	if (result->packet != NULL)
		memcpy(net.packet, result->packet, result->len);
}

static const struct udp_user	user = {
	.action = UDP_SCRAPE, .packet = on_packet, .done = on_done
};

static int
set_up(void **state)
{
	(void)state;
	memset(&net, 0, sizeof(net));
	net.now = 5000;
	addr_parse(&server, "10.0.0.1", 6969);
	addr_parse(&other, "10.0.0.2", 6969);
	net.table = udp_table_new(on_send, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	udp_table_free(net.table);
	return 0;
}

static struct udp_req *
submit(struct udp_req *req)
{
	memset(req, 0, sizeof(*req));
	req->user = &user;
	udp_table_submit(net.table, req, &server, net.now);
	return req;
}

/* Is the i-th packet sent of this action?  The last if i is -1. */
static uint8_t *
sent(int i, enum udp_action action)
{
	i = i < 0 ? (int)net.n - 1 : i;
	assert_int_equal(get(net.sent[i].p + 8, 4), action);
	return net.sent[i].p;
}

/* An answer to a packet sent, len bytes long, of which 8 are its header. */
static void
answer(const uint8_t *to, const struct addr *from, enum udp_action action,
    const void *rest, size_t len)
{
	uint8_t	p[64] = { 0 };

	set(p, action, 4);
	memcpy(p + 4, to + 12, 4);
	memcpy(p + 8, rest, len - 8);
	udp_table_input(net.table, from, p, len, net.now);
}

static void
connect_to(uint64_t id)
{
	uint8_t	p[8];

	set(p, id, 8);
	answer(sent(-1, UDP_CONNECT), &server, UDP_CONNECT, p, 16);
}

static void
tick(uint64_t ms)
{
	net.now += ms;
	udp_table_tick(net.table, net.now);
}

/* A connection id serves all requests for a minute. */
static void
test_connection(void **state)
{
	struct udp_req	a, b, c;

	(void)state;
	submit(&a);
	submit(&b);
	assert_int_equal(net.n, 1);
	assert_true(get(sent(0, UDP_CONNECT), 8) == 0x41727101980);
	connect_to(77);
	assert_int_equal(net.n, 3);
	assert_true(get(sent(1, UDP_SCRAPE), 8) == 77);
	assert_true(get(sent(2, UDP_SCRAPE), 8) == 77);
	assert_true(get(sent(1, UDP_SCRAPE) + 12, 4) !=
	    get(sent(2, UDP_SCRAPE) + 12, 4));
	answer(sent(2, UDP_SCRAPE), &server, UDP_SCRAPE, "123456789012", 20);
	assert_int_equal(net.done, 1);
	assert_int_equal(net.len, 20);
	assert_memory_equal(net.packet + 8, "123456789012", 12);
	answer(sent(1, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.done, 2);
	assert_true(udp_table_due(net.table) == UINT64_MAX);
	net.now += UDP_CONNECTION_TIME - 1;
	submit(&c);
	assert_true(get(sent(3, UDP_SCRAPE), 8) == 77);
	net.now++;
	submit(&a);
	sent(4, UDP_CONNECT);
	udp_table_cancel(net.table, &a, net.now);
	udp_table_cancel(net.table, &c, net.now);
	udp_table_cancel(net.table, &c, net.now);
	assert_true(udp_table_due(net.table) == UINT64_MAX);
	assert_int_equal(net.done, 2);
}

/* Only the right answer from the right address counts. */
static void
test_strangers(void **state)
{
	struct udp_req	a;
	struct addr	port = server;
	uint8_t		wrong[16];

	(void)state;
	submit(&a);
	memcpy(wrong, sent(0, UDP_CONNECT), 16);
	wrong[15] ^= 1;
	port.port++;
	answer(wrong, &server, UDP_CONNECT, "12345678", 16);
	answer(sent(0, UDP_CONNECT), &other, UDP_CONNECT, "12345678", 16);
	answer(sent(0, UDP_CONNECT), &port, UDP_CONNECT, "12345678", 16);
	answer(sent(0, UDP_CONNECT), &server, UDP_CONNECT, "1234567", 15);
	answer(sent(0, UDP_CONNECT), &server, UDP_SCRAPE, "12345678", 16);
	answer(sent(0, UDP_CONNECT), &server, 4, "12345678", 16);
	udp_table_input(net.table, &server, (const uint8_t *)"123", 3,
	    net.now);
	assert_int_equal(net.n, 1);
	connect_to(77);
	memcpy(wrong, sent(1, UDP_SCRAPE), 16);
	wrong[12] ^= 0x80;
	answer(wrong, &server, UDP_SCRAPE, "", 8);
	answer(sent(1, UDP_SCRAPE), &other, UDP_SCRAPE, "", 8);
	answer(sent(1, UDP_SCRAPE), &server, UDP_ANNOUNCE, "", 8);
	answer(sent(1, UDP_SCRAPE), &server, UDP_CONNECT, "12345678", 16);
	/* Nor is the answer to what was answered before. */
	answer(sent(0, UDP_CONNECT), &server, UDP_CONNECT, "12345678", 16);
	assert_int_equal(net.done, 0);
	answer(sent(1, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.done, 1);
	answer(sent(1, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.done, 1);
}

/* 15 s, 30 s, 60 s, and then it is given up. */
static void
test_silence(void **state)
{
	struct udp_req	a, b;
	uint8_t		tid[4];

	(void)state;
	submit(&a);
	submit(&b);
	memcpy(tid, sent(0, UDP_CONNECT) + 12, 4);
	assert_true(udp_table_due(net.table) == net.now + 15 * SEC);
	tick(15 * SEC - 1);
	assert_int_equal(net.n, 1);
	tick(1);
	assert_int_equal(net.n, 2);
	assert_memory_equal(sent(1, UDP_CONNECT) + 12, tid, 4);
	assert_true(udp_table_due(net.table) == net.now + 30 * SEC);
	tick(30 * SEC);
	assert_int_equal(net.n, 3);
	tick(60 * SEC - 1);
	assert_int_equal(net.done, 0);
	tick(1);
	assert_int_equal(net.n, 3);
	assert_int_equal(net.done, 2);
	assert_string_equal(net.error, "no answer");
	assert_true(udp_table_due(net.table) == UINT64_MAX);
	/* The next begins anew. */
	submit(&a);
	assert_int_equal(net.n, 4);
	assert_true(udp_table_due(net.table) == net.now + 15 * SEC);
	udp_table_cancel(net.table, &a, net.now);
}

/* A request is repeated; the last time without what may not be liked. */
static void
test_repeats(void **state)
{
	struct udp_req	a;

	(void)state;
	submit(&a);
	connect_to(77);
	tick(15 * SEC);
	assert_true(get(sent(2, UDP_SCRAPE), 8) == 77);
	assert_memory_equal(sent(2, UDP_SCRAPE) + 12,
	    sent(1, UDP_SCRAPE) + 12, 4);
	assert_int_equal(net.plain, 0);
	tick(30 * SEC);
	sent(3, UDP_SCRAPE);
	assert_int_equal(net.plain, 1);
	tick(60 * SEC);
	assert_int_equal(net.n, 4);
	assert_int_equal(net.done, 1);
	assert_string_equal(net.error, "no answer");
}

/* ... by a new connection id if the old one is too old by then. */
static void
test_expiry(void **state)
{
	struct udp_req	a, b;

	(void)state;
	submit(&b);
	connect_to(77);
	answer(sent(1, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	net.now += 50 * SEC;
	submit(&a);
	assert_true(get(sent(2, UDP_SCRAPE), 8) == 77);
	tick(15 * SEC);
	connect_to(78);
	assert_int_equal(net.n, 5);
	assert_true(get(sent(4, UDP_SCRAPE), 8) == 78);
	assert_true(udp_table_due(net.table) == net.now + 30 * SEC);
	/* What the first packet asked for is out of date. */
	answer(sent(2, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.done, 1);
	answer(sent(4, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.done, 2);
}

/* An error is an answer, unless it is about the connection id: once. */
static void
test_refusals(void **state)
{
	static const char	text[] = "Connection ID missmatch.";
	struct udp_req		a;

	(void)state;
	submit(&a);
	connect_to(77);
	answer(sent(-1, UDP_SCRAPE), &server, UDP_ERROR, text,
	    8 + sizeof(text));
	assert_int_equal(net.done, 0);
	connect_to(78);
	assert_true(get(sent(-1, UDP_SCRAPE), 8) == 78);
	answer(sent(-1, UDP_SCRAPE), &server, UDP_ERROR, text,
	    8 + sizeof(text));
	assert_int_equal(net.done, 1);
	assert_int_equal(get(net.packet, 4), UDP_ERROR);
	submit(&a);
	answer(sent(-1, UDP_SCRAPE), &server, UDP_ERROR, "no", 10);
	assert_int_equal(net.done, 2);
	/* To a connect, too. */
	net.now += UDP_CONNECTION_TIME;
	submit(&a);
	answer(sent(-1, UDP_CONNECT), &server, UDP_ERROR, text,
	    8 + sizeof(text));
	assert_int_equal(net.done, 3);
	assert_true(udp_table_due(net.table) == UINT64_MAX);
}

static void
refused(const uint8_t *p, const struct addr *to, size_t len)
{
	udp_table_refused(net.table, to, p, len, "Connection refused",
	    net.now);
}

/* The network says that nobody is there: all that ask that server fail. */
static void
test_unreached(void **state)
{
	struct udp_req	a, b;
	uint8_t		wrong[16];

	(void)state;
	submit(&a);
	submit(&b);
	memcpy(wrong, sent(0, UDP_CONNECT), 16);
	wrong[15] ^= 1;
	refused(wrong, &server, 16);
	refused(sent(0, UDP_CONNECT), &other, 16);
	refused(sent(0, UDP_CONNECT), &server, 15);
	assert_int_equal(net.done, 0);
	refused(sent(0, UDP_CONNECT), &server, 16);
	assert_int_equal(net.done, 2);
	assert_string_equal(net.error, "Connection refused");
	assert_true(udp_table_due(net.table) == UINT64_MAX);
	/* One request, while another waits for its turn: by a new id. */
	submit(&a);
	connect_to(77);
	refused(sent(-1, UDP_SCRAPE), &server, 64);
	assert_int_equal(net.done, 3);
	submit(&b);
	sent(-1, UDP_CONNECT);
	udp_table_cancel(net.table, &b, net.now);
	assert_true(udp_table_due(net.table) == UINT64_MAX);
}

/* What cannot be sent fails, but not before the next turn. */
static void
test_no_route(void **state)
{
	const struct udp_result	none = { .error = "no IPv6 address" };
	struct udp_req		a = { .user = &user };

	(void)state;
	net.send_error = "Network is unreachable";
	submit(&a);
	assert_int_equal(net.done, 0);
	assert_true(udp_table_due(net.table) == 0);
	tick(0);
	assert_int_equal(net.done, 1);
	assert_string_equal(net.error, "Network is unreachable");
	udp_table_fail(net.table, &a, &none);
	udp_table_cancel(net.table, &a, net.now);
	tick(0);
	assert_int_equal(net.done, 1);
}

/* So many at a time to one tracker; the rest wait for their turn. */
static void
test_bounds(void **state)
{
	static struct udp_req	v[UDP_ACTIVE_MAX + 2], w;
	struct addr		a = server;
	unsigned int		i;

	(void)state;
	for (i = 0; i < UDP_ACTIVE_MAX + 2; i++)
		submit(&v[i]);
	connect_to(77);
	assert_int_equal(net.n, 1 + UDP_ACTIVE_MAX);
	answer(sent(5, UDP_SCRAPE), &server, UDP_SCRAPE, "", 8);
	assert_int_equal(net.n, 2 + UDP_ACTIVE_MAX);
	udp_table_cancel(net.table, &v[0], net.now);
	assert_int_equal(net.n, 3 + UDP_ACTIVE_MAX);
	tick(15 * SEC);
	assert_int_equal(net.n, 3 + 2 * UDP_ACTIVE_MAX);
	for (i = 0; i < UDP_ACTIVE_MAX + 2; i++)
		udp_table_cancel(net.table, &v[i], net.now);
	assert_true(udp_table_due(net.table) == UINT64_MAX);
	/* Trackers that nothing is asked of make room. */
	for (i = 0; i < 2 * UDP_SERVERS_MAX; i++) {
		net.n = 0;
		a.port = (uint16_t)(1 + i);
		memset(&w, 0, sizeof(w));
		w.user = &user;
		udp_table_submit(net.table, &w, &a, net.now);
		udp_table_cancel(net.table, &w, net.now);
	}
	assert_int_equal(net.done, 1);
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
		cmocka_unit_test_setup_teardown(test_connection, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_strangers, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_silence, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_repeats, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_expiry, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_refusals, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_unreached, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_no_route, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
