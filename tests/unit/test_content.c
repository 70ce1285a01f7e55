/* SPDX-License-Identifier: ISC */
/* What befalls a torrent that disk knows, where no disk can be made to. */
#include <errno.h>
#include <fcntl.h>
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
#include "child.h"
#include "disk/admit.h"
#include "disk/content.h"
#include "disk/disk.h"
#include "disk/lane.h"
#include "disk/part.h"
#include "disk/report.h"
#include "disk/resume.h"
#include "disk/trouble.h"
#include "loop.h"
#include "magnet.h"
#include "magnet_msg.h"
#include "metainfo.h"

#define NFILES	3U
#define NPIECES	4U

/* Three files: "a" is in pieces 0 and 1, "b" in 1 and 2, "c" in 2 and 3. */
static struct metainfo *
make_metainfo(void)
{
	static const char	 head[] = "d4:infod5:filesl"
				    "d6:lengthi40000e4:pathl1:aee"
				    "d6:lengthi40000e4:pathl1:bee"
				    "d6:lengthi40000e4:pathl1:cee"
				    "e4:name1:t12:piece lengthi32768e"
				    "6:pieces80:";
	uint8_t			 buf[sizeof(head) - 1 + 80 + 2];
	struct metainfo		*mi;
	char			 err[METAINFO_ERR_MAX];

	memset(buf, 'e', sizeof(buf));
	memcpy(buf, head, sizeof(head) - 1);
	mi = metainfo_parse(buf, sizeof(buf), err);
	assert_non_null(mi);
	return mi;
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* The whole of the role but for its threads and its parent. */
static int
setup(void **state)
{
	static struct child	 child;
	struct disk		*d;

	child.loop = loop_new();
	d = disk_ops.start(&child);
	d->pump = loop_timer_new(child.loop, nothing, d);
	d->roots[0].path = "/tmp";
	d->roots[0].fd = open("/tmp", O_PATH | O_DIRECTORY);
	assert_int_not_equal(d->roots[0].fd, -1);
	*state = d;
	return 0;
}

static void
assert_has(const struct content *t, uint8_t want)
{
	uint32_t	i;

	for (i = 0; i < NPIECES; i++)
		assert_int_equal(bitfield_get(t->have, i), want >> i & 1);
}

/* With the part file goes all that is in it, and nothing else. */
static void
test_lost(void **state)
{
	struct disk	*d = *state;
	struct content	*t = content_new(d, 1, 0, "", make_metainfo(), NULL);
	uint32_t	 i;

	t->part = part_new(t->infohash, NFILES);
	bitfield_set(t->part->files, 1);
	for (i = 0; i <= NFILES; i++)
		t->files->stamps[i].ino = i + 1;
	for (i = 0; i < NPIECES; i++)
		content_set_have(d, t, i);
	trouble_lost(d, t, NFILES);
	assert_has(t, 1 << 0 | 1 << 3);
	assert_int_equal(t->files->stamps[NFILES].ino, 0);
	assert_int_equal(t->files->stamps[1].ino, 2);
	trouble_lost(d, t, 2);
	assert_has(t, 1 << 0);
	assert_int_equal(t->files->stamps[2].ino, 0);
	content_free(d, t);
}

/* Its files stay loaded as long as the report takes that began before. */
static void
test_learned(void **state)
{
	struct disk	*d = *state;
	struct metainfo	*mi = make_metainfo();
	struct content	*t;

	t = content_new_magnet(d, 1, 0, "", magnet_unpack(mi->infohash, "t",
	    NULL, 0, NULL, 0, NULL, 0), NULL);
	report_content(d, t);
	content_learn(d, t, mi);
	assert_int_equal(t->files->pins, 1);
	report_content(d, t);
	assert_int_equal(t->files->pins, 1);
	content_free(d, t);
}

/* Its turn comes after a quota, but its .torrent has gone meanwhile. */
static void
test_quota(void **state)
{
	struct disk	*d = *state;
	struct content	*t = content_new(d, 1, 0, "", make_metainfo(), NULL);

	admit_conf(d, 0, false);
	admit(d, t);
	assert_int_equal(t->state, DSTATE_READY);
	assert_true(admit_full(d, t, EDQUOT));
	assert_int_equal(t->state, DSTATE_WAITING);
	content_unload(d, t);
	assert_null(t->files);
	t->room->since = 0;
	d->probe_due = d->tell_due = 0;
	admit_tick(d, loop_now(d->loop));
	assert_int_equal(t->state, DSTATE_ERROR);
	assert_true(TAILQ_EMPTY(&d->space.devs));
	content_free(d, t);
}

/* While it has a run, its thread may be at work on it. */
static void
test_idle(void **state)
{
	struct disk	*d = *state;
	uint8_t		*run;

	assert_true(lane_idle(d->lane));
	run = lane_take(d->lane);
	assert_false(lane_idle(d->lane));
	lane_give(d->lane, run);
	assert_true(lane_idle(d->lane));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
