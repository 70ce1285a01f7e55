/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "item_krpc.h"
#include "mem.h"
#include "node.h"

static struct request *
request_new(struct dht *d, uint32_t number, bool put)
{
	int	i;

	for (i = 0; i < REQUESTS_MAX; i++)
		if (d->requests[i].searches == 0) {
			d->requests[i] = (struct request){
			    .number = number, .put = put };
			return &d->requests[i];
		}
	return NULL;
}

static void
end(struct dht *d, struct request *r)
{
	if (r->put)
		d->ops->stored(d->arg, r->number, r->stored, r->refused);
	else
		d->ops->found(d->arg, r->number, r->best);
	free(r->best);
	r->best = NULL;
}

void
requests_clear(struct dht *d)
{
	int	i;

	for (i = 0; i < REQUESTS_MAX; i++)
		if (d->requests[i].searches > 0)
			end(d, &d->requests[i]);
}

/* In each family of which nodes are known; NULL: not at all. */
static struct search *
begin(struct dht *d, struct request *r, struct side *side,
    enum search_kind kind, const uint8_t *target, uint64_t now)
{
	struct search	*s;

	if (side->table.n == 0)
		return NULL;
	if ((s = search_new(d, side, kind, target, now)) == NULL)
		return NULL;
	s->request = r;
	r->searches++;
	return s;
}

/* What others stored at us counts as theirs. */
static void
begin_with_ours(struct dht *d, struct request *r, const uint8_t *target,
    const uint8_t *salt, size_t nsalt)
{
	const struct item	*ours = items_find(&d->items, target);

	if (ours == NULL || ours->nsalt != nsalt ||
	    (nsalt > 0 && memcmp(ours->salt, salt, nsalt) != 0))
		return;
	r->best = xmalloc(sizeof(*r->best));
	*r->best = *ours;
}

bool
dht_get(struct dht *d, uint32_t request, const uint8_t *target,
    const uint8_t *salt, size_t nsalt, uint64_t now)
{
	struct request	*r = request_new(d, request, false);
	struct search	*s;
	int		 i;

	if (r == NULL || nsalt > ITEM_SALT_MAX)
		return false;
	for (i = 0; i < 2; i++) {
		s = begin(d, r, &d->side[i], SEARCH_GET, target, now);
		if (s == NULL)
			continue;
		s->nsalt = (uint8_t)nsalt;
		if (nsalt > 0)
			memcpy(s->salt, salt, nsalt);
	}
	if (r->searches == 0)
		return false;
	begin_with_ours(d, r, target, salt, nsalt);
	return true;
}

bool
dht_put(struct dht *d, uint32_t request, const struct item *item,
    const int64_t *cas, uint64_t now)
{
	struct request	*r = request_new(d, request, true);
	struct search	*s;
	int		 i;

	if (r == NULL)
		return false;
	for (i = 0; i < 2; i++) {
		s = begin(d, r, &d->side[i], SEARCH_PUT, item->target, now);
		if (s == NULL)
			continue;
		s->item = xmalloc(sizeof(*s->item));
		*s->item = *item;
		s->has_cas = cas != NULL;
		s->cas = cas != NULL ? *cas : 0;
	}
	return r->searches > 0;
}

/* The newest one that is what was asked for. */
void
requests_on_item(struct search *s, const struct krpc *m)
{
	struct krpc_bytes	 salt = { s->salt, s->nsalt };
	struct request		*r = s->request;
	struct item		 item;

	if (m->v.p == NULL || item_read(&item, m, &salt) != 0 ||
	    memcmp(item.target, s->lookup.target, ID_LEN) != 0 ||
	    (r->best != NULL && item.seq <= r->best->seq) ||
	    !item_verify(&item))
		return;
	if (r->best == NULL)
		r->best = xmalloc(sizeof(*r->best));
	*r->best = item;
}

void
requests_on_refusal(struct search *s, int32_t code)
{
	/* Those that tell of the item that is there are the highest. */
	if (s->kind == SEARCH_PUT && s->holders != NULL &&
	    code > s->request->refused)
		s->request->refused = code;
}

void
requests_on_end(struct dht *d, struct search *s)
{
	struct request	*r = s->request;

	r->stored += holders_count(s);
	if (--r->searches == 0)
		end(d, r);
}
