/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "daemon.h"
#include "hash.h"
#include "mimctl.h"
#include "msg.h"
#include "show.h"
#include "show_dht.h"
#include "table.h"
#include "text.h"

static const struct table_column columns[] = {
	{ "ADDRESS", TABLE_LEFT },
	{ "GOOD", TABLE_RIGHT },
	{ "DUBIOUS", TABLE_RIGHT },
	{ "BAD", TABLE_RIGHT },
	{ "SPARE", TABLE_RIGHT },
	{ "BUCKETS", TABLE_RIGHT },
	{ "LOOKUPS", TABLE_RIGHT },
	{ "SEEN AT", TABLE_LEFT },
	{ "ID", TABLE_LEFT }
};

/* NULL: others have not agreed on it yet. */
static const char *
seen_at(const struct rec_dht_side *s, char buf[ADDR_STRLEN])
{
	return text_any_host(s->external) ? NULL : text_host(s->external, buf);
}

/* ---- for people ---- */

static void
add_side(struct table *table, const struct rec_dht_side *s)
{
	char		 host[ADDR_STRLEN];
	const char	*seen;

	if (text_any_host(s->ip))
		snprintf(host, sizeof(host), "any IPv%d address",
		    s->v6 ? 6 : 4);
	else
		text_host(s->ip, host);
	table_addf(table, "%s port %u", host, s->port);
	table_addf(table, "%u", s->good);
	table_addf(table, "%u", s->dubious);
	table_addf(table, "%u", s->bad);
	table_addf(table, "%u", s->spare);
	table_addf(table, "%u", s->buckets);
	table_addf(table, "%u", s->lookups);
	seen = seen_at(s, host);
	table_add(table, seen == NULL ? "not known yet" : seen);
	table_add(table, seen == NULL ? "-" : s->fits ? "fits it" :
	    "does not fit");
}

static const char *
plural(uint64_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

static void
print_traffic(const struct mimctl *ctx, const struct msg_ctl_dht_now *m,
    FILE *fp)
{
	char	in[TEXT_LEN], out[TEXT_LEN];

	fprintf(fp, "packets: %u/s in, %u/s out", m->in_rate, m->out_rate);
	if (m->rate > 0)
		fprintf(fp, " of %u/s at most", m->rate);
	fprintf(fp, "; %s in and %s out since the start\n",
	    text_bytes(ctx, m->bytes_in, in),
	    text_bytes(ctx, m->bytes_out, out));
	fprintf(fp, "asked: %" PRIu64 ", %" PRIu64 " without an answer",
	    m->asked, m->timeouts);
	if (m->rtt > 0)
		fprintf(fp, ", others within %u ms as a rule", m->rtt);
	if (m->read_only) {
		fprintf(fp, "\nanswered: none of %" PRIu64 " quer%s, as "
		    "\"dht read only yes\" in mimd.conf says\n", m->queries,
		    plural(m->queries, "y", "ies"));
		return;
	}
	fprintf(fp, "\nanswered: %" PRIu64 " of %" PRIu64 " quer%s, %" PRIu64
	    " %s beyond the limits; %" PRIu64 " packet%s made no sense\n",
	    m->answers, m->queries, plural(m->queries, "y", "ies"),
	    m->refused, plural(m->refused, "was", "were"), m->bad,
	    plural(m->bad, "", "s"));
}

void
dht_print(const struct mimctl *ctx, const struct msg_ctl_dht_now *m, FILE *fp)
{
	struct table	*table;
	char		*off;
	uint32_t	 i;

	if (m->off[0] != '\0') {
		off = text_safe(m->off);
		fprintf(fp, "the DHT is off: %s\n", off);
		free(off);
		return;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < m->sides.n; i++)
		add_side(table, &m->sides.v[i]);
	table_print(table, fp, 0, 0);
	table_free(table);
	print_traffic(ctx, m, fp);
	fprintf(fp, "torrents: %u, %u of them late; %" PRIu64 " search%s so "
	    "far\n", m->torrents, m->late, m->searched,
	    plural(m->searched, "", "es"));
	fprintf(fp, "kept for others: %u peer%s of %u torrent%s, %u item%s\n",
	    m->peers, plural(m->peers, "", "s"), m->hashes,
	    plural(m->hashes, "", "s"), m->items, plural(m->items, "", "s"));
}

/* ---- for programs ---- */

void
dht_rows(const struct msg_ctl_dht_now *m, FILE *fp)
{
	const struct rec_dht_side	*s;
	const char			*seen;
	char				 host[ADDR_STRLEN];
	char				 hex[2 * SHA1_LEN + 1];
	char				*off = text_safe(m->off);
	uint32_t			 i;

	for (i = 0; i < m->sides.n; i++) {
		s = &m->sides.v[i];
		fprintf(fp, "node\t%s\t%u\t%s\t%u\t%u\t%u\t%u\t%u\t%u",
		    text_host(s->ip, host), s->port,
		    hash_hex(s->id, sizeof(s->id), hex), s->good, s->dubious,
		    s->bad, s->spare, s->buckets, s->lookups);
		seen = seen_at(s, host);
		fprintf(fp, "\t%s\t%s\n", seen == NULL ? "-" : seen,
		    seen == NULL ? "-" : s->fits ? "yes" : "no");
	}
	fprintf(fp, "dht\t%s\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%" PRIu64 "\t%" PRIu64 "\t%u\t%u\t%u\t%" PRIu64 "\t%u\t%u\t"
	    "%u\n", *off == '\0' ? "-" : off, m->rate, m->in_rate,
	    m->out_rate, m->packets_in, m->packets_out, m->bytes_in,
	    m->bytes_out, m->queries, m->answers, m->refused, m->bad,
	    m->asked, m->timeouts, m->rtt, m->torrents, m->late, m->searched,
	    m->hashes, m->peers, m->items);
	free(off);
}

static json_t *
side_json(const struct rec_dht_side *s)
{
	json_t		*j = json_object();
	char		 buf[ADDR_STRLEN];
	const char	*seen;

	json_object_set_new(j, "family", json_string(s->v6 ? "ipv6" :
	    "ipv4"));
	json_object_set_new(j, "address", text_any_host(s->ip) ? json_null() :
	    json_string(text_host(s->ip, buf)));
	json_object_set_new(j, "port", json_integer(s->port));
	json_object_set_new(j, "id", text_json_hex(s->id, sizeof(s->id)));
	json_object_set_new(j, "good", json_integer(s->good));
	json_object_set_new(j, "dubious", json_integer(s->dubious));
	json_object_set_new(j, "bad", json_integer(s->bad));
	json_object_set_new(j, "spare", json_integer(s->spare));
	json_object_set_new(j, "buckets", json_integer(s->buckets));
	json_object_set_new(j, "lookups", json_integer(s->lookups));
	seen = seen_at(s, buf);
	json_object_set_new(j, "external", seen == NULL ? json_null() :
	    json_string(seen));
	json_object_set_new(j, "fits", seen == NULL ? json_null() :
	    json_boolean(s->fits));
	return j;
}

json_t *
dht_json(const struct msg_ctl_dht_now *m)
{
	const struct {
		const char	*key;
		uint64_t	 n;
	} counts[] = {
		{ "in_rate", m->in_rate }, { "out_rate", m->out_rate },
		{ "packets_in", m->packets_in },
		{ "packets_out", m->packets_out },
		{ "bytes_in", m->bytes_in }, { "bytes_out", m->bytes_out },
		{ "queries", m->queries }, { "answers", m->answers },
		{ "refused", m->refused }, { "bad_packets", m->bad },
		{ "asked", m->asked }, { "timeouts", m->timeouts },
		{ "rtt_ms", m->rtt }, { "torrents", m->torrents },
		{ "late", m->late }, { "searched", m->searched },
		{ "hashes", m->hashes }, { "peers", m->peers },
		{ "items", m->items }
	};
	json_t		*all = json_object(), *list = json_array();
	size_t		 i;

	for (i = 0; i < m->sides.n; i++)
		json_array_append_new(list, side_json(&m->sides.v[i]));
	json_object_set_new(all, "off", text_json_or_null(m->off));
	json_object_set_new(all, "nodes", list);
	json_object_set_new(all, "read_only", json_boolean(m->read_only));
	json_object_set_new(all, "rate_limit", m->rate == 0 ? json_null() :
	    json_integer(m->rate));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(all, counts[i].key,
		    json_integer((json_int_t)counts[i].n));
	return all;
}

/* ---- the command ---- */

/* It comes as one message, which is printed while it is there. */
static void
on_message(const struct msg_in *in, void *arg)
{
	const struct mimctl		*ctx = arg;
	const struct msg_ctl_dht_now	*m = &in->body.ctl_dht_now;

	if (in->type != MSG_CTL_DHT_NOW)
		return;
	if (ctx->json)
		text_json_print(dht_json(m));
	else if (ctx->headerless)
		dht_rows(m, stdout);
	else
		dht_print(ctx, m, stdout);
}

int
show_dht(const struct mimctl *ctx)
{
	return daemon_query(ctx, MSG_CTL_DHT, &(struct msg_ctl_dht){ 0 },
	    on_message, (void *)(uintptr_t)ctx);
}
