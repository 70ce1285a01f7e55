/* SPDX-License-Identifier: ISC */
#include "simfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "simfs_state.h"

#define ENTRIES		1024U
#define DEV		77U		/* and the number of the directory */

struct entry {
	uint32_t	 dir, ino;	/* ino 0: free */
	char		 name[SIM_NAME];
};

struct sim_node		 sim_nodes[SIM_NODES];

static struct sim_log	*sim;
static struct entry	 entries[ENTRIES];

/* ---- the files ---- */

static struct entry *
entry_find(uint32_t dir, const char *name)
{
	struct entry	*e;

	for (e = entries; e < entries + ENTRIES; e++)
		if (e->ino != 0 && e->dir == dir && strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

static void
entry_set(uint32_t dir, const char *name, uint32_t ino)
{
	struct entry	*e = entry_find(dir, name);

	if (e == NULL)
		for (e = entries; e->ino != 0; e++)
			if (e == entries + ENTRIES - 1)
				abort();
	e->dir = dir;
	e->ino = ino;
	strlcpy(e->name, name, sizeof(e->name));
}

static void
node_size(struct sim_node *n, uint64_t size)
{
	if (size > n->room) {
		n->room = 2 * size;
		n->data = xreallocarray(n->data, n->room, 1);
	}
	if (size > n->size)
		memset(n->data + n->size, 0, size - n->size);
	n->size = size;
}

static void
apply_write(const struct sim_op *op, enum sim_keep keep)
{
	struct sim_node	*n = &sim_nodes[op->ino];
	uint64_t	 len = keep == SIM_HALF ? op->len / 2 : op->len;

	n->mtime = op->mtime;
	if (op->off + len > n->size)
		node_size(n, op->off + len);
	if (keep != SIM_ZEROS)
		memcpy(n->data + op->off, sim->data + op->data, len);
}

static void
apply(const struct sim_op *op, enum sim_keep keep)
{
	struct entry	*e;

	switch (op->type) {
	case SIM_CREATE:
	case SIM_MKDIR:
		sim_nodes[op->ino].dir = op->type == SIM_MKDIR;
		sim_nodes[op->ino].dev = sim_nodes[op->dir].dev;
		sim_nodes[op->ino].mtime = op->mtime;
		if (keep != SIM_NOT)
			entry_set(op->dir, op->name, op->ino);
		break;
	case SIM_WRITE:
		if (keep != SIM_NOT)
			apply_write(op, keep);
		break;
	case SIM_SIZE:
		if (keep == SIM_NOT)
			break;
		sim_nodes[op->ino].mtime = op->mtime;
		node_size(&sim_nodes[op->ino], op->off);
		break;
	case SIM_TIME:
		if (keep != SIM_NOT)
			sim_nodes[op->ino].mtime = op->mtime;
		break;
	case SIM_RENAME:
		if (keep == SIM_NOT)
			break;
		e = entry_find(op->dir, op->name);
		if (e != NULL && e->ino == op->ino)
			e->ino = 0;
		entry_set(op->dir2, op->name2, op->ino);
		break;
	case SIM_UNLINK:
		e = entry_find(op->dir, op->name);
		if (keep != SIM_NOT && e != NULL && e->ino == op->ino)
			e->ino = 0;
		break;
	default:
		break;
	}
}

static void
clear(void)
{
	uint32_t	i;

	for (i = 0; i < SIM_NODES; i++) {
		free(sim_nodes[i].data);
		memset(&sim_nodes[i], 0, sizeof(sim_nodes[i]));
	}
	memset(entries, 0, sizeof(entries));
	sim_close_all();
	for (i = SIM_ROOT; i <= SIM_OTHER; i++) {
		sim_nodes[i].dir = true;
		sim_nodes[i].dev = DEV + i;
	}
}

/* ---- the log ---- */

/* The test, too, writes to the log while a disk child does. */
static void
make_lock(void)
{
	pthread_mutexattr_t	attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&sim->lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process may have ended in the middle of a call, which was not made then. */
void
sim_enter(void)
{
	if (pthread_mutex_lock(&sim->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&sim->lock);
}

void
sim_leave(void)
{
	pthread_mutex_unlock(&sim->lock);
}

void
sim_init(struct sim_log *log)
{
	sim = log;
	make_lock();
	sim->n = sim->ndata = 0;
	sim->ninodes = SIM_OTHER + 1;
	sim->clock = 1000000000000000000;
	sim_find_dirs();
	clear();
}

void
sim_use(struct sim_log *log)
{
	sim = log;
	make_lock();
}

struct sim_op *
sim_note(enum sim_type type, uint32_t ino, const void *p, size_t len)
{
	struct sim_op	*op = &sim->ops[sim->n];

	if (sim->n + 1 == SIM_OPS || sim->ndata + len > SIM_DATA)
		abort();
	memset(op, 0, sizeof(*op));
	op->type = type;
	op->ino = ino;
	op->mtime = sim->clock += 1000000;
	op->data = sim->ndata;
	op->len = (uint32_t)len;
	if (p != NULL)
		memcpy(sim->data + op->data, p, len);
	sim->ndata += p != NULL ? (uint32_t)len : 0;
	return op;
}

void
sim_commit(struct sim_op *op)
{
	apply(op, SIM_WHOLE);
	sim->n++;
}

uint32_t
sim_make(enum sim_type type, uint32_t dir, const char *name)
{
	struct sim_op	*op = sim_note(type, sim->ninodes++, NULL, 0);

	if (op->ino >= SIM_NODES)
		abort();
	op->dir = dir;
	strlcpy(op->name, name, sizeof(op->name));
	sim_commit(op);
	return op->ino;
}

void
sim_mark(uint32_t what, uint32_t torrent, const void *p, uint32_t len)
{
	struct sim_op	*op;

	sim_enter();
	op = sim_note(SIM_MARK, what, p, len);
	op->off = torrent;
	sim->n++;
	sim_leave();
}

/* ---- the cut ---- */

bool
sim_changes(const struct sim_op *op)
{
	return op->type <= SIM_UNLINK;
}

/* Of the directory that it was made beneath. */
static uint32_t
file_system(uint32_t ino)
{
	const struct sim_op	*op;

	for (op = sim->ops; ino > SIM_OTHER; op++)
		if (op->type <= SIM_MKDIR && op->ino == ino) {
			ino = op->dir;
			op = sim->ops - 1;
		}
	return ino;
}

bool
sim_synced(uint32_t i, uint32_t cut, bool (*lie)(const struct sim_op *))
{
	const struct sim_op	*op = &sim->ops[i], *s;
	bool			 bytes, named = false, gone;

	bytes = op->type == SIM_WRITE || op->type == SIM_SIZE ||
	    op->type == SIM_TIME;
	gone = op->type != SIM_RENAME || op->dir == op->dir2;
	for (s = op; s < sim->ops + cut; s++) {
		if ((s->type != SIM_FSYNC && s->type != SIM_SYNCFS) ||
		    (lie != NULL && lie(s)))
			continue;
		if (s->type == SIM_SYNCFS) {
			if (file_system(s->ino) == file_system(op->ino))
				return true;
			continue;
		}
		if (bytes) {
			if (s->ino == op->ino)
				return true;
			continue;
		}
		named |= s->ino == (op->type == SIM_RENAME ? op->dir2 :
		    op->dir);
		gone |= s->ino == op->dir;
		if (named && gone)
			return true;
	}
	return false;
}

void
sim_build(uint32_t cut, const uint8_t *keep)
{
	uint32_t	i;

	clear();
	for (i = 0; i < cut; i++)
		apply(&sim->ops[i], (enum sim_keep)keep[i]);
}

void
sim_replay(uint32_t first, uint32_t end)
{
	for (; first < end; first++)
		apply(&sim->ops[first], SIM_WHOLE);
}

/* ---- paths ---- */

uint32_t
sim_walk(uint32_t dir, const char *path, uint32_t *parent, char name[SIM_NAME])
{
	struct entry	*e;
	uint32_t	 ino = dir;
	size_t		 n;

	*parent = dir;
	name[0] = '\0';
	while (*path != '\0') {
		n = strcspn(path, "/");
		if (n >= SIM_NAME)
			abort();
		if (n == 1 && path[0] == '.') {
			path += n + (path[n] == '/');
			continue;
		}
		if (ino == 0 || !sim_nodes[ino].dir) {
			errno = ino == 0 ? ENOENT : ENOTDIR;
			*parent = 0;
			return 0;
		}
		*parent = ino;
		memcpy(name, path, n);
		name[n] = '\0';
		e = entry_find(ino, name);
		ino = e != NULL ? e->ino : 0;
		path += n + (path[n] == '/');
	}
	if (ino == 0)
		errno = ENOENT;
	return ino;
}

uint32_t
sim_lookup(enum sim_dir dir, const char *path)
{
	char		name[SIM_NAME];
	uint32_t	parent;

	return sim_walk(dir, path, &parent, name);
}

const uint8_t *
sim_read(enum sim_dir dir, const char *path, size_t *len)
{
	uint32_t	ino = sim_lookup(dir, path);

	if (ino == 0 || sim_nodes[ino].dir)
		return NULL;
	*len = sim_nodes[ino].size;
	return sim_nodes[ino].data != NULL ? sim_nodes[ino].data :
	    (uint8_t *)"";
}

uint32_t
sim_names(uint32_t dir, char names[][SIM_NAME], uint32_t max)
{
	uint32_t	i, n = 0;

	for (i = 0; i < ENTRIES && n < max; i++)
		if (entries[i].ino != 0 && entries[i].dir == dir)
			strlcpy(names[n++], entries[i].name, SIM_NAME);
	return n;
}
