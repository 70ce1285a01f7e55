/* SPDX-License-Identifier: ISC */
#ifndef STEER_H
#define STEER_H

#include "addr.h"

/*
 * The two UDP sockets of one port, so that one is enough to open in a
 * firewall: the kernel gives messages of the DHT, which begin with a 'd', to
 * one and all other datagrams, which are for uTP (BEP 29), to the other
 * (socket(7), SO_ATTACH_REUSEPORT_CBPF).
 */
enum steer_socket { STEER_DHT, STEER_PEER, STEER_SOCKETS };

/*
 * Open both at a, whose port may be 0 for any, bound to the device ("" is
 * none).  They stay as they are as long as both are open: let children have
 * copies.  Returns -1 with errno, and neither; EADDRINUSE also where others of
 * this user would share the port.
 */
int	steer_open(const struct addr *a, const char *device,
	    int fds[STEER_SOCKETS]);

#endif /* STEER_H */
