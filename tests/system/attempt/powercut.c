/* SPDX-License-Identifier: ISC */
/*
 * The disk child on a file system that loses power at every point of a run.
 * The run is one of the disk role, this program being its parent and peer:
 * torrents are added, filled, saved, completed, moved, also to another file
 * system, removed; files are skipped and wanted again; a magnet link becomes a
 * torrent; disk ends and begins again.  Each cut leaves what was synced, and
 * of the rest nothing, all, or a part by chance.  Disk begins on what is left,
 * and must
 *
 *	have every torrent that was added, none that was removed, no error;
 *	have the nodes of the DHT that were saved last, or those before;
 *	claim no piece that is not there, then and in the records it writes;
 *	have every piece that the last record to be safe spoke of;
 *	read none of those again, but where nothing was being written by then
 *	(see judge()); leave no temporary file.
 *
 * The sweep must fail if some kind of fsync does nothing: else it proves
 * nothing.
 *
 *	powercut [-av]	-a: keep each change alone, too; -v: disk's log
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "disk/move_plan.h"
#include "disk/resume.h"
#include "powercut.h"
#include "simfs.h"

#define RANDOM		3U	/* chance subsets of each cut */
#define NOBODY		65534
#define WORKERS		16U	/* they mostly wait for their disks */

/* ---- after a cut ---- */

/* What the marks before it say. */
struct truth {
	bool	added, learned, remove, removed;
	uint8_t	saved[BITS];
};

static struct truth
truth_of(const struct torrent *t, uint32_t cut)
{
	struct truth		 truth = { .added = false };
	const struct sim_op	*op;

	for (op = slog->ops; op < slog->ops + cut; op++) {
		if (op->type != SIM_MARK || op->off != id_of(t))
			continue;
		truth.added |= op->ino == MARK_ADDED;
		truth.learned |= op->ino == MARK_LEARNED;
		truth.remove |= op->ino == MARK_REMOVE;
		truth.removed |= op->ino == MARK_REMOVED;
		if (op->ino == MARK_SAVED)
			memcpy(truth.saved, slog->data + op->data, BITS);
	}
	return truth;
}

/* Were pieces read that the record vouched for? */
static bool
read_again(const struct torrent *t, const uint8_t *claims, uint32_t first)
{
	const struct file	*f;
	const struct sim_op	*op;
	uint64_t		 at = 0;
	uint32_t		 ino, piece;

	for (f = t->files; f->path != NULL; at += f++->size) {
		ino = file_find(t, f);
		for (op = slog->ops + first; ino != 0 &&
		    op < slog->ops + slog->n; op++) {
			if (op->type != SIM_READ || op->ino != ino)
				continue;
			piece = (uint32_t)((at + op->off) / t->piece);
			if (bitfield_get(claims, piece))
				return !failed("%s: piece %u is read again",
				    t->name, piece);
		}
	}
	return false;
}

/*
 * may_read: files are being copied, or the record says that nothing is being
 * written.  It says so for a moment after the first write; files changed then
 * are read as a whole.
 */
static bool
judge(struct torrent *t, uint32_t cut, const uint8_t *claims, bool may_read,
    uint32_t first)
{
	struct truth	truth = truth_of(t, cut);
	uint32_t	i;

	if (!t->there)
		return !truth.added || truth.remove ||
		    failed("%s is lost", t->name);
	if (truth.removed)
		return failed("%s is there again", t->name);
	/* Its files go after its state; they may be gone in part. */
	if (truth.remove)
		return true;
	if (t->link)
		return !truth.learned || failed("%s is but a link", t->name);
	if (!wait_ready(t) || !open_data(t) ||
	    !all_there(t, t->have, NULL, "disk"))
		return false;
	for (i = 0; i < t->geom.npieces; i++)
		if ((bitfield_get(truth.saved, i) || bitfield_get(claims, i)) &&
		    !bitfield_get(t->have, i))
			return failed("%s: piece %u is lost", t->name, i);
	return may_read || !read_again(t, claims, first);
}

/* Those that were saved last, or were about to be. */
static bool
nodes_good(uint32_t cut)
{
	const struct sim_op	*op;
	uint32_t		 safe = 0, n = nodes_kept();

	for (op = slog->ops; op < slog->ops + cut; op++)
		if (op->type == SIM_MARK && op->ino == MARK_NODES)
			safe = (uint32_t)op->off;
	return n == safe || n == (safe == 0 ? NODES_FIRST : NODES_SECOND) ||
	    failed("%d nodes are kept, not %u", (int)n, safe);
}

static bool
no_litter(void)
{
	const struct sim_op	*op;
	char			 path[128];

	for (op = slog->ops; op < slog->ops + slog->n; op++) {
		if (op->type != SIM_CREATE || strstr(op->name, ".tmp") == NULL)
			continue;
		snprintf(path, sizeof(path), "torrents/%s", op->name);
		if (sim_lookup(SIM_STATE, path) != 0)
			return failed("%s is left", path);
		snprintf(path, sizeof(path), "resume/%s", op->name);
		if (sim_lookup(SIM_STATE, path) != 0)
			return failed("%s is left", path);
	}
	return true;
}

/* Is all there that the record claims?  That is handed back. */
static bool
record_good(const struct torrent *t, uint32_t cut, const char *who,
    uint8_t claims[BITS], bool *may_read)
{
	struct resume	r;
	bool		good = true;

	memset(claims, 0, BITS);
	*may_read = false;
	if (!record_of(t, &r))
		return true;
	if (r.have != NULL)
		memcpy(claims, r.have, bitfield_size(r.npieces));
	*may_read = r.clean || r.move.phase != MOVE_NONE;
	if (!truth_of(t, cut).remove)
		good = all_there(t, claims, &r, who);
	resume_clear(&r);
	return good;
}

/* Disk on what is left: does it do as it must? */
static bool
recover(uint32_t cut, const uint8_t *keep)
{
	struct torrent		*t;
	uint8_t			 claims[TORRENTS][BITS], bits[BITS];
	uint32_t		 first = slog->n, i;
	bool			 may_read[TORRENTS], good = true;

	why[0] = '\0';
	sim_build(cut, keep);
	for (i = 0; i < TORRENTS; i++) {
		t = &torrents[i];
		good = record_good(t, cut, "the record", claims[i],
		    &may_read[i]) && good;
	}
	good = nodes_good(cut) && good;
	good = good && disk_begin();
	if (good && run.nodes != nodes_kept())
		good = failed("%u nodes are told", run.nodes);
	for (i = 0; good && i < TORRENTS; i++)
		good = judge(&torrents[i], cut, claims[i], may_read[i],
		    first);
	if (run.pid != 0)
		good = disk_end() && good;
	run.pid = 0;
	sim_replay(first, slog->n);
	for (i = 0; good && i < TORRENTS; i++)
		good = record_good(&torrents[i], cut, "the new record", bits,
		    &may_read[i]);
	return good && no_litter();
}

/* ---- the sweep ---- */

struct sweep {
	bool		(*lie)(const struct sim_op *);
	bool		  alone;	/* each change that is not synced */
	bool		  stop;		/* at the first failure of any */
	bool		 *stopped;	/* shared */
	uint32_t	  worker;
	uint32_t	  states, failures;
};

/* Forget what the last recovery did. */
static bool
try_state(struct sweep *s, uint32_t cut, const uint8_t *keep, const char *what)
{
	uint32_t	n = slog->n, ndata = slog->ndata, nino = slog->ninodes;
	int64_t		clock = slog->clock;
	bool		good = recover(cut, keep);

	slog->n = n;
	slog->ndata = ndata;
	slog->ninodes = nino;
	slog->clock = clock;
	s->states++;
	if (!good) {
		if (s->failures++ < 5 && !s->stop)
			printf("# cut %u, %s kept: %s\n", cut, what, why);
	}
	if (!good && s->stop)
		*s->stopped = true;
	return !*s->stopped;
}

/* A few ways to keep what was not synced. */
static bool
try_cut(struct sweep *s, uint32_t cut)
{
	static uint8_t	keep[SIM_OPS];
	uint32_t	open[SIM_OPS], i, k, n = 0;
	char		what[64];

	for (i = 0; i < cut; i++) {
		keep[i] = SIM_WHOLE;
		if (!sim_changes(&slog->ops[i]) ||
		    sim_synced(i, cut, s->lie))
			continue;
		open[n++] = i;
		keep[i] = SIM_NOT;
	}
	if (!try_state(s, cut, keep, "nothing"))
		return false;
	if (n == 0)
		return true;
	for (k = 0; k < RANDOM; k++) {
		for (i = 0; i < n; i++)
			keep[open[i]] = (uint8_t)(random() % 4);
		snprintf(what, sizeof(what), "chance %u", k);
		if (!try_state(s, cut, keep, what))
			return false;
	}
	for (k = 0; s->alone && k < n; k++) {
		for (i = 0; i < n; i++)
			keep[open[i]] = i == k ? SIM_WHOLE : SIM_NOT;
		snprintf(what, sizeof(what), "op %u alone", open[k]);
		if (!try_state(s, cut, keep, what))
			return false;
	}
	for (i = 0; i < n; i++)
		keep[open[i]] = SIM_WHOLE;
	return try_state(s, cut, keep, "all");
}

/* In a process of its own. */
static void
sweep_part(struct sweep *s, const struct sim_log *master, int out)
{
	uint32_t	cut, end = master->n;

	slog = mmap(NULL, sizeof(*slog), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slog == MAP_FAILED)
		err(1, "mmap");
	slog->n = master->n;
	slog->ndata = master->ndata;
	slog->ninodes = master->ninodes;
	slog->clock = master->clock;
	memcpy(slog->ops, master->ops, master->n * sizeof(slog->ops[0]));
	memcpy(slog->data, master->data, master->ndata);
	sim_use(slog);
	srandom(s->worker + 1);
	for (cut = s->worker; cut <= end; cut += WORKERS) {
		/* Nothing has changed since the last one. */
		if (cut > 0 && master->ops[cut - 1].type == SIM_READ)
			continue;
		if (!try_cut(s, cut))
			break;
	}
	fflush(NULL);
	if (write(out, s, sizeof(*s)) != (ssize_t)sizeof(*s))
		err(1, "write");
	_exit(0);
}

static struct sweep
sweep(bool (*lie)(const struct sim_op *), bool alone, bool stop)
{
	struct sweep	all = { .lie = lie, .alone = alone, .stop = stop },
			part;
	pid_t		pids[WORKERS];
	int		ends[2];
	uint32_t	i;

	all.stopped = mmap(NULL, sizeof(*all.stopped), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all.stopped == MAP_FAILED || pipe(ends) == -1)
		err(1, "cannot begin");
	fflush(NULL);
	for (i = 0; i < WORKERS; i++) {
		all.worker = i;
		if ((pids[i] = fork()) == 0)
			sweep_part(&all, slog, ends[1]);
	}
	close(ends[1]);
	while (read(ends[0], &part, sizeof(part)) == (ssize_t)sizeof(part)) {
		all.states += part.states;
		all.failures += part.failures;
	}
	close(ends[0]);
	for (i = 0; i < WORKERS; i++)
		waitpid(pids[i], NULL, 0);
	munmap(all.stopped, sizeof(*all.stopped));
	return all;
}

/* ---- what must not be left out ---- */

static const char *
name_of(uint32_t ino)
{
	const struct sim_op	*op;

	for (op = slog->ops; op < slog->ops + slog->n; op++)
		if (op->type <= SIM_MKDIR && op->ino == ino)
			return op->name;
	return "";
}

static bool
is_dir(uint32_t ino)
{
	const struct sim_op	*op;

	for (op = slog->ops; op < slog->ops + slog->n; op++)
		if (op->type == SIM_CREATE && op->ino == ino)
			return false;
	return true;
}

static bool
lie_payload(const struct sim_op *s)
{
	return !is_dir(s->ino) && strstr(name_of(s->ino), ".tmp") == NULL;
}

static bool
lie_record(const struct sim_op *s)
{
	return strstr(name_of(s->ino), ".resume.tmp") != NULL;
}

static bool
lie_torrent(const struct sim_op *s)
{
	return strstr(name_of(s->ino), ".torrent.tmp") != NULL;
}

static bool
lie_link(const struct sim_op *s)
{
	return strstr(name_of(s->ino), ".magnet.tmp") != NULL;
}

static bool
lie_nodes(const struct sim_op *s)
{
	return strstr(name_of(s->ino), ".nodes.tmp") != NULL;
}

static bool
lie_records(const struct sim_op *s)
{
	return s->type == SIM_FSYNC && strcmp(name_of(s->ino), "resume") == 0;
}

static bool
lie_torrents(const struct sim_op *s)
{
	return strcmp(name_of(s->ino), "torrents") == 0;
}

static bool
lie_state(const struct sim_op *s)
{
	return s->ino == SIM_STATE;
}

static bool
lie_dirs(const struct sim_op *s)
{
	return s->type == SIM_FSYNC && is_dir(s->ino) && s->ino != SIM_STATE &&
	    !lie_records(s) && !lie_torrents(s);
}

/* That of the state directory is synced by one of the records' directory. */
static bool
lie_state_fs(const struct sim_op *s)
{
	return s->type == SIM_SYNCFS && strcmp(name_of(s->ino), "resume") == 0;
}

static bool
lie_fs(const struct sim_op *s)
{
	return s->type == SIM_SYNCFS && !lie_state_fs(s);
}

static const struct {
	const char	*what;
	bool		(*lie)(const struct sim_op *);
} lies[] = {
	{ "payload files", lie_payload },
	{ "directories of payload", lie_dirs },
	{ "file systems", lie_fs },
	{ "that of many records", lie_state_fs },
	{ "records", lie_record },
	{ "the directory of records", lie_records },
	{ ".torrent files", lie_torrent },
	{ "magnet links", lie_link },
	{ "the directory of .torrent files", lie_torrents },
	{ "nodes of the DHT", lie_nodes },
	{ "the state directory", lie_state },
};
#define NLIES	(sizeof(lies) / sizeof(lies[0]))

static unsigned int	tests, bad;

static void
result(bool good, const char *what, const char *detail)
{
	bad += !good;
	printf("%sok %u - %s%s\n", good ? "" : "not ", ++tests, what, detail);
}

int
main(int argc, char **argv)
{
	struct sweep	s;
	char		text[128];
	bool		alone = false;
	size_t		i;
	pid_t		pid;
	int		c, status;

	while ((c = getopt(argc, argv, "av")) != -1)
		if (c == 'a')
			alone = true;
		else
			verbose = true;
	if (geteuid() == 0 && (setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1))
		err(1, "setresuid");
	setproctitle_init(argc, argv, environ);
	srandom(1);
	for (i = 0; i < TORRENTS; i++)
		torrent_make(&torrents[i]);
	run.in = msg_in_new();
	slog = mmap(NULL, sizeof(*slog), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slog == MAP_FAILED)
		err(1, "mmap");
	sim_init(slog);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		the_run();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	result(status == 0, "disk does its work", "");
	printf("# %u calls that count, %u bytes written\n", slog->n,
	    slog->ndata);
	if (status == 0) {
		s = sweep(NULL, alone, false);
		snprintf(text, sizeof(text), ": %u states, %u fail", s.states,
		    s.failures);
		result(s.failures == 0, "power may fail at any point", text);
	}
	for (i = 0; status == 0 && i < NLIES; i++) {
		s = sweep(lies[i].lie, false, true);
		snprintf(text, sizeof(text), "it is seen if an fsync does "
		    "nothing: %s", lies[i].what);
		result(s.failures > 0, text, "");
	}
	printf("1..%u\n", tests);
	return bad > 0;
}
