/* SPDX-License-Identifier: ISC */
/*
 * The tracker role in a process of its own, without its sandbox, against a
 * small tracker; this process plays the parent.
 */
#include "tracker_server.h"

#include "bound.h"
#include "chan.h"
#include "child.h"
#include "loop.h"

#define ROWS	8

static struct {
	struct loop	*loop;
	struct chan	*chan;
	struct loop_timer *tick;
	pid_t		 pid;
	struct row {
		unsigned int	state, seeds;
		uint64_t	next;
		char		error[ERROR_MAX + 1];
	}		 rows[ROWS];
	unsigned int	 npeers, lookups, nexternal;
	struct msg_tracker_external external;	/* the last */
	uint16_t	 last_port;
	bool		 closed;
	bool		(*until)(void);
	int		 ticks;
	const char	*answer;	/* IPv4 address of every name */
} parent;

/* ---- the child ---- */

static void
child_on_shutdown(struct chan *c, const struct msg_shutdown *m, void *arg)
{
	(void)c;
	(void)m;
	tracker_ops.shutdown(arg, false);
}

static void
child_on_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)why;
	tracker_ops.shutdown(arg, true);
}

static void
child_process(int fd, bool allow_local)
{
	static union msg_fn	 fns[MSG_COUNT];
	static struct child	 child;
	struct child_path	 paths[CHILD_PATHS_MAX];
	struct msg_tracker_conf	 conf = {
		.peer_id = "-MM0001-abcdefghijk", .key = 0x1234abcd,
		.ca_file = server->ca, .allow_local = allow_local
	};
	void			*state;

	signal(SIGPIPE, SIG_IGN);
	memcpy(fns, tracker_ops.fns, sizeof(fns));
	fns[MSG_SHUTDOWN].shutdown = child_on_shutdown;
	child.loop = loop_new();
	bound_set(&(struct bound){ .usable = { true, true } });
	state = tracker_ops.start(&child);
	fns[MSG_TRACKER_CONF].tracker_conf(NULL, &conf, state);
	tracker_ops.warm(state, paths);
	child.parent = chan_new(child.loop, fd, ROLE_TRACKER, ROLE_PARENT,
	    false, fns, child_on_closed, state);
	tracker_ops.run(state);
	loop_run(child.loop);
	_exit(1);
}

/* ---- the parent ---- */

static void
on_rows(struct chan *c, const struct msg_tracker_rows *m, void *arg)
{
	const struct rec_tracker_row	*r;
	uint32_t			 i;

	(void)c;
	(void)arg;
	for (i = 0; i < m->rows.n; i++) {
		r = &m->rows.v[i];
		assert_true(r->index < ROWS);
		parent.rows[r->index].state = r->state;
		parent.rows[r->index].seeds = r->seeds;
		parent.rows[r->index].next = r->next;
		strlcpy(parent.rows[r->index].error, r->error,
		    sizeof(parent.rows[0].error));
	}
}

static void
on_peers(struct chan *c, const struct msg_tracker_peers *m, void *arg)
{
	(void)c;
	(void)arg;
	parent.npeers += m->peers.n;
	parent.last_port = m->peers.v[m->peers.n - 1].port;
}

static void
on_external(struct chan *c, const struct msg_tracker_external *m, void *arg)
{
	(void)c;
	(void)arg;
	parent.nexternal++;
	parent.external = *m;
}

static void
on_lookup(struct chan *c, const struct msg_name_lookup *m, void *arg)
{
	struct rec_ip		ip = { { 0 } };
	struct msg_name_answer	a = { .query = m->query, .error = "" };

	(void)arg;
	parent.lookups++;
	memcpy(ip.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	ip.ip[12] = 127;
	ip.ip[15] = 1;
	if (strcmp(m->host, "missing.test") == 0)
		a.error = "no such name";
	else {
		a.addrs.v = &ip;
		a.addrs.n = 1;
	}
	chan_send(c, MSG_NAME_ANSWER, &a);
}

static void
on_log(struct chan *c, const struct msg_log *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
on_closed(struct chan *c, const char *why, void *arg)
{
	(void)arg;
	assert_null(why);
	parent.closed = true;
	chan_free(c);
	parent.chan = NULL;
}

static void
on_tick(void *arg)
{
	(void)arg;
	if (parent.until() || --parent.ticks == 0)
		loop_stop(parent.loop);
	else
		loop_timer_set(parent.tick, 10);
}

/* Run until cond; true if that was within ms. */
static bool
wait_for(bool (*cond)(void), int ms)
{
	parent.until = cond;
	parent.ticks = ms / 10;
	loop_timer_set(parent.tick, 0);
	loop_run(parent.loop);
	return cond();
}

static void
begin(bool allow_local)
{
	static union msg_fn	fns[MSG_COUNT];
	int			fds[2];
	struct msg_tracker_port	port = { .port = 6881 };

	memset(&parent, 0, sizeof(parent));
	atomic_store(&server->started, 0);
	atomic_store(&server->stopped, 0);
	atomic_store(&server->completed, 0);
	atomic_store(&server->requests, 0);
	fns[MSG_TRACKER_ROWS].tracker_rows = on_rows;
	fns[MSG_TRACKER_PEERS].tracker_peers = on_peers;
	fns[MSG_TRACKER_EXTERNAL].tracker_external = on_external;
	fns[MSG_NAME_LOOKUP].name_lookup = on_lookup;
	fns[MSG_LOG].log = on_log;
	assert_int_equal(chan_pair(fds), 0);
	if ((parent.pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		child_process(fds[1], allow_local);
	}
	close(fds[1]);
	parent.loop = loop_new();
	parent.tick = loop_timer_new(parent.loop, on_tick, NULL);
	parent.chan = chan_new(parent.loop, fds[0], ROLE_PARENT, ROLE_TRACKER,
	    false, fns, on_closed, NULL);
	chan_send(parent.chan, MSG_TRACKER_PORT, &port);
}

static bool
is_closed(void)
{
	return parent.closed;
}

/* Ask the child to leave; it does so, well, within ms. */
static void
end(int ms)
{
	struct msg_shutdown	m = { 0 };
	int			status;

	chan_send(parent.chan, MSG_SHUTDOWN, &m);
	assert_true(wait_for(is_closed, ms));
	waitpid(parent.pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	loop_timer_free(parent.tick);
	loop_free(parent.loop);
}

/* A torrent with these trackers, each in a tier of its own. */
static void
run(bool private, unsigned int n, const char *const *paths)
{
	struct msg_tracker_torrent t = { .id = 5, .private = private };
	struct rec_tracker	   recs[ROWS] = { 0 };
	struct msg_tracker_urls	   u = { .id = 5, .first = true, .last = true,
		.trackers = { recs, n } };
	struct msg_tracker_start   s = { .id = 5, .left = 1000 };
	char			   urls[ROWS][128];
	unsigned int		   i;

	for (i = 0; i < n; i++) {
		if (strncmp(paths[i], "https:", 6) == 0)
			snprintf(urls[i], sizeof(urls[i]),
			    "https://%s.test:%u/ok", paths[i] + 6,
			    server->tls_port);
		else if (paths[i][0] == '/')
			snprintf(urls[i], sizeof(urls[i]),
			    "http://t%u.test:%u%s", i, server->port, paths[i]);
		else
			strlcpy(urls[i], paths[i], sizeof(urls[i]));
		recs[i].tier = (uint8_t)i;
		recs[i].url = urls[i];
	}
	chan_send(parent.chan, MSG_TRACKER_TORRENT, &t);
	chan_send(parent.chan, MSG_TRACKER_URLS, &u);
	chan_send(parent.chan, MSG_TRACKER_START, &s);
}

static bool
has_peers(void)
{
	return parent.npeers > 0 && parent.rows[0].state == TRACKER_WAITING;
}

static bool
first_failed(void)
{
	return parent.rows[0].state == TRACKER_FAILED;
}

static bool
completed(void)
{
	return atomic_load(&server->completed) == 1;
}

static bool
stopped(void)
{
	return atomic_load(&server->stopped) == 1;
}

static void
expect_peers(const char *path)
{
	begin(true);
	run(false, 1, &path);
	assert_true(wait_for(has_peers, 5000));
	assert_int_equal(parent.npeers, 2);
	assert_int_equal(parent.last_port, 6882);
	assert_int_equal(parent.rows[0].seeds, 7);
	assert_string_equal(parent.rows[0].error, "");
	end(2000);
	assert_int_equal(atomic_load(&server->stopped), 1);
}

static void
expect_error(const char *path, const char *error)
{
	begin(true);
	run(false, 1, &path);
	assert_true(wait_for(first_failed, 8000));
	assert_string_equal(parent.rows[0].error, error);
	assert_int_equal(parent.npeers, 0);
	assert_true(parent.rows[0].next != 0);
	end(2000);
	assert_int_equal(atomic_load(&server->stopped), 0);
}

static void
test_answers(void **state)
{
	(void)state;
	expect_peers("/ok");
	expect_peers("/moved");
	expect_peers("/gzip");
}

static bool
both_wait(void)
{
	return parent.rows[0].state == TRACKER_WAITING &&
	    parent.rows[1].state == TRACKER_WAITING;
}

/* Two trackers at one address: what they say of ours is told once. */
static void
test_external(void **state)
{
	static const uint8_t	ip[16] = { [10] = 0xff, 0xff, 203, 0, 113, 5 };
	static const uint8_t	voter[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	const char		*paths[] = { "/seen", "/seen" };

	(void)state;
	begin(true);
	run(false, 2, paths);
	assert_true(wait_for(both_wait, 5000));
	assert_int_equal(parent.nexternal, 1);
	assert_memory_equal(parent.external.ip, ip, 16);
	assert_memory_equal(parent.external.voter, voter, 16);
	end(2000);
}

static void
test_events(void **state)
{
	struct msg_tracker_completed	c = { .id = 5 };
	struct msg_tracker_stop		s = { .id = 5 };
	struct msg_tracker_start	again = { .id = 5 };
	const char			*path = "/ok";

	(void)state;
	begin(true);
	run(false, 1, &path);
	assert_true(wait_for(has_peers, 5000));
	chan_send(parent.chan, MSG_TRACKER_COMPLETED, &c);
	assert_true(wait_for(completed, 2000));
	chan_send(parent.chan, MSG_TRACKER_STOP, &s);
	assert_true(wait_for(stopped, 2000));
	assert_int_equal(atomic_load(&server->started), 1);
	parent.npeers = 0;
	chan_send(parent.chan, MSG_TRACKER_START, &again);
	assert_true(wait_for(has_peers, 2000));
	assert_int_equal(atomic_load(&server->started), 2);
	/* Completed is told again if its answer was still on its way. */
	assert_in_range(atomic_load(&server->requests), 4, 5);
	assert_int_equal(parent.lookups, 1);
	end(2000);
}

static void
test_errors(void **state)
{
	(void)state;
	expect_error("/html",
	    "t0.test: the answer is a web page, not a tracker's");
	expect_error("/garbage", "t0.test: the answer is not HTTP");
	expect_error("/endless", "t0.test: the answer is too large");
	expect_error("/refuse", "go away!");
	expect_error("/none", "t0.test: HTTP 404");
	expect_error("/round", "t0.test: too many redirects");
	expect_error("/ftp",
	    "t0.test: redirect to a URL that is not http or https");
	expect_error("http://missing.test/a", "missing.test: no such name");
	expect_error("http://127.0.0.1:1/a",
	    "127.0.0.1: cannot connect: Connection refused");
}

static void
test_tls(void **state)
{
	(void)state;
	expect_peers("https:good");
	expect_error("https:wrong",
	    "wrong.test: certificate does not match the host name");
}

static void
test_refuses_loopback(void **state)
{
	const char	*path = "/ok";

	(void)state;
	begin(false);
	run(false, 1, &path);
	assert_true(wait_for(first_failed, 5000));
	assert_string_equal(parent.rows[0].error, "t0.test: loopback address "
	    "refused (\"allow local trackers\")");
	end(1000);
	assert_int_equal(atomic_load(&server->requests), 0);
}

static bool
all_tiers_done(void)
{
	return parent.npeers == 4 &&
	    parent.rows[0].state == TRACKER_WAITING &&
	    parent.rows[2].state == TRACKER_ANNOUNCING &&
	    parent.rows[3].state == TRACKER_WAITING;
}

/* Every tier of a public torrent at once; one hangs, one is not for us. */
static void
test_tiers(void **state)
{
	const char *const	paths[] = {
		"/ok", "wss://u.test:1/announce", "/never", "/ok"
	};

	(void)state;
	begin(true);
	run(false, 4, paths);
	assert_true(wait_for(all_tiers_done, 5000));
	assert_int_equal(parent.rows[1].state, TRACKER_IDLE);
	assert_string_equal(parent.rows[1].error,
	    "wss trackers are not supported");
	end(2000);
	assert_int_equal(atomic_load(&server->stopped), 2);
}

/* A private torrent goes on to the next tier only after a failure. */
static bool
second_works(void)
{
	return parent.rows[1].state == TRACKER_WAITING;
}

static void
test_private(void **state)
{
	const char *const	paths[] = { "/none", "/ok", "/ok" };

	(void)state;
	begin(true);
	run(true, 3, paths);
	assert_true(wait_for(second_works, 5000));
	assert_int_equal(parent.rows[0].state, TRACKER_FAILED);
	assert_int_equal(parent.rows[2].state, TRACKER_IDLE);
	assert_int_equal(atomic_load(&server->requests), 2);
	end(2000);
}

/* A tracker that does not answer our leaving holds us for 5 s, no longer. */
static void
test_leaves_in_time(void **state)
{
	const char	*path = "/ok";

	(void)state;
	begin(true);
	run(false, 1, &path);
	assert_true(wait_for(has_peers, 5000));
	atomic_store(&server->mute_stopped, true);
	end(6000);
	atomic_store(&server->mute_stopped, false);
}

static void
test_parent_gone(void **state)
{
	const char	*path = "/never";
	int		 status;

	(void)state;
	begin(true);
	run(false, 1, &path);
	chan_flush(parent.chan);
	chan_free(parent.chan);
	waitpid(parent.pid, &status, 0);
	assert_true(WIFEXITED(status));
	loop_timer_free(parent.tick);
	loop_free(parent.loop);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_refuses_loopback),
		cmocka_unit_test(test_tiers),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_leaves_in_time),
		cmocka_unit_test(test_parent_gone),
	};

	return cmocka_run_group_tests(tests, server_set_up,
	    server_tear_down);
}
