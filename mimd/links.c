/* SPDX-License-Identifier: ISC */
#include "links.h"

#include <fcntl.h>

#include "arena.h"
#include "log.h"
#include "parent.h"

static void	link_on_closed(void *);

static struct proc *
link_end(const struct link *link, enum link_end end)
{
	return parent_child(link->parent, end == LINK_DISK ? ROLE_DISK :
	    link->to);
}

void
links_init(struct parent *parent)
{
	static const enum role	 to[LINKS] = {
		[LINK_PEER] = ROLE_PEER,
		[LINK_TRACKER] = ROLE_TRACKER,
	};
	struct link		*link;
	int			 i;

	for (i = 0; i < LINKS; i++) {
		link = &parent->links[i];
		link->parent = parent;
		link->to = to[i];
		link->closed = loop_timer_new(parent->loop, link_on_closed,
		    link);
	}
}

void
links_clear(struct parent *parent)
{
	int	i;

	for (i = 0; i < LINKS; i++)
		loop_timer_free(parent->links[i].closed);
}

void
links_on_started(struct parent *parent, enum role role)
{
	int	i;

	for (i = 0; i < LINKS; i++)
		if (role == ROLE_DISK || role == parent->links[i].to)
			link_make(&parent->links[i]);
}

void
link_make(struct link *link)
{
	struct parent		*parent = link->parent;
	struct proc		*net = link_end(link, LINK_NET);
	struct proc		*disk = link_end(link, LINK_DISK);
	struct msg_data_channel	 channel = {
		.seeds = link->to == ROLE_TRACKER,
	};
	struct msg_data_arena	 arena = {
		.nslots = LINK_SEED_SLOTS,
		.seeds = link->to == ROLE_TRACKER,
	};
	int			 fd, copy, fds[2];

	if (!proc_up(net) || !proc_up(disk))
		return;
	loop_timer_clear(link->closed);
	link->cut[LINK_NET] = link->cut[LINK_DISK] = false;
	channel.link = link->id = ++parent->last_link;
	if (link->to == ROLE_PEER)
		arena.nslots = (uint32_t)(parent->conf->cache / ARENA_SLOT);
	if ((fd = arena_create(arena.nslots)) == -1)
		fatal("cache");
	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		fatal("out of descriptors");
	if (chan_pair(fds) == -1)
		fatal("socketpair");
	proc_send_fd(net, MSG_DATA_ARENA, &arena, copy);
	proc_send_fd(disk, MSG_DATA_ARENA, &arena, fd);
	proc_send_fd(net, MSG_DATA_CHANNEL, &channel, fds[0]);
	proc_send_fd(disk, MSG_DATA_CHANNEL, &channel, fds[1]);
}

/*
 * A live child closes its channel only to do harm.  When each says that the
 * other did, one of them lies: neither is kept.
 */
static void
link_on_closed(void *arg)
{
	struct link	*link = arg;
	struct proc	*p;
	int		 i;
	bool		 both = link->cut[LINK_NET] && link->cut[LINK_DISK];

	if (link->parent->phase >= PARENT_HALTING)
		return;
	for (i = 0; i < 2; i++) {
		p = link_end(link, i);
		if (link->cut[i] && proc_up(p))
			proc_breach(p, both ? "it or its sibling closed "
			    "their data channel" : "closed its data channel");
	}
}

void
links_on_broken(struct parent *parent, struct proc *p,
    const struct msg_data_broken *m)
{
	struct link	*link;
	struct proc	*other;
	enum link_end	 end;
	int		 i;

	if (m->link == 0 || parent->phase >= PARENT_HALTING)
		return;
	for (i = 0; i < LINKS; i++)
		if (parent->links[i].id == m->link)
			break;
	/* Anything else is of an older channel, whose end is long gone. */
	if (i == LINKS)
		return;
	link = &parent->links[i];
	if (p->role != ROLE_DISK && p->role != link->to)
		return;
	end = p->role == ROLE_DISK ? LINK_NET : LINK_DISK;
	other = link_end(link, end);
	if (m->closed) {
		link->cut[end] = true;
		loop_timer_set(link->closed, LINK_BREAK_MS);
	} else if (proc_up(other))
		proc_blame(p, other, m->why);
}
