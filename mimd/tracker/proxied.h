/* SPDX-License-Identifier: ISC */
#ifndef PROXIED_H
#define PROXIED_H

#include "curl_late.h"

/* What libcurl is told of the proxy (proxy.h), and what it says of it. */

/* Once for a handle: through the proxy, or through none. */
void	proxied_set(CURL *e);
/* Where the proxy is, for CURLOPT_RESOLVE; the caller frees it. */
struct curl_slist *proxied_pin(void);
/*
 * Why a transfer failed, if it is because of the proxy or said by it, for the
 * user; NULL otherwise.
 */
const char *proxied_error(CURL *e, CURLcode code);

#endif /* PROXIED_H */
