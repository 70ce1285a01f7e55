/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tracker/udp_table.h"
#include "tracker/udp_tracker.h"
#include "udp_fields.h"

/* Requests on their way to UDP trackers: repeats, refusals and bounds. */

#define SEC	UINT64_C(1000)
#define SENT_MAX	(2 * UDP_ACTIVE_MAX + 8)

static const uint8_t	infohash[20] = "aaaaaaaaaaaaaaaaaaaa";

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
