/* SPDX-License-Identifier: ISC */
#ifndef DGRAM_H
#define DGRAM_H

#include <sys/types.h>

#include <stddef.h>

#include "addr.h"

/* Datagrams of UDP sockets that are not connected. */

/*
 * recvfrom(2): the length of the next datagram, cut to size, and from whom it
 * is; -1 and errno if none has come.
 */
ssize_t	dgram_recv(int fd, void *buf, size_t size, struct addr *from);
/* sendto(2) */
ssize_t	dgram_send(int fd, const void *p, size_t n, const struct addr *to);

#endif /* DGRAM_H */
