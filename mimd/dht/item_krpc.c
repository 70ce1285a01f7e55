/* SPDX-License-Identifier: ISC */
#include "item_krpc.h"

int
item_read(struct item *item, const struct krpc *m,
    const struct krpc_bytes *salt)
{
	size_t	nsalt = salt != NULL ? salt->n : 0;

	if (m->v.p == NULL || !(m->flags & KRPC_CANONICAL))
		return KRPC_E_PROTOCOL;
	if (m->v.n > ITEM_V_MAX)
		return KRPC_E_BIG;
	if (nsalt > ITEM_SALT_MAX)
		return KRPC_E_SALT;
	if (m->key != NULL && (m->sig == NULL || m->seq < 0 ||
	    !(m->flags & KRPC_HAS_SEQ)))
		return KRPC_E_PROTOCOL;
	item_set(item, m->v.p, m->v.n, nsalt > 0 ? salt->p : NULL, nsalt,
	    m->key, m->sig, m->seq);
	return 0;
}

void
item_put(const struct item *item, struct krpc *m)
{
	m->v = (struct krpc_bytes){ item->v, item->nv };
	if (!item->signs)
		return;
	m->key = item->key;
	m->sig = item->sig;
	m->seq = item->seq;
	m->flags |= KRPC_HAS_SEQ;
}
