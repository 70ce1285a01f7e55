/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "url.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A URL, and a redirect from it after the first newline. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct url	 u, again;
	const char	*err;
	char		*s, *ref, buf[URL_LEN_MAX + URL_HOST_MAX + 64];

	s = malloc(size + 1);
	memcpy(s, data, size);
	s[size] = '\0';
	if ((ref = strchr(s, '\n')) != NULL)
		*ref++ = '\0';
	if (url_parse(&u, s, &err) == 0 &&
	    (ref == NULL || url_join(&u, &u, ref, &err) == 0)) {
		/* What was put together is taken apart the same way. */
		if (url_format(&u, buf, sizeof(buf)) == -1 ||
		    url_parse(&again, buf, &err) == -1 ||
		    strcmp(u.host, again.host) != 0 ||
		    strcmp(u.target, again.target) != 0 ||
		    u.port != again.port || u.path_len != again.path_len)
			abort();
	}
	free(s);
	return 0;
}
