/* SPDX-License-Identifier: ISC */
#ifndef METAINFO_TEXT_H
#define METAINFO_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metainfo.h"

/* Torrents in the making, and what must become of them. */

#define FIXTURES	"tests/fixtures/"

/* Pieces are of no file's contents. */
struct text {
	char	buf[65536];
	size_t	len;
};

static char	err[METAINFO_ERR_MAX];

static inline void
put(struct text *t, const void *p, size_t len)
{
	assert_true(len <= sizeof(t->buf) - t->len);
	memcpy(t->buf + t->len, p, len);
	t->len += len;
}

static void	add(struct text *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

static inline void
add(struct text *t, const char *fmt, ...)
{
	va_list	 ap;
	char	*s;
	int	 n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	assert_int_not_equal(n, -1);
	put(t, s, (size_t)n);
	free(s);
}

static inline void
put_string(struct text *t, const char *s)
{
	add(t, "%zu:%s", strlen(s), s);
}

static inline void
put_pieces(struct text *t, unsigned n)
{
	add(t, "6:pieces%u:", n * 20);
	while (n-- > 0)
		put(t, "\252\252\252\252\252\252\252\252\252\252"
		    "\252\252\252\252\252\252\252\252\252\252", 20);
}

static inline void
put_file(struct text *t, unsigned length, const char *attr, int depth, ...)
{
	va_list	ap;

	add(t, "d");
	if (attr != NULL) {
		add(t, "4:attr");
		put_string(t, attr);
	}
	add(t, "6:lengthi%ue4:pathl", length);
	va_start(ap, depth);
	while (depth-- > 0)
		put_string(t, va_arg(ap, const char *));
	va_end(ap);
	add(t, "ee");
}

/* A v1 torrent of one piece around these keys of info and of the root. */
static inline void
make_v1(struct text *t, const char *info, const char *root)
{
	t->len = 0;
	add(t, "d%s4:infod%s12:piece lengthi16384e", root, info);
	put_pieces(t, 1);
	add(t, "ee");
}

static inline struct metainfo *
parse(const struct text *t)
{
	return metainfo_parse(t->buf, t->len, err);
}

/* The torrent must be refused, for a reason that holds this text. */
static inline void
refused(const struct text *t, const char *why)
{
	struct metainfo	*mi = parse(t);

	metainfo_free(mi);
	if (mi != NULL)
		fail_msg("accepted, not refused: %s", why);
	if (strstr(err, why) == NULL)
		fail_msg("%s, not %s", err, why);
	assert_null(strchr(err, '\n'));
}

static inline struct metainfo *
accepted(const struct text *t)
{
	struct metainfo	*mi = parse(t);

	if (mi == NULL)
		fail_msg("%s", err);
	return mi;
}

static inline void
assert_hash(const uint8_t *hash, size_t len, const char *hex)
{
	char	text[2 * SHA256_LEN + 1];

	assert_string_equal(hash_hex(hash, len, text), hex);
}

/* What must hold for every torrent that was accepted. */
static inline void
check_sound(const struct metainfo *mi)
{
	const struct mi_file	*f;
	uint64_t		 end = 0;
	uint32_t		 i;

	assert_true(mi->v1 || mi->v2);
	assert_true(mi->nfiles > 0);
	assert_true(mi->geom.size > 0);
	assert_int_equal(mi->geom.npieces, geom_npieces(mi->geom.size,
	    mi->geom.piece_length));
	for (i = 0; i < mi->nfiles; i++) {
		f = &mi->files[i];
		assert_true(f->offset >= end);
		if (mi->v1)
			assert_true(f->offset == end);
		end = f->offset + f->length;
		assert_true(strlen(f->path) > 0);
		assert_int_not_equal(f->path[0], '/');
		assert_null(strstr(f->path, "//"));
		assert_null(strstr(f->path, "/../"));
		if (!mi->single)
			assert_int_equal(strncmp(f->path, mi->name,
			    strlen(mi->name)), 0);
	}
	assert_true(end == mi->geom.size);
}

static inline void
slurp(const char *name, struct text *t)
{
	char	 path[256];
	FILE	*f;

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	t->len = fread(t->buf, 1, sizeof(t->buf), f);
	assert_true(feof(f));
	fclose(f);
}

#endif /* METAINFO_TEXT_H */
