/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fmt.h"
#include "info.h"

#define LABEL_WIDTH	14
#define SIZE_COLUMN	8
#define NUMERIC_COLUMN	16
#define DATE_END	253402300800	/* the year 10000: no real date */
/* A byte becomes four characters at most; a line shows no more than this. */
#define LINE_BYTES	(4 * METAINFO_TEXT_MAX + 1)

static const char *
size_text(const struct info_options *opt, uint64_t n, char buf[32])
{
	char	human[FMT_LEN];

	if (opt->numeric)
		snprintf(buf, 32, "%llu", (unsigned long long)n);
	else
		strlcpy(buf, fmt_bytes(n, human), 32);
	return buf;
}

void
info_field(const char *label, const char *text)
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
		info_field("info-hash", hash_hex(mi->infohash, SHA1_LEN,
		    hex));
	if (mi->v2)
		info_field("info-hash v2", hash_hex(mi->infohash2,
		    SHA256_LEN, hex));
	info_field("version", mi->v1 && mi->v2 ? "1 and 2 (hybrid)" :
	    mi->v1 ? "1" : "2 (cannot be downloaded yet)");
}

static void
print_sizes(const struct info_options *opt, const struct metainfo *mi)
{
	char		line[128], size[32];
	uint32_t	i, n = 0;

	for (i = 0; i < mi->nfiles; i++)
		n += !(mi->files[i].attr & MI_PAD);
	snprintf(line, sizeof(line), "%s (%llu bytes) in %u file%s",
	    size_text(opt, mi->payload, size),
	    (unsigned long long)mi->payload, n, n == 1 ? "" : "s");
	info_field("size", line);
	snprintf(line, sizeof(line), "%u of %s", mi->geom.npieces,
	    size_text(opt, mi->geom.piece_length, size));
	info_field("pieces", line);
}

static void
print_origin(const struct metainfo *mi)
{
	struct tm	tm;
	char		date[64];
	time_t		t = (time_t)mi->creation_date;

	if (mi->private)
		info_field("private", "yes");
	if (mi->source != NULL)
		info_field("source", mi->source);
	if (t > 0 && t < DATE_END && gmtime_r(&t, &tm) != NULL &&
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
		info_field("created", date);
	if (mi->created_by != NULL)
		info_field("created by", mi->created_by);
	if (mi->comment != NULL)
		info_field("comment", mi->comment);
}

static void
print_contacts(const struct info_options *opt, const struct metainfo *mi)
{
	char		label[16], url[METAINFO_URL_MAX + 1];
	uint32_t	i;

	for (i = 0; i < mi->ntrackers; i++) {
		snprintf(label, sizeof(label), "tracker %u",
		    mi->trackers[i].tier + 1U);
		info_field(label, info_tracker_url(opt,
		    mi->trackers[i].url, url));
	}
	for (i = 0; i < mi->nwebseeds; i++)
		info_field("web seed", mi->webseeds[i]);
	for (i = 0; i < mi->nnodes; i++)
		info_field("node", mi->nodes[i]);
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
print_dirs(const char *path, const char *last, int column,
    const char **base)
{
	const char	*s = path, *slash;
	int		 depth = 0;
	size_t		 len;

	for (; (slash = strchr(s, '/')) != NULL; s = slash + 1) {
		len = (size_t)(slash + 1 - path);
		if (last == NULL || strncmp(path, last, len) != 0) {
			printf("%*s  ", column, "");
			print_name(s, (size_t)(slash + 1 - s), depth);
			putchar('\n');
		}
		depth++;
	}
	*base = s;
	return depth;
}

static void
print_file(const struct info_options *opt, const struct mi_file *f,
    const char *last)
{
	const char	*base;
	char		 size[32];
	int		 column, depth;

	column = opt->numeric ? NUMERIC_COLUMN : SIZE_COLUMN;
	depth = print_dirs(f->path, last, column, &base);
	printf("%*s  ", column, size_text(opt, f->length, size));
	print_name(base, strlen(base), depth);
	printf("%s%s%s%s%s\n", f->attr & MI_PAD ? " (padding)" : "",
	    f->attr & MI_EXEC ? " (executable)" : "",
	    f->attr & MI_HIDDEN ? " (hidden)" : "",
	    f->attr & MI_SYMLINK ? " (symbolic link, not made)" : "",
	    f->renamed ? " (renamed)" : "");
}

void
info_text(const struct info_options *opt, const struct metainfo *mi)
{
	const char	*last = NULL;
	uint32_t	 i;

	info_field("name", mi->name);
	print_hashes(mi);
	print_sizes(opt, mi);
	print_origin(mi);
	print_contacts(opt, mi);
	if (mi->renamed)
		info_field("note", "names unfit for a file system were "
		    "changed");
	puts("files");
	for (i = 0; i < mi->nfiles; i++) {
		if ((mi->files[i].attr & MI_PAD) && !opt->verbose)
			continue;
		print_file(opt, &mi->files[i], last);
		last = mi->files[i].path;
	}
}

void
info_row(const struct metainfo *mi)
{
	char	hex[2 * SHA256_LEN + 1], safe[LINE_BYTES];

	printf("%s\t", mi->v1 ? hash_hex(mi->infohash, SHA1_LEN, hex) : "-");
	printf("%s\t", mi->v2 ? hash_hex(mi->infohash2, SHA256_LEN, hex) :
	    "-");
	printf("%s\t%llu\t%u\t%u\t%u\t%s\n", info_version(mi),
	    (unsigned long long)info_size(mi), mi->geom.npieces,
	    mi->geom.piece_length, mi->nfiles,
	    fmt_safe(mi->name, strlen(mi->name), safe, sizeof(safe)));
}
