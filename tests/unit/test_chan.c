/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "loop.h"
#include "packet.h"

/* A parent and a resolver, both in this process, on one loop. */
struct pair {
	struct loop	*loop;
	struct chan	*parent, *child;
	int		 got_levels, got_logs, closed, drained, unhandled;
	const char	*why;
	int		 fd;
	char		 text[64];
};

static void
on_level(struct chan *c, const struct msg_log_level *m, void *arg)
{
	struct pair	*p = arg;

	(void)c;
	(void)m;
	p->got_levels++;
	loop_stop(p->loop);
}

static void
on_log(struct chan *c, const struct msg_log *m, void *arg)
{
	struct pair	*p = arg;

	(void)c;
	p->got_logs++;
	strlcpy(p->text, m->text, sizeof(p->text));
}

static void
on_closed(struct chan *c, const char *why, void *arg)
{
	struct pair	*p = arg;

	p->closed++;
	p->why = why;
	if (c == p->parent)
		p->parent = NULL;
	else
		p->child = NULL;
	chan_free(c);
	loop_stop(p->loop);
}

static void
on_drain(struct chan *c, void *arg)
{
	struct pair	*p = arg;

	(void)c;
	p->drained++;
}

static void
on_unhandled(struct chan *c, void *arg)
{
	struct pair	*p = arg;

	(void)c;
	p->unhandled++;
	loop_stop(p->loop);
}

static void
on_listen(struct chan *c, const struct msg_peer_listen *m, void *arg)
{
	struct pair	*p = arg;

	(void)m;
	p->fd = chan_take_fd(c);
	loop_stop(p->loop);
}

static const union msg_fn	parent_fns[MSG_COUNT] = {
	[MSG_LOG] = { .log = on_log },
};
static const union msg_fn	child_fns[MSG_COUNT] = {
	[MSG_LOG_LEVEL] = { .log_level = on_level },
	[MSG_PEER_LISTEN] = { .peer_listen = on_listen },
};

static void
pair_open(struct pair *p, enum role role, int raw[2])
{
	int	fds[2];

	memset(p, 0, sizeof(*p));
	p->fd = -1;
	p->loop = loop_new();
	assert_int_equal(chan_pair(fds), 0);
	if (raw != NULL) {
		raw[0] = fds[0];
		raw[1] = fds[1];
	} else {
		p->child = chan_new(p->loop, fds[1], role, ROLE_PARENT,
		    false, child_fns, on_closed, p);
	}
	p->parent = chan_new(p->loop, fds[0], ROLE_PARENT, role, false,
	    parent_fns, on_closed, p);
	chan_on_drain(p->parent, on_drain);
}

static void
pair_close(struct pair *p)
{
	chan_free(p->parent);
	chan_free(p->child);
	loop_free(p->loop);
}

static void
messages_arrive_in_order(void **state)
{
	struct pair		p;
	struct msg_log_level	level = { .level = 1 };
	struct msg_log		text = { .level = 1, .text = "hello" };

	(void)state;
	pair_open(&p, ROLE_RESOLVER, NULL);
	chan_send(p.child, MSG_LOG, &text);
	chan_send(p.parent, MSG_LOG_LEVEL, &level);
	loop_run(p.loop);
	assert_int_equal(p.got_levels, 1);
	chan_free(p.child);
	p.child = NULL;
	loop_run(p.loop);
	assert_string_equal(p.text, "hello");
	assert_int_equal(p.closed, 1);
	assert_null(p.why);
	pair_close(&p);
}

static void
a_descriptor_rides_along(void **state)
{
	struct pair		p;
	struct msg_peer_listen	m = { .port = 1 };
	int			fds[2];
	char			c = 0;

	(void)state;
	pair_open(&p, ROLE_PEER, NULL);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	chan_send_fd(p.parent, MSG_PEER_LISTEN, &m, fds[1]);
	loop_run(p.loop);
	assert_true(p.fd >= 0);
	assert_int_equal(write(p.fd, "x", 1), 1);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	/* The sender's copy is gone: ours was the last. */
	close(p.fd);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
	pair_close(&p);
}

static void
expect_refusal(enum role role, const void *bytes, size_t len, int fd,
    const char *why)
{
	struct pair	p;
	int		raw[2];

	pair_open(&p, role, raw);
	assert_int_equal(packet_send(raw[1], bytes, len, fd), len);
	loop_run(p.loop);
	assert_int_equal(p.closed, 1);
	assert_int_equal(p.got_logs, 0);
	assert_non_null(p.why);
	assert_string_equal(p.why, why);
	close(raw[1]);
	pair_close(&p);
}

static void
what_breaks_the_table_ends_the_channel(void **state)
{
	struct msg_log	m = { .level = 0, .text = "x" };
	struct msg_scan_end scan = { 0 };
	struct msg_ready ready = { 0 };
	static uint8_t	buf[MSG_SIZE_MAX];
	ssize_t		len;

	(void)state;
	expect_refusal(ROLE_PEER, "\xc1unk", 4, -1, "malformed frame");
	len = msg_encode(MSG_SCAN_END, &scan, buf, sizeof(buf));
	expect_refusal(ROLE_PEER, buf, (size_t)len, -1,
	    "message from the wrong sender");
	len = msg_encode(MSG_READY, &ready, buf, sizeof(buf));
	expect_refusal(ROLE_PEER, buf, (size_t)len, -1,
	    "message in the wrong phase");
	len = msg_encode(MSG_LOG, &m, buf, sizeof(buf));
	expect_refusal(ROLE_PEER, buf, (size_t)len, STDIN_FILENO,
	    "message with a stray descriptor");
	len = msg_encode(MSG_SCAN_END, &scan, buf, sizeof(buf));
	expect_refusal(ROLE_DISK, buf, (size_t)len, -1,
	    "message without a handler");
}

/* Unless somebody wants to hear of it; the rest of the table holds. */
static void
what_has_no_handler_may_be_told(void **state)
{
	struct msg_scan_end	scan = { 0 };
	struct pair		p;
	static uint8_t		buf[MSG_SIZE_MAX];
	ssize_t			len;
	int			raw[2];

	(void)state;
	pair_open(&p, ROLE_DISK, raw);
	chan_on_unhandled(p.parent, on_unhandled);
	len = msg_encode(MSG_SCAN_END, &scan, buf, sizeof(buf));
	assert_int_equal(send(raw[1], buf, (size_t)len, 0), len);
	loop_run(p.loop);
	assert_int_equal(p.unhandled, 1);
	assert_int_equal(p.closed, 0);
	len = msg_encode(MSG_READY, &(struct msg_ready){ 0 }, buf,
	    sizeof(buf));
	assert_int_equal(send(raw[1], buf, (size_t)len, 0), len);
	loop_run(p.loop);
	assert_int_equal(p.unhandled, 1);
	assert_string_equal(p.why, "message in the wrong phase");
	close(raw[1]);
	pair_close(&p);
}

static void
a_reader_that_falls_behind(void **state)
{
	struct pair		 p;
	struct msg_log_level	 level = { .level = 1 };
	int			 raw[2], i;
	char			 buf[64];

	(void)state;
	pair_open(&p, ROLE_RESOLVER, raw);
	for (i = 0; !chan_full(p.parent); i++)
		chan_send(p.parent, MSG_LOG_LEVEL, &level);
	/* It reads: the producer hears of it. */
	while (p.drained == 0) {
		while (recv(raw[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		chan_flush(p.parent);
	}
	assert_false(chan_full(p.parent));
	/* It never reads: the channel ends, nothing grows. */
	while (p.closed == 0 && i < 100000000) {
		for (i = 0; i < 3000000; i++)
			chan_send(p.parent, MSG_LOG_LEVEL, &level);
		loop_run(p.loop);
	}
	assert_string_equal(p.why, "does not read its messages");
	close(raw[1]);
	pair_close(&p);
}

/* How many packets lie there to be read. */
static int
packets_waiting(int fd)
{
	uint8_t	buf[CHAN_BATCH];
	int	n = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void
messages_share_a_packet(void **state)
{
	struct msg_log_level	level = { .level = 1 };
	struct pair		p;
	int			raw[2], i;

	(void)state;
	pair_open(&p, ROLE_RESOLVER, raw);
	chan_batch_begin();
	chan_batch_begin();
	for (i = 0; i < 100; i++)
		chan_send(p.parent, MSG_LOG_LEVEL, &level);
	chan_batch_end();
	assert_int_equal(packets_waiting(raw[1]), 0);
	chan_batch_end();
	assert_int_equal(packets_waiting(raw[1]), 1);
	/* Enough for more than one. */
	chan_batch_begin();
	for (i = 0; i < (int)CHAN_BATCH / 2; i++)
		chan_send(p.parent, MSG_LOG_LEVEL, &level);
	chan_batch_end();
	i = packets_waiting(raw[1]);
	assert_true(i > 1 && i < 10);
	/* What is tried goes at once, and nothing overtakes what waits. */
	chan_batch_begin();
	chan_send(p.parent, MSG_LOG_LEVEL, &level);
	chan_try(p.parent, MSG_LOG_LEVEL, &level);
	assert_int_equal(packets_waiting(raw[1]), 2);
	chan_batch_end();
	assert_int_equal(packets_waiting(raw[1]), 0);
	close(raw[1]);
	pair_close(&p);
}

static void
all_of_a_packet_are_handled(void **state)
{
	struct msg_log	a = { .level = 1, .text = "a" };
	struct msg_log	b = { .level = 1, .text = "b" };
	struct pair	p;

	(void)state;
	pair_open(&p, ROLE_RESOLVER, NULL);
	chan_batch_begin();
	chan_send(p.child, MSG_LOG, &a);
	chan_send(p.child, MSG_LOG, &a);
	chan_send(p.child, MSG_LOG, &b);
	chan_batch_end();
	chan_free(p.child);
	p.child = NULL;
	loop_run(p.loop);
	assert_int_equal(p.got_logs, 3);
	assert_string_equal(p.text, "b");
	assert_null(p.why);
	pair_close(&p);
}

/* It ends with messages of ours unread, and more are sent to it after. */
static void
last_words_are_heard(void **state)
{
	struct msg_log_level	level = { .level = 1 };
	struct msg_log		text = { .level = 1, .text = "alas" };
	uint8_t			buf[64];
	struct pair		p;
	ssize_t			len;
	int			raw[2], late;

	(void)state;
	for (late = 0; late < 2; late++) {
		pair_open(&p, ROLE_RESOLVER, raw);
		chan_send(p.parent, MSG_LOG_LEVEL, &level);
		len = msg_encode(MSG_LOG, &text, buf, sizeof(buf));
		assert_int_equal(send(raw[1], buf, (size_t)len, 0), len);
		close(raw[1]);
		if (late)
			chan_send(p.parent, MSG_LOG_LEVEL, &level);
		loop_run(p.loop);
		assert_string_equal(p.text, "alas");
		assert_int_equal(p.closed, 1);
		assert_null(p.why);
		pair_close(&p);
	}
}

/* A good message and another, or a bad one, in a packet to the parent. */
static void
send_two(enum role role, bool good, int *handled, const char **why)
{
	struct msg_log		a = { .level = 1, .text = "a" };
	uint8_t			buf[256];
	struct pair		p;
	ssize_t			n;
	int			raw[2];

	pair_open(&p, role, raw);
	n = msg_encode(MSG_LOG, &a, buf, 64);
	assert_true(n > 0);
	memcpy(buf + n, buf, (size_t)n);
	if (!good)
		buf[n] = 0xc1;
	assert_int_equal(send(raw[1], buf, 2 * (size_t)n, 0), 2 * n);
	close(raw[1]);
	loop_run(p.loop);
	*handled = p.got_logs;
	*why = p.why;
	pair_close(&p);
}

static void
a_bad_one_ends_the_channel(void **state)
{
	const char	*why;
	int		 n;

	(void)state;
	send_two(ROLE_DISK, true, &n, &why);
	assert_int_equal(n, 2);
	assert_null(why);
	send_two(ROLE_DISK, false, &n, &why);
	assert_int_equal(n, 1);
	assert_string_equal(why, "malformed frame");
	/* Clients send one at a time. */
	send_two(ROLE_CTL, true, &n, &why);
	assert_int_equal(n, 0);
	assert_non_null(why);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(messages_arrive_in_order),
		cmocka_unit_test(a_descriptor_rides_along),
		cmocka_unit_test(what_breaks_the_table_ends_the_channel),
		cmocka_unit_test(what_has_no_handler_may_be_told),
		cmocka_unit_test(a_reader_that_falls_behind),
		cmocka_unit_test(messages_share_a_packet),
		cmocka_unit_test(all_of_a_packet_are_handled),
		cmocka_unit_test(last_words_are_heard),
		cmocka_unit_test(a_bad_one_ends_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
