/* SPDX-License-Identifier: ISC */
/* Torrents that are added. */
#include "add.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "file.h"
#include "io.h"
#include "magnet_msg.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "report.h"
#include "roots.h"
#include "save.h"

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* The bytes of a sealed memfd, or NULL with a reason. */
static uint8_t *
read_memfd(int fd, size_t *len, const char **why)
{
	struct stat	 st;
	uint8_t		*buf;
	size_t		 done = 0;
	ssize_t		 n;
	int		 seals = fcntl(fd, F_GET_SEALS);

	*why = "not a sealed memfd";
	if (seals == -1 || (seals & SEALS) != SEALS || io_fstat(fd, &st) == -1)
		return NULL;
	*why = "too large for a .torrent file";
	if (st.st_size < 0 || (uint64_t)st.st_size > METAINFO_SIZE_MAX)
		return NULL;
	*why = "cannot be read";
	buf = xmalloc((size_t)st.st_size + 1);
	while (done < (size_t)st.st_size) {
		n = io_pread(fd, buf + done, (size_t)st.st_size - done,
		    (off_t)done);
		if (n <= 0 && !(n == -1 && errno == EINTR)) {
			free(buf);
			return NULL;
		}
		if (n > 0)
			done += (size_t)n;
	}
	*len = done;
	return buf;
}

/* Refuses a torrent that is there; one added twice is reported again. */
static bool
is_new(struct disk *d, struct content *t, uint32_t id)
{
	if (t == NULL)
		return true;
	if (t->id != id)
		report_refused(d, id, "already there as number %u%s", t->id,
		    t->magnet != NULL ? ", by its magnet link" : "");
	else if (!t->removing) {
		t->untold = true;
		report_content(d, t);
	}
	return false;
}

/* May its number and place be used?  Refuses it if not. */
static bool
may_place(struct disk *d, uint32_t id, uint32_t root, const char *subdir)
{
	if (content_find(d, id) != NULL)
		report_refused(d, id, "number %u is taken", id);
	else if (d->roots[root].why != NULL)
		report_refused(d, id, "%s: %s", d->roots[root].path,
		    d->roots[root].why);
	else if (d->roots[root].fd == -1 || !file_subdir_ok(subdir))
		report_refused(d, id, "not beneath a download directory");
	else
		return true;
	return false;
}

/* Is this torrent, at this place, one to be had?  Refuses it if not. */
static bool
may_add(struct disk *d, const struct msg_torrent_add *m,
    const struct metainfo *mi)
{
	struct content	*other;

	if (!mi->v1) {
		report_refused(d, m->id,
		    "BitTorrent v2 only torrents are not supported yet");
		return false;
	}
	if (!is_new(d, content_find_hash(d, mi->infohash), m->id) ||
	    !may_place(d, m->id, m->root, m->subdir) || (m->away &&
	    !may_place(d, m->id, m->away_root, m->away_subdir)))
		return false;
	other = content_clash(d, m->root, m->subdir, mi, NULL);
	if (other == NULL && m->away)
		other = content_clash(d, m->away_root, m->away_subdir, mi,
		    NULL);
	if (other == NULL)
		return true;
	report_refused(d, m->id, "its files would be those of torrent %u; "
	    "with -d they lie elsewhere", other->id);
	return false;
}

void
add_on_torrent(struct chan *c, const struct msg_torrent_add *m, void *arg)
{
	char		 err[METAINFO_ERR_MAX];
	struct disk	*d = arg;
	struct metainfo	*mi = NULL;
	struct content	*t;
	struct choice	*choice;
	const char	*why = err;
	uint8_t		*buf, *prios;
	size_t		 len;
	int		 fd = chan_take_fd(c);

	buf = read_memfd(fd, &len, &why);
	close(fd);
	if (buf != NULL) {
		why = err;
		mi = metainfo_parse(buf, len, err);
	}
	if (mi == NULL)
		report_refused(d, m->id, "%s", why);
	if (mi == NULL || !may_add(d, m, mi)) {
		metainfo_free(mi);
		free(buf);
		return;
	}
	choice = choice_unpack(m->only.v, m->only.n, m->except.v, m->except.n);
	prios = choice_apply(choice, mi, &why);
	choice_free(choice);
	if (why != NULL) {
		report_refused(d, m->id, "%s", why);
		free(prios);
		metainfo_free(mi);
		free(buf);
		return;
	}
	t = content_new(d, m->id, m->away ? m->away_root : m->root,
	    m->away ? m->away_subdir : m->subdir, mi, NULL);
	if (m->away)
		move_set_home(t, d->roots[m->root].path, m->subdir);
	move_look_home(d, t);
	t->prios = prios;
	content_prios_changed(d, t);
	t->paused = m->paused;
	t->added = m->added;
	/* Data that is there is never overwritten unseen. */
	if (check_exists(d, t))
		check_want(d, t, NULL);
	roots_used(d, m->root);
	save_new(d, t, buf, len);
	report_content(d, t);
}

void
add_on_magnet(struct chan *c, const struct msg_magnet_add *m, void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find_hash(d, m->infohash);
	struct choice	*choice;
	char		*link;

	(void)c;
	if (!is_new(d, t, m->id) ||
	    !may_place(d, m->id, m->root, m->subdir) || (m->away &&
	    !may_place(d, m->id, m->away_root, m->away_subdir)))
		return;
	t = content_new_magnet(d, m->id, m->away ? m->away_root : m->root,
	    m->away ? m->away_subdir : m->subdir,
	    magnet_unpack(m->infohash, m->name, m->trackers.v, m->trackers.n,
	    m->webseeds.v, m->webseeds.n, m->peers.v, m->peers.n), NULL);
	if (m->away)
		move_set_home(t, d->roots[m->root].path, m->subdir);
	t->paused = m->paused;
	t->added = m->added;
	roots_used(d, m->root);
	choice = choice_unpack(m->only.v, m->only.n, m->except.v, m->except.n);
	magnet_choose(t->magnet, choice);
	choice_free(choice);
	link = magnet_format(t->magnet);
	save_new(d, t, (uint8_t *)link, strlen(link));
	report_content(d, t);
}
