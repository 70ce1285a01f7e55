/* SPDX-License-Identifier: ISC */
/* The peer role between a parent, a disk and peers that are scripts. */
#include "peer_script.h"

static void
end_script(pid_t pid)
{
	int	status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void
leech_from(bool noisy)
{
	struct world	*w = world_new(false);
	struct msg_swarm_halt halt = { .id = TORRENT };
	uint16_t	 port;
	pid_t		 pid;

	pid = script_seed(&port, "-XX0001-seedseedseed", false, noisy);
	w->done_when_complete = true;
	world_add_peer(w, port);
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	assert_int_equal(w->nbad, 0);
	end_script(pid);
	chan_send(w->peer, MSG_SWARM_HALT, &halt);
	world_run(w, 5000);
	assert_true(w->halted);
	assert_true(w->downloaded == SIZE);
	assert_true(noisy || w->wasted == 0);
	world_free(w);
}

static void
test_leech(void **state)
{
	(void)state;
	leech_from(false);
}

static void
test_leech_noisy(void **state)
{
	(void)state;
	leech_from(true);
}

static void
test_seed(void **state)
{
	struct world	*w = world_new(true);
	pid_t		 pid[3];
	int		 i;

	(void)state;
	world_run(w, 100);
	pid[0] = script_leech(w->port, "-XX0001-leechleech00", 200);
	pid[1] = script_leech(w->port, "-XX0001-leechleech01", 5);
	pid[2] = script_leech(w->port, "-XX0001-leechleech02", 4000);
	for (i = 0; i < 3; i++)
		assert_int_equal(world_wait_script(w, pid[i], 20000), 0);
	world_free(w);
}

static void
test_liar(void **state)
{
	struct world	*w = world_new(false);
	struct addr	 addr;
	struct rec_addr	 a;
	struct msg_peers_found m = { .id = TORRENT,
	    .source = PEER_SOURCE_USER, .peers = { &a, 1 } };
	uint16_t	 liar, honest;
	pid_t		 pids[2];

	(void)state;
	pids[0] = script_seed(&liar, "-XX0001-liarliarliar", true, false);
	pids[1] = script_seed(&honest, "-XX0001-honesthonest", false, false);
	w->done_when_complete = true;
	/* The same host by two addresses, so that a ban hits one only. */
	addr_parse(&addr, "127.0.0.2", liar);
	memcpy(a.ip, addr.ip, sizeof(a.ip));
	a.port = liar;
	chan_send(w->peer, MSG_PEERS_FOUND, &m);
	world_add_peer(w, honest);
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	end_script(pids[0]);
	end_script(pids[1]);
	world_free(w);
}

/* With nobody to ask, it says so: once, not at every turn. */
static void
test_hungry(void **state)
{
	struct world	*w = world_new(false);

	(void)state;
	world_run(w, 1500);
	assert_int_equal(w->hungry, 1);
	world_free(w);
}

static void
test_disk_restart(void **state)
{
	struct world	*w = world_new(false);
	uint16_t	 port;
	pid_t		 pid;
	int		 i;

	(void)state;
	pid = script_seed(&port, "-XX0001-seedseedseed", false, false);
	w->done_when_complete = true;
	world_add_peer(w, port);
	for (i = 0; i < 10 && w->npieces < geom.npieces; i++) {
		world_run(w, 2);
		world_connect_disk(w);
	}
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	end_script(pid);
	world_free(w);
}

/*
 * Halted and started again before disk answers: what it says of the first
 * time, of which the pages came while nobody listened, is not of the second.
 */
static void
test_late_answer(void **state)
{
	struct world		*w = world_new(true);
	struct msg_swarm_halt	 halt = { .id = TORRENT };
	pid_t			 pid;

	(void)state;
	w->deaf = true;
	world_run(w, 5000);
	chan_send(w->peer, MSG_SWARM_HALT, &halt);
	world_run(w, 5000);
	assert_true(w->halted);
	world_run_swarm(w);
	world_run(w, 5000);
	assert_int_equal(w->nopens, 2);
	tell_open_end(w, w->opens[0]);
	tell_pieces(w, w->opens[1]);
	tell_open_end(w, w->opens[1]);
	pid = script_leech(w->port, "-XX0001-leechleech00", 200);
	assert_int_equal(world_wait_script(w, pid, 20000), 0);
	world_free(w);
}

/* Each is sent after the handshake; the connection must be closed. */
static const struct {
	const char	*what;
	uint8_t		 bytes[20];
	size_t		 n;
} hostile[] = {
	{ "length of 4 GiB", { 0xff, 0xff, 0xff, 0xff, 7 }, 5 },
	{ "piece of 1 MiB", { 0, 0x10, 0, 9, 7 }, 5 },
	{ "piece without data fields", { 0, 0, 0, 5, 7, 0, 0, 0, 0 }, 9 },
	{ "choke of two bytes", { 0, 0, 0, 2, 0, 0 }, 6 },
	{ "have of a piece there is not", { 0, 0, 0, 5, 4, 0, 1, 0, 0 }, 9 },
	{ "bitfield too short", { 0, 0, 0, 2, 5, 0xff }, 6 },
	{ "bitfield too long", { 0, 0, 1, 2, 5, 0xff }, 6 },
	{ "request of a piece there is not",
	    { 0, 0, 0, 13, 6, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "piece beyond the end",
	    { 0, 0, 0x40, 9, 7, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff }, 13 },
	{ "unknown message", { 0, 0, 0, 1, 99 }, 5 },
	{ "suggest too short", { 0, 0, 0, 4, 13 }, 5 },
	{ "suggest of a piece there is not",
	    { 0, 0, 0, 5, 13, 0, 0, 0, 64 }, 9 },
	{ "have all of two bytes", { 0, 0, 0, 2, 14, 0 }, 6 },
	{ "have all, both being seeds", { 0, 0, 0, 1, 14 }, 5 },
	{ "have none of five bytes", { 0, 0, 0, 5, 15 }, 5 },
	{ "reject too short", { 0, 0, 0, 5, 16 }, 5 },
	{ "reject of a piece there is not",
	    { 0, 0, 0, 13, 16, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "allowed fast too long", { 0, 0, 0, 6, 17 }, 5 },
	{ "allowed fast of a piece there is not",
	    { 0, 0, 0, 5, 17, 0xff, 0, 0, 0 }, 9 },
	{ "extended without an id", { 0, 0, 0, 1, 20 }, 5 },
	{ "extended beyond any use", { 0, 1, 0, 3, 20, 0 }, 6 },
};

/* Legal only after the handshakes said so. */
static const struct {
	const char	*what;
	uint8_t		 bytes[20];
	size_t		 n;
} unasked[] = {
	{ "suggest", { 0, 0, 0, 5, 13, 0, 0, 0, 1 }, 9 },
	{ "have all", { 0, 0, 0, 1, 14 }, 5 },
	{ "have none", { 0, 0, 0, 1, 15 }, 5 },
	{ "reject",
	    { 0, 0, 0, 13, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "allowed fast", { 0, 0, 0, 5, 17, 0, 0, 0, 1 }, 9 },
};

static pid_t
script_hostile(uint16_t port, const uint8_t *bytes, size_t n, bool bits)
{
	pid_t	pid = fork();
	uint8_t	buf[4096];
	int	fd;

	if (pid != 0)
		return pid;
	fd = script_connect(port);
	hello_as(fd, "-XX0001-hostilehosti", bits);
	put(fd, bytes, n);
	/* Whatever it says first: it hangs up. */
	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
	_exit(0);
}

static void
test_hostile(void **state)
{
	struct world	*w = world_new(true);
	size_t		 i;
	pid_t		 pid;

	(void)state;
	world_run(w, 100);
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		pid = script_hostile(w->port, hostile[i].bytes, hostile[i].n,
		    true);
		if (world_wait_script(w, pid, 3000) != 0)
			fail_msg("not closed: %s", hostile[i].what);
	}
	for (i = 0; i < sizeof(unasked) / sizeof(unasked[0]); i++) {
		pid = script_hostile(w->port, unasked[i].bytes, unasked[i].n,
		    false);
		if (world_wait_script(w, pid, 3000) != 0)
			fail_msg("not closed: %s unasked", unasked[i].what);
	}
	pid = script_leech(w->port, "-XX0001-leechleech00", 50);
	assert_int_equal(world_wait_script(w, pid, 20000), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_leech),
		cmocka_unit_test(test_leech_noisy),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_liar),
		cmocka_unit_test(test_hungry),
		cmocka_unit_test(test_disk_restart),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
