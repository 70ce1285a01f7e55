/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "landlock.h"

/* From the kernel's include/uapi/linux/landlock.h, whose numbers are ABI. */
struct ruleset_attr {
	uint64_t	handled_access_fs;
	uint64_t	handled_access_net;
	uint64_t	scoped;
};

struct path_beneath_attr {
	uint64_t	allowed_access;
	int32_t		parent_fd;
} __attribute__((packed));

#define CREATE_RULESET_VERSION	(1U << 0)
#define RULE_PATH_BENEATH	1

#define FS_WRITE_FILE		(1ULL << 1)
#define FS_READ_FILE		(1ULL << 2)
#define FS_READ_DIR		(1ULL << 3)
#define FS_REMOVE_DIR		(1ULL << 4)
#define FS_REMOVE_FILE		(1ULL << 5)
#define FS_MAKE_DIR		(1ULL << 7)
#define FS_MAKE_REG		(1ULL << 8)
#define FS_REFER		(1ULL << 13)	/* ABI 2 */
#define FS_TRUNCATE		(1ULL << 14)	/* ABI 3 */

#define FS_ABI1			((1ULL << 13) - 1)
#define FS_ABI2			((1ULL << 14) - 1)
#define FS_ABI3			((1ULL << 15) - 1)
#define FS_ABI5			((1ULL << 16) - 1)	/* IOCTL_DEV */

#define FS_READ			(FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE		(FS_WRITE_FILE | FS_REMOVE_DIR | \
				FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | \
				FS_REFER | FS_TRUNCATE)

#define NET_TCP			((1ULL << 0) | (1ULL << 1)) /* bind, connect */
#define SCOPE_ALL		((1ULL << 0) | (1ULL << 1)) /* unix, signal */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444	/* on every architecture */
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

int
landlock_abi(void)
{
	long	abi;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    CREATE_RULESET_VERSION);
	return abi > 0 ? (int)abi : 0;
}

static uint64_t
fs_rights(int abi)
{
	if (abi >= 5)
		return FS_ABI5;
	if (abi >= 3)
		return FS_ABI3;
	return abi == 2 ? FS_ABI2 : FS_ABI1;
}

static int
add_paths(int ruleset, const struct landlock_path *paths, int n,
    uint64_t handled)
{
	struct path_beneath_attr	beneath;
	int				i;

	for (i = 0; i < n; i++) {
		beneath.parent_fd = paths[i].fd;
		beneath.allowed_access = FS_READ;
		if (paths[i].write)
			beneath.allowed_access |= FS_WRITE & handled;
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH,
		    &beneath, 0) == -1)
			return -1;
	}
	return 0;
}

int
landlock_restrict(const struct landlock_path *paths, int n, unsigned flags)
{
	struct ruleset_attr	attr = { 0 };
	int			abi, error, ruleset;

	abi = landlock_abi();
	attr.handled_access_fs = fs_rights(abi);
	if (abi >= 4 && (flags & LANDLOCK_NO_TCP))
		attr.handled_access_net = NET_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_ALL;
	/* Older kernels take the longer struct as long as its end is zero. */
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr), 0);
	if (ruleset == -1)
		return -1;
	if (add_paths(ruleset, paths, n, attr.handled_access_fs) == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1) {
		error = errno;
		close(ruleset);
		errno = error;
		return -1;
	}
	close(ruleset);
	return 0;
}
