/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "registry.h"

/* Moves that the user ordered: kept until disk has answered. */

void
torrent_order_free(struct torrent *t)
{
	if (t->order == NULL)
		return;
	free(t->order->arg);
	free(t->order);
	t->order = NULL;
}

static void
end_order(struct registry *reg, struct torrent *t, const char *error)
{
	uint64_t	client = t->order->client;

	torrent_order_free(t);
	reg->ops->moved(client, t->id, error, reg->arg);
}

void
registry_send_order(struct registry *reg, struct torrent *t)
{
	struct torder		*o = t->order;
	struct msg_torrent_move	 m = { .id = t->id, .name = "" };
	char			 subdir[PATH_LEN_MAX + 1] = "";

	if (o == NULL || o->sent || !reg->scanned ||
	    !reg->ops->up(ROLE_DISK, reg->arg))
		return;
	m.what = o->what;
	m.file = o->file;
	m.subdir = subdir;
	if (o->what == MOVE_RENAME)
		m.name = o->arg;
	else if (reg->ops->place(o->arg, &m.root, subdir, sizeof(subdir),
	    reg->arg) == -1) {
		end_order(reg, t, "not inside a \"download directory\" of "
		    "mimd.conf");
		return;
	}
	o->sent = true;
	reg->ops->send(ROLE_DISK, MSG_TORRENT_MOVE, &m, -1, reg->arg);
}

void
registry_move(struct registry *reg, struct torrent *t, enum move_what what,
    uint32_t file, const char *arg, uint64_t client)
{
	if (t->order != NULL)
		end_order(reg, t, "another order came before it was done");
	t->order = xcalloc(1, sizeof(*t->order));
	t->order->what = (uint8_t)what;
	t->order->file = file;
	t->order->arg = xstrdup(arg);
	t->order->client = client;
	registry_send_order(reg, t);
}

void
registry_on_moved(struct registry *reg, const struct msg_torrent_moved *m)
{
	struct torrent	*t = registry_find(reg, m->id);

	if (t != NULL && t->order != NULL && t->order->sent)
		end_order(reg, t, m->error);
}
