/* SPDX-License-Identifier: ISC */
#include "digest.h"

#include <sys/uio.h>

#include <stdlib.h>
#include <string.h>

#include "block_io.h"
#include "chan.h"
#include "content.h"
#include "disk.h"
#include "hash.h"
#include "lane.h"
#include "mem.h"
#include "msg.h"

#define RUN_BLOCKS	(LANE_RUN / BLOCK_SIZE)

struct digest {
	struct hash	*hash;
	uint8_t		 key[16];
	uint8_t		 out[DIGESTS_MAX * DIGEST_LEN];
};

struct digest *
digest_new(void)
{
	struct digest	*g = xcalloc(1, sizeof(*g));

	g->hash = hash_new();
	arc4random_buf(g->key, sizeof(g->key));
	return g;
}

static void
digest_block(struct digest *g, const uint8_t *p, uint32_t len, uint32_t at)
{
	uint8_t	sha[SHA1_LEN];

	hash_reset(g->hash);
	hash_update(g->hash, g->key, sizeof(g->key));
	hash_update(g->hash, p, len);
	hash_final(g->hash, sha);
	memcpy(g->out + (size_t)at * DIGEST_LEN, sha, DIGEST_LEN);
}

/* n blocks of a piece from block first on, which follow one another. */
static bool
digest_run(struct disk *d, struct content *t, uint32_t piece, uint32_t first,
    uint32_t n, uint32_t at)
{
	uint32_t	 begin = first * BLOCK_SIZE, len, i;
	uint8_t		*run = lane_take(d->lane);
	struct iovec	 iov = { .iov_base = run };
	bool		 ok;

	for (len = 0, i = 0; i < n; i++)
		len += geom_block_len(&t->geom, piece, first + i);
	iov.iov_len = len;
	ok = block_read(d, t, (uint64_t)piece * t->geom.piece_length + begin,
	    &iov, 1) == len;
	for (i = 0; i < n && ok; i++)
		digest_block(d->digest, run + (size_t)i * BLOCK_SIZE,
		    geom_block_len(&t->geom, piece, first + i), at + i);
	lane_give(d->lane, run);
	return ok;
}

void
digest_answer(struct disk *d, struct chan *c, const struct msg_data_digest *m)
{
	struct msg_data_digests	 r = { .tag = m->tag, .first = m->first };
	struct content		*t = content_find(d, m->torrent);
	uint32_t		 i, n, nblocks;
	bool			 ok;

	ok = t != NULL && t->open && t->state == DSTATE_READY &&
	    m->piece < t->geom.npieces;
	if (ok) {
		nblocks = geom_nblocks(&t->geom, m->piece);
		ok = m->first < nblocks && m->n <= nblocks - m->first &&
		    content_load(d, t) != NULL;
	}
	for (i = 0; i < m->n && ok; i += n) {
		n = m->n - i < RUN_BLOCKS ? m->n - i : RUN_BLOCKS;
		ok = digest_run(d, t, m->piece, m->first + i, n, i);
	}
	r.digests.p = d->digest->out;
	r.digests.len = ok ? m->n * DIGEST_LEN : 0;
	chan_send(c, MSG_DATA_DIGESTS, &r);
	chan_pause(c, chan_full(c));
}
