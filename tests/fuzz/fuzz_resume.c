/* SPDX-License-Identifier: ISC */
/*
 * A resume record: as it stands, and as the payload of a record whose
 * envelope is right.  What is taken of it, of an older or a later version,
 * is what is written again, and then stays the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/resume.h"
#include "hash.h"

#define HEAD	16U

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The record of what is taken of this one; NULL if it is refused. */
static uint8_t *
again(const uint8_t *buf, size_t len, size_t *n)
{
	struct resume	 r;
	const char	*why;
	uint8_t		*out;

	if (resume_decode(&r, buf, len, &why) == -1)
		return NULL;
	out = resume_encode(&r, n);
	resume_clear(&r);
	return out;
}

static void
decode(const uint8_t *buf, size_t len)
{
	uint8_t	*first, *second;
	size_t	 n, m;

	if ((first = again(buf, len, &n)) == NULL)
		return;
	second = again(first, n, &m);
	if (second == NULL || n != m || memcmp(first, second, n) != 0)
		abort();
	free(first);
	free(second);
}

static void
wrap(uint8_t *buf, const uint8_t *data, size_t size, uint8_t version)
{
	memcpy(buf, "mimresum\0\0\0", 12);
	buf[8] = version;
	buf[12] = (uint8_t)size;
	buf[13] = (uint8_t)(size >> 8);
	buf[14] = (uint8_t)(size >> 16);
	buf[15] = 0;
	memcpy(buf + HEAD, data, size);
	hash_sha1(buf, HEAD + size, buf + HEAD + size);
	decode(buf, HEAD + size + SHA1_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t	*buf;

	decode(data, size);
	if (size > 1U << 20)
		return 0;
	buf = malloc(HEAD + size + SHA1_LEN);
	if (buf == NULL)
		return 0;
	wrap(buf, data, size, 1);
	wrap(buf, data, size, 2);
	free(buf);
	return 0;
}
