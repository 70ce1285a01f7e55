/* SPDX-License-Identifier: ISC */
#ifndef TEST_CONF_TEXT_H
#define TEST_CONF_TEXT_H

#include <string.h>

#include "conf.h"
#include "log.h"

#define LINES_MAX	64

/* What the parser said of the last text, a line each. */
static char	lines[LINES_MAX][LOG_LINE_MAX];
static int	nlines;

static void
keep_line(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	if (nlines < LINES_MAX)
		strlcpy(lines[nlines++], line, LOG_LINE_MAX);
}

static int
catch_lines(void **state)
{
	(void)state;
	log_set_sink(keep_line, NULL);
	return 0;
}

/* A file "t" with this text; NULL if it has errors. */
static struct conf *
parse(const char *text)
{
	nlines = 0;
	return conf_read_buffer("t", text, strlen(text), NULL, 0);
}

#endif
