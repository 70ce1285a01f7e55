/* SPDX-License-Identifier: ISC */
#ifndef FILTERS_H
#define FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/*
 * The files of "blocklist" and "allowlist".  The parent only opens them:
 * peer reads them, in its sandbox.  They stay open, so that a new peer child
 * gets what the last one had.
 */
struct filters {
	struct {
		char	*path;
		int	 fd;
		bool	 allow;
	}		 v[FILTERS_MAX];
	uint32_t	 n;
};

/* -1 with a line in err if one is no file that can be read. */
int	filters_open(struct filters *f, const struct conf *conf, char *err,
	    size_t errsize);
void	filters_close(struct filters *f);

#endif /* FILTERS_H */
