/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "privs.h"
#include "log.h"

/*
 * Children start as root and drop to _mimd by themselves: SETUID, SETGID,
 * SYS_CHROOT, and SETPCAP to empty their bounding set.  KILL ends them when
 * they are of another user, NET_BIND_SERVICE is for a reload's sockets.
 */
static const int	kept[] = {
	CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_CHROOT, CAP_KILL,
	CAP_NET_BIND_SERVICE
};

void
privs_user(uid_t *uid, gid_t *gid)
{
	struct passwd	*pw;

	if ((pw = getpwnam(PRIVS_USER)) == NULL)
		fatalx("no user " PRIVS_USER ": \"make install\" creates it; "
		    "or start mimd as an ordinary user");
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		fatalx("user " PRIVS_USER " must not be root");
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	endpwent();
}

static int
is_kept(int cap)
{
	size_t	i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i] == cap)
			return 1;
	}
	return 0;
}

void
privs_drop(void)
{
	struct __user_cap_header_struct	head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct	data[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_data_struct	*half;
	int				cap;

	if (geteuid() != 0)
		return;
	/* The kernel says where its list ends: EINVAL. */
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) != -1; cap++) {
		if (is_kept(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) == -1)
			fatal("cannot drop capability %d", cap);
	}
	if (syscall(SYS_capget, &head, data) == -1)
		fatal("capget");
	for (cap = 0; cap < 32 * _LINUX_CAPABILITY_U32S_3; cap++) {
		half = &data[CAP_TO_INDEX(cap)];
		if (!is_kept(cap)) {
			half->effective &= ~CAP_TO_MASK(cap);
			half->permitted &= ~CAP_TO_MASK(cap);
		}
		half->inheritable &= ~CAP_TO_MASK(cap);
	}
	if (syscall(SYS_capset, &head, data) == -1)
		fatal("capset");
}
