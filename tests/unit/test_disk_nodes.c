/* SPDX-License-Identifier: ISC */
/* Nodes of the DHT: disk keeps them, and finds some in torrents. */
#include "disk_blocks.h"

/* Nodes of the DHT: kept, and told by the next disk before its scan ends. */
static void
save_nodes(struct world *w)
{
	static const uint8_t	id[20] = { 9, 8, 7 };
	struct rec_node		rows[] = {
		{ .ip = { 0x20, 1 }, .port = 7, .id = { id, sizeof(id) } },
		{ .ip = { 0x20, 2 }, .port = 8 },
	};
	struct msg_nodes_save	m = { .id4 = { 4 }, .id6 = { 6 },
				    .nodes = { rows, 2 } };

	say(w->parent, MSG_NODES_SAVE, &m);
}

/* Were nodes told in this scan? */
static bool
scan_nodes(struct world *w)
{
	const struct msg_nodes_saved	*m = &w->in->body.nodes_saved;
	uint32_t			 type;

	disk_scan_no_wait(w);
	while ((type = hear(w, w->parent)) != MSG_NODES_SAVED)
		if (type == MSG_SCAN_END)
			return false;
		else if (type == MSG_COUNT)
			fail_msg("disk ended");
	assert_int_equal(m->id4[0], 4);
	assert_int_equal(m->id6[0], 6);
	assert_int_equal(m->nodes.n, 2);
	assert_int_equal(m->nodes.v[0].ip[1], 1);
	assert_int_equal(m->nodes.v[0].port, 7);
	assert_int_equal(m->nodes.v[0].id.len, 20);
	assert_int_equal(m->nodes.v[0].id.p[2], 7);
	assert_int_equal(m->nodes.v[1].id.len, 0);
	expect(w, w->parent, MSG_SCAN_END);
	return true;
}

static void
restart(struct world *w)
{
	disk_end(w);
	disk_begin(w);
}

static void
test_nodes(void **state)
{
	struct world	*w = *state;
	int		 fd;

	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	/* Its end does not change it, nor does being killed. */
	disk_kill(w);
	disk_begin(w);
	assert_true(scan_nodes(w));
	/* Damaged: set aside, and there is none. */
	disk_end(w);
	fd = openat(w->root, "state/dht.nodes", O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	disk_begin(w);
	assert_false(scan_nodes(w));
	assert_true(exists(w, "state/dht.nodes.bad"));
	assert_false(exists(w, "state/dht.nodes"));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	/* Nor does anything else in its place last. */
	disk_end(w);
	assert_int_equal(unlinkat(w->root, "state/dht.nodes", 0), 0);
	assert_int_equal(mkdirat(w->root, "state/dht.nodes", 0700), 0);
	disk_begin(w);
	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
}

/* A file system that is full costs the newer nodes, and that alone. */
static void
test_nodes_no_space(void **state)
{
	static const char	 filler[4096];
	struct world		*w = *state;
	int			 fd;

	if (small == NULL)
		return;		/* a small tmpfs takes root */
	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	fd = openat(w->root, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(fd, filler, sizeof(filler)) == (ssize_t)sizeof(filler))
		continue;
	close(fd);
	save_nodes(w);
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	assert_false(exists(w, "state/dht.nodes.tmp"));
	unlinkat(w->root, "filler", 0);
}

static void
add_text(struct world *w, uint32_t id, const char *info)
{
	struct msg_torrent_add	 m = { .id = id, .subdir = "",
				    .away_subdir = "", .added = 1 };
	char			*text;
	int			 fd = memfd_create("t", MFD_ALLOW_SEALING);

	text = xasprintf("d4:infod6:lengthi1e4:name1:%u12:piece "
	    "lengthi16384e6:pieces20:01234567890123456789%se5:nodes"
	    "ll8:dht.testi7eel3:::1i8eel1:ai0eeee", id, info);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL), 0);
	say_fd(w->parent, MSG_TORRENT_ADD, &m, fd);
	close(fd);
	free(text);
}

/* What a .torrent says of nodes is told, but of a private one. */
static void
test_torrent_nodes(void **state)
{
	struct world			*w = *state;
	const struct msg_torrent_nodes	*m = &w->in->body.torrent_nodes;
	uint32_t			 type;

	add_text(w, 1, "");
	expect(w, w->parent, MSG_TORRENT_NODES);
	assert_int_equal(m->id, 1);
	assert_int_equal(m->hosts.n, 2);
	assert_string_equal(m->hosts.v[0].host, "dht.test");
	assert_int_equal(m->hosts.v[0].port, 7);
	assert_string_equal(m->hosts.v[1].host, "::1");
	assert_int_equal(m->hosts.v[1].port, 8);
	expect(w, w->parent, MSG_TORRENT_KEPT);
	add_text(w, 2, "7:privatei1e");
	while ((type = hear(w, w->parent)) != MSG_TORRENT_KEPT) {
		assert_int_not_equal(type, MSG_TORRENT_NODES);
		if (type == MSG_TORRENT_REFUSED)
			fail_msg("refused: %s",
			    w->in->body.torrent_refused.error);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_nodes),
		SMALL_WORLD(test_nodes_no_space),
		WORLD(test_torrent_nodes),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
