/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "ben_out.h"
#include "item.h"
#include "krpc.h"

/*
 * Keys are written in order; some look for them with no more than that.
 * These write nothing of what is absent.
 */
static void
put_bytes(struct ben_out *o, const char *key, const void *p, size_t n)
{
	if (p == NULL)
		return;
	ben_put_text(o, key);
	ben_put_str(o, p, n);
}

static void
put_number(struct ben_out *o, const char *key, int64_t v, bool there)
{
	if (!there)
		return;
	ben_put_text(o, key);
	ben_put_int(o, v);
}

static void
put_raw(struct ben_out *o, const char *key, const struct krpc_bytes *v)
{
	if (v->p == NULL)
		return;
	ben_put_text(o, key);
	ben_put(o, v->p, v->n);
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
put_address(struct ben_out *o, const struct addr *a)
{
	uint8_t	buf[18];

	ben_put_str(o, buf, compact(buf, a));
}

static void
put_values(struct ben_out *o, const struct krpc *m)
{
	uint32_t	i;

	if (!(m->flags & KRPC_HAS_VALUES))
		return;
	ben_put_text(o, "values");
	ben_put_list(o);
	for (i = 0; i < m->nvalues; i++)
		put_address(o, &m->values[i]);
	ben_put_end(o);
}

static void
put_want(struct ben_out *o, uint32_t flags)
{
	if (!(flags & (KRPC_WANT4 | KRPC_WANT6)))
		return;
	ben_put_text(o, "want");
	ben_put_list(o);
	if (flags & KRPC_WANT4)
		ben_put_text(o, "n4");
	if (flags & KRPC_WANT6)
		ben_put_text(o, "n6");
	ben_put_end(o);
}

static void
put_query(struct ben_out *o, const struct krpc *m)
{
	bool	of_hash = m->method == KRPC_GET_PEERS ||
	    m->method == KRPC_ANNOUNCE;

	ben_put_text(o, "a");
	ben_put_dict(o);
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
	ben_put_end(o);
	ben_put_text(o, "q");
	ben_put_text(o, krpc_method_name(m->method));
	put_number(o, "ro", 1, m->flags & KRPC_RO);
}

static void
put_response(struct ben_out *o, const struct krpc *m)
{
	bool	samples = m->flags & KRPC_HAS_SAMPLES;

	ben_put_text(o, "r");
	ben_put_dict(o);
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
	ben_put_end(o);
}

static void
put_error(struct ben_out *o, const struct krpc *m)
{
	ben_put_text(o, "e");
	ben_put_list(o);
	ben_put_int(o, m->code);
	ben_put_text(o, m->text != NULL ? m->text : "");
	ben_put_end(o);
}

static void
put_ip(struct ben_out *o, const struct krpc *m)
{
	if (!(m->flags & KRPC_HAS_IP))
		return;
	ben_put_text(o, "ip");
	put_address(o, &m->ip);
}

size_t
krpc_build(uint8_t out[KRPC_OUT_MAX], const struct krpc *m)
{
	static const char	kinds[] = "qre";
	struct ben_out		o = { .p = out, .size = KRPC_OUT_MAX };

	ben_put_dict(&o);
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
	ben_put_text(&o, "y");
	ben_put_str(&o, &kinds[m->kind], 1);
	ben_put_end(&o);
	return o.full ? 0 : o.n;
}
