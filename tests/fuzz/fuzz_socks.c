/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/socks.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The first byte says what we are asked for and how the answers are cut; the
 * rest is what the proxy says.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socks	s;
	struct addr	to = { .port = 6881 };
	uint8_t		how;
	size_t		n, max;

	if (size == 0)
		return 0;
	how = *data++;
	size--;
	max = 1 + (how >> 2) % 8U;
	if (how & 1)
		memcpy(to.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\12\0\0\1", 16);
	socks_connect(&s, &to, how & 2 ? "user" : NULL,
	    how & 2 ? "password" : NULL);
	for (; s.want == SOCKS_INPUT && size > 0; data += n, size -= n) {
		if (s.len > SOCKS_OUT_MAX || s.off > s.len)
			abort();
		socks_sent(&s, s.len - s.off);
		n = socks_room(&s);
		if (n == 0)
			abort();
		if (n > max)
			n = max;
		if (n > size)
			n = size;
		socks_feed(&s, data, n);
	}
	if ((s.want == SOCKS_REFUSED || s.want == SOCKS_FAILED) !=
	    (s.why != NULL))
		abort();
	if (s.want != SOCKS_INPUT && (s.len != 0 || socks_room(&s) != 0))
		abort();
	return 0;
}
