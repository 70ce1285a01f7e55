/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "udp_table.h"

/* A tracker's address, and what is between us. */
struct udp_server {
	RB_ENTRY(udp_server)	 entry;		/* udp_table::servers */
	struct addr		 addr;
	struct exchange		 connect;
	uint64_t		 connection;	/* id, until connected_until */
	uint64_t		 connected_until;
	TAILQ_HEAD(, udp_req)	 waiting;	/* for it, or for their turn */
	uint32_t		 nwaiting, active;
};

RB_HEAD(server_tree, udp_server);
RB_HEAD(exchange_tree, exchange);
TAILQ_HEAD(exchange_list, exchange);

struct udp_table {
	udp_send_fn		 send;
	void			*arg;
	struct server_tree	 servers;
	uint32_t		 nservers;
	struct exchange_tree	 exchanges;	/* by tid */
	/* By repetitions: each waits as long, so the first is due first. */
	struct exchange_list	 sent[UDP_TRIES];
	TAILQ_HEAD(, udp_req)	 done;		/* not told yet */
};

static int
server_cmp(const struct udp_server *a, const struct udp_server *b)
{
	return addr_cmp(&a->addr, &b->addr);
}

static int
exchange_cmp(const struct exchange *a, const struct exchange *b)
{
	return (a->tid > b->tid) - (a->tid < b->tid);
}

RB_GENERATE_INTERNAL(server_tree, udp_server, entry, server_cmp,
    __attribute__((unused)) static)
RB_GENERATE_INTERNAL(exchange_tree, exchange, entry, exchange_cmp,
    __attribute__((unused)) static)

struct udp_table *
udp_table_new(udp_send_fn send, void *arg)
{
	struct udp_table	*table = xcalloc(1, sizeof(*table));
	unsigned int		 i;

	table->send = send;
	table->arg = arg;
	RB_INIT(&table->servers);
	RB_INIT(&table->exchanges);
	for (i = 0; i < UDP_TRIES; i++)
		TAILQ_INIT(&table->sent[i]);
	TAILQ_INIT(&table->done);
	return table;
}

/* ---- exchanges ---- */

/* A transaction id that nobody can guess and that is not in use. */
static void
exchange_begin(struct udp_table *table, struct exchange *x)
{
	do
		x->tid = arc4random();
	while (RB_INSERT(exchange_tree, &table->exchanges, x) != NULL);
	x->out = true;
	TAILQ_INSERT_TAIL(&table->sent[x->tries], x, link);
}

static void
exchange_end(struct udp_table *table, struct exchange *x)
{
	if (!x->out)
		return;
	x->out = false;
	TAILQ_REMOVE(&table->sent[x->tries], x, link);
	RB_REMOVE(exchange_tree, &table->exchanges, x);
}

/* Its packet goes out now, the first or a repetition. */
static void
exchange_sent(struct udp_table *table, struct exchange *x, uint64_t now)
{
	TAILQ_REMOVE(&table->sent[x->tries], x, link);
	TAILQ_INSERT_TAIL(&table->sent[x->tries], x, link);
	x->due = now + ((uint64_t)UDP_TIMEOUT << x->tries);
}

static void
exchange_again(struct udp_table *table, struct exchange *x)
{
	TAILQ_REMOVE(&table->sent[x->tries], x, link);
	x->tries++;
	TAILQ_INSERT_TAIL(&table->sent[x->tries], x, link);
}

/* ---- requests ---- */

static void
request_wait(struct udp_req *req)
{
	req->state = UDP_WAITING;
	TAILQ_INSERT_TAIL(&req->x.server->waiting, req, link);
}

/* Away from its server, wherever it was. */
static void
request_leave(struct udp_table *table, struct udp_req *req)
{
	struct udp_server	*s = req->x.server;

	if (req->state == UDP_OUT) {
		exchange_end(table, &req->x);
		s->active--;
	} else if (req->state == UDP_WAITING)
		TAILQ_REMOVE(&s->waiting, req, link);
	else if (req->state == UDP_DONE)
		TAILQ_REMOVE(&table->done, req, link);
	req->state = UDP_IDLE;
}

static void
request_finish(struct udp_table *table, struct udp_req *req,
    const struct udp_result *result)
{
	request_leave(table, req);
	req->result = *result;
	req->state = UDP_DONE;
	TAILQ_INSERT_TAIL(&table->done, req, link);
}

static void
request_send(struct udp_table *table, struct udp_req *req, uint64_t now)
{
	struct udp_server	*s = req->x.server;
	struct udp_result	 result = { .error = NULL };
	uint8_t			 buf[UDP_PACKET_MAX];
	size_t			 len;

	len = req->user->packet(req, s->connection, req->x.tid,
	    req->x.tries == UDP_TRIES - 1, buf);
	exchange_sent(table, &req->x, now);
	result.error = table->send(table->arg, &s->addr, buf, len);
	if (result.error != NULL)
		request_finish(table, req, &result);
}

/* Last of all, for the users may do what they like. */
static void
tell(struct udp_table *table)
{
	struct udp_req		*req;
	struct udp_result	 result;

	while ((req = TAILQ_FIRST(&table->done)) != NULL) {
		request_leave(table, req);
		result = req->result;
		req->user->done(req, &result);
	}
}

/* ---- servers ---- */

static void
server_drop(struct udp_table *table, struct udp_server *s)
{
	RB_REMOVE(server_tree, &table->servers, s);
	table->nservers--;
	free(s);
}

void
udp_table_free(struct udp_table *table)
{
	struct udp_server	*s;

	while ((s = RB_ROOT(&table->servers)) != NULL)
		server_drop(table, s);
	free(table);
}

static bool
server_is_idle(const struct udp_server *s)
{
	return s->active == 0 && TAILQ_EMPTY(&s->waiting) && !s->connect.out;
}

/* NULL if there are too many. */
static struct udp_server *
server_get(struct udp_table *table, const struct addr *addr)
{
	struct udp_server	*s, *next, key = { .addr = *addr };

	if ((s = RB_FIND(server_tree, &table->servers, &key)) != NULL)
		return s;
	if (table->nservers >= UDP_SERVERS_MAX)
		RB_FOREACH_SAFE(s, server_tree, &table->servers, next)
			if (server_is_idle(s))
				server_drop(table, s);
	if (table->nservers >= UDP_SERVERS_MAX)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->addr = *addr;
	s->connect.server = s;
	TAILQ_INIT(&s->waiting);
	RB_INSERT(server_tree, &table->servers, s);
	table->nservers++;
	return s;
}

/* Those who wait for a connection id wait in vain. */
static void
server_fail(struct udp_table *table, struct udp_server *s,
    const struct udp_result *result)
{
	exchange_end(table, &s->connect);
	while (!TAILQ_EMPTY(&s->waiting))
		request_finish(table, TAILQ_FIRST(&s->waiting), result);
}

static void
connect_send(struct udp_table *table, struct udp_server *s, uint64_t now)
{
	struct udp_result	result = { .error = NULL };
	uint8_t			buf[UDP_CONNECT_LEN];
	size_t			len = udp_put_connect(buf, s->connect.tid);

	exchange_sent(table, &s->connect, now);
	result.error = table->send(table->arg, &s->addr, buf, len);
	if (result.error != NULL)
		server_fail(table, s, &result);
}

/* Have those sent whose turn it is. */
static void
server_pump(struct udp_table *table, struct udp_server *s, uint64_t now)
{
	struct udp_req	*req;

	while ((req = TAILQ_FIRST(&s->waiting)) != NULL &&
	    now < s->connected_until && s->active < UDP_ACTIVE_MAX) {
		request_leave(table, req);
		req->state = UDP_OUT;
		s->active++;
		exchange_begin(table, &req->x);
		request_send(table, req, now);
	}
	if (req == NULL)
		exchange_end(table, &s->connect);
	else if (now >= s->connected_until && !s->connect.out) {
		s->connect.tries = 0;
		exchange_begin(table, &s->connect);
		connect_send(table, s, now);
	}
}

void
udp_table_submit(struct udp_table *table, struct udp_req *req,
    const struct addr *to, uint64_t now)
{
	static const struct udp_result	full = {
		.error = "too many UDP trackers at once"
	};

	memset(&req->x, 0, sizeof(req->x));
	req->renewed = false;
	req->x.req = req;
	if ((req->x.server = server_get(table, to)) == NULL)
		request_finish(table, req, &full);
	else {
		request_wait(req);
		server_pump(table, req->x.server, now);
	}
}

void
udp_table_fail(struct udp_table *table, struct udp_req *req,
    const struct udp_result *result)
{
	memset(&req->x, 0, sizeof(req->x));
	request_finish(table, req, result);
}

void
udp_table_cancel(struct udp_table *table, struct udp_req *req, uint64_t now)
{
	struct udp_server	*s = req->x.server;

	if (req->state == UDP_IDLE)
		return;
	request_leave(table, req);
	if (s != NULL)
		server_pump(table, s, now);
}

/* ---- answers ---- */

/* As "Connection ID missmatch." of opentracker: ask for a new one. */
static bool
is_about_connection(const uint8_t *p, size_t len)
{
	static const char	word[] = "connection";
	const size_t		n = sizeof(word) - 1;

	for (; len >= n; p++, len--)
		if (strncasecmp((const char *)p, word, n) == 0)
			return true;
	return false;
}

static void
connect_answered(struct udp_table *table, struct udp_server *s,
    enum udp_action action, const uint8_t *p, size_t len, uint64_t now)
{
	struct udp_result	result = { .packet = p, .len = len };

	if (action == UDP_ERROR)
		server_fail(table, s, &result);
	if (action != UDP_CONNECT ||
	    udp_get_connect(p, len, &s->connection) == -1)
		return;
	exchange_end(table, &s->connect);
	s->connected_until = now + UDP_CONNECTION_TIME;
	server_pump(table, s, now);
}

static void
request_answered(struct udp_table *table, struct udp_req *req,
    enum udp_action action, const uint8_t *p, size_t len, uint64_t now)
{
	struct udp_server	*s = req->x.server;
	struct udp_result	 result = {
		.packet = p, .len = len, .v6 = !addr_is_v4(&s->addr)
	};

	if (action == UDP_ERROR && !req->renewed &&
	    is_about_connection(p, len)) {
		req->renewed = true;
		request_leave(table, req);
		request_wait(req);
		s->connected_until = 0;
	} else if (action == UDP_ERROR || action == req->user->action)
		request_finish(table, req, &result);
	server_pump(table, s, now);
}

void
udp_table_input(struct udp_table *table, const struct addr *from,
    const uint8_t *p, size_t len, uint64_t now)
{
	struct exchange	 key, *x;
	enum udp_action	 action;

	if (udp_get_header(p, len, &action, &key.tid) == -1 ||
	    (x = RB_FIND(exchange_tree, &table->exchanges, &key)) == NULL ||
	    addr_cmp(from, &x->server->addr) != 0)
		return;
	if (x->req == NULL)
		connect_answered(table, x->server, action, p, len, now);
	else
		request_answered(table, x->req, action, p, len, now);
	tell(table);
}

/* Nobody is there, or will be for the next repetitions. */
static void
exchange_fail(struct udp_table *table, struct exchange *x,
    const struct udp_result *result)
{
	if (x->req != NULL)
		request_finish(table, x->req, result);
	else
		server_fail(table, x->server, result);
}

void
udp_table_refused(struct udp_table *table, const struct addr *to,
    const uint8_t *p, size_t len, const char *error, uint64_t now)
{
	const struct udp_result	 result = { .error = error };
	struct udp_server	*s;
	struct exchange		 key, *x;

	if (udp_get_asked(p, len, &key.tid) == -1 ||
	    (x = RB_FIND(exchange_tree, &table->exchanges, &key)) == NULL ||
	    addr_cmp(to, &x->server->addr) != 0)
		return;
	s = x->server;
	s->connected_until = 0;		/* who is gone forgets us */
	exchange_fail(table, x, &result);
	server_pump(table, s, now);
	tell(table);
}

/* ---- time ---- */

uint64_t
udp_table_due(const struct udp_table *table)
{
	const struct exchange	*x;
	uint64_t		 due = UINT64_MAX;
	unsigned int		 i;

	if (!TAILQ_EMPTY(&table->done))
		return 0;
	for (i = 0; i < UDP_TRIES; i++)
		if ((x = TAILQ_FIRST(&table->sent[i])) != NULL && x->due < due)
			due = x->due;
	return due;
}

/* No answer to x yet. */
static void
exchange_due(struct udp_table *table, struct exchange *x, uint64_t now)
{
	static const struct udp_result	 silent = { .error = "no answer" };
	struct udp_server		*s = x->server;
	struct udp_req			*req = x->req;

	if (x->tries < UDP_TRIES - 1) {
		exchange_again(table, x);
		if (req == NULL)
			connect_send(table, s, now);
		else if (now < s->connected_until)
			request_send(table, req, now);
		else {
			request_leave(table, req);
			request_wait(req);
		}
	} else
		exchange_fail(table, x, &silent);
	server_pump(table, s, now);
}

void
udp_table_tick(struct udp_table *table, uint64_t now)
{
	struct exchange	*x;
	unsigned int	 i;

	for (i = 0; i < UDP_TRIES; i++)
		while ((x = TAILQ_FIRST(&table->sent[i])) != NULL &&
		    x->due <= now)
			exchange_due(table, x, now);
	tell(table);
}
