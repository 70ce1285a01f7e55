/* SPDX-License-Identifier: ISC */
#ifndef MIMD_SOURCE_H
#define MIMD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct source_file {
	struct source_file	*below;		/* the one that includes it */
	char			*name;
	char			*data;
	size_t			 len, pos;
	unsigned int		 line;
	bool			 begun;		/* its include's line ended */
	bool			 at_end;	/* its last newline was given */
	bool			 exposed;	/* others may read it */
};

/*
 * The characters of mimd.conf(5): of the file, of those it includes and of
 * the macros' values, as they follow each other.  Begins zeroed.
 */
struct source {
	struct source_file	*file;		/* being read */
	unsigned int		 nfiles;	/* within each other */
	size_t			 size;		/* bytes of all files */
	char			*expand;	/* a macro's value, or NULL */
	size_t			 expand_pos;
};

/*
 * The first file, or what is said to stand in it: data of len bytes.
 * Regular files only, all together no larger than CONF_SIZE_MAX.  Returns
 * -1 with errno.
 */
int		 source_open(struct source *s, const char *name,
		    const char *data, size_t len);
/* Another one from here on, named from the one that names it. */
int		 source_include(struct source *s, const char *name);
/* A macro's value from here on, which source_in_macro() then tells. */
void		 source_expand(struct source *s, const char *value);
bool		 source_in_macro(const struct source *s);
/* The next character; EOF: end of the file. */
int		 source_next(struct source *s);
/* Once for a character that source_next() has just given. */
void		 source_unget(struct source *s, int c);
/* Go on in the file that includes this one; false: it is the first. */
bool		 source_leave(struct source *s);
void		 source_close(struct source *s);

#endif
