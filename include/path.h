/* SPDX-License-Identifier: ISC */
#ifndef PATH_H
#define PATH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Names from torrents are hostile.  Here they are made safe, once and always
 * in the same way: data on disk is found again by these rules, so a change
 * to them orphans it.
 */
#define PATH_COMPONENT_MAX	240U	/* NAME_MAX with room to spare */
#define PATH_DEPTH_MAX		64U
#define PATH_OURS		".mim-"	/* so begin names of mim's own files */

/*
 * Make one component of a path safe: a slash, NUL, control, bidirectional
 * or invisible character and each byte that is not UTF-8 becomes '_', as do
 * the dots of "." and "..", that of PATH_OURS, and an empty name.  Longer
 * ones are cut, the extension kept.  Writes and terminates out; returns its
 * length, never 0.
 */
size_t	path_component(const void *s, size_t len,
	    char out[PATH_COMPONENT_MAX + 1]);

/* Copies a path to where the caller keeps its paths. */
typedef char *(*path_dup_fn)(const char *path, size_t len, void *arg);

/*
 * Give every file a path of its own, also where case does not count (ASCII),
 * and none that is a directory of another: the first keeps its path, a later
 * one gets its index before the extension, "a.txt" -> "a.17.txt".  A renamed
 * path is replaced by a copy made by dup; NULL entries are passed over.  All
 * are at most 4000 bytes.  The time is linear in the bytes of all paths.
 */
void	path_resolve(char **paths, uint32_t n, path_dup_fn dup, void *arg);

#endif /* PATH_H */
