/* SPDX-License-Identifier: ISC */
/*
 * The frames of the channels and of the control socket.  Seeds come from the
 * table itself: now and then the mutator starts over from a good frame of a
 * random message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

size_t	LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t	LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
	    unsigned int seed);
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
put_uint(uint8_t *p, uint64_t v)
{
	int	i;

	p[0] = 0xcf;
	for (i = 0; i < 8; i++)
		p[1 + i] = (uint8_t)(v >> (56 - 8 * i));
	return 9;
}

static size_t
put_bytes(uint8_t *p, uint8_t head, size_t len)
{
	p[0] = head;
	p[1] = (uint8_t)len;
	memset(p + 2, 'a', len);
	return len + 2;
}

/* Fields at their lower limits; lists of one record. */
static size_t
put_fields(uint8_t *p, const struct msg_field *f)
{
	const struct msg_field	*g;
	size_t			 n = 0;
	uint8_t			 count;

	for (; f->kind != FIELD_END; f++) {
		switch (f->kind) {
		case FIELD_UINT:
			n += put_uint(p + n, f->min);
			break;
		case FIELD_FLAG:
			p[n++] = 0xc2;
			break;
		case FIELD_STR:
			n += put_bytes(p + n, 0xd9, 3);
			break;
		case FIELD_LIST:
			for (g = f->rec->fields, count = 0;
			    g->kind != FIELD_END; g++)
				count++;
			p[n++] = 0x91;
			p[n++] = 0xdc;
			p[n++] = 0;
			p[n++] = count;
			n += put_fields(p + n, f->rec->fields);
			break;
		default:
			n += put_bytes(p + n, 0xc4, f->min);
			break;
		}
	}
	return n;
}

static size_t
put_message(uint8_t *p, uint32_t type)
{
	const struct msg_desc	*d = msg_desc(type);
	uint8_t			 count = 1;
	size_t			 n = 3;

	while (d->fields[count - 1].kind != FIELD_END)
		count++;
	p[0] = 0xdc;
	p[1] = 0;
	p[2] = count;
	n += put_uint(p + n, type);
	return n + put_fields(p + n, d->fields);
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
	uint8_t	frame[4096];
	size_t	len;

	if (size < 2 || seed % 16 == 0) {
		len = put_message(frame, seed / 16 % MSG_COUNT);
		if (len <= max) {
			memcpy(data, frame, len);
			size = len;
			if (seed % 32 == 0)
				return size;
		}
	}
	return LLVMFuzzerMutate(data, size, max);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct msg_in	*in;
	static uint8_t		 out[MSG_SIZE_MAX];
	const char		*why;

	if (in == NULL)
		in = msg_in_new();
	/* What passes the gate can be sent on. */
	if (msg_decode(in, data, size, &why) == 0 &&
	    msg_encode(in->type, &in->body, out, sizeof(out)) == -1)
		abort();
	return 0;
}
