/* SPDX-License-Identifier: ISC */
#ifndef PRIVS_H
#define PRIVS_H

#include <sys/types.h>

/* Who the children are when mimd is started as root. */
#define PRIVS_USER	"_mimd"

/* Fatal, with the way out, if there is no such user. */
void	privs_user(uid_t *uid, gid_t *gid);
/*
 * As root: keep the capabilities that restarting children and binding
 * sockets take, for this process and all it will ever exec; drop the rest
 * (capabilities(7)).  As an ordinary user there is nothing to drop.
 */
void	privs_drop(void);

#endif /* PRIVS_H */
