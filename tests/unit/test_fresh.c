/* SPDX-License-Identifier: ISC */
/* Calls that threads relay, and the small files that are made so. */
#include <sys/stat.h>

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bitfield.h"
#include "disk/disk.h"
#include "disk/fresh.h"
#include "disk/lane.h"
#include "disk/resume.h"
#include "disk/span.h"
#include "disk/worker.h"
#include "hash.h"
#include "loop.h"
#include "metainfo.h"

/* ---- pool_relay() ---- */

#define CALLS	1000U

struct calls {
	struct loop	*loop;
	struct job	 job;
	pthread_t	 caller;
	uint32_t	 begun;
	uint8_t		 first[CALLS], second[CALLS];
};

static void
first(void *arg, uint32_t i)
{
	struct calls	*c = arg;

	assert_int_equal(i, c->begun++);
	assert_true(pthread_equal(pthread_self(), c->caller));
	c->first[i]++;
}

/* In any thread: what is wrong shows itself in the count. */
static void
second(void *arg, uint32_t i)
{
	struct calls	*c = arg;

	c->second[i] += c->first[i];
}

static void
assert_called(struct pool *pool, struct calls *c, uint32_t n)
{
	uint32_t	i;

	memset(c->first, 0, sizeof(c->first));
	memset(c->second, 0, sizeof(c->second));
	c->begun = 0;
	c->caller = pthread_self();
	pool_relay(pool, n, first, second, c);
	assert_int_equal(c->begun, n);
	for (i = 0; i < CALLS; i++)
		assert_int_equal(c->second[i], i < n);
}

static void
job_run(struct job *job, unsigned int worker)
{
	(void)job;
	(void)worker;
}

static void
job_done(struct job *job, void *arg)
{
	struct calls	*c = arg;

	assert_ptr_equal(job, &c->job);
	loop_stop(c->loop);
}

static void
test_relay(void **state)
{
	struct calls	*c = *state;
	struct pool	*pool;
	unsigned int	 threads;
	uint32_t	 i;

	for (threads = 1; threads <= 3; threads++) {
		pool = pool_new(c->loop, threads, c);
		/* Without its threads, the caller does it alone. */
		assert_called(pool, c, 3);
		pool_start(pool);
		for (i = 0; i < 50; i++)
			assert_called(pool, c, i);
		assert_called(pool, c, CALLS);
		c->job = (struct job){ .run = job_run, .done = job_done };
		pool_submit(pool, &c->job);
		assert_called(pool, c, CALLS);
		loop_run(c->loop);
	}
}

/* ---- fresh files ---- */

#define SIZE	100U

static struct mi_file	files[] = {
	{ .path = "new", .length = SIZE },
	{ .path = "deep/er/new", .offset = SIZE, .length = SIZE },
	{ .path = "there", .offset = 2 * SIZE, .length = SIZE },
	{ .path = "link", .offset = 3 * SIZE, .length = SIZE },
	{ .path = "pad", .offset = 4 * SIZE, .length = SIZE, .attr = MI_PAD },
	{ .path = "touched", .offset = 5 * SIZE, .length = SIZE },
	{ .path = "skipped", .offset = 6 * SIZE, .length = SIZE },
	{ .path = "last", .offset = 7 * SIZE, .length = SIZE },
	{ .path = "cut", .offset = 8 * SIZE, .length = 2 * SIZE },
};
#define NFILES	(sizeof(files) / sizeof(files[0]))

static void
on_tick(void *arg)
{
	(void)arg;
}

static void
put(int root, const char *name)
{
	int	fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

/* Nothing but what fresh_wrote() needs of a torrent. */
static void
content_make(struct disk *d, struct content *t)
{
	static struct metainfo		mi = { .files = files,
					    .nfiles = NFILES };
	static struct content_files	f;
	static struct resume_file	stamps[NFILES + 1];
	static uint64_t			have[NFILES];
	static uint8_t			touched[4], prios[NFILES];

	f = (struct content_files){ .mi = &mi, .stamps = stamps,
	    .have = have, .touched = touched };
	memset(prios, FILE_PRIO_NORMAL, sizeof(prios));
	prios[6] = FILE_PRIO_SKIP;
	t->files = &f;
	t->prios = prios;
	t->nfiles = NFILES;
	t->subdir = "";
	content_touch(d, t, 5);
}

static void
test_fresh(void **state)
{
	static const bool	 want[NFILES] = { true, true, false, false,
				    false, false, false, true, false };
	static struct disk	 disk;		/* a lane is there for good */
	struct disk		*d = &disk;
	struct content		 t = { .id = 1 };
	struct fresh		 fresh;
	struct span_iter	 it;
	struct span		 s;
	struct stat		 st;
	char			 top[] = "/tmp/test_fresh.XXXXXX", cmd[64];
	uint8_t			 buf[9 * SIZE];
	int			 root;

	d->loop = ((struct calls *)*state)->loop;
	d->tick = loop_timer_new(d->loop, on_tick, NULL);
	TAILQ_INIT(&d->dirty);
	hash_init();
	d->lane = lane_new(d);
	lane_start(d->lane);
	assert_non_null(mkdtemp(top));
	root = d->roots[0].fd = open(top, O_PATH | O_DIRECTORY);
	put(root, "there");
	put(root, "touched");
	assert_int_equal(symlinkat("there", root, "link"), 0);
	memset(buf, 'b', sizeof(buf));
	content_make(d, &t);

	fresh.next = fresh.n = 0;
	span_start(&it, t.files->mi, 0, sizeof(buf));
	while (span_next(&it, &s)) {
		assert_int_equal(fresh_wrote(&fresh, d, &t, &s, &it,
		    buf + files[s.file].offset), want[s.file]);
		assert_int_equal(bitfield_get(t.files->touched, s.file),
		    want[s.file] || s.file == 5);
		if (want[s.file]) {
			assert_int_equal(fstatat(root, files[s.file].path,
			    &st, AT_SYMLINK_NOFOLLOW), 0);
			assert_int_equal(st.st_size, SIZE);
		}
	}
	/* What is in the way is as it was, and what is not whole not there. */
	assert_int_equal(fstatat(root, "there", &st, 0), 0);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(fstatat(root, "skipped", &st, 0), -1);
	assert_int_equal(fstatat(root, "cut", &st, 0), -1);
	assert_int_equal(fstatat(root, "pad", &st, 0), -1);

	close(root);
	snprintf(cmd, sizeof(cmd), "rm -r %s", top);
	assert_int_equal(system(cmd), 0);
	loop_timer_free(d->tick);
}

static int
setup(void **state)
{
	struct calls	*c = calloc(1, sizeof(*c));

	c->loop = loop_new();
	*state = c;
	return 0;
}

static int
teardown(void **state)
{
	struct calls	*c = *state;

	loop_free(c->loop);
	free(c);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_fresh),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
