/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metainfo.h"
#include "registry.h"

#define PAGE	32768U		/* bytes of a message: msg.def */

/* Priorities of files, and of the pieces that these are in. */

uint8_t
torrent_prio(const struct torrent *t, uint32_t file)
{
	return t->prios == NULL ? FILE_PRIO_NORMAL : t->prios[file];
}

static void
prio_set(struct torrent *t, uint32_t file, uint8_t prio)
{
	if (torrent_prio(t, file) == prio)
		return;
	if (t->prios == NULL) {
		t->prios = xmalloc(t->nfiles);
		memset(t->prios, FILE_PRIO_NORMAL, t->nfiles);
	}
	t->prios[file] = prio;
}

/* Disk's word counts once; a disk child that is new may not know ours. */
void
torrent_prio_told(struct torrent *t, uint32_t file, uint8_t prio)
{
	if (!t->loaded)
		prio_set(t, file, prio);
	else if (torrent_prio(t, file) != prio)
		t->prios_stale = true;
}

void
torrent_set_prio(struct torrent *t, uint32_t first, uint32_t last,
    uint8_t prio)
{
	uint32_t	i;

	for (i = first; i <= last && i < t->nfiles; i++)
		prio_set(t, i, prio);
}

/* Each piece has the highest priority of its files. */
static uint8_t *
piece_prios(const struct torrent *t)
{
	uint8_t		*prios = xcalloc(1, t->npieces);
	uint64_t	 at = 0, end, i;
	uint32_t	 f;

	for (f = 0; f < t->files_got; f++, at = end) {
		end = at + t->files[f].size;
		if (at == end || (t->files[f].attr & MI_PAD) != 0)
			continue;
		for (i = at / t->piece_length; i <= (end - 1) /
		    t->piece_length && i < t->npieces; i++)
			if (prios[i] < torrent_prio(t, f))
				prios[i] = torrent_prio(t, f);
	}
	return prios;
}

void
registry_send_prios(struct registry *reg, struct torrent *t)
{
	struct msg_swarm_prios	 m = { .id = t->id };
	uint8_t			*prios;

	if (t->npieces == 0 || t->files_got != t->nfiles)
		return;
	prios = piece_prios(t);
	for (; m.first < t->npieces; m.first += m.prios.len) {
		m.prios.p = prios + m.first;
		m.prios.len = t->npieces - m.first < PAGE ?
		    t->npieces - m.first : PAGE;
		reg->ops->send(ROLE_PEER, MSG_SWARM_PRIOS, &m, -1, reg->arg);
	}
	free(prios);
}

void
registry_prios_changed(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_prios	m = { .id = t->id };

	t->prios_stale = !reg->ops->ready(ROLE_DISK, reg->arg);
	for (; m.first < t->nfiles && !t->prios_stale && t->prios != NULL;
	    m.first += m.prios.len) {
		m.prios.p = t->prios + m.first;
		m.prios.len = t->nfiles - m.first < PAGE ?
		    t->nfiles - m.first : PAGE;
		reg->ops->send(ROLE_DISK, MSG_TORRENT_PRIOS, &m, -1,
		    reg->arg);
	}
	if (t->swarm == SWARM_RUNNING)
		registry_send_prios(reg, t);
}
