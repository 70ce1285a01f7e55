/* SPDX-License-Identifier: ISC */
/*
 * The extension handshake: whatever comes, what is kept is in its bounds and
 * printable, and a second one leaves alone what it does not name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer/ext.h"
#include "utf8.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct ext_peer *e)
{
	size_t		len = strnlen(e->client, sizeof(e->client)), off, n;
	uint32_t	cp;

	if (len > EXT_CLIENT_MAX || e->reqq == 0 ||
	    e->metadata_size > EXT_METADATA_MAX || e->ids[0] != 0)
		abort();
	for (off = 0; off < len; off += n) {
		n = utf8_decode(e->client + off, len - off, &cp);
		if (n == 0 || utf8_is_unsafe(cp))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ext_peer	e, before;
	struct ext_ours	ours = { .mask = ~1U, .reqq = 1 };
	uint8_t		buf[EXT_HANDSHAKE_OURS];

	ext_peer_init(&e);
	before = e;
	if (ext_parse(&e, data, size) == -1 &&
	    memcmp(&e, &before, sizeof(e)) != 0)
		abort();
	check(&e);
	/* Say back what was understood. */
	ours.upload_only = e.upload_only;
	ours.port = e.port;
	ours.reqq = e.reqq;
	ours.metadata_size = e.metadata_size;
	ours.client = e.client;
	ours.yourip = e.has_yourip ? e.yourip : NULL;
	before = e;
	if (ext_parse(&e, buf, ext_build(buf, &ours)) == -1)
		abort();
	check(&e);
	if (e.port != before.port || e.reqq != before.reqq ||
	    e.metadata_size != before.metadata_size ||
	    strcmp(e.client, before.client) != 0 ||
	    memcmp(e.yourip, before.yourip, sizeof(e.yourip)) != 0)
		abort();
	return 0;
}
