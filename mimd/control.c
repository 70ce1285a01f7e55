/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "control_socket.h"
#include "log.h"
#include "mem.h"
#include "parent.h"

struct control {
	struct parent		*parent;
	struct control_socket	*full;
	struct control_socket	*restricted;	/* NULL: not in use */
	struct control_conn	 conns[CONTROL_CONNS_MAX];
	uint64_t		 next_client;
	struct log_limit	 refusals;
};

static const union msg_fn	full_fns[MSG_COUNT] = {
	[MSG_CTL_LIST] = { .ctl_list = control_on_list },
	[MSG_CTL_PIECES] = { .ctl_pieces = control_on_pieces },
	[MSG_CTL_PROCESSES] = { .ctl_processes = control_on_processes },
	[MSG_CTL_DISK] = { .ctl_disk = control_on_disk },
	[MSG_CTL_ADD] = { .ctl_add = control_on_add },
	[MSG_CTL_ADD_MAGNET] = { .ctl_add_magnet = control_on_add_magnet },
	[MSG_CTL_ADD_URL] = { .ctl_add_url = control_on_add_url },
	[MSG_CTL_ACT] = { .ctl_act = control_on_act },
	[MSG_CTL_LIMIT] = { .ctl_limit = control_on_limit },
	[MSG_CTL_LIMITS] = { .ctl_limits = control_on_limits },
	[MSG_CTL_BANS] = { .ctl_bans = control_on_bans },
	[MSG_CTL_PRIO] = { .ctl_prio = control_on_prio },
	[MSG_CTL_SET] = { .ctl_set = control_on_set },
	[MSG_CTL_PORTS] = { .ctl_ports = control_on_ports },
	[MSG_CTL_SET_PORT] = { .ctl_set_port = control_on_set_port },
	[MSG_CTL_DHT] = { .ctl_dht = control_on_dht },
	[MSG_CTL_DHT_GET] = { .ctl_dht_get = control_on_dht_get },
	[MSG_CTL_DHT_PUT] = { .ctl_dht_put = control_on_dht_put },
	[MSG_CTL_MOVE] = { .ctl_move = control_on_move },
	[MSG_CTL_RENAME] = { .ctl_rename = control_on_rename },
	[MSG_CTL_PEER] = { .ctl_peer = control_on_peer },
	[MSG_CTL_TRACKER] = { .ctl_tracker = control_on_tracker },
	[MSG_CTL_LOG] = { .ctl_log = control_on_log },
	[MSG_CTL_RELOAD] = { .ctl_reload = control_on_reload },
	[MSG_CTL_SHUTDOWN] = { .ctl_shutdown = control_on_shutdown },
};

/* What only asks; all else is refused. */
static const union msg_fn	restricted_fns[MSG_COUNT] = {
	[MSG_CTL_LIST] = { .ctl_list = control_on_list },
	[MSG_CTL_PIECES] = { .ctl_pieces = control_on_pieces },
	[MSG_CTL_PROCESSES] = { .ctl_processes = control_on_processes },
	[MSG_CTL_DISK] = { .ctl_disk = control_on_disk },
	[MSG_CTL_LIMITS] = { .ctl_limits = control_on_limits },
	[MSG_CTL_BANS] = { .ctl_bans = control_on_bans },
	[MSG_CTL_PORTS] = { .ctl_ports = control_on_ports },
	[MSG_CTL_DHT] = { .ctl_dht = control_on_dht },
};

/* ---- a connection ---- */

static void
control_close(struct control_conn *conn)
{
	chan_free(conn->chan);
	conn->chan = NULL;
	control_list_clear(conn);
	loop_timer_clear(conn->wait);
}

struct parent *
control_parent(const struct control_conn *conn)
{
	return conn->control->parent;
}

void
control_begin(struct control_conn *conn)
{
	conn->busy = true;
	conn->active = loop_now(control_parent(conn)->loop);
	chan_pause(conn->chan, true);
}

void
control_end(struct control_conn *conn, enum ctl_code code, const char *text)
{
	struct msg_ctl_end	m = { .code = (uint8_t)code };
	char			cut[ERROR_MAX + 1];

	strlcpy(cut, text, sizeof(cut));
	m.text = cut;
	loop_timer_clear(conn->wait);
	chan_send(conn->chan, MSG_CTL_END, &m);
	conn->busy = false;
	conn->active = loop_now(control_parent(conn)->loop);
	/* Who does not read its answers may not ask for more. */
	chan_pause(conn->chan, chan_full(conn->chan));
}

void
control_note(struct control_conn *conn, uint32_t id, enum ctl_code code,
    const char *text)
{
	struct msg_ctl_note	m = {
		.id = id,
		.code = (uint8_t)code,
		.text = text,
	};

	chan_send(conn->chan, MSG_CTL_NOTE, &m);
}

void
control_wait(struct control_conn *conn, uint64_t ms)
{
	loop_timer_set(conn->wait, ms);
}

struct control_conn *
control_find(struct control *control, uint64_t client)
{
	uint32_t	i;

	for (i = 0; client != 0 && i < CONTROL_CONNS_MAX; i++) {
		if (control->conns[i].chan != NULL &&
		    control->conns[i].client == client)
			return &control->conns[i];
	}
	return NULL;
}

struct control_conn *
control_conns(struct control *control)
{
	return control->conns;
}

static void
control_on_unhandled(struct chan *c, void *arg)
{
	(void)c;
	control_end(arg, CTL_REFUSED, "this socket only answers questions; "
	    "the other \"control socket\" of mimd.conf takes orders");
}

static void
control_on_closed(struct chan *c, const char *why, void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	if (why != NULL)
		log_debug("control connection: %s", why);
	control_close(conn);
}

static void
control_on_drain(struct chan *c, void *arg)
{
	struct control_conn	*conn = arg;

	conn->active = loop_now(control_parent(conn)->loop);
	if (conn->list.active)
		control_list_pump(conn);
	else if (!conn->busy)
		chan_pause(c, false);
}

static void
control_on_wait(void *arg)
{
	control_on_wait_over(arg);
}

/* ---- accept ---- */

/* A free place, or that of who has been silent for longest. */
static struct control_conn *
control_place(struct control *control)
{
	struct control_conn	*idle = NULL, *conn;

	for (conn = control->conns; conn < control->conns + CONTROL_CONNS_MAX;
	    conn++) {
		if (conn->chan == NULL)
			return conn;
		if (!conn->busy && chan_empty(conn->chan) &&
		    (idle == NULL || conn->active < idle->active))
			idle = conn;
	}
	if (idle != NULL)
		control_close(idle);
	return idle;
}

static void
control_refuse(struct control *control, int fd, const char *text)
{
	struct msg_ctl_end	 m = { .code = CTL_REFUSED, .text = text };
	struct chan		*c;
	unsigned int		 held;

	c = chan_new(control->parent->loop, fd, ROLE_PARENT, ROLE_CTL, false,
	    full_fns, control_on_closed, NULL);
	chan_send(c, MSG_CTL_END, &m);
	chan_free(c);
	if (log_every(&control->refusals, loop_now(control->parent->loop),
	    &held))
		log_warnx("control connection refused (%u more): %s", held,
		    text);
}

static void
control_take(struct control *control, int fd, bool allowed, bool restricted)
{
	struct control_conn	*conn;

	if (!allowed) {
		control_refuse(control, fd, "permission denied");
		return;
	}
	if ((conn = control_place(control)) == NULL) {
		control_refuse(control, fd, "too many connections");
		return;
	}
	conn->chan = chan_new(control->parent->loop, fd, ROLE_PARENT,
	    ROLE_CTL, false, restricted ? restricted_fns : full_fns,
	    control_on_closed, conn);
	chan_on_drain(conn->chan, control_on_drain);
	if (restricted)
		chan_on_unhandled(conn->chan, control_on_unhandled);
	conn->client = ++control->next_client;
	conn->restricted = restricted;
	conn->busy = false;
	conn->answers = 0;
	conn->pieces = 0;
	conn->sockets = false;
	conn->dht = false;
	conn->item = 0;
	conn->active = loop_now(control->parent->loop);
}

static void
control_on_full(int fd, bool allowed, void *arg)
{
	control_take(arg, fd, allowed, false);
}

static void
control_on_restricted(int fd, bool allowed, void *arg)
{
	control_take(arg, fd, allowed, true);
}

void
control_sweep(struct control *control)
{
	uint64_t	 now = loop_now(control->parent->loop), idle;
	struct control_conn	*conn;

	for (conn = control->conns; conn < control->conns + CONTROL_CONNS_MAX;
	    conn++) {
		if (conn->chan == NULL)
			continue;
		idle = now - conn->active;
		if (chan_empty(conn->chan) ? !conn->busy &&
		    idle >= CONTROL_IDLE_MS : idle >= CONTROL_STALL_MS)
			control_close(conn);
	}
	control_socket_resume(control->full);
	if (control->restricted != NULL)
		control_socket_resume(control->restricted);
}

struct control *
control_new(struct parent *parent, const struct conf *conf, char *err,
    size_t errsize)
{
	struct control	*control;
	uint32_t	 i;

	control = xcalloc(1, sizeof(*control));
	control->parent = parent;
	for (i = 0; i < CONTROL_CONNS_MAX; i++) {
		control->conns[i].control = control;
		control->conns[i].wait = loop_timer_new(parent->loop,
		    control_on_wait, &control->conns[i]);
	}
	control->full = control_socket_new(parent->loop, &conf->socket,
	    control_on_full, control, err, errsize);
	if (control->full != NULL && conf->restricted.path != NULL)
		control->restricted = control_socket_new(parent->loop,
		    &conf->restricted, control_on_restricted, control, err,
		    errsize);
	if (control->full == NULL || (conf->restricted.path != NULL &&
	    control->restricted == NULL)) {
		control_free(control);
		return NULL;
	}
	return control;
}

void
control_free(struct control *control)
{
	uint32_t	i;

	if (control == NULL)
		return;
	control_socket_free(control->full);
	control_socket_free(control->restricted);
	for (i = 0; i < CONTROL_CONNS_MAX; i++) {
		control_close(&control->conns[i]);
		loop_timer_free(control->conns[i].wait);
	}
	free(control);
}
