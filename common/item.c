/* SPDX-License-Identifier: ISC */
#include <openssl/evp.h>

#include <string.h>

#include "ben_out.h"
#include "bencode.h"
#include "item.h"
#include "library.h"
#include "log.h"

#define CALLS(X)							\
	X(EVP_DigestSign)						\
	X(EVP_DigestSignInit)						\
	X(EVP_DigestVerify)						\
	X(EVP_DigestVerifyInit)						\
	X(EVP_MD_CTX_free)						\
	X(EVP_MD_CTX_new)						\
	X(EVP_PKEY_free)						\
	X(EVP_PKEY_get_raw_public_key)					\
	X(EVP_PKEY_new_raw_private_key)					\
	X(EVP_PKEY_new_raw_public_key)
LIBRARY_TABLE(crypto, CALLS);

/* What is signed: the salt, the number and the value, each with its key. */
#define SIGNED_MAX	(ITEM_SALT_MAX + ITEM_V_MAX + 64)

static void
load(void)
{
	if (crypto.EVP_PKEY_free == NULL)
		LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
}

static size_t
signed_bytes(const struct item *item, uint8_t out[SIGNED_MAX])
{
	struct ben_out	o = { .p = out, .size = SIGNED_MAX };

	if (item->nsalt > 0) {
		ben_put_text(&o, "salt");
		ben_put_str(&o, item->salt, item->nsalt);
	}
	ben_put_text(&o, "seq");
	ben_put_int(&o, item->seq);
	ben_put_text(&o, "v");
	ben_put(&o, item->v, item->nv);
	return o.n;
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
	load();
	n = signed_bytes(item, buf);
	ctx = crypto.EVP_MD_CTX_new();
	key = crypto.EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    item->key, sizeof(item->key));
	if (ctx != NULL && key != NULL &&
	    crypto.EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		good = crypto.EVP_DigestVerify(ctx, item->sig,
		    sizeof(item->sig), buf, n) == 1;
	crypto.EVP_PKEY_free(key);
	crypto.EVP_MD_CTX_free(ctx);
	return good;
}

static EVP_PKEY *
secret(const uint8_t *seed, uint8_t key[ITEM_KEY_LEN])
{
	EVP_PKEY	*k;
	size_t		 n = ITEM_KEY_LEN;

	load();
	k = crypto.EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    ITEM_SEED_LEN);
	if (k == NULL || crypto.EVP_PKEY_get_raw_public_key(k, key, &n) != 1)
		fatalx("libcrypto has no Ed25519");
	return k;
}

void
item_key(const uint8_t seed[ITEM_SEED_LEN], uint8_t key[ITEM_KEY_LEN])
{
	EVP_PKEY	*k = secret(seed, key);

	crypto.EVP_PKEY_free(k);
}

static void
sign(struct item *item, const uint8_t *seed)
{
	uint8_t		 buf[SIGNED_MAX];
	size_t		 n = signed_bytes(item, buf);
	size_t		 nsig = sizeof(item->sig);
	EVP_PKEY	*key = secret(seed, item->key);
	EVP_MD_CTX	*ctx = crypto.EVP_MD_CTX_new();

	if (ctx == NULL ||
	    crypto.EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    crypto.EVP_DigestSign(ctx, item->sig, &nsig, buf, n) != 1)
		fatalx("libcrypto cannot sign");
	crypto.EVP_PKEY_free(key);
	crypto.EVP_MD_CTX_free(ctx);
}

void
item_target(const uint8_t key[ITEM_KEY_LEN], const uint8_t *salt,
    size_t nsalt, uint8_t target[SHA1_LEN])
{
	uint8_t	buf[ITEM_KEY_LEN + ITEM_SALT_MAX];

	memcpy(buf, key, ITEM_KEY_LEN);
	if (nsalt > 0)
		memcpy(buf + ITEM_KEY_LEN, salt, nsalt);
	hash_sha1(buf, ITEM_KEY_LEN + nsalt, target);
}

bool
item_is_bencoded(const uint8_t *v, size_t n)
{
	struct ben	 b;
	const char	*err;
	bool		 good;

	good = ben_parse(&b, v, n, &err) == 0 && b.tok[BEN_ROOT].len == n &&
	    ben_is_sorted(&b, BEN_ROOT);
	ben_free(&b);
	return good;
}

static bool
set_value(struct item *item, const uint8_t *v, size_t n, const uint8_t *salt,
    size_t nsalt)
{
	memset(item, 0, sizeof(*item));
	if (n > ITEM_V_MAX || nsalt > ITEM_SALT_MAX)
		return false;
	item->nv = (uint16_t)n;
	memcpy(item->v, v, n);
	item->nsalt = (uint8_t)nsalt;
	if (nsalt > 0)
		memcpy(item->salt, salt, nsalt);
	return true;
}

static void
set_target(struct item *item)
{
	if (item->signs)
		item_target(item->key, item->salt, item->nsalt, item->target);
	else
		hash_sha1(item->v, item->nv, item->target);
}

bool
item_set(struct item *item, const uint8_t *v, size_t n, const uint8_t *salt,
    size_t nsalt, const uint8_t *key, const uint8_t *sig, int64_t seq)
{
	if (!set_value(item, v, n, salt, nsalt))
		return false;
	if ((item->signs = key != NULL)) {
		item->seq = seq;
		memcpy(item->key, key, sizeof(item->key));
		memcpy(item->sig, sig, sizeof(item->sig));
	}
	set_target(item);
	return true;
}

int
item_make(struct item *item, const uint8_t *v, size_t n, const uint8_t *seed,
    const uint8_t *salt, size_t nsalt, int64_t seq)
{
	if (!item_is_bencoded(v, n) || !set_value(item, v, n, salt, nsalt))
		return -1;
	if ((item->signs = seed != NULL)) {
		item->seq = seq;
		sign(item, seed);
	}
	set_target(item);
	return 0;
}

void
item_init(void)
{
	static const uint8_t	seed[ITEM_SEED_LEN];
	struct item		item;

	hash_init();
	if (item_make(&item, (const uint8_t *)"0:", 2, seed, NULL, 0, 1) == 0)
		item_verify(&item);
}
