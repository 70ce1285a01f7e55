/* SPDX-License-Identifier: ISC */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * sd_notify(3) without its library: a datagram to $NOTIFY_SOCKET, a path or,
 * after '@', an abstract name.  Does nothing if the variable is not set.
 */

/* Takes the variable out of the environment, for nobody else to see. */
void	notify_init(void);
/* One or more "NAME=value" lines. */
void	notify_send(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

#endif /* NOTIFY_H */
