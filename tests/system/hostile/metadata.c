/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bencode.h"
#include "hostile.h"
#include "peer/utmeta.h"

/*
 * Peers of a magnet link that are asked for metadata (BEP 9), and give what
 * they like.
 */
#define OURS	2	/* our id of ut_metadata */
#define WAIT_MS	1000

static bool
tell_size(struct peer *p, uint64_t size)
{
	char	buf[96];
	int	n;

	if (!peer_greet(p))
		return false;
	n = snprintf(buf, sizeof(buf), "d1:md11:ut_metadatai%uee13:"
	    "metadata_sizei%lluee", OURS, (unsigned long long)size);
	peer_ext(p, 0, buf, (size_t)n);
	peer_bitfield(p, true);
	return peer_flush(p);
}

static void
answer(struct peer *p, uint32_t piece, uint32_t total)
{
	uint8_t		buf[UTMETA_HEAD_MAX + UTMETA_BLOCK];
	uint32_t	left = total - piece * UTMETA_BLOCK;
	size_t		n;

	n = utmeta_build(buf, UTMETA_DATA, piece, total);
	if (left > UTMETA_BLOCK)
		left = UTMETA_BLOCK;
	hostile_fill(p, buf + n, left);
	peer_ext(p, p->ids[EXT_METADATA], buf, n + left);
	peer_flush(p);
}

/* Serve requests with noise (total > 0), refuse them, or be silent. */
static void
serve(struct peer *p, uint32_t total, bool refuse)
{
	uint8_t		body[2048], buf[UTMETA_HEAD_MAX];
	struct ext_peer	e;
	struct utmeta	m;
	uint32_t	n;
	int		id;

	while (!p->gone && hostile_now() < p->until) {
		id = peer_message(p, body, sizeof(body), &n, WAIT_MS);
		if (id != WIRE_EXTENDED || n == 0)
			continue;
		if (body[0] == 0) {
			ext_peer_init(&e);
			if (ext_parse(&e, body + 1, n - 1) == 0)
				memcpy(p->ids, e.ids, sizeof(p->ids));
			continue;
		}
		if (body[0] != OURS || utmeta_parse(&m, body + 1, n - 1) ==
		    -1 || m.type != UTMETA_REQUEST)
			continue;
		if (refuse)
			peer_ext(p, p->ids[EXT_METADATA], buf,
			    utmeta_build(buf, UTMETA_REJECT, m.piece, 0));
		else if (total > 0)
			answer(p, m.piece, total);
		peer_flush(p);
	}
}

/* The right size, of wrong bytes. */
static void
lie(struct peer *p)
{
	if (tell_size(p, p->target->metadata_size))
		serve(p, p->target->metadata_size, false);
}

static void
boast(struct peer *p)
{
	if (tell_size(p, 10U << 20))
		serve(p, 10U << 20, false);
}

static void
boast_most(struct peer *p)
{
	if (tell_size(p, EXT_METADATA_MAX))
		serve(p, EXT_METADATA_MAX, false);
}

static void
bomb(struct peer *p)
{
	if (tell_size(p, 1ULL << 32))
		serve(p, 0, false);
}

static void
refuse(struct peer *p)
{
	if (tell_size(p, p->target->metadata_size))
		serve(p, 0, true);
}

static void
be_silent(struct peer *p)
{
	if (tell_size(p, p->target->metadata_size))
		serve(p, 0, false);
}

#define METADATA(what, how) \
	{ .group = "metadata", .name = what, .run = how }
const struct script metadata[] = {
	METADATA("liar", lie), METADATA("another liar", lie),
	METADATA("boaster", boast), METADATA("greater boaster", boast_most),
	METADATA("bomb", bomb), METADATA("refuser", refuse),
	METADATA("silent one", be_silent),
	{ .name = NULL }
};
