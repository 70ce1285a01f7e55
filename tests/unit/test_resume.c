/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/resume.h"
#include "disk/tracker_list.h"
#include "msg.h"

static uint8_t			bits[] = { 0xa5, 0x80 };
static struct resume_file	entries[] = {
	{ 1000, 1700000000123456789, 42 }, { 0, 0, 0 }, { 7, -5, UINT64_MAX }
};

static uint8_t			prios[] = { FILE_PRIO_LOW, FILE_PRIO_NORMAL,
	FILE_PRIO_SKIP };
static uint8_t			parted[] = { 0x20 };

static const struct resume	record = {
	.id = 7, .infohash = "abcdefghijklmnopqrs", .paused = true,
	.clean = true, .added = 1, .completed = 2, .downloaded = 3,
	.uploaded = 4, .wasted = INT64_MAX, .up_limit = 1024, .modes = 5,
	.max_peers = PEERS_MAX, .scrubbed = UINT32_MAX, .scrub_next = 8,
	.promised = true, .unsynced = true,
	.root = (char *)(uintptr_t)"/srv/t", .subdir = (char *)(uintptr_t)"",
	.npieces = 9, .have = bits, .nfiles = 3, .files = entries,
	.prios = prios, .parted = parted,
	.part = { 1 << 20, 1700000000123456789, 43 }
};

static void
test_round_trip(void **state)
{
	struct resume	 r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	(void)state;
	buf = resume_encode(&record, &len);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	free(buf);
	assert_int_equal(r.id, record.id);
	assert_memory_equal(r.infohash, record.infohash, SHA1_LEN);
	assert_true(r.paused && r.clean);
	assert_int_equal(r.wasted, INT64_MAX);
	assert_int_equal(r.downloaded, 3);
	assert_int_equal(r.up_limit, 1024);
	assert_int_equal(r.modes, 5);
	assert_int_equal(r.scrubbed, UINT32_MAX);
	assert_int_equal(r.scrub_next, 8);
	assert_true(r.promised && r.unsynced);
	assert_memory_equal(r.prios, prios, record.nfiles);
	assert_memory_equal(r.parted, parted, sizeof(parted));
	assert_memory_equal(&r.part, &record.part, sizeof(r.part));
	assert_int_equal(r.down_limit, 0);
	assert_int_equal(r.max_peers, PEERS_MAX);
	assert_string_equal(r.root, "/srv/t");
	assert_string_equal(r.subdir, "");
	assert_int_equal(r.npieces, 9);
	assert_memory_equal(r.have, bits, sizeof(bits));
	assert_int_equal(r.nfiles, 3);
	assert_memory_equal(r.files, entries, sizeof(entries));
	resume_clear(&r);
}

/* Of a magnet link there are no pieces and no files. */
static void
test_link(void **state)
{
	struct resume	 link = record, r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	(void)state;
	link.npieces = link.nfiles = 0;
	buf = resume_encode(&link, &len);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	free(buf);
	assert_int_equal(r.id, record.id);
	assert_null(r.have);
	assert_null(r.files);
	resume_clear(&r);
	link.nfiles = 1;
	buf = resume_encode(&link, &len);
	assert_int_equal(resume_decode(&r, buf, len, &why), -1);
	free(buf);
}

/* Strings are cut into eights: of any length, and with what goes with them. */
static void
test_places(void **state)
{
	char			 long_name[PATH_LEN_MAX + 1];
	struct resume_name	 names[] = {
		{ RESUME_TOP, (char *)(uintptr_t)"12345678" },
		{ 2, long_name }, { 0, (char *)(uintptr_t)"a" }
	};
	struct resume		 rec = record, r;
	const char		*why;
	uint8_t			*buf;
	size_t			 len;

	(void)state;
	memset(long_name, 0xc3, sizeof(long_name) - 1);
	long_name[PATH_LEN_MAX] = '\0';
	rec.names = names;
	rec.nnames = 3;
	rec.home_root = (char *)(uintptr_t)"/srv/complete";
	rec.home_subdir = (char *)(uintptr_t)"";
	rec.move.phase = 3;
	rec.move.root = (char *)(uintptr_t)"/srv/123";
	rec.move.subdir = (char *)(uintptr_t)"12345678/9";
	rec.move.index = RESUME_TOP;
	rec.move.name = (char *)(uintptr_t)"new";
	buf = resume_encode(&rec, &len);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	free(buf);
	assert_int_equal(r.nnames, 3);
	assert_int_equal(r.names[0].index, RESUME_TOP);
	assert_string_equal(r.names[0].name, "12345678");
	assert_int_equal(r.names[1].index, 2);
	assert_string_equal(r.names[1].name, long_name);
	assert_string_equal(r.names[2].name, "a");
	assert_string_equal(r.home_root, "/srv/complete");
	assert_string_equal(r.home_subdir, "");
	assert_int_equal(r.move.phase, 3);
	assert_string_equal(r.move.root, "/srv/123");
	assert_string_equal(r.move.subdir, "12345678/9");
	assert_int_equal(r.move.index, RESUME_TOP);
	assert_string_equal(r.move.name, "new");
	resume_clear(&r);
}

/* Addresses with zeros in all places, and no more than there may be. */
static void
test_peers(void **state)
{
	static const struct rec_addr some[] = {
		{ { [10] = 0xff, [11] = 0xff, [12] = 192, [15] = 1 }, 6881 },
		{ { [0] = 0x20, [1] = 0x01, [7] = 0x80 }, 1 },
		{ { [15] = 1 }, UINT16_MAX }
	};
	struct resume	 rec = record, r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	(void)state;
	for (; rec.npeers < RESUME_PEERS_MAX; rec.npeers++)
		rec.peers[rec.npeers] = some[rec.npeers % 3];
	buf = resume_encode(&rec, &len);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	free(buf);
	assert_int_equal(r.npeers, RESUME_PEERS_MAX);
	for (uint32_t i = 0; i < r.npeers; i++) {
		assert_memory_equal(r.peers[i].ip, some[i % 3].ip, 16);
		assert_int_equal(r.peers[i].port, some[i % 3].port);
	}
	resume_clear(&r);
}

/* A list of the user's, and one that he has emptied. */
static void
test_trackers(void **state)
{
	static const char	*const urls[] = {
		"http://a.example/12345678", "udp://b.example:1", "http://c/"
	};
	struct tracker_list	*list = tracker_list_new();
	struct resume		 rec = record, r;
	const char		*why;
	uint8_t			*buf;
	size_t			 len, i;

	(void)state;
	rec.trackers = list;
	for (i = 0; i <= 3; i++) {
		buf = resume_encode(&rec, &len);
		assert_int_equal(resume_decode(&r, buf, len, &why), 0);
		free(buf);
		assert_true(tracker_list_equal(r.trackers, list));
		resume_clear(&r);
		if (i < 3)
			tracker_list_add(list, i == 1 ? UINT8_MAX : 0,
			    urls[i]);
	}
	tracker_list_free(list);
}

static void
refused(const void *buf, size_t len)
{
	struct resume	 r;
	const char	*why = NULL;

	assert_int_equal(resume_decode(&r, buf, len, &why), -1);
	assert_non_null(why);
}

static void
refused_record(const struct resume *r)
{
	uint8_t	*buf;
	size_t	 len;

	buf = resume_encode(r, &len);
	refused(buf, len);
	free(buf);
}

static void
test_bad_places(void **state)
{
	char			 long_name[PATH_LEN_MAX + 2];
	struct resume_name	 name = { 3, (char *)(uintptr_t)"x" };
	struct resume		 rec = record;

	(void)state;
	rec.names = &name;
	rec.nnames = 1;
	refused_record(&rec);			/* no such file */
	name.index = 0;
	name.name = (char *)(uintptr_t)"";
	refused_record(&rec);			/* no name */
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[PATH_LEN_MAX + 1] = '\0';
	name.name = long_name;
	refused_record(&rec);
	rec = record;
	rec.home_root = (char *)(uintptr_t)"/a";	/* no subdir */
	refused_record(&rec);
	rec = record;
	rec.move.phase = 1;			/* no place */
	refused_record(&rec);
}

static void
test_damaged(void **state)
{
	uint8_t	*buf, *copy;
	size_t	 len, i;

	(void)state;
	buf = resume_encode(&record, &len);
	for (i = 0; i < len; i++) {
		/* An exact copy, so that a sanitizer sees a read past it. */
		copy = malloc(i + 1);
		assert_non_null(copy);
		memcpy(copy, buf, i);
		refused(copy, i);
		free(copy);
		buf[i] ^= 0x10;
		refused(buf, len);
		buf[i] ^= 0x10;
	}
	copy = calloc(1, len + 1);
	memcpy(copy, buf, len);
	refused(copy, len + 1);
	free(copy);
	free(buf);
}

/* A record of version 1 ends with its files. */
static void
test_version_1(void **state)
{
	struct resume	 old = record, r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	(void)state;
	old.up_limit = old.max_peers = old.modes = 0;
	old.scrubbed = old.scrub_next = 0;
	old.promised = old.unsynced = false;
	old.prios = old.parted = NULL;
	old.part = (struct resume_file){ 0 };
	buf = resume_encode(&old, &len);
	len -= 4;			/* no count of settings */
	buf[8] = 1;
	buf[12] -= 4;
	hash_sha1(buf, len - SHA1_LEN, buf + len - SHA1_LEN);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	assert_int_equal(r.nfiles, 3);
	assert_int_equal(r.up_limit, 0);
	resume_clear(&r);
	buf[8] = 3;
	hash_sha1(buf, len - SHA1_LEN, buf + len - SHA1_LEN);
	refused(buf, len);
	free(buf);
}

/* Settings of a later mimd are passed over. */
static void
test_unknown_setting(void **state)
{
	struct resume	 r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	(void)state;
	buf = resume_encode(&record, &len);
	buf[len - SHA1_LEN - 156] = 0xee;	/* was the upload's limit */
	hash_sha1(buf, len - SHA1_LEN, buf + len - SHA1_LEN);
	assert_int_equal(resume_decode(&r, buf, len, &why), 0);
	assert_int_equal(r.up_limit, 0);
	assert_int_equal(r.max_peers, PEERS_MAX);
	resume_clear(&r);
	free(buf);
}

/* Damage that a right checksum covers. */
static void
test_malformed(void **state)
{
	struct resume	bad = record;
	uint8_t		*buf, spare[] = { 0xa5, 0x81 };
	size_t		len, i;
	struct resume	r;
	const char	*why;

	(void)state;
	bad.have = spare;
	buf = resume_encode(&bad, &len);
	refused(buf, len);
	free(buf);
	bad = record;
	bad.id = 0;
	buf = resume_encode(&bad, &len);
	refused(buf, len);
	free(buf);
	bad = record;
	bad.down_limit = RATE_MAX + 1;
	buf = resume_encode(&bad, &len);
	refused(buf, len);
	free(buf);
	bad = record;
	bad.added = UINT64_MAX;
	buf = resume_encode(&bad, &len);
	refused(buf, len);
	free(buf);
	buf = resume_encode(&record, &len);
	for (i = 16; i < len - SHA1_LEN; i++) {
		buf[i] ^= 0xff;
		hash_sha1(buf, len - SHA1_LEN, buf + len - SHA1_LEN);
		if (resume_decode(&r, buf, len, &why) == 0)
			resume_clear(&r);
		buf[i] ^= 0xff;
	}
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_trackers),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_unknown_setting),
		cmocka_unit_test(test_malformed),
	};

	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
