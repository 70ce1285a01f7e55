/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "castore.h"
#include "library.h"
#include "log.h"
#include "mem.h"

#define CALLS(X)							\
	X(BIO_free)							\
	X(BIO_new_mem_buf)						\
	X(ERR_clear_error)						\
	X(PEM_read_bio_X509_AUX)					\
	X(X509_STORE_add_cert)						\
	X(X509_STORE_free)						\
	X(X509_STORE_new)						\
	X(X509_STORE_set_flags)						\
	X(X509_free)
LIBRARY_TABLE(crypto, CALLS);

struct castore {
	char		*path;
	char		*pem;		/* the file; NULL once it is parsed */
	size_t		 len;
	X509_STORE	*store;
};

static void
complain(const struct castore *ca, const char *why)
{
	log_warnx("%s: cannot load certificates (%s): https trackers will not "
	    "work", ca->path, why);
}

/* All of the file; returns why not, or NULL. */
static const char *
read_all(struct castore *ca, int fd)
{
	struct stat	st;
	ssize_t		n;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)CASTORE_MAX)
		return "not such a file";
	ca->pem = xmalloc((size_t)st.st_size + 1);
	while (ca->len < (size_t)st.st_size) {
		n = read(fd, ca->pem + ca->len, (size_t)st.st_size - ca->len);
		if (n == -1)
			return strerror(errno);
		if (n == 0)
			break;
		ca->len += (size_t)n;
	}
	ca->pem[ca->len] = '\0';
	return strstr(ca->pem, "-----BEGIN") == NULL ?
	    "no certificate in it" : NULL;
}

static void
drop_pem(struct castore *ca)
{
	free(ca->pem);
	ca->pem = NULL;
}

static const char *
load(struct castore *ca)
{
	const char	*why;
	int		 fd;

	/* Without blocking, whatever it is. */
	fd = open(ca->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return strerror(errno);
	if ((why = read_all(ca, fd)) != NULL)
		drop_pem(ca);
	close(fd);
	return why;
}

struct castore *
castore_new(const char *path)
{
	struct castore	*ca = xcalloc(1, sizeof(*ca));
	const char	*why;

	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
	ca->path = xstrdup(*path == '\0' ? CASTORE_SYSTEM : path);
	if ((why = load(ca)) != NULL)
		complain(ca, why);
	return ca;
}

/* How many of the certificates could be added. */
static unsigned int
parse(X509_STORE *store, const char *pem, size_t len)
{
	BIO		*bio;
	X509		*cert;
	unsigned int	 n = 0;

	if ((bio = crypto.BIO_new_mem_buf(pem, (int)len)) == NULL)
		fatalx("BIO_new_mem_buf");
	while ((cert = crypto.PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) !=
	    NULL) {
		n += crypto.X509_STORE_add_cert(store, cert) == 1;
		crypto.X509_free(cert);
	}
	crypto.BIO_free(bio);
	return n;
}

/* What was read becomes the store; returns why not, or NULL. */
static const char *
make_store(struct castore *ca)
{
	X509_STORE	*store;
	bool		 good;

	if ((store = crypto.X509_STORE_new()) == NULL)
		fatalx("X509_STORE_new");
	/* As libcurl does: a certificate in the store is enough. */
	crypto.X509_STORE_set_flags(store,
	    X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	if ((good = parse(store, ca->pem, ca->len) > 0))
		ca->store = store;
	else
		crypto.X509_STORE_free(store);
	crypto.ERR_clear_error();	/* of the end of the file, too */
	drop_pem(ca);
	return good ? NULL : "none could be parsed";
}

X509_STORE *
castore_get(struct castore *ca)
{
	const char	*why;

	if (ca->pem != NULL && (why = make_store(ca)) != NULL)
		complain(ca, why);
	return ca->store;
}

const char *
castore_check(const char *path)
{
	struct castore	 ca = { .path = xstrdup(path) };
	const char	*why;

	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CALLS);
	if ((why = load(&ca)) == NULL && (why = make_store(&ca)) == NULL)
		crypto.X509_STORE_free(ca.store);
	free(ca.path);
	return why;
}
