/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "path.h"
#include "utf8.h"

#define EXTENSION_MAX	16U	/* bytes kept of ".extension" */
#define PATH_BYTES	4096U
#define TABLE_FIRST	1024U	/* slots; a power of two */
#define HASH_PRIME	4294967291U	/* 2^32 - 5 */

/* A path or a leading directory of one, in an open hash table. */
struct slot {
	uint32_t	file;		/* whose path it is */
	uint32_t	hash;
	uint16_t	len;		/* bytes of the path; 0: free */
};

struct table {
	char		**paths;
	struct slot	 *slots;
	size_t		  nslots, used;
	uint64_t	  key;
};

/*
 * Zero-width space and word joiner to invisible plus, the byte order mark.
 * Joiners (U+200C, U+200D) stay: some scripts and emoji are spelled by them.
 */
static bool
is_invisible(uint32_t cp)
{
	return cp == 0x200b || (cp >= 0x2060 && cp <= 0x2064) || cp == 0xfeff;
}

/* Length of the name before its extension. */
static size_t
stem_length(const char *s, size_t len)
{
	size_t	i;

	for (i = len; i > 1 && len - i < EXTENSION_MAX; i--)
		if (s[i - 1] == '.')
			return i - 1;
	return len;
}

/* Write what is safe of s, whole characters of at most max bytes in all. */
static size_t
clean(const uint8_t *s, size_t len, char *out, size_t max, bool *whole)
{
	uint32_t	cp;
	size_t		i, n, used = 0;

	for (i = 0; i < len; i += n > 0 ? n : 1) {
		n = utf8_decode(s + i, len - i, &cp);
		if (used + (n > 0 ? n : 1) > max)
			break;
		if (n == 0 || cp == '/' || utf8_is_unsafe(cp) ||
		    is_invisible(cp))
			out[used++] = '_';
		else {
			memcpy(out + used, s + i, n);
			used += n;
		}
	}
	*whole = i == len;
	return used;
}

size_t
path_component(const void *src, size_t len, char out[PATH_COMPONENT_MAX + 1])
{
	const uint8_t	*s = src;
	char		 ext[EXTENSION_MAX];
	size_t		 extlen, n, stem;
	bool		 whole;

	if (len == 0)
		return strlcpy(out, "_", PATH_COMPONENT_MAX + 1);
	if (len <= 2 && memcmp(s, "..", len) == 0)
		return strlcpy(out, len == 1 ? "_" : "__",
		    PATH_COMPONENT_MAX + 1);
	n = clean(s, len, out, PATH_COMPONENT_MAX, &whole);
	if (!whole) {
		stem = stem_length(src, len);
		extlen = clean(s + stem, len - stem, ext, sizeof(ext), &whole);
		n = clean(s, stem, out, PATH_COMPONENT_MAX - extlen, &whole);
		memcpy(out + n, ext, extlen);
		n += extlen;
	}
	out[n] = '\0';
	/* In any case: not every file system knows the difference. */
	if (strncasecmp(out, PATH_OURS, strlen(PATH_OURS)) == 0)
		out[0] = '_';
	return n;
}

static uint8_t
fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
same(const char *x, const char *y, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++)
		if (fold(x[i]) != fold(y[i]))
			return false;
	return true;
}

/*
 * A polynomial in a secret key over a prime field: whatever the names, two
 * of them meet with a chance of 4096 in 2^32.
 */
static uint32_t
hash_step(const struct table *t, uint32_t hash, char c)
{
	return (uint32_t)((hash * t->key + fold(c) + 1) % HASH_PRIME);
}

static uint32_t
hash_path(const struct table *t, const char *s, size_t len)
{
	uint32_t	hash = 0;
	size_t		i;

	for (i = 0; i < len; i++)
		hash = hash_step(t, hash, s[i]);
	return hash;
}

/* The slot that holds this path, or the free one where it belongs. */
static struct slot *
find(const struct table *t, const char *s, size_t len, uint32_t hash)
{
	struct slot	*slot;
	size_t		 i;

	i = (size_t)((hash * 0x9e3779b97f4a7c15ULL) >> 32);
	for (;; i++) {
		slot = &t->slots[i & (t->nslots - 1)];
		if (slot->len == 0)
			return slot;
		if (slot->hash == hash && slot->len == len &&
		    same(t->paths[slot->file], s, len))
			return slot;
	}
}

static void
grow(struct table *t)
{
	struct slot	*old = t->slots, *slot;
	size_t		 i, nold = t->nslots;

	t->nslots = nold == 0 ? TABLE_FIRST : nold * 2;
	t->slots = xcalloc(t->nslots, sizeof(*t->slots));
	for (i = 0; i < nold; i++) {
		if (old[i].len == 0)
			continue;
		slot = find(t, t->paths[old[i].file], old[i].len, old[i].hash);
		*slot = old[i];
	}
	free(old);
}

/* Take the first len bytes of a file's path; false if they are taken. */
static bool
claim(struct table *t, uint32_t file, const char *s, size_t len, uint32_t hash)
{
	struct slot	*slot;

	if (t->used + 1 > t->nslots / 2)
		grow(t);
	slot = find(t, s, len, hash);
	if (slot->len != 0)
		return false;
	slot->file = file;
	slot->hash = hash;
	slot->len = (uint16_t)len;
	t->used++;
	return true;
}

/* Enter the directories of a file that are not those of the last one. */
static void
claim_dirs(struct table *t, uint32_t file, const char *last)
{
	const char	*s = t->paths[file];
	uint32_t	 hash = 0;
	size_t		 i;

	for (i = 0; s[i] != '\0'; i++) {
		if (last != NULL && last[i] != s[i])
			last = NULL;
		if (s[i] == '/' && last == NULL)
			claim(t, file, s, i, hash);
		hash = hash_step(t, hash, s[i]);
	}
}

static size_t
alternative(const char *path, uint32_t file, unsigned attempt,
    char out[PATH_BYTES])
{
	const char	*base = strrchr(path, '/');
	char		 tag[32];
	size_t		 dir, ext, len, stem, taglen;

	base = base == NULL ? path : base + 1;
	dir = (size_t)(base - path);
	len = strlen(base);
	stem = stem_length(base, len);
	ext = len - stem;
	if (attempt == 0)
		taglen = (size_t)snprintf(tag, sizeof(tag), ".%u", file);
	else
		taglen = (size_t)snprintf(tag, sizeof(tag), ".%u-%u", file,
		    attempt);
	stem = utf8_cut(base, stem, PATH_COMPONENT_MAX - taglen - ext);
	return (size_t)snprintf(out, PATH_BYTES, "%.*s%s%s",
	    (int)(dir + stem), path, tag, base + len - ext);
}

static void
rename_file(struct table *t, uint32_t file, path_dup_fn dup, void *arg)
{
	char		name[PATH_BYTES];
	size_t		len;
	uint32_t	hash;
	unsigned	attempt = 0;

	do {
		len = alternative(t->paths[file], file, attempt++, name);
		hash = hash_path(t, name, len);
	} while (!claim(t, file, name, len, hash));
	t->paths[file] = dup(name, len, arg);
}

void
path_resolve(char **paths, uint32_t n, path_dup_fn dup, void *arg)
{
	struct table	 t = { .paths = paths };
	const char	*last = NULL;
	uint32_t	*losers, nlosers = 0, i;
	size_t		 len;

	arc4random_buf(&t.key, sizeof(t.key));
	t.key = t.key % (HASH_PRIME - 1) + 1;
	for (i = 0; i < n; i++) {
		if (paths[i] == NULL)
			continue;
		claim_dirs(&t, i, last);
		last = paths[i];
	}
	losers = xreallocarray(NULL, n, sizeof(*losers));
	for (i = 0; i < n; i++) {
		if (paths[i] == NULL)
			continue;
		len = strlen(paths[i]);
		if (!claim(&t, i, paths[i], len, hash_path(&t, paths[i], len)))
			losers[nlosers++] = i;
	}
	for (i = 0; i < nlosers; i++)
		rename_file(&t, losers[i], dup, arg);
	free(losers);
	free(t.slots);
}
