/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "magnet.h"

#define HEX	"deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
#define XT	"magnet:?xt=urn:btih:" HEX

static struct magnet *
parse(const char *s)
{
	char	err[MAGNET_ERR_MAX];

	return magnet_parse(s, strlen(s), err);
}

static void
check_hash(const char *name, bool has, const uint8_t *hash, size_t len,
    const char *want)
{
	char	hex[2 * SHA256_LEN + 1];

	if (strcmp(want, "-") == 0) {
		if (has)
			fail_msg("%s: a hash too many", name);
	} else if (!has || strcmp(hash_hex(hash, len, hex), want) != 0)
		fail_msg("%s: not %s", name, want);
}

static void
test_fixtures(void **state)
{
	char		 line[1024], *name, *uri, *verdict, *v1, *v2, *p;
	struct magnet	*m;
	FILE		*f;
	size_t		 rows = 0;

	(void)state;
	f = fopen("tests/fixtures/magnet.tsv", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f) != NULL) {
		p = line;
		name = strsep(&p, "\t");
		uri = strsep(&p, "\t");
		verdict = strsep(&p, "\t");
		v1 = strsep(&p, "\t");
		v2 = strsep(&p, "\t");
		m = parse(uri);
		if ((m != NULL) != (strcmp(verdict, "accept") == 0))
			fail_msg("%s: not %s", name, verdict);
		if (m != NULL) {
			check_hash(name, m->v1, m->infohash, SHA1_LEN, v1);
			check_hash(name, m->v2, m->infohash2, SHA256_LEN, v2);
		}
		if (strcmp(name, "trackers") == 0)
			assert_int_equal(m->ntrackers, 1);
		magnet_free(m);
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, 6);
}

static void
test_forms(void **state)
{
	static const char *const	good[] = {
		HEX, "DEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEF",
		"32w35366vw7o7xvnx3x55ln657pk3pxp", XT,
		"MAGNET:?XT=URN:BTIH:" HEX,
		"magnet:?xt=urn%3Abtih%3A" HEX,
		"magnet:?dn=x&amp;xt=urn:btih:" HEX,
		"magnet:?xt.1=urn:btih:" HEX,
		"magnet:?xt=urn:ed2k:00&xt.2=urn:btih:" HEX "&", XT "&xl=5&&=&",
		XT "&" "xt=urn:btih:" HEX,
	};
	struct magnet			*m;
	char				 hex[2 * SHA1_LEN + 1];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if ((m = parse(good[i])) == NULL)
			fail_msg("%s: refused", good[i]);
		assert_true(m->v1);
		assert_string_equal(hash_hex(m->infohash, SHA1_LEN, hex),
		    HEX);
		magnet_free(m);
	}
}

static void
test_refused(void **state)
{
	static const char *const	rows[] = {
		"", "magnet:", "magnet:?", "http://a/b.torrent", HEX "0",
		"magnet:?xt=urn:btih:", "magnet:?xt=urn:btih:" HEX "00",
		"magnet:?xt=urn:btih:32w35366vw7o7xvnx3x55ln657pk3px1",
		"magnet:?xt=urn:btmh:1220cdcd", "magnet:?xt=urn:btmh:1114"
		"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		XT "&xt=urn:btih:0000beefdeadbeefdeadbeefdeadbeefdeadbeef",
		XT "&x.pe=1.2.3.4", XT "&x.pe=1.2.3.4:0",
		XT "&x.pe=1.2.3.4:65536", XT "&x.pe=1.2.3.4:",
		XT "&x.pe=1.2.3.4:5x", XT "&x.pe=1.2.3.4:5%00",
		XT "&so=3-1", XT "&so=a", XT "&so=1-", XT "&so=1,,2",
		XT "&so=-1", XT "&so=0-99999999999999999999", XT "&so=1000000",
	};
	char				 err[MAGNET_ERR_MAX];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (magnet_parse(rows[i], strlen(rows[i]), err) != NULL)
			fail_msg("%s: accepted", rows[i]);
		assert_string_not_equal(err, "");
	}
}

static void
test_fields(void **state)
{
	struct magnet	*m;
	char		 text[ADDR_STRLEN];

	(void)state;
	m = parse(XT "&dn=..%2Fa+b%0Ac%2B&tr=http%3A%2F%2Ft%2Fa%3Fk%3D1"
	    "&tr.1=udp://u:1/&tr=wss://w/&tr=http://t/a%3fk=1&tr=ftp://x/"
	    "&x.pe=1.2.3.4:5&x.pe=[2001:db8::1]:6&x.pe=host.example:7"
	    "&so=0,2,4-6&ws=http%3A%2F%2Fw%2Fa%20b&ws=udp://w/&ws.2=https://v/"
	    "&ws=https://v/");
	assert_non_null(m);
	assert_string_equal(m->name, "../a b c+");
	assert_int_equal(m->ntrackers, 2);
	assert_string_equal(m->trackers[0], "http://t/a?k=1");
	assert_string_equal(m->trackers[1], "udp://u:1/");
	assert_int_equal(m->nwebseeds, 2);
	assert_string_equal(m->webseeds[0], "http://w/a b");
	assert_string_equal(m->webseeds[1], "https://v/");
	assert_int_equal(m->npeers, 2);
	assert_string_equal(addr_str(&m->peers[0], text), "1.2.3.4:5");
	assert_string_equal(addr_str(&m->peers[1], text), "[2001:db8::1]:6");
	assert_int_equal(m->nranges, 3);
	assert_int_equal(m->ranges[2].first, 4);
	assert_int_equal(m->ranges[2].last, 6);
	magnet_free(m);
	m = parse(XT "&dn=%ff%fe");
	assert_non_null(m);
	assert_null(m->name);
	magnet_free(m);
}

/* Beyond the bounds things are left out, and nothing overflows. */
static void
test_bounds(void **state)
{
	struct magnet	*m;
	char		*s = malloc(400000), *p, err[MAGNET_ERR_MAX];
	int		 i;

	(void)state;
	p = s + sprintf(s, "%s&dn=", XT);
	memset(p, 'n', 5000);
	p += 5000;
	for (i = 0; i < 100; i++)
		p += sprintf(p, "&tr=http://t%d/&ws=http://w%d/"
		    "&x.pe=10.0.0.%d:1", i, i, i);
	p += sprintf(p, "&tr=http://");
	memset(p, 't', 2000);
	p[2000] = '\0';
	m = parse(s);
	assert_non_null(m);
	assert_int_equal(strlen(m->name), MAGNET_NAME_MAX);
	assert_int_equal(m->nwebseeds, MAGNET_WEBSEEDS_MAX);
	assert_int_equal(m->ntrackers, MAGNET_TRACKERS_MAX);
	assert_int_equal(m->npeers, MAGNET_PEERS_MAX);
	magnet_free(m);
	p = s + sprintf(s, "%s&so=", XT);
	for (i = 0; i < 100; i++)
		p += sprintf(p, "%s%d", i > 0 ? "," : "", 2 * i);
	assert_null(parse(s));
	memset(s, '&', MAGNET_LINK_MAX + 1);
	memcpy(s, XT, strlen(XT));
	assert_null(magnet_parse(s, MAGNET_LINK_MAX + 1, err));
	m = magnet_parse(s, MAGNET_LINK_MAX, err);
	assert_non_null(m);
	magnet_free(m);
	free(s);
}

static void
test_format(void **state)
{
	static const char	link[] = XT "&xt=urn:btmh:1220"
		"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		"cd&dn=a%20%26%2Bb&tr=http%3A%2F%2Ft%2Fa%3Fk%3D1"
		"&ws=https%3A%2F%2Fw%2Fa%20b&ws=http%3A%2F%2Fw%2F"
		"&x.pe=1.2.3.4:5&x.pe=[::1]:6&so=1,3-4";
	struct magnet		*m = parse(link);
	char			*out;

	(void)state;
	assert_non_null(m);
	out = magnet_format(m);
	assert_string_equal(out, link);
	free(out);
	magnet_free(m);
}

static void
test_looks(void **state)
{
	(void)state;
	assert_true(magnet_looks_like("magnet:?junk"));
	assert_true(magnet_looks_like("Magnet:"));
	assert_true(magnet_looks_like(HEX));
	assert_false(magnet_looks_like("a.torrent"));
	/* Could be a file's name as well. */
	assert_false(magnet_looks_like("32W35366VW7O7XVNX3X55LN657PK3PXP"));
	assert_false(magnet_looks_like(""));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_fixtures),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
