/* SPDX-License-Identifier: ISC */
/* Torrents that the state directory holds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "content.h"
#include "disk.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "report.h"
#include "resume.h"
#include "store.h"

#define HEX_LEN		(2 * SHA1_LEN)

struct scan {
	uint8_t		(*hashes)[SHA1_LEN];
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

/* The infohash of "<hex>.torrent". */
static bool
scan_name(const char *name, uint8_t hash[SHA1_LEN])
{
	int	i, hi, lo;

	if (strlen(name) != HEX_LEN + strlen(".torrent") ||
	    strcmp(name + HEX_LEN, ".torrent") != 0)
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

struct scan *
scan_new(struct disk *d)
{
	struct scan	*scan = xcalloc(1, sizeof(*scan));
	struct dirent	*de;
	uint8_t		 hash[SHA1_LEN];
	DIR		*dir;
	int		 fd;

	fd = openat(d->torrents, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		log_warn("state directory");
		if (fd != -1)
			close(fd);
		return scan;
	}
	while ((de = readdir(dir)) != NULL) {
		if (!scan_name(de->d_name, hash))
			continue;
		if (scan->n == scan->size) {
			scan->size = scan->size ? 2 * scan->size : 64;
			scan->hashes = xreallocarray(scan->hashes,
			    scan->size, SHA1_LEN);
		}
		memcpy(scan->hashes[scan->n++], hash, SHA1_LEN);
	}
	closedir(dir);
	return scan;
}

void
scan_free(struct scan *scan)
{
	if (scan != NULL)
		free(scan->hashes);
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
		log_warn("%s", name);
		return NULL;
	}
	mi = metainfo_parse(buf, len, err);
	free(buf);
	if (mi != NULL && mi->v1 &&
	    memcmp(mi->infohash, hash, SHA1_LEN) == 0)
		return mi;
	log_warnx("%s: set aside as %s.bad: %s", name, name,
	    mi == NULL ? err : "is of another torrent");
	metainfo_free(mi);
	if (store_set_aside(d->torrents, name) == -1)
		log_warn("%s", name);
	return NULL;
}

/* The record, if there is a good one that fits. */
static bool
scan_record(struct disk *d, const uint8_t *hash, const struct metainfo *mi,
    struct resume *r)
{
	char		 name[STORE_NAME_MAX];
	const char	*why;
	uint8_t		*buf;
	size_t		 len;
	int		 rc;

	store_name(hash, ".resume", name);
	buf = store_read(d->resumes, name, RESUME_SIZE_MAX, &len);
	if (buf == NULL && errno == ENOENT) {
		log_warnx("%s is not there: the torrent is checked", name);
		return false;
	}
	if (buf == NULL)
		why = strerror(errno);
	else if ((rc = resume_decode(r, buf, len, &why)) == 0) {
		if (memcmp(r->infohash, hash, SHA1_LEN) == 0 &&
		    r->npieces == mi->geom.npieces && r->nfiles == mi->nfiles) {
			free(buf);
			return true;
		}
		resume_clear(r);
		why = "is of another torrent";
	}
	free(buf);
	log_warnx("%s: set aside as %s.bad, the torrent is checked: %s", name,
	    name, why);
	if (store_set_aside(d->resumes, name) == -1)
		log_warn("%s", name);
	return false;
}

static uint32_t
scan_root(const struct disk *d, const char *path)
{
	uint32_t	i;

	for (i = 0; i < ROOTS_MAX; i++)
		if (d->roots[i].fd != -1 &&
		    strcmp(d->roots[i].path, path) == 0)
			return i;
	return ROOTS_MAX;
}

static void
scan_with_record(struct disk *d, struct metainfo *mi, const struct resume *r)
{
	struct content	*t;
	char		 text[ERROR_MAX + 1];
	uint32_t	 root = scan_root(d, r->root), id = r->id;
	uint8_t		*todo;

	if (content_find(d, id) != NULL)
		id = d->max_id + 1;
	t = content_new(d, id, root < ROOTS_MAX ? root : 0, r->subdir, mi, r);
	if (root == ROOTS_MAX) {
		t->root_path = xstrdup(r->root);
		snprintf(text, sizeof(text), "%.400s is not a "
		    "\"download directory\" of the configuration", r->root);
		content_set_state(d, t, DSTATE_ERROR, text);
	} else if ((todo = check_doubts(d, t)) != NULL)
		check_want(d, t, todo);
	report_content(d, t);
}

static void
scan_without_record(struct disk *d, struct metainfo *mi)
{
	struct content	*t;

	t = content_new(d, d->max_id + 1, 0, "", mi, NULL);
	if (check_exists(d, t))
		check_want(d, t, NULL);
	content_dirty(d, t, 0);
	report_content(d, t);
}

static void
scan_load(struct disk *d, struct scan *scan, const uint8_t *hash)
{
	struct metainfo	*mi;
	struct resume	 r;

	if (content_find_hash(d, hash) != NULL ||
	    (mi = scan_metainfo(d, hash)) == NULL)
		return;
	if (scan->second)
		scan_without_record(d, mi);
	else if (scan_record(d, hash, mi, &r)) {
		scan_with_record(d, mi, &r);
		resume_clear(&r);
	} else {
		/* Its number must be one that no record has. */
		metainfo_free(mi);
		memmove(scan->hashes[scan->nlost++], hash, SHA1_LEN);
	}
}

int
scan_step(struct disk *d, struct scan *scan)
{
	uint8_t	hash[SHA1_LEN];

	if (!scan->second && scan->next == scan->n) {
		scan->second = true;
		scan->next = 0;
		scan->n = scan->nlost;
	}
	if (scan->next == scan->n)
		return 0;
	memcpy(hash, scan->hashes[scan->next++], SHA1_LEN);
	scan_load(d, scan, hash);
	return 1;
}
