/* SPDX-License-Identifier: ISC */
#ifndef ROLE_H
#define ROLE_H

/* The processes that speak to one another. */
enum role {
	ROLE_PARENT,
	ROLE_PEER,
	ROLE_DISK,
	ROLE_TRACKER,
	ROLE_RESOLVER,
	ROLE_PORTMAP,
	ROLE_DHT,
	ROLE_CTL,		/* mimctl */
	ROLE_COUNT
};

#define ROLE_CHILD_FIRST	ROLE_PEER
#define ROLE_CHILD_LAST		ROLE_DHT

/* "parent", "peer", ... */
const char	*role_name(enum role role);
/* The child of that name, -1 if none. */
int		 role_child_by_name(const char *name);

/* What confines a child; reported by it once it stands. */
#define WALL_NO_NEW_PRIVS	0x0001
#define WALL_SECCOMP		0x0002
#define WALL_LANDLOCK		0x0004
#define WALL_USER		0x0008	/* runs as another user than root */
#define WALL_CHROOT		0x0010
#define WALL_CAPS		0x0020	/* no capability left */
#define WALL_RLIMITS		0x0040
#define WALLS_ALL		0x007f

#endif /* ROLE_H */
