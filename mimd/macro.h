/* SPDX-License-Identifier: ISC */
#ifndef MIMD_MACRO_H
#define MIMD_MACRO_H

#include <sys/queue.h>

#include <stdbool.h>

struct macro;

/* The macros of mimd.conf(5), no more than CONF_MACROS_MAX; begins zeroed. */
struct macros {
	SLIST_HEAD(, macro)	 list;
	unsigned int		 n;
};

/* A fixed one stands against all that come later.  NULL, or why not. */
const char	*macro_set(struct macros *macros, const char *name,
		    const char *value, bool fixed);
/* Its value; NULL if there is none of that name. */
const char	*macro_get(const struct macros *macros, const char *name);
void		 macro_clear(struct macros *macros);

#endif
