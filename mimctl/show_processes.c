/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "table.h"
#include "text.h"

#define WALLS_LEN	128

static const struct table_column columns[] = {
	{ "PROCESS", TABLE_LEFT },
	{ "PID", TABLE_RIGHT },
	{ "UID", TABLE_RIGHT },
	{ "UPTIME", TABLE_RIGHT },
	{ "MEMORY", TABLE_RIGHT },
	{ "SHARED", TABLE_RIGHT },
	{ "CPU", TABLE_RIGHT },
	{ "RESTARTS", TABLE_RIGHT },
	{ "WALLS", TABLE_LEFT }
};

static const struct {
	uint16_t	 wall;
	const char	*word;
} walls[] = {
	{ WALL_USER, "user" },
	{ WALL_CHROOT, "chroot" },
	{ WALL_CAPS, "no-caps" },
	{ WALL_NO_NEW_PRIVS, "no-new-privs" },
	{ WALL_LANDLOCK, "landlock" },
	{ WALL_SECCOMP, "seccomp" },
	{ WALL_RLIMITS, "rlimits" }
};

struct showing {
	const struct mimctl	*ctx;
	struct table		*table;
	json_t			*list;
};

static void	on_message(const struct msg_in *in, void *arg);
static void	print(struct showing *show);

int
show_processes(const struct mimctl *ctx)
{
	struct showing	show = { .ctx = ctx };
	int		status;

	show.table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	show.list = json_array();
	status = daemon_query(ctx, MSG_CTL_PROCESSES,
	    &(struct msg_ctl_processes){ 0 }, on_message, &show);
	if (status == CTL_OK)
		print(&show);
	json_decref(show.list);
	table_free(show.table);
	return status;
}

static uint64_t
private_memory(const struct rec_process *p)
{
	return p->rss > p->shared ? p->rss - p->shared : 0;
}

/* The walls that stand, in words. */
static char *
walls_text(const struct rec_process *p, char buf[WALLS_LEN])
{
	char	abi[16];

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
		if (!(p->walls & walls[i].wall))
			continue;
		if (buf[0] != '\0')
			strlcat(buf, " ", WALLS_LEN);
		strlcat(buf, walls[i].word, WALLS_LEN);
		if (walls[i].wall != WALL_LANDLOCK)
			continue;
		snprintf(abi, sizeof(abi), ":%u", p->landlock_abi);
		strlcat(buf, abi, WALLS_LEN);
	}
	return buf[0] == '\0' ? strcpy(buf, "-") : buf;
}

static void
add_line(const struct mimctl *ctx, struct table *table,
    const struct rec_process *p)
{
	char	buf[TEXT_LEN], words[WALLS_LEN];

	table_add(table, role_name((enum role)p->role));
	if (p->pid == 0)
		table_add(table, "-");
	else
		table_addf(table, "%u", p->pid);
	table_addf(table, "%u", p->uid);
	table_add(table, text_duration(ctx, p->uptime, buf));
	table_add(table, text_bytes(ctx, private_memory(p), buf));
	table_add(table, text_bytes(ctx, p->shared, buf));
	table_addf(table, "%" PRIu64 ".%02us", p->cpu_ms / 1000,
	    (unsigned)(p->cpu_ms % 1000 / 10));
	table_addf(table, "%u", p->restarts);
	table_add(table, p->pid == 0 ? "waiting to restart" :
	    walls_text(p, words));
}

static void
print_row(const struct rec_process *p)
{
	char	words[WALLS_LEN];

	printf("%s\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%u\t%s\n", role_name((enum role)p->role), p->pid, p->uid,
	    p->uptime, private_memory(p), p->shared, p->cpu_ms, p->restarts,
	    walls_text(p, words));
}

static json_t *
process_json(const struct rec_process *p)
{
	json_t	*j = json_object(), *list = json_array();

	json_object_set_new(j, "role",
	    json_string(role_name((enum role)p->role)));
	json_object_set_new(j, "pid", p->pid == 0 ? json_null() :
	    json_integer(p->pid));
	json_object_set_new(j, "uid", json_integer(p->uid));
	json_object_set_new(j, "uptime", json_integer((json_int_t)p->uptime));
	json_object_set_new(j, "memory",
	    json_integer((json_int_t)private_memory(p)));
	json_object_set_new(j, "shared", json_integer((json_int_t)p->shared));
	json_object_set_new(j, "cpu_ms", json_integer((json_int_t)p->cpu_ms));
	json_object_set_new(j, "restarts", json_integer(p->restarts));
	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++)
		if (p->walls & walls[i].wall)
			json_array_append_new(list,
			    json_string(walls[i].word));
	json_object_set_new(j, "walls", list);
	json_object_set_new(j, "landlock_abi", p->landlock_abi == 0 ?
	    json_null() : json_integer(p->landlock_abi));
	return j;
}

static void
on_message(const struct msg_in *in, void *arg)
{
	const struct rec_process	*p;
	struct showing			*show = arg;

	if (in->type != MSG_CTL_PROCESS_ROWS)
		return;
	for (uint32_t i = 0; i < in->body.ctl_process_rows.rows.n; i++) {
		p = &in->body.ctl_process_rows.rows.v[i];
		if (show->ctx->json)
			json_array_append_new(show->list, process_json(p));
		else if (show->ctx->headerless)
			print_row(p);
		else
			add_line(show->ctx, show->table, p);
	}
}

static void
print(struct showing *show)
{
	json_t	*all;

	if (show->ctx->json) {
		all = json_object();
		json_object_set(all, "processes", show->list);
		text_json_print(all);
	} else if (!show->ctx->headerless)
		table_print(show->table, stdout, 0, 0);
}
