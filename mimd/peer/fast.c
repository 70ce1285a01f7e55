/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "fast.h"
#include "hash.h"
#include "wire.h"

#define ROUNDS	100	/* no more hashes for a set than that */

static bool
has_piece(const uint32_t *v, uint32_t n, uint32_t piece)
{
	uint32_t	i;

	for (i = 0; i < n; i++)
		if (v[i] == piece)
			return true;
	return false;
}

uint32_t
fast_set(const uint8_t ip4[4], const uint8_t infohash[20], uint32_t npieces,
    uint32_t *out, uint32_t k)
{
	uint8_t		x[24] = { ip4[0], ip4[1], ip4[2] }, digest[SHA1_LEN];
	uint32_t	n = 0, piece;
	size_t		len = sizeof(x), i;
	int		round;

	if (npieces <= k) {
		for (n = 0; n < npieces; n++)
			out[n] = n;
		return n;
	}
	memcpy(x + 4, infohash, 20);
	for (round = 0; round < ROUNDS && n < k; round++) {
		hash_sha1(x, len, digest);
		for (i = 0; i < sizeof(digest) && n < k; i += 4) {
			piece = wire_get32(digest + i) % npieces;
			if (!has_piece(out, n, piece))
				out[n++] = piece;
		}
		memcpy(x, digest, sizeof(digest));
		len = sizeof(digest);
	}
	return n;
}

uint32_t
fast_set_size(uint32_t piece_length)
{
	uint32_t	k = FAST_BYTES / piece_length;

	if (k == 0)
		return 1;
	return k < FAST_SET ? k : FAST_SET;
}

void
fast_give(struct fast *f, uint32_t piece, uint32_t size)
{
	if (f->ngiven == FAST_SET)
		return;
	f->given[f->ngiven].piece = piece;
	f->given[f->ngiven++].left = size + FAST_SPARE;
}

bool
fast_take(struct fast *f, uint32_t piece, uint32_t length)
{
	uint32_t	i;

	for (i = 0; i < f->ngiven; i++) {
		if (f->given[i].piece != piece)
			continue;
		if (f->given[i].left < length)
			return false;
		f->given[i].left -= length;
		return true;
	}
	return false;
}

bool
fast_allow(struct fast *f, uint32_t piece)
{
	if (f->nallowed == FAST_ALLOWED_MAX ||
	    has_piece(f->allowed, f->nallowed, piece))
		return false;
	f->allowed[f->nallowed++] = piece;
	return true;
}

void
fast_disallow(struct fast *f, uint32_t piece)
{
	uint32_t	i;

	for (i = 0; i < f->nallowed; i++) {
		if (f->allowed[i] != piece)
			continue;
		f->allowed[i] = f->allowed[--f->nallowed];
		return;
	}
}
