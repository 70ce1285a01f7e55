/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "mem.h"
#include "table.h"
#include "text.h"

#define GAP		2	/* blanks between columns ... */
#define GAP_TIGHT	1	/* ... where room is short */
#define NOTE_INDENT	6
#define WIDTH_MAX	10000

struct note {
	size_t	 row;		/* that it stands below */
	char	*text;
};

struct cell {
	size_t	 at;		/* in texts */
	size_t	 width;
};

struct table {
	const struct table_column *columns;
	size_t		 ncolumns;
	char		*texts;		/* of all cells, each with a NUL */
	size_t		 texts_len, texts_size;
	struct cell	*cells;
	size_t		 ncells, size;
	struct note	*notes;
	size_t		 nnotes, notes_size;
};

struct table *
table_new(const struct table_column *columns, size_t n)
{
	struct table	*t = xcalloc(1, sizeof(*t));

	t->columns = columns;
	t->ncolumns = n;
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nnotes; i++)
		free(t->notes[i].text);
	free(t->texts);
	free(t->cells);
	free(t->notes);
	free(t);
}

void
table_add(struct table *t, const char *text)
{
	size_t	len = strlen(text) + 1;

	if (t->ncells == t->size) {
		t->size = t->size == 0 ? 64 : 2 * t->size;
		t->cells = xreallocarray(t->cells, t->size,
		    sizeof(*t->cells));
	}
	while (t->texts_size - t->texts_len < len) {
		t->texts_size = t->texts_size == 0 ? 4096 : 2 * t->texts_size;
		t->texts = xreallocarray(t->texts, t->texts_size, 1);
	}
	memcpy(t->texts + t->texts_len, text, len);
	t->cells[t->ncells].at = t->texts_len;
	t->cells[t->ncells++].width = fmt_width(text);
	t->texts_len += len;
}

void
table_addf(struct table *t, const char *fmt, ...)
{
	char	*text;
	va_list	 ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	table_add(t, text);
	free(text);
}

void
table_add_safe(struct table *t, const char *text)
{
	char	*safe = text_safe(text);

	table_add(t, safe);
	free(safe);
}

void
table_note(struct table *t, const char *text)
{
	if (t->ncells < t->ncolumns)
		return;
	if (t->nnotes == t->notes_size) {
		t->notes_size = t->notes_size == 0 ? 8 : 2 * t->notes_size;
		t->notes = xreallocarray(t->notes, t->notes_size,
		    sizeof(*t->notes));
	}
	t->notes[t->nnotes].row = t->ncells / t->ncolumns - 1;
	t->notes[t->nnotes++].text = xstrdup(text);
}

void
table_note_safe(struct table *t, const char *text)
{
	char	*safe = text_safe(text);

	table_note(t, safe);
	free(safe);
}

static size_t
max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * Make columns narrower by excess: the CUT one, once so many of the SPARE ones
 * are left out, with a width of 0, that this suffices.
 */
static void
squeeze(const struct table *t, size_t excess, size_t *widths)
{
	size_t	cut, slack = 0, i;

	for (cut = 0; cut < t->ncolumns; cut++)
		if (t->columns[cut].how == TABLE_CUT)
			break;
	if (cut < t->ncolumns && widths[cut] > TABLE_CUT_MIN)
		slack = widths[cut] - TABLE_CUT_MIN;
	for (i = t->ncolumns; i-- > 0 && excess > slack; ) {
		if (t->columns[i].how != TABLE_SPARE)
			continue;
		excess -= excess > widths[i] + GAP_TIGHT ?
		    widths[i] + GAP_TIGHT : excess;
		widths[i] = 0;
	}
	if (slack > 0)
		widths[cut] -= excess > slack ? slack : excess;
}

/*
 * How wide each column is; what does not fit is taken from the gaps, which
 * are returned, then from columns.
 */
static size_t
measure(const struct table *t, size_t width, size_t indent, size_t *widths)
{
	size_t	total = indent, i;

	for (i = 0; i < t->ncolumns; i++)
		widths[i] = fmt_width(t->columns[i].title);
	for (i = 0; i < t->ncells; i++)
		widths[i % t->ncolumns] = max(widths[i % t->ncolumns],
		    t->cells[i].width);
	for (i = 0; i < t->ncolumns; i++)
		total += widths[i] + (i > 0 ? GAP : 0);
	if (width == 0 || total <= width)
		return GAP;
	total -= (t->ncolumns - 1) * (GAP - GAP_TIGHT);
	if (total <= width)
		return GAP_TIGHT;
	squeeze(t, total - width, widths);
	return GAP_TIGHT;
}

static void
print_blanks(FILE *fp, size_t n)
{
	while (n-- > 0)
		putc(' ', fp);
}

static void
print_cut(FILE *fp, const char *text, size_t width, bool last)
{
	char	*s = xstrdup(text);

	text_cut(s, width);
	fputs(s, fp);
	if (!last)
		print_blanks(fp, width - fmt_width(s));
	free(s);
}

static bool
is_right(const struct table_column *col)
{
	return col->how == TABLE_RIGHT || col->how == TABLE_SPARE;
}

static void
print_cell(FILE *fp, const struct table_column *col, const char *text,
    size_t w, size_t width, bool last)
{
	if (col->how == TABLE_CUT && w > width) {
		print_cut(fp, text, width, last);
		return;
	}
	if (is_right(col) && w < width)
		print_blanks(fp, width - w);
	fputs(text, fp);
	if (!is_right(col) && w < width && !last)
		print_blanks(fp, width - w);
}

/* Row of cells, or the titles.  No blanks at the end. */
static void
print_row(const struct table *t, FILE *fp, const struct cell *cells,
    const size_t *widths, size_t indent, size_t gap)
{
	const char	*text;
	size_t		 n = t->ncolumns;

	while (n > 0 && (widths[n - 1] == 0 || (cells != NULL ?
	    cells[n - 1].width == 0 : *t->columns[n - 1].title == '\0')))
		n--;
	print_blanks(fp, indent);
	for (size_t i = 0; i < n; i++) {
		if (widths[i] == 0)
			continue;
		text = cells == NULL ? t->columns[i].title :
		    t->texts + cells[i].at;
		if (i > 0)
			print_blanks(fp, gap);
		print_cell(fp, &t->columns[i], text, cells == NULL ?
		    fmt_width(text) : cells[i].width, widths[i], i + 1 == n);
	}
	putc('\n', fp);
}

void
table_print(const struct table *t, FILE *fp, size_t width, size_t indent)
{
	size_t	*widths = xcalloc(t->ncolumns, sizeof(*widths));
	size_t	 note = 0, gap;

	gap = measure(t, width, indent, widths);
	print_row(t, fp, NULL, widths, indent, gap);
	for (size_t row = 0; row < t->ncells / t->ncolumns; row++) {
		print_row(t, fp, t->cells + row * t->ncolumns, widths,
		    indent, gap);
		for (; note < t->nnotes && t->notes[note].row == row; note++)
			fprintf(fp, "%*s%s\n", (int)(indent + NOTE_INDENT),
			    "", t->notes[note].text);
	}
	free(widths);
}

size_t
table_width(void)
{
	const char	*s = getenv("COLUMNS");
	struct winsize	 ws;
	const char	*err;
	long long	 n;

	if (s != NULL && *s != '\0') {
		n = strtonum(s, 1, WIDTH_MAX, &err);
		if (err == NULL)
			return (size_t)n;
	}
	if (isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0)
		return ws.ws_col;
	return 0;
}
