/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "table.h"
#include "text.h"

static const struct table_column columns[] = {
	{ "ADDRESS", TABLE_LEFT },
	{ "LEFT", TABLE_RIGHT }
};

static const char *
host(const struct rec_ban *b, char buf[ADDR_STRLEN])
{
	struct addr	a = { .port = 0 };

	memcpy(a.ip, b->ip, sizeof(a.ip));
	return addr_host(&a, buf);
}

static void
print_json(const struct rec_ban *v, uint32_t n)
{
	json_t	*all = json_object(), *list = json_array(), *j;
	char	 buf[ADDR_STRLEN];

	for (uint32_t i = 0; i < n; i++) {
		j = json_object();
		json_object_set_new(j, "address",
		    json_string(host(&v[i], buf)));
		json_object_set_new(j, "seconds",
		    json_integer(v[i].seconds));
		json_array_append_new(list, j);
	}
	json_object_set_new(all, "bans", list);
	text_json_print(all);
}

static void
print_table(const struct mimctl *ctx, const struct rec_ban *v, uint32_t n)
{
	struct table	*table = table_new(columns,
			    sizeof(columns) / sizeof(columns[0]));
	char		 buf[ADDR_STRLEN], left[TEXT_LEN];

	for (uint32_t i = 0; i < n; i++) {
		if (ctx->headerless)
			printf("%s\t%u\n", host(&v[i], buf), v[i].seconds);
		table_add(table, host(&v[i], buf));
		table_add(table, text_duration(ctx, v[i].seconds, left));
	}
	if (!ctx->headerless)
		table_print(table, stdout, 0, 0);
	table_free(table);
}

static void
on_message(const struct msg_in *in, void *arg)
{
	const struct mimctl	*ctx = arg;
	const struct rec_ban	*v = in->body.ctl_bans_now.bans.v;
	uint32_t		 n = in->body.ctl_bans_now.bans.n;

	if (in->type != MSG_CTL_BANS_NOW)
		return;
	if (ctx->json)
		print_json(v, n);
	else
		print_table(ctx, v, n);
}

int
show_bans(const struct mimctl *ctx)
{
	return daemon_query(ctx, MSG_CTL_BANS, &(struct msg_ctl_bans){ 0 },
	    on_message, (void *)(uintptr_t)ctx);
}
