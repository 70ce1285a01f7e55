/* SPDX-License-Identifier: ISC */
#define CURL_LATE_PLAIN
#include "curl_late.h"
#include "library.h"

struct curl_late	curl_late;

void
curl_late_load(void)
{
	if (curl_late.curl_easy_init_ == NULL)
		LIBRARY_LOAD("libcurl.so.4", curl_late, CURL_LATE_CALLS);
}
