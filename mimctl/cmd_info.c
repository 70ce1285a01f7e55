/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "fmt.h"
#include "mem.h"
#include "metainfo.h"
#include "mimctl.h"
#include "msg.h"
#include "utf8.h"

#define READ_FIRST	(64U << 10)
#define LABEL_WIDTH	14
#define SIZE_COLUMN	8
/* A byte becomes four characters at most; a line shows no more than this. */
#define LINE_BYTES	(4 * METAINFO_TEXT_MAX + 1)

/* A file as read; parsed only after the process is confined. */
struct source {
	const char	*name;
	uint8_t		*buf;		/* NULL: could not be read */
	size_t		 len;
};

struct options {
	bool	json, headerless, numeric, verbose;
};

static void
complain(const char *name, const char *fmt, ...)
{
	char	why[METAINFO_ERR_MAX], safe[4 * METAINFO_ERR_MAX + 1];
	char	file[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "mimctl: %s: %s\n",
	    fmt_safe(name, strlen(name), file, sizeof(file)),
	    fmt_safe(why, strlen(why), safe, sizeof(safe)));
}

/* Read all of fd, one byte past the limit at most. */
static int
read_all(int fd, struct source *src)
{
	size_t	size = 0;
	ssize_t	n;

	do {
		if (src->len == size) {
			size = size == 0 ? READ_FIRST : size * 2;
			if (size > METAINFO_SIZE_MAX + 1)
				size = METAINFO_SIZE_MAX + 1;
			src->buf = xreallocarray(src->buf, size, 1);
		}
		n = read(fd, src->buf + src->len, size - src->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		src->len += (size_t)n;
	} while (n != 0 && src->len <= METAINFO_SIZE_MAX);
	return 0;
}

static int
read_source(struct source *src)
{
	struct stat	st;
	const char	*why = NULL;
	int		 fd;

	if (strcmp(src->name, "-") == 0)
		fd = STDIN_FILENO;
	else
		fd = open(src->name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		why = strerror(errno);
	else if (fd != STDIN_FILENO && !S_ISREG(st.st_mode) &&
	    !S_ISFIFO(st.st_mode))
		why = "not a regular file";
	else if (read_all(fd, src) == -1)
		why = strerror(errno);
	if (fd > STDIN_FILENO)
		close(fd);
	if (why == NULL)
		return 0;
	complain(src->name, "%s", why);
	free(src->buf);
	src->buf = NULL;
	return -1;
}

static const char *
version(const struct metainfo *mi)
{
	return mi->v1 && mi->v2 ? "hybrid" : mi->v1 ? "1" : "2";
}

/* Pads count where the v1 view is the one that is used. */
static uint64_t
total_size(const struct metainfo *mi)
{
	return mi->v1 ? mi->geom.size : mi->payload;
}

static const char *
attr_letters(uint8_t attr, char buf[8])
{
	snprintf(buf, 8, "%s%s%s%s", attr & MI_PAD ? "p" : "",
	    attr & MI_EXEC ? "x" : "", attr & MI_HIDDEN ? "h" : "",
	    attr & MI_SYMLINK ? "l" : "");
	return buf;
}

static const char *
tracker_url(const struct options *opt, const char *url,
    char buf[METAINFO_URL_MAX + 1])
{
	return opt->verbose ? url : fmt_mask_url(url, buf,
	    METAINFO_URL_MAX + 1);
}

/* ---- JSON ---- */

/* Bytes that are no UTF-8 are escaped as on a terminal; NULL is null. */
static json_t *
json_text(const char *s)
{
	char	*safe;
	json_t	*json;
	size_t	 len;

	if (s == NULL)
		return json_null();
	len = strlen(s);
	if (utf8_valid(s, len))
		return json_stringn(s, len);
	safe = xreallocarray(NULL, len + 1, 4);
	json = json_string(fmt_safe(s, len, safe, 4 * (len + 1)));
	free(safe);
	return json;
}

static json_t *
json_hash(bool known, const uint8_t *hash, size_t len)
{
	char	hex[2 * SHA256_LEN + 1];

	return known ? json_string(hash_hex(hash, len, hex)) : json_null();
}

static json_t *
json_files(const struct metainfo *mi)
{
	const struct mi_file	*f;
	json_t			*list = json_array();
	char			 attr[8];
	uint32_t		 i;

	for (i = 0; i < mi->nfiles; i++) {
		f = &mi->files[i];
		json_array_append_new(list, json_pack(
		    "{s:I, s:o, s:I, s:I, s:s, s:b}",
		    "index", (json_int_t)i,
		    "path", json_text(f->path),
		    "size", (json_int_t)f->length,
		    "offset", (json_int_t)f->offset,
		    "attr", attr_letters(f->attr, attr),
		    "renamed", f->renamed));
	}
	return list;
}

static json_t *
json_trackers(const struct options *opt, const struct metainfo *mi)
{
	json_t		*list = json_array();
	char		 url[METAINFO_URL_MAX + 1];
	uint32_t	 i;

	for (i = 0; i < mi->ntrackers; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}",
		    "tier", mi->trackers[i].tier,
		    "url", json_text(tracker_url(opt, mi->trackers[i].url,
		    url))));
	return list;
}

static json_t *
json_list(char **strings, uint32_t n)
{
	json_t		*list = json_array();
	uint32_t	 i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_text(strings[i]));
	return list;
}

static json_t *
info_json(const struct options *opt, const struct metainfo *mi)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:b, s:I, s:I, s:I, s:I,"
	    " s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "name", json_text(mi->name),
	    "infohash", json_hash(mi->v1, mi->infohash, SHA1_LEN),
	    "infohash_v2", json_hash(mi->v2, mi->infohash2, SHA256_LEN),
	    "version", version(mi),
	    "downloadable", mi->v1,
	    "private", mi->private,
	    "size", (json_int_t)total_size(mi),
	    "payload", (json_int_t)mi->payload,
	    "piece_length", (json_int_t)mi->geom.piece_length,
	    "pieces", (json_int_t)mi->geom.npieces,
	    "renamed", mi->renamed,
	    "comment", json_text(mi->comment),
	    "created_by", json_text(mi->created_by),
	    "creation_date", mi->creation_date != 0 ?
	    json_integer(mi->creation_date) : json_null(),
	    "source", json_text(mi->source),
	    "trackers", json_trackers(opt, mi),
	    "webseeds", json_list(mi->webseeds, mi->nwebseeds),
	    "nodes", json_list(mi->nodes, mi->nnodes),
	    "files", json_files(mi));
}

/* One torrent is the object itself, several are a list in one. */
static void
print_json(json_t *list)
{
	json_t	*root;

	if (json_array_size(list) == 1)
		root = json_incref(json_array_get(list, 0));
	else
		root = json_pack("{s:O}", "torrents", list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

/* ---- text ---- */

static const char *
size_text(const struct options *opt, uint64_t n, char buf[32])
{
	char	human[FMT_LEN];

	if (opt->numeric)
		snprintf(buf, 32, "%llu", (unsigned long long)n);
	else
		strlcpy(buf, fmt_bytes(n, human), 32);
	return buf;
}

static void
print_field(const char *label, const char *text)
{
	char	safe[LINE_BYTES];

	printf("%-*s%s\n", LABEL_WIDTH, label,
	    fmt_safe(text, strlen(text), safe, sizeof(safe)));
}

static void
print_hashes(const struct metainfo *mi)
{
	char	hex[2 * SHA256_LEN + 1];

	if (mi->v1)
		print_field("info-hash", hash_hex(mi->infohash, SHA1_LEN,
		    hex));
	if (mi->v2)
		print_field("info-hash v2", hash_hex(mi->infohash2,
		    SHA256_LEN, hex));
	print_field("version", mi->v1 && mi->v2 ? "1 and 2 (hybrid)" :
	    mi->v1 ? "1" : "2 (cannot be downloaded yet)");
}

static void
print_sizes(const struct options *opt, const struct metainfo *mi)
{
	char		line[128], size[32];
	uint32_t	i, n = 0;

	for (i = 0; i < mi->nfiles; i++)
		n += !(mi->files[i].attr & MI_PAD);
	snprintf(line, sizeof(line), "%s (%llu bytes) in %u file%s",
	    size_text(opt, mi->payload, size),
	    (unsigned long long)mi->payload, n, n == 1 ? "" : "s");
	print_field("size", line);
	snprintf(line, sizeof(line), "%u of %s", mi->geom.npieces,
	    size_text(opt, mi->geom.piece_length, size));
	print_field("pieces", line);
}

static void
print_origin(const struct metainfo *mi)
{
	struct tm	tm;
	char		date[64];
	time_t		t = (time_t)mi->creation_date;

	if (mi->private)
		print_field("private", "yes");
	if (mi->source != NULL)
		print_field("source", mi->source);
	if (mi->creation_date > 0 && gmtime_r(&t, &tm) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
		print_field("created", date);
	if (mi->created_by != NULL)
		print_field("created by", mi->created_by);
	if (mi->comment != NULL)
		print_field("comment", mi->comment);
}

static void
print_contacts(const struct options *opt, const struct metainfo *mi)
{
	char		label[16], url[METAINFO_URL_MAX + 1];
	uint32_t	i;

	for (i = 0; i < mi->ntrackers; i++) {
		snprintf(label, sizeof(label), "tracker %u",
		    mi->trackers[i].tier + 1U);
		print_field(label, tracker_url(opt, mi->trackers[i].url, url));
	}
	for (i = 0; i < mi->nwebseeds; i++)
		print_field("web seed", mi->webseeds[i]);
	for (i = 0; i < mi->nnodes; i++)
		print_field("node", mi->nodes[i]);
}

static void
print_name(const char *s, size_t len, int depth)
{
	char	safe[4 * METAINFO_PATH_MAX + 1];

	printf("%*s%s", 2 * depth, "", fmt_safe(s, len, safe, sizeof(safe)));
}

/*
 * The directories of path that last does not share, a line each; returns
 * how deep the file lies and where its own name begins.
 */
static int
print_dirs(const char *path, const char *last, const char **base)
{
	const char	*s = path, *slash;
	int		 depth = 0;
	size_t		 len;

	for (; (slash = strchr(s, '/')) != NULL; s = slash + 1) {
		len = (size_t)(slash + 1 - path);
		if (last == NULL || strncmp(path, last, len) != 0) {
			printf("%*s  ", SIZE_COLUMN, "");
			print_name(s, (size_t)(slash + 1 - s), depth);
			putchar('\n');
		}
		depth++;
	}
	*base = s;
	return depth;
}

static void
print_file(const struct options *opt, const struct mi_file *f,
    const char *last)
{
	const char	*base;
	char		 size[32];
	int		 depth;

	depth = print_dirs(f->path, last, &base);
	printf("%*s  ", SIZE_COLUMN, size_text(opt, f->length, size));
	print_name(base, strlen(base), depth);
	printf("%s%s%s%s%s\n", f->attr & MI_PAD ? " (padding)" : "",
	    f->attr & MI_EXEC ? " (executable)" : "",
	    f->attr & MI_HIDDEN ? " (hidden)" : "",
	    f->attr & MI_SYMLINK ? " (symbolic link, not made)" : "",
	    f->renamed ? " (renamed)" : "");
}

static void
info_text(const struct options *opt, const struct metainfo *mi)
{
	const char	*last = NULL;
	uint32_t	 i;

	print_field("name", mi->name);
	print_hashes(mi);
	print_sizes(opt, mi);
	print_origin(mi);
	print_contacts(opt, mi);
	if (mi->renamed)
		print_field("note", "names unfit for a file system were "
		    "changed");
	puts("files");
	for (i = 0; i < mi->nfiles; i++) {
		if ((mi->files[i].attr & MI_PAD) && !opt->verbose)
			continue;
		print_file(opt, &mi->files[i], last);
		last = mi->files[i].path;
	}
}

/* info-hash, v2 info-hash, version, size, pieces, piece length, files, name */
static void
info_row(const struct metainfo *mi)
{
	char	hex[2 * SHA256_LEN + 1], safe[LINE_BYTES];

	printf("%s\t", mi->v1 ? hash_hex(mi->infohash, SHA1_LEN, hex) : "-");
	printf("%s\t", mi->v2 ? hash_hex(mi->infohash2, SHA256_LEN, hex) :
	    "-");
	printf("%s\t%llu\t%u\t%u\t%u\t%s\n", version(mi),
	    (unsigned long long)total_size(mi), mi->geom.npieces,
	    mi->geom.piece_length, mi->nfiles,
	    fmt_safe(mi->name, strlen(mi->name), safe, sizeof(safe)));
}

/* ---- the command ---- */

static int
show(const struct options *opt, struct source *src, json_t *list, bool first)
{
	struct metainfo	*mi;
	char		 err[METAINFO_ERR_MAX];

	mi = metainfo_parse(src->buf, src->len, err);
	free(src->buf);
	src->buf = NULL;
	if (mi == NULL) {
		complain(src->name, "%s", err);
		return -1;
	}
	if (opt->json)
		json_array_append_new(list, info_json(opt, mi));
	else if (opt->headerless)
		info_row(mi);
	else {
		if (!first)
			putchar('\n');
		info_text(opt, mi);
	}
	metainfo_free(mi);
	return 0;
}

static int
show_all(const struct options *opt, struct source *srcs, int n)
{
	json_t	*list;
	int	 code = CTL_OK, i, shown = 0;

	/* All that a library wants to open, it opens now. */
	hash_init();
	json_object_seed(0);
	confine_parser();
	list = json_array();
	for (i = 0; i < n; i++) {
		if (srcs[i].buf != NULL &&
		    show(opt, &srcs[i], list, shown == 0) == 0)
			shown++;
		else
			code = CTL_FAILED;
	}
	if (opt->json && shown > 0)
		print_json(list);
	json_decref(list);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		complain("stdout", "%s", strerror(errno));
		code = CTL_FAILED;
	}
	return code;
}

int
cmd_info(const struct mimctl *ctx, int argc, char **argv)
{
	struct options	 opt = { ctx->json, ctx->headerless, ctx->numeric,
			    ctx->verbose };
	struct source	*srcs;
	int		 ch, code, i;

	while ((ch = getopt(argc, argv, "v")) != -1) {
		if (ch != 'v')
			return command_usage("info");
		opt.verbose = true;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return command_usage("info");
	srcs = xcalloc((size_t)argc, sizeof(*srcs));
	for (i = 0; i < argc; i++) {
		srcs[i].name = argv[i];
		read_source(&srcs[i]);
	}
	code = show_all(&opt, srcs, argc);
	free(srcs);
	return code;
}
