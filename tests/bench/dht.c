/* SPDX-License-Identifier: ISC */
/*
 * dht: how many get_peers a DHT node answers in a second of one processor,
 * and what its tables and stores weigh.  No packet leaves the process.
 */

#include <sys/resource.h>

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dht/dht.h"
#include "dht/krpc.h"
#include "dht/peerstore.h"
#include "dht/table.h"

#define QUERIES		500000
#define SOURCES		20000
#define HASHES		2000

static uint64_t	sent, bytes;
static uint8_t	last[KRPC_OUT_MAX];	/* packet that was sent */
static size_t	nlast;
static uint64_t	seed = 1;

static uint64_t
any(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 17;
}

static void
any_bytes(void *buf, size_t n)
{
	uint8_t	*p = buf;

	while (n-- > 0)
		*p++ = (uint8_t)any();
}

static void
on_random(void *arg, void *buf, size_t n)
{
	(void)arg;
	any_bytes(buf, n);
}

static void
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t n)
{
	(void)arg;
	(void)to;
	memcpy(last, p, n);
	nlast = n;
	sent++;
	bytes += n;
}

static const struct dht_ops ops = { .send = on_send, .random = on_random };

static void
any_addr(struct addr *a)
{
	uint8_t	p[6];

	do {
		any_bytes(p, sizeof(p));
		addr_from_compact4(a, p);
	} while (addr_class(a) != ADDR_GLOBAL || a->port == 0);
}

static double
cpu(void)
{
	struct rusage	ru;

	getrusage(RUSAGE_SELF, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

static size_t
weight(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void
fill_table(struct table *t)
{
	uint8_t		id[ID_LEN];
	struct addr	a;
	uint32_t	i;

	any_bytes(id, sizeof(id));
	table_init(t, id);
	for (i = 0; i < 1000000; i++) {
		any_bytes(id, sizeof(id));
		any_addr(&a);
		table_on_reply(t, id, &a, 50, 1);
	}
}

static void
weigh(void)
{
	static uint8_t		hashes[HASHES][ID_LEN];
	struct peerstore	s;
	struct table		t;
	struct addr		a;
	size_t			before = weight();
	uint32_t		i;

	fill_table(&t);
	printf("table: %u nodes, %u buckets, %zu KiB\n", t.n, t.nbuckets,
	    (weight() - before) / 1024);
	before = weight();
	peerstore_init(&s, 1);
	any_bytes(hashes, sizeof(hashes));
	for (i = 0; i < 4 * PEERSTORE_ALL && s.npeers < PEERSTORE_ALL; i++) {
		any_addr(&a);
		peerstore_add(&s, hashes[i % HASHES], &a, false,
		    (uint32_t)any(), 1);
	}
	printf("store: %u peers of %u torrents, %zu KiB\n", s.npeers,
	    s.nswarms, (weight() - before) / 1024);
	peerstore_clear(&s);
	table_clear(&t);
}

struct source {
	struct addr	addr;
	uint8_t		id[ID_LEN];
};

static size_t
query(uint8_t *out, const struct source *who, enum krpc_method method,
    const uint8_t *hash, const struct krpc_bytes *token)
{
	struct krpc	m;

	krpc_init(&m, KRPC_QUERY);
	m.method = method;
	m.tid = (struct krpc_bytes){ (const uint8_t *)"aaaa", 4 };
	m.id = who->id;
	m.target = hash;
	if (token != NULL) {
		m.token = *token;
		m.flags = KRPC_IMPLIED;
	}
	return krpc_build(out, &m);
}

/* It asks, which makes itself known; what is asked back, it answers. */
static void
befriend(struct dht *d, const struct source *who, uint64_t now)
{
	uint8_t		out[KRPC_OUT_MAX];
	struct krpc	m, r;

	dht_input(d, &who->addr, out, query(out, who, KRPC_PING, NULL, NULL),
	    now);
	if (krpc_parse(&m, last, nlast) == -1 || m.kind != KRPC_QUERY)
		return;
	krpc_init(&r, KRPC_RESPONSE);
	r.tid = m.tid;
	r.id = who->id;
	dht_input(d, &who->addr, out, krpc_build(out, &r), now);
}

static void
announce(struct dht *d, const struct source *who, const uint8_t *hash,
    uint64_t now)
{
	uint8_t		out[KRPC_OUT_MAX], copy[KRPC_OUT_MAX];
	struct krpc	m;

	dht_input(d, &who->addr, out, query(out, who, KRPC_GET_PEERS, hash,
	    NULL), now);
	memcpy(copy, last, nlast);
	if (krpc_parse(&m, copy, nlast) == 0 && m.token.p != NULL)
		dht_input(d, &who->addr, out, query(out, who, KRPC_ANNOUNCE,
		    hash, &m.token), now);
}

/* Half of the torrents that are asked for have peers here. */
static void
answer(struct dht *d, const struct source *from, uint64_t now)
{
	static uint8_t	hashes[2 * HASHES][ID_LEN];
	uint8_t		out[KRPC_OUT_MAX];
	uint32_t	i;
	double		took;

	any_bytes(hashes, sizeof(hashes));
	for (i = 0; i < 10 * HASHES; i++)
		announce(d, &from[i % SOURCES], hashes[i % HASHES], now);
	now += 60000;
	sent = bytes = 0;
	took = cpu();
	for (i = 0; i < QUERIES; i++)
		dht_input(d, &from[i % SOURCES].addr, out,
		    query(out, &from[i % SOURCES], KRPC_GET_PEERS,
		    hashes[any() % (2 * HASHES)], NULL), now + i / 20);
	took = cpu() - took;
	printf("get_peers: %.0f answers in a second of CPU, %.0f bytes each\n",
	    (double)sent / took, (double)bytes / (double)sent);
}

int
main(void)
{
	static struct source	 from[SOURCES];
	struct dht_config	 c = { .v4 = true };
	struct dht		*d = dht_new(&c, &ops, NULL, 1000);
	struct dht_stats	 st;
	uint64_t		 now = 1000;
	uint32_t		 i;

	weigh();
	for (i = 0; i < SOURCES; i++) {
		any_addr(&from[i].addr);
		any_bytes(from[i].id, ID_LEN);
	}
	for (i = 0; i < 1000; i++) {
		befriend(d, &from[i], now);
		now += 600;
	}
	dht_stats(d, now, &st);
	printf("node: %u nodes in its table\n", st.side[0].table.good);
	answer(d, from, now);
	dht_free(d);
	return 0;
}
