/* SPDX-License-Identifier: ISC */
#ifndef IGD_H
#define IGD_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "mapper.h"

/*
 * What is said to an Internet Gateway Device (UPnP, WANIPConnection:1) and
 * what it answers.  Without I/O; libminiupnpc takes the XML apart.
 */
#define IGD_SERVICES	2U	/* by IP and by PPP; one is in use */
#define IGD_TYPE_MAX	127U
#define IGD_PATH_MAX	511U
#define IGD_REQUEST_MAX	4096U

struct igd {
	struct addr	addr;		/* and port, of the device */
	struct igd_service {
		char		type[IGD_TYPE_MAX + 1];
		char		path[IGD_PATH_MAX + 1];
		uint16_t	port;
	}		services[IGD_SERVICES];
	unsigned int	n;
};

/* The request for the description at location; its length, or -1. */
long	igd_get(char buf[IGD_REQUEST_MAX], const char *location,
	    struct addr *to);
/*
 * Read the description that was at location.  All services are at the address
 * that it came from.  -1 if it is no router's; error says so.
 */
int	igd_describe(struct igd *igd, const char *location, const char *body,
	    size_t len, const char **error);
/* ask of a service in a request, for client, our address; its length. */
size_t	igd_ask(char buf[IGD_REQUEST_MAX], const struct igd *igd,
	    unsigned int service, const struct gate_ask *ask,
	    const struct addr *client);
/* What the answer says; status and body as HTTP has them. */
void	igd_answer(struct gate_answer *a, const struct gate_ask *ask,
	    const struct addr *client, int status, const char *body,
	    size_t len);

#endif /* IGD_H */
