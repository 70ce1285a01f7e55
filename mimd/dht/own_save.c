/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "own.h"

/* What we know of the DHT is told to the parent, for the next of us. */
struct haul {
	const struct table_node	*v[NODES_PAGE];
	uint32_t		 n;
};

static bool
has(const struct haul *h, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < h->n; i++)
		if (addr_cmp(&h->v[i]->addr, a) == 0)
			return true;
	return false;
}

/* Of all our nodes, until there are max. */
static void
gather(struct own *own, bool v6, uint32_t max, struct haul *h)
{
	const struct table_node	*v[NODES_PAGE];
	uint64_t		 now = loop_now(own->child->loop);
	uint32_t		 i, k, n;

	for (i = 0; i < DHT_NODES_MAX; i++) {
		if (own->nodes[i].dht == NULL)
			continue;
		n = dht_nodes(own->nodes[i].dht, v6, now, v, NODES_PAGE);
		for (k = 0; k < n && h->n < max; k++)
			if (!has(h, &v[k]->addr))
				h->v[h->n++] = v[k];
	}
}

/* Ours change when our address does (BEP 42). */
static void
take_ids(struct own *own)
{
	const struct own_node	*first = &own->nodes[0];
	int			 f;

	for (f = 0; f < 2; f++)
		if (first->dht != NULL && first->families[f])
			memcpy(own->ids[f], dht_id(first->dht, f == 1),
			    ID_LEN);
}

/* Tells whether ids or nodes are others than before, in whatever order. */
static uint64_t
mark_of(const struct own *own, const struct haul *h)
{
	uint64_t	mark = h->n, part;
	uint32_t	i;

	for (i = 0; i < 2; i++) {
		memcpy(&part, own->ids[i], sizeof(part));
		mark ^= part;
	}
	for (i = 0; i < h->n; i++) {
		memcpy(&part, h->v[i]->id, sizeof(part));
		mark ^= part;
	}
	return mark;
}

static void
tell(struct own *own, const struct haul *h)
{
	struct rec_node		 rows[NODES_PAGE];
	struct msg_dht_nodes	 m = { .nodes = { rows, h->n } };
	uint32_t		 i;

	memcpy(m.id4, own->ids[0], ID_LEN);
	memcpy(m.id6, own->ids[1], ID_LEN);
	for (i = 0; i < h->n; i++) {
		memcpy(rows[i].ip, h->v[i]->addr.ip, sizeof(rows[i].ip));
		rows[i].port = h->v[i]->addr.port;
		rows[i].id.p = h->v[i]->id;
		rows[i].id.len = ID_LEN;
	}
	chan_send(own->child->parent, MSG_DHT_NODES, &m);
}

void
own_save(struct own *own)
{
	struct haul	h = { .n = 0 };
	uint64_t	mark;

	gather(own, true, NODES_PAGE / 2, &h);
	gather(own, false, NODES_PAGE, &h);
	take_ids(own);
	mark = mark_of(own, &h);
	if (h.n > 0 && mark != own->saved_mark)
		tell(own, &h);
	own->saved_mark = mark;
}

void
own_tell_external(struct own *own)
{
	struct msg_dht_external	 m;
	struct dht_stats	 stats;
	struct own_node		*node;
	int			 f;

	for (node = own->nodes; node < own->nodes + DHT_NODES_MAX; node++) {
		if (node->dht == NULL)
			continue;
		dht_stats(node->dht, loop_now(own->child->loop), &stats);
		for (f = 0; f < 2; f++) {
			if (!stats.side[f].external ||
			    addr_cmp_ip(&stats.side[f].address,
			    &node->external[f]) == 0)
				continue;
			node->external[f] = stats.side[f].address;
			memcpy(m.ip, node->external[f].ip, sizeof(m.ip));
			chan_send(own->child->parent, MSG_DHT_EXTERNAL, &m);
		}
	}
}

static void
on_save(void *arg)
{
	struct own	*own = arg;

	own_save(own);
	own_tell_external(own);
	loop_timer_set(own->save, ++own->saves < OWN_SAVE_FIRST ?
	    OWN_SAVE_FIRST_MS : OWN_SAVE_MS);
}

void
own_save_start(struct own *own)
{
	own->save = loop_timer_new(own->child->loop, on_save, own);
	loop_timer_set(own->save, OWN_SAVE_FIRST_MS);
}
