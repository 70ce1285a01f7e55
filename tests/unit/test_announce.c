/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tracker/announce.h"
#include "tracker/request.h"

#define NOW	1000000U

static void
begin_started(struct announce *a)
{
	announce_init(a);
	announce_start(a, NOW, 0);
	assert_int_equal(a->next, NOW);
	assert_int_equal(announce_begin(a), ANNOUNCE_STARTED);
}

static void
test_life(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	announce_done(&a, NOW, 1800, 0, 0);
	assert_int_equal(a.next, NOW + 1800000);
	assert_int_equal(announce_begin(&a), ANNOUNCE_REGULAR);
	announce_done(&a, NOW + 1, 1800, 0, UINT32_MAX);
	assert_true(a.next >= NOW + 1 + 1800000);
	assert_true(a.next <= NOW + 1 + 1800000 * 17 / 16);
	announce_completed(&a, NOW + 2);
	assert_int_equal(a.next, NOW + 2);
	assert_int_equal(announce_begin(&a), ANNOUNCE_COMPLETED);
	announce_done(&a, NOW + 2, 1800, 0, 0);
	announce_stop(&a, NOW + 3);
	assert_int_equal(a.next, NOW + 3);
	assert_int_equal(announce_begin(&a), ANNOUNCE_STOPPED);
	announce_done(&a, NOW + 4, 1800, 0, 0);
	assert_true(announce_idle(&a));
	assert_true(a.next == ANNOUNCE_NEVER);
}

/* Stopped is owed to a tracker that the process before us had told. */
static void
test_known_before(void **state)
{
	struct announce	a;

	(void)state;
	announce_init(&a);
	a.known = true;
	announce_start(&a, NOW, 5000);
	announce_stop(&a, NOW + 1);
	assert_int_equal(a.next, NOW + 1);
	assert_int_equal(announce_begin(&a), ANNOUNCE_STOPPED);
	announce_done(&a, NOW + 2, 0, 0, 0);
	assert_true(announce_idle(&a));
}

/* An event is owed until it is acknowledged. */
static void
test_owed(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	announce_failed(&a, NOW, 0, 0);
	assert_int_equal(announce_begin(&a), ANNOUNCE_STARTED);
	announce_completed(&a, NOW);
	announce_done(&a, NOW, 0, 0, 0);
	assert_int_equal(a.next, NOW);
	assert_int_equal(announce_begin(&a), ANNOUNCE_COMPLETED);
	announce_cancel(&a);
	announce_stop(&a, NOW);
	assert_int_equal(announce_begin(&a), ANNOUNCE_COMPLETED);
	announce_done(&a, NOW, 0, 0, 0);
	assert_int_equal(a.next, NOW);
	assert_int_equal(announce_begin(&a), ANNOUNCE_STOPPED);
}

static void
test_never_started(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	announce_cancel(&a);
	announce_stop(&a, NOW);
	assert_true(a.next == ANNOUNCE_NEVER);
	assert_true(announce_idle(&a));
}

static void
test_clamps(void **state)
{
	static const struct {
		uint32_t	interval, min, expect;
	} t[] = {
		{ 0, 0, 1800 }, { 1, 0, 60 }, { 59, 0, 60 }, { 60, 0, 60 },
		{ 86400, 0, 86400 }, { 86401, 0, 86400 },
		{ UINT32_MAX, UINT32_MAX, 86400 }, { 60, 1000, 1000 },
		{ 60, 999999, 3600 }
	};
	struct announce	a;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		begin_started(&a);
		announce_done(&a, NOW, t[i].interval, t[i].min, 0);
		assert_int_equal(a.next, NOW + t[i].expect * 1000ULL);
	}
}

static void
test_hungry(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	announce_hungry(&a, NOW);
	announce_done(&a, NOW, 1800, 120, 0);
	announce_hungry(&a, NOW + 5);
	assert_int_equal(a.next, NOW + 120000);
	announce_hungry(&a, NOW + 600000);
	assert_int_equal(a.next, NOW + 120000);
	announce_begin(&a);
	announce_done(&a, NOW, 1800, 0, 0);
	announce_hungry(&a, NOW + 300000);
	assert_int_equal(a.next, NOW + 300000);
	announce_begin(&a);
	announce_failed(&a, NOW, 0, 0);
	announce_hungry(&a, NOW);
	assert_true(a.next >= NOW + 5000);
}

static void
test_again(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	announce_again(&a, NOW, 700);
	announce_done(&a, NOW, 1800, 120, 0);
	/* Not before it is polite, and never later than it was. */
	announce_again(&a, NOW + 5, 700);
	assert_int_equal(a.next, NOW + 120000);
	announce_again(&a, NOW + 60000, 300000);
	assert_int_equal(a.next, NOW + 120000);
	announce_begin(&a);
	announce_done(&a, NOW, 1800, 120, 0);
	announce_again(&a, NOW + 200000, 700);
	assert_int_equal(a.next, NOW + 200700);
	/* What failed was the network. */
	announce_begin(&a);
	announce_failed(&a, NOW, 0, 0);
	announce_again(&a, NOW, 700);
	assert_int_equal(a.next, NOW + 700);
	/* But who was sent away stays away. */
	announce_begin(&a);
	announce_failed(&a, NOW, ANNOUNCE_RETRY_NEVER, 0);
	announce_again(&a, NOW, 700);
	assert_true(a.next == ANNOUNCE_NEVER);
}

/* What the user wants obeys the tracker, and is no more than one a minute. */
static void
test_ask(void **state)
{
	struct announce	a;

	(void)state;
	begin_started(&a);
	assert_true(announce_allowed(&a) == ANNOUNCE_NEVER);
	announce_done(&a, NOW, 1800, 120, 0);
	assert_int_equal(announce_allowed(&a), NOW + 120000);
	assert_false(announce_ask(&a, NOW + 119999));
	assert_int_equal(a.next, NOW + 1800000);
	assert_true(announce_ask(&a, NOW + 120000));
	assert_int_equal(a.next, NOW + 120000);
	announce_begin(&a);
	announce_done(&a, NOW, 1800, 0, 0);
	assert_int_equal(announce_allowed(&a), NOW + ANNOUNCE_ASK_MIN * 1000);
	announce_begin(&a);
	announce_failed(&a, NOW, ANNOUNCE_RETRY_NEVER, 0);
	assert_true(announce_ask(&a, NOW + ANNOUNCE_ASK_MIN * 1000));
	announce_stop(&a, NOW);
	announce_give_up(&a);
	assert_true(announce_idle(&a));
	assert_true(a.next == ANNOUNCE_NEVER);
}

static void
test_backoff(void **state)
{
	struct announce	a;
	uint64_t	low, high, last = 0;
	int		i;

	(void)state;
	begin_started(&a);
	announce_failed(&a, NOW, 0, 0);
	assert_in_range(a.next - NOW, 5000, 5999);
	for (i = 0; i < 70000; i++) {
		announce_begin(&a);
		announce_failed(&a, NOW, 0, 0);
		low = a.next - NOW;
		assert_true(low >= last && low <= 3600000);
		last = low;
	}
	assert_true(low > 1800000);
	announce_failed(&a, NOW, 0, UINT32_MAX);
	high = a.next - NOW;
	assert_true(high <= 3600000);
	announce_begin(&a);
	announce_done(&a, NOW, 60, 0, 0);
	announce_begin(&a);
	announce_failed(&a, NOW, 0, 0);
	assert_in_range(a.next - NOW, 5000, 5999);
	announce_begin(&a);
	announce_failed(&a, NOW, 600, 0);
	assert_in_range(a.next - NOW, 600000, 630000);
	announce_begin(&a);
	announce_failed(&a, NOW, ANNOUNCE_RETRY_NEVER, 0);
	assert_true(a.next == ANNOUNCE_NEVER);
}

static void
test_request(void **state)
{
	static const uint8_t	hash[20] = {
		0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf1, 0x23, 0x45,
		0x67, 0x89, 0xab, 0xcd, 0xef, 0x12, 0x34, 0x56, 0x78, 0x9a
	};
	const uint8_t	id[] = { 'a', '&', 0, 0xff };
	struct request	req = {
		.infohash = hash,
		.peer_id = (const uint8_t *)"-MM0001-abcdefghi.~_",
		.port = 6881, .key = 0xabc, .uploaded = 1, .downloaded = 2,
		.left = 3, .event = ANNOUNCE_STARTED
	};
	char		buf[REQUEST_URL_MAX];
	int		n;

	(void)state;
	n = request_url(buf, sizeof(buf), "http://h/announce", &req);
	assert_string_equal(buf, "http://h/announce?info_hash="
	    "%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"
	    "&peer_id=-MM0001-abcdefghi.~_&port=6881&uploaded=1&downloaded=2"
	    "&left=3&key=00000ABC&numwant=200&compact=1&no_peer_id=1"
	    "&event=started");
	assert_int_equal(n, strlen(buf));
	assert_int_equal(request_url(buf, (size_t)n + 1, "http://h/announce",
	    &req), n);
	assert_int_equal(request_url(buf, (size_t)n, "http://h/announce",
	    &req), -1);
	assert_int_equal(request_url(buf, 0, "http://h/announce", &req), -1);

	req.event = ANNOUNCE_STOPPED;
	req.tracker_id = id;
	req.tracker_id_len = sizeof(id);
	request_url(buf, sizeof(buf), "http://h/a?passkey=x#top", &req);
	assert_non_null(strstr(buf, "http://h/a?passkey=x&info_hash="));
	assert_non_null(strstr(buf, "&numwant=0&"));
	assert_non_null(strstr(buf, "&event=stopped&trackerid=a%26%00%FF"));
	req.event = ANNOUNCE_REGULAR;
	request_url(buf, sizeof(buf), "http://h/a?", &req);
	assert_non_null(strstr(buf, "http://h/a?info_hash="));
	assert_null(strstr(buf, "event="));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_known_before),
		cmocka_unit_test(test_owed),
		cmocka_unit_test(test_never_started),
		cmocka_unit_test(test_clamps),
		cmocka_unit_test(test_hungry),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
