/* SPDX-License-Identifier: ISC */
#ifndef ACT_H
#define ACT_H

#include <stdint.h>

#include "msg.h"

struct mimctl;

/*
 * Send a request for all torrents that these words select, in pages: *ids and
 * *n are the list of ids in the request, filled here.  Returns an exit
 * status; what failed has been said.
 */
int	act_on_selected(const struct mimctl *ctx, int nwords, char **words,
	    enum msg_type type, const void *request,
	    const struct rec_id **ids, uint32_t *n);

#endif /* ACT_H */
