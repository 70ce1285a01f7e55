/* SPDX-License-Identifier: ISC */
#include "range.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A number of digits alone, up to INT64_MAX; false: it is none. */
static bool
number(const char **p, const char *end, uint64_t *v)
{
	const char	*start = *p;

	*v = 0;
	for (; *p < end && isdigit((unsigned char)**p); (*p)++) {
		if (*v > (INT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(**p - '0');
	}
	return *p > start;
}

/* "bytes 0-99/1000", or with an asterisk for the total. */
static bool
content_range(struct range_answer *a, const char *p, const char *end)
{
	if (end - p < 6 || strncasecmp(p, "bytes", 5) != 0 || p[5] != ' ')
		return false;
	for (p += 6; p < end && *p == ' '; p++)
		continue;
	if (!number(&p, end, &a->first) || p == end || *p++ != '-' ||
	    !number(&p, end, &a->last) || p == end || *p++ != '/' ||
	    a->last < a->first)
		return false;
	if (end - p == 1 && *p == '*')
		return true;
	a->has_total = number(&p, end, &a->total);
	return a->has_total && p == end;
}

/* The value of a header, if the line has this name. */
static const char *
value_of(const char *line, const char *end, const char *name)
{
	size_t	n = strlen(name);

	if ((size_t)(end - line) <= n || line[n] != ':' ||
	    strncasecmp(line, name, n) != 0)
		return NULL;
	for (line += n + 1; line < end && (*line == ' ' || *line == '\t');
	    line++)
		continue;
	return line;
}

void
range_header(struct range_answer *a, const char *line, size_t len)
{
	const char	*end = line + len, *p;
	uint64_t	 v;

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	if (end - line >= 5 && memcmp(line, "HTTP/", 5) == 0)
		memset(a, 0, sizeof(*a));
	else if ((p = value_of(line, end, "Content-Range")) != NULL) {
		/* Two that differ are as bad as one that makes no sense. */
		a->bad_range = a->has_range || !content_range(a, p, end);
		a->has_range = true;
	} else if ((p = value_of(line, end, "Content-Length")) != NULL)
		a->has_length = number(&p, end, &a->length) && p == end;
	else if ((p = value_of(line, end, "Content-Encoding")) != NULL)
		a->encoded = end - p != 8 ||
		    strncasecmp(p, "identity", 8) != 0;
	else if ((p = value_of(line, end, "Retry-After")) != NULL &&
	    number(&p, end, &v) && p == end)
		a->retry = v > RANGE_RETRY_MAX ? RANGE_RETRY_MAX :
		    (uint32_t)v;
}

static enum range_verdict
judge_part(const struct range_answer *a, const struct range_want *want,
    const char **why)
{
	*why = "answers with another part than was asked for";
	if (!a->has_range || a->bad_range || a->first != want->first ||
	    a->last != want->last)
		return RANGE_FAILED;
	if (a->has_length && a->length != want->last - want->first + 1)
		return RANGE_FAILED;
	*why = "has a file of another size";
	if (a->has_total && a->total != want->size)
		return RANGE_ABSENT;
	return RANGE_TAKE;
}

/* It takes no notice of ranges: only a file's start can be had. */
static enum range_verdict
judge_whole(const struct range_answer *a, const struct range_want *want,
    const char **why)
{
	*why = "has a file of another size";
	if (a->has_length && a->length != want->size)
		return RANGE_ABSENT;
	*why = "does not serve parts of files";
	if (!a->has_length || want->first > RANGE_SKIP_MAX)
		return RANGE_FAILED;
	return RANGE_SKIP;
}

enum range_verdict
range_judge(const struct range_answer *a, long status,
    const struct range_want *want, const char **why)
{
	if ((status == 200 || status == 206) && a->encoded) {
		*why = "sends files compressed";
		return RANGE_FAILED;
	}
	switch (status) {
	case 206:
		return judge_part(a, want, why);
	case 200:
		return judge_whole(a, want, why);
	case 404:
	case 410:
		*why = "does not have the file";
		return RANGE_ABSENT;
	case 416:
		*why = "has a shorter file";
		return RANGE_ABSENT;
	default:
		*why = NULL;
		return RANGE_FAILED;
	}
}

int
range_url(struct url *u, const struct url *base, bool single,
    const char *path)
{
	size_t	n = base->path_len;
	bool	slash = n > 0 && base->target[n - 1] == '/';

	*u = *base;
	if (single && !slash)
		return 0;
	if (*path == '\0')
		return -1;
	/* A query stays behind the path. */
	u->target[n] = '\0';
	if ((!slash && strlcat(u->target, "/", sizeof(u->target)) >=
	    sizeof(u->target)) ||
	    strlcat(u->target, path, sizeof(u->target)) >= sizeof(u->target))
		return -1;
	u->path_len = strlen(u->target);
	return strlcat(u->target, base->target + n, sizeof(u->target)) >=
	    sizeof(u->target) ? -1 : 0;
}
