/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acceptor.h"
#include "filter.h"
#include "iplist.h"
#include "loop.h"
#include "mem.h"
#include "net.h"

/*
 * The address filter: lists that the parent opened are read here, some in
 * each turn of the loop, and take the place of the old ones when all is in.
 * Until the first are, nobody is let in and nobody connected to.
 */
#define CHUNK		65536U
#define CHUNKS		4	/* of a turn */
#define BYTES_MAX	(512ULL << 20)	/* of a file */

struct filter_file {
	int	 fd;
	char	*path;
	bool	 allow;
};

struct filter {
	struct iplist		 block, allow;		/* in force */
	bool			 loading, loaded;
	struct filter_file	 files[FILTERS_MAX];
	uint32_t		 nfiles, expected, at;
	struct iplist		 new_block, new_allow;
	struct ipreader		 reader;
	uint64_t		 bytes;			/* of files[at] */
	struct loop_timer	*timer;
};

bool
filter_loading(const struct net *net)
{
	const struct filter	*f = net->filter;

	return f != NULL && f->loading && !f->loaded;
}

static bool
filter_blocks(const struct net *net, const uint8_t ip[16])
{
	const struct filter	*f = net->filter;

	return f != NULL && iplist_has(&f->block, ip) &&
	    !iplist_has(&f->allow, ip);
}

bool
net_refuses(const struct net *net, const struct addr *addr)
{
	return filter_blocks(net, addr->ip) ||
	    bans_has(&net->bans, addr->ip, loop_now(net->loop));
}

static void
filter_close_blocked(struct net *net)
{
	struct swarm	*s, *snext;
	struct conn	*c, *next;

	for (s = TAILQ_FIRST(&net->busy); s != NULL; s = snext) {
		snext = TAILQ_NEXT(s, busy_link);
		for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
			next = TAILQ_NEXT(c, link);
			if (filter_blocks(net, c->addr.ip))
				conn_close(c, "blocked");
		}
	}
	for (c = TAILQ_FIRST(&net->newcomers); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (filter_blocks(net, c->addr.ip))
			conn_close(c, "blocked");
	}
}

static void
filter_drop_files(struct filter *f)
{
	uint32_t	i;

	for (i = 0; i < f->nfiles; i++) {
		if (f->files[i].fd != -1)
			close(f->files[i].fd);
		free(f->files[i].path);
	}
	f->nfiles = f->at = 0;
	iplist_clear(&f->new_block);
	iplist_clear(&f->new_allow);
}

static void
filter_in_force(struct net *net)
{
	struct filter	*f = net->filter;
	struct swarm	*s;

	iplist_seal(&f->new_block);
	iplist_seal(&f->new_allow);
	if (f->new_block.dropped || f->new_allow.dropped)
		log_warnx("blocklist: more than %u ranges: the rest is left "
		    "out", IPLIST_MAX);
	iplist_clear(&f->block);
	iplist_clear(&f->allow);
	f->block = f->new_block;
	f->allow = f->new_allow;
	memset(&f->new_block, 0, sizeof(f->new_block));
	memset(&f->new_allow, 0, sizeof(f->new_allow));
	log_info("blocklist: %u ranges, %zu bytes; %u exempt",
	    f->block.n4 + f->block.n6, iplist_bytes(&f->block) +
	    iplist_bytes(&f->allow), f->allow.n4 + f->allow.n6);
	filter_drop_files(f);
	f->loading = false;
	f->loaded = true;
	filter_close_blocked(net);
	acceptor_begin(net);
	RB_FOREACH(s, swarm_ids, &net->swarms)
		if (s->cands.n > 0)
			swarm_connect(s);
}

/* One file is read, as far as it goes. */
static void
filter_file_done(struct filter *f)
{
	struct filter_file	*file = &f->files[f->at];

	iplist_feed_end(file->allow ? &f->new_allow : &f->new_block,
	    &f->reader);
	if (f->reader.broken > 0)
		log_warnx("%s: %u of %u lines not understood, first line %u",
		    file->path, f->reader.broken, f->reader.lines,
		    f->reader.first_broken);
	memset(&f->reader, 0, sizeof(f->reader));
	f->bytes = 0;
	close(file->fd);
	file->fd = -1;
	f->at++;
}

/* False at the end of a file. */
static bool
filter_read(struct filter *f)
{
	static char		 buf[CHUNK];
	struct filter_file	*file = &f->files[f->at];
	ssize_t			 n;

	n = read(file->fd, buf, sizeof(buf));
	if (n == -1 && errno == EINTR)
		return true;
	if (n == -1)
		log_warn("%s", file->path);
	if (n <= 0)
		return false;
	iplist_feed(file->allow ? &f->new_allow : &f->new_block, &f->reader,
	    buf, (size_t)n);
	f->bytes += (uint64_t)n;
	if (f->bytes < BYTES_MAX)
		return true;
	log_warnx("%s: too large, the rest is left out", file->path);
	return false;
}

static void
filter_step(void *arg)
{
	struct net	*net = arg;
	struct filter	*f = net->filter;
	int		 i;

	for (i = 0; i < CHUNKS && f->at < f->nfiles; i++)
		if (!filter_read(f))
			filter_file_done(f);
	if (f->at < f->nfiles)
		loop_timer_set(f->timer, 0);
	else
		filter_in_force(net);
}

void
filter_begin(struct net *net, uint32_t nfiles)
{
	struct filter	*f = net->filter;

	if (f == NULL && nfiles == 0)
		return;
	if (f == NULL) {
		f = net->filter = xcalloc(1, sizeof(*f));
		f->timer = loop_timer_new(net->loop, filter_step, net);
	}
	filter_drop_files(f);
	memset(&f->reader, 0, sizeof(f->reader));
	f->bytes = 0;
	f->expected = nfiles;
	f->loading = true;
	loop_timer_clear(f->timer);
	if (nfiles == 0)
		filter_in_force(net);
}

void
filter_file(struct net *net, int fd, const char *path, bool allow)
{
	struct filter		*f = net->filter;
	struct filter_file	*file;

	if (f == NULL || f->nfiles >= f->expected) {
		close(fd);
		return;
	}
	file = &f->files[f->nfiles++];
	file->fd = fd;
	file->path = xstrdup(path);
	file->allow = allow;
	/* It is shared with the parent and with those before us. */
	if (lseek(fd, 0, SEEK_SET) == -1)
		log_warn("%s", path);
	if (f->nfiles == f->expected)
		loop_timer_set(f->timer, 0);
}
