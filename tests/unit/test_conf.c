/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_text.h"
#include "mem.h"

static int
setup(void **state)
{
	(void)state;
	setenv("HOME", "/home/u", 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_DOWNLOAD_DIR");
	unsetenv("STATE_DIRECTORY");
	unsetenv("RUNTIME_DIRECTORY");
	return 0;
}

static void
test_empty(void **state)
{
	struct conf	*conf = parse("");

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf->nlistens, 1);
	assert_null(conf->listens[0].host);
	assert_int_equal(conf->listens[0].port, 6881);
	assert_int_equal(conf->cache, 32 << 20);
	assert_int_equal(conf->encryption, ENCRYPTION_PREFER);
	assert_int_equal(conf->max_peers, 500);
	assert_int_equal(conf->max_peers_torrent, 60);
	assert_int_equal(conf->rate.up + conf->rate.down, 0);
	assert_int_equal(conf->nclasses, 0);
	assert_int_equal(conf->nprefixes, 0);
	assert_int_equal(conf->nroots, 1);
	assert_true(conf->pex);
	assert_true(conf->lsd);
	assert_true(conf->dht);
	assert_false(conf->dht_read_only);
	assert_int_equal(conf->dht_rate, 250);
	assert_int_equal(conf->ndht_hosts, 4);
	assert_string_equal(conf->dht_hosts[0].host, "router.bittorrent.com");
	assert_int_equal(conf->dht_hosts[0].port, 6881);
	assert_int_equal(conf->dht_hosts[3].port, 25401);
	assert_false(conf->mapping[PORTMAP_NATPMP]);
	assert_false(conf->mapping[PORTMAP_UPNP]);
	assert_false(conf->allocate);
	assert_true(conf->keep_free == CONF_KEEP_AUTO);
	assert_false(conf->write_shared);
	assert_false(conf->allow_local);
	assert_int_equal(conf->nlocal, 0);
	assert_false(conf->relaxed);
	conf_free(conf);
}

static void
test_user_defaults(void **state)
{
	struct conf	*conf;
	uid_t		 uid = geteuid();

	(void)state;
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	conf = parse("");
	assert_string_equal(conf->state_dir, "/home/u/.local/state/mim");
	assert_string_equal(conf->roots[0], "/home/u/Downloads");
	assert_string_equal(conf->socket.path,
	    "/home/u/.local/state/mim/mimd.sock");
	assert_int_equal(conf->socket.mode, 0600);
	conf_free(conf);
	setenv("XDG_STATE_HOME", "/x", 1);
	setenv("XDG_RUNTIME_DIR", "/y", 1);
	setenv("XDG_DOWNLOAD_DIR", "relative", 1);
	conf = parse("");
	assert_string_equal(conf->state_dir, "/x/mim");
	assert_string_equal(conf->roots[0], "/home/u/Downloads");
	assert_string_equal(conf->socket.path, "/y/mimd/mimd.sock");
	conf_free(conf);
	if (uid == 0)
		assert_int_equal(seteuid(0), 0);
}

static void
test_root_defaults(void **state)
{
	struct conf	*conf;

	(void)state;
	if (geteuid() != 0)
		return;
	conf = parse("");
	assert_string_equal(conf->state_dir, "/var/lib/mimd");
	assert_string_equal(conf->roots[0], "/var/lib/mimd/downloads");
	assert_string_equal(conf->socket.path, "/run/mimd/mimd.sock");
	assert_int_equal(conf->socket.mode, 0660);
	conf_free(conf);
}

static const char everything[] =
    "# a comment\n"
    "disk = \"/srv\"\n"
    "words = \"max peers 7 per\"\n"
    "listen on * port 6881\n"
    "listen on 10.0.0.1 \\\n\tport 1\n"
    "listen on ::1 port 65535	# behind a line\n"
    "listen on * port random\n"
    "announce port 7\nport mapping upnp router 10.2.0.1\n"
    "bind device wg0\nbind address 10.0.0.1\nbind address \"2001:db8::1\"\n"
    "proxy http [::1]:3128 for trackers\n"
    "proxy socks5 tor.example:9050 user \"b \\\"b\" password 0x for peers\n"
    "download directory $disk rotating\n"
    "download directory \"/srv/with \\\"quotes\\\" and \\\\\"\n"
    "incomplete directory /srv/unfinished\n"
    "on complete move to /other\n"
    "state directory /var/state\n"
    "control socket \"/run/s\" group 12 mode 0640\n"
    "control socket \"/run/r\" restricted\n"
    "cache 64M\n"
    "$words torrent 3\n"
    "encryption require\n"
    "rate up 1048577\n"
    "rate down 512K\n"
    "rate per peer up unlimited down 1K\n"
    "rate class office up 50M down unlimited to 10.1.2.3 \\\n 10.1.2.4\n"
    "rate class \"far-away_2\" down 1K to ::/0\n"
    "rate exempt 10.0.0.0/8 \"fd00::/8\" 192.0.2.1 10.9.0.0/8\n"
    "ca file \"/etc/ca.pem\"\n"
    "pex no\nlsd no\n"
    "dht no\ndht rate 1K\ndht read only yes\n"
    "dht bootstrap dht.example port 1\ndht bootstrap ::1\n"
    "allocate full\nkeep free 5G\nwrite shared files yes\n"
    "scrub every 36h\npage cache 1G\n"
    "allow local trackers\n"
    "allow local trackers 10.0.0.0/8 \"fd00::/8\" ::1\n"
    "sandbox relaxed";		/* no newline at the end */

static void
check_classes(const struct conf *conf)
{
	const struct rec_rate_prefix	*p;
	uint32_t			 n[3] = { 0 };

	assert_int_equal(conf->nclasses, 2);
	assert_string_equal(conf->classes[0].name, "office");
	assert_int_equal(conf->classes[0].rate.up, 50 << 20);
	assert_int_equal(conf->classes[0].rate.down, 0);
	assert_string_equal(conf->classes[1].name, "far-away_2");
	assert_int_equal(conf->classes[1].rate.up, 0);
	assert_int_equal(conf->classes[1].rate.down, 1024);
	/* A prefix may be said twice of one class. */
	assert_int_equal(conf->nprefixes, 6);
	for (p = conf->prefixes; p < conf->prefixes + 6; p++) {
		n[p->class]++;
		if (p->bits == 104)
			assert_int_equal(p->ip[12], 10);
		else if (p->bits == 8)
			assert_int_equal(p->ip[0], 0xfd);
		else if (p->class == 2)
			assert_int_equal(p->bits, 0);
		else
			assert_int_equal(p->bits, 128);
	}
	assert_int_equal(n[RATE_CLASS_EXEMPT], 3);
	assert_int_equal(n[1], 2);
	assert_int_equal(n[2], 1);
}

static void
check_proxies(const struct conf *conf)
{
	const struct conf_proxy	*p = conf->proxies;

	assert_int_equal(p[PROXY_TRACKERS].kind, PROXY_HTTP);
	assert_string_equal(p[PROXY_TRACKERS].host, "::1");
	assert_int_equal(p[PROXY_TRACKERS].port, 3128);
	assert_null(p[PROXY_TRACKERS].user);
	assert_null(p[PROXY_TRACKERS].password);
	assert_int_equal(p[PROXY_PEERS].kind, PROXY_SOCKS5);
	assert_string_equal(p[PROXY_PEERS].host, "tor.example");
	assert_int_equal(p[PROXY_PEERS].port, 9050);
	assert_string_equal(p[PROXY_PEERS].user, "b \"b");
}

static void
check_dht(const struct conf *conf)
{
	assert_false(conf->dht);
	assert_true(conf->dht_read_only);
	assert_int_equal(conf->dht_rate, 1024);
	/* In place of those built in. */
	assert_int_equal(conf->ndht_hosts, 2);
	assert_string_equal(conf->dht_hosts[0].host, "dht.example");
	assert_int_equal(conf->dht_hosts[0].port, 1);
	assert_string_equal(conf->dht_hosts[1].host, "::1");
	assert_int_equal(conf->dht_hosts[1].port, 6881);
}

static void
check_addresses(const struct conf *conf)
{
	assert_int_equal(conf->nlistens, 4);
	assert_null(conf->listens[0].host);
	assert_string_equal(conf->listens[1].host, "10.0.0.1");
	assert_int_equal(conf->listens[1].port, 1);
	assert_string_equal(conf->listens[2].host, "::1");
	assert_int_equal(conf->listens[2].port, 65535);
	assert_null(conf->listens[3].host);
	assert_int_equal(conf->listens[3].port, CONF_PORT_RANDOM);
	assert_int_equal(conf->announce_port, 7);
	assert_string_equal(conf->bind.device, "wg0");
	assert_true(conf->bind.has_addr[0] && conf->bind.has_addr[1]);
	assert_int_equal(conf->bind.addrs[0].ip[12], 10);
	assert_int_equal(conf->bind.addrs[1].ip[15], 1);
}

static void
check_everything(const struct conf *conf)
{
	check_addresses(conf);
	check_proxies(conf);
	/* What lies beneath a root is none of its own. */
	assert_int_equal(conf->nroots, 3);
	assert_int_equal(conf->nnamed, 2);
	assert_string_equal(conf->roots[2], "/other");
	assert_string_equal(conf->incomplete, "/srv/unfinished");
	assert_string_equal(conf->complete, "/other");
	assert_string_equal(conf->roots[0], "/srv");
	assert_string_equal(conf->roots[1], "/srv/with \"quotes\" and \\");
	assert_string_equal(conf->state_dir, "/var/state");
	assert_string_equal(conf->socket.path, "/run/s");
	assert_int_equal(conf->socket.gid, 12);
	assert_int_equal(conf->socket.mode, 0640);
	assert_string_equal(conf->restricted.path, "/run/r");
	assert_int_equal(conf->cache, 64 << 20);
	assert_int_equal(conf->encryption, ENCRYPTION_REQUIRE);
	assert_int_equal(conf->max_peers, 7);
	assert_int_equal(conf->max_peers_torrent, 3);
	assert_false(conf->pex);
	assert_false(conf->mapping[PORTMAP_NATPMP]);
	assert_true(conf->mapping[PORTMAP_UPNP]);
	assert_int_equal(conf->router.port, 1);
	assert_int_equal(conf->router.ip[13], 2);
	assert_int_equal(conf->scrub, 36 * 3600);
	assert_int_equal(conf->page_cache, 1 << 30);
	assert_int_equal(conf->root_devices[0], DEVICE_ROTATING);
	assert_int_equal(conf->root_devices[1], DEVICE_UNKNOWN);
	assert_false(conf->lsd);
	check_dht(conf);
	assert_int_equal(conf->rate.up, 1048577);
	assert_int_equal(conf->rate.down, 512 << 10);
	assert_int_equal(conf->rate_peer.up, 0);
	assert_int_equal(conf->rate_peer.down, 1024);
	check_classes(conf);
	assert_string_equal(conf->ca_file, "/etc/ca.pem");
	assert_true(conf->allocate);
	assert_true(conf->keep_free == 5ULL << 30);
	assert_true(conf->write_shared);
	assert_true(conf->allow_local);
	assert_int_equal(conf->nlocal, 3);
	assert_int_equal(conf->local[0].ip[12], 10);
	assert_int_equal(conf->local[0].bits, 104);
	assert_int_equal(conf->local[1].ip[0], 0xfd);
	assert_int_equal(conf->local[1].bits, 8);
	assert_int_equal(conf->local[2].bits, 128);
	assert_true(conf->relaxed);
}

static void
test_everything(void **state)
{
	struct conf	*conf, *again;
	char		*text = NULL;
	size_t		 len;
	FILE		*fp;

	(void)state;
	conf = parse(everything);
	assert_int_equal(nlines, 0);
	assert_non_null(conf);
	check_everything(conf);
	assert_string_equal(conf->proxies[PROXY_PEERS].password, "0x");

	fp = open_memstream(&text, &len);
	conf_print(conf, fp);
	fclose(fp);
	again = parse(text);
	assert_non_null(again);
	check_everything(again);
	/* Nobody who looks on reads it. */
	assert_null(strstr(text, "0x"));
	free(text);
	conf_free(again);
	conf_free(conf);
}

/* What would go past the proxy is off by default. */
static void
test_proxied(void **state)
{
	struct conf	*conf = parse("proxy socks5 a:1 for all");

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf->nlistens, 0);
	assert_false(conf->lsd);
	assert_string_equal(conf->proxies[PROXY_TRACKERS].host, "a");
	assert_string_equal(conf->proxies[PROXY_PEERS].host, "a");
	conf_free(conf);
	conf = parse("listen on * port 7\nproxy socks5 a:1 for peers");
	assert_int_equal(conf->nlistens, 1);
	assert_int_equal(conf->proxies[PROXY_TRACKERS].kind, PROXY_NONE);
	conf_free(conf);
	conf = parse("proxy http a:1 for trackers");
	assert_int_equal(conf->nlistens, 1);
	assert_true(conf->lsd);
	conf_free(conf);
}

static void
test_encryption(void **state)
{
	static const struct {
		const char	*line;
		uint8_t		 value;
	} rows[] = {
		{ "encryption off", ENCRYPTION_OFF },
		{ "encryption allow", ENCRYPTION_ALLOW },
		{ "encryption prefer", ENCRYPTION_PREFER },
		{ "encryption require", ENCRYPTION_REQUIRE },
	};
	struct conf	*conf;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		conf = parse(rows[i].line);
		assert_non_null(conf);
		assert_int_equal(conf->encryption, rows[i].value);
		conf_free(conf);
	}
}

/* "none" undoes what is before it, and the defaults. */
static void
test_dht_hosts(void **state)
{
	char		 text[1024] = "", line[64], *out = NULL;
	struct conf	*conf = parse("dht bootstrap a\ndht bootstrap none");
	size_t		 len;
	FILE		*fp;
	int		 i;

	(void)state;
	assert_non_null(conf);
	assert_int_equal(conf->ndht_hosts, 0);
	fp = open_memstream(&out, &len);
	conf_print(conf, fp);
	fclose(fp);
	assert_non_null(strstr(out, "\ndht bootstrap none\n"));
	free(out);
	conf_free(conf);
	conf = parse("dht bootstrap none\ndht bootstrap a\n"
	    "dht rate unlimited");
	assert_int_equal(conf->ndht_hosts, 1);
	assert_int_equal(conf->dht_rate, 0);
	conf_free(conf);
	for (i = 0; i <= CONF_DHT_HOSTS_MAX; i++) {
		snprintf(line, sizeof(line), "dht bootstrap h%d\n", i);
		strlcat(text, line, sizeof(text));
	}
	assert_null(parse(text));
	assert_int_equal(nlines, 1);
	assert_string_equal(lines[0],
	    "t:17: too many hosts to begin from near \"h16\"");
}

static void
test_macros(void **state)
{
	char		 m1[] = "size=2M", m2[] = "dir=/from/above";
	char		 bad[] = "nothing";
	char		*macros[] = { m1, m2 }, *wrong[] = { bad };
	static const char text[] =
	    "dir = \"/from/file\"\ncache $size\nstate directory $dir\n";
	struct conf	*conf;

	(void)state;
	conf = conf_read_buffer("t", text, strlen(text), macros, 2);
	assert_non_null(conf);
	assert_int_equal(conf->cache, 2 << 20);
	assert_string_equal(conf->state_dir, "/from/above");
	conf_free(conf);
	nlines = 0;
	assert_null(conf_read_buffer("t", "", 0, wrong, 1));
	assert_string_equal(lines[0], "-D: not a macro near \"nothing\"");
}

static void
write_file(const char *path, const char *text)
{
	FILE	*fp = fopen(path, "w");

	assert_non_null(fp);
	fputs(text, fp);
	fclose(fp);
}

static void
test_include(void **state)
{
	char		 dir[] = "/tmp/test_conf.XXXXXX";
	char		*a, *b;
	struct conf	*conf;

	(void)state;
	assert_non_null(mkdtemp(dir));
	a = xasprintf("%s/a", dir);
	b = xasprintf("%s/b", dir);
	write_file(a, "include \"b\"\nstate directory $dir\n");
	write_file(b, "dir = \"/in/b\"\ncache 3M");
	conf = conf_read(a, NULL, 0);
	assert_non_null(conf);
	assert_string_equal(conf->state_dir, "/in/b");
	assert_int_equal(conf->cache, 3 << 20);
	conf_free(conf);

	/* An error in it is told by its own name. */
	write_file(b, "\nwrong here\n");
	nlines = 0;
	assert_null(conf_read(a, NULL, 0));
	assert_non_null(strstr(lines[0],
	    "/b:2: unknown setting near \"wrong\""));

	/* What was given before is told by its own name, too. */
	write_file(a, "cache 2M\ninclude \"b\"\n");
	write_file(b, "\ncache 3M\n");
	nlines = 0;
	assert_null(conf_read(a, NULL, 0));
	assert_non_null(strstr(lines[0], "/b:2: setting is given twice near "
	    "\"cache\", first in "));
	assert_non_null(strstr(lines[0], "/a:1"));
	write_file(a, "include \"b\"\nstate directory $dir\n");

	/* A file that includes itself ends. */
	write_file(b, "include \"b\"\n");
	nlines = 0;
	assert_null(conf_read(a, NULL, 0));
	assert_non_null(strstr(lines[0], "files are included too deeply"));

	nlines = 0;
	assert_null(conf_read(dir, NULL, 0));
	assert_int_equal(nlines, 1);
	unlink(a);
	unlink(b);
	rmdir(dir);
	free(a);
	free(b);
}

static void
test_size(void **state)
{
	size_t		 len = CONF_SIZE_MAX + 1;
	char		*text = xmalloc(len);
	struct conf	*conf;

	(void)state;
	memset(text, '\n', len);
	conf = conf_read_buffer("t", text, len - 1, NULL, 0);
	assert_non_null(conf);
	conf_free(conf);
	assert_null(conf_read_buffer("t", text, len, NULL, 0));
	/* One word that is too long. */
	memset(text, 'a', len - 1);
	nlines = 0;
	assert_null(conf_read_buffer("t", text, len - 1, NULL, 0));
	assert_int_equal(nlines, 1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_user_defaults, setup),
		cmocka_unit_test_setup(test_root_defaults, setup),
		cmocka_unit_test_setup(test_everything, setup),
		cmocka_unit_test_setup(test_proxied, setup),
		cmocka_unit_test_setup(test_encryption, setup),
		cmocka_unit_test_setup(test_dht_hosts, setup),
		cmocka_unit_test_setup(test_macros, setup),
		cmocka_unit_test_setup(test_include, setup),
		cmocka_unit_test_setup(test_size, setup),
	};

	return cmocka_run_group_tests(tests, catch_lines, NULL);
}
