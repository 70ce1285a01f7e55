/* SPDX-License-Identifier: ISC */
/* Clients by their peer ids (BEP 20). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/clientid.h"

#define NAME_SIZE	64

static const struct {
	const char	*id;		/* 20 bytes */
	const char	*name;
} known[] = {
	{ "-TR4050-abcdefghijkl", "Transmission 4.0.5" },
	{ "-TR3000-abcdefghijkl", "Transmission 3.00" },
	{ "-qB4610-abcdefghijkl", "qBittorrent 4.6.1" },
	{ "-lt0D80-abcdefghijkl", "rTorrent 0.13.8" },
	{ "-LT20B1-abcdefghijkl", "libtorrent 2.0.11.1" },
	{ "-XY1234-abcdefghijkl", "XY 1.2.3.4" },
	{ "-MIabcd-abcdefghijkl", "mim abcd" },
	{ "A2-1-37-0-abcdefghij", "aria2" },
	{ "M7-10-2--abcdefghijk", "BitTorrent 7.10.2" },
	{ "M4-3-6--abcdefghijkl", "BitTorrent 4.3.6" },
	{ "T03A-----abcdefghijk", "BitTornado 0.3.10" },
	{ "S58B-----abcdefghijk", "Shadow 5.8.11" },
	{ "R12345---abcdefghijk", "Tribler 1.2.3.4.5" },
	/* Only like one of them. */
	{ "T--------abcdefghijk", "?T" },
	{ "T03A--x--abcdefghijk", "?T03A" },
	{ "M--------abcdefghijk", "?M" },
	{ "M777777777777777777a", "?M7777777" },
	{ "-TR40\x1b" "0-abcdefghijkl", "?" },
	{ "\x1b[2Jabcdefghijklmnop", "?" },
};

static void
test_known(void **state)
{
	char	buf[NAME_SIZE];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		clientid_name((const uint8_t *)known[i].id, buf, sizeof(buf));
		assert_string_equal(buf, known[i].name);
	}
}

/* Any bytes give a name that is printable and ends. */
static void
test_any(void **state)
{
	static const char	likely[] = "-MTSA0123-Zz\x80";
	uint8_t			*id = malloc(20);
	char			buf[NAME_SIZE], *p;
	int			i, n;

	(void)state;
	for (n = 0; n < 200000; n++) {
		for (i = 0; i < 20; i++)
			id[i] = n % 2 == 0 ? (uint8_t)rand() :
			    (uint8_t)likely[(size_t)rand() %
			    (sizeof(likely) - 1)];
		memset(buf, 'x', sizeof(buf));
		clientid_name(id, buf, sizeof(buf));
		assert_non_null(memchr(buf, '\0', sizeof(buf)));
		for (p = buf; *p != '\0'; p++)
			assert_true(*p >= ' ' && *p <= '~');
	}
	free(id);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
