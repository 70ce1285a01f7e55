/* SPDX-License-Identifier: ISC */
#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "library.h"
#include "log.h"
#include "rc4.h"

#define CALLS(X)							\
	X(ERR_clear_error)						\
	X(ERR_peek_last_error)						\
	X(ERR_reason_error_string)					\
	X(EVP_CIPHER_CTX_free)						\
	X(EVP_CIPHER_CTX_new)						\
	X(EVP_CIPHER_fetch)						\
	X(EVP_EncryptInit_ex2)						\
	X(EVP_EncryptUpdate)						\
	X(OSSL_LIB_CTX_free)						\
	X(OSSL_LIB_CTX_new)						\
	X(OSSL_PARAM_construct_end)					\
	X(OSSL_PARAM_construct_size_t)					\
	X(OSSL_PROVIDER_load)						\
	X(OSSL_PROVIDER_unload)
LIBRARY_TABLE(crypto, CALLS);

/* A context of its own: the default one must keep its default provider. */
static EVP_CIPHER	*cipher;

static const char *
reason(void)
{
	unsigned long	 error = crypto.ERR_peek_last_error();
	const char	*why = crypto.ERR_reason_error_string(error);

	crypto.ERR_clear_error();
	return why == NULL ? "RC4 is not there" : why;
}

const char *
rc4_load(void)
{
	OSSL_LIB_CTX	*lib;
	OSSL_PROVIDER	*legacy;
	const char	*why;

	if (cipher != NULL)
		return NULL;
	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
	if ((lib = crypto.OSSL_LIB_CTX_new()) == NULL)
		return reason();
	legacy = crypto.OSSL_PROVIDER_load(lib, "legacy");
	if (legacy != NULL)
		cipher = crypto.EVP_CIPHER_fetch(lib, "RC4", NULL);
	if (cipher != NULL)
		return NULL;
	why = reason();
	if (legacy != NULL)
		crypto.OSSL_PROVIDER_unload(legacy);
	crypto.OSSL_LIB_CTX_free(lib);
	return why;
}

bool
rc4_loaded(void)
{
	return cipher != NULL;
}

EVP_CIPHER_CTX *
rc4_new(const uint8_t key[RC4_KEY_LEN])
{
	size_t		 len = RC4_KEY_LEN;
	OSSL_PARAM	 params[] = {
		crypto.OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_KEYLEN,
		    &len),
		crypto.OSSL_PARAM_construct_end()
	};
	EVP_CIPHER_CTX	*rc4 = crypto.EVP_CIPHER_CTX_new();
	uint8_t		 skip[RC4_SKIP] = { 0 };

	if (rc4 == NULL ||
	    crypto.EVP_EncryptInit_ex2(rc4, cipher, NULL, NULL, params) != 1 ||
	    crypto.EVP_EncryptInit_ex2(rc4, NULL, key, NULL, NULL) != 1)
		fatalx("RC4: %s", reason());
	rc4_apply(rc4, skip, skip, sizeof(skip));
	return rc4;
}

void
rc4_apply(EVP_CIPHER_CTX *rc4, const uint8_t *in, uint8_t *out, size_t n)
{
	int	len, k;

	for (; n > 0; n -= (size_t)k, in += k, out += k) {
		k = n > INT_MAX / 2 ? INT_MAX / 2 : (int)n;
		if (crypto.EVP_EncryptUpdate(rc4, out, &len, in, k) != 1 ||
		    len != k)
			fatalx("RC4: %s", reason());
	}
}

void
rc4_free(EVP_CIPHER_CTX *rc4)
{
	crypto.EVP_CIPHER_CTX_free(rc4);
}
