/* SPDX-License-Identifier: ISC */
/*
 * The encrypted handshake: a stream that a peer may send, right up to a
 * place and wrong from there on, whole and cut at random, to both sides.
 *
 * The first byte picks the side and how the stream is cut, the next two how
 * much of a good stream comes before the rest of the input.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer/mse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define GOOD_MAX	2048
#define ALL		(MSE_PLAIN | MSE_RC4)

static const uint8_t torrent[SHA1_LEN] = "this very torrent";

struct side {
	struct mse	m;
	uint8_t		sent[GOOD_MAX];
	size_t		nsent;
};

static void
say(struct side *s, const struct mse_out *out)
{
	if (out->len > sizeof(out->buf) || s->nsent + out->len > GOOD_MAX)
		abort();
	memcpy(s->sent + s->nsent, out->buf, out->len);
	s->nsent += out->len;
}

static void
answer(struct side *s)
{
	struct mse_out	out;
	uint8_t		req2[SHA1_LEN];

	while (s->m.want == MSE_DH) {
		mse_dh(&s->m, &out);
		say(s, &out);
	}
	if (s->m.want == MSE_TORRENT) {
		mse_req2(torrent, req2);
		mse_torrent(&s->m, memcmp(req2, s->m.buf, SHA1_LEN) == 0 ?
		    torrent : NULL);
	}
}

static size_t
take(struct side *s, const uint8_t *p, size_t n)
{
	struct mse_out	out;
	size_t		used = 0, k;

	answer(s);
	while (used < n && s->m.want == MSE_INPUT) {
		if (mse_room(&s->m) == 0)
			abort();
		k = mse_feed(&s->m, p + used, n - used, &out);
		if (k == 0 || k > n - used)
			abort();
		used += k;
		say(s, &out);
		answer(s);
	}
	if (s->m.want == MSE_BAD && s->m.why == NULL)
		abort();
	if (s->m.want == MSE_DONE && s->m.method != MSE_PLAIN &&
	    s->m.method != MSE_RC4)
		abort();
	if (s->m.ia_len > MSE_IA_MAX)
		abort();
	return used;
}

/* Both sides with fixed secrets, so that a finding can be repeated. */
static void
begin(struct side *a, struct side *b, uint8_t how)
{
	static const uint8_t	ia[MSE_IA_MAX];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	mse_connect(&a->m, how & 2 ? MSE_RC4 : ALL, torrent, ia,
	    how & 4 ? MSE_IA_MAX : 0);
	mse_accept(&b->m, how & 8 ? MSE_RC4 : ALL,
	    how & 16 ? MSE_RC4 : MSE_PLAIN);
	memset(a->m.x, 3, sizeof(a->m.x));
	memset(b->m.x, 5, sizeof(b->m.x));
	a->m.pad = how & 32 ? 0 : 17;
	b->m.pad = how & 64 ? 0 : 33;
	answer(a);
}

/* Run the handshake until good bytes went to one side, then the input. */
static uint8_t
run(const uint8_t *data, size_t size, uint8_t how, size_t good, bool cut)
{
	struct side	a, b, *to, *from;
	size_t		atob = 0, btoa = 0, *done, n;
	uint32_t	seed = 1;
	uint8_t		want;

	begin(&a, &b, how);
	to = how & 1 ? &a : &b;
	from = how & 1 ? &b : &a;
	done = how & 1 ? &btoa : &atob;
	while (*done < good && from->nsent > *done &&
	    to->m.want == MSE_INPUT) {
		n = from->nsent - *done < good - *done ?
		    from->nsent - *done : good - *done;
		*done += take(to, from->sent + *done, n);
		done = done == &atob ? &btoa : &atob;
		*done += take(from, to->sent + *done, to->nsent - *done);
		done = done == &atob ? &btoa : &atob;
	}
	while (size > 0 && to->m.want == MSE_INPUT) {
		seed = seed * 1103515245 + 12345;
		n = cut ? 1 + (seed >> 16) % 23 : size;
		if (n > size)
			n = size;
		take(to, data, n);
		data += n;
		size -= n;
	}
	want = to->m.want;
	mse_clear(&a.m);
	mse_clear(&b.m);
	return want;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t	good;

	if (size < 3)
		return 0;
	if (rc4_load() != NULL)
		abort();
	good = ((size_t)data[1] << 8 | data[2]) % GOOD_MAX;
	if (run(data + 3, size - 3, data[0], good, false) !=
	    run(data + 3, size - 3, data[0], good, true))
		abort();
	return 0;
}
