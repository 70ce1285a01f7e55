/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "role.h"

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_PARENT] = "parent",
	[ROLE_PEER] = "peer",
	[ROLE_DISK] = "disk",
	[ROLE_TRACKER] = "tracker",
	[ROLE_RESOLVER] = "resolver",
	[ROLE_PORTMAP] = "portmap",
	[ROLE_DHT] = "dht",
	[ROLE_CTL] = "mimctl"
};

const char *
role_name(enum role role)
{
	return role_names[role];
}

int
role_child_by_name(const char *name)
{
	int	role;

	for (role = ROLE_CHILD_FIRST; role <= ROLE_CHILD_LAST; role++)
		if (strcmp(role_names[role], name) == 0)
			return role;
	return -1;
}
