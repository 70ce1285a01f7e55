/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "late.h"
#include "loop.h"
#include "mem.h"
#include "nat_pmp.h"

#define LEN_REFUSED	8	/* version, operation, result, epoch */
#define LEN_ADDRESS	12
#define LEN_MAPPED	16
#define OP_ADDRESS	128	/* of answers */
#define OP_LAST		130

struct natpmp {
	struct loop		*loop;
	natpmp_fn		 fn;
	void			*arg;
	natpmp_t		 lib;	/* with a socket of ours */
	struct loop_io		*io;	/* NULL: nothing is asked */
	struct loop_timer	*timer;
	struct gate_ask		 ask;
	unsigned int		 tries;
	char			 error[128];	/* why nothing was sent */
};

static void	on_io(int, int, void *);
static void	on_timer(void *);

struct natpmp *
natpmp_new(struct loop *loop, natpmp_fn fn, void *arg)
{
	struct natpmp	*n = xcalloc(1, sizeof(*n));

	n->loop = loop;
	n->fn = fn;
	n->arg = arg;
	n->timer = loop_timer_new(loop, on_timer, n);
	return n;
}

void
natpmp_cancel(struct natpmp *n)
{
	loop_timer_clear(n->timer);
	if (n->io == NULL)
		return;
	loop_io_free(n->io);
	n->io = NULL;
	close(n->lib.s);
}

/* ---- asking ---- */

static int
open_socket(struct natpmp *n, const struct addr *gateway)
{
	struct sockaddr_storage	ss;
	struct addr		to = *gateway;
	socklen_t		len;
	int			fd;

	to.port = NATPMP_PORT;
	len = addr_to_sockaddr(&to, &ss);
	if ((fd = bound_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == -1) {
		close(fd);
		return -1;
	}
	memset(&n->lib, 0, sizeof(n->lib));
	n->lib.s = fd;
	memcpy(&n->lib.gateway, to.ip + 12, sizeof(n->lib.gateway));
	n->io = loop_io_new(n->loop, fd, on_io, n);
	loop_io_want(n->io, LOOP_READ);
	return 0;
}

static int
send_ask(struct natpmp *n)
{
	const struct gate_ask	*ask = &n->ask;
	int			 r;

	if (ask->op == GATE_ADDRESS)
		r = late_natpmp.sendpublicaddressrequest(&n->lib);
	else
		r = late_natpmp.sendnewportmappingrequest(&n->lib, ask->udp ?
		    NATPMP_PROTOCOL_UDP : NATPMP_PROTOCOL_TCP, ask->port,
		    ask->op == GATE_UNMAP ? 0 : ask->external,
		    ask->op == GATE_UNMAP ? 0 : ask->lease);
	return r < 0 ? -1 : 0;
}

void
natpmp_ask(struct natpmp *n, const struct addr *gateway,
    const struct gate_ask *ask)
{
	const char	*why = NULL;

	natpmp_cancel(n);
	n->ask = *ask;
	n->tries = 1;
	if (gateway->port == 0)
		why = "there is no default route";
	else if (open_socket(n, gateway) == -1)
		why = bound_refuses() != NULL ? bound_refuses() :
		    strerror(errno);
	else if (send_ask(n) == -1)
		why = strerror(errno);
	strlcpy(n->error, why != NULL ? why : "", sizeof(n->error));
	loop_timer_set(n->timer, why != NULL ? 0 : NATPMP_TRY_MS);
}

/* ---- answers ---- */

static void
answer(struct natpmp *n, struct gate_answer *a, enum gate_result result,
    const char *error)
{
	a->result = result;
	strlcpy(a->error, error, sizeof(a->error));
	natpmp_cancel(n);
	n->fn(n->arg, a);
}

static void
silent(struct natpmp *n, const char *why)
{
	struct gate_answer	a = { .timed = false };

	answer(n, &a, GATE_SILENT, why);
}

static void
on_timer(void *arg)
{
	struct natpmp	*n = arg;

	if (n->error[0] != '\0')
		silent(n, n->error);
	else if (n->tries == NATPMP_TRIES)
		silent(n, "the router does not answer");
	else {
		/* What cannot be sent now may be at the next try. */
		send_ask(n);
		loop_timer_set(n->timer, NATPMP_TRY_MS << n->tries++);
	}
}

bool
natpmp_is_whole(const uint8_t *p, size_t len)
{
	if (len < LEN_REFUSED || p[1] < OP_ADDRESS || p[1] > OP_LAST)
		return false;
	if ((p[2] | p[3]) != 0)
		return true;
	return len >= (p[1] == OP_ADDRESS ? LEN_ADDRESS : LEN_MAPPED);
}

static void
on_success(struct natpmp *n, const natpmpresp_t *r)
{
	struct gate_answer	a = { .timed = true, .epoch = r->epoch };
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	if (n->ask.op == GATE_ADDRESS) {
		sin.sin_addr = r->pnu.publicaddress.addr;
		addr_from_sockaddr(&a.address, (struct sockaddr *)&sin);
	} else {
		a.external = r->pnu.newportmapping.mappedpublicport;
		a.lease = r->pnu.newportmapping.lifetime;
	}
	answer(n, &a, GATE_OK, "");
}

/* The result codes of RFC 6886, 3.5. */
static void
on_refused(struct natpmp *n, int error)
{
	struct gate_answer	a = { .timed = false };
	const char		*why;

	switch (error) {
	case NATPMP_ERR_UNSUPPORTEDVERSION:
		silent(n, "the router does not speak it");
		return;
	case NATPMP_ERR_NOTAUTHORIZED:
		why = "the router does not allow it";
		break;
	case NATPMP_ERR_NETWORKFAILURE:
		why = "the router has no address of its own yet";
		break;
	case NATPMP_ERR_OUTOFRESOURCES:
		why = "the router has no port left";
		break;
	default:
		why = "the router refuses";
	}
	answer(n, &a, GATE_REFUSED, why);
}

static void
on_io(int fd, int what, void *arg)
{
	struct natpmp	*n = arg;
	natpmpresp_t	 r;
	uint8_t		 buf[LEN_MAPPED];
	ssize_t		 len;
	int		 error;

	(void)what;
	len = recv(fd, buf, sizeof(buf), MSG_PEEK);
	if (len == -1) {
		if (errno == ECONNREFUSED)
			silent(n, "the router does not speak it");
		else if (errno != EAGAIN)
			silent(n, strerror(errno));
		return;
	}
	if (!natpmp_is_whole(buf, (size_t)len)) {
		recv(fd, buf, sizeof(buf), 0);
		return;
	}
	memset(&r, 0, sizeof(r));
	error = late_natpmp.readnatpmpresponseorretry(&n->lib, &r);
	if (error == 0)
		on_success(n, &r);
	/* What was asked before, or is to be asked again: the timer does. */
	else if (error != NATPMP_TRYAGAIN)
		on_refused(n, error);
}
