/* SPDX-License-Identifier: ISC */
/*
 * The tracker role in a process of its own, without its sandbox, against a
 * small HTTP server in a thread; this process plays the parent.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Shared with the process that serves. */
static struct server {
	int		 fd, tls_fd;
	uint16_t	 port, tls_port;
	atomic_uint	 started, stopped, completed, requests;
	atomic_bool	 mute_stopped;
	char		 ca[64];
} *server;
static pid_t	server_pid;
static SSL_CTX	*server_ctx;

/* ---- the server ---- */

static const char	good[] =
	    "d8:completei7e10:incompletei2e8:intervali1800e"
	    "5:peers12:\x0a\x00\x00\x01\x1a\xe1\x0a\x00\x00\x02\x1a\xe2" "e";
#define GOOD_LEN	(sizeof(good) - 1)

struct stream {
	int	 fd;
	SSL	*ssl;
};

static bool
put(struct stream *s, const void *p, size_t n)
{
	if (s->ssl != NULL)
		return SSL_write(s->ssl, p, (int)n) > 0;
	return send(s->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void
reply(struct stream *s, const char *status, const char *headers,
    const void *body, size_t n)
{
	char	head[512];

	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n", status, headers, n);
	put(s, head, strlen(head));
	put(s, body, n);
}

static void
reply_gzip(struct stream *s)
{
	/* good[], through gzip */
	static const uint8_t	packed[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
		0x4b, 0xb1, 0xb0, 0x4a, 0xce, 0xcf, 0x2d, 0xc8, 0x49, 0x2d,
		0x49, 0xcd, 0x34, 0x4f, 0x35, 0x34, 0xb0, 0xca, 0xcc, 0x83,
		0xf3, 0x8d, 0x52, 0x2d, 0x80, 0xdc, 0x92, 0xd4, 0xa2, 0xb2,
		0xc4, 0x9c, 0x4c, 0x43, 0x0b, 0x03, 0x83, 0x54, 0x53, 0xab,
		0x82, 0xd4, 0xd4, 0xa2, 0x62, 0x43, 0x23, 0x2b, 0x2e, 0x06,
		0x06, 0x46, 0xa9, 0x87, 0x40, 0x92, 0x49, 0xea, 0x51, 0x2a,
		0x00, 0x62, 0x0e, 0xe3, 0x3a, 0x45, 0x00, 0x00, 0x00,
	};

	reply(s, "200 OK", "Content-Encoding: gzip\r\n", packed,
	    sizeof(packed));
}

static void
reply_endless(struct stream *s)
{
	char	buf[8192];

	memset(buf, 'x', sizeof(buf));
	put(s, "HTTP/1.1 200 OK\r\n\r\n", 19);
	while (put(s, buf, sizeof(buf)))
		;
}

static void
serve(struct stream *s, const char *req)
{
	static const char	seen[] = "d11:external ip4:\xcb\0\x71\5"
				    "8:intervali1800ee";
	static const char	fail[] = "d14:failure reason8:go away!e";
	static const char	html[] = "<html>hello</html>";

	atomic_fetch_add(&server->requests, 1);
	if (strstr(req, "event=stopped") != NULL) {
		atomic_fetch_add(&server->stopped, 1);
		if (atomic_load(&server->mute_stopped))
			sleep(20);
	}
	if (strstr(req, "event=started") != NULL)
		atomic_fetch_add(&server->started, 1);
	if (strstr(req, "event=completed") != NULL)
		atomic_fetch_add(&server->completed, 1);
	if (strstr(req, "GET /ok") == req)
		reply(s, "200 OK", "", good, GOOD_LEN);
	else if (strstr(req, "GET /seen") == req)
		reply(s, "200 OK", "", seen, sizeof(seen) - 1);
	else if (strstr(req, "GET /moved") == req)
		reply(s, "302 Found", "Location: /ok/there?a=1\r\n", "", 0);
	else if (strstr(req, "GET /round") == req)
		reply(s, "302 Found", "Location: /round\r\n", "", 0);
	else if (strstr(req, "GET /ftp") == req)
		reply(s, "302 Found", "Location: ftp://h.test/\r\n", "", 0);
	else if (strstr(req, "GET /html") == req)
		reply(s, "200 OK", "", html, sizeof(html) - 1);
	else if (strstr(req, "GET /refuse") == req)
		reply(s, "400 Bad Request", "", fail, sizeof(fail) - 1);
	else if (strstr(req, "GET /gzip") == req)
		reply_gzip(s);
	else if (strstr(req, "GET /endless") == req)
		reply_endless(s);
	else if (strstr(req, "GET /garbage") == req)
		put(s, "\1\2\3\4garbage\n\n\n", 14);
	else if (strstr(req, "GET /never") == req)
		sleep(60);
	else
		reply(s, "404 Not Found", "", "", 0);
}

static void *
connection(void *arg)
{
	struct stream	*s = arg;
	char		 req[4096];
	int		 n = -1;

	if (s->ssl == NULL)
		n = (int)recv(s->fd, req, sizeof(req) - 1, 0);
	else if (SSL_accept(s->ssl) == 1)
		n = SSL_read(s->ssl, req, sizeof(req) - 1);
	if (n > 0) {
		req[n] = '\0';
		serve(s, req);
	}
	SSL_free(s->ssl);
	close(s->fd);
	free(s);
	return NULL;
}

static void *
acceptor(void *arg)
{
	bool		 tls = arg != NULL;
	struct stream	*s;
	pthread_t	 thread;
	int		 fd;

	while ((fd = accept(tls ? server->tls_fd : server->fd, NULL, NULL)) !=
	    -1) {
		s = calloc(1, sizeof(*s));
		s->fd = fd;
		if (tls) {
			s->ssl = SSL_new(server_ctx);
			SSL_set_fd(s->ssl, fd);
		}
		pthread_create(&thread, NULL, connection, s);
		pthread_detach(thread);
	}
	return NULL;
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	return fd;
}

/* A self-signed certificate for good.test, trusted by the child. */
static void
make_certificate(void)
{
	EVP_PKEY	*key = EVP_EC_gen("P-256");
	X509		*x = X509_new();
	X509_NAME	*name = X509_get_subject_name(x);
	X509_EXTENSION	*ext;
	FILE		*fp;
	int		 fd;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"good.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "DNS:good.test");
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);

	strlcpy(server->ca, "/tmp/mim-test-ca.XXXXXXXX", sizeof(server->ca));
	fd = mkstemp(server->ca);
	assert_int_not_equal(fd, -1);
	fp = fdopen(fd, "w");
	PEM_write_X509(fp, x);
	fclose(fp);
	server_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server_ctx, x);
	SSL_CTX_use_PrivateKey(server_ctx, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

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

/* A process of its own: those who fork must have no threads. */
static void
serve_all(void)
{
	pthread_t	plain, tls;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&plain, NULL, acceptor, NULL);
	pthread_create(&tls, NULL, acceptor, server);
	pthread_join(plain, NULL);
	pthread_join(tls, NULL);
	_exit(0);
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(server, MAP_FAILED);
	make_certificate();
	server->fd = listener(&server->port);
	server->tls_fd = listener(&server->tls_port);
	if ((server_pid = fork()) == 0)
		serve_all();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	unlink(server->ca);
	SSL_CTX_free(server_ctx);
	munmap(server, sizeof(*server));
	return 0;
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

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
