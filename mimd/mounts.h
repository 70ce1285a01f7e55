/* SPDX-License-Identifier: ISC */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdint.h>

/*
 * What is mounted where.  A descriptor of a directory stays on the volume
 * that it was opened on, whatever is mounted or unmounted at its path later;
 * this tells when the two part, without a look at any file system, for one
 * that hangs would hang us.
 */
#define MOUNTS_SIZE_MAX	(8U << 20)	/* bytes of mountinfo */

/*
 * The number of the mount that holds path (absolute, without symbolic links)
 * by the text of /proc/self/mountinfo; -1 if that makes no sense.
 */
int64_t	 mounts_holding(const char *text, const char *path);

struct mounts;
struct loop;

/* Call fn when something was mounted or unmounted; NULL: cannot be had. */
struct mounts *mounts_new(struct loop *loop, void (*fn)(void *), void *arg);
/* Call it within ms. */
void	 mounts_again(struct mounts *m, uint64_t ms);
void	 mounts_free(struct mounts *m);		/* NULL is fine */
/* The text as it is now, to be freed; NULL: cannot be had. */
char	*mounts_read(void);
/* The mount that a descriptor is on, and its path there; -1: not known. */
int64_t	 mounts_of(int fd, char *path, uint32_t size);

#endif /* MOUNTS_H */
