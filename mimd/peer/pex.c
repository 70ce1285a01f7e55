/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ben_out.h"
#include "bencode.h"
#include "mem.h"
#include "pex.h"

#define COMPACT4	6
#define COMPACT6	18

/* ---- messages ---- */

static void
parse_added(struct pex_msg *m, const struct ben *b, const char *key,
    const char *flags_key, size_t size)
{
	size_t		 len, nflags, i, n;
	const uint8_t	*p = ben_str(b, ben_get(b, BEN_ROOT, key), &len);
	const uint8_t	*f = ben_str(b, ben_get(b, BEN_ROOT, flags_key),
			    &nflags);
	struct pex_peer	*peer;

	if (len % size != 0)
		return;
	n = len / size;
	/* rTorrent sends no flags. */
	if (nflags != n)
		f = NULL;
	for (i = 0; i < n && i < PEX_READ_MAX; i++) {
		peer = &m->added[m->nadded++];
		if (size == COMPACT4)
			addr_from_compact4(&peer->addr, p + i * size);
		else
			addr_from_compact6(&peer->addr, p + i * size);
		peer->flags = f == NULL ? 0 : f[i];
	}
}

int
pex_parse(struct pex_msg *m, const uint8_t *p, size_t n)
{
	struct ben	 b;
	const char	*err;

	m->nadded = m->ndropped = 0;
	if (n > PEX_BODY_MAX)
		return -1;
	if (ben_parse(&b, p, n, &err) == -1 ||
	    !ben_is(&b, BEN_ROOT, BEN_DICT)) {
		ben_free(&b);
		return -1;
	}
	parse_added(m, &b, "added", "added.f", COMPACT4);
	parse_added(m, &b, "added6", "added6.f", COMPACT6);
	ben_free(&b);
	return 0;
}

static void
put_addr(struct ben_out *o, const struct addr *a)
{
	uint8_t	port[2] = { (uint8_t)(a->port >> 8), (uint8_t)a->port };

	if (addr_is_v4(a))
		ben_put(o, a->ip + 12, 4);
	else
		ben_put(o, a->ip, 16);
	ben_put(o, port, sizeof(port));
}

static void
put_added(struct ben_out *o, const struct pex_msg *m, bool v4)
{
	uint32_t	i, n = 0;

	for (i = 0; i < m->nadded; i++)
		n += addr_is_v4(&m->added[i].addr) == v4;
	/* libtorrent reads the addresses only with as many flags. */
	ben_put_text(o, v4 ? "added" : "added6");
	ben_put_head(o, n * (size_t)(v4 ? COMPACT4 : COMPACT6));
	for (i = 0; i < m->nadded; i++)
		if (addr_is_v4(&m->added[i].addr) == v4)
			put_addr(o, &m->added[i].addr);
	ben_put_text(o, v4 ? "added.f" : "added6.f");
	ben_put_head(o, n);
	for (i = 0; i < m->nadded; i++)
		if (addr_is_v4(&m->added[i].addr) == v4)
			ben_put(o, &m->added[i].flags, 1);
}

static void
put_dropped(struct ben_out *o, const struct pex_msg *m, bool v4)
{
	uint32_t	i, n = 0;

	for (i = 0; i < m->ndropped; i++)
		n += addr_is_v4(&m->dropped[i]) == v4;
	ben_put_text(o, v4 ? "dropped" : "dropped6");
	ben_put_head(o, n * (size_t)(v4 ? COMPACT4 : COMPACT6));
	for (i = 0; i < m->ndropped; i++)
		if (addr_is_v4(&m->dropped[i]) == v4)
			put_addr(o, &m->dropped[i]);
}

size_t
pex_build(uint8_t out[PEX_OUT_MAX], const struct pex_msg *m)
{
	struct ben_out	o = { .p = out, .size = PEX_OUT_MAX };

	ben_put_dict(&o);
	put_added(&o, m, true);
	put_added(&o, m, false);
	put_dropped(&o, m, true);
	put_dropped(&o, m, false);
	ben_put_end(&o);
	return o.n;
}

/* ---- what to tell ---- */

void
pex_book_init(struct pex_book *b)
{
	memset(b, 0, sizeof(*b));
	TAILQ_INIT(&b->members);
}

void
pex_member_init(struct pex_member *m, uint64_t now)
{
	memset(m, 0, sizeof(*m));
	m->grant = PEX_GRANT;
	m->grant_at = now;
}

/* The departure of that number, if it is not forgotten. */
static const struct pex_gone *
gone_at(const struct pex_book *b, uint64_t number)
{
	const struct pex_gone	*g;

	if (b->gone == NULL)
		return NULL;
	g = &b->gone[number % PEX_GONE_MAX];
	return g->number == number && g->addr.port != 0 ? g : NULL;
}

/* Who is back has not left. */
static void
forget_gone(struct pex_book *b, const struct addr *addr)
{
	uint32_t	i;

	if (b->gone == NULL)
		return;
	for (i = 0; i < PEX_GONE_MAX; i++)
		if (addr_cmp(&b->gone[i].addr, addr) == 0)
			b->gone[i].addr.port = 0;
}

void
pex_join(struct pex_book *b, struct pex_member *m, const struct addr *addr,
    uint8_t flags)
{
	m->flags = flags;
	m->addr = *addr;
	/* It may say another port at will: who was told is not told again. */
	if (m->joined != 0)
		return;
	m->joined = ++b->joins;
	TAILQ_INSERT_TAIL(&b->members, m, link);
	forget_gone(b, addr);
}

void
pex_leave(struct pex_book *b, struct pex_member *m)
{
	struct pex_gone	*g;

	if (m->joined == 0)
		return;
	TAILQ_REMOVE(&b->members, m, link);
	if (b->gone == NULL)
		b->gone = xcalloc(PEX_GONE_MAX, sizeof(*b->gone));
	g = &b->gone[++b->leaves % PEX_GONE_MAX];
	g->addr = m->addr;
	g->joined = m->joined;
	g->number = b->leaves;
	m->joined = 0;
	/* Nobody is left to be told. */
	if (TAILQ_EMPTY(&b->members)) {
		free(b->gone);
		b->gone = NULL;
	}
}

bool
pex_due(const struct pex_book *b, const struct pex_member *m, uint64_t now)
{
	if (m->sent && now - m->sent_at < PEX_SEND_MS)
		return false;
	return m->told < b->joins || m->told_gone < b->leaves;
}

static bool
is_global(const struct addr *a)
{
	return addr_class(a) == ADDR_GLOBAL;
}

/* What one side of a NAT knows is no use beyond, and nobody's business. */
static bool
may_tell(const struct addr *what, const struct addr *whom)
{
	return is_global(what) || !is_global(whom);
}

static void
collect_added(const struct pex_book *b, struct pex_member *to,
    const struct addr *at, struct pex_msg *msg)
{
	struct pex_member	*m, *first = NULL;

	TAILQ_FOREACH_REVERSE(m, &b->members, pex_members, link) {
		if (m->joined <= to->told)
			break;
		first = m;
	}
	for (m = first; m != NULL && msg->nadded < PEX_ADDED_MAX;
	    m = TAILQ_NEXT(m, link)) {
		to->told = m->joined;
		if (m == to || !may_tell(&m->addr, at))
			continue;
		msg->added[msg->nadded].addr = m->addr;
		msg->added[msg->nadded++].flags = m->flags;
	}
	if (m == NULL)
		to->told = b->joins;
}

/* Of those that it was told of. */
static void
collect_dropped(const struct pex_book *b, struct pex_member *to,
    uint64_t told, const struct addr *at, struct pex_msg *msg)
{
	const struct pex_gone	*g;

	if (b->leaves - to->told_gone > PEX_GONE_MAX)
		to->told_gone = b->leaves - PEX_GONE_MAX;
	while (to->told_gone < b->leaves && msg->ndropped < PEX_DROPPED_MAX) {
		g = gone_at(b, ++to->told_gone);
		if (g != NULL && g->joined <= told && may_tell(&g->addr, at))
			msg->dropped[msg->ndropped++] = g->addr;
	}
}

size_t
pex_write(const struct pex_book *b, struct pex_member *m,
    const struct addr *at, uint64_t now, uint8_t out[PEX_OUT_MAX])
{
	struct pex_msg	msg = { .nadded = 0, .ndropped = 0 };
	uint64_t	told = m->told;

	collect_added(b, m, at, &msg);
	collect_dropped(b, m, told, at, &msg);
	if (msg.nadded == 0 && msg.ndropped == 0)
		return 0;
	m->sent = true;
	m->sent_at = now;
	return pex_build(out, &msg);
}

/* ---- whom to believe ---- */

bool
pex_heed(struct pex_member *m, uint64_t now)
{
	if (m->heeded && now - m->heeded_at < PEX_HEED_MS)
		return false;
	m->heeded = true;
	m->heeded_at = now;
	return true;
}

static bool
same_net(const struct addr *a, const struct addr *b)
{
	/* Of IPv4 (mapped), /24. */
	return memcmp(a->ip, b->ip, addr_is_v4(a) ? 15 : 6) == 0;
}

void
pex_sift(const struct addr *teller, struct pex_msg *msg)
{
	const struct addr	*a;
	uint32_t		 i, k, n = 0, same;

	for (i = 0; i < msg->nadded; i++) {
		a = &msg->added[i].addr;
		if (a->port == 0 || addr_class(a) == ADDR_UNUSABLE ||
		    !may_tell(a, teller))
			continue;
		for (k = same = 0; k < n && is_global(a); k++)
			same += same_net(a, &msg->added[k].addr);
		if (same < PEX_NET_MAX)
			msg->added[n++] = msg->added[i];
	}
	msg->nadded = n;
}

uint8_t
pex_grant(struct pex_member *m, uint64_t now)
{
	uint64_t	more = (now - m->grant_at) / PEX_GRANT_MS;

	m->grant_at += more * PEX_GRANT_MS;
	m->grant = more > (uint64_t)PEX_GRANT - m->grant ? PEX_GRANT :
	    (uint8_t)(m->grant + more);
	return m->grant;
}
