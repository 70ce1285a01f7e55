/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "node.h"
#include "subnet.h"

#define SELF_MS		900000	/* our own surroundings are seen again */
#define BOOT_MS		2000	/* from contacts again; doubles up to ... */
#define BOOT_SHIFTS	6
#define BOOT_LONELY	3	/* so many on end: there are hardly others */
#define FILLS		4	/* searches in far buckets, at the start */
#define ENOUGH		(6 * TABLE_K)	/* nodes that need no filling */
#define STRANGER_MS	500
#define CONTACTS_TICK	4	/* contacts asked in a tick */

void
upkeep_init(struct dht *d, struct side *side, uint64_t now)
{
	uint8_t	id[ID_LEN];

	node_random_id(d, id);
	table_init(&side->table, id);
	side->boot_at = now;
	side->fills = FILLS;
}

void
upkeep_clear(struct side *side)
{
	table_clear(&side->table);
	free(side->contacts);
}

static struct contact *
contact_find(struct side *side, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < side->ncontacts; i++)
		if (addr_cmp(&side->contacts[i].addr, a) == 0)
			return &side->contacts[i];
	return NULL;
}

bool
upkeep_is_only_router(struct side *side, const struct addr *a)
{
	struct contact	*c;

	return side->nrouters > 0 && side->boots < BOOT_LONELY &&
	    (c = contact_find(side, a)) != NULL && c->router;
}

/* In a full pool it takes the place of any that is no router. */
static void
contact_add(struct dht *d, const struct contact *c)
{
	struct side	*side = node_side(d, &c->addr);
	uint32_t	 i;

	if (!side->on || c->addr.port == 0 ||
	    addr_class(&c->addr) == ADDR_UNUSABLE ||
	    contact_find(side, &c->addr) != NULL)
		return;
	if (side->contacts == NULL)
		side->contacts = xcalloc(DHT_CONTACTS_MAX,
		    sizeof(*side->contacts));
	if (side->ncontacts == 0)
		side->boot_at = 0;	/* it was for want of them */
	i = side->ncontacts;
	if (i == DHT_CONTACTS_MAX) {
		i = node_random(d) % DHT_CONTACTS_MAX;
		if (side->contacts[i].router)
			return;
	} else {
		side->ncontacts++;
	}
	side->contacts[i] = *c;
	side->nrouters += c->router;
	if (side->table.n < TABLE_K)
		d->tick_at = 0;
}

void
dht_add_contact(struct dht *d, const uint8_t *id, const struct addr *a)
{
	struct contact	c = { .addr = *a, .named = id != NULL };

	if (id != NULL)
		memcpy(c.id, id, ID_LEN);
	contact_add(d, &c);
}

void
dht_add_router(struct dht *d, const struct addr *a)
{
	struct contact	c = { .addr = *a, .router = true };

	contact_add(d, &c);
}

static void
ping(struct dht *d, const uint8_t *id, const struct addr *a, uint64_t now)
{
	struct krpc	m;

	krpc_init(&m, KRPC_QUERY);
	m.method = KRPC_PING;
	node_query(d, a, id, &m, NULL, now);
}

/* Those that others told of are asked once; routers stay for bad times. */
static void
try_contacts(struct dht *d, struct side *side, uint64_t now)
{
	struct contact	*c;
	uint32_t	 i, left = CONTACTS_TICK;

	for (i = side->ncontacts; i > 0 && left > 0; i--) {
		c = &side->contacts[i - 1];
		if (c->router)
			continue;
		if (c->named && table_find(&side->table, c->id,
		    &c->addr) != NULL) {
			*c = side->contacts[--side->ncontacts];
			continue;
		}
		if (!budget_take(&d->budget, BUDGET_QUERY, now))
			return;
		ping(d, c->named ? c->id : NULL, &c->addr, now);
		*c = side->contacts[--side->ncontacts];
		left--;
	}
}

static void
ping_oldest(struct dht *d, struct side *side, uint64_t now)
{
	struct table_node	*node;

	node = table_to_ping(&side->table, node_seconds(now));
	if (node == NULL || !budget_take(&d->budget, BUDGET_QUERY, now))
		return;
	node->tried = node_seconds(now);
	ping(d, node->id, &node->addr, now);
}

/* Routers only when the others did not suffice. */
static void
boot(struct dht *d, struct side *side, uint64_t now)
{
	struct search	*s;
	struct contact	*c;
	uint32_t	 i, k, shift, others = 0;

	shift = side->boots < BOOT_SHIFTS ? side->boots : BOOT_SHIFTS;
	side->boot_at = now + ((uint64_t)BOOT_MS << shift);
	if (side->ncontacts + side->table.n == 0) {
		side->boots++;
		if (d->ops->want_contacts != NULL)
			d->ops->want_contacts(d->arg);
		return;
	}
	s = search_new(d, side, SEARCH_NODES, side->table.id, now);
	if (s == NULL)
		return;
	side->upkeep = s;
	k = node_random(d);
	for (i = 0; i < side->ncontacts; i++) {
		c = &side->contacts[(k % side->ncontacts + i) %
		    side->ncontacts];
		if (!c->router)
			others += lookup_start(&s->lookup,
			    c->named ? c->id : NULL, &c->addr);
	}
	for (i = 0; i < side->ncontacts; i++) {
		c = &side->contacts[i];
		if (c->router && (side->boots > 0 || others == 0))
			lookup_start(&s->lookup, NULL, &c->addr);
	}
	side->boots++;
}

static void
look(struct dht *d, struct side *side, const uint8_t *target, uint64_t now)
{
	side->upkeep = search_new(d, side, SEARCH_NODES, target, now);
}

static void
look_in_bucket(struct dht *d, struct side *side, uint32_t i, uint64_t now)
{
	uint8_t	target[ID_LEN];

	node_random_id(d, target);
	id_beside(target, side->table.id, i);
	look(d, side, target, now);
}

static void
side_tick(struct dht *d, struct side *side, uint64_t now)
{
	int	stale;

	if (side->upkeep != NULL)
		return;
	if (side->table.n < TABLE_K) {
		if (now >= side->boot_at)
			boot(d, side, now);
		return;
	}
	side->boots = 0;
	ping_oldest(d, side, now);
	try_contacts(d, side, now);
	if (now >= side->self_at) {
		side->self_at = now + SELF_MS + node_random(d) % SELF_MS / 8;
		look(d, side, side->table.id, now);
	} else if (side->fills > 0 && side->table.n < ENOUGH) {
		side->fills--;
		look_in_bucket(d, side, node_random(d) %
		    side->table.nbuckets, now);
	} else if ((stale = table_stale(&side->table,
	    node_seconds(now))) != -1) {
		side->table.buckets[stale].touched = node_seconds(now);
		look_in_bucket(d, side, (uint32_t)stale, now);
	}
}

/* When it is to be looked after again: soon, if there is much to do. */
static uint64_t
side_due(const struct side *side, uint64_t now)
{
	uint64_t	soon = now + NODE_TICK_FAST_MS;
	uint64_t	late = now + NODE_TICK_MS;

	if (side->table.n >= TABLE_K)
		return side->fills > 0 ? soon : late;
	if (side->boot_at < soon)
		return soon;
	return side->boot_at < late ? side->boot_at : late;
}

void
upkeep_tick(struct dht *d, uint64_t now)
{
	uint64_t	due;
	int		i;

	d->tick_at = UINT64_MAX;
	for (i = 0; i < 2; i++) {
		if (!d->side[i].on)
			continue;
		side_tick(d, &d->side[i], now);
		due = side_due(&d->side[i], now);
		if (due < d->tick_at)
			d->tick_at = due;
	}
}

void
upkeep_on_end(struct dht *d, struct search *s)
{
	struct side	*side = s->side;

	if (side->upkeep == s)
		side->upkeep = NULL;
	if (side->table.n >= ENOUGH)
		side->fills = 0;
	if (side->table.n < TABLE_K && d->ops->want_contacts != NULL)
		d->ops->want_contacts(d->arg);
}

void
upkeep_on_stranger(struct dht *d, const uint8_t *id, const struct addr *a,
    uint64_t now)
{
	struct side	*side = node_side(d, a);

	if (now < side->ping_at || table_find(&side->table, id, a) != NULL ||
	    !table_wants(&side->table, id, a) ||
	    !budget_take(&d->budget, BUDGET_QUERY, now))
		return;
	side->ping_at = now + STRANGER_MS;
	ping(d, id, a, now);
}

/* We are at a: with an id that may not be there, get another (BEP 42). */
static void
move_to(struct dht *d, const struct addr *a, uint64_t now)
{
	struct side	*side = node_side(d, a);
	uint8_t		 id[ID_LEN];

	if (id_fits(side->table.id, a))
		return;
	node_random_id(d, id);
	id_bind(id, a);
	table_rekey(&side->table, id, node_seconds(now));
	side->self_at = now;
	d->tick_at = now;
}

void
upkeep_on_vote(struct dht *d, const struct addr *voter,
    const struct addr *ip, uint64_t now)
{
	struct addr	a = { .port = 0 };

	if (subnet_is_local(voter) || subnet_is_local(ip))
		return;
	external_vote(&d->external, voter, ip->ip);
	if (external_sure(&d->external, addr_is_v4(voter), NODE_VOTES, a.ip))
		move_to(d, &a, now);
}

void
dht_set_address(struct dht *d, const struct addr *a, uint64_t now)
{
	if (!subnet_is_local(a))
		move_to(d, a, now);
}
