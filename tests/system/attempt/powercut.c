/* SPDX-License-Identifier: ISC */
/*
 * The disk child on a file system that loses power at every point of a run.
 * The run is one of the disk role, this program being its parent and peer:
 * torrents are added, filled, saved, completed, removed; disk ends and begins
 * again.  Each cut leaves what was synced, and of the rest nothing, all, or a
 * part by chance.  Disk begins on what is left, and must
 *
 *	have every torrent that was added, none that was removed, no error;
 *	claim no piece that is not there, then and in the records it writes;
 *	have every piece that the last record to be safe spoke of;
 *	read none of those again; leave no temporary file.
 *
 * The sweep must fail if some kind of fsync does nothing: else it proves
 * nothing.
 *
 *	powercut [-av]	-a: keep each change alone, too; -v: disk's log
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "disk/resume.h"
#include "geom.h"
#include "hash.h"
#include "loop.h"
#include "mem.h"
#include "msg.h"
#include "simfs.h"

#define SPEED		50	/* the disk child's clock runs so much faster */
#define SLOTS		64U
#define WAIT_MS		20000
#define TORRENTS	4U
#define FILES		5U
#define BITS		8U	/* bytes of a bitfield here, at most */
#define RANDOM		3U	/* chance subsets of each cut */
#define MOVED		"else/where"	/* the place of what is moved */
#define NOBODY		65534
#define WORKERS		8U	/* they mostly wait for their disks */

enum mark { MARK_ADDED, MARK_REMOVE, MARK_REMOVED, MARK_SAVED };

struct file {
	const char	*path;
	uint32_t	 size;
};

struct torrent {
	const char	*name;
	uint32_t	 piece;
	struct file	 files[FILES];	/* size 0 and no path: the end */
	bool		 single;
	/* Made of that. */
	uint8_t		*payload, *bytes;
	size_t		 len;
	char		 hex[2 * SHA1_LEN + 1];
	uint8_t		 infohash[SHA1_LEN];
	struct geom	 geom;
	/* In a run. */
	uint8_t		 have[BITS];
	bool		 there;
	uint8_t		 state;
	char		 error[ERROR_MAX + 1];
};

/* A packet in hand: a message, or several. */
struct packet {
	uint8_t		 buf[MSG_SIZE_MAX];
	size_t		 at, len;
};

/* The disk child and our ends of its channels. */
struct disk_run {
	pid_t		 pid;
	int		 parent, data;
	struct arena	 arena;
	struct msg_in	*in;
	struct packet	 on_parent, on_data;
	bool		 gone;
};

static struct torrent	 torrents[TORRENTS] = {
	{ .name = "many", .piece = 32768, .files = {
	    { "a/one", 90000 }, { "empty", 0 }, { "two", 140001 },
	    { "b/c/three", 7 }, { NULL, 0 } } },
	{ .name = "single", .piece = 16384, .single = true, .files = {
	    { "single", 100000 }, { NULL, 0 } } },
	{ .name = "gone", .piece = 16384, .files = {
	    { "d/x", 50000 }, { "y", 20000 }, { NULL, 0 } } },
	{ .name = "part", .piece = 32768, .files = {
	    { "p/q", 150000 }, { "r", 120000 }, { NULL, 0 } } },
};
static struct sim_log	*slog;
static struct disk_run	 run;
static bool		 verbose;
static char		 why[512];	/* what the state failed on */

static bool
failed(const char *fmt, ...)
{
	va_list	ap;

	if (why[0] == '\0') {
		va_start(ap, fmt);
		vsnprintf(why, sizeof(why), fmt, ap);
		va_end(ap);
	}
	return false;
}

/* ---- a faster clock ---- */

void		__real_loop_timer_set(struct loop_timer *, uint64_t);
void		__wrap_loop_timer_set(struct loop_timer *, uint64_t);
uint64_t	__real_loop_now(struct loop *);
uint64_t	__wrap_loop_now(struct loop *);

void
__wrap_loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	__real_loop_timer_set(timer, (ms + SPEED - 1) / SPEED);
}

uint64_t
__wrap_loop_now(struct loop *loop)
{
	return __real_loop_now(loop) * SPEED;
}

/* ---- torrents ---- */

static void
put_path(FILE *fp, const char *path)
{
	char	 copy[64], *p, *slash;

	strlcpy(copy, path, sizeof(copy));
	for (p = copy; p != NULL; p = slash) {
		if ((slash = strchr(p, '/')) != NULL)
			*slash++ = '\0';
		fprintf(fp, "%zu:%s", strlen(p), p);
	}
}

static void
put_info(FILE *fp, struct torrent *t)
{
	struct file	*f;
	uint8_t		 digest[SHA1_LEN];
	uint32_t	 k;

	fputs("d", fp);
	if (t->single)
		fprintf(fp, "6:lengthi%ue", t->files[0].size);
	else {
		fputs("5:filesl", fp);
		for (f = t->files; f->path != NULL; f++) {
			fprintf(fp, "d6:lengthi%ue4:pathl", f->size);
			put_path(fp, f->path);
			fputs("ee", fp);
		}
		fputs("e", fp);
	}
	fprintf(fp, "4:name%zu:%s12:piece lengthi%ue6:pieces%u:",
	    strlen(t->name), t->name, t->piece, t->geom.npieces * SHA1_LEN);
	for (k = 0; k < t->geom.npieces; k++) {
		hash_sha1(t->payload + (size_t)k * t->piece,
		    geom_piece_size(&t->geom, k), digest);
		fwrite(digest, 1, sizeof(digest), fp);
	}
	fputs("e", fp);
}

static void
torrent_make(struct torrent *t)
{
	struct file	*f;
	char		*text = NULL;
	size_t		 i;
	FILE		*fp = open_memstream(&text, &t->len);

	for (f = t->files; f->path != NULL; f++)
		t->geom.size += f->size;
	t->geom.piece_length = t->piece;
	t->geom.npieces = geom_npieces(t->geom.size, t->piece);
	t->payload = xmalloc(t->geom.size);
	for (i = 0; i < t->geom.size; i++)
		t->payload[i] = (uint8_t)(random() | 1);
	fputs("d4:info", fp);
	put_info(fp, t);
	fputs("e", fp);
	fclose(fp);
	t->bytes = (uint8_t *)text;
	hash_sha1(t->bytes + 7, t->len - 8, t->infohash);
	hash_hex(t->infohash, SHA1_LEN, t->hex);
}

static uint32_t
id_of(const struct torrent *t)
{
	return (uint32_t)(t - torrents) + 1;
}

/* A file's bytes as they are now, wherever it is; NULL if it is nowhere. */
static const uint8_t *
file_read(const struct torrent *t, const struct file *f, size_t *len,
    uint32_t *ino)
{
	static const char *const places[] = { "", MOVED "/" };
	const uint8_t		*p = NULL;
	char			 path[128];
	size_t			 i;

	*ino = 0;
	for (i = 0; i < 2 && p == NULL; i++) {
		snprintf(path, sizeof(path), "%s%s%s%s", places[i],
		    t->single ? "" : t->name, t->single ? "" : "/", f->path);
		if ((p = sim_read(SIM_ROOT, path, len)) != NULL)
			*ino = sim_lookup(SIM_ROOT, path);
	}
	return p;
}

/* Is this piece of it in the files, as they are now? */
static bool
piece_there(const struct torrent *t, uint32_t piece)
{
	const struct file	*f;
	const uint8_t		*p;
	uint64_t		 at = 0, from = (uint64_t)piece * t->piece,
				 to = from + geom_piece_size(&t->geom, piece),
				 a, b;
	size_t			 len;
	uint32_t		 ino;

	for (f = t->files; f->path != NULL; at += f++->size) {
		a = from > at ? from : at;
		b = to < at + f->size ? to : at + f->size;
		if (a >= b)
			continue;
		p = file_read(t, f, &len, &ino);
		if (p == NULL || len < b - at ||
		    memcmp(p + (a - at), t->payload + a, b - a) != 0)
			return false;
	}
	return true;
}

static bool
all_there(const struct torrent *t, const uint8_t *bits, const char *who)
{
	uint32_t	i;

	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(bits, i) && !piece_there(t, i))
			return failed("%s of %s claims piece %u", who,
			    t->name, i);
	return true;
}

/* The claims of its record as it is now; false if there is none. */
static bool
record_of(const struct torrent *t, uint8_t bits[BITS], bool *clean)
{
	struct resume	 r;
	const char	*text;
	const uint8_t	*p;
	char		 path[128];
	size_t		 len;

	memset(bits, 0, BITS);
	*clean = false;
	snprintf(path, sizeof(path), "resume/%s.resume", t->hex);
	p = sim_read(SIM_STATE, path, &len);
	if (p == NULL || resume_decode(&r, p, len, &text) == -1)
		return false;
	if (r.have != NULL)
		memcpy(bits, r.have, bitfield_size(r.npieces));
	*clean = r.clean;
	resume_clear(&r);
	return true;
}

/* ---- messages ---- */

static void
say_fd(int sock, enum msg_type type, const void *body, int fd)
{
	static uint8_t	 buf[MSG_SIZE_MAX];
	char		 control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec	 iov = { .iov_base = buf };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cm;
	ssize_t		 n = msg_encode(type, body, buf, sizeof(buf));

	if (n <= 0)
		errx(1, "cannot encode %s", msg_name(type));
	iov.iov_len = (size_t)n;
	if (fd != -1) {
		mh.msg_control = control;
		mh.msg_controllen = sizeof(control);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	if (sendmsg(sock, &mh, MSG_NOSIGNAL) != n)
		failed("disk takes no %s", msg_name(type));
}

static void
say(int sock, enum msg_type type, const void *body)
{
	say_fd(sock, type, body, -1);
}

static void
heard(const union msg_body *b, uint32_t type)
{
	struct torrent	*t;

	if (type == MSG_TORRENT_META) {
		for (t = torrents; t < torrents + TORRENTS; t++)
			if (memcmp(t->infohash, b->torrent_meta.infohash,
			    SHA1_LEN) == 0)
				t->there = true;
	} else if (type == MSG_DISK_STATE && b->disk_state.id <= TORRENTS) {
		t = &torrents[b->disk_state.id - 1];
		t->state = b->disk_state.state;
		strlcpy(t->error, b->disk_state.error, sizeof(t->error));
	} else if (type == MSG_LOG && verbose)
		printf("# disk: %s\n", b->log.text);
}

static bool
next_packet(struct packet *p, int sock)
{
	struct pollfd	pfd = { .fd = sock, .events = POLLIN };
	ssize_t		n;

	if (poll(&pfd, 1, WAIT_MS) != 1)
		return failed("disk hangs");
	n = recv(sock, p->buf, sizeof(p->buf), 0);
	p->at = 0;
	p->len = n > 0 ? (size_t)n : 0;
	run.gone |= n <= 0;
	return n > 0;
}

/* The next message; MSG_COUNT at the end of the channel, or when it fails. */
static uint32_t
hear(int sock)
{
	struct packet	*p = sock == run.data ? &run.on_data : &run.on_parent;
	const char	*text;
	ssize_t		 n;

	if (p->at == p->len && !next_packet(p, sock))
		return MSG_COUNT;
	n = msg_decode_first(run.in, p->buf + p->at, p->len - p->at, &text);
	if (n == -1)
		errx(1, "bad message: %s", text);
	p->at += (size_t)n;
	heard(&run.in->body, run.in->type);
	return run.in->type;
}

static bool
expect(int sock, enum msg_type type)
{
	uint32_t	got;

	while ((got = hear(sock)) != (uint32_t)type)
		if (got == MSG_COUNT)
			return failed("disk ended, %s was expected",
			    msg_name(type));
	return true;
}

/* ---- the disk child ---- */

static void
disk_process(int fd)
{
	int	nul = open("/dev/null", O_RDWR);

	signal(SIGPIPE, SIG_DFL);
	if (fd != CHILD_FD)
		dup2(fd, CHILD_FD);
	dup2(nul, 0);
	child_main(&disk_ops);
}

static void
connect_data(void)
{
	struct msg_data_arena	arena = { .nslots = SLOTS };
	struct msg_data_channel	channel = { .link = 1 };
	int			fd = arena_create(SLOTS), ends[2];

	say_fd(run.parent, MSG_DATA_ARENA, &arena, fd);
	if (arena_map(&run.arena, fd, SLOTS) == -1 || chan_pair(ends) == -1)
		err(1, "data channel");
	say_fd(run.parent, MSG_DATA_CHANNEL, &channel, ends[0]);
	close(ends[0]);
	run.data = ends[1];
}

static bool
disk_begin(void)
{
	struct msg_disk_root	 root = { .index = 0, .path = "/r" };
	struct msg_disk_state_dir state = { .none = 0 };
	struct msg_disk_conf	 conf = { .keep_free = 0 };
	struct msg_conf_end	 end = { .relaxed = true };
	struct msg_state_scan	 scan = { .none = 0 };
	struct torrent		*t;
	int			 ends[2], fd;

	for (t = torrents; t < torrents + TORRENTS; t++) {
		t->there = false;
		t->state = DSTATE_CHECKING;
		t->error[0] = '\0';
	}
	run.gone = false;
	run.on_parent.at = run.on_parent.len = 0;
	run.on_data.at = run.on_data.len = 0;
	run.data = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		err(1, "socketpair");
	fflush(NULL);
	if ((run.pid = fork()) == 0)
		disk_process(ends[0]);
	close(ends[0]);
	run.parent = ends[1];
	say_fd(run.parent, MSG_DISK_STATE_DIR, &state,
	    fd = sim_dir_fd(SIM_STATE));
	close(fd);
	say_fd(run.parent, MSG_DISK_ROOT, &root, fd = sim_dir_fd(SIM_ROOT));
	close(fd);
	say(run.parent, MSG_DISK_CONF, &conf);
	say(run.parent, MSG_CONF_END, &end);
	if (!expect(run.parent, MSG_READY))
		return false;
	connect_data();
	say(run.parent, MSG_STATE_SCAN, &scan);
	return expect(run.parent, MSG_SCAN_END);
}

static bool
disk_end(void)
{
	struct msg_shutdown	m = { .none = 0 };
	int			status;

	say(run.parent, MSG_SHUTDOWN, &m);
	while (!run.gone && hear(run.parent) != MSG_COUNT)
		continue;
	if (!run.gone)
		kill(run.pid, SIGKILL);
	waitpid(run.pid, &status, 0);
	close(run.parent);
	close(run.data);
	arena_unmap(&run.arena);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return failed("disk ended badly: status %#x", status);
	return true;
}

static bool
wait_ready(struct torrent *t)
{
	while (t->state == DSTATE_CHECKING || t->state == DSTATE_MOVING)
		if (!expect(run.parent, MSG_DISK_STATE))
			return false;
	if (t->state != DSTATE_READY)
		return failed("%s: state %u: %s", t->name, t->state, t->error);
	return true;
}

/* Open it as peer does, which tells what it has. */
static bool
open_data(struct torrent *t)
{
	struct msg_data_open	m = { .torrent = id_of(t) };
	uint32_t		type;

	memset(t->have, 0, sizeof(t->have));
	say(run.data, MSG_DATA_OPEN, &m);
	while ((type = hear(run.data)) == MSG_DATA_HAVE)
		memcpy(t->have, run.in->body.data_have.bits.p,
		    run.in->body.data_have.bits.len);
	return type == MSG_DATA_OPEN_END ? true :
	    failed("%s: cannot be opened", t->name);
}

/* ---- the run ---- */

static void
must(bool good)
{
	if (!good)
		errx(1, "the run itself fails: %s", why);
}

static void
add(struct torrent *t)
{
	struct msg_torrent_add	m = { .id = id_of(t), .subdir = "",
				    .away_subdir = "", .added = 1 };
	int			fd;

	fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (write(fd, t->bytes, t->len) != (ssize_t)t->len)
		err(1, "memfd");
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
	    F_SEAL_SEAL);
	say_fd(run.parent, MSG_TORRENT_ADD, &m, fd);
	close(fd);
	/* Others may be reported, too. */
	do {
		must(expect(run.parent, MSG_TORRENT_LOADED));
	} while (run.in->body.torrent_loaded.id != id_of(t));
	sim_mark(MARK_ADDED, id_of(t), NULL, 0);
	must(wait_ready(t));
	must(open_data(t));
}

/* Write the first n blocks of a piece, 0: all, and hear that it is good. */
static void
write_piece(struct torrent *t, uint32_t piece, uint32_t n)
{
	struct rec_block	b[SLOTS];
	struct msg_data_write	m = { .blocks = { b, 0 } };
	uint32_t		i, all = geom_nblocks(&t->geom, piece);

	if (n == 0)
		n = all;
	for (i = 0; i < n; i++) {
		b[i] = (struct rec_block){ .torrent = id_of(t),
		    .piece = piece, .begin = i * BLOCK_SIZE,
		    .length = geom_block_len(&t->geom, piece, i), .slot = i };
		memcpy(arena_slot(&run.arena, i), t->payload +
		    (size_t)piece * t->piece + b[i].begin, b[i].length);
	}
	m.blocks.n = n;
	say(run.data, MSG_DATA_WRITE, &m);
	must(expect(run.data, MSG_DATA_WRITTEN));
	if (n < all)
		return;
	must(expect(run.data, MSG_DATA_PIECES));
	if (!run.in->body.data_pieces.pieces.v[0].good)
		errx(1, "piece %u of %s is bad", piece, t->name);
	bitfield_set(t->have, piece);
}

static void
rest(unsigned int ms)
{
	struct timespec	ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

static uint32_t
log_length(void)
{
	return __atomic_load_n(&slog->n, __ATOMIC_ACQUIRE);
}

static void
quiet(void)
{
	uint32_t	n;

	do {
		n = log_length();
		rest(60);
	} while (n != log_length());
}

/* Has a record of t been put in place, and its directory synced, since? */
static bool
saved_since(const struct torrent *t, uint32_t from)
{
	uint32_t	 i, dir = 0, n = log_length();

	for (i = from; i < n; i++) {
		if (slog->ops[i].type == SIM_RENAME &&
		    strncmp(slog->ops[i].name2, t->hex, 2 * SHA1_LEN) == 0)
			dir = slog->ops[i].dir2;
		if (dir != 0 && slog->ops[i].type == SIM_FSYNC &&
		    slog->ops[i].ino == dir)
			return true;
	}
	return false;
}

/* A checkpoint: from here on, what t has is safe. */
static void
save(struct torrent *t)
{
	struct msg_torrent_save	m = { .id = id_of(t), .downloaded = 1 };
	uint8_t			have[BITS];
	uint32_t		i, from;

	quiet();
	memcpy(have, t->have, sizeof(have));
	from = log_length();
	say(run.parent, MSG_TORRENT_SAVE, &m);
	for (i = 0; !saved_since(t, from); i++) {
		if (i == 2000)
			errx(1, "%s is not saved", t->name);
		rest(5);
	}
	sim_mark(MARK_SAVED, id_of(t), have, sizeof(have));
}

static void
move_away(struct torrent *t)
{
	struct msg_torrent_move	m = { .id = id_of(t), .what = MOVE_DATA,
				    .subdir = MOVED, .file = FILES_MAX,
				    .name = "" };

	say(run.parent, MSG_TORRENT_MOVE, &m);
	must(expect(run.parent, MSG_TORRENT_MOVED));
	if (run.in->body.torrent_moved.error[0] != '\0')
		errx(1, "%s: %s", t->name, run.in->body.torrent_moved.error);
}

static void
remove_all(struct torrent *t)
{
	struct msg_torrent_remove	m = { .id = id_of(t),
					    .delete_data = true };

	sim_mark(MARK_REMOVE, id_of(t), NULL, 0);
	say(run.parent, MSG_TORRENT_REMOVE, &m);
	must(expect(run.parent, MSG_TORRENT_REMOVED));
	sim_mark(MARK_REMOVED, id_of(t), NULL, 0);
}

static void
end_clean(void)
{
	struct torrent	*t;

	must(disk_end());
	for (t = torrents; t < torrents + TORRENTS; t++)
		if (t->there)
			sim_mark(MARK_SAVED, id_of(t), t->have, BITS);
}

static void
the_run(void)
{
	struct torrent	*many = &torrents[0], *single = &torrents[1],
			*gone = &torrents[2], *part = &torrents[3];
	uint32_t	 i;

	must(disk_begin());
	add(many);
	for (i = 0; i < 3; i++)
		write_piece(many, i, 0);
	write_piece(many, 3, 1);
	save(many);
	add(single);
	for (i = single->geom.npieces; i-- > 0;)
		write_piece(single, i, 0);
	save(single);
	for (i = 3; i < many->geom.npieces; i++) {
		write_piece(many, i, 0);
		if (i == 5)
			save(many);
	}
	save(many);
	move_away(many);
	add(gone);
	write_piece(gone, 0, 0);
	write_piece(gone, 3, 0);
	save(gone);
	write_piece(gone, 4, 0);
	remove_all(gone);
	gone->there = false;
	add(part);
	write_piece(part, 0, 0);
	write_piece(part, 6, 0);
	write_piece(part, 4, 1);
	end_clean();

	/* The files as the first disk, a process of its own, has left them. */
	sim_replay(0, slog->n);
	must(disk_begin());
	must(wait_ready(part) && open_data(part));
	write_piece(part, 2, 0);
	write_piece(part, 5, 0);
	save(part);
	write_piece(part, 7, 0);
	write_piece(part, 1, 0);
	end_clean();
}

/* ---- after a cut ---- */

/* What the marks before it say. */
struct truth {
	bool	added, remove, removed;
	uint8_t	saved[BITS];
};

static struct truth
truth_of(const struct torrent *t, uint32_t cut)
{
	struct truth		 truth = { false, false, false, { 0 } };
	const struct sim_op	*op;

	for (op = slog->ops; op < slog->ops + cut; op++) {
		if (op->type != SIM_MARK || op->off != id_of(t))
			continue;
		truth.added |= op->ino == MARK_ADDED;
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
	size_t			 len;
	uint32_t		 ino, piece;

	for (f = t->files; f->path != NULL; at += f++->size) {
		file_read(t, f, &len, &ino);
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
 * clean: the record says that nothing is being written.  It says so for a
 * moment after the first write; files changed then are read as a whole.
 */
static bool
judge(struct torrent *t, uint32_t cut, const uint8_t *claims, bool clean,
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
	if (!wait_ready(t) || !open_data(t) ||
	    !all_there(t, t->have, "disk"))
		return false;
	for (i = 0; i < t->geom.npieces; i++)
		if ((bitfield_get(truth.saved, i) || bitfield_get(claims, i)) &&
		    !bitfield_get(t->have, i))
			return failed("%s: piece %u is lost", t->name, i);
	return clean || !read_again(t, claims, first);
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

/* Disk on what is left: does it do as it must? */
static bool
recover(uint32_t cut, const uint8_t *keep)
{
	struct torrent		*t;
	uint8_t			 claims[TORRENTS][BITS], bits[BITS];
	uint32_t		 first = slog->n, i;
	bool			 clean[TORRENTS], dummy, good = true;

	why[0] = '\0';
	sim_build(cut, keep);
	for (i = 0; i < TORRENTS; i++) {
		t = &torrents[i];
		record_of(t, claims[i], &clean[i]);
		if (!truth_of(t, cut).remove)
			good = good && all_there(t, claims[i], "the record");
	}
	good = good && disk_begin();
	for (i = 0; good && i < TORRENTS; i++)
		good = judge(&torrents[i], cut, claims[i], clean[i],
		    first);
	if (run.pid != 0)
		good = disk_end() && good;
	run.pid = 0;
	sim_replay(first, slog->n);
	for (i = 0; good && i < TORRENTS; i++)
		if (!truth_of(&torrents[i], cut).remove &&
		    record_of(&torrents[i], bits, &dummy))
			good = all_there(&torrents[i], bits, "the new record");
	return good && no_litter();
}

/* ---- the sweep ---- */

struct sweep {
	bool		(*lie)(const struct sim_op *);
	bool		  alone;	/* each change that is not synced */
	bool		  stop;		/* at the first failure */
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
	return good || !s->stop;
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

	if (pipe(ends) == -1)
		err(1, "pipe");
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
lie_records(const struct sim_op *s)
{
	return strcmp(name_of(s->ino), "resume") == 0;
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
	return is_dir(s->ino) && s->ino != SIM_STATE && !lie_records(s) &&
	    !lie_torrents(s);
}

static const struct {
	const char	*what;
	bool		(*lie)(const struct sim_op *);
} lies[] = {
	{ "payload files", lie_payload },
	{ "directories of payload", lie_dirs },
	{ "records", lie_record },
	{ "the directory of records", lie_records },
	{ ".torrent files", lie_torrent },
	{ "the directory of .torrent files", lie_torrents },
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
