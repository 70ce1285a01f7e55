/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_H
#define SOURCE_H

/*
 * Copy a .torrent file, or stdin for "-", into a memory file that nobody can
 * change any more: the only form in which mimd takes one.  Returns its
 * descriptor, or -1 after saying what failed.
 */
int	source_open(const char *what);

#endif /* SOURCE_H */
