/* SPDX-License-Identifier: ISC */
/* The torrents of powercut, and the disk child that it talks to. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "disk/move_plan.h"
#include "disk/node_file.h"
#include "disk/resume.h"
#include "loop.h"
#include "mem.h"
#include "packet.h"
#include "path.h"
#include "powercut.h"
#include "simfs.h"

#define SPEED		50	/* the disk child's clock runs so much faster */
#define WAIT_MS		20000

struct torrent	 torrents[TORRENTS] = {
	{ .name = "many", .piece = 32768, .files = {
	    { "a/one", 90000 }, { "empty", 0 }, { "two", 140001 },
	    { "b/c/three", 7 }, { NULL, 0 } } },
	{ .name = "single", .piece = 16384, .single = true, .files = {
	    { "single", 100000 }, { NULL, 0 } } },
	{ .name = "gone", .piece = 16384, .files = {
	    { "d/x", 50000 }, { "y", 20000 }, { NULL, 0 } } },
	{ .name = "part", .piece = 32768, .files = {
	    { "p/q", 150000 }, { "r", 120000 }, { NULL, 0 } } },
	{ .name = "skip", .piece = 16384, .files = {
	    { "s/one", 20000 }, { "two", 30000 }, { "three", 25000 },
	    { NULL, 0 } } },
	{ .name = "across", .piece = 16384, .files = {
	    { "x/y", 30000 }, { "z", 20000 }, { NULL, 0 } } },
	{ .name = "link", .piece = 16384, .single = true, .files = {
	    { "link", 30000 }, { NULL, 0 } } },
};
struct sim_log	*slog;
struct disk_run	 run;
bool		 verbose;
char		 why[512];

bool
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

/* ---- fewer files are many ---- */

bool	__wrap_sync_fs_worth(uint32_t);

bool
__wrap_sync_fs_worth(uint32_t nfiles)
{
	return nfiles >= 3;
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

void
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

uint32_t
id_of(const struct torrent *t)
{
	return (uint32_t)(t - torrents) + 1;
}

/* ---- where their bytes are ---- */

struct spot {
	enum sim_dir	 dir;
	const char	*subdir;
};

static const struct spot everywhere[] = {
	{ SIM_ROOT, "" }, { SIM_ROOT, MOVED }, { SIM_OTHER, "" }
};
#define NSPOTS	(sizeof(everywhere) / sizeof(everywhere[0]))

/* f NULL: the part file. */
static const char *
path_at(const struct torrent *t, const struct spot *spot,
    const struct file *f, char buf[128])
{
	const char	*slash = *spot->subdir != '\0' ? "/" : "";

	if (f == NULL)
		snprintf(buf, 128, "%s%s" PATH_OURS "%s.part", spot->subdir,
		    slash, t->hex);
	else
		snprintf(buf, 128, "%s%s%s%s%s", spot->subdir, slash,
		    t->single ? "" : t->name, t->single ? "" : "/", f->path);
	return buf;
}

uint32_t
file_find(const struct torrent *t, const struct file *f)
{
	char		path[128];
	uint32_t	i, ino = 0;

	for (i = 0; i < NSPOTS && ino == 0; i++)
		ino = sim_lookup(everywhere[i].dir, path_at(t, &everywhere[i],
		    f, path));
	return ino;
}

/* Do bytes a to b of the payload lie there?  at: where the file begins. */
static bool
bytes_at(const struct torrent *t, const struct spot *spot,
    const struct file *f, uint64_t at, uint64_t a, uint64_t b)
{
	const uint8_t	*p;
	char		 path[128];
	size_t		 len;

	p = sim_read(spot->dir, path_at(t, spot, f, path), &len);
	return p != NULL && len >= b - at &&
	    memcmp(p + (a - at), t->payload + a, b - a) == 0;
}

static bool
bytes_anywhere(const struct torrent *t, const struct file *f, uint64_t at,
    uint64_t a, uint64_t b)
{
	uint32_t	i;

	for (i = 0; i < NSPOTS; i++)
		if (bytes_at(t, &everywhere[i], f, at, a, b) ||
		    bytes_at(t, &everywhere[i], NULL, 0, a, b))
			return true;
	return false;
}

/* A file that is being renamed is at one of two places. */
static bool
bytes_of(const struct torrent *t, const struct resume *r,
    const struct file *f, uint64_t at, uint64_t a, uint64_t b)
{
	struct spot	spots[2];
	uint32_t	i, n = 0;

	spots[n++] = (struct spot){ strcmp(r->root, OTHER) == 0 ? SIM_OTHER :
	    SIM_ROOT, r->subdir };
	if (r->move.phase == MOVE_PLACE)
		spots[n++] = (struct spot){ strcmp(r->move.root, OTHER) == 0 ?
		    SIM_OTHER : SIM_ROOT, r->move.subdir };
	if (r->parted != NULL &&
	    bitfield_get(r->parted, (uint32_t)(f - t->files))) {
		f = NULL;
		at = 0;
	}
	for (i = 0; i < n; i++)
		if (bytes_at(t, &spots[i], f, at, a, b))
			return true;
	return false;
}

static bool
piece_there(const struct torrent *t, const struct resume *r, uint32_t piece)
{
	const struct file	*f;
	uint64_t		 at = 0, from = (uint64_t)piece * t->piece,
				 to = from + geom_piece_size(&t->geom, piece),
				 a, b;

	for (f = t->files; f->path != NULL; at += f++->size) {
		a = from > at ? from : at;
		b = to < at + f->size ? to : at + f->size;
		if (a < b && !(r == NULL ? bytes_anywhere(t, f, at, a, b) :
		    bytes_of(t, r, f, at, a, b)))
			return false;
	}
	return true;
}

bool
all_there(const struct torrent *t, const uint8_t *bits,
    const struct resume *r, const char *who)
{
	uint32_t	i;

	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(bits, i) && !piece_there(t, r, i))
			return failed("%s of %s claims piece %u", who,
			    t->name, i);
	return true;
}

bool
record_of(const struct torrent *t, struct resume *r)
{
	const char	*text;
	const uint8_t	*p;
	char		 path[128];
	size_t		 len;

	snprintf(path, sizeof(path), "resume/%s.resume", t->hex);
	p = sim_read(SIM_STATE, path, &len);
	return p != NULL && resume_decode(r, p, len, &text) == 0;
}

uint32_t
nodes_kept(void)
{
	struct rec_node		 rows[NODES_PAGE];
	struct msg_nodes_saved	 m;
	const char		*text;
	const uint8_t		*p;
	size_t			 len;

	if ((p = sim_read(SIM_STATE, "dht.nodes", &len)) == NULL)
		return 0;
	return node_file_decode(&m, rows, p, len, &text) == 0 ? m.nodes.n :
	    UINT32_MAX;
}

/* ---- messages ---- */

void
say_fd(int sock, enum msg_type type, const void *body, int fd)
{
	static uint8_t	buf[MSG_SIZE_MAX];
	ssize_t		n = msg_encode(type, body, buf, sizeof(buf));

	if (n <= 0)
		errx(1, "cannot encode %s", msg_name(type));
	if (packet_send(sock, buf, (size_t)n, fd) != n)
		failed("disk takes no %s", msg_name(type));
}

void
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
			    SHA1_LEN) == 0) {
				t->there = true;
				t->link = b->torrent_meta.npieces == 0;
			}
	} else if (type == MSG_DISK_STATE && b->disk_state.id <= TORRENTS) {
		t = &torrents[b->disk_state.id - 1];
		t->state = b->disk_state.state;
		strlcpy(t->error, b->disk_state.error, sizeof(t->error));
	} else if (type == MSG_NODES_SAVED)
		run.nodes = b->nodes_saved.nodes.n;
	else if (type == MSG_LOG && verbose)
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

bool
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

bool
disk_begin(void)
{
	struct msg_disk_root	 root = { .index = 0, .path = "/r" },
				 other = { .index = 1, .path = OTHER };
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
	run.nodes = 0;
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
	say_fd(run.parent, MSG_DISK_ROOT, &other, fd = sim_dir_fd(SIM_OTHER));
	close(fd);
	say(run.parent, MSG_DISK_CONF, &conf);
	say(run.parent, MSG_CONF_END, &end);
	if (!expect(run.parent, MSG_READY))
		return false;
	connect_data();
	say(run.parent, MSG_STATE_SCAN, &scan);
	return expect(run.parent, MSG_SCAN_END);
}

bool
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

bool
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
bool
open_data(struct torrent *t)
{
	struct msg_data_open	m = { .torrent = id_of(t), .serial = 1 };
	uint32_t		type;

	memset(t->have, 0, sizeof(t->have));
	say(run.data, MSG_DATA_OPEN, &m);
	while ((type = hear(run.data)) == MSG_DATA_HAVE)
		memcpy(t->have, run.in->body.data_have.bits.p,
		    run.in->body.data_have.bits.len);
	return type == MSG_DATA_OPEN_END ? true :
	    failed("%s: cannot be opened", t->name);
}
