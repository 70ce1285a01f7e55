/* SPDX-License-Identifier: ISC */
#ifndef LINK_H
#define LINK_H

#include "msg.h"

struct link;

/*
 * Parse a magnet link or info-hash in a confined process, which hands back
 * no more than the message to mimd.  NULL after saying what is wrong.
 */
struct link	*link_read(const char *what);
/* What to ask of mimd; dir and paused are not set. */
const struct msg_ctl_add_magnet *link_request(const struct link *link);
void		 link_free(struct link *link);	/* NULL is fine */

#endif /* LINK_H */
