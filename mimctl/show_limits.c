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
	const char	*what;		/* "all", or a torrent's number... */
	const char	*name;
	uint64_t	 up, down;
	uint32_t	 peers;
};

struct limits {
	struct msg_ctl_limits_now now;
	struct rec_rate_class	 classes[RATE_CLASSES_MAX];
	char			 names[RATE_CLASSES_MAX][CLASS_NAME_MAX + 1];
	struct rec_rate_prefix	 prefixes[PREFIXES_MAX];
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
	uint32_t	 i;

	if (in->type != MSG_CTL_LIMITS_NOW)
		return;
	l->now = in->body.ctl_limits_now;
	for (i = 0; i < l->now.classes.n; i++) {
		l->classes[i] = l->now.classes.v[i];
		strlcpy(l->names[i], l->classes[i].name, sizeof(l->names[i]));
		l->classes[i].name = l->names[i];
	}
	l->now.classes.v = l->classes;
	for (i = 0; i < l->now.prefixes.n; i++)
		l->prefixes[i] = l->now.prefixes.v[i];
	l->now.prefixes.v = l->prefixes;
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

/* A field of a row. */
static void
print_number(uint64_t limit)
{
	if (limit == 0)
		fputs("\t-", stdout);
	else
		printf("\t%" PRIu64, limit);
}

static void
print_limit(const struct mimctl *ctx, struct table *table,
    const struct limit *l)
{
	if (ctx->headerless) {
		fputs(l->what, stdout);
		print_number(l->up);
		print_number(l->down);
		print_number(l->peers);
		putchar('\n');
		return;
	}
	table_add(table, l->what);
	add_rate(ctx, table, l->up);
	add_rate(ctx, table, l->down);
	if (l->peers == 0)
		table_add(table, "-");
	else
		table_addf(table, "%u", l->peers);
	table_add_safe(table, l->name);
}

/* As "class:NAME", which is how mimctl limit is told of it. */
static void
class_word(const struct limits *l, uint8_t class,
    char buf[CLASS_NAME_MAX + 7])
{
	snprintf(buf, CLASS_NAME_MAX + 7, "class:%s", l->names[class - 1]);
}

static void
print_prefixes(const struct mimctl *ctx, const struct limits *l)
{
	const struct rec_rate_prefix	*p;
	char				 buf[ADDR_STRLEN];
	char				 what[CLASS_NAME_MAX + 7] = "exempt";

	for (p = l->prefixes; p < l->prefixes + l->now.prefixes.n; p++) {
		if (p->class != RATE_CLASS_EXEMPT)
			class_word(l, p->class, what);
		else
			strlcpy(what, "exempt", sizeof(what));
		printf(ctx->headerless ? "%s\t%s\n" : "%s: %s\n", what,
		    addr_prefix_str(p->ip, p->bits, buf));
	}
}

static void
print_classes(const struct mimctl *ctx, struct table *table,
    const struct limits *l)
{
	char		what[CLASS_NAME_MAX + 7];
	struct limit	line;
	uint8_t		i;

	for (i = 0; i < l->now.classes.n; i++) {
		class_word(l, i + 1, what);
		line = (struct limit){ what, "", l->classes[i].up,
		    l->classes[i].down, 0 };
		print_limit(ctx, table, &line);
	}
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
	print_classes(ctx, table, l);
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
	print_prefixes(ctx, l);
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

static json_t *
prefixes_json(const struct limits *l, uint8_t class)
{
	const struct rec_rate_prefix	*p;
	json_t				*list = json_array();
	char				 buf[ADDR_STRLEN];

	for (p = l->prefixes; p < l->prefixes + l->now.prefixes.n; p++)
		if (p->class == class)
			json_array_append_new(list, json_string(
			    addr_prefix_str(p->ip, p->bits, buf)));
	return list;
}

static json_t *
classes_json(const struct limits *l)
{
	json_t	*list = json_array(), *j;
	uint8_t	 i;

	for (i = 0; i < l->now.classes.n; i++) {
		j = json_object();
		json_object_set_new(j, "name", json_string(l->names[i]));
		json_object_set_new(j, "up",
		    number_or_null(l->classes[i].up));
		json_object_set_new(j, "down",
		    number_or_null(l->classes[i].down));
		json_object_set_new(j, "prefixes", prefixes_json(l, i + 1));
		json_array_append_new(list, j);
	}
	return list;
}

static void
print_json(const struct limits *l, const struct view *view)
{
	json_t	*all = json_object();

	json_object_set_new(all, "up", number_or_null(l->now.up));
	json_object_set_new(all, "down", number_or_null(l->now.down));
	json_object_set_new(all, "peers", json_integer(l->now.max_peers));
	json_object_set_new(all, "torrent_peers",
	    json_integer(l->now.max_peers_torrent));
	json_object_set_new(all, "peer_up", number_or_null(l->now.each_up));
	json_object_set_new(all, "peer_down",
	    number_or_null(l->now.each_down));
	json_object_set_new(all, "exempt",
	    prefixes_json(l, RATE_CLASS_EXEMPT));
	json_object_set_new(all, "classes", classes_json(l));
	json_object_set_new(all, "torrents", torrents_json(view));
	text_json_print(all);
}

int
show_limits(const struct mimctl *ctx)
{
	struct limits	 l = { 0 };
	struct view	 view = { 0 };
	struct client	*client;
	int		 status;

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
