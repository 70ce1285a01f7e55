/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "superseed.h"

struct superseed *
superseed_new(uint32_t npieces)
{
	struct superseed	*ss = xcalloc(1, sizeof(*ss));

	ss->npieces = npieces;
	ss->avail = xcalloc(npieces, sizeof(*ss->avail));
	ss->shown = xcalloc(npieces, sizeof(*ss->shown));
	return ss;
}

void
superseed_free(struct superseed *ss)
{
	if (ss == NULL)
		return;
	free(ss->avail);
	free(ss->shown);
	free(ss);
}

static bool
set_has(const struct pieceset *set, uint32_t npieces, uint32_t piece)
{
	if (set->bits == NULL)
		return set->count == npieces;
	return bitfield_get(set->bits, piece);
}

void
superseed_add_set(struct superseed *ss, const struct pieceset *has)
{
	uint32_t	i;

	for (i = 0; i < ss->npieces && has->count > 0; i++)
		if (set_has(has, ss->npieces, i))
			ss->avail[i]++;
}

void
superseed_del_set(struct superseed *ss, const struct pieceset *has)
{
	uint32_t	i;

	for (i = 0; i < ss->npieces && has->count > 0; i++)
		if (set_has(has, ss->npieces, i))
			ss->avail[i]--;
}

void
superseed_join(struct superseed *ss, struct superseed_peer *sp,
    const struct pieceset *has)
{
	memset(sp, 0, sizeof(*sp));
	sp->bits = xcalloc(1, bitfield_size(ss->npieces));
	ss->npeers++;
	superseed_add_set(ss, has);
}

void
superseed_leave(struct superseed *ss, struct superseed_peer *sp,
    const struct pieceset *has)
{
	uint32_t	i;

	superseed_del_set(ss, has);
	for (i = 0; i < ss->npieces; i++)
		if (bitfield_get(sp->bits, i))
			ss->shown[i]--;
	ss->npeers--;
	free(sp->bits);
	memset(sp, 0, sizeof(*sp));
}

bool
superseed_shows(const struct superseed_peer *sp, uint32_t piece)
{
	return bitfield_get(sp->bits, piece);
}

void
superseed_on_have(struct superseed *ss, uint32_t piece)
{
	ss->avail[piece]++;
}

void
superseed_on_lost(struct superseed *ss, uint32_t piece)
{
	ss->avail[piece]--;
}

static void
out_remove(struct superseed_peer *sp, uint32_t i, uint64_t now)
{
	sp->out[i] = sp->out[--sp->nout];
	sp->at = now;
}

void
superseed_on_seen(const struct superseed *ss, struct superseed_peer *sp,
    uint32_t piece, bool own, uint64_t now)
{
	uint32_t	i;

	for (i = 0; i < sp->nout; i++) {
		if (sp->out[i] != piece)
			continue;
		/* Alone, it has nobody to pass it on to. */
		if (!own || ss->avail[piece] > 1 || ss->npeers == 1)
			out_remove(sp, i, now);
		else
			sp->at = now;
		return;
	}
}

void
superseed_tick(struct superseed_peer *sp, const struct pieceset *has,
    uint32_t npieces, uint64_t now)
{
	uint32_t	i;

	if (sp->nout == 0 || now - sp->at < SUPERSEED_WAIT_MS)
		return;
	for (i = 0; i < sp->nout; i++)
		if (!set_has(has, npieces, sp->out[i]))
			return;
	out_remove(sp, 0, now);
}

uint32_t
superseed_next(struct superseed *ss, struct superseed_peer *sp,
    const struct pieceset *has, uint64_t now)
{
	uint32_t	best = PICKER_NONE, least = UINT32_MAX, from, i, k, n;

	if (sp->nout == SUPERSEED_OUT)
		return PICKER_NONE;
	from = arc4random_uniform(ss->npieces);
	for (k = 0; k < ss->npieces && least > 0; k++) {
		i = from + k < ss->npieces ? from + k :
		    from + k - ss->npieces;
		n = ss->avail[i] + ss->shown[i];
		if (n >= least || bitfield_get(sp->bits, i) ||
		    set_has(has, ss->npieces, i))
			continue;
		best = i;
		least = n;
	}
	if (best == PICKER_NONE)
		return best;
	bitfield_set(sp->bits, best);
	ss->shown[best]++;
	sp->out[sp->nout++] = best;
	sp->at = now;
	return best;
}
