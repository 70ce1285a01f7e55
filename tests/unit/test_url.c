/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "url.h"

static const struct {
	const char	*in, *out;	/* out NULL: refused */
	const char	*host;
	uint16_t	 port;
} urls[] = {
	{ "http://Tracker.Example/announce",
	    "http://tracker.example/announce", "tracker.example", 80 },
	{ "HTTPS://h", "https://h/", "h", 443 },
	{ "http://h:8080?a=b", "http://h:8080/?a=b", "h", 8080 },
	{ "http://h:/x", "http://h/x", "h", 80 },
	{ "https://h:80/", "https://h:80/", "h", 80 },
	{ "http://h./a", "http://h/a", "h", 80 },
	{ "http://[::1]:6969/a", "http://[::1]:6969/a", "::1", 6969 },
	{ "http://[2001:DB8::1]/", "http://[2001:db8::1]/", "2001:db8::1",
	    80 },
	{ "http://1.2.3.4/a", "http://1.2.3.4/a", "1.2.3.4", 80 },
	{ "udp://t.example:6969/announce", "udp://t.example:6969/announce",
	    "t.example", 6969 },
	{ " http://h/a b\xc3\xa4%41?q=1#frag ", "http://h/a%20b%C3%A4%41?q=1",
	    "h", 80 },
	{ "http://h/a/./b/../c?x=/../y", "http://h/a/c?x=/../y", "h", 80 },
	{ "http://h/..", "http://h/", "h", 80 },
	{ "http://h/../../a//b/.", "http://h/a//b/", "h", 80 },
	{ "http://under_score.example/", "http://under_score.example/",
	    "under_score.example", 80 },
	{ "", NULL, NULL, 0 },
	{ "http:", NULL, NULL, 0 },
	{ "http://", NULL, NULL, 0 },
	{ "http:///a", NULL, NULL, 0 },
	{ "://h/", NULL, NULL, 0 },
	{ "1http://h/", NULL, NULL, 0 },
	{ "averyveryverylongscheme://h/", NULL, NULL, 0 },
	{ "http://user@h/", NULL, NULL, 0 },
	{ "http://h:0/", NULL, NULL, 0 },
	{ "http://h:65536/", NULL, NULL, 0 },
	{ "http://h:12a/", NULL, NULL, 0 },
	{ "http://h:99999999999999999999/", NULL, NULL, 0 },
	{ "http://[::1/", NULL, NULL, 0 },
	{ "http://[::1]x/", NULL, NULL, 0 },
	{ "http://[1.2.3.4]/", NULL, NULL, 0 },
	{ "http://[fe80::1%eth0]/", NULL, NULL, 0 },
	{ "http://::1/", NULL, NULL, 0 },
	{ "http://127.1/", NULL, NULL, 0 },
	{ "http://0x7f000001/", NULL, NULL, 0 },
	{ "http://2130706433/", NULL, NULL, 0 },
	{ "http://a.0x/", NULL, NULL, 0 },
	{ "http://a..b/", NULL, NULL, 0 },
	{ "http://.a/", NULL, NULL, 0 },
	{ "http://-a/", NULL, NULL, 0 },
	{ "http://a b/", NULL, NULL, 0 },
	{ "http://a\\b/", NULL, NULL, 0 },
	{ "http://b\xc3\xbc" "cher.example/", NULL, NULL, 0 },
	{ "http://h/a\nb", NULL, NULL, 0 },
};

static void
test_parse(void **state)
{
	struct url	 u;
	const char	*err;
	char		 buf[URL_LEN_MAX + 512];
	size_t		 i;
	int		 n;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		err = NULL;
		if (urls[i].out == NULL) {
			assert_int_equal(url_parse(&u, urls[i].in, &err), -1);
			assert_non_null(err);
			continue;
		}
		assert_int_equal(url_parse(&u, urls[i].in, &err), 0);
		assert_string_equal(u.host, urls[i].host);
		assert_int_equal(u.port, urls[i].port);
		n = url_format(&u, buf, sizeof(buf));
		assert_string_equal(buf, urls[i].out);
		assert_int_equal(n, strlen(buf));
		assert_int_equal(url_format(&u, buf, (size_t)n), -1);
		assert_true(u.target[u.path_len] == '\0' ||
		    u.target[u.path_len] == '?');
	}
}

/* RFC 3986, 5.4, as far as an authority is there. */
static void
test_join(void **state)
{
	static const struct {
		const char	*ref, *out;
	} t[] = {
		{ "g", "http://a/b/c/g" }, { "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" }, { "/g", "http://a/g" },
		{ "//g", "http://g/" }, { "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" }, { "g#s", "http://a/b/c/g" },
		{ "", "http://a/b/c/d;p?q" }, { ".", "http://a/b/c/" },
		{ "..", "http://a/b/" }, { "../g", "http://a/b/g" },
		{ "../..", "http://a/" }, { "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" }, { "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "g/../h", "http://a/b/c/h" },
		{ "https://x:1/y", "https://x:1/y" }, { "g:h", NULL },
		{ "//", NULL }
	};
	struct url	 base, u;
	const char	*err;
	char		 buf[URL_LEN_MAX + 512];
	size_t		 i;

	(void)state;
	assert_int_equal(url_parse(&base, "http://a/b/c/d;p?q", &err), 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (t[i].out == NULL) {
			assert_int_equal(url_join(&u, &base, t[i].ref, &err),
			    -1);
			continue;
		}
		assert_int_equal(url_join(&u, &base, t[i].ref, &err), 0);
		url_format(&u, buf, sizeof(buf));
		assert_string_equal(buf, t[i].out);
	}
}

static void
test_lengths(void **state)
{
	struct url	 u;
	const char	*err;
	char		 s[URL_LEN_MAX + 64];

	(void)state;
	memset(s, 'a', sizeof(s));
	memcpy(s, "http://h/", 9);
	s[sizeof(s) - 1] = '\0';
	assert_int_equal(url_parse(&u, s, &err), -1);
	s[URL_LEN_MAX] = '\0';
	assert_int_equal(url_parse(&u, s, &err), 0);
	s[7 + 63] = '\0';
	assert_true(url_host_is_name(s + 9));
	memset(s, 'a', sizeof(s));
	s[64] = '\0';
	assert_false(url_host_is_name(s));
	s[63] = '\0';
	assert_true(url_host_is_name(s));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
