/* SPDX-License-Identifier: ISC */
#ifndef GEN_H
#define GEN_H

#include <stdint.h>
#include <string.h>

#include "msg.h"

/*
 * Frames made of a fuzzer's bytes by the table of messages: all of them good,
 * with small numbers that meet again, and now and then a limit.
 */
struct gen {
	const uint8_t	*p;
	size_t		 left;
};

#define GEN_SIZE	32768	/* of a frame; lists and strings are short */
#define GEN_LIST_MAX	5
#define GEN_VALUES	6	/* that a number or a hash usually has */

static uint8_t
gen_byte(struct gen *g)
{
	if (g->left == 0)
		return 0;
	g->left--;
	return *g->p++;
}

static uint64_t
gen_uint(struct gen *g, uint64_t min, uint64_t max)
{
	uint64_t	v = gen_byte(g);
	int		i;

	if (v < 224)
		v = min + v % GEN_VALUES;
	else if (v < 240)
		v = max - v % 2;
	else
		for (i = 0; i < 8; i++)
			v = v << 8 | gen_byte(g);
	return v < min ? min : v > max ? max : v;
}

static size_t
gen_put(uint8_t *out, uint8_t head, uint64_t v, int bytes)
{
	int	i;

	out[0] = head;
	for (i = 0; i < bytes; i++)
		out[1 + i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return 1 + (size_t)bytes;
}

/* Bytes that repeat one: short as a rule, or as long as they may be. */
static size_t
gen_bytes(struct gen *g, uint8_t head, uint64_t min, uint64_t max,
    uint8_t *out)
{
	uint8_t	v = gen_byte(g);
	size_t	len = v < 240 ? v % 8 : max, n;

	len = len < min ? min : len > max ? max : len;
	len = len > GEN_SIZE / 8 ? GEN_SIZE / 8 : len;
	n = gen_put(out, head, len, 2);
	memset(out + n, 'a' + v % GEN_VALUES, len);
	return n + len;
}

static uint32_t
gen_count(const struct msg_field *f)
{
	uint32_t	n = 0;

	while (f[n].kind != FIELD_END)
		n++;
	return n;
}

static size_t
gen_fields(struct gen *g, const struct msg_field *f, uint8_t *out,
    size_t room)
{
	size_t		n = 0;
	uint32_t	i, count;

	for (; f->kind != FIELD_END; f++) {
		/* Out of room: the frame is not whole and is refused. */
		if (room - n < GEN_SIZE / 4)
			return n;
		switch (f->kind) {
		case FIELD_UINT:
			n += gen_put(out + n, 0xcf,
			    gen_uint(g, f->min, f->max), 8);
			break;
		case FIELD_FLAG:
			out[n++] = gen_byte(g) % 2 ? 0xc3 : 0xc2;
			break;
		case FIELD_STR:
			n += gen_bytes(g, 0xda, 0, f->max, out + n);
			break;
		case FIELD_HASH:
			n += gen_bytes(g, 0xc5, f->size, f->size, out + n);
			break;
		case FIELD_LIST:
			count = (uint32_t)gen_uint(g, 0, GEN_LIST_MAX);
			n += gen_put(out + n, 0xdc, count, 2);
			for (i = 0; i < count; i++) {
				n += gen_put(out + n, 0xdc,
				    gen_count(f->rec->fields), 2);
				n += gen_fields(g, f->rec->fields, out + n,
				    room - n);
			}
			break;
		default:
			n += gen_bytes(g, 0xc5, f->min, f->max, out + n);
			break;
		}
	}
	return n;
}

/* A frame of this type in out, GEN_SIZE bytes long; returns its length. */
static inline size_t
gen_frame(struct gen *g, enum msg_type type, uint8_t *out)
{
	const struct msg_desc	*d = msg_desc(type);
	size_t			 n;

	n = gen_put(out, 0xdc, 1 + gen_count(d->fields), 2);
	n += gen_put(out + n, 0xcf, type, 8);
	return n + gen_fields(g, d->fields, out + n, GEN_SIZE - n);
}

#endif /* GEN_H */
