/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "registry.h"
#include "mem.h"

static uint16_t
known_index(const struct torrent *t, const struct addr *a)
{
	uint16_t	i;

	for (i = 0; i < t->nknown; i++)
		if (addr_cmp(&t->known[i], a) == 0)
			break;
	return i;
}

static uint16_t
known_max(const struct torrent *t)
{
	return torrent_complete(t) ? TORRENT_KNOWN_SEEDING :
	    TORRENT_KNOWN_MAX;
}

static void
known_append(struct torrent *t, const struct addr *a)
{
	if (t->nknown == t->known_size) {
		t->known_size = t->known_size == 0 ? 4 : t->known_size * 2;
		t->known = xreallocarray(t->known, t->known_size,
		    sizeof(*t->known));
	}
	t->known[t->nknown++] = *a;
}

/* Of those that nothing good is known of, the oldest goes. */
void
torrent_know(struct torrent *t, const struct rec_addr *rec)
{
	struct addr	a = { .port = rec->port };
	uint16_t	n = t->nknown - t->ngood;

	memcpy(a.ip, rec->ip, sizeof(a.ip));
	if (known_index(t, &a) < t->nknown)
		return;
	if (t->nknown < known_max(t)) {
		known_append(t, &a);
	} else if (n > 0) {
		t->known_next %= n;
		t->known[t->ngood + t->known_next++] = a;
	}
}

/* It gave or got payload: it is kept while others come and go. */
void
torrent_know_good(struct torrent *t, const struct rec_peer *row)
{
	struct addr	a = { .port = row->port };
	uint16_t	i;

	if (row->flags & PEER_INCOMING || row->port == 0 ||
	    (row->downloaded == 0 && row->uploaded == 0))
		return;
	memcpy(a.ip, row->ip, sizeof(a.ip));
	i = known_index(t, &a);
	if (i < t->ngood)
		return;
	t->save = true;
	if (i == t->nknown && t->nknown < known_max(t))
		known_append(t, &a);
	if (t->ngood == t->nknown) {
		t->known_next = (uint16_t)((t->known_next + 1) % t->ngood);
		t->known[t->known_next] = a;
		return;
	}
	/* In its place, or that of the first of which nothing is known. */
	if (i < t->nknown)
		t->known[i] = t->known[t->ngood];
	t->known[t->ngood++] = a;
}

uint32_t
torrent_known_good(const struct torrent *t,
    struct rec_addr rows[TORRENT_KNOWN_SAVED])
{
	uint32_t	i;

	for (i = 0; i < t->ngood && i < TORRENT_KNOWN_SAVED; i++) {
		memcpy(rows[i].ip, t->known[i].ip, sizeof(rows[i].ip));
		rows[i].port = t->known[i].port;
	}
	return i;
}
