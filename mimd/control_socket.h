/* SPDX-License-Identifier: ISC */
#ifndef MIMD_CONTROL_SOCKET_H
#define MIMD_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "loop.h"

/*
 * A socket that mimctl(8) connects to, at a path: with the mode and group of
 * mimd.conf(5) from the first moment on.
 */
struct control_socket;

/* Somebody connected, fd is now the callee's; may it speak to us? */
typedef void (*control_socket_fn)(int fd, bool allowed, void *arg);

/* NULL, with a line in err, if it cannot be had. */
struct control_socket	*control_socket_new(struct loop *loop,
			    const struct conf_socket *conf,
			    control_socket_fn fn, void *arg, char *err,
			    size_t errsize);
/* NULL is fine. */
void	 control_socket_free(struct control_socket *s);
/* Now and then: accept again, where descriptors had run out. */
void	 control_socket_resume(struct control_socket *s);

#endif
