/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "fmt.h"

static void
test_bytes(void **state)
{
	static const struct {
		uint64_t	 n;
		const char	*text;
	} rows[] = {
		{ 0, "0B" },
		{ 999, "999B" },
		{ 1023, "1023B" },
		{ 1024, "1.0K" },
		{ 1536, "1.5K" },
		{ 1048524, "1023.9K" },
		{ 1048525, "1.0M" },
		{ 1048576, "1.0M" },
		{ 12897485, "12.3M" },
		{ 4294967295, "4.0G" },
		{ 4294967296, "4.0G" },
		{ UINT64_C(1) << 40, "1.0T" },
		{ INT64_MAX, "8.0E" },
		{ UINT64_MAX, "16.0E" },
	};
	char	buf[FMT_LEN];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fmt_bytes(rows[i].n, buf), rows[i].text);
}

static void
test_duration(void **state)
{
	static const struct {
		uint64_t	 seconds;
		const char	*text;
	} rows[] = {
		{ 0, "0s" },
		{ 42, "42s" },
		{ 59, "59s" },
		{ 60, "1m00s" },
		{ 187, "3m07s" },
		{ 3599, "59m59s" },
		{ 18720, "5h12m" },
		{ 86399, "23h59m" },
		{ 273600, "3d04h" },
		{ UINT64_MAX, "999999d" },
	};
	char	buf[FMT_LEN];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fmt_duration(rows[i].seconds, buf),
		    rows[i].text);
}

static void
test_safe(void **state)
{
	static const struct {
		const char	*raw;
		size_t		 len;
		const char	*text;
	} rows[] = {
		{ "", 0, "" },
		{ "plain name", 10, "plain name" },
		{ "gr\303\274n \360\237\216\265", 10,
		    "gr\303\274n \360\237\216\265" },
		{ "a\\b", 3, "a\\\\b" },
		{ "a\nb\r\t", 5, "a\\nb\\r\\t" },
		{ "\033[31m", 5, "\\033[31m" },
		{ "a\0b", 3, "a\\000b" },
		{ "\177", 1, "\\177" },
		{ "\302\233", 2, "\\302\\233" },	/* C1: CSI */
		{ "\342\200\256", 3, "\\342\\200\\256" }, /* U+202E */
		{ "\342\201\246", 3, "\\342\\201\\246" }, /* U+2066 */
		{ "\342\200\250", 3, "\\342\\200\\250" }, /* U+2028 */
		{ "\330\234", 2, "\\330\\234" },	/* U+061C */
		{ "\377a", 2, "\\377a" },
		{ "\300\257", 2, "\\300\\257" },	/* overlong slash */
		{ "\355\240\200", 3, "\\355\\240\\200" }, /* surrogate */
		{ "\342\202", 2, "\\342\\202" },	/* cut short */
	};
	char	buf[64];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fmt_safe(rows[i].raw, rows[i].len, buf,
		    sizeof(buf)), rows[i].text);
}

static void
test_safe_cut(void **state)
{
	char	buf[8];

	(void)state;
	assert_string_equal(fmt_safe("abcdefghij", 10, buf, 8), "abcdefg");
	assert_string_equal(fmt_safe("abcdef\303\274", 8, buf, 8), "abcdef");
	assert_string_equal(fmt_safe("abcde\n", 6, buf, 8), "abcde\\n");
	assert_string_equal(fmt_safe("abcdef\n", 7, buf, 8), "abcdef");
	assert_string_equal(fmt_safe("abcd\033", 5, buf, 8), "abcd");
	assert_string_equal(fmt_safe("abc", 3, buf, 1), "");
}

static void
test_mask_url(void **state)
{
	static const struct {
		const char	*url;
		const char	*text;
	} rows[] = {
		{ "http://t.example/announce", "http://t.example/announce" },
		{ "udp://t.example:80", "udp://t.example:80" },
		{ "https://t.example/0123456789abcdef0123456789abcdef/announce",
		    "https://t.example/***/announce" },
		{ "https://t.example/a.php?passkey=0123456789abcdef&x=1#y",
		    "https://t.example/a.php?passkey=***&x=1#y" },
		{ "https://t.example/a?k=0123456789abcde",
		    "https://t.example/a?k=0123456789abcde" },
		{ "https://t.example/x-0123456789ABCDEF.t/",
		    "https://t.example/***/" },
		{ "http://user:secret@t.example/a",
		    "http://***@t.example/a" },
		{ "http://averylongsubdomainname.example/a",
		    "http://averylongsubdomainname.example/a" },
		{ "", "" },
	};
	char	buf[128];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(fmt_mask_url(rows[i].url, buf,
		    sizeof(buf)), rows[i].text);
	assert_string_equal(fmt_mask_url("http://t.example/announce", buf,
	    12), "http://t.ex");
}

static void
test_width(void **state)
{
	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;		/* no such locale here */
	assert_int_equal(fmt_width(""), 0);
	assert_int_equal(fmt_width("abc"), 3);
	assert_int_equal(fmt_width("gr\303\274n"), 4);
	assert_int_equal(fmt_width("\346\227\245\346\234\254"), 4);
	assert_int_equal(fmt_width("e\314\201"), 1);	/* combining acute */
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_safe_cut),
		cmocka_unit_test(test_mask_url),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
