/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "mimctl.h"
#include "status.h"
#include "text.h"
#include "view.h"

#define BAR_CELLS	40

static void
line(FILE *fp, const char *key, const char *fmt, ...)
{
	va_list	ap;

	fprintf(fp, "  %-11s ", key);
	va_start(ap, fmt);
	vfprintf(fp, fmt, ap);
	va_end(ap);
	fputc('\n', fp);
}

static void
line_text(FILE *fp, const char *key, const char *s)
{
	char	*safe = text_safe(s);

	line(fp, key, "%s", safe);
	free(safe);
}

void
status_title(const struct view_torrent *t, FILE *fp)
{
	char	*name = text_safe(t->row.name);

	fprintf(fp, "Torrent %u: %s\n", t->row.id, name);
	free(name);
}

static void
print_identity(const struct mimctl *ctx, const struct rec_torrent_row *r,
    FILE *fp)
{
	char	hex[2 * SHA256_LEN + 1], size[TEXT_LEN], piece[TEXT_LEN];
	line(fp, "info-hash", "%s", hash_hex(r->infohash, SHA1_LEN, hex));
	if (r->infohash2.len == SHA256_LEN)
		line(fp, "v2", "%s", hash_hex(r->infohash2.p, SHA256_LEN,
		    hex));
	line_text(fp, "directory", r->dir);
	if (r->npieces == 0) {
		line(fp, "size", "not known before the metadata has come");
		return;
	}
	line(fp, "size", "%s in %u piece%s of %s, %u file%s%s",
	    text_bytes(ctx, r->size, size), r->npieces,
	    r->npieces == 1 ? "" : "s",
	    text_bytes(ctx, r->piece_length, piece), r->nfiles,
	    r->nfiles == 1 ? "" : "s", r->private ? ", private" : "");
}

static void
print_progress(const struct mimctl *ctx, const struct rec_torrent_row *r,
    FILE *fp)
{
	char	bar[BAR_CELLS + 3], percent[TEXT_LEN], have[TEXT_LEN];
	char	size[TEXT_LEN];

	if (r->state == TSTATE_CHECKING)
		line(fp, "state", "checking, %u.%u%% looked at",
		    r->check_permille / 10, r->check_permille % 10);
	else if (r->state == TSTATE_MOVING)
		line(fp, "state", "moving, %u.%u%% done",
		    r->check_permille / 10, r->check_permille % 10);
	else
		line(fp, "state", "%s", tstate_name(r->state));
	if (*r->error != '\0')
		line_text(fp, r->state == TSTATE_WAITING ? "waits" : "error",
		    r->error);
	if (r->npieces == 0)
		return;
	line(fp, "progress", "%s %s, %s of %s",
	    text_bar(r->got, r->wanted, BAR_CELLS, bar, sizeof(bar)),
	    text_percent(r->got, r->wanted, percent),
	    text_bytes(ctx, r->got, have), text_bytes(ctx, r->wanted, size));
	if (r->wanted < r->size)
		line(fp, "skipped", "%s of files that are not wanted",
		    text_bytes(ctx, r->size - r->wanted, size));
}

static void
print_traffic(const struct mimctl *ctx, const struct view_torrent *t,
    FILE *fp)
{
	const struct rec_torrent_row	*r = &t->row;
	char				 a[TEXT_LEN], b[TEXT_LEN], c[TEXT_LEN];
	double				 ratio;
	uint64_t			 eta;

	line(fp, "rates", "down %s/s, up %s/s%s%s",
	    text_bytes(ctx, r->down_rate, a), text_bytes(ctx, r->up_rate, b),
	    view_eta(t, &eta) ? ", done in " : "",
	    view_eta(t, &eta) ? text_duration(ctx, eta, c) : "");
	line(fp, "totals", "downloaded %s, uploaded %s, wasted %s",
	    text_bytes(ctx, r->downloaded, a),
	    text_bytes(ctx, r->uploaded, b), text_bytes(ctx, r->wasted, c));
	if (view_ratio(t, &ratio))
		line(fp, "ratio", "%.2f", ratio);
	else
		line(fp, "ratio", "-");
	line(fp, "peers", "%u connected, %u of them seed%s", r->peers,
	    r->seeds, r->seeds == 1 ? "s" : "");
}

static void
print_modes(uint8_t modes, FILE *fp)
{
	char	text[64];

	if (modes == 0)
		return;
	/* What is left out is the blank before the first. */
	snprintf(text, sizeof(text), "%s%s%s",
	    modes & TMODE_SEQUENTIAL ? " sequential" : "",
	    modes & TMODE_FIRST_LAST ? " first-last" : "",
	    modes & TMODE_SUPER ? " super-seeding" : "");
	line(fp, "modes", "%s", text + 1);
}

void
status_page(const struct mimctl *ctx, const struct view_torrent *t, FILE *fp)
{
	char	buf[TEXT_LEN];

	status_title(t, fp);
	print_identity(ctx, &t->row, fp);
	print_progress(ctx, &t->row, fp);
	print_traffic(ctx, t, fp);
	print_modes(t->row.modes, fp);
	line(fp, "added", "%s", t->row.added == 0 ? "-" :
	    text_time(ctx, t->row.added, buf));
	line(fp, "completed", "%s", t->row.completed == 0 ? "-" :
	    text_time(ctx, t->row.completed, buf));
}
