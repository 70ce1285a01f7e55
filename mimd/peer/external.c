/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "external.h"

/* Who is in the same network speaks with one voice: IPv4 /24, IPv6 /48. */
static void
voter_of(const struct addr *a, uint8_t voter[16])
{
	memset(voter, 0, 16);
	memcpy(voter, a->ip, addr_is_v4(a) ? 15 : 6);
}

static void
elect(struct external *e, int f)
{
	uint32_t	i, k, n, most = 0, best = 0;

	for (i = 0; i < e->n[f]; i++) {
		for (n = 0, k = 0; k < e->n[f]; k++)
			if (memcmp(e->votes[f][i].ip, e->votes[f][k].ip,
			    16) == 0)
				n++;
		if (n > most) {
			most = n;
			best = i;
		}
	}
	e->known[f] = most >= EXTERNAL_LEAST;
	if (e->known[f])
		memcpy(e->ip[f], e->votes[f][best].ip, 16);
}

void
external_vote(struct external *e, const struct addr *voter,
    const uint8_t ip[16])
{
	struct addr	a = { .port = 1 };
	uint8_t		who[16];
	uint32_t	i;
	int		f;

	memcpy(a.ip, ip, sizeof(a.ip));
	f = addr_is_v4(&a);
	if (f != addr_is_v4(voter) || addr_class(&a) == ADDR_UNUSABLE)
		return;
	voter_of(voter, who);
	for (i = 0; i < e->n[f]; i++)
		if (memcmp(e->votes[f][i].voter, who, 16) == 0)
			break;
	if (i == e->n[f] && e->n[f] < EXTERNAL_VOTES) {
		e->n[f]++;
	} else if (i == e->n[f]) {
		i = e->next[f];
		e->next[f] = (uint8_t)((i + 1) % EXTERNAL_VOTES);
	}
	memcpy(e->votes[f][i].voter, who, 16);
	memcpy(e->votes[f][i].ip, ip, 16);
	elect(e, f);
}

bool
external_get(const struct external *e, const struct addr *other,
    uint8_t ip[16])
{
	int	f = addr_is_v4(other);

	if (e->known[f])
		memcpy(ip, e->ip[f], 16);
	return e->known[f];
}
