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

/* How many of the family say that we are at ip. */
static uint32_t
votes_for(const struct external *e, int f, const uint8_t ip[16])
{
	uint32_t	i, n = 0;

	for (i = 0; i < e->n[f]; i++)
		n += memcmp(e->votes[f][i].ip, ip, 16) == 0;
	return n;
}

static void
elect(struct external *e, int f)
{
	uint32_t	i, n, most = 0, best = 0;

	for (i = 0; i < e->n[f]; i++) {
		n = votes_for(e, f, e->votes[f][i].ip);
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

bool
external_sure(const struct external *e, bool v4, uint32_t least,
    uint8_t ip[16])
{
	uint32_t	n;

	if (!e->known[v4])
		return false;
	n = votes_for(e, v4, e->ip[v4]);
	if (n < least || n <= e->n[v4] / 2U)
		return false;
	memcpy(ip, e->ip[v4], 16);
	return true;
}
