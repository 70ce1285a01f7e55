/* SPDX-License-Identifier: ISC */
#ifndef SYNC_FS_H
#define SYNC_FS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Many files that lie on one file system are safe by one syncfs(2), where an
 * fsync(2) of each has the file system write its journal as many times.
 *
 * It fails if any write to that file system has failed since the descriptor
 * was opened, or since it said so the last time: so the descriptor must be as
 * old as what it is to speak for.  Whose file it was it does not tell; so once
 * it has failed it is of no more use, and each file is asked again.
 */

/*
 * A descriptor to sync by, of the directory dir; or -1 where the kernel or the
 * file system does not promise all that.  To be called before the sandbox.
 */
int	 sync_fs_open(int dir);
/* Are so many files worth it?  Others' writes to it have to be waited for. */
bool	 sync_fs_worth(uint32_t nfiles);
/* -1 and errno. */
int	 sync_fs(int fd);

#endif /* SYNC_FS_H */
