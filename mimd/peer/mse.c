/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mse.h"

/*
 *	1  A->B  Ya, pad
 *	2  B->A  Yb, pad
 *	3  A->B  H("req1" S), H("req2" SKEY) xor H("req3" S),
 *	         in RC4: VC, methods, len(pad), pad, len(IA), IA
 *	4  B->A  in RC4: VC, method, len(pad), pad
 *
 * The first two pads have no length: what follows is found by its first
 * bytes, the mark, which may begin anywhere in 512 bytes.
 */
#define VC_LEN		8		/* zeros */
#define OFFER_LEN	14		/* VC, methods, len(pad) */
#define SELECT_LEN	6		/* method, len(pad) */

enum mse_state {
	MSE_START,		/* A: the first computation is to come */
	MSE_KEY,		/* the other's Y */
	MSE_SECRET,		/* the second computation is to come */
	MSE_SYNC,		/* the mark, behind the pad */
	MSE_SKEY,		/* B: which torrent */
	MSE_OFFER,		/* B: VC, methods, len(pad) */
	MSE_PAD,		/* B: len bytes and len(IA) */
	MSE_IA,			/* B */
	MSE_SELECT,		/* A: method, len(pad) */
	MSE_PAD_LAST,		/* A */
	MSE_END
};

/* ---- small parts ---- */

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* HASH(name, a, b); b may be NULL. */
static void
mse_hash(const char *name, const uint8_t *a, size_t alen, const uint8_t *b,
    uint8_t out[SHA1_LEN])
{
	uint8_t	buf[4 + DH_PUBLIC_LEN + SHA1_LEN];
	size_t	n = 4;

	memcpy(buf, name, 4);
	memcpy(buf + n, a, alen);
	n += alen;
	if (b != NULL) {
		memcpy(buf + n, b, SHA1_LEN);
		n += SHA1_LEN;
	}
	hash_sha1(buf, n, out);
	explicit_bzero(buf, sizeof(buf));
}

void
mse_req2(const uint8_t infohash[SHA1_LEN], uint8_t req2[SHA1_LEN])
{
	mse_hash("req2", infohash, SHA1_LEN, NULL, req2);
}

/* H("req2" SKEY) xor H("req3" S), from either of them. */
static void
mse_mask(const struct mse *m, uint8_t req2[SHA1_LEN])
{
	uint8_t	req3[SHA1_LEN];
	int	i;

	mse_hash("req3", m->secret, DH_PUBLIC_LEN, NULL, req3);
	for (i = 0; i < SHA1_LEN; i++)
		req2[i] ^= req3[i];
}

static void
mse_ciphers(struct mse *m)
{
	uint8_t	a[SHA1_LEN], b[SHA1_LEN];

	mse_hash("keyA", m->secret, DH_PUBLIC_LEN, m->skey, a);
	mse_hash("keyB", m->secret, DH_PUBLIC_LEN, m->skey, b);
	m->out = rc4_new(m->a ? a : b);
	m->in = rc4_new(m->a ? b : a);
	explicit_bzero(a, sizeof(a));
	explicit_bzero(b, sizeof(b));
}

static void
mse_bad(struct mse *m, const char *why)
{
	m->want = MSE_BAD;
	m->why = why;
	m->state = MSE_END;
}

static void
mse_await(struct mse *m, enum mse_state state, size_t need)
{
	m->state = (uint8_t)state;
	m->want = MSE_INPUT;
	m->have = 0;
	m->need = (uint16_t)need;
}

static void
mse_finish(struct mse *m)
{
	m->state = MSE_END;
	m->want = MSE_DONE;
	if (m->method == MSE_PLAIN) {
		rc4_free(m->in);
		rc4_free(m->out);
		m->in = m->out = NULL;
	}
}

/* ---- beginning ---- */

static void
mse_init(struct mse *m, uint8_t methods)
{
	memset(m, 0, sizeof(*m));
	m->methods = methods;
	arc4random_buf(m->x, sizeof(m->x));
	m->pad = (uint16_t)arc4random_uniform(MSE_PAD_MAX + 1);
}

void
mse_connect(struct mse *m, uint8_t methods, const uint8_t infohash[SHA1_LEN],
    const uint8_t *ia, uint8_t len)
{
	mse_init(m, methods);
	m->a = true;
	memcpy(m->skey, infohash, SHA1_LEN);
	memcpy(m->ia, ia, len);
	m->ia_len = len;
	m->state = MSE_START;
	m->want = MSE_DH;
}

void
mse_accept(struct mse *m, uint8_t methods, uint8_t prefers)
{
	mse_init(m, methods);
	m->prefers = prefers;
	mse_await(m, MSE_KEY, DH_PUBLIC_LEN);
}

void
mse_clear(struct mse *m)
{
	rc4_free(m->in);
	rc4_free(m->out);
	explicit_bzero(m, sizeof(*m));
}

size_t
mse_room(const struct mse *m)
{
	size_t	left = (size_t)(m->need - m->have);

	if (m->want != MSE_INPUT)
		return 0;
	switch (m->state) {
	case MSE_SYNC:
		return m->a ? SIZE_MAX : left + SHA1_LEN;
	case MSE_OFFER:
		return left + 2;
	case MSE_SELECT:
	case MSE_PAD_LAST:
		return SIZE_MAX;
	default:
		return m->skip + left;
	}
}

/* ---- the computations ---- */

static void
put_key(struct mse *m, struct mse_out *out)
{
	dh_public(m->x, out->buf + out->len);
	out->len += DH_PUBLIC_LEN;
	arc4random_buf(out->buf + out->len, m->pad);
	out->len += m->pad;
}

/* Step 3. */
static void
put_request(struct mse *m, struct mse_out *out)
{
	uint8_t	*p = out->buf + out->len, *start;

	mse_hash("req1", m->secret, DH_PUBLIC_LEN, NULL, p);
	p += SHA1_LEN;
	mse_req2(m->skey, p);
	mse_mask(m, p);
	p += SHA1_LEN;
	start = p;
	memset(p, 0, OFFER_LEN + 2);
	p[VC_LEN + 3] = m->methods;
	p[OFFER_LEN + 1] = m->ia_len;
	p += OFFER_LEN + 2;
	memcpy(p, m->ia, m->ia_len);
	p += m->ia_len;
	rc4_apply(m->out, start, start, (size_t)(p - start));
	out->len = (size_t)(p - out->buf);
}

void
mse_dh(struct mse *m, struct mse_out *out)
{
	out->len = 0;
	if (m->state == MSE_START) {
		put_key(m, out);
		mse_await(m, MSE_KEY, DH_PUBLIC_LEN);
		return;
	}
	if (dh_secret(m->x, m->buf, m->secret) == -1) {
		mse_bad(m, "not a public key");
		return;
	}
	if (m->a) {
		mse_ciphers(m);
		put_request(m, out);
		/* VC as B will send it; the stream goes on behind it. */
		memset(m->mark, 0, VC_LEN);
		rc4_apply(m->in, m->mark, m->mark, VC_LEN);
		mse_await(m, MSE_SYNC, VC_LEN);
	} else {
		put_key(m, out);
		mse_hash("req1", m->secret, DH_PUBLIC_LEN, NULL, m->mark);
		mse_await(m, MSE_SYNC, SHA1_LEN);
	}
	explicit_bzero(m->x, sizeof(m->x));
}

/* ---- what comes in ---- */

/* One byte on, if the mark is not at the start of buf. */
static void
on_sync(struct mse *m)
{
	if (memcmp(m->buf, m->mark, m->need) == 0) {
		if (m->a)
			mse_await(m, MSE_SELECT, SELECT_LEN);
		else
			mse_await(m, MSE_SKEY, SHA1_LEN);
		return;
	}
	if (m->passed++ == MSE_PAD_MAX) {
		mse_bad(m, "pad without an end");
		return;
	}
	m->have--;
	memmove(m->buf, m->buf + 1, m->have);
}

void
mse_torrent(struct mse *m, const uint8_t *infohash)
{
	if (infohash == NULL) {
		mse_bad(m, "unknown torrent");
		return;
	}
	memcpy(m->skey, infohash, SHA1_LEN);
	mse_ciphers(m);
	mse_await(m, MSE_OFFER, OFFER_LEN);
}

static void
on_offer(struct mse *m)
{
	static const uint8_t	vc[VC_LEN];
	uint32_t		both;

	rc4_apply(m->in, m->buf, m->buf, OFFER_LEN);
	both = get32(m->buf + VC_LEN) & m->methods;
	m->skip = get16(m->buf + VC_LEN + 4);
	if (memcmp(m->buf, vc, VC_LEN) != 0)
		mse_bad(m, "wrong key");
	else if (both == 0)
		mse_bad(m, "no method of encryption in common");
	else if (m->skip > MSE_PAD_MAX)
		mse_bad(m, "pad too long");
	else {
		m->method = (uint8_t)(both & m->prefers ? m->prefers : both);
		mse_await(m, MSE_PAD, 2);
	}
}

/* Step 4. */
static void
put_answer(struct mse *m, struct mse_out *out)
{
	uint8_t	*p = out->buf + out->len;

	memset(p, 0, OFFER_LEN);
	p[VC_LEN + 3] = m->method;
	rc4_apply(m->out, p, p, OFFER_LEN);
	out->len += OFFER_LEN;
	mse_finish(m);
}

static void
on_ia_len(struct mse *m, struct mse_out *out)
{
	uint16_t	len;

	rc4_apply(m->in, m->buf, m->buf, 2);
	len = get16(m->buf);
	if (len > MSE_IA_MAX) {
		mse_bad(m, "first message too long");
		return;
	}
	m->ia_len = (uint8_t)len;
	if (len == 0)
		put_answer(m, out);
	else
		mse_await(m, MSE_IA, len);
}

static void
on_select(struct mse *m)
{
	uint32_t	method;

	rc4_apply(m->in, m->buf, m->buf, SELECT_LEN);
	method = get32(m->buf);
	m->skip = get16(m->buf + 4);
	if ((method != MSE_PLAIN && method != MSE_RC4) ||
	    (method & m->methods) == 0)
		mse_bad(m, "chose a method that was not offered");
	else if (m->skip > MSE_PAD_MAX)
		mse_bad(m, "pad too long");
	else {
		m->method = (uint8_t)method;
		mse_await(m, MSE_PAD_LAST, 0);
		if (m->skip == 0)
			mse_finish(m);
	}
}

/* buf holds what the state was waiting for. */
static void
mse_step(struct mse *m, struct mse_out *out)
{
	switch (m->state) {
	case MSE_KEY:
		m->state = MSE_SECRET;
		m->want = MSE_DH;
		break;
	case MSE_SYNC:
		on_sync(m);
		break;
	case MSE_SKEY:
		mse_mask(m, m->buf);
		m->want = MSE_TORRENT;
		break;
	case MSE_OFFER:
		on_offer(m);
		break;
	case MSE_PAD:
		on_ia_len(m, out);
		break;
	case MSE_IA:
		rc4_apply(m->in, m->buf, m->ia, m->ia_len);
		put_answer(m, out);
		break;
	case MSE_SELECT:
		on_select(m);
		break;
	default:
		break;
	}
}

/* Part of a pad, encrypted. */
static size_t
mse_skip(struct mse *m, const uint8_t *p, size_t n)
{
	uint8_t	waste[MSE_PAD_MAX];

	if (n > m->skip)
		n = m->skip;
	rc4_apply(m->in, p, waste, n);
	m->skip -= (uint16_t)n;
	if (m->skip == 0 && m->state == MSE_PAD_LAST)
		mse_finish(m);
	return n;
}

size_t
mse_feed(struct mse *m, const uint8_t *p, size_t n, struct mse_out *out)
{
	size_t	used = 0, k;

	out->len = 0;
	while (used < n && m->want == MSE_INPUT) {
		if (m->skip > 0) {
			used += mse_skip(m, p + used, n - used);
			continue;
		}
		k = (size_t)(m->need - m->have);
		if (k > n - used)
			k = n - used;
		memcpy(m->buf + m->have, p + used, k);
		m->have += (uint16_t)k;
		used += k;
		if (m->have == m->need)
			mse_step(m, out);
	}
	return used;
}
