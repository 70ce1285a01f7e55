/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "peer/metadata.h"
#include "peer/utmeta.h"

#define PEERS	5

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct metadata		md;
	struct metadata_peer	peers[PEERS];
	bool			here[PEERS];
	uint64_t		now;
};

static void
check(bool cond)
{
	if (!cond)
		abort();
}

/* Who is here; what is taken is counted; nobody is asked too much. */
static void
check_world(const struct world *w)
{
	const struct metadata	*md = &w->md;
	uint32_t		 i, n = 0;

	for (i = 0; i < md->nblocks; i++)
		n += md->blocks[i].taken;
	check(n == md->ntaken && md->first <= md->nblocks);
	check(md->nsenders <= METADATA_SENDERS && md->nsizes <=
	    METADATA_SIZES);
	for (i = 0; i < PEERS; i++) {
		if (!w->here[i])
			continue;
		check(w->peers[i].nasked <= METADATA_ASKED);
		for (n = 0; n < w->peers[i].nasked; n++)
			check(w->peers[i].asked[n].block < md->nblocks);
	}
}

static void
peer_does(struct world *w, struct gen *g, uint32_t i)
{
	struct metadata_peer	*p = &w->peers[i];
	uint32_t		 block = gen_byte(g) % 8, length, expected;

	switch (gen_byte(g) % 5) {
	case 0:
		metadata_leave(&w->md, p);
		w->here[i] = false;
		break;
	case 1:
		metadata_on_reject(&w->md, p, block, w->now);
		break;
	case 2:
		if (metadata_next(&w->md, p, w->now, &block))
			check(block < w->md.nblocks &&
			    !w->md.blocks[block].taken);
		break;
	default:
		expected = block < w->md.nblocks ?
		    metadata_length(&w->md, block) : 0;
		length = gen_byte(g) % 8 == 0 ? 7 : expected;
		if (metadata_on_data(&w->md, p, block, length, 0, w->now) ==
		    METADATA_TAKE)
			check(length == expected);
		break;
	}
}

static void
step(struct world *w, struct gen *g)
{
	static const uint32_t	sizes[] = { 1, UTMETA_BLOCK,
	    5 * UTMETA_BLOCK + 9, 5 * UTMETA_BLOCK + 9 };
	uint8_t			ip[16] = { 0 };
	uint32_t		i = gen_byte(g) % PEERS;

	w->now += gen_byte(g) * 100U;
	switch (gen_byte(g) % 8) {
	case 0:
		metadata_begin(&w->md, w->now);
		break;
	case 1:
		if (metadata_stuck(&w->md, w->now))
			metadata_reset(&w->md);
		break;
	case 2:
		if (w->md.size > 0)
			metadata_on_bad(&w->md, ip);
		break;
	case 3:
		metadata_on_lost(&w->md, gen_byte(g));
		break;
	default:
		if (w->here[i]) {
			peer_does(w, g, i);
			break;
		}
		ip[0] = (uint8_t)(i / 2);
		w->here[i] = metadata_join(&w->md, &w->peers[i], ip,
		    sizes[gen_byte(g) % 4]);
		break;
	}
}

/* Any order of what peers and disk may do. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world	w;
	struct gen		g = { data, size };

	memset(&w, 0, sizeof(w));
	metadata_init(&w.md);
	w.now = 1;
	while (g.left > 0) {
		step(&w, &g);
		check_world(&w);
	}
	metadata_clear(&w.md);
	return 0;
}
