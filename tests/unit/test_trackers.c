/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "registry.h"

/* What the user does to the trackers of a torrent, and who is told. */

static struct {
	struct registry	 reg;
	struct torrent	*t;
	bool		 deaf;			/* the children are full */
	char		 told[2048], kept[2048]; /* tracker, disk */
} world;

static void
add_list(char *text, bool first, const struct rec_tracker *v, uint32_t n)
{
	char		line[256];
	uint32_t	i;

	if (first)
		text[0] = '\0';
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%u %s\n", v[i].tier, v[i].url);
		strlcat(text, line, sizeof(world.told));
	}
}

static void
fake_send(enum role to, enum msg_type type, const void *body, int fd,
    void *arg)
{
	const struct msg_tracker_urls		*urls = body;
	const struct msg_torrent_retrack	*retrack = body;

	(void)to;
	(void)arg;
	assert_int_equal(fd, -1);
	if (type == MSG_TRACKER_URLS)
		add_list(world.told, urls->first, urls->trackers.v,
		    urls->trackers.n);
	else if (type == MSG_TORRENT_RETRACK)
		add_list(world.kept, retrack->first, retrack->trackers.v,
		    retrack->trackers.n);
}

static bool
fake_ready(enum role role, void *arg)
{
	(void)role;
	(void)arg;
	return !world.deaf;
}

static bool
fake_up(enum role role, void *arg)
{
	(void)role;
	(void)arg;
	return true;
}

static const char *
fake_root(uint32_t index, void *arg)
{
	(void)index;
	(void)arg;
	return "/srv";
}

static const struct registry_ops	fake_ops = {
	.send = fake_send, .ready = fake_ready, .up = fake_up,
	.root = fake_root
};

/* A torrent with two trackers, that runs. */
static void
begin(bool private)
{
	struct msg_torrent_meta		meta = {
		.id = 1, .name = "name", .size = 1000, .piece_length = 1000,
		.npieces = 1, .nfiles = 1, .subdir = "", .private = private,
	};
	const struct rec_tracker	urls[] = {
		{ .tier = 0, .url = "http://a.test/a" },
		{ .tier = 3, .url = "udp://b.test:1/a" }
	};
	struct msg_torrent_trackers	trackers = {
		.id = 1, .trackers = { urls, 2 }
	};
	const struct rec_file		file = {
		"name", 1000, 0, FILE_PRIO_NORMAL
	};
	struct msg_torrent_files	page = {
		.id = 1, .files = { &file, 1 }
	};
	struct msg_disk_state		ready = {
		.id = 1, .state = DSTATE_READY, .error = ""
	};
	struct msg_disk_progress	none = { .id = 1 };

	memset(&world, 0, sizeof(world));
	registry_init(&world.reg, &fake_ops, NULL);
	registry_on_scan_end(&world.reg);
	assert_int_equal(registry_on_meta(&world.reg, &meta), 0);
	assert_int_equal(registry_on_trackers(&world.reg, &trackers), 0);
	assert_int_equal(registry_on_files(&world.reg, &page), 0);
	assert_int_equal(registry_on_loaded(&world.reg, 1), 0);
	registry_on_disk_state(&world.reg, &ready);
	assert_int_equal(registry_on_progress(&world.reg, &none), 0);
	world.t = registry_find(&world.reg, 1);
	assert_string_equal(world.told, "0 http://a.test/a\n"
	    "3 udp://b.test:1/a\n");
	world.told[0] = '\0';
}

static void
end(void)
{
	registry_clear(&world.reg);
}

/* Edit; refused for the reason why, or both children are told the list. */
static void
edit(enum tracker_what what, const char *url, const char *why,
    const char *list)
{
	const struct rec_tracker	 row = { .url = url };
	const char			*said;

	world.told[0] = world.kept[0] = '\0';
	said = registry_edit_trackers(&world.reg, world.t, what, &row, 1);
	if (why == NULL)
		assert_null(said);
	else {
		assert_non_null(said);
		assert_non_null(strstr(said, why));
	}
	assert_string_equal(world.told, list);
	assert_string_equal(world.kept, list);
}

static void
test_add(void **state)
{
	(void)state;
	begin(false);
	edit(TRACKER_ADD, "http://a.test/a", "already", "");
	edit(TRACKER_ADD, "http://c.test/", NULL, "0 http://a.test/a\n"
	    "3 udp://b.test:1/a\n4 http://c.test/\n");
	end();
	begin(true);
	edit(TRACKER_ADD, "http://c.test/", "private", "");
	edit(TRACKER_SET, "http://c.test/", NULL, "0 http://c.test/\n");
	end();
}

static void
test_del(void **state)
{
	(void)state;
	begin(false);
	edit(TRACKER_DEL, "http://a.test/b", "no such tracker", "");
	edit(TRACKER_DEL, "B.test", NULL, "0 http://a.test/a\n");
	edit(TRACKER_DEL, "http://a.test/a", NULL, "");
	assert_int_equal(world.t->ntrackers, 0);
	assert_true(world.t->edited);
	end();
}

/* Those that stay keep what is known of them. */
static void
test_set(void **state)
{
	const struct rec_tracker	list[] = {
		{ .url = "http://c.test/" }, { .url = "udp://b.test:1/a" },
		{ .url = "http://c.test/" }
	};

	(void)state;
	begin(false);
	world.t->trackers[1].seeds = 7;
	assert_null(registry_edit_trackers(&world.reg, world.t, TRACKER_SET,
	    list, 3));
	assert_string_equal(world.told,
	    "0 http://c.test/\n1 udp://b.test:1/a\n");
	assert_string_equal(world.kept, world.told);
	assert_int_equal(world.t->trackers[1].seeds, 7);
	end();
}

/* All that are named are added, or none. */
static void
test_full(void **state)
{
	struct rec_tracker	list[TRACKERS_MAX];
	char			urls[TRACKERS_MAX][32];
	unsigned int		i;

	(void)state;
	begin(false);
	for (i = 0; i < TRACKERS_MAX; i++) {
		snprintf(urls[i], sizeof(urls[i]), "http://t%u.test/", i);
		list[i] = (struct rec_tracker){ .url = urls[i] };
	}
	assert_non_null(strstr(registry_edit_trackers(&world.reg, world.t,
	    TRACKER_ADD, list, TRACKERS_MAX - 1), "cannot have more"));
	assert_int_equal(world.t->ntrackers, 2);
	assert_false(world.t->edited);
	assert_string_equal(world.told, "");
	assert_null(registry_edit_trackers(&world.reg, world.t, TRACKER_ADD,
	    list, TRACKERS_MAX - 2));
	assert_int_equal(world.t->ntrackers, TRACKERS_MAX);
	edit(TRACKER_ADD, "http://c.test/", "cannot have more", "");
	assert_null(registry_edit_trackers(&world.reg, world.t, TRACKER_SET,
	    list, TRACKERS_MAX));
	assert_int_equal(world.t->ntrackers, TRACKERS_MAX);
	end();
}

/* Children that are behind are told later, of the last list. */
static void
test_later(void **state)
{
	const struct rec_tracker	one = { .url = "http://c.test/" },
					two = { .url = "http://d.test/" };

	(void)state;
	begin(false);
	world.deaf = true;
	assert_null(registry_edit_trackers(&world.reg, world.t, TRACKER_SET,
	    &one, 1));
	assert_null(registry_edit_trackers(&world.reg, world.t, TRACKER_SET,
	    &two, 1));
	assert_string_equal(world.told, "");
	assert_string_equal(world.kept, "");
	world.deaf = false;
	registry_on_drain(&world.reg);
	assert_string_equal(world.told, "0 http://d.test/\n");
	assert_string_equal(world.kept, "0 http://d.test/\n");
	world.t->loaded = false;
	assert_string_equal(registry_edit_trackers(&world.reg, world.t,
	    TRACKER_SET, &one, 1), "it is not loaded yet");
	world.t->loaded = true;
	end();
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_del),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
