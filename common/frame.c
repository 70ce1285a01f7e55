/* SPDX-License-Identifier: ISC */
#include "frame.h"

struct walk {
	const uint8_t	*p, *end;
	uint64_t	 elements;	/* declared so far */
	size_t		 limit;		/* bytes of the frame */
	uint32_t	 left[FRAME_DEPTH_MAX];
	uint32_t	 depth;
};

static int
walk_number(struct walk *w, uint32_t nbytes, uint32_t *v)
{
	if ((size_t)(w->end - w->p) < nbytes)
		return -1;
	for (*v = 0; nbytes > 0; nbytes--)
		*v = *v << 8 | *w->p++;
	return 0;
}

static int
walk_skip(struct walk *w, uint32_t n)
{
	if ((size_t)(w->end - w->p) < n)
		return -1;
	w->p += n;
	return 0;
}

/* Open an array; an empty one is over at once. */
static int
walk_array(struct walk *w, uint32_t n)
{
	w->elements += n;
	if (w->elements > w->limit)
		return -1;
	if (n == 0)
		return 0;
	if (w->depth == FRAME_DEPTH_MAX)
		return -1;
	w->left[w->depth++] = n;
	return 0;
}

/* One value: only the types that the table uses are let through. */
static int
walk_value(struct walk *w)
{
	uint32_t	n;
	uint8_t		c = *w->p++;

	if (c <= 0x7f)				/* positive fixint */
		return 0;
	if ((c & 0xf0) == 0x90)			/* fixarray */
		return walk_array(w, c & 0x0f);
	if ((c & 0xe0) == 0xa0)			/* fixstr */
		return walk_skip(w, c & 0x1f);
	switch (c) {
	case 0xc2:				/* false, true */
	case 0xc3:
		return 0;
	case 0xc4:				/* bin 8, 16, 32 */
	case 0xc5:
	case 0xc6:
		if (walk_number(w, 1U << (c - 0xc4), &n) == -1)
			return -1;
		return walk_skip(w, n);
	case 0xcc:				/* uint 8, 16, 32, 64 */
	case 0xcd:
	case 0xce:
	case 0xcf:
		return walk_skip(w, 1U << (c - 0xcc));
	case 0xd9:				/* str 8, 16, 32 */
	case 0xda:
	case 0xdb:
		if (walk_number(w, 1U << (c - 0xd9), &n) == -1)
			return -1;
		return walk_skip(w, n);
	case 0xdc:				/* array 16, 32 */
	case 0xdd:
		if (walk_number(w, c == 0xdc ? 2 : 4, &n) == -1)
			return -1;
		return walk_array(w, n);
	default:
		return -1;
	}
}

size_t
frame_length(const uint8_t *buf, size_t len)
{
	struct walk	w = { .p = buf, .end = buf + len, .limit = len };

	do {
		if (w.p == w.end)
			return 0;
		if (w.depth > 0)
			w.left[w.depth - 1]--;
		if (walk_value(&w) == -1)
			return 0;
		while (w.depth > 0 && w.left[w.depth - 1] == 0)
			w.depth--;
	} while (w.depth > 0);
	return (size_t)(w.p - buf);
}
