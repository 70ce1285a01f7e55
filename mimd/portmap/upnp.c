/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "dgram.h"
#include "fetch.h"
#include "igd.h"
#include "loop.h"
#include "mem.h"
#include "ssdp.h"
#include "upnp.h"

#define READS_MAX	16	/* packets before others have their turn */

struct upnp {
	struct loop		*loop;
	upnp_fn			 fn;
	void			*arg;
	struct fetch		*fetch;
	struct gate_ask		 ask;
	struct addr		 gateway;
	uint32_t		 index;
	/* The search. */
	int			 fd;	/* -1: there is none */
	struct loop_io		*io;
	struct loop_timer	*timer;
	bool			 again;	/* it was sent a second time */
	bool			 searched;	/* for this question */
	char			 found[UPNP_FOUND_MAX][SSDP_LOCATION_MAX + 1];
	unsigned int		 nfound, next;
	/* Who is asked, if igd.n is not 0, and by which address of ours. */
	struct igd		 igd;
	unsigned int		 service;
	struct addr		 client;
	char			 error[128];
};

static void	on_io(int, int, void *);
static void	on_timer(void *);
static void	on_fetched(void *, int, const char *, size_t, const char *);
static void	describe_next(struct upnp *);

struct upnp *
upnp_new(struct loop *loop, upnp_fn fn, void *arg)
{
	struct upnp	*u = xcalloc(1, sizeof(*u));

	u->loop = loop;
	u->fn = fn;
	u->arg = arg;
	u->fd = -1;
	u->timer = loop_timer_new(loop, on_timer, u);
	u->fetch = fetch_new(loop, on_fetched, u);
	return u;
}

static void
end_search(struct upnp *u)
{
	loop_timer_clear(u->timer);
	loop_io_free(u->io);
	u->io = NULL;
	if (u->fd != -1)
		close(u->fd);
	u->fd = -1;
}

void
upnp_cancel(struct upnp *u)
{
	end_search(u);
	fetch_cancel(u->fetch);
}

void
upnp_forget(struct upnp *u)
{
	u->igd.n = 0;
	u->igd.addr.port = 0;
}

const struct addr *
upnp_router(const struct upnp *u)
{
	return &u->igd.addr;
}

static void
silent(struct upnp *u, const char *why)
{
	struct gate_answer	a = { .result = GATE_SILENT };

	strlcpy(a.error, why, sizeof(a.error));
	upnp_cancel(u);
	upnp_forget(u);
	u->fn(u->arg, &a);
}

/* ---- searching ---- */

static void
send_search(const struct upnp *u)
{
	struct addr		 to;
	const char *const	*t;
	char			 buf[SSDP_PACKET_MAX];
	size_t			 n;

	addr_parse(&to, SSDP_GROUP, SSDP_PORT);
	for (t = ssdp_targets; *t != NULL; t++) {
		n = ssdp_search(buf, *t);
		dgram_send(u->fd, buf, n, &to);
	}
}

static int
open_search(struct upnp *u)
{
	struct ip_mreqn	mreq = { .imr_ifindex = (int)u->index };

	if ((u->fd = bound_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)) == -1)
		return -1;
	if (u->index != 0 && setsockopt(u->fd, IPPROTO_IP, IP_MULTICAST_IF,
	    &mreq, sizeof(mreq)) == -1)
		return -1;
	u->io = loop_io_new(u->loop, u->fd, on_io, u);
	loop_io_want(u->io, LOOP_READ);
	return 0;
}

static void
search(struct upnp *u)
{
	upnp_forget(u);
	u->searched = true;
	u->again = false;
	u->nfound = u->next = 0;
	strlcpy(u->error, "no router answers", sizeof(u->error));
	if (open_search(u) == -1) {
		strlcpy(u->error, bound_refuses() != NULL ? bound_refuses() :
		    strerror(errno), sizeof(u->error));
		end_search(u);
		u->again = true;
		loop_timer_set(u->timer, 0);
		return;
	}
	send_search(u);
	loop_timer_set(u->timer, UPNP_AGAIN_MS);
}

static void
on_timer(void *arg)
{
	struct upnp	*u = arg;

	if (!u->again) {
		u->again = true;
		send_search(u);
		loop_timer_set(u->timer, UPNP_SEARCH_MS - UPNP_AGAIN_MS);
		return;
	}
	end_search(u);
	describe_next(u);
}

/* Of the devices of this network only: nobody far away is a router of ours. */
static bool
is_near(const struct upnp *u, const struct addr *from)
{
	enum addr_class	class = addr_class(from);

	return class == ADDR_PRIVATE || class == ADDR_LINK_LOCAL ||
	    addr_cmp_ip(from, &u->gateway) == 0;
}

/* Returns whether it is the one that is hoped for. */
static bool
on_found(struct upnp *u, const struct addr *from, const char *p, size_t len)
{
	char		location[SSDP_LOCATION_MAX + 1];
	unsigned int	i;

	if (!is_near(u, from) || ssdp_parse(p, len, from, location) == -1)
		return false;
	if (addr_cmp_ip(from, &u->gateway) == 0) {
		strlcpy(u->found[0], location, sizeof(u->found[0]));
		u->nfound = 1;
		return true;
	}
	for (i = 0; i < u->nfound; i++) {
		if (strcmp(u->found[i], location) == 0)
			return false;
	}
	if (u->nfound < UPNP_FOUND_MAX)
		strlcpy(u->found[u->nfound++], location,
		    sizeof(u->found[0]));
	return false;
}

static void
on_io(int fd, int what, void *arg)
{
	struct upnp	*u = arg;
	struct addr	 from;
	char		 buf[SSDP_PACKET_MAX];
	ssize_t		 n;
	int		 i;

	(void)what;
	for (i = 0; i < READS_MAX; i++) {
		if ((n = dgram_recv(fd, buf, sizeof(buf), &from)) == -1)
			return;
		if (on_found(u, &from, buf, (size_t)n)) {
			end_search(u);
			describe_next(u);
			return;
		}
	}
}

/* ---- its description ---- */

static void
describe_next(struct upnp *u)
{
	struct addr	to;
	char		buf[IGD_REQUEST_MAX];
	long		n;

	while (u->next < u->nfound) {
		n = igd_get(buf, u->found[u->next++], &to);
		if (n == -1)
			continue;
		fetch_begin(u->fetch, &to, buf, (size_t)n);
		return;
	}
	silent(u, u->error);
}

/* The address by which we reach the router: what it is to send to. */
static int
find_client(struct upnp *u)
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(&u->igd.addr, &ss);
	int			fd, r = -1;

	if ((fd = bound_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
			r = addr_from_sockaddr(&u->client,
			    (struct sockaddr *)&ss);
	}
	close(fd);
	return r;
}

static void
send_ask(struct upnp *u)
{
	struct addr	to = u->igd.addr;
	char		buf[IGD_REQUEST_MAX];

	to.port = u->igd.services[u->service].port;
	fetch_begin(u->fetch, &to, buf, igd_ask(buf, &u->igd, u->service,
	    &u->ask, &u->client));
}

static void
on_description(struct upnp *u, int status, const char *body, size_t len,
    const char *error)
{
	if (error == NULL && status != 200)
		error = "its description is not there";
	if (error == NULL && igd_describe(&u->igd, u->found[u->next - 1],
	    body, len, &error) == 0) {
		u->service = 0;
		if (find_client(u) == 0) {
			send_ask(u);
			return;
		}
		error = strerror(errno);
	}
	strlcpy(u->error, error, sizeof(u->error));
	upnp_forget(u);
	describe_next(u);
}

/* ---- asking ---- */

void
upnp_ask(struct upnp *u, const struct addr *gateway, uint32_t index,
    const struct gate_ask *ask)
{
	upnp_cancel(u);
	u->gateway = *gateway;
	u->index = index;
	u->ask = *ask;
	u->searched = false;
	if (u->igd.n > 0)
		send_ask(u);
	else
		search(u);
}

static void
on_fetched(void *arg, int status, const char *body, size_t len,
    const char *error)
{
	struct upnp		*u = arg;
	struct gate_answer	 a;

	if (u->igd.n == 0) {
		on_description(u, status, body, len, error);
		return;
	}
	if (error != NULL) {
		/* It may have begun anew, at another port. */
		if (u->searched)
			silent(u, error);
		else
			search(u);
		return;
	}
	igd_answer(&a, &u->ask, &u->client, status, body, len);
	/* Of two ways to the world, one is in use: that has an address. */
	if (u->ask.op == GATE_ADDRESS && u->service + 1 < u->igd.n &&
	    (a.result != GATE_OK ||
	    addr_class(&a.address) == ADDR_UNUSABLE)) {
		u->service++;
		send_ask(u);
		return;
	}
	u->fn(u->arg, &a);
}
