/* SPDX-License-Identifier: ISC */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stddef.h>

/*
 * A library that is loaded by those who use it, when they begin: it costs
 * no other process time at its start or memory, nor lies within reach of
 * what gets into one.  Its functions are called through a table, which is
 * made of a list of them:
 *
 *	#define CALLS(X)	X(EVP_Digest) X(EVP_MD_fetch)
 *	LIBRARY_TABLE(crypto, CALLS);
 *
 *	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
 *	crypto.EVP_Digest(...);
 *
 * A process that will be sealed loads before that; LIBRARY_LOAD() ends it if
 * there is no such library.
 */
#define LIBRARY_TABLE(table, calls)					\
	static struct { calls(LIBRARY_MEMBER) } table
#define LIBRARY_LOAD(library, table, calls)	do {			\
	static const char *const names[] = { calls(LIBRARY_NAME) };	\
									\
	_Static_assert(sizeof(table) == sizeof(names), "a name each");	\
	library_load(library, names, sizeof(names) / sizeof(names[0]),	\
	    &(table));							\
} while (0)

#define LIBRARY_MEMBER(name)	__typeof__(name) *name;
#define LIBRARY_NAME(name)	#name,

/* The libraries of the OpenSSL whose headers those include who use these. */
#define LIBRARY_CRYPTO	LIBRARY_OPENSSL("libcrypto", OPENSSL_SHLIB_VERSION)
#define LIBRARY_SSL	LIBRARY_OPENSSL("libssl", OPENSSL_SHLIB_VERSION)
#define LIBRARY_OPENSSL(name, version)	name ".so." LIBRARY_TEXT(version)
#define LIBRARY_TEXT(x)		#x

/* Fill the table, which has a pointer for each name. */
void	library_load(const char *library, const char *const *names,
	    size_t n, void *table);

#endif /* LIBRARY_H */
