/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "control.h"
#include "fetches.h"
#include "log.h"
#include "mem.h"
#include "memfile.h"
#include "parent.h"

static struct fetch *
find(struct fetches *fetches, uint32_t id)
{
	struct fetch	*f;

	for (f = fetches->v; f < fetches->v + FETCHES_MAX; f++)
		if (f->id == id)
			return f;
	return NULL;
}

static void
release(struct fetch *f)
{
	if (f->fd != -1)
		close(f->fd);
	free(f->url);
	free(f->dir);
	choice_free(f->choice);
	*f = (struct fetch){ .id = 0 };
}

static void
fail(struct parent *parent, struct fetch *f, const char *why)
{
	uint64_t	client = f->client;

	release(f);
	control_refused(parent->control, client, why);
}

/* What a tracker that died has left in the file is no good. */
static void
ask(struct parent *parent, struct fetch *f)
{
	struct msg_torrent_fetch	 m = { .fetch = f->id, .url = f->url };
	int				 fd;

	if (f->tries++ == FETCH_TRIES) {
		fail(parent, f, "the tracker process died over it");
		return;
	}
	if (ftruncate(f->fd, 0) == -1 || lseek(f->fd, 0, SEEK_SET) == -1 ||
	    (fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		fail(parent, f, strerror(errno));
		return;
	}
	f->sent = true;
	proc_send_fd(parent_child(parent, ROLE_TRACKER), MSG_TORRENT_FETCH,
	    &m, fd);
}

void
fetches_send(struct parent *parent)
{
	struct fetch	*f = parent->fetches.v;

	if (!proc_up(parent_child(parent, ROLE_TRACKER)))
		return;
	for (; f < parent->fetches.v + FETCHES_MAX; f++)
		if (f->id != 0 && !f->sent)
			ask(parent, f);
}

void
fetches_on_down(struct parent *parent)
{
	struct fetch	*f = parent->fetches.v;

	for (; f < parent->fetches.v + FETCHES_MAX; f++)
		f->sent = false;
}

const char *
fetches_add(struct parent *parent, const struct msg_ctl_add_url *m,
    uint64_t client)
{
	struct fetches	*fetches = &parent->fetches;
	struct fetch	*f;
	int		 fd;

	if ((f = find(fetches, 0)) == NULL)
		return "too many torrents are being fetched: try again";
	if ((fd = memfile_new("torrent")) == -1)
		return strerror(errno);
	do
		fetches->last++;
	while (find(fetches, fetches->last) != NULL);
	*f = (struct fetch){
		.id = fetches->last, .fd = fd,
		.url = xstrdup(m->url), .dir = xstrdup(m->dir),
		.choice = choice_unpack(m->only.v, m->only.n, m->except.v,
		    m->except.n),
		.client = client, .paused = m->paused, .check = m->check
	};
	fetches_send(parent);
	return NULL;
}

void
fetches_on_fetched(struct parent *parent, const struct msg_torrent_fetched *m)
{
	struct fetch	*f = find(&parent->fetches, m->fetch);
	struct fetch	 done;

	if (f == NULL)
		return;
	if (*m->error != '\0') {
		fail(parent, f, m->error);
		return;
	}
	/* It fails while tracker still has a way to change it. */
	if (fcntl(f->fd, F_ADD_SEALS, MEMFILE_FROZEN) == -1) {
		log_warn("cannot seal a torrent that tracker fetched");
		fail(parent, f, "cannot seal what was fetched");
		return;
	}
	done = *f;
	f->fd = -1;
	f->dir = NULL;
	f->choice = NULL;
	release(f);
	control_add(parent, done.client, done.fd, NULL, done.choice, done.dir,
	    done.paused, done.check);
	free(done.dir);
}

void
fetches_clear(struct fetches *fetches)
{
	struct fetch	*f = fetches->v;

	for (; f < fetches->v + FETCHES_MAX; f++)
		if (f->id != 0)
			release(f);
}
