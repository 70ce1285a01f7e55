/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "bitfield.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "proto.h"

/*
 * Before the metadata is there (BEP 9) nobody knows how many pieces there
 * are: what peers say of theirs is kept as it came, within bounds, until it
 * can be judged.  Then the connections go on as if they had begun with it.
 */
struct bare {
	uint8_t		*bits;		/* a bitfield, or NULL */
	uint32_t	 nbytes;
	uint32_t	*haves;		/* what came after it */
	uint32_t	 nhaves, size;
	bool		 all;		/* it is a seed (BEP 6) */
	bool		 lost;		/* not all of it could be kept */
};

static struct bare *
bare_of(struct conn *c)
{
	if (c->bare == NULL)
		c->bare = xcalloc(1, sizeof(*c->bare));
	return c->bare;
}

static void
bare_drop(struct conn *c)
{
	struct bare	*b = c->bare;

	c->net->bare_bytes -= b->nbytes + b->size * sizeof(*b->haves);
	free(b->bits);
	free(b->haves);
	b->bits = NULL;
	b->haves = NULL;
	b->nbytes = b->nhaves = b->size = 0;
}

void
bare_clear(struct conn *c)
{
	if (c->bare == NULL)
		return;
	bare_drop(c);
	free(c->bare);
	c->bare = NULL;
}

bool
bare_room(struct conn *c, uint32_t length)
{
	if (c->net->bare_bytes + length <= NET_BARE_BYTES)
		return true;
	bare_of(c)->lost = true;
	return false;
}

bool
bare_on_have(struct conn *c, uint32_t piece)
{
	struct bare	*b = bare_of(c);

	if (b->nhaves == b->size) {
		if (b->size >= CONN_BARE_HAVES ||
		    !bare_room(c, 16 * sizeof(*b->haves))) {
			b->lost = true;
			return false;
		}
		b->size += 16;
		c->net->bare_bytes += 16 * sizeof(*b->haves);
		b->haves = xreallocarray(b->haves, b->size,
		    sizeof(*b->haves));
	}
	b->haves[b->nhaves++] = piece;
	return true;
}

void
bare_on_bits(struct conn *c, uint8_t *bits, uint32_t nbytes)
{
	struct bare	*b = bare_of(c);

	bare_drop(c);
	b->all = b->lost = false;
	b->bits = bits;
	b->nbytes = nbytes;
	c->net->bare_bytes += nbytes;
}

void
bare_on_all(struct conn *c, bool all)
{
	struct bare	*b = bare_of(c);

	bare_drop(c);
	b->all = all;
	b->lost = false;
}

/* The set that it stands for, or NULL if it cannot be one of so many. */
static uint8_t *
bare_set(const struct bare *b, uint32_t npieces)
{
	size_t		 size = bitfield_size(npieces);
	uint8_t		*bits;
	uint32_t	 i;

	if (b->lost || (b->bits != NULL && b->nbytes != size))
		return NULL;
	for (i = 0; i < b->nhaves; i++)
		if (b->haves[i] >= npieces)
			return NULL;
	bits = xcalloc(1, size);
	if (b->bits != NULL)
		memcpy(bits, b->bits, size);
	if (b->all)
		memset(bits, 0xff, size);
	for (i = 0; i < b->nhaves; i++)
		bitfield_set(bits, b->haves[i]);
	return bits;
}

void
bare_resolve(struct conn *c)
{
	uint8_t	*bits = NULL;
	bool	 told = c->bare != NULL;

	if (told)
		bits = bare_set(c->bare, c->swarm->geom.npieces);
	bare_clear(c);
	if (bits != NULL)
		proto_on_bitfield(c, bits);
	else if (told)
		conn_close(c, "its pieces are not those of the torrent");
}
