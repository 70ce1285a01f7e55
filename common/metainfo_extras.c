/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "metainfo_parse.h"
#include "utf8.h"

#define HOST_LEN_MAX	253U

static const char *const tracker_schemes[] = { "http://", "https://",
	    "udp://", NULL };
static const char *const webseed_schemes[] = { "http://", "https://", NULL };

static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Does a URL begin with one of these schemes and go on with a host? */
static bool
has_scheme(const char *s, size_t len, const char *const *schemes)
{
	size_t	n;

	for (; *schemes != NULL; schemes++) {
		n = strlen(*schemes);
		if (len > n && strncasecmp(s, *schemes, n) == 0)
			return s[n] != '/' && s[n] != ':' && s[n] != '?';
	}
	return false;
}

/*
 * A URL worth keeping, blanks around it dropped, or NULL: what is wrong here
 * never fails a torrent.
 */
static char *
parse_url(struct parse *p, ben_ref r, const char *const *schemes)
{
	const uint8_t	*s;
	size_t		 i, len;

	s = ben_str(&p->b, r, &len);
	for (; len > 0 && is_blank(s[0]); len--)
		s++;
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len > METAINFO_URL_MAX || !utf8_valid(s, len) ||
	    !has_scheme((const char *)s, len, schemes))
		return NULL;
	for (i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] == 0x7f)
			return NULL;
	return mi_string(p->mi, s, len);
}

static bool
add_tracker(struct parse *p, ben_ref r, uint8_t tier)
{
	struct metainfo		*mi = p->mi;
	struct mi_tracker	*t;
	char			*url;
	uint32_t		 i;

	if (mi->ntrackers == METAINFO_TRACKERS_MAX)
		return false;
	url = parse_url(p, r, tracker_schemes);
	if (url == NULL || strchr(url, ' ') != NULL)
		return false;
	mi->trackers = xreallocarray(mi->trackers, mi->ntrackers + 1,
	    sizeof(*mi->trackers));
	t = &mi->trackers[mi->ntrackers];
	t->duplicate = false;
	t->url = url;
	t->tier = tier;
	for (i = 0; i < mi->ntrackers && !t->duplicate; i++)
		t->duplicate = strcmp(mi->trackers[i].url, url) == 0;
	mi->ntrackers++;
	return true;
}

/* BEP 12; a string in the place of a tier is a tier of its own. */
static void
parse_trackers(struct parse *p)
{
	struct ben	*b = &p->b;
	ben_ref		 list, r, t;
	uint8_t		 tier = 0;
	bool		 any;

	list = ben_get_type(b, BEN_ROOT, "announce-list", BEN_LIST);
	for (r = ben_first(b, list); r != BEN_NONE; r = ben_next(b, list, r)) {
		any = false;
		if (ben_is(b, r, BEN_STR))
			any = add_tracker(p, r, tier);
		else if (ben_is(b, r, BEN_LIST))
			for (t = ben_first(b, r); t != BEN_NONE;
			    t = ben_next(b, r, t))
				any |= add_tracker(p, t, tier);
		if (any)
			tier++;
	}
	if (p->mi->ntrackers == 0)
		add_tracker(p, ben_get(b, BEN_ROOT, "announce"), 0);
}

static void
add_webseed(struct parse *p, ben_ref r)
{
	struct metainfo	*mi = p->mi;
	char		*url;

	if (mi->nwebseeds == METAINFO_WEBSEEDS_MAX ||
	    (url = parse_url(p, r, webseed_schemes)) == NULL)
		return;
	mi->webseeds = xreallocarray(mi->webseeds, mi->nwebseeds + 1,
	    sizeof(*mi->webseeds));
	mi->webseeds[mi->nwebseeds++] = url;
}

static void
parse_webseeds(struct parse *p)
{
	struct ben	*b = &p->b;
	ben_ref		 list, r;

	list = ben_get(b, BEN_ROOT, "url-list");
	if (ben_is(b, list, BEN_STR))
		add_webseed(p, list);
	else if (ben_is(b, list, BEN_LIST))
		for (r = ben_first(b, list); r != BEN_NONE;
		    r = ben_next(b, list, r))
			add_webseed(p, r);
}

static bool
is_host(const uint8_t *s, size_t len)
{
	size_t	i;

	if (len == 0 || len > HOST_LEN_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '/')
			return false;
	return true;
}

static void
add_node(struct parse *p, ben_ref pair)
{
	struct metainfo	*mi = p->mi;
	struct ben	*b = &p->b;
	const uint8_t	*host;
	char		 node[HOST_LEN_MAX + 16];
	ben_ref		 r;
	size_t		 len;
	int64_t		 port;
	int		 v6;

	if (!ben_is(b, pair, BEN_LIST) ||
	    (r = ben_first(b, pair)) == BEN_NONE)
		return;
	host = ben_str(b, r, &len);
	r = ben_next(b, pair, r);
	if (!is_host(host, len) || ben_int(b, r, &port) == -1 || port < 1 ||
	    port > UINT16_MAX)
		return;
	v6 = memchr(host, ':', len) != NULL && host[0] != '[';
	snprintf(node, sizeof(node), "%s%.*s%s:%d", v6 ? "[" : "", (int)len,
	    (const char *)host, v6 ? "]" : "", (int)port);
	mi->nodes = xreallocarray(mi->nodes, mi->nnodes + 1,
	    sizeof(*mi->nodes));
	mi->nodes[mi->nnodes++] = mi_string(mi, node, strlen(node));
}

static void
parse_nodes(struct parse *p)
{
	struct ben	*b = &p->b;
	ben_ref		 list, r;

	list = ben_get_type(b, BEN_ROOT, "nodes", BEN_LIST);
	for (r = ben_first(b, list); r != BEN_NONE &&
	    p->mi->nnodes < METAINFO_NODES_MAX; r = ben_next(b, list, r))
		add_node(p, r);
}

static char *
parse_text(struct parse *p, ben_ref dict, const char *key)
{
	const uint8_t	*s;
	char		*text;
	ben_ref		 r;
	size_t		 i, len;

	r = parse_get_utf8(p, dict, key, BEN_STR);
	if (r == BEN_NONE)
		return NULL;
	s = ben_str(&p->b, r, &len);
	len = utf8_cut((const char *)s, len, METAINFO_TEXT_MAX);
	text = mi_string(p->mi, s, len);
	for (i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return text;
}

void
parse_extras(struct parse *p)
{
	struct metainfo	*mi = p->mi;
	int64_t		 n;

	parse_trackers(p);
	parse_webseeds(p);
	parse_nodes(p);
	mi->comment = parse_text(p, BEN_ROOT, "comment");
	mi->created_by = parse_text(p, BEN_ROOT, "created by");
	mi->source = parse_text(p, p->info, "source");
	if (ben_int(&p->b, ben_get(&p->b, p->info, "private"), &n) == 0)
		mi->private = n != 0;
	if (ben_int(&p->b, ben_get(&p->b, BEN_ROOT, "creation date"), &n) == 0)
		mi->creation_date = n;
}
