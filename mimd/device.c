/* SPDX-License-Identifier: ISC */
#include "device.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A partition has no queue of its own: the disk that it is of has. */
static enum device_kind
kind_of(dev_t dev)
{
	static const char *const	places[] = { "", "/.." };
	char				path[80];
	FILE				*fp;
	size_t				i;
	int				c = EOF;

	for (i = 0; i < 2 && c == EOF; i++) {
		snprintf(path, sizeof(path),
		    "/sys/dev/block/%u:%u%s/queue/rotational", major(dev),
		    minor(dev), places[i]);
		if ((fp = fopen(path, "re")) == NULL)
			continue;
		c = getc(fp);
		fclose(fp);
	}
	return c == '1' ? DEVICE_ROTATING : c == '0' ? DEVICE_SOLID :
	    DEVICE_UNKNOWN;
}

/* The source in a line of mountinfo, if it is that mount's. */
static char *
mount_source(char *line, unsigned long long id)
{
	char	*p;

	if (strtoull(line, NULL, 10) != id ||
	    (p = strstr(line, " - ")) == NULL ||
	    (p = strchr(p + 3, ' ')) == NULL)
		return NULL;
	p++;
	p[strcspn(p, " \n")] = '\0';
	return p;
}

/* Some file systems (btrfs) have numbers of their own: who is beneath? */
static enum device_kind
kind_of_mount(unsigned long long id)
{
	enum device_kind	 kind = DEVICE_UNKNOWN;
	struct stat		 st;
	char			*line = NULL, *source = NULL;
	size_t			 size = 0;
	FILE			*fp;

	if ((fp = fopen("/proc/self/mountinfo", "re")) == NULL)
		return kind;
	while (source == NULL && getline(&line, &size, fp) != -1)
		source = mount_source(line, id);
	if (source != NULL && strncmp(source, "/dev/", 5) == 0 &&
	    stat(source, &st) == 0 && S_ISBLK(st.st_mode))
		kind = kind_of(st.st_rdev);
	free(line);
	fclose(fp);
	return kind;
}

enum device_kind
device_kind(int fd)
{
	struct statx	stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) == -1)
		return DEVICE_UNKNOWN;
	if (stx.stx_dev_major != 0)
		return kind_of(makedev(stx.stx_dev_major,
		    stx.stx_dev_minor));
	if ((stx.stx_mask & STATX_MNT_ID) == 0)
		return DEVICE_UNKNOWN;
	return kind_of_mount(stx.stx_mnt_id);
}
