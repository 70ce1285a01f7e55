/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "table.h"
#include "text.h"
#include "view.h"

/* What "mimctl limit" prints. */

/* A line of it; a rate of 0 is unlimited, 0 peers are the default. */
struct limit {
	const char	*what;		/* "all", or a torrent's number */
	const char	*name;
	uint64_t	 up, down;
	uint32_t	 peers;
};

struct limits {
	struct msg_ctl_limits_now now;
	struct rec_prefix	 exempt[PREFIXES_MAX];
};

static const struct table_column columns[] = {
	{ "LIMIT", TABLE_LEFT },
	{ "UP", TABLE_RIGHT },
	{ "DOWN", TABLE_RIGHT },
	{ "PEERS", TABLE_RIGHT },
	{ "NAME", TABLE_CUT }
};

static void
on_message(const struct msg_in *in, void *arg)
{
	struct limits	*l = arg;

	if (in->type != MSG_CTL_LIMITS_NOW)
		return;
	l->now = in->body.ctl_limits_now;
	if (l->now.exempt.n > 0)
		memcpy(l->exempt, l->now.exempt.v,
		    l->now.exempt.n * sizeof(*l->exempt));
	l->now.exempt.v = l->exempt;
}

static bool
is_limited(const struct view_torrent *t)
{
	return t->row.up_limit != 0 || t->row.down_limit != 0 ||
	    t->row.max_peers != 0;
}

static void
add_rate(const struct mimctl *ctx, struct table *table, uint64_t rate)
{
	char	buf[TEXT_LEN];

	table_add(table, rate == 0 ? "unlimited" :
	    text_rate(ctx, rate, buf));
}

static void
print_limit(const struct mimctl *ctx, struct table *table,
    const struct limit *l)
{
	char	peers[TEXT_LEN] = "-", *name;

	if (ctx->headerless) {
		printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%u\n", l->what, l->up,
		    l->down, l->peers);
		return;
	}
	if (l->peers != 0)
		snprintf(peers, sizeof(peers), "%u", l->peers);
	table_add(table, l->what);
	add_rate(ctx, table, l->up);
	add_rate(ctx, table, l->down);
	table_add(table, peers);
	name = text_safe(l->name);
	table_add(table, name);
	free(name);
}

static void
print_exempt(const struct mimctl *ctx, const struct limits *l)
{
	char		buf[ADDR_STRLEN];
	uint32_t	i;

	for (i = 0; i < l->now.exempt.n; i++)
		printf(ctx->headerless ? "exempt\t%s\n" : "exempt: %s\n",
		    addr_prefix_str(l->exempt[i].ip, l->exempt[i].bits, buf));
}

static void
print_all(const struct mimctl *ctx, const struct limits *l,
    const struct view *view)
{
	struct table	*table = table_new(columns,
			    sizeof(columns) / sizeof(columns[0]));
	char		 number[TEXT_LEN];
	struct limit	 line = { "all", "", l->now.up, l->now.down,
			    l->now.max_peers };

	print_limit(ctx, table, &line);
	line = (struct limit){ "torrent", "", 0, 0,
	    l->now.max_peers_torrent };
	print_limit(ctx, table, &line);
	line = (struct limit){ "peer", "", l->now.each_up, l->now.each_down,
	    0 };
	print_limit(ctx, table, &line);
	for (size_t i = 0; i < view->n; i++) {
		const struct view_torrent	*t = &view->torrents[i];

		if (!is_limited(t))
			continue;
		snprintf(number, sizeof(number), "%u", t->row.id);
		line = (struct limit){ number, t->row.name, t->row.up_limit,
		    t->row.down_limit, t->row.max_peers };
		print_limit(ctx, table, &line);
	}
	if (!ctx->headerless)
		table_print(table, stdout, table_width(), 0);
	print_exempt(ctx, l);
	table_free(table);
}

static json_t *
number_or_null(uint64_t n)
{
	return n == 0 ? json_null() : json_integer((json_int_t)n);
}

static json_t *
torrents_json(const struct view *view)
{
	json_t	*list = json_array(), *j;

	for (size_t i = 0; i < view->n; i++) {
		const struct view_torrent	*t = &view->torrents[i];

		if (!is_limited(t))
			continue;
		j = json_object();
		json_object_set_new(j, "id", json_integer(t->row.id));
		json_object_set_new(j, "name", text_json(t->row.name));
		json_object_set_new(j, "up", number_or_null(t->row.up_limit));
		json_object_set_new(j, "down",
		    number_or_null(t->row.down_limit));
		json_object_set_new(j, "peers",
		    number_or_null(t->row.max_peers));
		json_array_append_new(list, j);
	}
	return list;
}

static void
print_json(const struct limits *l, const struct view *view)
{
	json_t		*all = json_object(), *list = json_array();
	char		 buf[ADDR_STRLEN];
	uint32_t	 i;

	json_object_set_new(all, "up", number_or_null(l->now.up));
	json_object_set_new(all, "down", number_or_null(l->now.down));
	json_object_set_new(all, "peers", json_integer(l->now.max_peers));
	json_object_set_new(all, "torrent_peers",
	    json_integer(l->now.max_peers_torrent));
	json_object_set_new(all, "peer_up", number_or_null(l->now.each_up));
	json_object_set_new(all, "peer_down",
	    number_or_null(l->now.each_down));
	for (i = 0; i < l->now.exempt.n; i++)
		json_array_append_new(list, json_string(addr_prefix_str(
		    l->exempt[i].ip, l->exempt[i].bits, buf)));
	json_object_set_new(all, "exempt", list);
	json_object_set_new(all, "torrents", torrents_json(view));
	text_json_print(all);
}

int
show_limits(const struct mimctl *ctx, int argc, char **argv)
{
	struct limits	 l = { 0 };
	struct view	 view = { 0 };
	struct client	*client;
	int		 status;

	(void)argv;
	if (argc > 1)
		return command_usage("show");
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = daemon_ask(client, MSG_CTL_LIMITS,
	    &(struct msg_ctl_limits){ 0 }, -1, DAEMON_MS, NULL, on_message,
	    &l);
	if (status == CTL_OK)
		status = view_fetch(&view, client, NULL, 0, 0);
	if (status == CTL_OK && ctx->json)
		print_json(&l, &view);
	else if (status == CTL_OK)
		print_all(ctx, &l, &view);
	view_clear(&view);
	client_close(client);
	return status;
}
