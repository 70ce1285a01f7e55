/* SPDX-License-Identifier: ISC */
#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"

void
pieces_init(struct pieces *p, uint32_t id, uint32_t n)
{
	*p = (struct pieces){ .id = id, .n = n };
	p->have = xcalloc(1, bitfield_size(n) + 1);
	p->begun = xcalloc(1, bitfield_size(n) + 1);
	p->peers = xcalloc(1, (size_t)n + 1);
}

void
pieces_clear(struct pieces *p)
{
	free(p->have);
	free(p->begun);
	free(p->peers);
	memset(p, 0, sizeof(*p));
}

void
pieces_take(struct pieces *p, const struct msg_ctl_pieces_told *m)
{
	uint32_t	i, n = m->peers.len;

	if (m->id != p->id || m->first != p->got || n > p->n - p->got ||
	    m->have.len != bitfield_size(n) ||
	    m->begun.len != bitfield_size(n))
		return;
	for (i = 0; i < n; i++) {
		if (bitfield_get(m->have.p, i))
			bitfield_set(p->have, p->got + i);
		if (bitfield_get(m->begun.p, i))
			bitfield_set(p->begun, p->got + i);
	}
	memcpy(p->peers + p->got, m->peers.p, n);
	p->got += n;
}

uint32_t
pieces_count(const struct pieces *p, bool have)
{
	return bitfield_count(have ? p->have : p->begun, p->n);
}

bool
pieces_alike(const struct pieces *p, uint32_t a, uint32_t b)
{
	return p->peers[a] == p->peers[b] &&
	    bitfield_get(p->have, a) == bitfield_get(p->have, b) &&
	    bitfield_get(p->begun, a) == bitfield_get(p->begun, b);
}

double
pieces_copies(const struct pieces *p)
{
	uint32_t	i, least = UINT8_MAX, more = 0;

	if (p->n == 0)
		return 0;
	for (i = 0; i < p->n; i++)
		if (p->peers[i] < least)
			least = p->peers[i];
	for (i = 0; i < p->n; i++)
		more += p->peers[i] > least;
	return least + (double)more / p->n;
}

static void
draw_cell(const struct pieces *p, uint32_t first, uint32_t end, char *have,
    char *peers)
{
	uint32_t	i, nhave = 0, nbegun = 0, rarest = UINT32_MAX;

	for (i = first; i < end; i++) {
		if (bitfield_get(p->have, i)) {
			nhave++;
			continue;
		}
		nbegun += bitfield_get(p->begun, i);
		if (p->peers[i] < rarest)
			rarest = p->peers[i];
	}
	*have = nhave == end - first ? '#' : nhave > 0 ? '+' :
	    nbegun > 0 ? '>' : '.';
	*peers = rarest == UINT32_MAX ? ' ' :
	    (char)('0' + (rarest > 9 ? 9 : rarest));
}

uint32_t
pieces_draw(const struct pieces *p, uint32_t cells, char *have, char *peers)
{
	uint32_t	each, i;

	if (p->n == 0 || cells == 0) {
		*have = *peers = '\0';
		return 0;
	}
	each = (p->n + cells - 1) / cells;
	cells = (p->n + each - 1) / each;
	for (i = 0; i < cells; i++)
		draw_cell(p, i * each, (i + 1) * each < p->n ?
		    (i + 1) * each : p->n, have + i, peers + i);
	have[cells] = peers[cells] = '\0';
	return cells;
}
