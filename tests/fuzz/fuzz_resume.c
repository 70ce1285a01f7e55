/* SPDX-License-Identifier: ISC */
/*
 * A resume record: as it stands, and as the payload of a record whose
 * envelope is right, which must survive a round trip if it is taken.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/resume.h"
#include "hash.h"

#define HEAD	16U

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
decode(const uint8_t *buf, size_t len)
{
	struct resume	 r;
	const char	*why;
	uint8_t		*again;
	size_t		 n;

	if (resume_decode(&r, buf, len, &why) == -1)
		return;
	again = resume_encode(&r, &n);
	if (n != len || memcmp(again, buf, len) != 0)
		abort();
	free(again);
	resume_clear(&r);
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
	memcpy(buf, "mimresum\1\0\0", 12);
	buf[12] = (uint8_t)size;
	buf[13] = (uint8_t)(size >> 8);
	buf[14] = (uint8_t)(size >> 16);
	buf[15] = 0;
	memcpy(buf + HEAD, data, size);
	hash_sha1(buf, HEAD + size, buf + HEAD + size);
	decode(buf, HEAD + size + SHA1_LEN);
	free(buf);
	return 0;
}
