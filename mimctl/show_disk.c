/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "msg.h"
#include "show.h"
#include "table.h"
#include "text.h"

/* What the daemon told, its strings copied. */
struct storage {
	struct msg_ctl_volume	*volumes;
	size_t			 n;
	struct msg_ctl_storage	 now;
};

static const struct table_column columns[] = {
	{ "DIRECTORY", TABLE_CUT },
	{ "DEVICE", TABLE_LEFT },
	{ "FREE", TABLE_RIGHT },
	{ "SIZE", TABLE_RIGHT },
	{ "TORRENTS", TABLE_RIGHT },
	{ "READ", TABLE_RIGHT },
	{ "RATE", TABLE_RIGHT },
	{ "WRITTEN", TABLE_RIGHT },
	{ "RATE", TABLE_RIGHT },
	{ "CHECKS", TABLE_RIGHT }
};

static const char *
device_name(const struct msg_ctl_volume *v)
{
	static const char *const	names[] = {
		[DEVICE_UNKNOWN] = "unknown",
		[DEVICE_ROTATING] = "rotating", [DEVICE_SOLID] = "solid"
	};

	return v->there ? names[v->device] : "missing";
}

static void
on_message(const struct msg_in *in, void *arg)
{
	struct storage		*s = arg;
	struct msg_ctl_volume	*v;

	if (in->type == MSG_CTL_STORAGE)
		s->now = in->body.ctl_storage;
	if (in->type != MSG_CTL_VOLUME || s->n == ROOTS_MAX)
		return;
	s->volumes = xreallocarray(s->volumes, s->n + 1, sizeof(*v));
	v = &s->volumes[s->n++];
	*v = in->body.ctl_volume;
	v->dir = xstrdup(v->dir);
	v->error = xstrdup(v->error);
}

/* Of the blocks sent, those that disk did not have to be asked for; %. */
static double
hit_rate(const struct msg_ctl_storage *now)
{
	return now->read >= now->sent ? 0 :
	    100.0 * (double)(now->sent - now->read) / (double)now->sent;
}

static void
add_volume(const struct mimctl *ctx, struct table *table,
    const struct msg_ctl_volume *v)
{
	char	buf[TEXT_LEN];

	table_add_safe(table, v->dir);
	table_add(table, device_name(v));
	table_add(table, text_bytes(ctx, v->free, buf));
	table_add(table, text_bytes(ctx, v->size, buf));
	table_addf(table, "%u", v->torrents);
	table_add(table, text_bytes(ctx, v->read, buf));
	table_add(table, text_rate(ctx, v->read_rate, buf));
	table_add(table, text_bytes(ctx, v->written, buf));
	table_add(table, text_rate(ctx, v->write_rate, buf));
	table_addf(table, "%u/%u", v->checking, v->checking + v->queued);
}

static void
add_error(const struct mimctl *ctx, struct table *table,
    const struct msg_ctl_volume *v)
{
	char	when[TEXT_LEN], line[TEXT_LEN + ERROR_MAX + 8];

	if (*v->error == '\0')
		return;
	snprintf(line, sizeof(line), "%s: %s",
	    text_time(ctx, v->error_at, when), v->error);
	table_note_safe(table, line);
}

static void
print_text(const struct mimctl *ctx, const struct storage *s)
{
	const struct msg_ctl_storage	*now = &s->now;
	struct table			*table;
	char				 a[TEXT_LEN], b[TEXT_LEN];

	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < s->n; i++) {
		add_volume(ctx, table, &s->volumes[i]);
		add_error(ctx, table, &s->volumes[i]);
	}
	table_print(table, stdout, table_width(), 0);
	table_free(table);
	printf("cache: %s of %s in use, %u blocks being read, %u being "
	    "written",
	    text_bytes(ctx, (uint64_t)now->used * SLOT_SIZE, a),
	    text_bytes(ctx, (uint64_t)now->slots * SLOT_SIZE, b),
	    now->reading, now->writing);
	if (now->sent > 0)
		printf(", hit rate %.1f%%", hit_rate(now));
	printf("\nrecords to be saved: %u\n", now->saving);
	if (now->stalled > 0)
		printf("disk has not answered for %s\n",
		    text_duration(ctx, now->stalled, a));
}

static void
print_rows(const struct storage *s)
{
	const struct msg_ctl_volume	*v;
	char				*dir, *error;

	for (size_t i = 0; i < s->n; i++) {
		v = &s->volumes[i];
		dir = text_safe(v->dir);
		error = text_field(v->error);
		printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%u\t%" PRIu64
		    "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%u\t%u\t",
		    dir, device_name(v), v->free, v->size, v->torrents,
		    v->read, v->read_rate, v->written, v->write_rate,
		    v->checking, v->queued);
		if (v->error_at == 0)
			printf("-\t%s\n", error);
		else
			printf("%" PRIu64 "\t%s\n", v->error_at, error);
		free(dir);
		free(error);
	}
}

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
volume_json(const struct msg_ctl_volume *v)
{
	json_t	*j = json_object();

	json_object_set_new(j, "dir", text_json(v->dir));
	json_object_set_new(j, "device", json_string(device_name(v)));
	json_object_set_new(j, "free", number(v->free));
	json_object_set_new(j, "size", number(v->size));
	json_object_set_new(j, "torrents", number(v->torrents));
	json_object_set_new(j, "read", number(v->read));
	json_object_set_new(j, "read_rate", number(v->read_rate));
	json_object_set_new(j, "written", number(v->written));
	json_object_set_new(j, "write_rate", number(v->write_rate));
	json_object_set_new(j, "checking", number(v->checking));
	json_object_set_new(j, "queued", number(v->queued));
	json_object_set_new(j, "error", text_json_or_null(v->error));
	json_object_set_new(j, "error_at", v->error_at == 0 ? json_null() :
	    number(v->error_at));
	return j;
}

static json_t *
storage_json(const struct storage *s)
{
	const struct msg_ctl_storage	*now = &s->now;
	json_t				*all = json_object();
	json_t				*list = json_array();
	json_t				*cache = json_object();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(list, volume_json(&s->volumes[i]));
	json_object_set_new(all, "directories", list);
	json_object_set_new(cache, "size",
	    number((uint64_t)now->slots * SLOT_SIZE));
	json_object_set_new(cache, "used",
	    number((uint64_t)now->used * SLOT_SIZE));
	json_object_set_new(cache, "slots", number(now->slots));
	json_object_set_new(cache, "slots_used", number(now->used));
	json_object_set_new(cache, "slots_cached", number(now->cached));
	json_object_set_new(cache, "slots_reading", number(now->reading));
	json_object_set_new(cache, "slots_writing", number(now->writing));
	json_object_set_new(cache, "blocks_sent", number(now->sent));
	json_object_set_new(cache, "blocks_read", number(now->read));
	json_object_set_new(cache, "hit_rate", now->sent == 0 ? json_null() :
	    json_real(hit_rate(now) / 100));
	json_object_set_new(all, "cache", cache);
	json_object_set_new(all, "saving", number(now->saving));
	json_object_set_new(all, "stalled", number(now->stalled));
	return all;
}

int
show_disk(const struct mimctl *ctx)
{
	struct storage	s = { 0 };
	int		status;

	status = daemon_query(ctx, MSG_CTL_DISK, &(struct msg_ctl_disk){ 0 },
	    on_message, &s);
	if (status == CTL_OK) {
		if (ctx->json)
			text_json_print(storage_json(&s));
		else if (ctx->headerless)
			print_rows(&s);
		else
			print_text(ctx, &s);
	}
	for (size_t i = 0; i < s.n; i++) {
		free((void *)(uintptr_t)s.volumes[i].dir);
		free((void *)(uintptr_t)s.volumes[i].error);
	}
	free(s.volumes);
	return status;
}
