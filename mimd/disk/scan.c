/* SPDX-License-Identifier: ISC */
/* Torrents that the state directory holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "bitfield.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "log.h"
#include "magnet.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "part.h"
#include "report.h"
#include "roots.h"
#include "resume.h"
#include "state_file.h"
#include "store.h"

#define HEX_LEN		(2 * SHA1_LEN)

struct scan_entry {
	uint8_t	hash[SHA1_LEN];
	bool	magnet;			/* a link, no .torrent */
};

/* What a torrent is to be made from. */
struct scan_found {
	const struct scan_entry	*entry;
	struct metainfo		*mi;	/* NULL: a link */
	struct magnet		*magnet;
};

struct scan {
	struct scan_entry *entries;	/* links last */
	uint32_t	 n, size, next;
	uint32_t	 nlost;		/* first ones without a good record */
	bool		 second;	/* these have their turn now */
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Does the name begin with a hash? */
static bool
scan_hex(const char *name, uint8_t hash[SHA1_LEN])
{
	int	i, hi, lo;

	if (strlen(name) < HEX_LEN)
		return false;
	for (i = 0; i < SHA1_LEN; i++) {
		hi = hex_value(name[2 * i]);
		lo = hex_value(name[2 * i + 1]);
		if (hi == -1 || lo == -1)
			return false;
		hash[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

/* "<hex>.torrent" or "<hex>.magnet". */
static bool
scan_name(const char *name, struct scan_entry *e)
{
	if (!scan_hex(name, e->hash))
		return false;
	e->magnet = strcmp(name + HEX_LEN, ".magnet") == 0;
	return e->magnet || strcmp(name + HEX_LEN, ".torrent") == 0;
}

/* Where both are, the .torrent was the last to come. */
static int
scan_cmp(const void *pa, const void *pb)
{
	const struct scan_entry	*a = pa, *b = pb;

	return (int)a->magnet - (int)b->magnet;
}

static void
scan_take(const char *name, void *arg)
{
	struct scan		*scan = arg;
	struct scan_entry	 e;

	if (!scan_name(name, &e))
		return;
	if (scan->n == scan->size) {
		scan->size = scan->size ? 2 * scan->size : 64;
		scan->entries = xreallocarray(scan->entries, scan->size,
		    sizeof(*scan->entries));
	}
	scan->entries[scan->n++] = e;
}

struct scan *
scan_new(struct disk *d)
{
	struct scan	*scan = xcalloc(1, sizeof(*scan));

	store_clean(d->torrents);
	store_clean(d->resumes);
	if (io_list(d->torrents, scan_take, scan) == -1)
		log_warn("state directory");
	if (scan->n > 0)
		qsort(scan->entries, scan->n, sizeof(*scan->entries),
		    scan_cmp);
	return scan;
}

void
scan_free(struct scan *scan)
{
	if (scan != NULL)
		free(scan->entries);
	free(scan);
}

static struct metainfo *
scan_metainfo(struct disk *d, const uint8_t *hash)
{
	char		 name[STORE_NAME_MAX], err[METAINFO_ERR_MAX];
	struct metainfo	*mi;
	uint8_t		*buf;
	size_t		 len;

	store_name(hash, ".torrent", name);
	buf = store_read(d->torrents, name, METAINFO_SIZE_MAX, &len);
	if (buf == NULL) {
		state_file_unreadable(d->torrents, name);
		return NULL;
	}
	mi = metainfo_parse(buf, len, err);
	free(buf);
	if (mi != NULL && mi->v1 &&
	    memcmp(mi->infohash, hash, SHA1_LEN) == 0)
		return mi;
	state_file_set_aside(d->torrents, name, "", mi == NULL ? err :
	    "is of another torrent");
	metainfo_free(mi);
	return NULL;
}

static struct magnet *
scan_magnet(struct disk *d, const uint8_t *hash)
{
	char		 name[STORE_NAME_MAX], err[MAGNET_ERR_MAX];
	struct magnet	*magnet;
	uint8_t		*buf;
	size_t		 len;

	store_name(hash, ".magnet", name);
	buf = store_read(d->torrents, name, MAGNET_LINK_MAX, &len);
	if (buf == NULL) {
		if (errno != ENOENT)
			state_file_unreadable(d->torrents, name);
		return NULL;
	}
	magnet = magnet_parse((char *)buf, len, err);
	free(buf);
	if (magnet != NULL && magnet->v1 &&
	    memcmp(magnet->infohash, hash, SHA1_LEN) == 0)
		return magnet;
	state_file_set_aside(d->torrents, name, "", magnet == NULL ? err :
	    "is of another torrent");
	magnet_free(magnet);
	return NULL;
}

static bool
scan_fits(const struct scan_found *f, const struct resume *r)
{
	if (memcmp(r->infohash, f->entry->hash, SHA1_LEN) != 0)
		return false;
	/* Metadata may have come just before the end: the record is older. */
	return r->npieces == 0 || (f->mi != NULL &&
	    r->npieces == f->mi->geom.npieces && r->nfiles == f->mi->nfiles);
}

/* The record, if there is a good one that fits. */
static bool
scan_record(struct disk *d, const struct scan_found *f, struct resume *r)
{
	char		 name[STORE_NAME_MAX];
	const char	*why;
	uint8_t		*buf;
	size_t		 len;

	store_name(f->entry->hash, ".resume", name);
	buf = store_read(d->resumes, name, RESUME_SIZE_MAX, &len);
	if (buf == NULL && errno == ENOENT) {
		log_warnx("%s is not there: the torrent is checked", name);
		return false;
	}
	if (buf == NULL)
		why = file_strerror(errno);
	else if (resume_decode(r, buf, len, &why) == 0) {
		if (scan_fits(f, r)) {
			free(buf);
			return true;
		}
		resume_clear(r);
		why = "is of another torrent";
	}
	free(buf);
	state_file_set_aside(d->resumes, name, ", the torrent is checked", why);
	return false;
}

static struct content *
scan_make(struct disk *d, struct scan_found *f, uint32_t id, uint32_t root,
    const char *subdir, const struct resume *r)
{
	if (f->mi == NULL)
		return content_new_magnet(d, id, root, subdir, f->magnet, r);
	return content_new(d, id, root, subdir, f->mi, r);
}

/* Metadata came just before the end: what the link says was not heeded. */
static void
scan_choose(struct disk *d, struct content *t)
{
	struct magnet	*magnet = scan_magnet(d, t->infohash);

	if (magnet != NULL)
		content_choose(d, t, magnet);
	magnet_free(magnet);
}

static void
scan_with_record(struct disk *d, struct scan_found *f, const struct resume *r)
{
	struct content	*t;
	char		 text[ERROR_MAX + 1], hex[HEX_LEN + 1];
	uint32_t	 root = roots_find(d, r->root), id = r->id;
	uint8_t		*todo = NULL;

	if (content_find(d, id) != NULL) {
		id = d->max_id + 1;
		log_warnx("two torrents of number %u: %s is number %u now",
		    r->id, hash_hex(r->infohash, SHA1_LEN, hex), id);
	}
	t = scan_make(d, f, id, root < ROOTS_MAX ? root : 0, r->subdir, r);
	if (id != r->id)
		content_dirty(d, t, 0);
	if (f->mi != NULL && r->promised && root < ROOTS_MAX &&
	    !roots_away(d, t))
		admit_promised(d, t);
	if (root == ROOTS_MAX) {
		t->root_path = xstrdup(r->root);
		snprintf(text, sizeof(text), "%.400s is not a "
		    "\"download directory\" of the configuration", r->root);
		content_set_state(d, t, DSTATE_ERROR, text);
		move_take(d, t, r);
	} else if (f->mi != NULL && roots_away(d, t)) {
		roots_wait(d, t);
		roots_prove(d, t);
		move_take(d, t, r);
	} else if (f->mi != NULL && r->npieces == 0) {
		move_take(d, t, r);
		move_look_home(d, t);
		scan_choose(d, t);
		if (check_exists(d, t))
			check_want(d, t, NULL);
		content_dirty(d, t, 0);
	} else if (!move_take(d, t, r) && f->mi != NULL &&
	    (todo = check_doubts(d, t)) != NULL)
		check_want(d, t, todo);
	else if (t->home != NULL && content_done(t))
		content_dirty(d, t, 0);		/* and goes home then */
	part_follow(d, t);
	report_content(d, t);
}

static void
scan_without_record(struct disk *d, struct scan_found *f)
{
	struct content	*t;

	t = scan_make(d, f, d->max_id + 1, 0, "", NULL);
	if (f->mi != NULL && check_exists(d, t))
		check_want(d, t, NULL);
	content_dirty(d, t, 0);
	report_content(d, t);
}

/* Its link was to be removed once the .torrent was there. */
static void
scan_drop_magnet(struct disk *d, const uint8_t *hash)
{
	char	name[STORE_NAME_MAX];

	store_name(hash, ".magnet", name);
	if (store_remove(d->torrents, name) == -1)
		log_warn("%s", name);
}

static void
scan_load(struct disk *d, struct scan *scan, const struct scan_entry *e)
{
	struct scan_found	f = { .entry = e };
	struct content		*t = content_find_hash(d, e->hash);
	struct resume		r;

	if (t != NULL) {
		if (e->magnet && t->magnet == NULL && !t->link_left)
			scan_drop_magnet(d, e->hash);
		return;
	}
	if (e->magnet)
		f.magnet = scan_magnet(d, e->hash);
	else
		f.mi = scan_metainfo(d, e->hash);
	if (f.magnet == NULL && f.mi == NULL)
		return;
	if (scan->second)
		scan_without_record(d, &f);
	else if (scan_record(d, &f, &r)) {
		scan_with_record(d, &f, &r);
		resume_clear(&r);
	} else {
		/* Its number must be one that no record has. */
		metainfo_free(f.mi);
		magnet_free(f.magnet);
		scan->entries[scan->nlost++] = *e;
	}
}

/* ---- records alone ---- */

struct lone {
	struct disk	*disk;
	uint8_t		(*hashes)[SHA1_LEN];
	uint32_t	 n;
};

static bool
scan_file_there(int dir, const char *name)
{
	int	fd = io_open(dir, name, O_PATH | O_NOFOLLOW, 0);

	if (fd == -1)
		return errno != ENOENT;
	io_close(fd);
	return true;
}

static void
lone_take(const char *name, void *arg)
{
	struct lone		*lone = arg;
	struct scan_entry	 e;
	char			 file[STORE_NAME_MAX];

	if (!scan_hex(name, e.hash) || strcmp(name + HEX_LEN, ".resume") != 0 ||
	    content_find_hash(lone->disk, e.hash) != NULL ||
	    scan_file_there(lone->disk->torrents,
	    store_name(e.hash, ".torrent", file)) ||
	    scan_file_there(lone->disk->torrents,
	    store_name(e.hash, ".magnet", file)))
		return;
	lone->hashes = xreallocarray(lone->hashes, lone->n + 1,
	    sizeof(*lone->hashes));
	memcpy(lone->hashes[lone->n++], e.hash, SHA1_LEN);
}

static bool
claims_nothing(const struct resume *r)
{
	return r->npieces == 0 || bitfield_count(r->have, r->npieces) == 0;
}

/*
 * A record is written before its .torrent, and removed after it: one alone
 * that claims nothing is of a torrent that was never there.
 */
static void
scan_lone(struct disk *d, const uint8_t *hash)
{
	char		 name[STORE_NAME_MAX];
	struct resume	 r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;
	bool		 nothing = false;

	store_name(hash, ".resume", name);
	buf = store_read(d->resumes, name, RESUME_SIZE_MAX, &len);
	if (buf != NULL && resume_decode(&r, buf, len, &why) == 0) {
		nothing = claims_nothing(&r);
		resume_clear(&r);
	}
	free(buf);
	if (!nothing)
		state_file_set_aside(d->resumes, name, "",
		    "its .torrent is not there");
	else if (store_remove(d->resumes, name) == -1)
		log_warn("%s", name);
}

static void
scan_lones(struct disk *d)
{
	struct lone	lone = { .disk = d };
	uint32_t	i;

	if (io_list(d->resumes, lone_take, &lone) == -1)
		log_warn("state directory");
	for (i = 0; i < lone.n; i++)
		scan_lone(d, lone.hashes[i]);
	free(lone.hashes);
}

int
scan_step(struct disk *d, struct scan *scan)
{
	struct scan_entry	e;

	if (!scan->second && scan->next == scan->n) {
		scan->second = true;
		scan->next = 0;
		scan->n = scan->nlost;
	}
	if (scan->next == scan->n) {
		scan_lones(d);
		return 0;
	}
	e = scan->entries[scan->next++];
	scan_load(d, scan, &e);
	return 1;
}
