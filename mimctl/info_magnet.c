/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "info.h"

static const char *
range_text(const struct magnet_range *r, char buf[32])
{
	if (r->first == r->last)
		snprintf(buf, 32, "%u", r->first);
	else
		snprintf(buf, 32, "%u-%u", r->first, r->last);
	return buf;
}

json_t *
info_magnet_json(const struct info_options *opt, const struct magnet *m)
{
	json_t		*j, *trackers = json_array(), *peers = json_array();
	json_t		*files = json_array(), *seeds = json_array();
	char		 url[METAINFO_URL_MAX + 1], text[ADDR_STRLEN];
	uint32_t	 i;

	for (i = 0; i < m->ntrackers; i++)
		json_array_append_new(trackers, info_json_text(
		    info_tracker_url(opt, m->trackers[i], url)));
	for (i = 0; i < m->nwebseeds; i++)
		json_array_append_new(seeds, info_json_text(
		    info_tracker_url(opt, m->webseeds[i], url)));
	for (i = 0; i < m->npeers; i++)
		json_array_append_new(peers, json_string(
		    addr_str(&m->peers[i], text)));
	for (i = 0; i < m->nranges; i++)
		json_array_append_new(files, json_pack("[I, I]",
		    (json_int_t)m->ranges[i].first,
		    (json_int_t)m->ranges[i].last));
	j = json_object();
	json_object_set_new(j, "infohash", info_json_hash(m->v1, m->infohash,
	    SHA1_LEN));
	json_object_set_new(j, "infohash_v2", info_json_hash(m->v2,
	    m->infohash2, SHA256_LEN));
	json_object_set_new(j, "name", info_json_text(m->name));
	json_object_set_new(j, "trackers", trackers);
	json_object_set_new(j, "webseeds", seeds);
	json_object_set_new(j, "peers", peers);
	json_object_set_new(j, "select", files);
	return j;
}

void
info_magnet_text(const struct info_options *opt, const struct magnet *m)
{
	char		hex[2 * SHA256_LEN + 1], url[METAINFO_URL_MAX + 1];
	char		text[ADDR_STRLEN];
	uint32_t	i;

	info_field("magnet link", m->name != NULL ? m->name : "without a "
	    "name");
	if (m->v1)
		info_field("info-hash", hash_hex(m->infohash, SHA1_LEN, hex));
	if (m->v2)
		info_field("info-hash v2", hash_hex(m->infohash2, SHA256_LEN,
		    hex));
	if (!m->v1)
		info_field("version", "2 (cannot be downloaded yet)");
	for (i = 0; i < m->ntrackers; i++)
		info_field(i == 0 ? "trackers" : "",
		    info_tracker_url(opt, m->trackers[i], url));
	for (i = 0; i < m->nwebseeds; i++)
		info_field(i == 0 ? "web seeds" : "",
		    info_tracker_url(opt, m->webseeds[i], url));
	for (i = 0; i < m->npeers; i++)
		info_field(i == 0 ? "peers" : "",
		    addr_str(&m->peers[i], text));
	for (i = 0; i < m->nranges; i++)
		info_field(i == 0 ? "files chosen" : "",
		    range_text(&m->ranges[i], text));
}

void
info_magnet_row(const struct magnet *m)
{
	char	hex[2 * SHA1_LEN + 1], hex2[2 * SHA256_LEN + 1];
	char	name[4 * MAGNET_NAME_MAX + 1] = "-";

	if (m->name != NULL)
		fmt_safe(m->name, strlen(m->name), name, sizeof(name));
	printf("%s\t%s\t%s\t-\t-\t-\t-\t%s\n",
	    m->v1 ? hash_hex(m->infohash, SHA1_LEN, hex) : "-",
	    m->v2 ? hash_hex(m->infohash2, SHA256_LEN, hex2) : "-",
	    m->v1 && m->v2 ? "hybrid" : m->v1 ? "1" : "2", name);
}
