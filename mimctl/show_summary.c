/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "text.h"
#include "view.h"
#include "why.h"

static void	print_text(const struct mimctl *ctx, const struct view *view,
    bool named);
static void	print_rows(const struct view *view);
static json_t	*summary_json(const struct view *view);

int
show_summary(const struct mimctl *ctx, int argc, char **argv)
{
	struct view	view = { 0 };
	struct client	*client;
	int		 status;

	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = view_select(&view, client, argc - 1, argv + 1,
	    VIEW_TRACKERS | VIEW_WEBSEEDS);
	client_close(client);
	if (status == CTL_OK || status == CTL_PARTIAL) {
		if (ctx->json)
			text_json_print(summary_json(&view));
		else if (ctx->headerless)
			print_rows(&view);
		else
			print_text(ctx, &view, argc > 1);
	}
	view_clear(&view);
	return status;
}

/* How many of which state, and how fast all of them. */
static void
print_head(const struct mimctl *ctx, const struct view *view)
{
	size_t		counts[TSTATE_MAX + 1] = { 0 };
	uint64_t	down = 0, up = 0;
	const char	*sep = ": ";
	char		a[TEXT_LEN], b[TEXT_LEN], *proxy;

	for (size_t i = 0; i < view->n; i++) {
		counts[view->torrents[i].row.state]++;
		down += view->torrents[i].row.down_rate;
		up += view->torrents[i].row.up_rate;
	}
	printf("%zu torrent%s", view->n, view->n == 1 ? "" : "s");
	for (size_t i = 0; i <= TSTATE_MAX; i++) {
		if (counts[i] == 0)
			continue;
		printf("%s%zu %s", sep, counts[i], tstate_name((uint8_t)i));
		sep = ", ";
	}
	printf("; down %s/s, up %s/s\n", text_bytes(ctx, down, a),
	    text_bytes(ctx, up, b));
	if (view->announces > 0)
		printf("%u announce%s to trackers wait%s for their turn\n",
		    view->announces, view->announces == 1 ? "" : "s",
		    view->announces == 1 ? "s" : "");
	if (view->stalled > 0)
		printf("disk has not answered for %s: transfers wait\n",
		    text_duration(ctx, view->stalled, a));
	if (view->network[0] != '\0')
		printf("%s: nothing is sent or received\n", view->network);
	if (view->proxy[0] != '\0') {
		proxy = text_safe(view->proxy);
		printf("%s: what is to go through it waits\n", proxy);
		free(proxy);
	}
}

/* Those that were named, else those that do not go as they should. */
static void
print_text(const struct mimctl *ctx, const struct view *view, bool named)
{
	const struct view_torrent	*t;
	char				 why[WHY_LEN], *name, *text;
	enum why			 reason;

	print_head(ctx, view);
	for (size_t i = 0; i < view->n; i++) {
		t = &view->torrents[i];
		reason = why_explain(t, why);
		if (!named && (reason == WHY_FINE || reason == WHY_RATE ||
		    reason == WHY_STOPPED || reason == WHY_NO_INTEREST))
			continue;
		name = text_safe(t->row.name);
		text = text_safe(why);
		printf("%u %s: %s\n", t->row.id, name, text);
		free(name);
		free(text);
	}
}

static void
print_rows(const struct view *view)
{
	const struct view_torrent	*t;
	char				 why[WHY_LEN], *name, *text;
	enum why			 reason;

	for (size_t i = 0; i < view->n; i++) {
		t = &view->torrents[i];
		reason = why_explain(t, why);
		name = text_safe(t->row.name);
		text = text_safe(why);
		printf("%u\t%s\t%s\t%s\t%s\n", t->row.id,
		    tstate_name(t->row.state), why_name(reason), text, name);
		free(name);
		free(text);
	}
}

static json_t *
torrent_json(const struct view_torrent *t)
{
	const struct rec_torrent_row	*r = &t->row;
	json_t				*j = json_object();
	char				 why[WHY_LEN];
	enum why			 reason = why_explain(t, why);

	json_object_set_new(j, "id", json_integer(r->id));
	json_object_set_new(j, "infohash",
	    text_json_hex(r->infohash, sizeof(r->infohash)));
	json_object_set_new(j, "name", text_json(r->name));
	json_object_set_new(j, "state", json_string(tstate_name(r->state)));
	json_object_set_new(j, "reason", json_string(why_name(reason)));
	json_object_set_new(j, "text", text_json(why));
	json_object_set_new(j, "peers", json_integer(r->peers));
	json_object_set_new(j, "useful", json_integer(r->useful));
	json_object_set_new(j, "choking", json_integer(r->choking));
	json_object_set_new(j, "interested", json_integer(r->interested));
	json_object_set_new(j, "served", json_integer(r->served));
	json_object_set_new(j, "candidates", json_integer(r->candidates));
	return j;
}

static json_t *
summary_json(const struct view *view)
{
	json_t	*all = json_object(), *list = json_array();

	for (size_t i = 0; i < view->n; i++)
		json_array_append_new(list, torrent_json(&view->torrents[i]));
	json_object_set_new(all, "torrents", list);
	json_object_set_new(all, "down_rate",
	    json_integer((json_int_t)view->down_rate));
	json_object_set_new(all, "up_rate",
	    json_integer((json_int_t)view->up_rate));
	json_object_set_new(all, "announces_waiting",
	    json_integer(view->announces));
	json_object_set_new(all, "stalled", json_integer(view->stalled));
	json_object_set_new(all, "network", text_json_or_null(view->network));
	json_object_set_new(all, "proxy", text_json_or_null(view->proxy));
	return all;
}
