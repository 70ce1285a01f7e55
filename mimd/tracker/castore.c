/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>

#include "castore.h"
#include "log.h"

X509_STORE *
castore_load(const char *path)
{
	X509_STORE	*store;

	if (*path == '\0')
		path = CASTORE_SYSTEM;
	if ((store = X509_STORE_new()) == NULL)
		fatalx("X509_STORE_new");
	if (X509_STORE_load_file(store, path) != 1) {
		log_warnx("%s: cannot load certificates (%s): https trackers "
		    "will not work", path,
		    ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		X509_STORE_free(store);
		return NULL;
	}
	/* As libcurl does: a certificate in the store is enough. */
	X509_STORE_set_flags(store,
	    X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	return store;
}
