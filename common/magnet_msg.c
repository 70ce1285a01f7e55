/* SPDX-License-Identifier: ISC */
#include "magnet_msg.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

uint32_t
magnet_pack_trackers(const struct magnet *m,
    struct rec_tracker rows[MAGNET_TRACKERS_MAX])
{
	uint32_t	i;

	/* Each is a tier of its own. */
	for (i = 0; i < m->ntrackers; i++)
		rows[i] = (struct rec_tracker){
			.tier = (uint8_t)i,
			.url = m->trackers[i],
		};
	return i;
}

uint32_t
magnet_pack_webseeds(const struct magnet *m,
    struct rec_url rows[MAGNET_WEBSEEDS_MAX])
{
	uint32_t	i;

	for (i = 0; i < m->nwebseeds; i++)
		rows[i].url = m->webseeds[i];
	return i;
}

uint32_t
magnet_pack_peers(const struct magnet *m,
    struct rec_addr rows[MAGNET_PEERS_MAX])
{
	uint32_t	i;

	for (i = 0; i < m->npeers; i++) {
		memcpy(rows[i].ip, m->peers[i].ip, sizeof(rows[i].ip));
		rows[i].port = m->peers[i].port;
	}
	return i;
}

struct magnet *
magnet_unpack(const uint8_t infohash[SHA1_LEN], const char *name,
    const struct rec_tracker *trackers, uint32_t ntrackers,
    const struct rec_url *webseeds, uint32_t nwebseeds,
    const struct rec_addr *peers, uint32_t npeers)
{
	struct magnet	*m = xcalloc(1, sizeof(*m));
	struct addr	 addr;
	uint32_t	 i;

	m->v1 = true;
	memcpy(m->infohash, infohash, SHA1_LEN);
	magnet_set_name(m, name, strlen(name));
	for (i = 0; i < ntrackers; i++)
		magnet_add_tracker(m, trackers[i].url,
		    strlen(trackers[i].url));
	for (i = 0; i < nwebseeds; i++)
		magnet_add_webseed(m, webseeds[i].url,
		    strlen(webseeds[i].url));
	for (i = 0; i < npeers; i++) {
		memcpy(addr.ip, peers[i].ip, sizeof(addr.ip));
		addr.port = peers[i].port;
		magnet_add_peer(m, &addr);
	}
	return m;
}

struct choice *
magnet_choice(const struct magnet *m)
{
	struct rec_span	spans[MAGNET_RANGES_MAX];
	struct rec_glob	globs[MAGNET_EXCEPT_MAX];
	uint32_t	i;

	for (i = 0; i < m->nranges; i++)
		spans[i] = (struct rec_span){ m->ranges[i].first,
		    m->ranges[i].last };
	for (i = 0; i < m->nexcept; i++)
		globs[i].pattern = m->except[i];
	return choice_unpack(spans, m->nranges, globs, m->nexcept);
}

void
magnet_choose(struct magnet *m, const struct choice *c)
{
	uint32_t	i;

	_Static_assert(MAGNET_RANGES_MAX >= CHOICE_SPANS_MAX &&
	    MAGNET_EXCEPT_MAX >= CHOICE_GLOBS_MAX, "a choice fits");
	m->nranges = 0;
	while (m->nexcept > 0)
		free(m->except[--m->nexcept]);
	if (c == NULL)
		return;
	for (i = 0; i < c->nonly; i++)
		m->ranges[m->nranges++] = (struct magnet_range){
			c->only[i].first, c->only[i].last };
	for (i = 0; i < c->nexcept; i++)
		magnet_add_except(m, c->except[i], strlen(c->except[i]));
}
