/* SPDX-License-Identifier: ISC */
#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <string.h>

#include "bound.h"
#include "library.h"
#include "proxied.h"
#include "proxy.h"
#include "transfer.h"
#include "transfer_words.h"

#define CRYPTO_CALLS(X)							\
	X(X509_verify_cert_error_string)
LIBRARY_TABLE(crypto, CRYPTO_CALLS);

void
transfer_words_load(void)
{
	LIBRARY_LOAD(LIBRARY_CRYPTO, crypto, CRYPTO_CALLS);
}

const char *
transfer_timeout_text(struct transfer *t)
{
	curl_off_t	us = 0;

	if (t->easy == NULL)
		return "the name server does not answer";
	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0 ? "no answer in time" : "cannot connect: timed out";
}

static const char *
tls_text(struct transfer *t)
{
	long	verify = X509_V_OK;

	/* libcurl leaves it unspecified when it finds another host's name. */
	curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	if (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED)
		return "certificate does not match the host name";
	snprintf(t->error, sizeof(t->error), "bad certificate: %s",
	    crypto.X509_verify_cert_error_string(verify));
	return t->error;
}

const char *
transfer_error_text(struct transfer *t, CURLcode code)
{
	char		tmp[CURL_ERROR_SIZE];
	const char	*why;
	long		error = 0;

	if (t->too_large)
		return "the answer is too large";
	if (t->refused != NULL)
		return t->refused;
	if (bound_refuses() != NULL)
		return bound_refuses();
	if (proxy_used() && (why = proxied_error(t->easy, code)) != NULL)
		return why;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
		snprintf(t->error, sizeof(t->error), "cannot connect%s%s",
		    error != 0 ? ": " : "",
		    error != 0 ? strerror((int)error) : "");
		return t->error;
	case CURLE_OPERATION_TIMEDOUT:
		return transfer_timeout_text(t);
	case CURLE_GOT_NOTHING:
		return "closed the connection without an answer";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "the answer is not HTTP";
	case CURLE_PARTIAL_FILE:
		return "the answer was cut short";
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return "the connection broke";
	case CURLE_BAD_CONTENT_ENCODING:
		return "the answer's compression is broken";
	case CURLE_PEER_FAILED_VERIFICATION:
		return tls_text(t);
	case CURLE_SSL_CONNECT_ERROR:
		strlcpy(tmp, t->error, sizeof(tmp));
		snprintf(t->error, sizeof(t->error), "TLS failed: %.200s",
		    tmp);
		return t->error;
	default:
		return curl_easy_strerror(code);
	}
}
