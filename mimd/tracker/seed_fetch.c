/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "child.h"
#include "hosts.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "seed.h"

/* A span of pieces: its files one after another, each by a request. */

static void	 next_part(struct seed_span *);
static void	 hop(struct seed_span *);
static void	 on_header(struct transfer *, const char *, size_t);
static size_t	 on_body(struct transfer *, const uint8_t *, size_t);
static void	 on_end(struct transfer *, const char *);

static const struct transfer_sink sink = {
	.header = on_header, .body = on_body, .end = on_end
};

static struct seeds *
seeds_of(const struct seed_span *sp)
{
	return sp->seed->torrent->seeds;
}

static uint64_t
now_of(const struct seed_span *sp)
{
	return loop_now(seeds_of(sp)->child->loop);
}

static void
set_state(struct seed_span *sp, enum span_state state)
{
	sp->state = state;
	sp->since = now_of(sp);
}

static void
parts_clear(struct seed_span *sp)
{
	while (sp->nparts > 0)
		free(sp->parts[--sp->nparts].path);
	sp->part = 0;
	sp->done = 0;
}

void
span_stop(struct seed_span *sp)
{
	if (sp->transfer != NULL) {
		hosts_cancel(&sp->transfer->wait);
		transfer_free(sp->transfer);
	}
	sp->transfer = NULL;
	if (sp->slot != SEED_SLOT_NONE)
		seed_slot_give(seeds_of(sp), sp->slot);
	sp->slot = SEED_SLOT_NONE;
	parts_clear(sp);
}

/* Bytes of the part in hand that are still to come. */
static uint64_t
part_left(const struct seed_span *sp)
{
	uint64_t	left = sp->parts[sp->part].length - sp->done;

	return left < sp->end - sp->pos ? left : sp->end - sp->pos;
}

/* ---- into slots ---- */

/* Bytes, or zeros (p NULL), that come next; how many found room. */
static size_t
put(struct seed_span *sp, const uint8_t *p, size_t len)
{
	const struct geom	*g = &sp->seed->torrent->geom;
	struct seeds		*s = seeds_of(sp);
	uint32_t		 piece, begin, size;
	size_t			 n, done = 0;
	uint8_t			*to;

	while (done < len) {
		if (sp->slot == SEED_SLOT_NONE &&
		    (sp->slot = seed_slot_take(s)) == SEED_SLOT_NONE)
			break;
		piece = (uint32_t)(sp->pos / g->piece_length);
		begin = (uint32_t)(sp->pos % g->piece_length) - sp->fill;
		size = geom_block_len(g, piece, begin / BLOCK_SIZE);
		n = size - sp->fill;
		if (n > len - done)
			n = len - done;
		to = arena_slot(&s->arena, sp->slot) + sp->fill;
		if (p == NULL)
			memset(to, 0, n);
		else
			memcpy(to, p + done, n);
		done += n;
		sp->done += n;
		sp->pos += n;
		sp->fill += (uint32_t)n;
		if (sp->fill < size)
			break;
		seed_slot_write(sp, sp->slot, piece, begin, size);
		sp->slot = SEED_SLOT_NONE;
		sp->fill = 0;
	}
	return done;
}

/* ---- the end of a request ---- */

/* The file is of no use there: others of the torrent may be. */
static void
absent(struct seed_span *sp, const char *why)
{
	const struct seed_part	*p = &sp->parts[sp->part];
	const struct geom	*g = &sp->seed->torrent->geom;
	uint64_t		 start = sp->pos - (p->offset + sp->done);
	uint32_t		 first = (uint32_t)(start / g->piece_length);
	uint32_t		 last = (uint32_t)((start + p->size - 1) /
				    g->piece_length);

	if (start > sp->pos || last >= g->npieces ||
	    (first == 0 && last == g->npieces - 1)) {
		seed_fail(sp->seed, why, 0);
		span_over(sp);
		return;
	}
	log_debug("torrent %u: web seed %u: %s: %s", sp->seed->torrent->id,
	    sp->seed->index, why, p->path);
	span_over_avoid(sp, first, last - first + 1);
}

static void
failed(struct seed_span *sp, const char *why)
{
	char	text[HTTP_ERROR_MAX];

	snprintf(text, sizeof(text), "%s: %s", sp->transfer != NULL ?
	    sp->transfer->url.host : sp->seed->base->host, why);
	seed_fail(sp->seed, text, sp->answer.retry);
	span_over(sp);
}

static void
judge(struct seed_span *sp)
{
	long	status = transfer_status(sp->transfer);

	if (sp->judged_head)
		return;
	sp->judged_head = true;
	sp->refused = NULL;
	sp->verdict = range_judge(&sp->answer, status, &sp->want,
	    &sp->refused);
	if (sp->verdict == RANGE_SKIP)
		sp->skip = sp->want.first;
}

static void
on_end(struct transfer *t, const char *error)
{
	struct seed_span	*sp = t->owner;
	const char		*why;
	char			 text[32];

	if (error != NULL && !sp->enough)
		hosts_doubt(seeds_of(sp)->hosts, t->url.host);
	if (error == NULL && t->redirect[0] != '\0') {
		if ((why = transfer_redirect(t)) == NULL)
			hop(sp);
		else
			failed(sp, why);
		return;
	}
	if (!sp->judged_head && error == NULL)
		judge(sp);
	if (part_left(sp) == 0 && (error == NULL || sp->enough)) {
		transfer_free(t);
		sp->transfer = NULL;
		sp->part++;
		sp->done = 0;
		next_part(sp);
		return;
	}
	if (sp->judged_head && sp->verdict == RANGE_ABSENT) {
		absent(sp, sp->refused);
		return;
	}
	if (sp->judged_head && sp->verdict == RANGE_FAILED) {
		snprintf(text, sizeof(text), "HTTP %ld", t->status);
		failed(sp, sp->refused != NULL ? sp->refused : text);
		return;
	}
	failed(sp, error != NULL && !sp->enough ? error :
	    "the answer was cut short");
}

/* ---- its bytes ---- */

static void
on_header(struct transfer *t, const char *line, size_t len)
{
	struct seed_span	*sp = t->owner;

	range_header(&sp->answer, line, len);
}

/* libcurl gives all of it again after a pause: taken says what was used. */
static size_t
on_body(struct transfer *t, const uint8_t *p, size_t len)
{
	struct seed_span	*sp = t->owner;
	uint64_t		 left;
	size_t			 n, at;

	if (transfer_status(t) >= 300 && t->status <= 399)
		return (t->len += len) > HTTP_HEADER_MAX ? 0 : len;
	judge(sp);
	if (sp->verdict == RANGE_FAILED || sp->verdict == RANGE_ABSENT)
		return 0;
	at = sp->taken < len ? sp->taken : len;
	sp->taken -= at;
	n = sp->skip < len - at ? (size_t)sp->skip : len - at;
	sp->skip -= n;
	at += n;
	left = part_left(sp);
	n = len - at < left ? len - at : (size_t)left;
	if (n > 0 && seed_room(sp->seed) > 0) {
		left = n;
		n = put(sp, p + at, n);
		seed_got(sp->seed, n);
		sp->since = now_of(sp);
		at += n;
		if (n == left) {
			sp->enough = at < len;
			return sp->enough ? 0 : len;
		}
	} else if (n == 0) {
		sp->enough = at < len;
		return sp->enough ? 0 : len;
	}
	sp->taken += at;
	sp->held = true;
	return TRANSFER_PAUSE;
}

void
span_resume(struct seed_span *sp)
{
	sp->held = false;
	sp->since = now_of(sp);
	if (sp->transfer != NULL)
		transfer_resume(sp->transfer);
	else if (sp->state == SPAN_FETCH)
		next_part(sp);
}

/* ---- addresses ---- */

static void
on_host(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	struct transfer		*t = (struct transfer *)((char *)w -
				    offsetof(struct transfer, wait));
	struct seed_span	*sp = t->owner;
	const char		*why = error;

	memset(&sp->answer, 0, sizeof(sp->answer));
	sp->judged_head = sp->enough = false;
	sp->taken = 0;
	sp->skip = 0;
	set_state(sp, SPAN_FETCH);
	if (why == NULL)
		why = transfer_go(t, addrs, n);
	if (why != NULL)
		failed(sp, why);
}

/* Go to the transfer's URL: its addresses first. */
static void
hop(struct seed_span *sp)
{
	struct transfer	*t = sp->transfer;
	const char	*why;

	set_state(sp, SPAN_LOOKUP);
	if ((why = transfer_check_url(t)) != NULL)
		failed(sp, why);
	else
		hosts_ask(seeds_of(sp)->hosts, &t->wait, t->url.host, on_host,
		    now_of(sp));
}

/* ---- part by part ---- */

static void
request(struct seed_span *sp)
{
	const struct seed_part	*p = &sp->parts[sp->part];
	struct transfer		*t;

	t = transfer_new(seeds_of(sp)->fetcher, &sp->req);
	t->owner = sp;
	t->sink = &sink;
	if (range_url(&t->url, sp->seed->base, sp->single, p->path) == -1) {
		transfer_free(t);
		absent(sp, "has no URL for the file: it is too long");
		return;
	}
	sp->want = (struct range_want){ .first = p->offset + sp->done,
	    .last = p->offset + p->length - 1, .size = p->size };
	snprintf(t->range, sizeof(t->range), "%" PRIu64 "-%" PRIu64,
	    sp->want.first, sp->want.last);
	sp->transfer = t;
	hop(sp);
}

static void
next_part(struct seed_span *sp)
{
	const struct seed_part	*p;

	for (; sp->pos < sp->end; sp->part++, sp->done = 0) {
		if (sp->part == sp->nparts) {
			parts_clear(sp);
			set_state(sp, SPAN_MAP);
			seed_plane_map(sp, false);
			return;
		}
		p = &sp->parts[sp->part];
		if (!p->pad) {
			request(sp);
			return;
		}
		set_state(sp, SPAN_FETCH);
		put(sp, NULL, part_left(sp));
		if (part_left(sp) > 0) {
			sp->held = true;
			return;
		}
	}
	parts_clear(sp);
	set_state(sp, SPAN_JUDGE);
	span_fetched(sp);
	span_check_end(sp);
}

void
span_begin(struct seed_span *sp, uint32_t first, uint32_t n)
{
	const struct geom	*g = &sp->seed->torrent->geom;

	sp->first = first;
	sp->n = n;
	sp->pos = (uint64_t)first * g->piece_length;
	sp->end = sp->pos + (uint64_t)n * g->piece_length;
	if (sp->end > g->size)
		sp->end = g->size;
	set_state(sp, SPAN_MAP);
	seed_plane_map(sp, true);
}

void
span_on_parts(struct seed_span *sp, const struct msg_data_parts *m)
{
	const struct rec_part	*r;
	uint64_t		 left = sp->end - sp->pos;
	uint32_t		 i;

	sp->single = m->single;
	for (i = 0; i < m->parts.n; i++) {
		r = &m->parts.v[i];
		if (r->length > left || r->offset > r->size ||
		    r->length > r->size - r->offset)
			break;
		left -= r->length;
		sp->parts[sp->nparts++] = (struct seed_part){
			.offset = r->offset, .length = r->length,
			.size = r->size, .pad = r->pad,
			.path = xstrdup(r->path) };
	}
	if (i == m->parts.n && i > 0) {
		next_part(sp);
		return;
	}
	/* The torrent is not open, or closed meanwhile. */
	sp->seed->torrent->wait_until = now_of(sp) + SEED_WANT_MS;
	span_over(sp);
}

void
span_cut(struct seed_span *sp, uint32_t piece)
{
	const struct geom	*g = &sp->seed->torrent->geom;

	sp->n = piece - sp->first;
	sp->end = (uint64_t)piece * g->piece_length;
	if (sp->n == 0) {
		span_over(sp);
		return;
	}
	if (sp->pos < sp->end || sp->state == SPAN_JUDGE)
		return;		/* on_body() stops there */
	span_stop(sp);
	sp->pos = sp->end;
	next_part(sp);
}

void
span_check_end(struct seed_span *sp)
{
	if (sp->state == SPAN_JUDGE && sp->pending == 0 &&
	    sp->judged >= sp->n)
		span_free(sp);
}

void
span_tick(struct seed_span *sp, uint64_t now)
{
	uint64_t	age = now - sp->since;

	if (sp->held && seed_room(sp->seed) > 0 && seeds_of(sp)->nfree > 0)
		span_resume(sp);
	else if (sp->state == SPAN_JUDGE || sp->state == SPAN_MAP) {
		if (age >= SEED_JUDGE_MS)
			span_over(sp);
	} else if (sp->state == SPAN_LOOKUP) {
		if (age >= SEED_STALL_MS)
			failed(sp, "the name server does not answer");
	} else if (sp->state == SPAN_FETCH && !sp->held &&
	    age >= SEED_STALL_MS)
		failed(sp, transfer_timeout_text(sp->transfer));
}
