/* SPDX-License-Identifier: ISC */
#ifndef INTERN_H
#define INTERN_H

#include <sys/tree.h>

#include <stdint.h>

/*
 * Strings that many have in common, such as the URL of a tracker that
 * thousands of torrents name: each is in memory once, and counted.
 */
RB_HEAD(interns, intern);

#define INTERNS_INITIALIZER(set)	RB_INITIALIZER(set)

/*
 * A copy of s that is shared with all who ask for the same; it must not be
 * changed, and is given back with intern_drop().
 */
const char *intern(struct interns *set, const char *s);
void	 intern_drop(struct interns *set, const char *s);	/* or NULL */

#endif /* INTERN_H */
