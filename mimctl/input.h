/* SPDX-License-Identifier: ISC */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an offline command reads; parsed only once it is confined. */
struct input {
	const char	*name;
	uint8_t		*buf;		/* NULL: could not be read */
	size_t		 len;
	bool		 link;		/* name is a magnet link, as is buf */
};

/* Read a .torrent ("-" is stdin), or take a link; -1 after a complaint. */
int	input_read(struct input *src, const char *name);
void	input_clear(struct input *src);
/* One line on stderr about name, made safe. */
void	input_complain(const char *name, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif /* INPUT_H */
