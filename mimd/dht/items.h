/* SPDX-License-Identifier: ISC */
#ifndef ITEMS_H
#define ITEMS_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "item.h"
#include "krpc.h"

/* The items that others stored here, bounded.  Pure; times are seconds. */
#define ITEMS_MAX	1000
#define ITEMS_SOURCE	32	/* of a source */
#define ITEMS_LIFE_S	7200	/* unless stored again (BEP 44) */

struct items_entry {
	RB_ENTRY(items_entry) entry;	/* items::tree */
	uint64_t	source;		/* who stored it first */
	uint32_t	seen;
	struct item	item;
};
RB_HEAD(items_tree, items_entry);

struct items {
	struct items_tree tree;
	uint32_t	  n;
};

void	items_init(struct items *s);
void	items_clear(struct items *s);
const struct item *items_find(const struct items *s, const uint8_t *target);
/*
 * Store an item that was read, or refresh it; cas, unless NULL, is the seq
 * it replaces.  own is our node's id: when all places are taken, the item
 * farthest from it makes way for a nearer one.  Returns 0 or a KRPC_E_*.
 */
int	items_store(struct items *s, const struct item *item,
	    const int64_t *cas, const struct addr *source,
	    const uint8_t *own, uint32_t now);
void	items_expire(struct items *s, uint32_t now);

#endif /* ITEMS_H */
