/* SPDX-License-Identifier: ISC */
#ifndef REGISTRY_WORLD_H
#define REGISTRY_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "registry.h"
#include "log.h"

/* Records what the registry says to the children, a word each. */
struct world {
	struct registry	 reg;
	char		 said[1024];
	bool		 up[ROLE_COUNT], full[ROLE_COUNT];
	uint32_t	 last_id;	/* of the last torrent_add */
	uint64_t	 left;		/* of the last tracker_totals */
	uint64_t	 added, refused, removed;	/* clients answered */
	uint64_t	 moved;
	char		 move_error[ERROR_MAX + 1];
	uint32_t	 resumed;	/* peers sent to a new peer child */
};

static inline void
fake_send(enum role to, enum msg_type type, const void *body, int fd,
    void *arg)
{
	struct world			*w = arg;
	const struct msg_torrent_add	*add = body;
	const struct msg_magnet_add	*magnet = body;
	const struct msg_tracker_totals	*totals = body;
	const struct msg_peers_found	*found = body;

	if (fd != -1)
		close(fd);
	assert_true(w->up[to]);
	if (type == MSG_TORRENT_ADD)
		w->last_id = add->id;
	if (type == MSG_MAGNET_ADD)
		w->last_id = magnet->id;
	if (type == MSG_TRACKER_TOTALS)
		w->left = totals->left;
	if (type == MSG_PEERS_FOUND && found->source == PEER_SOURCE_RESUME)
		w->resumed = found->peers.n;
	strlcat(w->said, msg_name(type), sizeof(w->said));
	strlcat(w->said, " ", sizeof(w->said));
}

static inline bool
fake_ready(enum role role, void *arg)
{
	struct world	*w = arg;

	return w->up[role] && !w->full[role];
}

static inline bool
fake_up(enum role role, void *arg)
{
	return ((struct world *)arg)->up[role];
}

static const char *
fake_root(uint32_t index, void *arg)
{
	(void)arg;
	return index == 0 ? "/srv" : NULL;
}

static inline void
fake_added(uint64_t client, const struct torrent *t, void *arg)
{
	(void)t;
	((struct world *)arg)->added = client;
}

static inline void
fake_refused(uint64_t client, const char *error, void *arg)
{
	(void)error;
	((struct world *)arg)->refused = client;
}

static inline void
fake_removed(uint64_t client, uint32_t id, const char *error, void *arg)
{
	(void)id;
	(void)error;
	((struct world *)arg)->removed = client;
}

static inline void
fake_moved(uint64_t client, uint32_t id, const char *error, void *arg)
{
	struct world	*w = arg;

	(void)id;
	w->moved = client;
	strlcpy(w->move_error, error, sizeof(w->move_error));
}

static inline int
fake_place(const char *dir, uint32_t *root, char *subdir, size_t size,
    void *arg)
{
	(void)arg;
	if (strncmp(dir, "/srv/", 5) != 0)
		return -1;
	*root = 0;
	strlcpy(subdir, dir + 5, size);
	return 0;
}

static const struct add_place	home = { .subdir = "" };

static const struct registry_ops	fake_ops = {
	.send = fake_send,
	.ready = fake_ready,
	.up = fake_up,
	.root = fake_root,
	.added = fake_added,
	.refused = fake_refused,
	.removed = fake_removed,
	.moved = fake_moved,
	.place = fake_place,
};

static struct world	world;

static inline void
quiet(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
}

static inline int
setup(void **state)
{
	enum role	role;

	memset(&world, 0, sizeof(world));
	log_set_sink(quiet, NULL);
	registry_init(&world.reg, &fake_ops, &world);
	for (role = ROLE_CHILD_FIRST; role <= ROLE_CHILD_LAST; role++)
		world.up[role] = role != ROLE_DHT;
	*state = &world;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world	*w = *state;

	registry_clear(&w->reg);
	return 0;
}

/* What was said since the last time, in order. */
static inline void
expect(struct world *w, const char *words)
{
	assert_string_equal(w->said, words);
	w->said[0] = '\0';
}

static inline int
progress(struct world *w, uint32_t id, uint64_t have)
{
	struct msg_disk_progress	m = { .id = id, .have = have };

	return registry_on_progress(&w->reg, &m);
}

static inline void
report_meta_only(struct world *w, uint32_t id)
{
	struct msg_torrent_meta		meta = {
		.id = id, .name = "name", .size = 1000, .piece_length = 100,
		.npieces = 10, .nfiles = 2, .subdir = "sub", .added = 1,
	};
	const struct rec_tracker	url = { .url = "http://t.example/a" };
	struct msg_torrent_trackers	trackers = {
		.id = id, .trackers = { &url, 1 }
	};
	const struct rec_file		files[] = {
		{ "name/a", 400, 0, FILE_PRIO_NORMAL },
		{ "name/b", 600, 0, FILE_PRIO_NORMAL }
	};
	struct msg_torrent_files	page = { .id = id };

	memcpy(meta.infohash, &id, sizeof(id));
	assert_int_equal(registry_on_meta(&w->reg, &meta), 0);
	assert_int_equal(registry_on_trackers(&w->reg, &trackers), 0);
	page.files.v = files;
	page.files.n = 2;
	assert_int_equal(registry_on_files(&w->reg, &page), 0);
	assert_int_equal(registry_on_loaded(&w->reg, id), 0);
}

static inline void
disk_says(struct world *w, uint32_t id, enum dstate dstate)
{
	struct msg_disk_state	state = {
		.id = id, .state = (uint8_t)dstate,
		.error = dstate == DSTATE_ERROR ? "broken" : ""
	};

	registry_on_disk_state(&w->reg, &state);
}

static inline void
report(struct world *w, uint32_t id, enum dstate dstate)
{
	report_meta_only(w, id);
	disk_says(w, id, dstate);
	assert_int_equal(progress(w, id, registry_find(&w->reg, id)->have),
	    0);
}

#define STARTED	"swarm_run tracker_torrent tracker_urls tracker_start " \
	"tracker_totals "

static inline struct torrent *
running(struct world *w)
{
	registry_on_scan_end(&w->reg);
	report(w, 1, DSTATE_READY);
	expect(w, STARTED);
	return registry_find(&w->reg, 1);
}

static inline void
restart_disk(struct world *w)
{
	w->up[ROLE_DISK] = false;
	registry_on_down(&w->reg, ROLE_DISK);
	w->up[ROLE_DISK] = true;
	registry_on_up(&w->reg, ROLE_DISK);
	registry_on_scan_end(&w->reg);
}

static inline struct magnet *
some_magnet(void)
{
	static const char	link[] = "magnet:?xt=urn:btih:"
		"0100000000000000000000000000000000000000&x.pe=1.2.3.4:5";
	char			err[MAGNET_ERR_MAX];

	return magnet_parse(link, strlen(link), err);
}

static inline struct msg_torrent_meta
magnet_meta(const struct world *w)
{
	struct msg_torrent_meta	m = { .id = w->last_id, .infohash = { 1 },
		.name = "n", .subdir = "" };

	return m;
}

/* What disk says of the only torrent, a link. */
static inline void
report_magnet(struct world *w)
{
	struct msg_torrent_meta		m = magnet_meta(w);
	const struct rec_tracker	tr = { .url = "http://t/" };
	struct msg_torrent_trackers	urls = { .id = m.id,
		.trackers = { &tr, 1 } };
	const struct rec_addr		addr = { .ip = { 1 }, .port = 5 };
	struct msg_torrent_peers	peers = { m.id, { &addr, 1 } };
	struct msg_disk_state		state = { .id = m.id, .error = "" };

	assert_int_equal(registry_on_meta(&w->reg, &m), 0);
	assert_int_equal(registry_on_trackers(&w->reg, &urls), 0);
	registry_on_disk_peers(&w->reg, &peers);
	assert_int_equal(registry_on_loaded(&w->reg, m.id), 0);
	registry_on_disk_state(&w->reg, &state);
}

/* Then its metadata came. */
static inline void
report_metadata(struct world *w, bool private)
{
	struct msg_torrent_meta	 m = magnet_meta(w);
	const struct rec_file	 file = { .path = "n", .size = 100,
		.prio = FILE_PRIO_NORMAL };
	struct msg_torrent_files files = { .id = m.id, .files = { &file, 1 } };
	struct msg_disk_state	 state = { .id = m.id, .error = "" };
	struct msg_disk_progress progress = { .id = m.id };

	m.size = 100;
	m.piece_length = 16384;
	m.npieces = m.nfiles = 1;
	m.private = private;
	assert_int_equal(registry_on_meta(&w->reg, &m), 0);
	assert_int_equal(registry_on_files(&w->reg, &files), 0);
	assert_int_equal(registry_on_loaded(&w->reg, m.id), 0);
	registry_on_disk_state(&w->reg, &state);
	assert_int_equal(registry_on_progress(&w->reg, &progress), 0);
}

static inline struct torrent *
linked(struct world *w)
{
	registry_on_scan_end(&w->reg);
	assert_int_equal(registry_add(&w->reg, -1, some_magnet(), &home, NULL,
	    false, false, 21), 0);
	expect(w, "magnet_add ");
	report_magnet(w);
	registry_on_kept(&w->reg, w->last_id);
	assert_int_equal(w->added, 21);
	expect(w, "swarm_run peers_found tracker_torrent tracker_urls "
	    "tracker_start tracker_totals ");
	return registry_find(&w->reg, w->last_id);
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
