/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bencode.h"
#include "mem.h"

#define TOKENS_FIRST	64U

/* An open list or dictionary. */
struct level {
	ben_ref	ref;
	bool	dict;
	bool	key;		/* dictionary: the next string is a key */
};

struct parser {
	struct ben	*b;
	size_t		 pos;
	struct level	 open[BEN_DEPTH_MAX];
	unsigned	 depth;
	const char	*why;
};

static int	parse_value(struct parser *);
static int	parse_container(struct parser *, enum ben_type);
static int	parse_string(struct parser *);
static int	parse_int(struct parser *);
static int	close_container(struct parser *);

static int
fail(struct parser *p, const char *why)
{
	p->why = why;
	return -1;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

int
ben_parse(struct ben *b, const void *buf, size_t len, const char **err)
{
	struct parser	p = { .b = b };
	int		error = 0;

	memset(b, 0, sizeof(*b));
	b->buf = buf;
	b->len = len;
	if (len > INT32_MAX)
		error = fail(&p, "too large");
	while (error == 0) {
		if (p.pos == len)
			error = fail(&p, "unexpected end");
		else if (p.depth > 0 && b->buf[p.pos] == 'e')
			error = close_container(&p);
		else
			error = parse_value(&p);
		if (p.depth == 0)
			break;
	}
	b->bad = p.pos;
	*err = p.why;
	return error;
}

void
ben_free(struct ben *b)
{
	free(b->tok);
	b->tok = NULL;
	b->ntok = b->size = 0;
}

static struct ben_token *
new_token(struct parser *p, enum ben_type type)
{
	struct ben		*b = p->b;
	struct ben_token	*t;

	if (b->ntok == BEN_TOKENS_MAX) {
		fail(p, "too many values");
		return NULL;
	}
	if (b->ntok == b->size) {
		b->size = b->size == 0 ? TOKENS_FIRST : b->size * 2;
		if (b->size > BEN_TOKENS_MAX)
			b->size = BEN_TOKENS_MAX;
		b->tok = xreallocarray(b->tok, b->size, sizeof(*b->tok));
	}
	t = &b->tok[b->ntok++];
	t->type = type;
	t->off = (uint32_t)p->pos;
	t->len = t->head = 0;
	t->next = b->ntok;
	return t;
}

/* A value is complete: in a dictionary, keys and values take turns. */
static void
value_done(struct parser *p)
{
	struct level	*top;

	if (p->depth == 0)
		return;
	top = &p->open[p->depth - 1];
	top->key = top->dict && !top->key;
}

static int
parse_value(struct parser *p)
{
	uint8_t	c = p->b->buf[p->pos];

	if (is_digit(c)) {
		if (parse_string(p) == -1)
			return -1;
		value_done(p);
		return 0;
	}
	if (c != 'i' && c != 'l' && c != 'd')
		return fail(p, "unexpected byte");
	if (p->depth > 0 && p->open[p->depth - 1].key)
		return fail(p, "key is not a string");
	if (c != 'i')
		return parse_container(p, c == 'd' ? BEN_DICT : BEN_LIST);
	if (parse_int(p) == -1)
		return -1;
	value_done(p);
	return 0;
}

static int
parse_container(struct parser *p, enum ben_type type)
{
	struct level	*top;

	if (p->depth == BEN_DEPTH_MAX)
		return fail(p, "depth exceeded");
	if (new_token(p, type) == NULL)
		return -1;
	top = &p->open[p->depth++];
	top->ref = p->b->ntok - 1;
	top->dict = top->key = type == BEN_DICT;
	p->pos++;
	return 0;
}

static int
close_container(struct parser *p)
{
	struct level		*top = &p->open[p->depth - 1];
	struct ben_token	*t = &p->b->tok[top->ref];

	if (top->dict && !top->key)
		return fail(p, "key without value");
	p->pos++;
	t->len = (uint32_t)p->pos - t->off;
	t->next = p->b->ntok;
	p->depth--;
	value_done(p);
	return 0;
}

static int
parse_string(struct parser *p)
{
	const uint8_t		*buf = p->b->buf;
	struct ben_token	*t;
	size_t			 i, len = p->b->len, n = 0;

	for (i = p->pos; i < len && is_digit(buf[i]); i++) {
		if (i > p->pos && buf[p->pos] == '0')
			return fail(p, "leading zero");
		n = n * 10 + (buf[i] - '0');
		if (n > len)
			return fail(p, "string past end");
	}
	if (i == len)
		return fail(p, "unexpected end");
	if (buf[i] != ':')
		return fail(p, "no colon after a string's length");
	i++;
	if (n > len - i)
		return fail(p, "string past end");
	if ((t = new_token(p, BEN_STR)) == NULL)
		return -1;
	t->head = (uint32_t)(i - p->pos);
	t->len = t->head + (uint32_t)n;
	p->pos = i + n;
	return 0;
}

/* The digits of i<int>e; returns its length up to the e, or 0. */
static size_t
int_digits(const uint8_t *s, size_t len, int64_t *value)
{
	uint64_t	limit = INT64_MAX, n = 0;
	size_t		i = 0, first;
	bool		minus;

	minus = len > 0 && s[0] == '-';
	if (minus) {
		limit++;
		i++;
	}
	for (first = i; i < len && is_digit(s[i]); i++) {
		if (n > (limit - (uint64_t)(s[i] - '0')) / 10)
			return 0;
		n = n * 10 + (uint64_t)(s[i] - '0');
	}
	if (i == first || (s[first] == '0' && (minus || i > first + 1)))
		return 0;
	*value = minus ? -(int64_t)(n - 1) - 1 : (int64_t)n;
	return i;
}

static int
parse_int(struct parser *p)
{
	const uint8_t		*s = p->b->buf + p->pos + 1;
	struct ben_token	*t;
	int64_t			 value;
	size_t			 len = p->b->len - p->pos - 1, n;

	n = int_digits(s, len, &value);
	if (n == 0 || n == len || s[n] != 'e')
		return fail(p, "bad integer");
	if ((t = new_token(p, BEN_INT)) == NULL)
		return -1;
	t->len = (uint32_t)n + 2;
	p->pos += t->len;
	return 0;
}

bool
ben_is(const struct ben *b, ben_ref r, enum ben_type type)
{
	return r < b->ntok && b->tok[r].type == type;
}

ben_ref
ben_first(const struct ben *b, ben_ref r)
{
	if (!ben_is(b, r, BEN_LIST) && !ben_is(b, r, BEN_DICT))
		return BEN_NONE;
	return b->tok[r].next > r + 1 ? r + 1 : BEN_NONE;
}

ben_ref
ben_next(const struct ben *b, ben_ref container, ben_ref r)
{
	ben_ref	next = b->tok[r].next;

	return next < b->tok[container].next ? next : BEN_NONE;
}

const uint8_t *
ben_str(const struct ben *b, ben_ref r, size_t *len)
{
	const struct ben_token	*t;

	if (!ben_is(b, r, BEN_STR)) {
		*len = 0;
		return (const uint8_t *)"";
	}
	t = &b->tok[r];
	*len = t->len - t->head;
	return b->buf + t->off + t->head;
}

int
ben_int(const struct ben *b, ben_ref r, int64_t *value)
{
	const struct ben_token	*t;

	if (!ben_is(b, r, BEN_INT))
		return -1;
	t = &b->tok[r];
	return int_digits(b->buf + t->off + 1, t->len - 1, value) > 0 ? 0 : -1;
}

ben_ref
ben_get(const struct ben *b, ben_ref dict, const char *key)
{
	const uint8_t	*s;
	ben_ref		 k, v;
	size_t		 keylen = strlen(key), len;

	if (!ben_is(b, dict, BEN_DICT))
		return BEN_NONE;
	for (k = ben_first(b, dict); k != BEN_NONE; k = ben_next(b, dict, v)) {
		v = ben_next(b, dict, k);
		s = ben_str(b, k, &len);
		if (len == keylen && memcmp(s, key, len) == 0)
			return v;
	}
	return BEN_NONE;
}

ben_ref
ben_get_type(const struct ben *b, ben_ref dict, const char *key,
    enum ben_type type)
{
	ben_ref	v = ben_get(b, dict, key);

	return ben_is(b, v, type) ? v : BEN_NONE;
}

bool
ben_get_int(const struct ben *b, ben_ref dict, const char *key, int64_t min,
    int64_t max, int64_t *value)
{
	int64_t	n;

	if (ben_int(b, ben_get(b, dict, key), &n) == -1 || n < min || n > max)
		return false;
	*value = n;
	return true;
}

static int
compare(const uint8_t *x, size_t xlen, const uint8_t *y, size_t ylen)
{
	int	c = memcmp(x, y, xlen < ylen ? xlen : ylen);

	return c != 0 ? c : (xlen > ylen) - (xlen < ylen);
}

/* Are the keys of this one dictionary ascending and unique? */
static bool
dict_is_sorted(const struct ben *b, ben_ref dict)
{
	const uint8_t	*last = NULL, *s;
	ben_ref		 k;
	size_t		 lastlen = 0, len;

	for (k = ben_first(b, dict); k != BEN_NONE;
	    k = ben_next(b, dict, ben_next(b, dict, k))) {
		s = ben_str(b, k, &len);
		if (last != NULL && compare(last, lastlen, s, len) >= 0)
			return false;
		last = s;
		lastlen = len;
	}
	return true;
}

bool
ben_is_sorted(const struct ben *b, ben_ref r)
{
	ben_ref	i;

	for (i = r; i < b->ntok && i < b->tok[r].next; i++)
		if (b->tok[i].type == BEN_DICT && !dict_is_sorted(b, i))
			return false;
	return true;
}

struct key {
	const uint8_t	*s;
	size_t		 len;
};

static int
compare_keys(const void *x, const void *y)
{
	const struct key	*kx = x, *ky = y;

	return compare(kx->s, kx->len, ky->s, ky->len);
}

/* For the rare unsorted dictionary: sort its keys, then look at pairs. */
static bool
dict_has_duplicates(const struct ben *b, ben_ref dict)
{
	struct key	*keys;
	ben_ref		 k;
	size_t		 i, n = 0;
	bool		 found = false;

	keys = xreallocarray(NULL, b->tok[dict].next - dict, sizeof(*keys));
	for (k = ben_first(b, dict); k != BEN_NONE;
	    k = ben_next(b, dict, ben_next(b, dict, k))) {
		keys[n].s = ben_str(b, k, &keys[n].len);
		n++;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (i = 1; i < n && !found; i++)
		found = compare_keys(&keys[i - 1], &keys[i]) == 0;
	free(keys);
	return found;
}

bool
ben_has_duplicates(const struct ben *b, ben_ref r)
{
	ben_ref	i;

	for (i = r; i < b->ntok && i < b->tok[r].next; i++)
		if (b->tok[i].type == BEN_DICT && !dict_is_sorted(b, i) &&
		    dict_has_duplicates(b, i))
			return true;
	return false;
}
