/* SPDX-License-Identifier: ISC */
#ifndef CONFINE_H
#define CONFINE_H

/*
 * For an offline command about to parse a file that nobody vouches for: from
 * here on the process can read and write the descriptors it has, allocate
 * and exit, and no more (no_new_privs, Landlock without any path, a seccomp
 * allow-list).  Standard output gets a buffer of its own.  Fatal where one
 * of these cannot be had.
 */
void	confine_parser(void);

#endif /* CONFINE_H */
