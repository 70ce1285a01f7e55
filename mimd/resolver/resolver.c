/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "guard.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "policy.h"
#include "resolver.h"
#include "url.h"

#define RESOLV_CONF	"/etc/resolv.conf"
#define RELOAD_INTERVAL	1000U	/* ms between looks at it */
#define TRY_TIMEOUT	2500	/* ms for the first try, then doubled */
#define TRIES		3
#define SERVERS_MAX	3	/* resolv.conf(5), MAXNS */
#define TTL_MAX		3600U	/* s */

struct query {
	TAILQ_ENTRY(query)	 link;	/* resolver::waiting */
	struct resolver		*resolver;
	uint32_t		 id;
	bool			 trusted;
	char			 host[URL_HOST_MAX + 1];
};

struct sock {
	LIST_ENTRY(sock)	 link;	/* resolver::socks */
	int			 fd;
	struct loop_io		*io;
};

struct resolver {
	struct loop		*loop;
	ares_channel		 channel;
	struct loop_timer	*timer;
	struct loop_timer	*pump;
	const struct guard	*guard;
	bool			 closing;
	bool			 renewing;	/* queries begin anew */
	resolver_fn		 fn;
	void			*arg;
	LIST_HEAD(, sock)	 socks;
	TAILQ_HEAD(, query)	 waiting;
	uint32_t		 nwaiting, nactive;
	uint64_t		 looked;	/* at RESOLV_CONF, ms */
	struct stat		 conf;		/* what it was when read */
};

static void	 resolver_pump(void *);
static void	 on_answer(void *, int, int, struct ares_addrinfo *);

/* ---- name servers ---- */

/* Those under way are asked anew: by other sockets, or of other servers. */
static void
renew_queries(struct resolver *r)
{
	r->renewing = true;
	ares_cancel(r->channel);
	r->renewing = false;
}

/*
 * Take the name servers that resolv.conf(5) names now.  The channel stays:
 * a new one would seed its query ids from a file that is out of reach.  It
 * takes other servers only while it asks none.
 */
static void
reload(struct resolver *r)
{
	struct ares_addr_node	 nodes[SERVERS_MAX] = { 0 };
	struct addr		 a;
	FILE			*fp;
	char			 line[256], host[64];
	int			 n = 0;

	r->looked = loop_now(r->loop);
	if (stat(RESOLV_CONF, &r->conf) == -1)
		memset(&r->conf, 0, sizeof(r->conf));
	if ((fp = fopen(RESOLV_CONF, "re")) == NULL)
		return;		/* those we know may still be right */
	while (n < SERVERS_MAX && fgets(line, sizeof(line), fp) != NULL) {
		if (sscanf(line, " nameserver %63s", host) != 1 ||
		    addr_parse(&a, host, 0) == -1)
			continue;
		nodes[n].family = addr_is_v4(&a) ? AF_INET : AF_INET6;
		if (addr_is_v4(&a))
			memcpy(&nodes[n].addr, a.ip + 12, 4);
		else
			memcpy(&nodes[n].addr, a.ip, 16);
		if (n > 0)
			nodes[n - 1].next = &nodes[n];
		n++;
	}
	fclose(fp);
	log_info("%s changed: %d name servers read anew", RESOLV_CONF, n);
	if (n == 0)
		return;
	renew_queries(r);
	ares_set_servers(r->channel, nodes);
}

/* Is resolv.conf another one than was read? */
static bool
is_stale(struct resolver *r)
{
	struct stat	st;

	if (loop_now(r->loop) < r->looked + RELOAD_INTERVAL)
		return false;
	if (stat(RESOLV_CONF, &st) == -1)
		memset(&st, 0, sizeof(st));
	if (st.st_mtim.tv_sec == r->conf.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == r->conf.st_mtim.tv_nsec &&
	    st.st_ino == r->conf.st_ino && st.st_size == r->conf.st_size) {
		r->looked = loop_now(r->loop);
		return false;
	}
	return true;
}

/* ---- c-ares on the loop ---- */

static void
set_timer(struct resolver *r)
{
	struct timeval	tv, *next;

	if ((next = ares_timeout(r->channel, NULL, &tv)) == NULL)
		loop_timer_clear(r->timer);
	else
		loop_timer_set(r->timer, (uint64_t)next->tv_sec * 1000 +
		    (uint64_t)next->tv_usec / 1000 + 1);
}

static void
on_timer(void *arg)
{
	struct resolver	*r = arg;

	/* Who keeps us waiting may not be our name server any more. */
	if (is_stale(r))
		reload(r);
	else
		ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(r);
}

static void
on_io(int fd, int what, void *arg)
{
	struct resolver	*r = arg;

	ares_process_fd(r->channel, what & LOOP_READ ? fd : ARES_SOCKET_BAD,
	    what & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(r);
}

static void
on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver	*r = arg;
	struct sock	*s;

	LIST_FOREACH(s, &r->socks, link)
		if (s->fd == fd)
			break;
	if (!readable && !writable) {
		if (s != NULL) {
			LIST_REMOVE(s, link);
			loop_io_free(s->io);
			free(s);
		}
		return;
	}
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->fd = fd;
		s->io = loop_io_new(r->loop, fd, on_io, r);
		LIST_INSERT_HEAD(&r->socks, s, link);
	}
	loop_io_want(s->io, (readable ? LOOP_READ : 0) |
	    (writable ? LOOP_WRITE : 0));
}

/* Not by ares_set_local_dev(), which goes on where it fails. */
static int
on_new_sock(ares_socket_t fd, int type, void *arg)
{
	(void)type;
	(void)arg;
	return bound_apply(fd);
}

static void
channel_open(struct resolver *r)
{
	char			lookups[] = "fb";	/* files, then DNS */
	struct ares_options	opts = {
		.flags = ARES_FLAG_NOALIASES,
		.timeout = TRY_TIMEOUT,
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = on_sock_state,
		.sock_state_cb_data = r
	};
	int			e;

	if (stat(RESOLV_CONF, &r->conf) == -1)
		memset(&r->conf, 0, sizeof(r->conf));
	r->looked = loop_now(r->loop);
	e = ares_init_options(&r->channel, &opts, ARES_OPT_FLAGS |
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
	    ARES_OPT_SOCK_STATE_CB);
	if (e != ARES_SUCCESS)
		fatalx("name look-ups: %s", ares_strerror(e));
	ares_set_socket_configure_callback(r->channel, on_new_sock, NULL);
}

/* ---- queries ---- */

struct resolver *
resolver_new(struct loop *loop, const struct guard *guard, resolver_fn fn,
    void *arg)
{
	struct resolver	*r = xcalloc(1, sizeof(*r));

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		fatalx("ares_library_init");
	r->loop = loop;
	r->guard = guard;
	r->fn = fn;
	r->arg = arg;
	LIST_INIT(&r->socks);
	TAILQ_INIT(&r->waiting);
	r->timer = loop_timer_new(loop, on_timer, r);
	r->pump = loop_timer_new(loop, resolver_pump, r);
	channel_open(r);
	return r;
}

void
resolver_free(struct resolver *r)
{
	struct query	*q;

	r->closing = true;
	ares_destroy(r->channel);
	while ((q = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, q, link);
		free(q);
	}
	loop_timer_free(r->timer);
	loop_timer_free(r->pump);
	ares_library_cleanup();
	free(r);
}

static void
enqueue(struct resolver *r, struct query *q)
{
	TAILQ_INSERT_TAIL(&r->waiting, q, link);
	r->nwaiting++;
	if (!loop_timer_pending(r->pump))
		loop_timer_set(r->pump, 0);
}

static void
answer(struct resolver *r, uint32_t query, bool trusted, struct addr *addrs,
    unsigned int n, uint32_t ttl, const char *error)
{
	static const struct guard	anyone = { .all = true };

	if (n > 0)
		n = policy_filter(addrs, n, trusted ? &anyone : r->guard,
		    &error);
	r->fn(r->arg, query, addrs, n, ttl, n > 0 ? "" : error);
}

void
resolver_query(struct resolver *r, uint32_t query, const char *host,
    bool trusted)
{
	struct query	*q;
	struct addr	 a;
	const char	*why;

	if (addr_parse(&a, host, 0) == 0) {
		answer(r, query, trusted, &a, 1, TTL_MAX, NULL);
		return;
	}
	if ((why = policy_host(host)) != NULL ||
	    (why = bound_refuses()) != NULL ||
	    (r->nwaiting == RESOLVER_QUEUE_MAX &&
	    (why = "too many look-ups at once") != NULL)) {
		answer(r, query, trusted, NULL, 0, 0, why);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->resolver = r;
	q->id = query;
	q->trusted = trusted;
	strlcpy(q->host, host, sizeof(q->host));
	enqueue(r, q);
}

void
resolver_rebound(struct resolver *r)
{
	renew_queries(r);
	set_timer(r);
}

static void
resolver_pump(void *arg)
{
	struct resolver			*r = arg;
	struct query			*q;
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,	/* libcurl tries them all */
		.ai_family = AF_UNSPEC
	};

	if (is_stale(r))
		reload(r);
	while (r->nactive < RESOLVER_ACTIVE_MAX &&
	    (q = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, q, link);
		r->nwaiting--;
		r->nactive++;
		ares_getaddrinfo(r->channel, q->host, NULL, &hints, on_answer,
		    q);
	}
	set_timer(r);
}

static const char *
error_text(int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
		return "no such name";
	case ARES_ENODATA:
		return "the name has no address";
	case ARES_ETIMEOUT:
		return "the name server does not answer";
	case ARES_ECONNREFUSED:
		return "no name server could answer";
	case ARES_ESERVFAIL:
		return "the name server failed";
	case ARES_EREFUSED:
		return "the name server refused";
	case ARES_EBADNAME:
		return "not a host name";
	default:
		return ares_strerror(status);
	}
}

/* A time to live that is not given is 0, as with files. */
static uint32_t
shorter(uint32_t ttl, int other)
{
	return other > 0 && (uint32_t)other < ttl ? (uint32_t)other : ttl;
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *res)
{
	struct query			*q = arg;
	struct resolver			*r = q->resolver;
	const struct ares_addrinfo_node	*node;
	struct addr			 addrs[RESOLVER_ADDRS_MAX];
	const char			*error = status == ARES_SUCCESS ?
					    "the name has no address" :
					    error_text(status);
	unsigned int			 n = 0;
	uint32_t			 ttl = TTL_MAX;

	(void)timeouts;
	r->nactive--;
	if (status == ARES_SUCCESS && res != NULL)
		for (node = res->nodes; node != NULL &&
		    n < RESOLVER_ADDRS_MAX; node = node->ai_next) {
			if (addr_from_sockaddr(&addrs[n], node->ai_addr) == 0)
				n++;
			ttl = shorter(ttl, node->ai_ttl);
		}
	ares_freeaddrinfo(res);
	if (r->renewing && bound_refuses() == NULL) {
		enqueue(r, q);
		return;
	}
	if (bound_refuses() != NULL)
		error = bound_refuses();
	if (!r->closing) {
		answer(r, q->id, q->trusted, addrs, n, ttl, error);
		if (r->nwaiting > 0 && !loop_timer_pending(r->pump))
			loop_timer_set(r->pump, 0);
	}
	free(q);
}
