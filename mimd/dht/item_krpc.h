/* SPDX-License-Identifier: ISC */
#ifndef ITEM_KRPC_H
#define ITEM_KRPC_H

#include "item.h"
#include "krpc.h"

/*
 * The value of a put or of an answer; 0, or the KRPC_E_* that says what is
 * wrong with it.  salt, of an answer, is what was asked for.  Its signature
 * is not looked at.
 */
int	item_read(struct item *item, const struct krpc *m,
	    const struct krpc_bytes *salt);
/* Let m tell of it, by pointers into it. */
void	item_put(const struct item *item, struct krpc *m);

#endif /* ITEM_KRPC_H */
