/* SPDX-License-Identifier: ISC */
#ifndef MSE_PAIR_H
#define MSE_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hash.h"
#include "peer/mse.h"

/* The two ends of an encrypted handshake: A connects, B accepts. */

#define STREAM_MAX	4096
#define BOTH		(MSE_PLAIN | MSE_RC4)

static const uint8_t torrent[SHA1_LEN] = {
	0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
	0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa
};

/* One end, and what it has to say to the other. */
struct end {
	struct mse	 m;
	uint8_t		 sent[STREAM_MAX];	/* all of it */
	size_t		 nsent, ntaken;		/* taken by the other */
	const uint8_t	*torrent;	/* B: that it has */
};

static inline void
from_hex(const char *hex, uint8_t *out)
{
	size_t	len = strlen(hex);

	assert_true(hash_from_hex(hex, len, out, len / 2));
}

static inline void
end_say(struct end *e, const struct mse_out *out)
{
	assert_true(e->nsent + out->len <= sizeof(e->sent));
	memcpy(e->sent + e->nsent, out->buf, out->len);
	e->nsent += out->len;
}

static inline void
end_compute(struct end *e)
{
	struct mse_out	out;
	uint8_t		req2[SHA1_LEN];

	while (e->m.want == MSE_DH) {
		mse_dh(&e->m, &out);
		end_say(e, &out);
	}
	if (e->m.want == MSE_TORRENT) {
		mse_req2(e->torrent, req2);
		mse_torrent(&e->m, memcmp(req2, e->m.buf, SHA1_LEN) == 0 ?
		    e->torrent : NULL);
	}
}

/* Bytes from outside; returns what was used. */
static inline size_t
end_take(struct end *e, const uint8_t *p, size_t n)
{
	struct mse_out	out;
	size_t		used, k, room;

	for (used = 0; used < n && e->m.want == MSE_INPUT; used += k) {
		room = mse_room(&e->m);
		k = mse_feed(&e->m, p + used, n - used, &out);
		/* All that there was room for is used. */
		assert_true(k >= (room < n - used ? room : n - used) ||
		    e->m.want == MSE_BAD || (e->m.a &&
		    e->m.want == MSE_DONE));
		end_say(e, &out);
		end_compute(e);
	}
	return used;
}

/* Let to have the next n bytes that from has sent. */
static inline void
carry(struct end *from, struct end *to, size_t n)
{
	size_t	k;

	if (n > from->nsent - from->ntaken)
		n = from->nsent - from->ntaken;
	k = end_take(to, from->sent + from->ntaken, n);
	from->ntaken += k;
}

static inline void
begin(struct end *a, struct end *b, uint8_t offers, uint8_t accepts,
    uint8_t prefers, uint8_t ia_len)
{
	uint8_t	ia[MSE_IA_MAX];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	memset(ia, 0x5a, sizeof(ia));
	mse_connect(&a->m, offers, torrent, ia, ia_len);
	mse_accept(&b->m, accepts, prefers);
	b->torrent = torrent;
}

static inline void
end(struct end *a, struct end *b)
{
	mse_clear(&a->m);
	mse_clear(&b->m);
}

static inline int
load(void **state)
{
	(void)state;
	return rc4_load() == NULL ? 0 : -1;
}

#endif /* MSE_PAIR_H */
