/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "mem.h"

void
blame_init(struct blame *b)
{
	memset(b, 0, sizeof(*b));
	TAILQ_INIT(&b->pieces);
}

static struct blame_piece *
blame_find(const struct blame *b, uint32_t torrent, uint32_t piece)
{
	struct blame_piece	*p;

	TAILQ_FOREACH(p, &b->pieces, link)
		if (p->torrent == torrent && p->piece == piece)
			return p;
	return NULL;
}

static void
copy_free(struct blame *b, struct blame_piece *p, struct blame_copy *c)
{
	free(c->senders);
	free(c->who);
	free(c->digests);
	b->nblocks -= p->nblocks;
}

static void
blame_drop(struct blame *b, struct blame_piece *p)
{
	uint32_t	i;

	for (i = 0; i < p->ncopies; i++)
		copy_free(b, p, &p->copies[i]);
	TAILQ_REMOVE(&b->pieces, p, link);
	b->npieces--;
	free(p);
}

void
blame_clear(struct blame *b)
{
	struct blame_piece	*p;

	while ((p = TAILQ_FIRST(&b->pieces)) != NULL)
		blame_drop(b, p);
}

void
blame_forget(struct blame *b, uint32_t torrent)
{
	struct blame_piece	*p, *next;

	for (p = TAILQ_FIRST(&b->pieces); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->torrent == torrent)
			blame_drop(b, p);
	}
}

/* 0 is no tag. */
static uint32_t
blame_tag(struct blame *b)
{
	if (++b->next_tag == 0)
		b->next_tag = 1;
	return b->next_tag;
}

static struct blame_piece *
blame_piece(struct blame *b, uint32_t torrent, uint32_t piece,
    uint32_t nblocks)
{
	struct blame_piece	*p = blame_find(b, torrent, piece);

	if (p != NULL && p->nblocks == nblocks)
		return p;
	if (p != NULL)
		blame_drop(b, p);	/* the number's torrent was another */
	if (b->npieces == BLAME_PIECES)
		blame_drop(b, TAILQ_FIRST(&b->pieces));
	p = xcalloc(1, sizeof(*p));
	p->torrent = torrent;
	p->piece = piece;
	p->nblocks = nblocks;
	TAILQ_INSERT_TAIL(&b->pieces, p, link);
	b->npieces++;
	return p;
}

/* Room for one more copy of p; the oldest gives way. */
static bool
blame_make_room(struct blame *b, struct blame_piece *p)
{
	struct blame_piece	*q, *next;

	if (p->ncopies == BLAME_COPIES) {
		copy_free(b, p, &p->copies[0]);
		p->ncopies--;
		memmove(p->copies, p->copies + 1,
		    p->ncopies * sizeof(p->copies[0]));
	}
	for (q = TAILQ_FIRST(&b->pieces); q != NULL &&
	    b->nblocks + p->nblocks > BLAME_BLOCKS; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q != p)
			blame_drop(b, q);
	}
	return b->nblocks + p->nblocks <= BLAME_BLOCKS;
}

uint32_t
blame_failed(struct blame *b, uint32_t torrent, uint32_t piece,
    uint32_t nblocks, const uint8_t (*ips)[16], uint32_t n,
    const uint8_t *who)
{
	struct blame_piece	*p = blame_piece(b, torrent, piece, nblocks);
	struct blame_copy	*c;
	uint32_t		 i;

	if (n == 0 || n > BLAME_SENDERS || !blame_make_room(b, p))
		return 0;
	c = &p->copies[p->ncopies++];
	c->tag = blame_tag(b);
	c->got = 0;
	c->nsenders = n;
	c->senders = xcalloc(n, sizeof(*c->senders));
	for (i = 0; i < n; i++)
		memcpy(c->senders[i].ip, ips[i], 16);
	c->who = xmalloc(nblocks);
	for (i = 0; i < nblocks; i++)
		c->who[i] = who[i] < n ? who[i] : BLAME_NOBODY;
	c->digests = xcalloc(nblocks, BLAME_DIGEST);
	b->nblocks += nblocks;
	p->tag = 0;
	return c->tag;
}

bool
blame_sole(struct blame *b, uint32_t torrent, uint32_t piece,
    uint32_t nblocks, const uint8_t ip[16])
{
	struct blame_piece	*p = blame_piece(b, torrent, piece, nblocks);

	if (p->sole && memcmp(p->sole_ip, ip, 16) != 0)
		return false;
	p->sole = true;
	memcpy(p->sole_ip, ip, 16);
	return true;
}

uint32_t
blame_good(struct blame *b, uint32_t torrent, uint32_t piece)
{
	struct blame_piece	*p = blame_find(b, torrent, piece);

	if (p == NULL)
		return 0;
	if (p->ncopies == 0) {
		blame_drop(b, p);
		return 0;
	}
	p->got = 0;
	p->tag = blame_tag(b);
	return p->tag;
}

/* The index of a sender in the result. */
static uint32_t
result_add(struct blame_result *res, const struct blame_sender *s)
{
	uint32_t	i;

	for (i = 0; i < res->n; i++)
		if (memcmp(res->senders[i].ip, s->ip, 16) == 0) {
			res->senders[i].lied |= s->lied;
			return i;
		}
	res->senders[res->n] = *s;
	return res->n++;
}

/* The senders of all complete copies; index[c][s] is sender s of copy c. */
static void
result_fill(struct blame_result *res, const struct blame_piece *p,
    uint8_t index[BLAME_COPIES][BLAME_SENDERS])
{
	uint32_t	i, k;

	for (i = 0; i < p->ncopies; i++)
		for (k = 0; k < p->copies[i].nsenders &&
		    p->copies[i].got == p->nblocks; k++)
			index[i][k] = (uint8_t)result_add(res,
			    &p->copies[i].senders[k]);
}

/*
 * Look at block i of copies c and o.  True if they differ, and *a and *b
 * sent them: one of the two lied.
 */
static bool
copies_differ(const struct blame_piece *p, uint32_t c, uint32_t o, uint32_t i,
    uint8_t index[BLAME_COPIES][BLAME_SENDERS], uint32_t *a, uint32_t *b)
{
	const struct blame_copy	*x = &p->copies[c], *y = &p->copies[o];

	if (x->got < p->nblocks || y->got < p->nblocks ||
	    x->who[i] == BLAME_NOBODY || y->who[i] == BLAME_NOBODY ||
	    memcmp(x->digests + (size_t)i * BLAME_DIGEST,
	    y->digests + (size_t)i * BLAME_DIGEST, BLAME_DIGEST) == 0)
		return false;
	*a = index[c][x->who[i]];
	*b = index[o][y->who[i]];
	return true;
}

/*
 * Of how many differences is each sender a party, without those that liars
 * and suspects explain?  Returns who is of the most; *n is of how many.
 */
static uint32_t
blame_count(const struct blame_piece *p, struct blame_result *res,
    uint8_t index[BLAME_COPIES][BLAME_SENDERS], uint32_t *n)
{
	uint32_t		 deg[BLAME_COPIES * BLAME_SENDERS] = { 0 };
	uint32_t		 i, c, o, a, b, most = 0;
	struct blame_sender	*v = res->senders;

	for (c = 1; c < p->ncopies; c++)
		for (o = 0; o < c; o++)
			for (i = 0; i < p->nblocks; i++) {
				if (!copies_differ(p, c, o, i, index, &a, &b))
					continue;
				if (a == b)
					v[a].lied = true;
				if (v[a].lied || v[b].lied || v[a].suspect ||
				    v[b].suspect)
					continue;
				deg[a]++;
				deg[b]++;
			}
	for (i = 0; i < res->n; i++)
		if (deg[i] > deg[most])
			most = i;
	*n = deg[most];
	return most;
}

/* A bad copy is complete: what do all of them tell together? */
static void
blame_suspect(const struct blame_piece *p, struct blame_result *res)
{
	uint8_t		index[BLAME_COPIES][BLAME_SENDERS] = { { 0 } };
	uint32_t	most, n = 0, found, i;

	result_fill(res, p, index);
	if (p->ncopies < 2)
		return;
	for (i = found = 0; i < BLAME_SUSPECTS; i++) {
		most = blame_count(p, res, index, &n);
		if (n == 0)
			break;
		res->senders[most].suspect = true;
		found++;
	}
	for (i = 0; i < res->n; i++)
		found += res->senders[i].lied;
	/* Nothing can be told, or too much: it may be anyone. */
	for (i = 0; i < res->n && (found == 0 || n > 0); i++)
		res->senders[i].suspect = true;
}

static void
blame_settle(struct blame *b, struct blame_piece *p, struct blame_result *res)
{
	uint8_t	index[BLAME_COPIES][BLAME_SENDERS];

	res->settled = true;
	result_fill(res, p, index);
	blame_drop(b, p);
}

/* Digests of the good copy: whoever sent something else lied. */
static void
good_compare(struct blame_piece *p, uint32_t first, const uint8_t *digests,
    uint32_t n)
{
	struct blame_copy	*c;
	uint32_t		 i;

	for (c = p->copies; c < p->copies + p->ncopies; c++)
		for (i = first; i < first + n; i++)
			if (c->who[i] != BLAME_NOBODY && i < c->got &&
			    memcmp(c->digests + (size_t)i * BLAME_DIGEST,
			    digests + (size_t)(i - first) * BLAME_DIGEST,
			    BLAME_DIGEST) != 0)
				c->senders[c->who[i]].lied = true;
}

static struct blame_piece *
blame_by_tag(struct blame *b, uint32_t tag, struct blame_copy **copy)
{
	struct blame_piece	*p;
	uint32_t		 i;

	TAILQ_FOREACH(p, &b->pieces, link) {
		*copy = NULL;
		if (p->tag == tag)
			return p;
		for (i = 0; i < p->ncopies; i++) {
			*copy = &p->copies[i];
			if (p->copies[i].tag == tag)
				return p;
		}
	}
	return NULL;
}

bool
blame_digests(struct blame *b, uint32_t tag, uint32_t first,
    const uint8_t *digests, uint32_t n, struct blame_result *res)
{
	struct blame_copy	*c;
	struct blame_piece	*p;
	uint32_t		*got;

	if (tag == 0 || (p = blame_by_tag(b, tag, &c)) == NULL)
		return false;
	got = c != NULL ? &c->got : &p->got;
	if (n == 0 || first != *got || n > p->nblocks - first) {
		blame_drop(b, p);
		return false;
	}
	res->torrent = p->torrent;
	res->piece = p->piece;
	res->settled = false;
	res->n = 0;
	if (c != NULL)
		memcpy(c->digests + (size_t)first * BLAME_DIGEST, digests,
		    (size_t)n * BLAME_DIGEST);
	else
		good_compare(p, first, digests, n);
	*got += n;
	if (*got < p->nblocks)
		return false;
	if (c != NULL)
		blame_suspect(p, res);
	else
		blame_settle(b, p, res);
	return true;
}
