/* SPDX-License-Identifier: ISC */
#ifndef PACKET_H
#define PACKET_H

#include <sys/types.h>

#include <stddef.h>

/*
 * Send a packet on a socket of unix(7), with a descriptor unless passed is
 * -1: as sendmsg(2) does, but without SIGPIPE.
 */
ssize_t	packet_send(int sock, const void *p, size_t n, int passed);

#endif /* PACKET_H */
