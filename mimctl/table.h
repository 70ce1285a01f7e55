/* SPDX-License-Identifier: ISC */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdio.h>

/* Rows in aligned columns. */
struct table_column {
	const char	*title;
	/*
	 * CUT: left, and may be shortened.  SPARE: right, and may be left
	 * out, the last first.
	 */
	enum { TABLE_LEFT, TABLE_RIGHT, TABLE_CUT, TABLE_SPARE } how;
};

#define TABLE_CUT_MIN	8	/* columns that are left in any case */

struct table;

/* columns stays the caller's and must live as long as the table. */
struct table	*table_new(const struct table_column *columns, size_t n);
void		 table_free(struct table *table);	/* NULL is fine */
/* The next cell, from left to right, row by row; valid UTF-8, copied. */
void		 table_add(struct table *table, const char *text);
/* The same, made as by printf(3). */
void		 table_addf(struct table *table, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
/* The same of what came from outside, as text_safe() makes it. */
void		 table_add_safe(struct table *table, const char *text);
/* A line of its own below the last whole row. */
void		 table_note(struct table *table, const char *text);
void		 table_note_safe(struct table *table, const char *text);
/*
 * Print all with titles.  width: columns to fit in if it can, 0 for any;
 * indent: blanks before each line.
 */
void		 table_print(const struct table *table, FILE *fp,
		    size_t width, size_t indent);
/* The columns of stdout: $COLUMNS, else of the terminal, else 0. */
size_t		 table_width(void);

#endif /* TABLE_H */
