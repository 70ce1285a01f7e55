/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "item.h"
#include "krpc.h"

/* Keys are written in order; some look for them with no more than that. */
struct out {
	uint8_t	*p;
	size_t	 n;
	bool	 full;		/* something did not fit */
};

static void
put(struct out *o, const void *p, size_t n)
{
	if (o->full || n > KRPC_OUT_MAX - o->n) {
		o->full = true;
		return;
	}
	if (n > 0)
		memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void
put_digits(struct out *o, uint64_t v)
{
	uint8_t	digits[20];
	size_t	i = sizeof(digits);

	do {
		digits[--i] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	put(o, digits + i, sizeof(digits) - i);
}

static void
put_str(struct out *o, const void *p, size_t n)
{
	put_digits(o, n);
	put(o, ":", 1);
	put(o, p, n);
}

static void
put_key(struct out *o, const char *key)
{
	put_str(o, key, strlen(key));
}

static void
put_int(struct out *o, int64_t v)
{
	put(o, "i", 1);
	if (v < 0)
		put(o, "-", 1);
	put_digits(o, v < 0 ? -(uint64_t)v : (uint64_t)v);
	put(o, "e", 1);
}

/* The ones below write nothing of what is absent. */
static void
put_bytes(struct out *o, const char *key, const void *p, size_t n)
{
	if (p == NULL)
		return;
	put_key(o, key);
	put_str(o, p, n);
}

static void
put_number(struct out *o, const char *key, int64_t v, bool there)
{
	if (!there)
		return;
	put_key(o, key);
	put_int(o, v);
}

static void
put_raw(struct out *o, const char *key, const struct krpc_bytes *v)
{
	if (v->p == NULL)
		return;
	put_key(o, key);
	put(o, v->p, v->n);
}

static size_t
compact(uint8_t out[18], const struct addr *a)
{
	bool	v4 = addr_is_v4(a);
	size_t	n = v4 ? 4 : 16;

	memcpy(out, v4 ? a->ip + 12 : a->ip, n);
	out[n] = (uint8_t)(a->port >> 8);
	out[n + 1] = (uint8_t)a->port;
	return n + 2;
}

size_t
krpc_put_node(uint8_t *out, const uint8_t *id, const struct addr *a)
{
	memcpy(out, id, ID_LEN);
	return ID_LEN + compact(out + ID_LEN, a);
}

static void
put_address(struct out *o, const struct addr *a)
{
	uint8_t	buf[18];

	put_str(o, buf, compact(buf, a));
}

static void
put_values(struct out *o, const struct krpc *m)
{
	uint32_t	i;

	if (!(m->flags & KRPC_HAS_VALUES))
		return;
	put_key(o, "values");
	put(o, "l", 1);
	for (i = 0; i < m->nvalues; i++)
		put_address(o, &m->values[i]);
	put(o, "e", 1);
}

static void
put_want(struct out *o, uint32_t flags)
{
	if (!(flags & (KRPC_WANT4 | KRPC_WANT6)))
		return;
	put_key(o, "want");
	put(o, "l", 1);
	if (flags & KRPC_WANT4)
		put_key(o, "n4");
	if (flags & KRPC_WANT6)
		put_key(o, "n6");
	put(o, "e", 1);
}

static void
put_query(struct out *o, const struct krpc *m)
{
	bool	of_hash = m->method == KRPC_GET_PEERS ||
	    m->method == KRPC_ANNOUNCE;

	put_key(o, "a");
	put(o, "d", 1);
	put_number(o, "cas", m->cas, m->flags & KRPC_HAS_CAS);
	put_bytes(o, "id", m->id, ID_LEN);
	put_number(o, "implied_port", 1, m->flags & KRPC_IMPLIED);
	if (of_hash)
		put_bytes(o, "info_hash", m->target, ID_LEN);
	put_bytes(o, "k", m->key, ITEM_KEY_LEN);
	put_number(o, "noseed", 1, m->flags & KRPC_NOSEED);
	put_number(o, "port", m->port, m->port != 0);
	put_bytes(o, "salt", m->salt.p, m->salt.n);
	put_number(o, "scrape", 1, m->flags & KRPC_SCRAPE);
	put_number(o, "seed", 1, m->flags & KRPC_SEED);
	put_number(o, "seq", m->seq, m->flags & KRPC_HAS_SEQ);
	put_bytes(o, "sig", m->sig, ITEM_SIG_LEN);
	if (!of_hash)
		put_bytes(o, "target", m->target, ID_LEN);
	put_bytes(o, "token", m->token.p, m->token.n);
	put_raw(o, "v", &m->v);
	put_want(o, m->flags);
	put(o, "e", 1);
	put_key(o, "q");
	put_key(o, krpc_method_name(m->method));
	put_number(o, "ro", 1, m->flags & KRPC_RO);
}

static void
put_response(struct out *o, const struct krpc *m)
{
	bool	samples = m->flags & KRPC_HAS_SAMPLES;

	put_key(o, "r");
	put(o, "d", 1);
	put_bytes(o, "BFpe", m->peers, KRPC_FILTER_LEN);
	put_bytes(o, "BFsd", m->seeds, KRPC_FILTER_LEN);
	put_bytes(o, "id", m->id, ID_LEN);
	put_number(o, "interval", m->interval, samples);
	put_bytes(o, "k", m->key, ITEM_KEY_LEN);
	put_bytes(o, "nodes", m->nodes.p, m->nodes.n);
	put_bytes(o, "nodes6", m->nodes6.p, m->nodes6.n);
	put_number(o, "num", m->num, samples);
	if (samples)
		put_bytes(o, "samples", m->samples.p != NULL ? m->samples.p :
		    (const uint8_t *)"", m->samples.n);
	put_number(o, "seq", m->seq, m->flags & KRPC_HAS_SEQ);
	put_bytes(o, "sig", m->sig, ITEM_SIG_LEN);
	put_bytes(o, "token", m->token.p, m->token.n);
	put_raw(o, "v", &m->v);
	put_values(o, m);
	put(o, "e", 1);
}

static void
put_error(struct out *o, const struct krpc *m)
{
	put_key(o, "e");
	put(o, "l", 1);
	put_int(o, m->code);
	put_key(o, m->text != NULL ? m->text : "");
	put(o, "e", 1);
}

static void
put_ip(struct out *o, const struct krpc *m)
{
	if (!(m->flags & KRPC_HAS_IP))
		return;
	put_key(o, "ip");
	put_address(o, &m->ip);
}

size_t
krpc_build(uint8_t out[KRPC_OUT_MAX], const struct krpc *m)
{
	static const char	kinds[] = "qre";
	struct out		o = { .p = out };

	put(&o, "d", 1);
	switch (m->kind) {
	case KRPC_QUERY:
		put_query(&o, m);
		break;
	case KRPC_RESPONSE:
		put_ip(&o, m);
		put_response(&o, m);
		break;
	case KRPC_ERROR:
		put_error(&o, m);
		put_ip(&o, m);
		break;
	}
	put_bytes(&o, "t", m->tid.p, m->tid.n);
	put_bytes(&o, "v", m->version.p, m->version.n);
	put_key(&o, "y");
	put_str(&o, &kinds[m->kind], 1);
	put(&o, "e", 1);
	return o.full ? 0 : o.n;
}
