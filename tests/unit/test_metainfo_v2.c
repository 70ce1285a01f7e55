/* SPDX-License-Identifier: ISC */
/* Torrents of version 2, and of both. */
#include "metainfo_text.h"

/* Change the first occurrence of a text, of equal length, in a fixture. */
static void
change(struct text *t, const char *from, const char *to)
{
	char	*p = memmem(t->buf, t->len, from, strlen(from));

	assert_non_null(p);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(p, to, strlen(to));
}

static void
test_hybrid(void **state)
{
	static const char *const	rows[][3] = {
		{ "9:alpha.bind0", "9:alpha.bxnd0", "names or order" },
		{ "l9:alpha.bine", "l9:alpha.bxne", "names or order" },
		{ "i262145e4:path", "i262140e4:path", "sizes of file" },
		{ "4:attr1:p", "4:attr1:q", "names or order" },
		{ "i31069e", "i31068e", "does not begin a piece" },
		{ "12:piece lengthi32768e", "12:piece lengthi32769e",
		    "power of two" },
		{ "12:piece lengthi32768e", "12:piece lengthi16384e",
		    "pieces" },
		{ "12:meta versioni2e", "12:meta versioni3e",
		    "meta version 3" },
		{ "4:betad", "4:zetad", "not in order" },
		{ "12:piece layersd32:", "12:piece layersd31:", "offset" },
	};
	struct text	t;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		slurp("made/hybrid_multi.torrent", &t);
		change(&t, rows[i][0], rows[i][1]);
		refused(&t, rows[i][2]);
	}
}

/* The last file's pad is there or not; v2 alone needs neither layer. */
static void
make_hybrid(struct text *t, bool tail_pad)
{
	uint8_t	root[SHA256_LEN];
	int	i;

	t->len = 0;
	hash_sha256("x", 1, root);
	add(t, "d4:infod9:file treed");
	for (i = 0; i < 2; i++) {
		add(t, "1:%cd0:d6:lengthi1e11:pieces root32:", 'a' + i);
		put(t, root, sizeof(root));
		add(t, "ee");
	}
	add(t, "e5:filesl");
	put_file(t, 1, NULL, 1, "a");
	put_file(t, 16383, "p", 2, ".pad", "16383");
	put_file(t, 1, NULL, 1, "b");
	if (tail_pad)
		put_file(t, 16383, "p", 2, ".pad", "16383");
	add(t, "e12:meta versioni2e4:name1:n12:piece lengthi16384e");
	put_pieces(t, 2);
	add(t, "ee");
}

static void
test_tail_pad(void **state)
{
	struct text	 t;
	struct metainfo	*mi;
	int		 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		make_hybrid(&t, i);
		mi = accepted(&t);
		check_sound(mi);
		assert_int_equal(mi->payload, 2);
		assert_int_equal(mi->geom.npieces, 2);
		metainfo_free(mi);
	}
}

static void
make_v2(struct text *t, const char *tree, const char *rest)
{
	t->len = 0;
	add(t, "d4:infod9:file tree%s12:meta versioni2e4:name1:n"
	    "12:piece lengthi16384ee%se", tree, rest);
}

#define ROOT	"11:pieces root32:rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"

static void
test_bad_v2(void **state)
{
	static const char *const	rows[][3] = {
		{ "de", "", "total size is 0" },
		{ "le", "", "file tree missing" },
		{ "d0:d6:lengthi1e" ROOT "ee", "", "without a name" },
		{ "d1:ai1ee", "", "no dictionary" },
		{ "d1:ad0:i1eee", "", "no dictionary" },
		{ "d1:ad0:d6:lengthi1eeee", "", "pieces root missing" },
		{ "d1:ad0:d6:lengthi1e11:pieces root1:reee", "",
		    "pieces root missing" },
		{ "d1:ad0:d6:lengthi-1e" ROOT "eee", "", "negative" },
		{ "d1:ad0:d" ROOT "eee", "", "length missing" },
		{ "d1:ad0:d4:attr1:p6:lengthi1e" ROOT "eee", "", "pad" },
		{ "d1:ad0:d4:attr1:l6:lengthi1e" ROOT "eee", "",
		    "symbolic link" },
		{ "d1:ad0:d6:lengthi1e" ROOT "e1:bdeee", "", "a directory" },
		{ "d1:bd0:d6:lengthi1e" ROOT "ee1:ad0:d6:lengthi1e" ROOT
		    "eee", "", "not in order" },
		{ "d1:ad0:d6:lengthi1e" ROOT "eee", "12:piece layersle",
		    "not a dictionary" },
		{ "d1:ad0:d6:lengthi1e" ROOT "eee",
		    "12:piece layersd1:r0:e", "no root" },
		{ "d1:ad0:d6:lengthi1e" ROOT "eee", "12:piece layersd"
		    "32:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq0:e", "of no file" },
		{ "d1:ad0:d6:lengthi16385e" ROOT "eee", "12:piece layersd"
		    "32:rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr1:xe",
		    "2 hashes are needed" },
		{ "d1:ad0:d6:lengthi9223372036854775807e" ROOT "eee", "",
		    "2^63" },
	};
	struct text	t;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_v2(&t, rows[i][0], rows[i][1]);
		refused(&t, rows[i][2]);
	}
}

static void
test_v2_layout(void **state)
{
	struct text	 t;
	struct metainfo	*mi;

	(void)state;
	make_v2(&t, "d1:ad0:d6:lengthi1e" ROOT "ee1:bd1:cd0:d6:lengthi0eee"
	    "1:dd0:d6:lengthi40000e" ROOT "eee1:ede1:fd0:d4:attr1:x"
	    "6:lengthi2e" ROOT "eee", "");
	mi = accepted(&t);
	assert_int_equal(mi->nfiles, 4);
	assert_false(mi->single);
	assert_string_equal(mi->files[1].path, "n/b/c");
	assert_int_equal(mi->files[2].offset, 16384);
	assert_int_equal(mi->files[3].offset, 4 * 16384);
	assert_int_equal(mi->files[3].attr, MI_EXEC);
	assert_int_equal(mi->payload, 40003);
	assert_int_equal(mi->geom.npieces, 5);
	assert_null(mi->pieces);
	metainfo_free(mi);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_tail_pad),
		cmocka_unit_test(test_bad_v2),
		cmocka_unit_test(test_v2_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
