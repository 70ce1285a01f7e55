/* SPDX-License-Identifier: ISC */
#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#include "bencode.h"
#include "item.h"

/* What is signed: the salt, the number and the value, each with its key. */
#define SIGNED_MAX	(KRPC_SALT_MAX + KRPC_V_MAX + 64)

static size_t
signed_bytes(const struct item *item, uint8_t out[SIGNED_MAX])
{
	char	head[48];
	size_t	n = 0, len;

	if (item->nsalt > 0) {
		len = (size_t)snprintf(head, sizeof(head), "4:salt%u:",
		    item->nsalt);
		memcpy(out, head, len);
		memcpy(out + len, item->salt, item->nsalt);
		n = len + item->nsalt;
	}
	len = (size_t)snprintf(head, sizeof(head), "3:seqi%llde1:v",
	    (long long)item->seq);
	memcpy(out + n, head, len);
	n += len;
	memcpy(out + n, item->v, item->nv);
	return n + item->nv;
}

bool
item_verify(const struct item *item)
{
	uint8_t		 buf[SIGNED_MAX];
	size_t		 n;
	EVP_PKEY	*key;
	EVP_MD_CTX	*ctx;
	bool		 good = false;

	if (!item->signs)
		return true;
	n = signed_bytes(item, buf);
	ctx = EVP_MD_CTX_new();
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, item->key,
	    sizeof(item->key));
	if (ctx != NULL && key != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		good = EVP_DigestVerify(ctx, item->sig, sizeof(item->sig),
		    buf, n) == 1;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return good;
}

static int
sign(struct item *item, const uint8_t *seed)
{
	uint8_t		 buf[SIGNED_MAX];
	size_t		 n = signed_bytes(item, buf);
	size_t		 nkey = sizeof(item->key), nsig = sizeof(item->sig);
	EVP_PKEY	*key;
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	int		 error = -1;

	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    KRPC_KEY_LEN);
	if (ctx != NULL && key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, item->key, &nkey) == 1 &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, item->sig, &nsig, buf, n) == 1)
		error = 0;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return error;
}

void
item_target(const uint8_t key[KRPC_KEY_LEN], const uint8_t *salt,
    size_t nsalt, uint8_t target[ID_LEN])
{
	uint8_t	buf[KRPC_KEY_LEN + KRPC_SALT_MAX];

	memcpy(buf, key, KRPC_KEY_LEN);
	if (nsalt > 0)
		memcpy(buf + KRPC_KEY_LEN, salt, nsalt);
	hash_sha1(buf, KRPC_KEY_LEN + nsalt, target);
}

static int
set_value(struct item *item, const uint8_t *v, size_t n,
    const struct krpc_bytes *salt)
{
	memset(item, 0, sizeof(*item));
	if (n > KRPC_V_MAX)
		return KRPC_E_BIG;
	if (salt != NULL && salt->n > KRPC_SALT_MAX)
		return KRPC_E_SALT;
	item->nv = (uint16_t)n;
	memcpy(item->v, v, n);
	if (salt != NULL && salt->n > 0) {
		item->nsalt = (uint8_t)salt->n;
		memcpy(item->salt, salt->p, salt->n);
	}
	return 0;
}

int
item_read(struct item *item, const struct krpc *m,
    const struct krpc_bytes *salt)
{
	int	code;

	if (m->v.p == NULL || !(m->flags & KRPC_CANONICAL))
		return KRPC_E_PROTOCOL;
	if ((code = set_value(item, m->v.p, m->v.n, salt)) != 0)
		return code;
	if (m->key == NULL) {
		hash_sha1(item->v, item->nv, item->target);
		return 0;
	}
	if (m->sig == NULL || !(m->flags & KRPC_HAS_SEQ))
		return KRPC_E_PROTOCOL;
	item->signs = true;
	item->seq = m->seq;
	memcpy(item->key, m->key, sizeof(item->key));
	memcpy(item->sig, m->sig, sizeof(item->sig));
	item_target(item->key, item->salt, item->nsalt, item->target);
	return 0;
}

static bool
is_canonical(const uint8_t *v, size_t n)
{
	struct ben	 b;
	const char	*err;
	bool		 good;

	good = ben_parse(&b, v, n, &err) == 0 && b.tok[BEN_ROOT].len == n &&
	    ben_is_sorted(&b, BEN_ROOT);
	ben_free(&b);
	return good;
}

int
item_make(struct item *item, const uint8_t *v, size_t n, const uint8_t *seed,
    const struct krpc_bytes *salt, int64_t seq)
{
	if (!is_canonical(v, n) || set_value(item, v, n, salt) != 0)
		return -1;
	if (seed == NULL) {
		hash_sha1(item->v, item->nv, item->target);
		return 0;
	}
	item->signs = true;
	item->seq = seq;
	if (sign(item, seed) == -1)
		return -1;
	item_target(item->key, item->salt, item->nsalt, item->target);
	return 0;
}

void
item_put(const struct item *item, struct krpc *m)
{
	m->v = (struct krpc_bytes){ item->v, item->nv };
	if (!item->signs)
		return;
	m->key = item->key;
	m->sig = item->sig;
	m->seq = item->seq;
	m->flags |= KRPC_HAS_SEQ;
}

void
item_init(void)
{
	static const uint8_t	seed[KRPC_KEY_LEN];
	struct item		item;

	hash_init();
	if (item_make(&item, (const uint8_t *)"0:", 2, seed, NULL, 1) == 0)
		item_verify(&item);
}
