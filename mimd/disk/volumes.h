/* SPDX-License-Identifier: ISC */
#ifndef VOLUMES_H
#define VOLUMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What each download directory was when it was used last, a pure codec.
 * Where a volume is not mounted there is another directory, empty as a rule,
 * at the same path.  Device numbers tell them apart until the next boot; the
 * inode and the time of birth do so for as long as the directory lives, and
 * no file system need be asked who it is.
 */
#define VOLUMES_MAX		256U	/* the oldest go first */
#define VOLUMES_SIZE_MAX	(4U << 20)

struct volume {
	char		*path;
	uint64_t	 ino;
	int64_t		 birth;		/* ns, 0: the file system has none */
};

struct volumes {
	struct volume	 v[VOLUMES_MAX];
	uint32_t	 n;
};

/* Text, to be freed; paths with a newline are left out. */
char	*volumes_encode(const struct volumes *v, size_t *len);
/* -1 unless all of it makes sense; v is set, and may be empty. */
int	 volumes_decode(struct volumes *v, const char *buf, size_t len);
/* That of this path, or NULL. */
const struct volume *volumes_find(const struct volumes *v, const char *path);
/* Remember it so; false if it was. */
bool	 volumes_set(struct volumes *v, const char *path, uint64_t ino,
	    int64_t birth);
/* False if it was not there. */
bool	 volumes_forget(struct volumes *v, const char *path);
void	 volumes_clear(struct volumes *v);

#endif /* VOLUMES_H */
