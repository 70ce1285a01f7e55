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
	if (!t->loaded || t->learning)
		prio_set(t, file, prio);
	else if (torrent_prio(t, file) != prio)
		t->prios_stale = true;
}

void
torrent_set_prio(struct torrent *t, uint32_t first, uint32_t last,
    uint8_t prio, bool skipped)
{
	uint32_t	i;

	for (i = first; i <= last && i < t->nfiles; i++)
		if (!skipped || torrent_prio(t, i) == FILE_PRIO_SKIP)
			prio_set(t, i, prio);
}

/* Padding is wanted as much as the file that it follows. */
static uint8_t
prio_of(const struct torrent *t, uint32_t file)
{
	while (file > 0 && (t->files[file].attr & MI_PAD) != 0)
		file--;
	return torrent_prio(t, file);
}

void
torrent_count_wanted(struct torrent *t)
{
	uint32_t	i;

	t->skips = t->prios != NULL && t->files_got == t->nfiles &&
	    memchr(t->prios, FILE_PRIO_SKIP, t->nfiles) != NULL;
	t->wanted = t->size;
	t->got = t->have;
	if (!t->skips)
		return;
	t->wanted = t->got = 0;
	for (i = 0; i < t->nfiles; i++) {
		if (prio_of(t, i) == FILE_PRIO_SKIP)
			continue;
		t->wanted += t->files[i].size;
		t->got += t->files[i].have;
	}
}

static uint8_t
more_urgent(uint8_t a, uint8_t b)
{
	if (a == FILE_PRIO_SKIP || b == FILE_PRIO_SKIP)
		return a == FILE_PRIO_SKIP ? b : a;
	return a > b ? a : b;
}

/* Each piece is as urgent as the most urgent of its files. */
static uint8_t *
piece_prios(const struct torrent *t)
{
	uint8_t		*prios = xmalloc(t->npieces);
	uint64_t	 at = 0, end, i;
	uint32_t	 f;

	memset(prios, FILE_PRIO_SKIP, t->npieces);
	for (f = 0; f < t->files_got; f++, at = end) {
		end = at + t->files[f].size;
		if (at == end)
			continue;
		for (i = at / t->piece_length; i <= (end - 1) /
		    t->piece_length && i < t->npieces; i++)
			prios[i] = more_urgent(prios[i], prio_of(t, f));
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
	bool				was = torrent_complete(t);

	torrent_count_wanted(t);
	t->totals = true;
	t->prios_stale = !reg->ops->ready(ROLE_DISK, reg->arg);
	if (t->prios_stale)
		reg->behind = true;
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
	if (!was && torrent_complete(t) && t->got > 0)
		registry_completed(reg, t);
}
