/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mimd/tracker/range.h"
#include "url.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_SIZE	1000000U

/* The path of a file, as disk makes it, behind a seed's URL and a redirect. */
static void
urls(const char *seed, const char *name, const char *redirect)
{
	struct url	 base, u, again;
	const char	*err;
	char		 path[URL_LEN_MAX + 1];
	char		 buf[URL_LEN_MAX + URL_HOST_MAX + 64];

	if (url_escape(name, strlen(name), true, path, sizeof(path)) == -1)
		return;
	if (url_parse(&base, seed, &err) == -1 ||
	    range_url(&u, &base, name[0] == 's', path) == -1)
		return;
	/* It stays with the seed, and is a URL. */
	if (strcmp(u.host, base.host) != 0 || u.port != base.port ||
	    url_format(&u, buf, sizeof(buf)) == -1 ||
	    url_parse(&again, buf, &err) == -1)
		abort();
	if (url_join(&again, &u, redirect, &err) == 0 &&
	    url_format(&again, buf, sizeof(buf)) == -1)
		abort();
}

/* What is taken is what was asked for. */
static void
answer(const char *head, uint8_t how)
{
	struct range_answer	 a = { 0 };
	struct range_want	 want = { 100U * how, 100U * how + 99,
		FILE_SIZE };
	const char		*end, *why;
	enum range_verdict	 v;

	for (; *head != '\0'; head = end) {
		end = head + strcspn(head, "\n");
		end += *end != '\0';
		range_header(&a, head, (size_t)(end - head));
	}
	v = range_judge(&a, how & 1 ? 206 : how & 2 ? 200 : 503, &want, &why);
	if (a.encoded && (v == RANGE_TAKE || v == RANGE_SKIP))
		abort();
	if (v == RANGE_TAKE && (a.first != want.first ||
	    a.last != want.last || (a.has_total && a.total != FILE_SIZE)))
		abort();
	if (v == RANGE_SKIP && a.length != FILE_SIZE)
		abort();
}

/* The first byte, then a line each: seed, name, redirect; then the head. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	*s, *rest, *line[3];
	int	 i;

	if (size == 0)
		return 0;
	rest = s = malloc(size);
	memcpy(s, data + 1, size - 1);
	s[size - 1] = '\0';
	for (i = 0; i < 3; i++) {
		if ((line[i] = strsep(&rest, "\n")) == NULL || rest == NULL) {
			free(s);
			return 0;
		}
	}
	urls(line[0], line[1], line[2]);
	answer(rest, data[0]);
	free(s);
	return 0;
}
