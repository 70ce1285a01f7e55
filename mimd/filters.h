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

/* A descriptor; -1, and why in err, if it is no file that can be read. */
int	filter_open(const struct conf *conf, const struct conf_filter *want,
	    char *err, size_t errsize);
/* All of them, or -1 and why in err. */
int	filters_open(struct filters *f, const struct conf *conf, char *err,
	    size_t errsize);
void	filters_close(struct filters *f);

#endif /* FILTERS_H */
