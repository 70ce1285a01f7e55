/* SPDX-License-Identifier: ISC */
#ifndef MEMFILE_H
#define MEMFILE_H

#include <fcntl.h>

/* What a memory file has that nobody can change any more. */
#define MEMFILE_FROZEN	(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | \
			    F_SEAL_SEAL)

/* An empty memory file that can be sealed; -1 with errno. */
int	memfile_new(const char *name);

#endif /* MEMFILE_H */
