/* SPDX-License-Identifier: ISC */
#include <openssl/evp.h>

#include <ctype.h>
#include <stdlib.h>

#include "hash.h"
#include "library.h"
#include "log.h"
#include "mem.h"

#define CALLS(X)							\
	X(EVP_Digest)							\
	X(EVP_DigestFinal_ex)						\
	X(EVP_DigestInit_ex2)						\
	X(EVP_DigestUpdate)						\
	X(EVP_MD_CTX_free)						\
	X(EVP_MD_CTX_new)						\
	X(EVP_MD_fetch)
LIBRARY_TABLE(crypto, CALLS);

struct hash {
	EVP_MD_CTX	*ctx;
};

/* Fetched once: the implicit fetch of EVP_sha1() costs a look-up per use. */
static EVP_MD	*md_sha1, *md_sha256;

void
hash_init(void)
{
	if (md_sha1 != NULL)
		return;
	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
	md_sha1 = crypto.EVP_MD_fetch(NULL, "SHA1", NULL);
	md_sha256 = crypto.EVP_MD_fetch(NULL, "SHA256", NULL);
	if (md_sha1 == NULL || md_sha256 == NULL)
		fatalx("libcrypto has no SHA-1 or SHA-256");
}

static void
hash_once(const EVP_MD *md, const void *p, size_t len, uint8_t *out)
{
	if (crypto.EVP_Digest(p, len, out, NULL, md, NULL) != 1)
		fatalx("EVP_Digest failed");
}

void
hash_sha1(const void *p, size_t len, uint8_t out[SHA1_LEN])
{
	hash_init();
	hash_once(md_sha1, p, len, out);
}

void
hash_sha256(const void *p, size_t len, uint8_t out[SHA256_LEN])
{
	hash_init();
	hash_once(md_sha256, p, len, out);
}

struct hash *
hash_new(void)
{
	struct hash	*h;

	hash_init();
	h = xcalloc(1, sizeof(*h));
	if ((h->ctx = crypto.EVP_MD_CTX_new()) == NULL)
		fatalx("EVP_MD_CTX_new failed");
	hash_reset(h);
	return h;
}

void
hash_reset(struct hash *h)
{
	if (crypto.EVP_DigestInit_ex2(h->ctx, md_sha1, NULL) != 1)
		fatalx("EVP_DigestInit_ex2 failed");
}

void
hash_update(struct hash *h, const void *p, size_t len)
{
	if (crypto.EVP_DigestUpdate(h->ctx, p, len) != 1)
		fatalx("EVP_DigestUpdate failed");
}

void
hash_final(struct hash *h, uint8_t out[SHA1_LEN])
{
	if (crypto.EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		fatalx("EVP_DigestFinal_ex failed");
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	crypto.EVP_MD_CTX_free(h->ctx);
	free(h);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hash_from_hex(const char *s, size_t len, uint8_t *out, size_t size)
{
	size_t	i;
	int	hi, lo;

	if (len != 2 * size)
		return false;
	for (i = 0; i < size; i++) {
		hi = hex_value(s[2 * i]);
		lo = hex_value(s[2 * i + 1]);
		if (hi == -1 || lo == -1)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

char *
hash_hex(const uint8_t *p, size_t n, char *out)
{
	static const char	digits[] = "0123456789abcdef";
	size_t			i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}
