/* SPDX-License-Identifier: ISC */
/*
 * The peer wire parser: a stream cut at random places says the same as the
 * stream in one piece, and never asks for what it may not have.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "peer/ext.h"
#include "peer/wire.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct geom geom = { 1000 * 65536 - 7, 65536, 1000 };

struct stream {
	uint8_t		head[WIRE_HEAD_MAX];
	uint32_t	hlen, skip;
	uint64_t	sum;		/* of all messages seen */
	int		bad;
};

static void
check(const struct wire_msg *m, uint32_t hlen)
{
	if (m->size > hlen)
		abort();
	if (m->kind == WIRE_DATA && (m->length > WIRE_BLOCK_MAX ||
	    (m->length > 0 && !geom_has(&geom, m->piece, m->begin,
	    m->length))))
		abort();
	if (m->kind == WIRE_BITS &&
	    m->length != bitfield_size(geom.npieces))
		abort();
	if (m->port != 0 && (m->kind != WIRE_CONTROL || m->id != WIRE_PORT))
		abort();
	if (m->kind == WIRE_EXT && m->length > EXT_BODY_MAX)
		abort();
	if (m->kind == WIRE_SKIP && m->length > WIRE_SKIP_MAX)
		abort();
}

static void
stream_message(struct stream *s, const struct wire_msg *m)
{
	check(m, s->hlen);
	if (m->kind == WIRE_BAD) {
		s->bad = 1;
		return;
	}
	if (m->kind == WIRE_DATA || m->kind == WIRE_BITS ||
	    m->kind == WIRE_EXT || m->kind == WIRE_SKIP)
		s->skip = m->length;
	s->sum = s->sum * 31 + m->kind * 257U + m->id + m->piece +
	    m->begin + m->length + m->ext + m->port;
	s->hlen = 0;
}

static void
stream_feed(struct stream *s, const uint8_t *p, size_t n)
{
	struct wire_msg	m;
	size_t		k;

	while (!s->bad) {
		if (s->skip > 0) {
			k = s->skip < n ? s->skip : n;
			s->skip -= (uint32_t)k;
			p += k;
			n -= k;
			if (s->skip > 0)
				return;
		}
		wire_parse(s->head, s->hlen, &geom, &m);
		if (m.kind != WIRE_MORE) {
			stream_message(s, &m);
			continue;
		}
		if (m.need <= s->hlen || m.need > WIRE_HEAD_MAX)
			abort();
		k = m.need - s->hlen < n ? m.need - s->hlen : n;
		if (k == 0)
			return;
		memcpy(s->head + s->hlen, p, k);
		s->hlen += (uint32_t)k;
		p += k;
		n -= k;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream	whole = { .hlen = 0 }, cut = { .hlen = 0 };
	uint32_t	seed = 1;
	size_t		off = 0, k;

	if (size > 0)
		seed = data[0] | 1U;
	stream_feed(&whole, data, size);
	while (off < size) {
		seed = seed * 1103515245 + 12345;
		k = 1 + (seed >> 16) % 23;
		if (k > size - off)
			k = size - off;
		stream_feed(&cut, data + off, k);
		off += k;
	}
	if (whole.bad != cut.bad || whole.sum != cut.sum ||
	    whole.hlen != cut.hlen || whole.skip != cut.skip)
		abort();
	wire_handshake_check(data, size);
	return 0;
}
