/* SPDX-License-Identifier: ISC */
#ifndef CLIENT_H
#define CLIENT_H

#include "msg.h"

/*
 * The other end of mimd's control socket: one request at a time, its answers
 * received one by one, without an event loop.  What comes is checked against
 * msg.def as everywhere; what is no message of ours to receive ends the
 * connection.
 */
struct client;

enum client_result {
	CLIENT_OK,
	CLIENT_CLOSED,		/* the daemon hung up */
	CLIENT_TIMEOUT,
	CLIENT_INVALID		/* it speaks another language than we do */
};

/* NULL and errno. */
struct client	*client_open(const char *path);
void		 client_close(struct client *c);	/* NULL is fine */

/*
 * Send a request; fd (or -1) stays the caller's.  Returns -1 and errno;
 * EMSGSIZE if body is out of its bounds.
 */
int	client_send(struct client *c, enum msg_type type, const void *body,
	    int fd);
/*
 * Wait up to timeout_ms (negative: for ever) for the next message.  On
 * CLIENT_OK *in is it, valid until the next call.
 */
enum client_result client_recv(struct client *c, int timeout_ms,
	    const struct msg_in **in);
/* What went wrong in client_recv(), for people. */
const char	*client_strerror(const struct client *c,
		    enum client_result result);

#endif /* CLIENT_H */
