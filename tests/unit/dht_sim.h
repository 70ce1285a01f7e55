/* SPDX-License-Identifier: ISC */
/*
 * A net of DHT nodes in one process: packets take their time and get lost,
 * nodes come and go, some sit behind a NAT and some lie.  The same seed gives
 * the same run.
 */
#ifndef DHT_SIM_H
#define DHT_SIM_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dht/dht.h"
#include "dht/krpc.h"
#include "mem.h"

#define SIM_SLOTS	65536U		/* addresses, by hash */
#define SIM_HOLES	256U		/* open in a NAT */
#define SIM_HOLE_MS	60000U
#define SIM_LIARS_TOLD	8U		/* nodes in a lie */
#define SIM_JOIN_MS	30000U		/* until all are there */

enum sim_kind {
	SIM_OPEN,
	SIM_NAT,		/* hears only whom it spoke to */
	SIM_NAT_RO,		/* ... and says so (BEP 43) */
	SIM_LIAR		/* knows of its like only */
};

struct sim;

struct sim_node {
	struct sim	*sim;
	struct dht	*d;		/* NULL: gone, or a liar */
	struct addr	 addr;
	enum sim_kind	 kind;
	uint8_t		 id[ID_LEN];	/* of a liar */
	uint64_t	 wake;
	struct {
		struct addr	to;
		uint64_t	at;
	}		*holes;		/* SIM_HOLES, of a NAT */
	uint32_t	 hole;
};

struct sim_event {
	uint64_t	 at, seq;
	struct sim_node	*node;
	struct addr	 from;
	uint8_t		*p;		/* NULL: it wakes up */
	size_t		 n;
};

/* What a torrent's search came to. */
struct sim_result {
	uint8_t		hash[ID_LEN];
	struct addr	want;		/* the peer that must be found */
	bool		done, found;
	struct dht_found end;
};

struct sim {
	uint64_t	 now, seed, seq;
	uint32_t	 loss;		/* percent of packets */
	bool		 liars_fit;	/* the liars' own ids obey BEP 42 */
	struct sim_node	*v;
	uint32_t	 n;
	uint32_t	*slots;		/* index + 1 by address */
	struct sim_event *heap;
	uint32_t	 nheap, size;
	uint32_t	*liars, nliars;
	struct sim_result *results;
	uint32_t	 nresults;
	bool		 looking;	/* what is found, counts */
	uint64_t	 packets, lost;
	bool		 wanted;	/* somebody wants contacts */
};

static inline uint64_t
sim_rand64(struct sim *s)
{
	uint64_t	z = s->seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint32_t
sim_rand(struct sim *s, uint32_t n)
{
	return (uint32_t)(sim_rand64(s) >> 32) % n;
}

static inline void
sim_bytes(struct sim *s, void *buf, size_t n)
{
	uint8_t		*p = buf;
	uint64_t	 v;
	size_t		 k;

	for (; n > 0; n -= k, p += k) {
		v = sim_rand64(s);
		k = n < sizeof(v) ? n : sizeof(v);
		memcpy(p, &v, k);
	}
}

/* ---- events ---- */

static inline bool
sim_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static inline void
sim_push(struct sim *s, struct sim_event e)
{
	uint32_t	i, up;

	if (s->nheap == s->size) {
		s->size = s->size == 0 ? 1024 : s->size * 2;
		s->heap = xreallocarray(s->heap, s->size, sizeof(*s->heap));
	}
	e.seq = s->seq++;
	for (i = s->nheap++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!sim_before(&e, &s->heap[up]))
			break;
		s->heap[i] = s->heap[up];
	}
	s->heap[i] = e;
}

static inline struct sim_event
sim_pop(struct sim *s)
{
	struct sim_event	first = s->heap[0], last = s->heap[--s->nheap];
	uint32_t		i = 0, k;

	while ((k = 2 * i + 1) < s->nheap) {
		if (k + 1 < s->nheap &&
		    sim_before(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!sim_before(&s->heap[k], &last))
			break;
		s->heap[i] = s->heap[k];
		i = k;
	}
	s->heap[i] = last;
	return first;
}

/* ---- addresses ---- */

static inline uint32_t
sim_slot(const struct addr *a)
{
	uint32_t	v;

	memcpy(&v, a->ip + 12, sizeof(v));
	return (v * 2654435761U >> 13) % SIM_SLOTS;
}

static inline struct sim_node *
sim_at(struct sim *s, const struct addr *a)
{
	uint32_t	i;

	for (i = sim_slot(a); s->slots[i] != 0; i = (i + 1) % SIM_SLOTS)
		if (addr_cmp(&s->v[s->slots[i] - 1].addr, a) == 0)
			return &s->v[s->slots[i] - 1];
	return NULL;
}

/* A public address that nobody has. */
static inline void
sim_address(struct sim *s, uint32_t index)
{
	struct addr	*a = &s->v[index].addr;
	uint8_t		 p[6];
	uint32_t	 i;

	do {
		sim_bytes(s, p, 4);
		p[4] = 0x1a;
		p[5] = 0xe1;
		addr_from_compact4(a, p);
	} while (addr_class(a) != ADDR_GLOBAL || sim_at(s, a) != NULL);
	for (i = sim_slot(a); s->slots[i] != 0; i = (i + 1) % SIM_SLOTS)
		;
	s->slots[i] = index + 1;
}

/* ---- packets ---- */

/* The way between two addresses has its own length. */
static inline uint64_t
sim_delay(struct sim *s, const struct addr *a, const struct addr *b)
{
	uint32_t	x = sim_slot(a) ^ sim_slot(b);

	return 10 + x * 2654435761U % 130 + sim_rand(s, 20);
}

static inline void
sim_post(struct sim *s, const struct sim_node *from, const struct addr *to,
    const uint8_t *p, size_t n)
{
	struct sim_event	e = { .from = from->addr, .n = n };

	s->packets++;
	e.node = sim_at(s, to);
	if (e.node == NULL || sim_rand(s, 100) < s->loss) {
		s->lost++;
		return;
	}
	e.at = s->now + sim_delay(s, &from->addr, to);
	e.p = xmalloc(n);
	memcpy(e.p, p, n);
	sim_push(s, e);
}

static inline void
sim_send(void *arg, const struct addr *to, const uint8_t *p, size_t n)
{
	struct sim_node	*node = arg;

	if (node->holes != NULL) {
		node->hole = (node->hole + 1) % SIM_HOLES;
		node->holes[node->hole].to = *to;
		node->holes[node->hole].at = node->sim->now;
	}
	sim_post(node->sim, node, to, p, n);
}

static inline bool
sim_may_enter(const struct sim_node *node, const struct addr *from)
{
	uint32_t	i, k;

	if (node->holes == NULL)
		return true;
	/* The last one first: most that comes is an answer. */
	for (k = 0; k < SIM_HOLES; k++) {
		i = (node->hole + SIM_HOLES - k) % SIM_HOLES;
		if (node->holes[i].at + SIM_HOLE_MS <= node->sim->now)
			return false;
		if (addr_cmp(&node->holes[i].to, from) == 0)
			return true;
	}
	return false;
}

/* ---- liars ---- */

/* Its friends are just where you look, and nobody else is. */
static inline void
sim_lie(struct sim *s, struct sim_node *liar, const struct addr *from,
    const uint8_t *p, size_t n)
{
	uint8_t		 nodes[SIM_LIARS_TOLD * KRPC_NODE4], id[ID_LEN];
	uint8_t		 buf[KRPC_OUT_MAX];
	struct krpc	 q, m;
	struct sim_node	*other;
	uint32_t	 i;

	if (krpc_parse(&q, p, n) == -1 || q.kind != KRPC_QUERY)
		return;
	krpc_init(&m, KRPC_RESPONSE);
	m.tid = q.tid;
	m.id = liar->id;
	m.token = (struct krpc_bytes){ (const uint8_t *)"lies", 4 };
	if (q.target != NULL) {
		for (i = 0; i < SIM_LIARS_TOLD; i++) {
			other = &s->v[s->liars[sim_rand(s, s->nliars)]];
			memcpy(id, q.target, ID_LEN);
			sim_bytes(s, id + 8, ID_LEN - 8);
			m.nodes.n += krpc_put_node(nodes + m.nodes.n,
			    s->liars_fit ? other->id : id, &other->addr);
		}
		m.nodes.p = nodes;
		/* As near as the target's neighbours could ever be. */
		memcpy(id, q.target, 8);
		sim_bytes(s, id + 8, ID_LEN - 8);
		if (!s->liars_fit)
			m.id = id;
	}
	sim_post(s, liar, from, buf, krpc_build(buf, &m));
}

/* They make themselves known: whoever they ask may enter them. */
static inline void
sim_liars_call(struct sim *s, uint32_t each)
{
	uint8_t		 buf[KRPC_OUT_MAX];
	struct krpc	 m;
	struct sim_node	*liar;
	uint32_t	 i, k;

	krpc_init(&m, KRPC_QUERY);
	m.method = KRPC_PING;
	m.tid = (struct krpc_bytes){ (const uint8_t *)"hi", 2 };
	for (k = 0; k < each; k++)
		for (i = 0; i < s->nliars; i++) {
			liar = &s->v[s->liars[i]];
			m.id = liar->id;
			sim_post(s, liar, &s->v[sim_rand(s, s->n)].addr, buf,
			    krpc_build(buf, &m));
		}
}

/* ---- nodes ---- */

static inline void
sim_random(void *arg, void *buf, size_t n)
{
	sim_bytes(((struct sim_node *)arg)->sim, buf, n);
}

static inline struct sim_result *
sim_result(struct sim *s, const uint8_t *hash)
{
	uint32_t	i;

	for (i = 0; s->looking && i < s->nresults; i++)
		if (memcmp(s->results[i].hash, hash, ID_LEN) == 0 &&
		    !s->results[i].done)
			return &s->results[i];
	return NULL;
}

static inline void
sim_peers(void *arg, const uint8_t *hash, const struct addr *v, uint32_t n)
{
	struct sim_node		*node = arg;
	struct sim_result	*r = sim_result(node->sim, hash);
	uint32_t		 i;

	for (i = 0; r != NULL && i < n; i++)
		r->found = r->found || addr_cmp(&v[i], &r->want) == 0;
}

static inline void
sim_searched(void *arg, const uint8_t *hash, const struct dht_found *found)
{
	struct sim_node		*node = arg;
	struct sim_result	*r = sim_result(node->sim, hash);

	if (r == NULL)
		return;
	r->done = true;
	r->end = *found;
}

static inline void
sim_found(void *arg, uint32_t request, const struct item *item)
{
	(void)arg;
	(void)request;
	(void)item;
}

static inline void
sim_stored(void *arg, uint32_t request, uint32_t nodes, int32_t refused)
{
	(void)arg;
	(void)request;
	(void)nodes;
	(void)refused;
}

static inline void
sim_want(void *arg)
{
	((struct sim_node *)arg)->sim->wanted = true;
}

static const struct dht_ops sim_ops = {
	.send = sim_send, .random = sim_random, .peers = sim_peers,
	.searched = sim_searched, .found = sim_found,
	.stored = sim_stored,
	.want_contacts = sim_want
};

static inline void
sim_wake(struct sim_node *node, uint64_t at)
{
	at = at > node->sim->now ? at : node->sim->now;
	if (at >= node->wake)
		return;
	node->wake = at;
	sim_push(node->sim, (struct sim_event){ .at = at, .node = node });
}

static inline void
sim_done_with(struct sim_node *node)
{
	if (node->d != NULL)
		sim_wake(node, dht_due(node->d));
}

/* Three that are there already: what is saved, or what a name leads to. */
static inline void
sim_introduce(struct sim *s, struct sim_node *node, uint32_t among)
{
	uint32_t	i, known = 0;
	struct sim_node	*other;

	for (i = 0; i < 10000 && known < 3 && among > 0; i++) {
		other = &s->v[sim_rand(s, among)];
		if (other == node || (other->kind != SIM_OPEN &&
		    other->kind != SIM_LIAR) ||
		    (other->kind == SIM_OPEN && other->d == NULL))
			continue;
		dht_add_contact(node->d, other->d == NULL ? other->id :
		    dht_id(other->d, false), &other->addr);
		known++;
	}
}

static inline void
sim_start(struct sim *s, uint32_t index, enum sim_kind kind)
{
	struct sim_node		*node = &s->v[index];
	struct dht_config	 c = {
		.v4 = true, .rate = DHT_RATE_DEFAULT,
		.read_only = kind == SIM_NAT_RO
	};

	node->sim = s;
	node->kind = kind;
	node->wake = UINT64_MAX;
	if (kind == SIM_LIAR) {
		sim_bytes(s, node->id, ID_LEN);
		id_bind(node->id, &node->addr);
		s->liars[s->nliars++] = index;
		return;
	}
	node->d = dht_new(&c, &sim_ops, node, s->now);
	if (kind == SIM_OPEN)
		dht_set_address(node->d, &node->addr, s->now);
	else
		node->holes = xcalloc(SIM_HOLES, sizeof(*node->holes));
}

static inline void
sim_stop(struct sim_node *node)
{
	dht_free(node->d);
	node->d = NULL;
	free(node->holes);
	node->holes = NULL;
	node->wake = UINT64_MAX;
}

/* ---- the net ---- */

static inline void
sim_event(struct sim *s, struct sim_event *e)
{
	struct sim_node	*node = e->node;

	s->now = e->at;
	if (e->p == NULL) {
		if (node->d == NULL || e->at != node->wake)
			return;
		node->wake = UINT64_MAX;
		dht_run(node->d, s->now);
	} else if (node->kind == SIM_LIAR) {
		sim_lie(s, node, &e->from, e->p, e->n);
	} else if (node->d != NULL && sim_may_enter(node, &e->from)) {
		dht_input(node->d, &e->from, e->p, e->n, s->now);
	}
	sim_done_with(node);
}

static inline void
sim_until(struct sim *s, uint64_t at)
{
	struct sim_event	e;

	while (s->nheap > 0 && s->heap[0].at <= at) {
		e = sim_pop(s);
		sim_event(s, &e);
		free(e.p);
	}
	s->now = at;
}

/* Room for n nodes; so many of a hundred of each kind. */
struct sim_mix {
	uint32_t	nat, nat_ro, liars;
	bool		liars_fit;
};

static inline enum sim_kind
sim_kind_of(struct sim *s, const struct sim_mix *mix)
{
	uint32_t	x = sim_rand(s, 100);

	if (x < mix->nat)
		return SIM_NAT;
	if (x < mix->nat + mix->nat_ro)
		return SIM_NAT_RO;
	if (x < mix->nat + mix->nat_ro + mix->liars)
		return SIM_LIAR;
	return SIM_OPEN;
}

/* They come in one by one, each knowing three of those before. */
static inline void
sim_init(struct sim *s, uint32_t n, uint64_t seed, const struct sim_mix *mix)
{
	uint64_t	began = 1000000;
	uint32_t	i;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->now = began;
	s->n = n;
	s->liars_fit = mix->liars_fit;
	s->v = xcalloc(n, sizeof(*s->v));
	s->slots = xcalloc(SIM_SLOTS, sizeof(*s->slots));
	s->liars = xcalloc(n, sizeof(*s->liars));
	for (i = 0; i < n; i++)
		sim_address(s, i);
	for (i = 0; i < n; i++) {
		sim_start(s, i, i < 8 ? SIM_OPEN : sim_kind_of(s, mix));
		if (s->v[i].d != NULL) {
			sim_introduce(s, &s->v[i], i);
			sim_done_with(&s->v[i]);
		}
		sim_until(s, began + (uint64_t)i * SIM_JOIN_MS / n);
	}
}

static inline void
sim_free(struct sim *s)
{
	uint32_t	i;

	for (i = 0; i < s->nheap; i++)
		free(s->heap[i].p);
	for (i = 0; i < s->n; i++)
		sim_stop(&s->v[i]);
	free(s->heap);
	free(s->v);
	free(s->slots);
	free(s->liars);
	free(s->results);
}

static inline struct sim_node *
sim_any(struct sim *s, enum sim_kind kind)
{
	struct sim_node	*node;

	do
		node = &s->v[sim_rand(s, s->n)];
	while (node->d == NULL || node->kind != kind);
	return node;
}

#endif /* DHT_SIM_H */
