/* SPDX-License-Identifier: ISC */
#ifndef SSDP_H
#define SSDP_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* Finding routers that speak UPnP (UPnP Device Architecture 1.1, 1.3). */
#define SSDP_PORT		1900
#define SSDP_GROUP		"239.255.255.250"
#define SSDP_WAIT		2	/* s that they may take to answer */
#define SSDP_PACKET_MAX		1500
#define SSDP_LOCATION_MAX	255U

/* What is searched for, one at a time, up to NULL. */
extern const char *const	ssdp_targets[];

/* A search for a target; its length. */
size_t	ssdp_search(char buf[SSDP_PACKET_MAX], const char *target);
/*
 * Where the description of the one who answers is, or -1.  Only a URL of
 * http at the very address that answered: nobody is sent elsewhere.
 */
int	ssdp_parse(const char *p, size_t len, const struct addr *from,
	    char location[SSDP_LOCATION_MAX + 1]);

#endif /* SSDP_H */
