/* SPDX-License-Identifier: ISC */
#include <stdbool.h>

#include <openssl/bn.h>

#include "dh.h"
#include "library.h"
#include "log.h"

#define CALLS(X)							\
	X(BN_CTX_new)							\
	X(BN_MONT_CTX_new)						\
	X(BN_MONT_CTX_set)						\
	X(BN_bin2bn)							\
	X(BN_bn2binpad)							\
	X(BN_cmp)							\
	X(BN_mod_exp_mont_consttime)					\
	X(BN_new)							\
	X(BN_num_bits)							\
	X(BN_set_flags)							\
	X(BN_set_word)							\
	X(BN_sub_word)							\
	X(BN_zero_ex)
LIBRARY_TABLE(crypto, CALLS);

static const uint8_t prime[DH_PUBLIC_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2,
	0x21, 0x68, 0xc2, 0x34, 0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1,
	0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6,
	0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
	0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d,
	0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45,
	0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9,
	0xa6, 0x3a, 0x36, 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x05, 0x63
};

/* Made once; numbers of a computation are reused, not allocated anew. */
static struct {
	BN_CTX		*ctx;
	BN_MONT_CTX	*mont;
	BIGNUM		*p, *max;	/* max: the prime less two */
	BIGNUM		*x, *y, *s;
} dh;

void
dh_load(void)
{
	bool	good;

	if (dh.ctx != NULL)
		return;
	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
	dh.ctx = crypto.BN_CTX_new();
	dh.mont = crypto.BN_MONT_CTX_new();
	dh.p = crypto.BN_bin2bn(prime, sizeof(prime), NULL);
	dh.max = crypto.BN_bin2bn(prime, sizeof(prime), NULL);
	dh.x = crypto.BN_new();
	dh.y = crypto.BN_new();
	dh.s = crypto.BN_new();
	good = dh.ctx != NULL && dh.mont != NULL && dh.p != NULL &&
	    dh.max != NULL && dh.x != NULL && dh.y != NULL && dh.s != NULL;
	if (!good || crypto.BN_sub_word(dh.max, 2) != 1 ||
	    crypto.BN_MONT_CTX_set(dh.mont, dh.p, dh.ctx) != 1)
		fatalx("DH: no memory");
	crypto.BN_set_flags(dh.x, BN_FLG_CONSTTIME);
}

/* dh.y to the power of x */
static void
dh_power(const uint8_t x[DH_PRIVATE_LEN], uint8_t out[DH_PUBLIC_LEN])
{
	if (crypto.BN_bin2bn(x, DH_PRIVATE_LEN, dh.x) == NULL ||
	    crypto.BN_mod_exp_mont_consttime(dh.s, dh.y, dh.x, dh.p, dh.ctx,
	    dh.mont) != 1 ||
	    crypto.BN_bn2binpad(dh.s, out, DH_PUBLIC_LEN) == -1)
		fatalx("DH: no memory");
	crypto.BN_zero_ex(dh.x);
}

void
dh_public(const uint8_t x[DH_PRIVATE_LEN], uint8_t y[DH_PUBLIC_LEN])
{
	dh_load();
	if (crypto.BN_set_word(dh.y, 2) != 1)
		fatalx("DH: no memory");
	dh_power(x, y);
}

int
dh_secret(const uint8_t x[DH_PRIVATE_LEN], const uint8_t y[DH_PUBLIC_LEN],
    uint8_t s[DH_PUBLIC_LEN])
{
	dh_load();
	if (crypto.BN_bin2bn(y, DH_PUBLIC_LEN, dh.y) == NULL)
		fatalx("DH: no memory");
	if (crypto.BN_num_bits(dh.y) < 2 || crypto.BN_cmp(dh.y, dh.max) > 0)
		return -1;
	dh_power(x, s);
	return 0;
}
