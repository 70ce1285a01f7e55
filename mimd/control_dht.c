/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "bound.h"
#include "control.h"
#include "nodes.h"
#include "parent.h"

/*
 * The DHT: how it stands, and items to find or store there (BEP 44).  The dht
 * child is asked, and given CONTROL_DHT_MS or CONTROL_ITEM_MS to answer; a
 * client waits for one answer at a time.
 */

#define KEY_LEN		32U
#define SIG_LEN		64U

/* NULL, or why no UDP socket could be had. */
static const char *
why_no_socket(const struct pairs *ps)
{
	static char		 text[ERROR_MAX];
	const struct pair	*p = ps->v;

	for (; p < ps->v + ps->n; p++)
		if (pair_is_open(p))
			return NULL;
	if (ps->n == 0)
		return "mimd listens nowhere";
	if (bound_refuses() != NULL)
		return bound_refuses();
	p = ps->v;
	if (p->error == 0)
		return "there is no network";
	snprintf(text, sizeof(text), "UDP port %u cannot be had: %s",
	    p->addr.port, strerror(p->error));
	return text;
}

/* NULL: the child may be asked. */
static const char *
why_off(struct parent *parent)
{
	const char	*why = nodes_off(parent);

	if (why == NULL)
		why = why_no_socket(&parent->nodes.pairs);
	if (why == NULL &&
	    !parent->registry.ops->ready(ROLE_DHT, parent->registry.arg))
		why = "its process is starting";
	return why;
}

static void
ask(struct parent *parent, enum msg_type type, const void *body)
{
	parent->registry.ops->send(ROLE_DHT, type, body, -1,
	    parent->registry.arg);
}

/* ---- how it stands ---- */

static void
tell(struct control_conn *conn, struct msg_ctl_dht_now *now)
{
	const struct conf	*conf = control_parent(conn)->conf;

	now->rate = conf->dht_rate;
	now->read_only = conf->dht_read_only;
	chan_send(conn->chan, MSG_CTL_DHT_NOW, now);
	control_end(conn, CTL_OK, "");
}

static void
tell_off(struct control_conn *conn, const char *why)
{
	struct msg_ctl_dht_now	now = { .off = why };

	tell(conn, &now);
}

void
control_on_dht(struct chan *c, const struct msg_ctl_dht *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct msg_dht_ask	 req = { .client = conn->client };
	const char		*why = why_off(parent);

	(void)c;
	(void)m;
	control_begin(conn);
	if (why != NULL) {
		tell_off(conn, why);
		return;
	}
	conn->dht = true;
	control_wait(conn, CONTROL_DHT_MS);
	ask(parent, MSG_DHT_ASK, &req);
}

void
control_dht_told(struct control *control, const struct msg_dht_told *m)
{
	struct control_conn	*conn = control_find(control, m->client);
	struct msg_ctl_dht_now	 now = {
		.off = "",
		.sides = { m->sides.v, m->sides.n },
		.rtt = m->rtt,
		.torrents = m->torrents, .late = m->late,
		.hashes = m->hashes, .peers = m->peers, .items = m->items,
		.packets_in = m->packets_in, .packets_out = m->packets_out,
		.bytes_in = m->bytes_in, .bytes_out = m->bytes_out,
		.in_rate = m->in_rate, .out_rate = m->out_rate,
		.queries = m->queries, .answers = m->answers,
		.bad = m->bad, .refused = m->refused,
		.asked = m->asked, .timeouts = m->timeouts,
		.searched = m->searched,
	};

	/* It may have given up by now. */
	if (conn == NULL || !conn->dht)
		return;
	conn->dht = false;
	tell(conn, &now);
}

/* ---- items ---- */

/* The number of a new request; 0: it has ended, there is nobody to ask. */
static uint32_t
begin(struct control_conn *conn)
{
	struct parent	*parent = control_parent(conn);
	const char	*why = why_off(parent);
	char		 text[ERROR_MAX];

	control_begin(conn);
	if (why != NULL) {
		snprintf(text, sizeof(text), "the DHT is off: %s", why);
		control_end(conn, CTL_FAILED, text);
		return 0;
	}
	if (++parent->last_item == 0)
		parent->last_item++;
	conn->item = parent->last_item;
	control_wait(conn, CONTROL_ITEM_MS);
	return conn->item;
}

void
control_on_dht_get(struct chan *c, const struct msg_ctl_dht_get *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct msg_dht_get	 req = { .salt = m->salt };

	(void)c;
	memcpy(req.target, m->target, sizeof(req.target));
	if ((req.request = begin(conn)) != 0)
		ask(control_parent(conn), MSG_DHT_GET, &req);
}

void
control_on_dht_put(struct chan *c, const struct msg_ctl_dht_put *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct msg_dht_put	 req = {
		.key = m->key,
		.sig = m->sig,
		.salt = m->salt,
		.seq = m->seq,
		.has_cas = m->has_cas,
		.cas = m->cas,
		.v = m->v,
	};

	(void)c;
	if ((m->key.len != 0 || m->sig.len != 0) &&
	    (m->key.len != KEY_LEN || m->sig.len != SIG_LEN)) {
		control_begin(conn);
		control_end(conn, CTL_USAGE,
		    "that is no key with its signature");
		return;
	}
	if ((req.request = begin(conn)) != 0)
		ask(control_parent(conn), MSG_DHT_PUT, &req);
}

static struct control_conn *
find_request(struct control *control, uint32_t request)
{
	struct control_conn	*conn = control_conns(control), *end;

	for (end = conn + CONTROL_CONNS_MAX; conn < end; conn++)
		if (conn->chan != NULL && conn->item == request)
			return conn;
	return NULL;
}

void
control_dht_item(struct control *control, const struct msg_dht_item *m)
{
	struct control_conn	*conn = find_request(control, m->request);
	struct msg_ctl_dht_item	 item = {
		.key = m->key,
		.sig = m->sig,
		.salt = m->salt,
		.seq = m->seq,
		.v = m->v,
		.stored = m->stored,
	};

	if (conn == NULL)
		return;
	conn->item = 0;
	if (m->error[0] != '\0') {
		control_end(conn, CTL_FAILED, m->error);
		return;
	}
	chan_send(conn->chan, MSG_CTL_DHT_ITEM, &item);
	control_end(conn, CTL_OK, "");
}

/* ---- no answer ---- */

static bool
gives_up(struct control_conn *conn)
{
	bool	waits = conn->dht || conn->item != 0;

	conn->dht = false;
	conn->item = 0;
	return waits;
}

bool
control_dht_wait_over(struct control_conn *conn)
{
	if (!gives_up(conn))
		return false;
	control_end(conn, CTL_TIMEOUT,
	    "the dht process does not answer: try again");
	return true;
}

void
control_dht_down(struct control *control)
{
	struct control_conn	*conn = control_conns(control), *end;

	for (end = conn + CONTROL_CONNS_MAX; conn < end; conn++)
		if (conn->chan != NULL && gives_up(conn))
			control_end(conn, CTL_FAILED,
			    "the dht process has ended: try again");
}
