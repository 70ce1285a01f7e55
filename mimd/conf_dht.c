/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "conf.h"
#include "mem.h"
#include "url.h"

/* "dht" of mimd.conf(5). */
#define RATE_LEAST	10	/* a node with less is of use to nobody */

static const struct {
	const char	*host;
	uint16_t	 port;
} routers[] = {
	{ "router.bittorrent.com", CONF_DHT_PORT },
	{ "router.utorrent.com", CONF_DHT_PORT },
	{ "dht.transmissionbt.com", CONF_DHT_PORT },
	{ "dht.libtorrent.org", 25401 },
};

void
conf_dht_begin(struct conf *conf)
{
	conf->dht = true;
	conf->dht_rate = DHT_RATE_DEFAULT;
}

const char *
conf_dht_set_rate(struct conf *conf, int64_t n)
{
	if (n < RATE_LEAST || n > (int64_t)DHT_RATE_MAX)
		return "packets a second are not between 10 and 100000";
	conf->dht_rate = (uint32_t)n;
	return NULL;
}

static void
add_host(struct conf *conf, const char *host, uint16_t port)
{
	conf->dht_hosts[conf->ndht_hosts].host = xstrdup(host);
	conf->dht_hosts[conf->ndht_hosts++].port = port;
}

const char *
conf_dht_add_host(struct conf *conf, const char *host, uint16_t port)
{
	struct addr	a;
	uint32_t	i;

	if (addr_parse(&a, host, port) == 0) {
		if (addr_class(&a) == ADDR_UNUSABLE)
			return "not an address of a node";
	} else if (!url_host_is_name(host))
		return "not a name or an address";
	for (i = 0; i < conf->ndht_hosts; i++)
		if (conf->dht_hosts[i].port == port &&
		    strcmp(conf->dht_hosts[i].host, host) == 0)
			return "host and port are given twice";
	if (conf->ndht_hosts == CONF_DHT_HOSTS_MAX)
		return "too many hosts to begin from";
	add_host(conf, host, port);
	conf->dht_own_hosts = true;
	return NULL;
}

void
conf_dht_no_hosts(struct conf *conf)
{
	while (conf->ndht_hosts > 0)
		free(conf->dht_hosts[--conf->ndht_hosts].host);
	conf->dht_own_hosts = true;
}

void
conf_dht_defaults(struct conf *conf)
{
	size_t	i;

	if (conf->dht_own_hosts)
		return;
	for (i = 0; i < sizeof(routers) / sizeof(routers[0]); i++)
		add_host(conf, routers[i].host, routers[i].port);
}

void
conf_dht_print(const struct conf *conf, FILE *fp)
{
	uint32_t	i;

	fprintf(fp, "dht %s\n", conf->dht ? "yes" : "no");
	if (conf->dht_rate == 0)
		fputs("dht rate unlimited\n", fp);
	else
		fprintf(fp, "dht rate %" PRIu32 "\n", conf->dht_rate);
	fprintf(fp, "dht read only %s\n", conf->dht_read_only ? "yes" : "no");
	if (conf->ndht_hosts == 0)
		fputs("dht bootstrap none\n", fp);
	for (i = 0; i < conf->ndht_hosts; i++) {
		fputs("dht bootstrap ", fp);
		conf_print_quoted(conf->dht_hosts[i].host, fp);
		fprintf(fp, " port %u\n", conf->dht_hosts[i].port);
	}
}
