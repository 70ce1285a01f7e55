/* SPDX-License-Identifier: ISC */
#include "disk_data.h"

#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "barred.h"
#include "bitfield.h"
#include "block_io.h"
#include "chan.h"
#include "check.h"
#include "content.h"
#include "digest.h"
#include "disk.h"
#include "lane.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "metainfo.h"
#include "report.h"
#include "scrub.h"
#include "tally.h"

#define BLOCKS_MAX	256U	/* of a message: msg.def */
#define HAVE_PAGE	32768U	/* bytes of a data_have, a data_barred */

static void	disk_on_data_open(struct chan *, const struct msg_data_open *,
		    void *);
static void	disk_on_data_close(struct chan *,
		    const struct msg_data_close *, void *);
static void	disk_on_data_write(struct chan *,
		    const struct msg_data_write *, void *);
static void	disk_on_data_read(struct chan *, const struct msg_data_read *,
		    void *);
static void	disk_on_data_digest(struct chan *,
		    const struct msg_data_digest *, void *);
static void	disk_on_data_map(struct chan *, const struct msg_data_map *,
		    void *);
static void	tell_verdicts(void *);

const union msg_fn disk_data_fns[MSG_COUNT] = {
	[MSG_DATA_OPEN] = { .data_open = disk_on_data_open },
	[MSG_DATA_CLOSE] = { .data_close = disk_on_data_close },
	[MSG_DATA_WRITE] = { .data_write = disk_on_data_write },
	[MSG_DATA_READ] = { .data_read = disk_on_data_read },
	[MSG_DATA_DIGEST] = { .data_digest = disk_on_data_digest },
	[MSG_DATA_MAP] = { .data_map = disk_on_data_map },
	[MSG_META_OPEN] = { .meta_open = meta_on_open },
	[MSG_META_CLOSE] = { .meta_close = meta_on_close },
	[MSG_META_WRITE] = { .meta_write = meta_on_write },
	[MSG_META_READ] = { .meta_read = meta_on_read },
};

void
disk_data_init(struct disk *d)
{
	plane_init(d);
	piece_set_init(&d->pieces);
	d->digest = digest_new();
	d->lane = lane_new(d);
	d->tell = loop_timer_new(d->loop, tell_verdicts, d);
	d->blocks = xcalloc(BLOCKS_MAX, sizeof(*d->blocks));
	d->results = xcalloc(BLOCKS_MAX, sizeof(*d->results));
	d->verdicts = xcalloc(BLOCKS_MAX, sizeof(*d->verdicts));
}

void
disk_data_lost(struct disk *d, const struct content *t, uint32_t piece)
{
	struct msg_data_lost	 m = { .torrent = t->id, .piece = piece };
	struct chan		*peer = d->planes[PLANE_PEER].chan;

	if (t->open && peer != NULL)
		chan_send(peer, MSG_DATA_LOST, &m);
}

void
disk_data_forget(struct disk *d, struct content *t)
{
	t->open = false;
	meta_forget(d, t);
	piece_close_torrent(&d->pieces, t->id);
}

/* ---- open and close ---- */

/* Bytes of the page of a set of pieces that begins at its byte i. */
static uint32_t
page_len(size_t size, size_t i)
{
	return size - i < HAVE_PAGE ? (uint32_t)(size - i) : HAVE_PAGE;
}

static void
send_barred(struct chan *c, const struct content *t)
{
	struct msg_data_barred	 m = { .torrent = t->id };
	size_t			 i, size = bitfield_size(t->geom.npieces);

	for (i = 0; t->bars != NULL && i < size; i += m.bits.len) {
		m.first = (uint32_t)i;
		m.bits.p = t->bars->pieces + i;
		m.bits.len = page_len(size, i);
		chan_send(c, MSG_DATA_BARRED, &m);
	}
	if (t->bars == NULL)
		chan_send(c, MSG_DATA_BARRED, &m);
}

void
disk_data_barred(struct disk *d, const struct content *t)
{
	struct chan	*peer = d->planes[PLANE_PEER].chan;

	if (t->open && peer != NULL)
		send_barred(peer, t);
}

static void
send_have(struct chan *c, const struct content *t, uint32_t serial)
{
	struct msg_data_have	 m = { .torrent = t->id, .serial = serial };
	struct msg_data_open_end end = { .torrent = t->id, .serial = serial,
		.barred = t->bars != NULL };
	size_t			 i, size;

	size = bitfield_size(t->geom.npieces);
	for (i = 0; i < size; i += m.bits.len) {
		m.first = (uint32_t)i;
		m.bits.p = t->have + i;
		m.bits.len = page_len(size, i);
		chan_send(c, MSG_DATA_HAVE, &m);
	}
	if (end.barred)
		send_barred(c, t);
	chan_send(c, MSG_DATA_OPEN_END, &end);
}

static void
disk_on_data_open(struct chan *c, const struct msg_data_open *m, void *arg)
{
	struct msg_data_open_failed	 failed = {
		.torrent = m->torrent,
		.serial = m->serial,
	};
	struct disk			*d = ((struct plane *)arg)->disk;
	struct content			*t = content_find(d, m->torrent);

	if (t != NULL) {
		disk_data_forget(d, t);
		if (t->state != DSTATE_MOVING)
			admit_open(d, t);
	}
	if (t == NULL || t->magnet != NULL || !content_usable(t) ||
	    t->removing || d->stopping || (!content_complete(t) &&
	    barred_kind(t) != BARRED_ALL && !t->made &&
	    (content_load(d, t) == NULL || block_make_empty(d, t) == -1)))
		chan_send(c, MSG_DATA_OPEN_FAILED, &failed);
	else {
		t->open = true;
		send_have(c, t, m->serial);
	}
	chan_pause(c, chan_full(c));
}

static void
disk_on_data_close(struct chan *c, const struct msg_data_close *m, void *arg)
{
	struct disk	*d = ((struct plane *)arg)->disk;
	struct content	*t = content_find(d, m->torrent);

	(void)c;
	if (t == NULL)
		return;
	disk_data_forget(d, t);
	if (!t->clean && t->magnet == NULL)
		content_dirty(d, t, CONTENT_SAVE_MS);
}

/* Checks on the same device step back. */
static void
note_transfer(struct disk *d, const struct content *t)
{
	if (!check_idle(d))
		sched_transfer(sched_device(&d->sched, content_dev(d, t)),
		    loop_now(d->loop));
}

/* ---- what may be asked ---- */

/*
 * A sibling breaks the rules if it names a slot that is not there or twice, or
 * bytes that are not in the torrent.  It may name a torrent that has just
 * gone.  Returns NULL or what is wrong.
 */
static const char *
check_blocks(struct plane *plane, const struct rec_block *b, uint32_t n,
    bool whole)
{
	const struct content	*t = NULL;
	const char		*why;
	uint32_t		 i;

	plane_mark_begin(plane);
	for (i = 0; i < n; i++, b++) {
		if ((why = plane_mark(plane, b->slot)) != NULL)
			return why;
		if (t == NULL || t->id != b->torrent)
			t = content_find(plane->disk, b->torrent);
		if (t == NULL)
			continue;
		if (!geom_has(&t->geom, b->piece, b->begin, b->length))
			return "a block outside the torrent";
		if (whole && (b->begin % BLOCK_SIZE != 0 || b->length !=
		    geom_block_len(&t->geom, b->piece, b->begin / BLOCK_SIZE)))
			return "a piece of a block";
	}
	return NULL;
}

static int
block_cmp(const void *pa, const void *pb)
{
	const struct rec_block	*a = pa, *b = pb;

	if (a->torrent != b->torrent)
		return a->torrent < b->torrent ? -1 : 1;
	if (a->piece != b->piece)
		return a->piece < b->piece ? -1 : 1;
	return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/*
 * Blocks of several peers come mixed; in order they make long runs.  The
 * answers go by slot, so their order is free.
 */
static const struct rec_block *
in_order(struct disk *d, const struct rec_block *b, uint32_t n)
{
	uint32_t	i;

	for (i = 1; i < n && block_cmp(&b[i - 1], &b[i]) <= 0; i++)
		continue;
	if (i >= n)
		return b;
	memcpy(d->blocks, b, n * sizeof(*b));
	qsort(d->blocks, n, sizeof(*b), block_cmp);
	return d->blocks;
}

static void
answer(struct rec_slot_result *r, const struct rec_block *b,
    enum slot_status status)
{
	r->slot = b->slot;
	r->gen = b->gen;
	r->status = (uint8_t)status;
}

/* ---- writing ---- */

static void
tell_verdicts(void *arg)
{
	struct disk		*d = arg;
	struct chan		*peer = d->planes[PLANE_PEER].chan;
	struct chan		*tracker = d->planes[PLANE_TRACKER].chan;
	struct msg_data_pieces	 m = {
		.pieces = { d->verdicts, d->nverdicts } };
	uint32_t		 i, n = 0;

	if (peer != NULL && d->nverdicts > 0)
		chan_send(peer, MSG_DATA_PIECES, &m);
	for (i = 0; i < d->nverdicts; i++)
		if (d->verdicts[i].seeded)
			d->verdicts[n++] = d->verdicts[i];
	m.pieces.n = n;
	if (tracker != NULL && n > 0)
		chan_send(tracker, MSG_DATA_PIECES, &m);
	d->nverdicts = 0;
}

static void
piece_done(struct disk *d, struct content *t, struct piece *p)
{
	struct rec_piece_result	*v;
	uint8_t			 digest[SHA1_LEN];

	if (d->nverdicts == BLOCKS_MAX)
		tell_verdicts(d);
	v = &d->verdicts[d->nverdicts++];
	piece_digest(p, digest);
	v->torrent = t->id;
	v->piece = p->index;
	v->seeded = p->owner == PLANE_TRACKER;
	v->good = memcmp(digest, t->files->mi->pieces +
	    (size_t)p->index * SHA1_LEN, SHA1_LEN) == 0;
	if (v->good)
		content_set_have(d, t, p->index);
	else
		log_debug("torrent %u: piece %u is bad", t->id, p->index);
	piece_close(&d->pieces, p);
	if (v->good && content_done(t)) {
		barred_free(t);
		scrub_repaired(d, t);
		report_progress(d, t);
	} else if (v->good)
		barred_progress(d, t);
	loop_timer_set(d->tell, 0);
}

void
disk_data_hashed(struct disk *d, struct piece *p)
{
	struct content	*t;

	if (!piece_ready(p))
		return;
	t = content_find(d, p->torrent);
	if (t == NULL || content_load(d, t) == NULL)
		piece_close(&d->pieces, p);
	else
		piece_done(d, t, p);
}

/*
 * Blocks that came before their turn are hashed when the cursor has reached
 * them; they are still in the page cache.
 */
static void
piece_catch_up(struct disk *d, struct content *t, uint32_t index)
{
	struct piece	*p;
	struct iovec	 iov;
	uint8_t		*run;
	uint64_t	 pos;
	uint32_t	 n;

	while ((p = piece_find(&d->pieces, t->id, index)) != NULL &&
	    (n = piece_ahead(p)) > 0) {
		if (n > LANE_RUN)
			n = LANE_RUN;
		pos = (uint64_t)index * t->geom.piece_length + p->cursor;
		/* The iov moves along with what is read. */
		iov.iov_base = run = lane_take(d->lane);
		iov.iov_len = n;
		if (block_read(d, t, pos, &iov, 1) < n) {
			lane_give(d->lane, run);
			piece_close(&d->pieces, p);
			return;
		}
		if (!lane_hash(d->lane, p, run, n))
			return;
	}
}

/*
 * What to say of a block without a look at its bytes; SLOT_OK: take it.  Of
 * a piece that both send, peer's blocks count.
 */
static enum slot_status
judge(struct plane *plane, struct content *t, const struct rec_block *b)
{
	struct disk	*d = plane->disk;
	struct piece	*p;

	if (t == NULL || !t->open)
		return SLOT_UNWANTED;
	if (t->state != DSTATE_READY || barred_piece(t, b->piece))
		return SLOT_FAILED;
	if (bitfield_get(t->have, b->piece))
		return SLOT_UNWANTED;
	p = piece_find(&d->pieces, t->id, b->piece);
	if (p != NULL && p->owner != plane->of)
		return plane->of == PLANE_PEER ? SLOT_OK : SLOT_UNWANTED;
	if (p != NULL && piece_holds(p, b->begin / BLOCK_SIZE))
		return SLOT_UNWANTED;
	return SLOT_OK;
}

/* The piece to put a block into, which judge() lets in; NULL: no more. */
static struct piece *
writable(struct plane *plane, const struct content *t, uint32_t index)
{
	struct piece_set	*set = &plane->disk->pieces;
	struct piece		*p = piece_find(set, t->id, index);

	if (p != NULL && p->owner != plane->of) {
		piece_close(set, p);
		p = NULL;
	}
	if (p == NULL)
		p = piece_open(set, t->id, index,
		    geom_piece_size(&t->geom, index), plane->of);
	return p;
}

/*
 * Store n blocks that follow one another in a piece.  They are copied once;
 * nothing looks at the slots after that, for the sender can still change them.
 */
static void
store_run(struct plane *plane, struct content *t, const struct rec_block *b,
    uint32_t n, struct rec_slot_result *r)
{
	struct disk	*d = plane->disk;
	uint8_t		*run = lane_take(d->lane);
	struct piece	*p;
	uint32_t	 i, good = 0;
	size_t		 len = 0, done, end = 0;

	for (i = 0; i < n; i++) {
		memcpy(run + len, arena_slot(&plane->arena, b[i].slot),
		    b[i].length);
		len += b[i].length;
	}
	p = writable(plane, t, b->piece);
	done = p == NULL ? 0 : block_write(d, t, (uint64_t)b->piece *
	    t->geom.piece_length + b->begin, run, len, p->cursor != b->begin);
	tally_written(d, t, done);
	for (i = 0, len = 0; i < n; i++) {
		end += b[i].length;
		answer(&r[i], &b[i], end <= done ? SLOT_OK : SLOT_FAILED);
		if (end <= done) {
			good++;
			len = end;
		}
	}
	if (good > 0)
		piece_hold(p, b->begin / BLOCK_SIZE, good);
	if (good == 0 || p->cursor != b->begin)
		lane_give(d->lane, run);
	else
		lane_hash(d->lane, p, run, (uint32_t)len);
	if (good > 0)
		piece_catch_up(d, t, b->piece);
}

/* Blocks from b on that can be stored at once. */
static uint32_t
run_length(struct plane *plane, struct content *t, const struct rec_block *b,
    uint32_t n)
{
	uint32_t	i, len = b->length;

	for (i = 1; i < n; i++) {
		if (b[i].torrent != b->torrent || b[i].piece != b->piece ||
		    b[i].begin != b->begin + len ||
		    len + b[i].length > LANE_RUN ||
		    judge(plane, t, &b[i]) != SLOT_OK)
			break;
		len += b[i].length;
	}
	return i;
}

static void
send_results(struct disk *d, struct chan *c, uint32_t n)
{
	struct msg_data_written	m = { .slots = { d->results, n } };

	chan_send(c, MSG_DATA_WRITTEN, &m);
	chan_pause(c, chan_full(c));
}

static void
disk_on_data_write(struct chan *c, const struct msg_data_write *m, void *arg)
{
	const struct rec_block	*b = m->blocks.v;
	struct plane		*plane = arg;
	struct disk		*d = plane->disk;
	struct content		*t = NULL;
	enum slot_status	 status;
	const char		*why;
	uint32_t		 i, k, n = m->blocks.n;

	if ((why = check_blocks(plane, b, n, true)) != NULL) {
		plane_on_closed(c, why, plane);
		return;
	}
	b = in_order(d, b, n);
	for (i = 0; i < n; i += k) {
		k = 1;
		if (t == NULL || t->id != b[i].torrent)
			t = content_find(d, b[i].torrent);
		status = judge(plane, t, &b[i]);
		if (status == SLOT_OK && content_load(d, t) == NULL)
			status = SLOT_FAILED;
		if (status == SLOT_OK) {
			k = run_length(plane, t, &b[i], n - i);
			note_transfer(d, t);
			store_run(plane, t, &b[i], k, &d->results[i]);
		} else
			answer(&d->results[i], &b[i], status);
	}
	send_results(d, c, n);
}

/* ---- reading ---- */

/* Only what is verified is served. */
static bool
may_serve(const struct content *t, const struct rec_block *b)
{
	return t != NULL && !t->removing && t->state != DSTATE_ERROR &&
	    bitfield_get(t->have, b->piece);
}

static uint64_t
block_pos(const struct content *t, const struct rec_block *b)
{
	return (uint64_t)b->piece * t->geom.piece_length + b->begin;
}

/* Serve blocks that follow one another in the torrent; returns how many. */
static uint32_t
serve_run(struct plane *plane, struct content *t, const struct rec_block *b,
    uint32_t n, struct rec_slot_result *r)
{
	struct disk	*d = plane->disk;
	struct iovec	iov[BLOCKS_MAX];
	uint64_t	pos = block_pos(t, b), end = pos;
	size_t		got = 0, sum = 0;
	uint32_t	i, k;

	for (k = 0; k < n; k++) {
		if (b[k].torrent != t->id || block_pos(t, &b[k]) != end ||
		    !may_serve(t, &b[k]))
			break;
		iov[k].iov_base = arena_slot(&plane->arena, b[k].slot);
		iov[k].iov_len = b[k].length;
		end += b[k].length;
	}
	note_transfer(d, t);
	if (content_load(d, t) != NULL)
		got = block_read(d, t, pos, iov, (int)k);
	tally_read(d, t, got);
	for (i = 0; i < k; i++) {
		sum += b[i].length;
		answer(&r[i], &b[i], sum <= got ? SLOT_OK : SLOT_FAILED);
	}
	return k;
}

static void
disk_on_data_read(struct chan *c, const struct msg_data_read *m, void *arg)
{
	struct msg_data_read_done	 done;
	const struct rec_block		*b = m->blocks.v;
	struct plane			*plane = arg;
	struct disk			*d = plane->disk;
	struct content			*t = NULL;
	const char			*why;
	uint32_t			 i, k, n = m->blocks.n;

	if ((why = check_blocks(plane, b, n, false)) != NULL) {
		plane_on_closed(c, why, plane);
		return;
	}
	b = in_order(d, b, n);
	for (i = 0; i < n; i += k) {
		k = 1;
		if (t == NULL || t->id != b[i].torrent)
			t = content_find(d, b[i].torrent);
		if (may_serve(t, &b[i]))
			k = serve_run(plane, t, &b[i], n - i, &d->results[i]);
		else
			answer(&d->results[i], &b[i], SLOT_FAILED);
	}
	done.slots.v = d->results;
	done.slots.n = n;
	chan_send(c, MSG_DATA_READ_DONE, &done);
	chan_pause(c, chan_full(c));
}

static void
disk_on_data_digest(struct chan *c, const struct msg_data_digest *m,
    void *arg)
{
	digest_answer(((struct plane *)arg)->disk, c, m);
}

static void
disk_on_data_map(struct chan *c, const struct msg_data_map *m, void *arg)
{
	web_map(((struct plane *)arg)->disk, c, m);
}
