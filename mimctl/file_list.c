/* SPDX-License-Identifier: ISC */
#include "file_list.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Digits up to one of stop; false if there are none, or too many. */
static bool
parse_index(const char **at, const char *stop, uint32_t *index)
{
	unsigned long	 v;
	char		*end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	v = strtoul(*at, &end, 10);
	if (errno != 0 || v >= FILES_MAX || strchr(stop, *end) == NULL)
		return false;
	*index = (uint32_t)v;
	*at = end;
	return true;
}

uint32_t
file_list(const char *word, struct rec_span *spans, uint32_t max)
{
	const char	*at = word;
	uint32_t	 n = 0;

	for (;;) {
		if (n == max || !parse_index(&at, "-,", &spans[n].first))
			break;
		spans[n].last = spans[n].first;
		if (*at == '-') {
			at++;
			if (!parse_index(&at, ",", &spans[n].last) ||
			    spans[n].last < spans[n].first)
				break;
		}
		n++;
		if (*at == '\0')
			return n;
		at++;
	}
	warnx("%s: files are numbers as status -f prints them, as 0,3-5, "
	    "or all", word);
	return 0;
}
