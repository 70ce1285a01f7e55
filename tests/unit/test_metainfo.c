/* SPDX-License-Identifier: ISC */
#include "mem.h"
#include "metainfo_text.h"
#include "path.h"

#define ROW_MAX	1024

static void
check_row(const struct metainfo *mi, char *const *col)
{
	uint64_t	size = mi->v1 ? mi->geom.size : mi->payload;
	const char	*notes = col[10], *p;

	check_sound(mi);
	assert_int_equal(mi->v1, strcmp(col[3], "-") != 0);
	assert_int_equal(mi->v2, strcmp(col[4], "-") != 0);
	if (mi->v1)
		assert_hash(mi->infohash, SHA1_LEN, col[3]);
	if (mi->v2)
		assert_hash(mi->infohash2, SHA256_LEN, col[4]);
	assert_int_equal(mi->nfiles, strtoull(col[5], NULL, 10));
	assert_int_equal(size, strtoull(col[6], NULL, 10));
	assert_int_equal(mi->geom.piece_length, strtoull(col[7], NULL, 10));
	assert_int_equal(mi->geom.npieces, strtoull(col[8], NULL, 10));
	assert_int_equal(mi->private, strstr(notes, "private") != NULL);
	p = strstr(notes, "trackers=");
	assert_non_null(p);
	assert_int_equal(mi->ntrackers, strtoul(p + 9, NULL, 10));
	p = strstr(notes, "webseeds=");
	assert_int_equal(mi->nwebseeds,
	    p == NULL ? 0 : strtoul(p + 9, NULL, 10));
	p = strstr(notes, "payload=");
	assert_int_equal(mi->payload, strtoull(p + 8, NULL, 10));
}

static void
test_table(void **state)
{
	struct text	 t;
	struct metainfo	*mi;
	char		 line[ROW_MAX], *col[11], *p;
	FILE		*f;
	size_t		 i, rows = 0;

	(void)state;
	f = fopen(FIXTURES "expected.tsv", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		for (p = line, i = 0; i < 11; i++)
			col[i] = p == NULL ? line + strlen(line) :
			    strsep(&p, "\t");
		slurp(col[0], &t);
		mi = parse(&t);
		if ((mi == NULL) != (strcmp(col[1], "reject") == 0))
			fail_msg("%s: %s", col[0], mi == NULL ? err :
			    "accepted");
		if (mi != NULL)
			check_row(mi, col);
		metainfo_free(mi);
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, 47);
}

#define HELLO_PIECES	"6:pieces20:\xaa\xf4\xc6\x1d\xdc\xc5\xe8\xa2\xda\xbe" \
			"\xde\x0f\x3b\x48\x2c\xd9\xae\xa9\x43\x4d"

/* The file "hello" with the contents "hello", in each form. */
static void
test_infohash(void **state)
{
	uint8_t		 root[SHA256_LEN];
	struct text	 t = { .len = 0 };
	struct metainfo	*mi;

	(void)state;
	add(&t, "d4:infod6:lengthi5e4:name5:hello12:piece lengthi16384e"
	    HELLO_PIECES "e5:extrai1eegarbage");
	mi = accepted(&t);
	assert_hash(mi->infohash, SHA1_LEN,
	    "bdb46b45d540f614aa67b474ea1e59a0857fb38f");
	metainfo_free(mi);

	t.len = 0;
	add(&t, "d4:infod4:name5:hello6:lengthi5e12:piece lengthi16384e"
	    HELLO_PIECES "ee");
	mi = accepted(&t);
	assert_hash(mi->infohash, SHA1_LEN,
	    "db5a67e3adf67a5c6668a073707b821a45d6bda7");
	metainfo_free(mi);

	hash_sha256("hello", 5, root);
	t.len = 0;
	add(&t, "d4:infod9:file treed5:hellod0:d6:lengthi5e11:pieces root"
	    "32:");
	put(&t, root, sizeof(root));
	add(&t, "eee12:meta versioni2e4:name5:hello12:piece lengthi16384e"
	    "ee");
	mi = accepted(&t);
	assert_false(mi->v1);
	assert_hash(mi->infohash2, SHA256_LEN, "e1ff8fd38adedd3113dcdc00f3cd"
	    "6c0be2114a162e7f0ff5b1f1af34a09af3b9");
	assert_true(mi->single);
	assert_string_equal(mi->files[0].path, "hello");
	metainfo_free(mi);

	t.len = 0;
	add(&t, "d4:infod9:file treed5:hellod0:d6:lengthi5e11:pieces root"
	    "32:");
	put(&t, root, sizeof(root));
	add(&t, "eee6:lengthi5e12:meta versioni2e4:name5:hello"
	    "12:piece lengthi16384e" HELLO_PIECES "ee");
	mi = accepted(&t);
	assert_hash(mi->infohash, SHA1_LEN,
	    "9f0f127edb68688894ab2a57b6655207b5e027dd");
	assert_hash(mi->infohash2, SHA256_LEN, "063f1fd96084b7783ae44bb30975"
	    "4db3ffb8b5d799c318d4af3fed949ed0fcdf");
	metainfo_free(mi);
}

/* Web seeds are asked for names as they stand, whatever mim calls them. */
static void
test_url_path(void **state)
{
	char		 path[64];
	struct metainfo	*mi;
	struct text	 t;

	(void)state;
	make_v1(&t, "5:filesl"
	    "d6:lengthi1e4:pathl3:a/b2:..3:c dee"
	    "d6:lengthi1e4:pathl1:xee"
	    "d6:lengthi1e4:pathl1:Xeee4:name3:n\001+", "");
	mi = metainfo_parse(t.buf, t.len, err);
	assert_non_null(mi);
	assert_true(metainfo_url_path(mi, 0, path, sizeof(path)) > 0);
	assert_string_equal(path, "n%01%2B/a%2Fb/../c%20d");
	/* Two that clash have one name there. */
	assert_true(metainfo_url_path(mi, 1, path, sizeof(path)) > 0);
	assert_string_equal(path, "n%01%2B/x");
	assert_true(metainfo_url_path(mi, 2, path, sizeof(path)) > 0);
	assert_string_equal(path, "n%01%2B/X");
	assert_int_equal(metainfo_url_path(mi, 0, path, 8), -1);
	metainfo_free(mi);
	make_v1(&t, "6:lengthi1e4:name3:a b", "");
	mi = metainfo_parse(t.buf, t.len, err);
	assert_non_null(mi);
	assert_int_equal(metainfo_url_path(mi, 0, path, sizeof(path)), 5);
	assert_string_equal(path, "a%20b");
	/* The user has renamed it. */
	metainfo_keep_origin(mi, 0);
	mi->files->path = mi->name = path + 32;
	assert_int_equal(metainfo_url_path(mi, 0, path, 32), 5);
	assert_string_equal(path, "a%20b");
	metainfo_free(mi);
}

static void
test_bad_v1(void **state)
{
	static const char *const	rows[][2] = {
		{ "4:name1:a", "length missing" },
		{ "6:lengthi1e", "name missing" },
		{ "6:length1:14:name1:a", "length missing" },
		{ "6:lengthi0e4:name1:a", "total size is 0" },
		{ "6:lengthi-1e4:name1:a", "negative length" },
		{ "5:filesle4:name1:a", "files is empty" },
		{ "5:filesde4:name1:a", "files is not a list" },
		{ "5:filesli1ee4:name1:a", "no dictionary" },
		{ "5:filesle6:lengthi1e4:name1:a", "both length and files" },
		{ "5:filesld6:lengthi1eee4:name1:a", "path missing" },
		{ "5:filesld6:lengthi1e4:pathleee4:name1:a",
		    "path missing" },
		{ "5:filesld6:lengthi1e4:pathli1eeee4:name1:a",
		    "no string" },
		{ "5:filesld6:lengthi9223372036854775807e4:pathl1:aee"
		    "d6:lengthi1e4:pathl1:beee4:name1:a", "2^63" },
		{ "6:lengthi9223372036854775807e4:name1:a", "pieces" },
		{ "6:lengthi1e4:name1:a4:name1:b", "a key twice" },
		{ "6:lengthi1e4:name1:a1:xld1:yi1e1:yi1eee",
		    "a key twice" },
		{ "6:lengthi1e12:meta versioni3e4:name1:a",
		    "meta version 3" },
		{ "6:lengthi16385e4:name1:a", "1 hashes, 2 needed" },
	};
	struct text	t;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_v1(&t, rows[i][0], "");
		refused(&t, rows[i][1]);
	}
	t.len = 0;
	add(&t, "d4:infod6:lengthi1e4:name1:a12:piece lengthi536870913e");
	put_pieces(&t, 1);
	add(&t, "ee");
	refused(&t, "above 512 MiB");
}

/* Finish a torrent of several files that fit one piece. */
static struct metainfo *
finish_files(struct text *t, const char *name)
{
	add(t, "e4:name");
	put_string(t, name);
	add(t, "12:piece lengthi1048576e");
	put_pieces(t, 1);
	add(t, "ee");
	return accepted(t);
}

static void
test_hostile_names(void **state)
{
	struct text	 t = { .len = 0 };
	struct metainfo	*mi;

	(void)state;
	add(&t, "d4:infod5:filesl");
	put_file(&t, 1, NULL, 3, "..", "..", "passwd");
	put_file(&t, 1, NULL, 1, "/etc/passwd");
	put_file(&t, 1, NULL, 2, "", "x");
	put_file(&t, 1, NULL, 1, "Icon\r");
	put_file(&t, 1, NULL, 1, "a");
	put_file(&t, 1, NULL, 2, "a", "b");
	put_file(&t, 1, NULL, 1, "A");
	put_file(&t, 1, NULL, 1, "\342\200\256gpj.exe");
	put_file(&t, 1, NULL, 1, "fine.txt");
	mi = finish_files(&t, "top/dir");
	check_sound(mi);
	assert_true(mi->renamed);
	assert_string_equal(mi->name, "top_dir");
	assert_string_equal(mi->files[0].path, "top_dir/__/__/passwd");
	assert_string_equal(mi->files[1].path, "top_dir/_etc_passwd");
	assert_string_equal(mi->files[2].path, "top_dir/_/x");
	assert_string_equal(mi->files[3].path, "top_dir/Icon_");
	assert_string_equal(mi->files[4].path, "top_dir/a.4");
	assert_string_equal(mi->files[5].path, "top_dir/a/b");
	assert_string_equal(mi->files[6].path, "top_dir/A.6");
	assert_string_equal(mi->files[7].path, "top_dir/_gpj.exe");
	assert_string_equal(mi->files[8].path, "top_dir/fine.txt");
	assert_true(mi->files[4].renamed);
	assert_false(mi->files[5].renamed);
	assert_false(mi->files[8].renamed);
	metainfo_free(mi);
}

/* Names that say nothing give way to the info-hash. */
static void
test_empty_name(void **state)
{
	static const char *const	names[] = { "", ".", ".." };
	char				hex[2 * SHA1_LEN + 1];
	struct text			t;
	struct metainfo			*mi;
	size_t				i;

	(void)state;
	for (i = 0; i < 3; i++) {
		t.len = 0;
		add(&t, "d4:infod5:filesl");
		put_file(&t, 1, NULL, 1, "a");
		mi = finish_files(&t, names[i]);
		assert_string_equal(mi->name, hash_hex(mi->infohash, SHA1_LEN,
		    hex));
		assert_true(mi->renamed);
		metainfo_free(mi);
	}
}

static void
test_deep_and_long(void **state)
{
	struct text	t = { .len = 0 };
	char		element[201];
	unsigned	i;

	(void)state;
	add(&t, "d4:infod5:filesld6:lengthi1e4:pathl");
	for (i = 0; i < PATH_DEPTH_MAX; i++)
		put_string(&t, "d");
	add(&t, "eee4:name1:n12:piece lengthi16384e");
	put_pieces(&t, 1);
	add(&t, "ee");
	refused(&t, "path of more than 64 elements");

	memset(element, 'e', 200);
	element[200] = '\0';
	t.len = 0;
	add(&t, "d4:infod5:filesld6:lengthi1e4:pathl");
	for (i = 0; i < 11; i++)
		put_string(&t, element);
	add(&t, "eee4:name1:n12:piece lengthi16384e");
	put_pieces(&t, 1);
	add(&t, "ee");
	refused(&t, "path of more than 2048 bytes");
}

static void
test_attributes(void **state)
{
	struct text	 t = { .len = 0 };
	struct metainfo	*mi;

	(void)state;
	add(&t, "d4:infod5:filesl");
	put_file(&t, 10, "xh?", 1, "run");
	put_file(&t, 90, "p", 2, ".pad", "90");
	put_file(&t, 7, "l", 1, "link");
	put_file(&t, 10, NULL, 1, "_____padding_file_0_if you see this");
	put_file(&t, 0, NULL, 1, "empty");
	put_file(&t, 5, NULL, 1, "data");
	add(&t, "d4:attr1:p6:lengthi3ee");	/* a pad without a path */
	put_file(&t, 90, "p", 2, ".pad", "90");	/* ... and of one name */
	mi = finish_files(&t, "n");
	check_sound(mi);
	assert_int_equal(mi->nfiles, 8);
	assert_int_equal(mi->files[0].attr, MI_EXEC | MI_HIDDEN);
	assert_int_equal(mi->files[1].attr, MI_PAD);
	assert_int_equal(mi->files[2].attr, MI_SYMLINK);
	assert_int_equal(mi->files[2].length, 0);
	assert_int_equal(mi->files[3].attr, MI_PAD);
	assert_int_equal(mi->files[6].attr, MI_PAD);
	assert_string_equal(mi->files[6].path, "n/.pad/3");
	assert_int_equal(mi->payload, 15);
	assert_int_equal(mi->geom.size, 208);
	assert_false(mi->renamed);
	assert_int_equal(metainfo_file_at(mi, 0), 0);
	assert_int_equal(metainfo_file_at(mi, 9), 0);
	assert_int_equal(metainfo_file_at(mi, 10), 1);
	assert_int_equal(metainfo_file_at(mi, 100), 3);
	assert_int_equal(metainfo_file_at(mi, 110), 5);
	assert_int_equal(metainfo_file_at(mi, 207), 7);
	metainfo_free(mi);
}

static void
test_utf8_keys(void **state)
{
	struct text	 t = { .len = 0 };
	struct metainfo	*mi;

	(void)state;
	add(&t, "d7:comment1:\3773:foo0:13:comment.utf-83:n\303\2664:info"
	    "d5:filesld6:lengthi1e4:pathl2:\377\376e10:path.utf-8l2:\303\244e"
	    "ee4:name1:\37710:name.utf-82:\303\26612:piece lengthi16384e");
	put_pieces(&t, 1);
	add(&t, "ee");
	mi = accepted(&t);
	assert_string_equal(mi->name, "\303\266");
	assert_string_equal(mi->files[0].path, "\303\266/\303\244");
	assert_string_equal(mi->comment, "n\303\266");
	assert_false(mi->renamed);
	metainfo_free(mi);
}

#define SINGLE	"6:lengthi1e4:name1:a"

static void
test_trackers(void **state)
{
	struct text	 t;
	struct metainfo	*mi;

	(void)state;
	make_v1(&t, SINGLE, "8:announce14:http://a.ex/an");
	mi = accepted(&t);
	assert_int_equal(mi->ntrackers, 1);
	assert_string_equal(mi->trackers[0].url, "http://a.ex/an");
	metainfo_free(mi);

	/* A usable list hides announce; junk takes no tier. */
	make_v1(&t, SINGLE, "8:announce14:http://a.ex/an13:announce-list"
	    "l" "l10:dht://b.exe" "l13:  UDP://b.ex 11:http://c.exe"
	    "12:https://d.ex" "i5e" "l11:http://c.ex7:http://ee");
	mi = accepted(&t);
	assert_int_equal(mi->ntrackers, 4);
	assert_string_equal(mi->trackers[0].url, "UDP://b.ex");
	assert_int_equal(mi->trackers[0].tier, 0);
	assert_int_equal(mi->trackers[1].tier, 0);
	assert_string_equal(mi->trackers[2].url, "https://d.ex");
	assert_int_equal(mi->trackers[2].tier, 1);
	assert_int_equal(mi->trackers[3].tier, 2);
	assert_false(mi->trackers[1].duplicate);
	assert_true(mi->trackers[3].duplicate);
	metainfo_free(mi);

	/* One without a usable URL does not. */
	make_v1(&t, SINGLE, "8:announce14:http://a.ex/an13:announce-list"
	    "ll8:wss://b.elee");
	mi = accepted(&t);
	assert_int_equal(mi->ntrackers, 1);
	assert_string_equal(mi->trackers[0].url, "http://a.ex/an");
	metainfo_free(mi);

	/* Nothing here can fail a torrent. */
	make_v1(&t, SINGLE, "8:announcei1e13:announce-listd1:ai1ee"
	    "5:nodesi1e8:url-listd1:ai1ee");
	mi = accepted(&t);
	assert_int_equal(mi->ntrackers + mi->nwebseeds + mi->nnodes, 0);
	metainfo_free(mi);
}

static void
test_many_trackers(void **state)
{
	struct text	 t = { .len = 0 };
	struct metainfo	*mi;
	unsigned	 i;

	(void)state;
	add(&t, "d13:announce-listl");
	for (i = 0; i < METAINFO_TRACKERS_MAX + 10; i++)
		add(&t, "l14:http://t%02u.ex/e", i % 100);
	add(&t, "e4:infod" SINGLE "12:piece lengthi16384e");
	put_pieces(&t, 1);
	add(&t, "ee");
	mi = accepted(&t);
	assert_int_equal(mi->ntrackers, METAINFO_TRACKERS_MAX);
	metainfo_free(mi);
}

static void
test_extras(void **state)
{
	struct text	 t;
	struct metainfo	*mi;

	(void)state;
	make_v1(&t, SINGLE "7:privatei1e6:source3:src",
	    "10:created by3:mim13:creation datei1700000000e5:nodes"
	    "ll7:dht.ex.i6881eel3:::1i1eel1:ai0eel1:aei3ee"
	    "8:url-listl0:15:http://w.ex/a b9:ftp://w.ee");
	mi = accepted(&t);
	assert_true(mi->private);
	assert_string_equal(mi->source, "src");
	assert_string_equal(mi->created_by, "mim");
	assert_null(mi->comment);
	assert_int_equal(mi->creation_date, 1700000000);
	assert_int_equal(mi->nnodes, 2);
	assert_string_equal(mi->nodes[0], "dht.ex.:6881");
	assert_string_equal(mi->nodes[1], "[::1]:1");
	assert_int_equal(mi->nwebseeds, 1);
	assert_string_equal(mi->webseeds[0], "http://w.ex/a b");
	metainfo_free(mi);

	make_v1(&t, SINGLE "7:private1:1", "7:comment3:a b8:url-list0:");
	t.buf[strlen("d7:comment3:a")] = '\0';
	mi = accepted(&t);
	assert_false(mi->private);
	assert_string_equal(mi->comment, "a b");
	assert_int_equal(mi->nwebseeds, 0);
	metainfo_free(mi);
}

/* 20,000 files, half of them of one name. */
static void
test_many_files(void **state)
{
	enum { N = 20000 };
	struct metainfo	*mi;
	char		*buf = xmalloc(N * 64), *p = buf;
	int		 i;

	(void)state;
	p += sprintf(p, "d4:infod5:filesl");
	for (i = 0; i < N; i++)
		p += sprintf(p, "d6:lengthi1e4:pathl1:d5:%05dee",
		    i % 2 ? 0 : i);
	p += sprintf(p, "e4:name1:n12:piece lengthi32768e6:pieces20:"
	    "aaaaaaaaaaaaaaaaaaaaee");
	mi = metainfo_parse(buf, (size_t)(p - buf), err);
	assert_non_null(mi);
	assert_int_equal(mi->nfiles, N);
	assert_string_equal(mi->files[19999].path, "n/d/00000.19999");
	metainfo_free(mi);
	free(buf);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_infohash),
		cmocka_unit_test(test_url_path),
		cmocka_unit_test(test_bad_v1),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_empty_name),
		cmocka_unit_test(test_deep_and_long),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_utf8_keys),
		cmocka_unit_test(test_trackers),
		cmocka_unit_test(test_many_trackers),
		cmocka_unit_test(test_extras),
		cmocka_unit_test(test_many_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
