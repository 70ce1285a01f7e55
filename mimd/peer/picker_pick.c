/* SPDX-License-Identifier: ISC */
#include "bitfield.h"
#include "mem.h"
#include "picker_piece.h"

/* Which blocks to ask of a peer that has room for requests. */

enum pick_step { STEP_OWN, STEP_SHARED, STEP_ANY };

/* A piece that failed, of which nothing has been asked for since. */
static bool
piece_on_trial(const struct pick_piece *pp)
{
	return pp->nsuspects > 0 && pp->owner == 0 &&
	    pp->nfree == pp->nblocks;
}

static bool
piece_suspects(const struct picker *p, const struct pick_piece *pp,
    uint32_t id)
{
	uint32_t	i;

	if (p->now >= pp->failed_at + PICKER_AVOID_MS)
		return false;
	for (i = 0; i < pp->nsuspects; i++)
		if (pp->suspects[i] == id)
			return true;
	return false;
}

/*
 * It failed: nobody may go on with it until more is known of who lied, and
 * for a while not who is suspected then.
 */
static bool
piece_waits(const struct picker *p, const struct pick_piece *pp,
    const struct pick_peer *peer)
{
	if (pp->failed_at == 0)
		return false;
	return (pp->waits && p->now < pp->failed_at + PICKER_RETRY_MS) ||
	    (peer->parole && p->now < pp->failed_at + PICKER_PAROLE_MS);
}

/* May peer take blocks of this open piece in this step? */
static bool
step_allows(const struct picker *p, enum pick_step step,
    const struct pick_piece *pp, const struct pick_peer *peer)
{
	if (picker_skips(p, pp->piece))
		return false;
	if (step == STEP_OWN)
		return pp->owner == peer->id;
	if (piece_waits(p, pp, peer))
		return false;
	if (pp->owner != 0 && (step == STEP_SHARED || pp->alone))
		return false;
	if (step == STEP_SHARED && piece_on_trial(pp) &&
	    piece_suspects(p, pp, peer->id))
		return false;
	/*
	 * On parole one takes over an abandoned piece if it is untouched;
	 * others as a last resort, or all on parole could wait for ever.
	 */
	return !peer->parole || (pp->owner == 0 &&
	    (step == STEP_ANY || pp->nfree == pp->nblocks));
}

/* Blocks of begun pieces; of one priority only when pieces are shared. */
static uint32_t
pick_from_open(struct picker *p, const struct pick_peer *peer,
    enum pick_step step, uint32_t prio, struct pick *out, uint32_t n)
{
	struct pick_piece	*pp, *next;
	uint32_t		 got = 0;

	for (pp = TAILQ_FIRST(&p->open); pp != NULL && got < n; pp = next) {
		next = TAILQ_NEXT(pp, link);
		if (step == STEP_SHARED && begun_prio(p, pp) != prio)
			continue;
		begun_release_old(p, pp);
		if (!step_allows(p, step, pp, peer) ||
		    !pick_set_has(p, peer->has, pp->piece))
			continue;
		if (piece_on_trial(pp) && peer->fast)
			begun_own(p, pp, peer->id, true);
		else if (step == STEP_SHARED && (peer->fast || peer->parole))
			/* An abandoned piece finds a new owner. */
			begun_own(p, pp, peer->id, peer->parole);
		got += begun_take(p, pp, peer->id, out + got, n - got);
	}
	return got;
}

/* Does the peer have anything that is not begun? */
static bool
peer_has_unopened(const struct picker *p, const struct pick_peer *peer)
{
	uint32_t	i, open = 0;

	if (peer->has->bits == NULL)
		return peer->has->count != 0 && p->order.n > 0;
	for (i = 0; i < p->npieces; i++)
		if (bitfield_get(peer->has->bits, p->pieces[i]->piece) &&
		    !picker_skips(p, p->pieces[i]->piece))
			open++;
	return peer->wanted > open;
}

/* One as good as piece that was suggested to us, or piece. */
static uint32_t
pick_suggested(const struct picker *p, const struct pick_peer *peer,
    uint32_t piece)
{
	const struct pick_hint	*h;

	for (h = p->hints; h < p->hints + PICKER_HINTS; h++)
		if (h->id == peer->id && pick_set_has(p, peer->has, h->piece) &&
		    order_equal(&p->order, piece, h->piece))
			return h->piece;
	return piece;
}

/*
 * The neighbour of its last piece, if it is as good: disks like that.  What
 * few have others ask for as well just now, each a random piece: two that
 * met would walk on side by side and get the same from a seed.
 */
static uint32_t
pick_neighbour(const struct picker *p, const struct pick_peer *peer,
    uint32_t piece)
{
	uint32_t	next = peer->last + 1;
	uint32_t	have = order_peers(&p->order, piece);
	uint64_t	len = p->geom->piece_length;

	if (have < PICKER_COMMON && have < p->npeers)
		return piece;
	if (!peer->fast || peer->last >= p->geom->npieces - 1 ||
	    next * len / PICKER_EXTENT != peer->last * len / PICKER_EXTENT ||
	    !pick_set_has(p, peer->has, next) ||
	    !order_equal(&p->order, piece, next))
		return piece;
	return next;
}

static uint32_t
pick_of_class(struct picker *p, const struct pick_peer *peer, uint32_t class)
{
	uint32_t	piece;

	if (p->mode & PICKER_SEQUENTIAL) {
		piece = order_next(&p->order, class, peer->has->bits);
		if (piece != ORDER_NONE)
			return piece;
	} else if (p->done + p->npieces < PICKER_RANDOM_FIRST) {
		return order_random(&p->order, class, peer->has->bits);
	}
	piece = order_rarest(&p->order, class, peer->has->bits);
	if (piece == ORDER_NONE)
		return PICKER_NONE;
	if (p->hints != NULL)
		piece = pick_suggested(p, peer, piece);
	return pick_neighbour(p, peer, piece);
}

static uint32_t
pick_new_piece(struct picker *p, const struct pick_peer *peer, uint32_t prio)
{
	uint32_t	piece;

	if (!peer_has_unopened(p, peer))
		return PICKER_NONE;
	piece = pick_of_class(p, peer, 2 * prio + 1);
	return piece != PICKER_NONE ? piece :
	    pick_of_class(p, peer, 2 * prio);
}

static uint32_t
pick_from_new(struct picker *p, struct pick_peer *peer, uint32_t prio,
    uint32_t limit, struct pick *out, uint32_t n)
{
	uint32_t		 got = 0, piece, i, nopen;
	struct pick_piece	*pp;

	while (got < n && p->npieces < PICKER_OPEN_MAX) {
		for (nopen = 0, i = prio; i < ORDER_PRIOS; i++)
			nopen += p->nprio[i];
		/* Small pieces: never less than what a window holds. */
		if (nopen >= limit && TAILQ_FIRST(&p->open) != NULL)
			break;
		if ((piece = pick_new_piece(p, peer, prio)) == PICKER_NONE)
			break;
		pp = begun_open(p, piece);
		if (peer->fast || peer->parole)
			begun_own(p, pp, peer->id, peer->parole);
		peer->last = piece;
		got += begun_take(p, pp, peer->id, out + got, n - got);
	}
	return got;
}

/* Is there a block to ask for that someone here has? */
static bool
picker_has_free(const struct picker *p)
{
	const struct pick_piece	*pp;

	TAILQ_FOREACH(pp, &p->open, link)
		if (order_peers(&p->order, pp->piece) > 0 &&
		    !picker_skips(p, pp->piece))
			return true;
	return order_available(&p->order);
}

/* Every block to be had is asked for: ask once more, of an idle peer. */
static uint32_t
pick_endgame(struct picker *p, const struct pick_peer *peer, struct pick *out,
    uint32_t n)
{
	struct pick_piece	*pp;
	struct pick_block	*b;
	uint32_t		 got = 0, i;

	if (!peer->idle || peer->parole || picker_has_free(p))
		return 0;
	if (n > PICKER_ENDGAME)
		n = PICKER_ENDGAME;
	TAILQ_FOREACH(pp, &p->busy, link) {
		begun_release_old(p, pp);
		if (pp->alone || picker_skips(p, pp->piece) ||
		    !pick_set_has(p, peer->has, pp->piece))
			continue;
		for (i = 0; i < pp->nblocks && got < n; i++) {
			b = &pp->blocks[i];
			if (b->state != BLOCK_ASKED || b->asker[1] != 0 ||
			    block_asked_of(b, peer->id))
				continue;
			block_ask_again(p, b, peer->id);
			out[got++] = (struct pick){ .piece = pp->piece,
			    .block = i };
		}
		if (got == n)
			break;
	}
	return got;
}

/* Blocks of pp that were asked for wait ms ago and did not come. */
static uint32_t
begun_take_late(struct picker *p, struct pick_piece *pp,
    const struct pick_peer *peer, uint64_t wait, struct pick *out, uint32_t n)
{
	struct pick_block	*b;
	uint32_t		 got = 0, i;

	for (i = 0; i < pp->nblocks && got < n; i++) {
		b = &pp->blocks[i];
		if (b->state != BLOCK_ASKED || block_asked_of(b, peer->id) ||
		    (uint32_t)p->now - b->asked < wait)
			continue;
		if (p->credit < PICKER_LATE_SHARE)
			break;
		p->credit -= PICKER_LATE_SHARE;
		out[got++] = (struct pick){ .piece = pp->piece, .block = i,
		    .instead = block_ask_again(p, b, peer->id) };
	}
	return got;
}

/*
 * Pieces that wait for their last blocks, longest first.  Each is looked
 * into once a second at most, and only by peers that could have sent its
 * blocks several times meanwhile.
 */
static uint32_t
pick_late(struct picker *p, const struct pick_peer *peer, struct pick *out,
    uint32_t n)
{
	struct pick_piece	*pp = TAILQ_FIRST(&p->busy);
	uint32_t		 got = 0, look;
	uint64_t		 wait;

	if (peer->rate == 0 || peer->parole || pp == NULL)
		return 0;
	if (p->now >= p->credit_at + PICKER_LATE_CREDIT_MS) {
		p->credit_at = p->now;
		if (p->credit < PICKER_LATE_SHARE)
			p->credit = PICKER_LATE_SHARE;
	}
	wait = PICKER_LATE_FACTOR * (peer->outstanding + 1ULL) * BLOCK_SIZE *
	    1000 / peer->rate;
	if (wait < PICKER_LATE_MS)
		wait = PICKER_LATE_MS;
	if (n > PICKER_ENDGAME)
		n = PICKER_ENDGAME;
	for (look = 0; pp != NULL && got < n && look < PICKER_LATE_LOOK;
	    pp = TAILQ_NEXT(pp, link)) {
		if (p->now < pp->busy_at + PICKER_LATE_MS)
			break;
		begun_release_old(p, pp);
		if (p->now < pp->late_at || pp->alone ||
		    picker_skips(p, pp->piece) ||
		    !pick_set_has(p, peer->has, pp->piece))
			continue;
		look++;
		got += begun_take_late(p, pp, peer, wait, out + got, n - got);
		if (got < n)
			pp->late_at = p->now + 1000;
	}
	return got;
}

uint32_t
picker_pick(struct picker *p, const struct pick_peer *from, uint32_t npeers,
    uint64_t now, struct pick *out, uint32_t n)
{
	struct pick_peer	peer = *from;
	uint32_t		limit = PICKER_OPEN_BASE + npeers + npeers / 2;
	uint32_t		got, prio;

	p->now = now;
	p->npeers = npeers;
	if (n == 0 || peer.wanted == 0)
		return 0;
	got = pick_late(p, &peer, out, n);
	got += pick_from_open(p, &peer, STEP_OWN, 0, out + got, n - got);
	for (prio = ORDER_PRIOS; prio-- > 0 && got < n; ) {
		if (p->nprio[prio] > 0)
			got += pick_from_open(p, &peer, STEP_SHARED, prio,
			    out + got, n - got);
		got += pick_from_new(p, &peer, prio, limit, out + got,
		    n - got);
	}
	if (got < n)
		got += pick_from_open(p, &peer, STEP_ANY, 0, out + got,
		    n - got);
	/* Who has none of the begun pieces (their peers left) may begin. */
	for (prio = ORDER_PRIOS; prio-- > 0 && got == 0; )
		got = pick_from_new(p, &peer, prio, PICKER_OPEN_MAX, out, n);
	if (got == 0)
		got = pick_endgame(p, &peer, out, n);
	return got;
}

uint32_t
picker_pick_among(struct picker *p, const struct pick_peer *peer,
    const uint32_t *pieces, uint32_t npieces, uint64_t now, struct pick *out,
    uint32_t n)
{
	struct pick_piece	*pp;
	uint32_t		 got = 0, i;

	p->now = now;
	/* On parole one takes whole pieces, which this need not become. */
	for (i = 0; i < npieces && got < n && !peer->parole; i++) {
		if (!picker_lacks(p, pieces[i]) ||
		    !pick_set_has(p, peer->has, pieces[i]))
			continue;
		pp = begun_find(p, pieces[i]);
		if (pp == NULL && p->npieces < PICKER_OPEN_MAX)
			pp = begun_open(p, pieces[i]);
		if (pp == NULL || piece_on_trial(pp) ||
		    !step_allows(p, STEP_ANY, pp, peer))
			continue;
		got += begun_take(p, pp, peer->id, out + got, n - got);
	}
	return got;
}

void
picker_suggest(struct picker *p, uint32_t id, uint32_t piece)
{
	uint32_t	i, at, same = 0;

	if (piece >= p->geom->npieces || !picker_lacks(p, piece))
		return;
	if (p->hints == NULL)
		p->hints = xcalloc(PICKER_HINTS, sizeof(*p->hints));
	at = p->next_hint;
	/* Who suggests much gives up what it said first. */
	for (i = 0; i < PICKER_HINTS; i++) {
		struct pick_hint	*h = &p->hints[(at + i) % PICKER_HINTS];

		if (h->id == id && h->piece == piece)
			return;
		if (h->id == id && ++same == PICKER_HINTS_PEER) {
			*h = (struct pick_hint){ id, piece };
			return;
		}
	}
	p->hints[at] = (struct pick_hint){ id, piece };
	p->next_hint = (at + 1) % PICKER_HINTS;
}
