/* SPDX-License-Identifier: ISC */
#include "dir.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
dir_absolute(char path[PATH_LEN_MAX + 1], const char *dir)
{
	char	*real, *cwd = NULL;
	int	 n;

	if (dir[0] == '/')
		n = snprintf(path, PATH_LEN_MAX + 1, "%s", dir);
	else if ((real = realpath(dir, NULL)) != NULL) {
		n = snprintf(path, PATH_LEN_MAX + 1, "%s", real);
		free(real);
	} else if ((cwd = getcwd(NULL, 0)) != NULL) {
		n = snprintf(path, PATH_LEN_MAX + 1, "%s/%s", cwd, dir);
		free(cwd);
	} else {
		warn("the current directory");
		return -1;
	}
	if (n > (int)PATH_LEN_MAX) {
		warnx("%s: too long a path", dir);
		return -1;
	}
	return 0;
}
