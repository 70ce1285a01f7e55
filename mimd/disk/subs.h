/* SPDX-License-Identifier: ISC */
#ifndef SUBS_H
#define SUBS_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * Volumes mounted beneath a download directory, where torrents lie: what
 * roots.h says of those holds for each of these.  They are held by a
 * descriptor, so that what is at the path later does not matter; when
 * something is mounted or unmounted the parent starts a disk child anew.
 */
#define SUBS_MAX	255U

struct sub {
	uint32_t	 root;		/* index */
	char		*subdir;
	int		 fd;		/* O_PATH; -1: there is none */
	uint64_t	 ino;
	int64_t		 birth;
	bool		 away;		/* not what it was */
};

/* The torrent has come to its place: set content::sub. */
void	 subs_take(struct disk *d, struct content *t);
/* Is there a volume that is to be at this place, and is not? */
bool	 subs_away(const struct disk *d, uint32_t root, const char *subdir);
/* Its volume is right as it is. */
void	 subs_accept(struct disk *d, const struct content *t);
/* All torrents are found: forget volumes that none of them uses. */
void	 subs_scanned(struct disk *d);

#endif /* SUBS_H */
