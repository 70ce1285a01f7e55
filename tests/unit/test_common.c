/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "arena.h"
#include "bitfield.h"
#include "geom.h"
#include "hash.h"
#include "log.h"

static void
addresses_are_classed(void **state)
{
	static const struct {
		const char	*host;
		enum addr_class	 class;
	} table[] = {
		{ "8.8.8.8", ADDR_GLOBAL },
		{ "10.1.2.3", ADDR_PRIVATE },
		{ "172.31.0.1", ADDR_PRIVATE },
		{ "172.32.0.1", ADDR_GLOBAL },
		{ "192.168.255.255", ADDR_PRIVATE },
		{ "100.64.0.1", ADDR_PRIVATE },
		{ "169.254.1.1", ADDR_LINK_LOCAL },
		{ "127.8.9.10", ADDR_LOOPBACK },
		{ "0.0.0.0", ADDR_UNUSABLE },
		{ "224.0.0.1", ADDR_UNUSABLE },
		{ "255.255.255.255", ADDR_UNUSABLE },
		{ "::", ADDR_UNUSABLE },
		{ "::1", ADDR_LOOPBACK },
		{ "::ffff:127.0.0.1", ADDR_LOOPBACK },
		{ "64:ff9b::7f00:1", ADDR_LOOPBACK },
		{ "2002:7f00:1::", ADDR_LOOPBACK },
		{ "fe80::1", ADDR_LINK_LOCAL },
		{ "fd00::1", ADDR_PRIVATE },
		{ "ff02::1", ADDR_UNUSABLE },
		{ "2001:db8::1", ADDR_GLOBAL }
	};
	struct addr	a;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(addr_parse(&a, table[i].host, 1), 0);
		assert_int_equal(addr_class(&a), table[i].class);
	}
	assert_int_equal(addr_parse(&a, "1.2.3", 1), -1);
	assert_int_equal(addr_parse(&a, "name", 1), -1);
}

static void
addresses_go_there_and_back(void **state)
{
	static const char	*const hosts[] = { "1.2.3.4", "2001:db8::5" };
	struct sockaddr_storage	 ss;
	struct addr		 a, b;
	char			 buf[ADDR_STRLEN];
	size_t			 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(addr_parse(&a, hosts[i], 6881), 0);
		assert_true(addr_to_sockaddr(&a, &ss) > 0);
		assert_int_equal(addr_from_sockaddr(&b,
		    (struct sockaddr *)&ss), 0);
		assert_int_equal(addr_cmp(&a, &b), 0);
		assert_string_equal(addr_host(&b, buf), hosts[i]);
	}
	assert_string_equal(addr_str(&b, buf), "[2001:db8::5]:6881");
	addr_from_compact4(&a, (const uint8_t *)"\x01\x02\x03\x04\x1a\xe1");
	assert_string_equal(addr_str(&a, buf), "1.2.3.4:6881");
	b = a;
	b.port++;
	assert_true(addr_cmp(&a, &b) < 0);
	assert_int_equal(addr_cmp_ip(&a, &b), 0);
}

static void
bits_are_counted_and_trimmed(void **state)
{
	uint8_t	bits[3] = { 0 };

	(void)state;
	bitfield_set(bits, 0);
	bitfield_set(bits, 17);
	assert_int_equal(bits[0], 0x80);
	assert_int_equal(bits[2], 0x40);
	assert_int_equal(bitfield_count(bits, 18), 2);
	assert_int_equal(bitfield_count(bits, 17), 1);
	assert_false(bitfield_trim(bits, 18));
	assert_true(bitfield_trim(bits, 17));
	assert_int_equal(bits[2], 0);
	bitfield_clear(bits, 0);
	assert_int_equal(bitfield_count(bits, 24), 0);
}

static void
geometry_of_odd_torrents(void **state)
{
	struct geom	g = { .size = 100000, .piece_length = 32768 };

	(void)state;
	g.npieces = geom_npieces(g.size, g.piece_length);
	assert_int_equal(g.npieces, 4);
	assert_int_equal(geom_piece_size(&g, 0), 32768);
	assert_int_equal(geom_piece_size(&g, 3), 1696);
	assert_int_equal(geom_nblocks(&g, 0), 2);
	assert_int_equal(geom_nblocks(&g, 3), 1);
	assert_int_equal(geom_block_len(&g, 3, 0), 1696);
	assert_true(geom_has(&g, 3, 1695, 1));
	assert_false(geom_has(&g, 3, 1695, 2));
	assert_false(geom_has(&g, 3, 1696, 1));
	assert_false(geom_has(&g, 4, 0, 1));
	assert_false(geom_has(&g, 0, 0, 0));
	assert_false(geom_has(&g, 0, UINT32_MAX, 2));
	assert_false(geom_has(&g, 0, 2, UINT32_MAX));
}

static void
digests(void **state)
{
	uint8_t		 a[SHA1_LEN], b[SHA1_LEN], c[SHA256_LEN];
	char		 hex[2 * SHA256_LEN + 1];
	struct hash	*h;

	(void)state;
	hash_sha1("hello", 5, a);
	assert_string_equal(hash_hex(a, sizeof(a), hex),
	    "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
	hash_sha256("hello", 5, c);
	assert_string_equal(hash_hex(c, sizeof(c), hex),
	    "2cf24dba5fb0a30e26e83b2ac5b9e29e"
	    "1b161e5c1fa7425e73043362938b9824");
	h = hash_new();
	hash_update(h, "junk", 4);
	hash_reset(h);
	hash_update(h, "hel", 3);
	hash_update(h, "lo", 2);
	hash_final(h, b);
	hash_free(h);
	assert_memory_equal(a, b, sizeof(a));
}

static void
an_arena_is_sealed(void **state)
{
	struct arena	arena;
	int		fd;

	(void)state;
	fd = arena_create(ARENA_SLOTS_MIN);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(arena_map(&arena, dup(fd), ARENA_SLOTS_MIN + 1), -1);
	assert_int_equal(arena_map(&arena, fd, ARENA_SLOTS_MIN), 0);
	memset(arena_slot(&arena, ARENA_SLOTS_MIN - 1), 1, ARENA_SLOT);
	arena_release(&arena, ARENA_SLOTS_MIN - 1, 1);
	assert_int_equal(arena_slot(&arena, ARENA_SLOTS_MIN - 1)[5], 0);
	arena_unmap(&arena);
	assert_null(arena.base);
	/* Without the seals its other end could cut it short. */
	fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)ARENA_SLOTS_MIN * ARENA_SLOT),
	    0);
	assert_int_equal(arena_map(&arena, fd, ARENA_SLOTS_MIN), -1);
	assert_int_equal(errno, EPERM);
}

static void
sink(enum log_level level, const char *line, void *arg)
{
	(void)level;
	strlcpy(arg, line, LOG_LINE_MAX);
}

static void
log_lines_stay_one_line(void **state)
{
	char		 line[LOG_LINE_MAX] = "";
	struct log_limit limit = { 0 };
	unsigned int	 held = 0;

	(void)state;
	log_set_sink(sink, line);
	log_warnx("peer says %s", "a\nb\033[2J");
	assert_null(strchr(line, '\n'));
	assert_null(strchr(line, '\033'));
	errno = ENOENT;
	log_warn("open");
	assert_string_equal(line, "open: No such file or directory");
	log_debug("not at this level");
	assert_string_equal(line, "open: No such file or directory");
	log_set_sink(NULL, NULL);
	assert_true(log_every(&limit, 1000, &held));
	assert_false(log_every(&limit, 2000, &held));
	assert_false(log_every(&limit, 3000, &held));
	assert_true(log_every(&limit, 61000, &held));
	assert_int_equal(held, 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(addresses_are_classed),
		cmocka_unit_test(addresses_go_there_and_back),
		cmocka_unit_test(bits_are_counted_and_trimmed),
		cmocka_unit_test(geometry_of_odd_torrents),
		cmocka_unit_test(digests),
		cmocka_unit_test(an_arena_is_sealed),
		cmocka_unit_test(log_lines_stay_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
