/* SPDX-License-Identifier: ISC */
#include "sync_fs.h"

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>

#include "io.h"

#define WORTH	256U		/* files */

#ifndef F2FS_SUPER_MAGIC
#define F2FS_SUPER_MAGIC 0xf2f52010
#endif

/* Some others, FUSE for one, leave syncfs(2) without an effect. */
static const unsigned int	good[] = {
	EXT4_SUPER_MAGIC,	/* and its elders */
	XFS_SUPER_MAGIC,
	BTRFS_SUPER_MAGIC,
	F2FS_SUPER_MAGIC,
	TMPFS_MAGIC,
};

/* Before Linux 5.8 it did not tell of writes that had failed. */
static bool
kernel_tells(void)
{
	struct utsname	u;
	unsigned int	major, minor;

	return uname(&u) == 0 &&
	    sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	    (major > 5 || (major == 5 && minor >= 8));
}

static bool
is_good(int fd)
{
	struct statfs	st;
	size_t		i;

	if (io_fstatfs(fd, &st) == -1)
		return false;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if ((unsigned int)st.f_type == good[i])
			return true;
	return false;
}

int
sync_fs_open(int dir)
{
	if (!kernel_tells() || !is_good(dir))
		return -1;
	return io_open(dir, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

bool
sync_fs_worth(uint32_t nfiles)
{
	return nfiles >= WORTH;
}

/* Before Linux 5.17 only a sync of a file told of a journal that failed. */
int
sync_fs(int fd)
{
	return io_syncfs(fd) == -1 ? -1 : io_fsync(fd);
}
