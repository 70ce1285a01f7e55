/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "addr.h"
#include "bound.h"
#include "conf.h"

void
conf_print_quoted(const char *s, FILE *fp)
{
	putc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', fp);
		putc(*s, fp);
	}
	putc('"', fp);
}

static void
print_setting(const char *words, const char *value, FILE *fp)
{
	fprintf(fp, "%s ", words);
	conf_print_quoted(value, fp);
	putc('\n', fp);
}

static void
print_size(const char *words, uint64_t n, FILE *fp)
{
	static const char	suffix[] = "KMG";
	const char		*s;

	for (s = suffix; *s != '\0' && n % 1024 == 0 && n != 0; s++)
		n /= 1024;
	fprintf(fp, "%s %" PRIu64, words, n);
	if (s != suffix)
		putc(s[-1], fp);
}

static void
print_rate(const struct conf_rate *rate, FILE *fp)
{
	if (rate->up == 0)
		fputs(" up unlimited", fp);
	else
		print_size(" up", rate->up, fp);
	if (rate->down == 0)
		fputs(" down unlimited", fp);
	else
		print_size(" down", rate->down, fp);
}

static void
print_prefixes(const char *words, const struct conf *conf, uint32_t class,
    FILE *fp)
{
	const struct rec_rate_prefix	*p;
	char				 buf[ADDR_STRLEN];

	for (p = conf->prefixes; p < conf->prefixes + conf->nprefixes; p++) {
		if (p->class != class)
			continue;
		fputs(words, fp);
		conf_print_quoted(addr_prefix_str(p->ip, p->bits, buf), fp);
		words = " ";
	}
	if (*words == ' ')
		putc('\n', fp);
}

static void
print_local(const struct conf *conf, FILE *fp)
{
	char		buf[ADDR_STRLEN];
	uint32_t	i;

	if (conf->allow_local)
		fputs("allow local trackers\n", fp);
	for (i = 0; i < conf->nlocal; i++)
		print_setting("allow local trackers", addr_prefix_str(
		    conf->local[i].ip, conf->local[i].bits, buf), fp);
}

static void
print_rates(const struct conf *conf, FILE *fp)
{
	uint32_t	i;

	fputs("rate", fp);
	print_rate(&conf->rate, fp);
	fputs("\nrate per peer", fp);
	print_rate(&conf->rate_peer, fp);
	putc('\n', fp);
	for (i = 0; i < conf->nclasses; i++) {
		fputs("rate class ", fp);
		conf_print_quoted(conf->classes[i].name, fp);
		print_rate(&conf->classes[i].rate, fp);
		print_prefixes(" to ", conf, i + 1, fp);
	}
	print_prefixes("rate exempt ", conf, RATE_CLASS_EXEMPT, fp);
}

static void
print_mapping(const struct conf *conf, FILE *fp)
{
	char	host[ADDR_STRLEN];

	fprintf(fp, "port mapping %s", conf->mapping[PORTMAP_NATPMP] ?
	    conf->mapping[PORTMAP_UPNP] ? "yes" : "nat-pmp" :
	    conf->mapping[PORTMAP_UPNP] ? "upnp" : "no");
	if (conf->router.port != 0) {
		fputs(" router ", fp);
		conf_print_quoted(addr_host(&conf->router, host), fp);
	}
	putc('\n', fp);
}

static void
print_listens(const struct conf *conf, FILE *fp)
{
	const struct conf_listen	*l;

	for (l = conf->listens; l < conf->listens + conf->nlistens; l++) {
		fputs("listen on ", fp);
		if (l->host == NULL)
			putc('*', fp);
		else
			conf_print_quoted(l->host, fp);
		if (l->port == CONF_PORT_RANDOM)
			fputs(" port random\n", fp);
		else
			fprintf(fp, " port %u\n", l->port);
	}
	if (conf->announce_port != 0)
		fprintf(fp, "announce port %u\n", conf->announce_port);
	print_mapping(conf, fp);
}

static void
print_bind(const struct conf_bind *b, FILE *fp)
{
	char	host[ADDR_STRLEN];
	int	i;

	if (b->device[0] != '\0')
		print_setting("bind device", b->device, fp);
	for (i = BOUND_V4; i <= BOUND_V6; i++) {
		if (b->has_addr[i])
			print_setting("bind address",
			    addr_host(&b->addrs[i], host), fp);
	}
}

static void
print_sockets(const struct conf *conf, FILE *fp)
{
	fputs("control socket ", fp);
	conf_print_quoted(conf->socket.path, fp);
	if (conf->socket.gid != (gid_t)-1)
		fprintf(fp, " group %u", (unsigned int)conf->socket.gid);
	fprintf(fp, " mode 0%03o\n", (unsigned int)conf->socket.mode);
	if (conf->restricted.path == NULL)
		return;
	fputs("control socket ", fp);
	conf_print_quoted(conf->restricted.path, fp);
	fputs(" restricted\n", fp);
}

static void
print_roots(const struct conf *conf, FILE *fp)
{
	static const char *const	words[] = {
		[DEVICE_UNKNOWN] = "", [DEVICE_ROTATING] = " rotating",
		[DEVICE_SOLID] = " solid"
	};
	uint32_t			i;

	for (i = 0; i < conf->nnamed; i++) {
		fputs("download directory ", fp);
		conf_print_quoted(conf->roots[i], fp);
		fprintf(fp, "%s\n", words[conf->root_devices[i]]);
	}
}

static void
print_space(const struct conf *conf, FILE *fp)
{
	fprintf(fp, "allocate %s\n", conf->allocate ? "full" : "sparse");
	if (conf->keep_free == CONF_KEEP_AUTO)
		fputs("keep free auto", fp);
	else
		print_size("keep free", conf->keep_free, fp);
	fprintf(fp, "\nwrite shared files %s\n",
	    conf->write_shared ? "yes" : "no");
}

void
conf_print(const struct conf *conf, FILE *fp)
{
	static const char *const	words[] = {
		[ENCRYPTION_OFF] = "off", [ENCRYPTION_ALLOW] = "allow",
		[ENCRYPTION_PREFER] = "prefer",
		[ENCRYPTION_REQUIRE] = "require"
	};
	uint32_t			i;

	print_listens(conf, fp);
	print_bind(&conf->bind, fp);
	conf_proxy_print(conf, fp);
	print_roots(conf, fp);
	if (conf->incomplete != NULL)
		print_setting("incomplete directory", conf->incomplete, fp);
	if (conf->complete != NULL)
		print_setting("on complete move to", conf->complete, fp);
	print_setting("state directory", conf->state_dir, fp);
	print_sockets(conf, fp);
	print_size("cache", conf->cache, fp);
	putc('\n', fp);
	if (conf->page_cache > 0) {
		print_size("page cache", conf->page_cache, fp);
		putc('\n', fp);
	}
	print_space(conf, fp);
	fprintf(fp, "max peers %" PRIu32 " per torrent %" PRIu32 "\n",
	    conf->max_peers, conf->max_peers_torrent);
	conf_dht_print(conf, fp);
	fprintf(fp, "pex %s\n", conf->pex ? "yes" : "no");
	fprintf(fp, "lsd %s\n", conf->lsd ? "yes" : "no");
	fprintf(fp, "encryption %s\n", words[conf->encryption]);
	print_rates(conf, fp);
	fprintf(fp, "announce tiers %s\n",
	    conf->announce_first ? "first" : "all");
	if (conf->announce_rate == 0)
		fputs("announce rate unlimited\n", fp);
	else
		fprintf(fp, "announce rate %" PRIu32 "\n",
		    conf->announce_rate);
	for (i = 0; i < conf->nfilters; i++)
		print_setting(conf->filters[i].allow ? "allowlist" :
		    "blocklist", conf->filters[i].path, fp);
	if (conf->scrub > 0 && conf->scrub % 86400 == 0)
		fprintf(fp, "scrub every %" PRIu32 "d\n",
		    conf->scrub / 86400);
	else if (conf->scrub > 0)
		fprintf(fp, "scrub every %" PRIu32 "s\n", conf->scrub);
	else
		fputs("scrub no\n", fp);
	if (conf->ca_file != NULL)
		print_setting("ca file", conf->ca_file, fp);
	print_local(conf, fp);
	if (conf->relaxed)
		fputs("sandbox relaxed\n", fp);
}
