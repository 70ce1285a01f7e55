/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ban.h"
#include "chan.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "request.h"
#include "verdict.h"
#include "webseed.h"

/*
 * What becomes of who sent a piece, once disk has said whether it is good.
 * A bad piece from one address: it is banned.  From several: digests of the
 * blocks, of all bad copies and at last of a good one, tell who lied.  Until
 * then suspects prove themselves alone (parole).
 */
_Static_assert(BLAME_SENDERS == PICKER_SENDERS, "senders of a piece");
_Static_assert(BLAME_DIGEST == DIGEST_LEN, "a digest");

static void
verdict_parole(struct swarm *s, const uint8_t ip[16], bool parole)
{
	struct net	*net = s->net;
	struct conn	*c;

	/* Also if it goes and comes again. */
	if (parole)
		bans_add(&net->paroles, ip, loop_now(net->loop), BAN_MS);
	else
		bans_del(&net->paroles, ip);
	TAILQ_FOREACH(c, &s->conns, link)
		if (memcmp(c->addr.ip, ip, 16) == 0)
			c->parole = parole;
}

/* Have disk make digests of all blocks of a piece as it is now. */
static void
verdict_ask(struct swarm *s, uint32_t piece, uint32_t tag)
{
	struct msg_data_digest	m = { .torrent = s->id, .piece = piece,
		.tag = tag };
	uint32_t		n = geom_nblocks(&s->geom, piece);

	if (tag == 0 || s->net->data == NULL)
		return;
	for (; m.first < n; m.first += m.n) {
		m.n = n - m.first < DIGESTS_MAX ? n - m.first : DIGESTS_MAX;
		chan_send(s->net->data, MSG_DATA_DIGEST, &m);
	}
}

/* Remember who sent what of a copy that failed; false for no room. */
static bool
verdict_record(struct swarm *s, uint32_t piece,
    const struct pick_sender *senders, uint32_t n)
{
	uint32_t	 nblocks = geom_nblocks(&s->geom, piece), i;
	uint8_t		 ips[BLAME_SENDERS][16];
	uint8_t		*who = xmalloc(nblocks);
	uint32_t	 tag;

	for (i = 0; i < n; i++)
		memcpy(ips[i], senders[i].ip, sizeof(ips[i]));
	for (i = 0; i < nblocks; i++)
		who[i] = (uint8_t)picker_block_sender(s->picker, piece, i,
		    senders, n);
	tag = blame_failed(&s->net->blame, s->id, piece, nblocks,
	    (const uint8_t (*)[16])ips, n, who);
	verdict_ask(s, piece, tag);
	free(who);
	return tag != 0;
}

static void
verdict_on_bad(struct swarm *s, uint32_t piece)
{
	struct pick_sender	 senders[PICKER_SENDERS];
	struct net		*net = s->net;
	uint32_t		 n, i;
	unsigned int		 held;
	enum pick_verdict	 verdict;
	bool			 recorded;

	verdict = picker_blame(s->picker, piece, senders, &n);
	s->wasted += geom_piece_size(&s->geom, piece);
	s->changed = true;
	if (verdict == PICK_SOLE && !blame_sole(&net->blame, s->id, piece,
	    geom_nblocks(&s->geom, piece), senders[0].ip)) {
		verdict = PICK_MIXED;
		if (log_every(&net->doubt_log, loop_now(net->loop), &held))
			log_warnx("torrent %u: piece %u was bad from two "
			    "peers: perhaps memory or storage errs (%u more "
			    "such)", s->id, piece, held);
	}
	recorded = verdict == PICK_MIXED &&
	    verdict_record(s, piece, senders, n);
	picker_on_bad(s->picker, piece);
	if (!recorded)
		picker_retry(s->picker, piece);
	if (verdict == PICK_SOLE)
		ban_address(net, senders[0].ip, "sent a bad piece");
	for (i = 0; i < n && verdict == PICK_MIXED && !recorded; i++)
		verdict_parole(s, senders[i].ip, true);
}

static void
verdict_on_good(struct swarm *s, uint32_t piece)
{
	struct pick_sender	senders[PICKER_SENDERS];
	uint32_t		n;

	if (picker_blame(s->picker, piece, senders, &n) == PICK_SOLE)
		verdict_parole(s, senders[0].ip, false);
	verdict_ask(s, piece, blame_good(&s->net->blame, s->id, piece));
}

/* Whoever has nothing to do may have something now. */
static void
verdict_go_on(struct swarm *s)
{
	struct conn	*c;

	TAILQ_FOREACH(c, &s->conns, link)
		if (c->state == CONN_UP && c->asked.n == 0)
			request_refill(c);
}

void
verdict_on_piece(struct swarm *s, uint32_t piece, bool good, bool seeded)
{
	bool	news;

	if (s->picker == NULL || piece >= s->geom.npieces || !s->open)
		return;
	if (good) {
		/* Whoever sent blocks of it sent none of those that count. */
		if (!seeded)
			verdict_on_good(s, piece);
		/* It was what disk knew and we did not. */
		if (s->resync_at != 0 && s->resync_piece == piece)
			s->resync_at = 0;
		news = picker_on_good(s->picker, piece);
		if (seeded)
			webseed_on_piece(s, piece, true);
		if (news)
			swarm_gained(s, piece);
		return;
	}
	if (seeded) {
		webseed_on_piece(s, piece, false);
		return;
	}
	verdict_on_bad(s, piece);
	verdict_go_on(s);
}

void
verdict_on_digests(struct net *net, const struct msg_data_digests *m)
{
	struct blame_result	 res;
	struct swarm		*s;
	uint32_t		 i, liars = 0, suspects = 0;

	if (!blame_digests(&net->blame, m->tag, m->first, m->digests.p,
	    m->digests.len / DIGEST_LEN, &res))
		return;
	s = swarm_find(net, res.torrent);
	for (i = 0; i < res.n; i++) {
		if (res.senders[i].lied) {
			ban_address(net, res.senders[i].ip,
			    "sent bad blocks of a piece");
			liars++;
		} else if (s != NULL && res.senders[i].suspect) {
			verdict_parole(s, res.senders[i].ip, true);
			suspects++;
		} else if (s != NULL && res.settled) {
			verdict_parole(s, res.senders[i].ip, false);
		}
	}
	log_debug("torrent %u: piece %u: of %u senders %u lied, %u may have%s",
	    res.torrent, res.piece, res.n, liars, suspects,
	    res.settled ? ", settled" : "");
	if (s != NULL && s->picker != NULL && !res.settled) {
		picker_retry(s->picker, res.piece);
		verdict_go_on(s);
	}
}
