/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway.h"
#include "portmap/mapper.h"
#include "portmap/nat_pmp.h"

#define SEC	UINT64_C(1000)
#define START	(UINT64_C(1) << 40)	/* the clock of the tests begins here */

static struct mapper	m;
static struct mapper_want want;
static uint64_t		now;

/* Neither early nor late. */
static uint32_t
middle(uint32_t bound)
{
	return bound / 2;
}

static int
reset(void **state)
{
	(void)state;
	mapper_init(&m, middle);
	memset(&want, 0, sizeof(want));
	want.methods[PORTMAP_NATPMP] = want.methods[PORTMAP_UPNP] = true;
	want.port = want.external = 6881;
	addr_parse(&want.gateway, "192.168.1.1", 1);
	want.index = 2;
	now = START;
	return 0;
}

/* The next question must be this; true makes reading tests easier. */
static void
asks(enum gate_op op, bool udp)
{
	struct gate_ask	ask;

	assert_true(mapper_next(&m, now, &ask));
	assert_int_equal(ask.op, op);
	assert_int_equal(ask.udp, udp);
	assert_false(mapper_next(&m, now, &ask));
}

static void
asks_nothing(void)
{
	struct gate_ask	ask;

	assert_false(mapper_next(&m, now, &ask));
}

static void
answers(enum gate_result result, const char *error)
{
	struct gate_answer	a = { .result = result };

	strlcpy(a.error, error, sizeof(a.error));
	if (m.ask.op == GATE_MAP && result == GATE_OK) {
		a.external = m.ask.external;
		a.lease = m.ask.lease;
	}
	if (m.ask.op == GATE_ADDRESS && result == GATE_OK)
		addr_parse(&a.address, "203.0.113.9", 0);
	mapper_answer(&m, &a, now);
}

static void
answers_epoch(uint32_t epoch)
{
	struct gate_answer	a = {
		.timed = true, .epoch = epoch, .external = m.ask.external,
		.lease = m.ask.lease
	};

	mapper_answer(&m, &a, now);
}

static void
wait_until_due(void)
{
	assert_true(mapper_due(&m) > now);
	assert_true(mapper_due(&m) != UINT64_MAX);
	now = mapper_due(&m) - 1;
	asks_nothing();
	now++;
}

static void
map_all(void)
{
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	assert_int_equal(m.ask.port, 6881);
	answers(GATE_OK, "");
	asks(GATE_MAP, true);
	answers(GATE_OK, "");
	assert_int_equal(m.state, PORTMAP_MAPPED);
}

static uint32_t
rows(struct rec_mapping r[2])
{
	return mapper_rows(&m, now, r);
}

static void
test_map_and_renew(void **state)
{
	struct rec_mapping	r[2];
	uint64_t		begun;

	(void)state;
	asks_nothing();
	assert_true(mapper_want(&m, &want, now));
	map_all();
	begun = now;
	assert_int_equal(m.method, PORTMAP_NATPMP);
	assert_int_equal(rows(r), 2);
	assert_false(r[0].udp);
	assert_true(r[1].udp);
	assert_int_equal(r[0].external, 6881);
	assert_int_equal(r[0].left, MAPPER_LEASE);
	asks_nothing();
	/* Now and then it looks, by NAT-PMP at the epoch alone. */
	for (;;) {
		wait_until_due();
		asks(GATE_ADDRESS, false);
		answers(GATE_OK, "");
		if (m.todo != 0)
			break;
		assert_int_equal(m.state, PORTMAP_MAPPED);
	}
	/* RFC 6886, 3.3: at half of its time. */
	assert_true(now - begun >= MAPPER_LEASE * SEC / 2);
	assert_true(now - begun < MAPPER_LEASE * SEC / 2 +
	    2 * MAPPER_CHECK_MS);
	asks(GATE_MAP, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, true);
	answers(GATE_OK, "");
	assert_int_equal(rows(r), 2);
	assert_int_equal(r[0].left, MAPPER_LEASE);
}

static void
test_other_method(void **state)
{
	(void)state;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_SILENT, "no answer");
	assert_int_equal(m.method, PORTMAP_UPNP);
	assert_int_equal(m.state, PORTMAP_ASKING);
	map_all();
	assert_string_equal(m.error, "");
	/* A UPnP router is asked whether it still has them. */
	wait_until_due();
	asks(GATE_ADDRESS, false);
	answers(GATE_REFUSED, "no");	/* some do not tell: never mind */
	asks(GATE_LOOK, false);
	answers(GATE_OK, "");
	asks(GATE_LOOK, true);
	answers(GATE_GONE, "");
	asks(GATE_MAP, true);
	answers(GATE_OK, "");
	assert_int_equal(m.state, PORTMAP_MAPPED);
}

static void
test_backoff(void **state)
{
	uint64_t	wait, last = 0;
	int		i;

	(void)state;
	mapper_want(&m, &want, now);
	for (i = 0; i < 12; i++) {
		asks(GATE_ADDRESS, false);
		answers(GATE_SILENT, "deaf");
		asks(GATE_ADDRESS, false);
		answers(GATE_SILENT, "dumb");
		assert_int_equal(m.state, PORTMAP_FAILED);
		assert_string_equal(m.error, "NAT-PMP: deaf; UPnP: dumb");
		wait = mapper_due(&m) - now;
		assert_true(wait >= MAPPER_RETRY_MS * 3 / 4);
		assert_true(wait <= MAPPER_RETRY_MAX_MS * UINT64_C(5) / 4);
		assert_true(wait >= last);
		last = wait;
		wait_until_due();
	}
	assert_true(last >= MAPPER_RETRY_MAX_MS * UINT64_C(3) / 4);
	/* Another router: at once. */
	asks(GATE_ADDRESS, false);
	want.index++;
	assert_true(mapper_want(&m, &want, now));
	map_all();
	assert_string_equal(m.error, "");
	assert_int_equal(m.failures, 0);
}

static uint32_t
lowest(uint32_t bound)
{
	(void)bound;
	return 0;
}

static uint32_t
highest(uint32_t bound)
{
	return bound - 1;
}

static uint64_t
first_wait(uint32_t (*random)(uint32_t))
{
	m.random = random;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_SILENT, "deaf");
	return mapper_due(&m) - now;
}

static void
test_jitter(void **state)
{
	uint64_t	least;

	(void)state;
	want.methods[PORTMAP_UPNP] = false;
	least = first_wait(lowest);
	assert_int_equal(least, MAPPER_RETRY_MS * 3 / 4);
	reset(state);
	want.methods[PORTMAP_UPNP] = false;
	assert_int_equal(first_wait(highest), MAPPER_RETRY_MS * 5 / 4);
}

static void
test_epoch(void **state)
{
	struct rec_mapping	r[2];

	(void)state;
	want.methods[PORTMAP_UPNP] = false;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers_epoch(5000);
	asks(GATE_MAP, false);
	answers_epoch(5000);
	asks(GATE_MAP, true);
	answers_epoch(5001);
	assert_int_equal(m.state, PORTMAP_MAPPED);
	/* Its clock may be slow by an eighth. */
	wait_until_due();
	asks(GATE_ADDRESS, false);
	answers_epoch(5001 + MAPPER_CHECK_MS / 1000 * 7 / 8);
	asks_nothing();
	assert_int_equal(rows(r), 2);
	wait_until_due();
	asks(GATE_ADDRESS, false);
	answers_epoch(3);
	assert_int_equal(rows(r), 0);
	asks(GATE_MAP, false);
	assert_int_equal(m.ask.external, 6881);
	answers_epoch(3);
	asks(GATE_MAP, true);
	answers_epoch(3);
	assert_int_equal(m.state, PORTMAP_MAPPED);
	assert_int_equal(rows(r), 2);
}

static void
test_lost_router(void **state)
{
	struct rec_mapping	r[2];
	unsigned int		i;

	(void)state;
	want.methods[PORTMAP_UPNP] = false;
	mapper_want(&m, &want, now);
	map_all();
	/* What it granted stands until it is certain that it is gone. */
	for (i = 0; i < MAPPER_FAILURES; i++) {
		wait_until_due();
		asks(GATE_ADDRESS, false);
		answers(GATE_SILENT, "deaf");
		assert_int_equal(m.state, PORTMAP_FAILED);
		assert_string_equal(m.error, "NAT-PMP: deaf");
		assert_int_equal(rows(r), 2);
	}
	wait_until_due();
	map_all();
}

/* The external port may be another's; TCP and UDP get the same. */
static void
test_taken(void **state)
{
	unsigned int	i;

	(void)state;
	want.methods[PORTMAP_NATPMP] = false;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	answers(GATE_TAKEN, "taken");
	asks(GATE_MAP, false);
	assert_int_equal(m.ask.port, 6881);
	assert_true(m.ask.external >= 49152);
	answers(GATE_OK, "");
	asks(GATE_MAP, true);
	assert_int_equal(m.ask.external, m.held[0].external);
	answers(GATE_OK, "");
	assert_int_equal(m.state, PORTMAP_MAPPED);
	/* It is not sought for ever. */
	want.port = 7000;
	mapper_want(&m, &want, now);
	asks(GATE_UNMAP, false);
	answers(GATE_OK, "");
	asks(GATE_UNMAP, true);
	answers(GATE_OK, "");
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	for (i = 0; i <= MAPPER_TAKEN_MAX; i++) {
		asks(GATE_MAP, false);
		answers(GATE_TAKEN, "taken");
	}
	assert_int_equal(m.state, PORTMAP_FAILED);
	assert_string_equal(m.error, "UPnP: taken");
}

/* Error 725 of IGDs: no leases. */
static void
test_permanent(void **state)
{
	struct rec_mapping	r[2];

	(void)state;
	want.methods[PORTMAP_NATPMP] = false;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	answers(GATE_PERMANENT, "");
	asks(GATE_MAP, false);
	assert_int_equal(m.ask.lease, 0);
	answers(GATE_OK, "");
	asks(GATE_MAP, true);
	assert_int_equal(m.ask.lease, 0);
	answers(GATE_OK, "");
	assert_int_equal(rows(r), 2);
	assert_int_equal(r[1].left, PORTMAP_FOREVER);
	/* One that says so again and again is not believed. */
	reset(state);
	want.methods[PORTMAP_NATPMP] = false;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	answers(GATE_PERMANENT, "");
	asks(GATE_MAP, false);
	answers(GATE_PERMANENT, "only for ever");
	assert_int_equal(m.state, PORTMAP_FAILED);
}

static void
test_unmap(void **state)
{
	struct rec_mapping	r[2];

	(void)state;
	mapper_want(&m, &want, now);
	map_all();
	want.port = 0;
	mapper_want(&m, &want, now);
	assert_false(mapper_is_idle(&m));
	asks(GATE_UNMAP, false);
	assert_int_equal(m.ask.port, 6881);
	answers(GATE_OK, "");
	asks(GATE_UNMAP, true);
	answers(GATE_OK, "");
	assert_true(mapper_is_idle(&m));
	asks_nothing();
	assert_int_equal(m.state, PORTMAP_OFF);
	assert_int_equal(rows(r), 0);
	assert_true(mapper_due(&m) == UINT64_MAX);
}

/* What was asked when the end came may have been granted. */
static void
test_unmap_early(void **state)
{
	(void)state;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	want.port = 0;
	assert_true(mapper_want(&m, &want, now));
	asks(GATE_UNMAP, false);
	assert_int_equal(m.ask.port, 6881);
	answers(GATE_SILENT, "deaf");
	assert_true(mapper_is_idle(&m));
	asks_nothing();
}

/* A restless network makes us look soon, though not all the time. */
static void
test_again(void **state)
{
	(void)state;
	mapper_want(&m, &want, now);
	map_all();
	assert_false(mapper_want(&m, &want, now));
	assert_true(mapper_due(&m) == now + MAPPER_AGAIN_MS);
	now += MAPPER_AGAIN_MS;
	asks(GATE_ADDRESS, false);
	/* Neither is what is under way given up for it. */
	assert_false(mapper_want(&m, &want, now));
	answers(GATE_OK, "");
	assert_int_equal(m.state, PORTMAP_MAPPED);
	assert_true(mapper_due(&m) > now + MAPPER_AGAIN_MS);
}

/* Times and ports of a router that means no good. */
static void
test_hostile(void **state)
{
	struct rec_mapping	 r[2];
	struct gate_answer	 a = { .external = 1, .lease = 1 };

	(void)state;
	want.methods[PORTMAP_UPNP] = false;
	mapper_want(&m, &want, now);
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	mapper_answer(&m, &a, now);
	asks(GATE_MAP, true);
	a.lease = UINT32_MAX;
	mapper_answer(&m, &a, now);
	assert_int_equal(m.state, PORTMAP_MAPPED);
	assert_int_equal(rows(r), 2);
	/* No more often than this, however short it lasts. */
	assert_true(mapper_due(&m) >= now + 5 * SEC);
	assert_true(mapper_due(&m) <= now + 2 * MAPPER_CHECK_MS);
	wait_until_due();
	asks(GATE_ADDRESS, false);
	answers(GATE_OK, "");
	asks(GATE_MAP, false);
	a.external = 0;
	mapper_answer(&m, &a, now);
	assert_int_equal(m.state, PORTMAP_FAILED);
	/* An answer that nobody waits for. */
	mapper_answer(&m, &a, now);
	assert_int_equal(m.state, PORTMAP_FAILED);
}

static void
test_natpmp_whole(void **state)
{
	uint8_t	p[16] = { 0, 128 };
	size_t	len;

	(void)state;
	for (len = 0; len <= sizeof(p); len++)
		assert_int_equal(natpmp_is_whole(p, len), len >= 12);
	p[1] = 130;
	for (len = 0; len <= sizeof(p); len++)
		assert_int_equal(natpmp_is_whole(p, len), len >= 16);
	p[3] = 2;		/* refused: no more is needed */
	for (len = 0; len <= sizeof(p); len++)
		assert_int_equal(natpmp_is_whole(p, len), len >= 8);
	p[1] = 131;
	assert_false(natpmp_is_whole(p, sizeof(p)));
	p[1] = 1;		/* a question */
	assert_false(natpmp_is_whole(p, sizeof(p)));
}

#define HEAD	"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\t"	\
		"Metric\tMask\n"

static void
test_gateway(void **state)
{
	static const char	table[] = HEAD
	    "eth1\t00000000\t0101A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
	    "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	    "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
	    "wg0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
	    "down\t00000000\t0900000A\t0002\t0\t0\t1\t00000000\t0\t0\t0";
	struct gateway		g;
	char			host[ADDR_STRLEN];

	(void)state;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	gateway_parse(&g, table, "");
	assert_string_equal(g.device, "eth0");
	assert_string_equal(addr_host(&g.addr, host), "10.0.0.1");
	gateway_parse(&g, table, "eth1");
	assert_string_equal(addr_host(&g.addr, host), "192.168.1.1");
	gateway_parse(&g, table, "wg0");	/* nobody is asked there */
	assert_string_equal(g.device, "");
#endif
	gateway_parse(&g, "", "");
	assert_string_equal(g.device, "");
	gateway_parse(&g, "eth0\t0000", "");
	assert_string_equal(g.device, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_map_and_renew, reset),
		cmocka_unit_test_setup(test_other_method, reset),
		cmocka_unit_test_setup(test_backoff, reset),
		cmocka_unit_test_setup(test_jitter, reset),
		cmocka_unit_test_setup(test_epoch, reset),
		cmocka_unit_test_setup(test_lost_router, reset),
		cmocka_unit_test_setup(test_taken, reset),
		cmocka_unit_test_setup(test_permanent, reset),
		cmocka_unit_test_setup(test_unmap, reset),
		cmocka_unit_test_setup(test_unmap_early, reset),
		cmocka_unit_test_setup(test_again, reset),
		cmocka_unit_test_setup(test_hostile, reset),
		cmocka_unit_test_setup(test_natpmp_whole, reset),
		cmocka_unit_test_setup(test_gateway, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
