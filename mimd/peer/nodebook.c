/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "nodebook.h"

bool
nodebook_add(struct nodebook *b, const struct addr *node, uint64_t now)
{
	uint32_t	i;

	if (b->nqueue == NODEBOOK_QUEUE)
		return false;
	for (i = 0; i < b->ntold; i++) {
		if (memcmp(b->told[i].ip, node->ip, sizeof(node->ip)) == 0 &&
		    now - b->told[i].at < NODEBOOK_AGAIN_MS)
			return false;
	}
	b->queue[b->nqueue++] = *node;
	memcpy(b->told[b->next].ip, node->ip, sizeof(node->ip));
	b->told[b->next].at = now;
	b->next = (b->next + 1) % NODEBOOK_TOLD;
	if (b->ntold < NODEBOOK_TOLD)
		b->ntold++;
	return true;
}

uint32_t
nodebook_take(struct nodebook *b, struct addr out[NODEBOOK_QUEUE])
{
	uint32_t	n = b->nqueue;

	memcpy(out, b->queue, n * sizeof(*out));
	b->nqueue = 0;
	return n;
}
