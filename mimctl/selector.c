/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "hash.h"
#include "mem.h"
#include "msg.h"
#include "selector.h"
#include "word.h"

#define HEX_MIN		4	/* digits of a hash prefix */
#define HEX_MAX		(2 * SHA256_LEN)
#define ID_DIGITS	10	/* a longer number is a hash */

enum term_kind {
	TERM_PLAIN,		/* no key: one of the next four */
	TERM_ALL, TERM_NUMBER, TERM_RANGE, TERM_HASH, TERM_NAME, TERM_STATE,
	TERM_TRACKER
};

struct term {
	enum term_kind	 kind;
	bool		 negate;	/* of the whole word */
	bool		 last;		/* of its word */
	uint32_t	 first, end;	/* NUMBER, RANGE: both inclusive */
	char		*text;		/* HASH, NAME, STATE, TRACKER */
};

struct selector {
	struct term	*terms;
	size_t		 nterms;
	int		 nwords;
};

static int	parse_word(struct selector *sel, const char *word, char *err);
static int	parse_term(struct selector *sel, const char *text,
    enum term_kind key, char *err);
static enum term_kind parse_key(const char **text);
static int	parse_digits(struct term *t, const char *text);
static int	parse_state(struct term *t, const char *name, char *err);
static bool	is_hash(const char *text);
static char	*next_term(char **rest);
static enum selector_result check_named(const struct term *t,
    const struct selector_torrent *torrents, size_t n, char *err);
static bool	term_matches(const struct term *t,
    const struct selector_torrent *to);
static bool	torrent_matches(const struct selector *sel,
    const struct selector_torrent *to);
static bool	has_hash(const struct selector_torrent *to,
    const char *prefix);
static bool	has_tracker(const struct selector_torrent *to,
    const char *glob);

static int
bad(char *err, const char *what, const char *word)
{
	char	safe[64];

	snprintf(err, SELECTOR_ERR_MAX, "%s: \"%s\"", what,
	    fmt_safe(word, strlen(word), safe, sizeof(safe)));
	return -1;
}

/* Most likely somebody typed a torrent's name. */
static int
bad_plain(char err[SELECTOR_ERR_MAX], const char *word)
{
	char	safe[64];

	fmt_safe(word, strlen(word), safe, sizeof(safe));
	snprintf(err, SELECTOR_ERR_MAX, "not a selector: \"%s\"; a torrent "
	    "is selected by its number, info-hash, or as name:%s", safe,
	    safe);
	return -1;
}

struct selector *
selector_parse(int nwords, char *const *words, char err[SELECTOR_ERR_MAX])
{
	struct selector	*sel = xcalloc(1, sizeof(*sel));

	sel->nwords = nwords;
	for (int i = 0; i < nwords; i++) {
		if (parse_word(sel, words[i], err) == -1) {
			selector_free(sel);
			return NULL;
		}
	}
	return sel;
}

void
selector_free(struct selector *sel)
{
	if (sel == NULL)
		return;
	for (size_t i = 0; i < sel->nterms; i++)
		free(sel->terms[i].text);
	free(sel->terms);
	free(sel);
}

bool
selector_wants_trackers(const struct selector *sel)
{
	for (size_t i = 0; i < sel->nterms; i++)
		if (sel->terms[i].kind == TERM_TRACKER)
			return true;
	return false;
}

enum selector_result
selector_apply(const struct selector *sel,
    const struct selector_torrent *torrents, size_t n, bool *picked,
    char err[SELECTOR_ERR_MAX])
{
	enum selector_result	result;
	size_t			found = 0;

	for (size_t i = 0; i < sel->nterms; i++) {
		result = check_named(&sel->terms[i], torrents, n, err);
		if (result != SELECTOR_OK)
			return result;
	}
	for (size_t i = 0; i < n; i++) {
		picked[i] = torrent_matches(sel, &torrents[i]);
		found += picked[i];
	}
	if (found > 0)
		return SELECTOR_OK;
	snprintf(err, SELECTOR_ERR_MAX, "no torrent matches%s",
	    sel->nwords < 2 ? "" : " all of these words; joined by commas, "
	    "one of them is enough");
	return SELECTOR_NONE;
}

static int
parse_word(struct selector *sel, const char *word, char *err)
{
	char		 text[SELECTOR_TEXT_MAX], *rest = text, *next;
	const char	*term;
	enum term_kind	 key = TERM_PLAIN, own;
	size_t		 first = sel->nterms;
	bool		 negate = word[0] == '!';

	if (strlcpy(text, word + negate, sizeof(text)) >= sizeof(text))
		return bad(err, "too long a selector", word);
	while ((next = next_term(&rest)) != NULL) {
		term = next;
		own = parse_key(&term);
		if (own != TERM_PLAIN)
			key = own;
		if (sel->nterms == SELECTOR_TERMS_MAX)
			return bad(err, "too many selectors", word);
		if (parse_term(sel, term, key, err) == -1)
			return -1;
	}
	for (size_t i = first; i < sel->nterms; i++)
		sel->terms[i].negate = negate;
	sel->terms[sel->nterms - 1].last = true;
	return 0;
}

/* Cut at the next comma that no backslash protects. */
static char *
next_term(char **rest)
{
	char	*start = *rest, *p;

	if (start == NULL)
		return NULL;
	for (p = start; *p != '\0' && *p != ','; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	*rest = *p == ',' ? p + 1 : NULL;
	*p = '\0';
	return start;
}

/* The key that *text starts with, which is skipped, or TERM_PLAIN. */
static enum term_kind
parse_key(const char **text)
{
	static const struct {
		const char	*key;
		enum term_kind	 kind;
	} keys[] = {
		{ "name:", TERM_NAME },
		{ "state:", TERM_STATE },
		{ "tracker:", TERM_TRACKER }
	};
	size_t	len;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		len = strlen(keys[i].key);
		if (strncmp(*text, keys[i].key, len) != 0)
			continue;
		*text += len;
		return keys[i].kind;
	}
	return TERM_PLAIN;
}

static int
parse_term(struct selector *sel, const char *text, enum term_kind key,
    char *err)
{
	struct term	t = { .kind = key };

	if (key == TERM_STATE) {
		if (parse_state(&t, text, err) == -1)
			return -1;
	} else if (key != TERM_PLAIN)
		t.text = xstrdup(text);
	else if (strcmp(text, "all") == 0)
		t.kind = TERM_ALL;
	else if (parse_digits(&t, text) == -1) {
		if (!is_hash(text))
			return bad_plain(err, text);
		t.kind = TERM_HASH;
		t.text = xstrdup(text);
	}
	sel->terms = xreallocarray(sel->terms, sel->nterms + 1, sizeof(t));
	sel->terms[sel->nterms++] = t;
	return 0;
}

/* 1 to 10 digits that are a torrent's number. */
static int
parse_id(const char **p, uint32_t *id)
{
	uint64_t	v = 0;
	int		n;

	for (n = 0; isdigit((unsigned char)**p); (*p)++, n++) {
		if (n == ID_DIGITS)
			return -1;
		v = v * 10 + (uint64_t)(**p - '0');
	}
	if (n == 0 || v > UINT32_MAX)
		return -1;
	*id = (uint32_t)v;
	return 0;
}

/* A number or a range. */
static int
parse_digits(struct term *t, const char *text)
{
	const char	*p = text;

	if (parse_id(&p, &t->first) == -1)
		return -1;
	t->kind = TERM_NUMBER;
	t->end = t->first;
	if (*p == '-') {
		p++;
		t->kind = TERM_RANGE;
		if (parse_id(&p, &t->end) == -1 || t->end < t->first)
			return -1;
	}
	return *p == '\0' ? 0 : -1;
}

static int
parse_state(struct term *t, const char *name, char *err)
{
	const char	*names[TSTATE_MAX + 2] = { NULL };
	char		 safe[64], list[128];
	int		 i;

	for (i = 0; i <= TSTATE_MAX; i++)
		names[i] = tstate_name((enum tstate)i);
	i = word_find(name, names);
	if (i < 0) {
		snprintf(err, SELECTOR_ERR_MAX, "%s state \"%s\": it is %s",
		    i == WORD_AMBIGUOUS ? "ambiguous" : "unknown",
		    fmt_safe(name, strlen(name), safe, sizeof(safe)),
		    word_candidates(name, names, list, sizeof(list)));
		return -1;
	}
	t->kind = TERM_STATE;
	t->text = xstrdup(names[i]);
	return 0;
}

static bool
is_hash(const char *text)
{
	size_t	len = strlen(text);

	return len >= HEX_MIN && len <= HEX_MAX &&
	    strspn(text, "0123456789abcdefABCDEF") == len;
}

/* What names one torrent has to name one. */
static enum selector_result
check_named(const struct term *t, const struct selector_torrent *torrents,
    size_t n, char *err)
{
	size_t	found = 0;

	if (t->kind != TERM_NUMBER && t->kind != TERM_HASH)
		return SELECTOR_OK;
	for (size_t i = 0; i < n; i++)
		found += term_matches(t, &torrents[i]);
	if (found > 1) {
		snprintf(err, SELECTOR_ERR_MAX,
		    "%s is the start of %zu info-hashes", t->text, found);
		return SELECTOR_AMBIGUOUS;
	}
	if (found == 1 || t->negate)
		return SELECTOR_OK;
	if (t->kind == TERM_NUMBER)
		snprintf(err, SELECTOR_ERR_MAX, "no torrent %u", t->first);
	else
		snprintf(err, SELECTOR_ERR_MAX, "no torrent %s", t->text);
	return SELECTOR_NONE;
}

static bool
torrent_matches(const struct selector *sel, const struct selector_torrent *to)
{
	bool	any = false;

	for (size_t i = 0; i < sel->nterms; i++) {
		any = any || term_matches(&sel->terms[i], to);
		if (!sel->terms[i].last)
			continue;
		if (any == sel->terms[i].negate)
			return false;
		any = false;
	}
	return true;
}

static bool
term_matches(const struct term *t, const struct selector_torrent *to)
{
	switch (t->kind) {
	case TERM_PLAIN:
		break;
	case TERM_ALL:
		return true;
	case TERM_NUMBER:
	case TERM_RANGE:
		return to->id >= t->first && to->id <= t->end;
	case TERM_HASH:
		return has_hash(to, t->text);
	case TERM_NAME:
		return fnmatch(t->text, to->name, 0) == 0;
	case TERM_STATE:
		return strcmp(t->text, to->state) == 0;
	case TERM_TRACKER:
		return has_tracker(to, t->text);
	}
	return false;
}

static bool
has_hash(const struct selector_torrent *to, const char *prefix)
{
	char	hex[2 * SHA256_LEN + 1];
	size_t	len = strlen(prefix);

	hash_hex(to->infohash, SHA1_LEN, hex);
	if (strncasecmp(hex, prefix, len) == 0)
		return true;
	if (to->infohash2 == NULL)
		return false;
	hash_hex(to->infohash2, SHA256_LEN, hex);
	return strncasecmp(hex, prefix, len) == 0;
}

/* The host of a URL, without user, port and the brackets of IPv6. */
static void
url_host(const char *url, char *host, size_t size)
{
	const char	*p, *at;
	size_t		 len;

	p = strstr(url, "://");
	p = p == NULL ? url : p + 3;
	len = strcspn(p, "/?#");
	at = memchr(p, '@', len);
	if (at != NULL) {
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (*p == '[') {
		p++;
		len = strcspn(p, "]");
	} else
		len = strcspn(p, ":/?#");
	snprintf(host, size, "%.*s", (int)len, p);
}

static bool
has_tracker(const struct selector_torrent *to, const char *glob)
{
	char	host[HOST_MAX + 1];

	for (size_t i = 0; i < to->nurls; i++) {
		url_host(to->urls[i], host, sizeof(host));
		if (fnmatch(glob, host, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}
