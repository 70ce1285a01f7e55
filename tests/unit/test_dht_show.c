/* SPDX-License-Identifier: ISC */
/* What mimctl says of the DHT, the values and the keys of its items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keyfile.h"
#include "mimctl.h"
#include "msg.h"
#include "show_dht.h"
#include "value.h"

static const struct mimctl	plain;

static struct rec_dht_side	sides[] = {
	{ .ip = { [10] = 0xff, 0xff }, .port = 6881, .id = { 0xab },
	  .external = { [10] = 0xff, 0xff, 203, 0, 113, 9 }, .fits = true,
	  .good = 212, .dubious = 31, .bad = 4, .spare = 120, .buckets = 14,
	  .lookups = 2 },
	{ .v6 = true, .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
	  .port = 6881, .id = { 0xcd } },
};

static struct msg_ctl_dht_now
running(void)
{
	return (struct msg_ctl_dht_now){
		.off = "", .rate = 250, .sides = { sides, 2 }, .rtt = 80,
		.torrents = 3, .late = 1, .hashes = 2, .peers = 9,
		.items = 1, .packets_in = 1000, .packets_out = 900,
		.bytes_in = 1 << 20, .bytes_out = 1 << 19, .in_rate = 41,
		.out_rate = 38, .queries = 500, .answers = 499, .bad = 3,
		.refused = 1, .asked = 400, .timeouts = 20, .searched = 7
	};
}

static char *
printed(const struct msg_ctl_dht_now *m, bool rows)
{
	static char	*text;
	static size_t	 size;
	FILE		*fp = open_memstream(&text, &size);

	assert_non_null(fp);
	if (rows)
		dht_rows(m, fp);
	else
		dht_print(&plain, m, fp);
	fclose(fp);
	return text;
}

static void
test_text(void **state)
{
	struct msg_ctl_dht_now	 m = running();
	char			*s = printed(&m, false);

	(void)state;
	assert_string_equal(s,
	    "ADDRESS                     GOOD  DUBIOUS  BAD  SPARE  BUCKETS  "
	    "LOOKUPS  SEEN AT        ID\n"
	    "any IPv4 address port 6881   212       31    4    120       14  "
	    "      2  203.0.113.9    fits it\n"
	    "2001:db8::1 port 6881          0        0    0      0        0  "
	    "      0  not known yet  -\n"
	    "packets: 41/s in, 38/s out of 250/s at most; 1.0M in and 512.0K "
	    "out since the start\n"
	    "asked: 400, 20 without an answer, others within 80 ms as a "
	    "rule\n"
	    "answered: 499 of 500 queries, 1 was beyond the limits; 3 "
	    "packets made no sense\n"
	    "torrents: 3, 1 of them late; 7 searches so far\n"
	    "kept for others: 9 peers of 2 torrents, 1 item\n");
	free(s);
}

static void
test_off(void **state)
{
	struct msg_ctl_dht_now	 m = { .off = "why\x1b[2J not" };
	json_t			*j = dht_json(&m);
	char			*s = printed(&m, false);

	(void)state;
	assert_string_equal(s, "the DHT is off: why\\033[2J not\n");
	free(s);
	s = printed(&m, true);
	assert_memory_equal(s, "dht\twhy\\033[2J not\t0\t", 21);
	free(s);
	assert_string_equal(json_string_value(json_object_get(j, "off")),
	    "why\x1b[2J not");
	assert_true(json_is_null(json_object_get(j, "rate_limit")));
	json_decref(j);
}

static void
test_rows(void **state)
{
	struct msg_ctl_dht_now	 m = running();
	char			*s = printed(&m, true), *p;
	int			 tabs[3] = { 0 }, line = 0;

	(void)state;
	for (p = s; *p != '\0'; p++) {
		if (*p == '\t')
			tabs[line]++;
		line += *p == '\n';
	}
	assert_int_equal(line, 3);
	assert_int_equal(tabs[0], 11);
	assert_int_equal(tabs[1], 11);
	assert_int_equal(tabs[2], 21);
	assert_non_null(strstr(s, "\t203.0.113.9\tyes\n"));
	assert_non_null(strstr(s, "\t-\t-\ndht\t-\t250\t41\t38\t"));
	free(s);
}

static void
test_json(void **state)
{
	static const char *const all[] = {
		"off", "nodes", "read_only", "rate_limit", "in_rate",
		"out_rate", "packets_in", "packets_out", "bytes_in",
		"bytes_out", "queries", "answers", "refused", "bad_packets",
		"asked", "timeouts", "rtt_ms", "torrents", "late", "searched",
		"hashes", "peers", "items"
	};
	static const char *const node[] = {
		"family", "address", "port", "id", "good", "dubious", "bad",
		"spare", "buckets", "lookups", "external", "fits"
	};
	struct msg_ctl_dht_now	 m = running();
	json_t			*j = dht_json(&m), *v;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_non_null(json_object_get(j, all[i]));
	assert_int_equal(json_object_size(j), i);
	v = json_array_get(json_object_get(j, "nodes"), 0);
	for (i = 0; i < sizeof(node) / sizeof(node[0]); i++)
		assert_non_null(json_object_get(v, node[i]));
	assert_int_equal(json_object_size(v), i);
	assert_true(json_is_null(json_object_get(v, "address")));
	assert_true(json_is_true(json_object_get(v, "fits")));
	v = json_array_get(json_object_get(j, "nodes"), 1);
	assert_true(json_is_null(json_object_get(v, "external")));
	assert_true(json_is_null(json_object_get(v, "fits")));
	json_decref(j);
}

static void
test_values(void **state)
{
	static const char	*others[] = {
		"", ":", "5", "5:", "5:abcd", "5:abcdef", "i5e", "-1:a",
		"00000000000000000001:a", "99999:a"
	};
	uint8_t			v[ITEM_V_MAX], text[ITEM_V_MAX] = { 'x' };
	size_t			i, n, nv;

	(void)state;
	assert_int_equal(value_from_text("a\0b", 3, v), 5);
	assert_memory_equal(v, "3:a\0b", 5);
	assert_int_equal(value_from_text("", 0, v), 2);
	assert_int_equal(value_from_text(text, 996, v), ITEM_V_MAX);
	assert_int_equal(value_from_text(text, 997, v), 0);
	assert_int_equal(value_from_text(text, SIZE_MAX, v), 0);
	for (i = 0; i <= 996; i++) {
		nv = value_from_text(text, i, v);
		assert_true(item_is_bencoded(v, nv));
		assert_ptr_equal(value_text(v, nv, &n), v + nv - i);
		assert_int_equal(n, i);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(value_text((const uint8_t *)others[i],
		    strlen(others[i]), &n));
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
test_keys(void **state)
{
	char		dir[] = "/tmp/test_dht_show.XXXXXX", path[64];
	uint8_t		seed[ITEM_SEED_LEN], again[ITEM_SEED_LEN];
	struct stat	st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	assert_int_equal(keyfile_read(path, seed), CTL_FAILED);
	assert_int_equal(keyfile_get(path, seed), CTL_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_read(path, again), CTL_OK);
	assert_memory_equal(seed, again, sizeof(seed));
	/* It is never written over. */
	assert_int_equal(keyfile_get(path, again), CTL_OK);
	assert_memory_equal(seed, again, sizeof(seed));
	chmod(path, 0640);
	assert_int_equal(keyfile_read(path, again), CTL_FAILED);
	chmod(path, 0604);
	assert_int_equal(keyfile_get(path, again), CTL_FAILED);
	write_file(path, "not a key\n", 0600);
	assert_int_equal(keyfile_read(path, again), CTL_FAILED);
	write_file(path, "00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff", 0600);
	assert_int_equal(keyfile_read(path, again), CTL_FAILED);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keyfile_read(path, again), CTL_FAILED);
	assert_int_equal(keyfile_read(dir, again), CTL_FAILED);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
