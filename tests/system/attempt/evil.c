/* SPDX-License-Identifier: ISC */
/*
 * Linked into a mimd of its own: a child that turns on the others.  A file
 * named like the binary with ".ROLE" added, if there is one when that role
 * is about to seal itself, names what it is to do, and is removed: the
 * child's successor is honest.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "chan.h"
#include "child.h"
#include "msg.h"
#include "packet.h"
#include "sandbox.h"

#define TORRENT		1	/* the test's only one */
#define NOWHERE		4242	/* a torrent that is not there */
#define PATIENCE	20	/* data messages sent in honesty, */
#define PATIENCE_SEED	4	/* ... by tracker: many blocks in one */
#define FLOOD		100000
#define ROWS		256

struct sandbox_report;

void	__real_sandbox_seal(enum role, const struct child_path *, int, bool,
	    void (*)(void *), void *, struct sandbox_report *);
void	__wrap_sandbox_seal(enum role, const struct child_path *, int, bool,
	    void (*)(void *), void *, struct sandbox_report *);
int	__real_arena_map(struct arena *, int, uint32_t);
int	__wrap_arena_map(struct arena *, int, uint32_t);
struct chan *__real_chan_new(struct loop *, int, enum role, enum role, bool,
	    const union msg_fn *, chan_closed_fn, void *);
struct chan *__wrap_chan_new(struct loop *, int, enum role, enum role, bool,
	    const union msg_fn *, chan_closed_fn, void *);
void	__real_chan_send(struct chan *, enum msg_type, const void *);
void	__wrap_chan_send(struct chan *, enum msg_type, const void *);

static char		 attack[32];
static int		 data_fd = -1;
static struct arena	 arena;
static unsigned int	 sent;		/* data messages */
static unsigned int	 patience = PATIENCE;

static bool
is(const char *name)
{
	return strcmp(attack, name) == 0;
}

/* ---- raw sending ---- */

static void
push(int fd, const uint8_t *buf, size_t len, int stray)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLOUT };

	poll(&pfd, 1, -1);
	packet_send(fd, buf, len, stray);
}

static void
say(int fd, enum msg_type type, const void *body, unsigned int times,
    int stray)
{
	static uint8_t	buf[MSG_SIZE_MAX];
	ssize_t		len;

	if ((len = msg_encode(type, body, buf, sizeof(buf))) <= 0)
		_exit(9);	/* a bug of this test */
	while (times-- > 0)
		push(fd, buf, (size_t)len, stray);
}

static void
say_junk(int fd)
{
	static const uint8_t	huge[] = { 0xdd, 0xff, 0xff, 0xff, 0xff };

	push(fd, huge, sizeof(huge), -1);
}

/* ---- peer to disk ---- */

static void
peer_evil(const struct msg_data_write *m)
{
	struct rec_block	 b[2] = { m->blocks.v[0], m->blocks.v[0] };
	struct msg_data_write	 w = { .blocks = { b, 1 } };
	struct msg_data_read	 r = { .blocks = { b, 1 } };
	struct msg_data_close	 c = { .torrent = NOWHERE };

	if (is("slot"))
		b[0].slot = arena.nslots;
	else if (is("piece"))
		b[0].piece = PIECES_MAX - 1;
	else if (is("begin"))
		b[0].begin = PIECE_LEN_MAX - 1;
	else if (is("length"))
		b[0].length = 1;
	else if (is("torrent"))
		b[0].torrent = NOWHERE;
	else if (is("twice"))
		w.blocks.n = 2;

	if (is("junk"))
		say_junk(data_fd);
	else if (is("fd"))
		say(data_fd, MSG_DATA_CLOSE, &c, 1, STDIN_FILENO);
	else if (is("tiny"))
		say(data_fd, MSG_DATA_CLOSE, &c, FLOOD, -1);
	else if (is("close"))
		shutdown(data_fd, SHUT_RDWR);
	else if (is("blame"))	/* its answer will not be expected */
		say(data_fd, MSG_DATA_READ, &r, 1, -1);
	else
		say(data_fd, MSG_DATA_WRITE, &w, 1, -1);
}

/* Change the slots while disk is at work on them. */
static void
flip(const struct msg_data_write *m)
{
	uint32_t	 i, round;
	uint8_t		*p;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < m->blocks.n; i++) {
			p = (uint8_t *)arena.base + (size_t)ARENA_SLOT *
			    m->blocks.v[i].slot;
			p[round * 64] ^= 0xff;
		}
	}
}

/* ---- disk to peer ---- */

static void
disk_evil(const struct msg_data_written *m)
{
	struct rec_slot_result	 r = m->slots.v[0];
	struct msg_data_written	 w = { .slots = { &r, 1 } };
	uint8_t			 bits = 0xff;
	struct msg_data_have	 h = {
		.torrent = TORRENT, .serial = 1, .first = PIECES_MAX / 8,
		.bits = { &bits, 1 },
	};
	struct rec_piece_result	 v = {
		.torrent = TORRENT, .piece = PIECES_MAX - 1, .good = true,
	};
	struct msg_data_pieces	 p = { .pieces = { &v, 1 } };

	if (is("slot"))
		r.slot = arena.nslots - 1;
	else if (is("beyond"))
		r.slot = arena.nslots;
	else if (is("gen"))
		r.gen++;

	if (is("junk"))
		say_junk(data_fd);
	else if (is("have"))
		say(data_fd, MSG_DATA_HAVE, &h, 1, -1);
	else if (is("pieces"))
		say(data_fd, MSG_DATA_PIECES, &p, 1, -1);
	else
		say(data_fd, MSG_DATA_WRITTEN, &w, 1, -1);
}

/* ---- to the parent ---- */

static void
flood_rows(void)
{
	static struct rec_peer	rows[ROWS];
	struct msg_peer_rows	m = { .id = TORRENT, .peers = { rows, ROWS } };
	unsigned int		i, k, conn = 1;

	for (i = 0; i < FLOOD / 100; i++) {
		for (k = 0; k < ROWS; k++) {
			rows[k].conn = conn++;
			rows[k].client = "evil";
		}
		say(CHILD_FD, MSG_PEER_ROWS, &m, 1, -1);
	}
}

static void
flood_parent(void)
{
	struct rec_swarm	 row = { .id = NOWHERE };
	struct msg_swarm_stats	 stats = { .swarms = { &row, 1 } };
	struct msg_disk_progress progress = { .id = NOWHERE };
	struct msg_name_lookup	 lookup = { .query = 1, .host = "example" };
	struct msg_resolved	 resolved = { .query = 7, .error = "" };
	struct msg_log		 line = { .text = "evil\\^[[31m speaks" };

	if (is("log"))
		say(CHILD_FD, MSG_LOG, &line, FLOOD, -1);
	else if (is("stats"))
		say(CHILD_FD, MSG_SWARM_STATS, &stats, FLOOD, -1);
	else if (is("progress"))
		say(CHILD_FD, MSG_DISK_PROGRESS, &progress, FLOOD, -1);
	else if (is("lookup"))	/* and reads no answer meanwhile */
		say(CHILD_FD, MSG_NAME_LOOKUP, &lookup, 5 * FLOOD, -1);
	else if (is("resolved"))
		say(CHILD_FD, MSG_RESOLVED, &resolved, FLOOD, -1);
}

/* ---- in place of the real ones ---- */

void
__wrap_chan_send(struct chan *c, enum msg_type type, const void *body)
{
	bool		data = type == MSG_DATA_WRITE ||
			    type == MSG_DATA_WRITTEN;

	if (*attack != '\0' && data && ++sent == patience && is("rows"))
		flood_rows();
	else if (*attack != '\0' && data && sent == patience && !is("flip")) {
		if (type == MSG_DATA_WRITE)
			peer_evil(body);
		else
			disk_evil(body);
		/* What the honest part says goes on where that may be. */
		if (is("torrent"))
			return;
	}
	__real_chan_send(c, type, body);
	if (type == MSG_READY)
		flood_parent();
	if (type == MSG_DATA_WRITE && is("flip") && sent % 4 == 0)
		flip(body);
}

struct chan *
__wrap_chan_new(struct loop *loop, int fd, enum role self, enum role other,
    bool setup, const union msg_fn *fns, chan_closed_fn closed, void *arg)
{
	if ((self == ROLE_PEER && other == ROLE_DISK) ||
	    (self == ROLE_DISK && other == ROLE_PEER) ||
	    (self == ROLE_TRACKER && other == ROLE_DISK))
		data_fd = fd;
	if (self == ROLE_TRACKER && other == ROLE_DISK)
		patience = PATIENCE_SEED;
	return __real_chan_new(loop, fd, self, other, setup, fns, closed,
	    arg);
}

int
__wrap_arena_map(struct arena *a, int fd, uint32_t nslots)
{
	int	r = __real_arena_map(a, fd, nslots);

	arena = *a;
	return r;
}

static void
arm(enum role role)
{
	char	path[4096], name[4200];
	ssize_t	n;
	int	fd;

	if ((n = readlink("/proc/self/exe", path, sizeof(path) - 1)) == -1)
		return;
	path[n] = '\0';
	snprintf(name, sizeof(name), "%s.%s", path, role_name(role));
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if ((n = read(fd, attack, sizeof(attack) - 1)) > 0)
		attack[n] = '\0';
	close(fd);
	unlink(name);
}

void
__wrap_sandbox_seal(enum role role, const struct child_path *paths, int n,
    bool relaxed, void (*threads)(void *), void *arg,
    struct sandbox_report *report)
{
	arm(role);
	__real_sandbox_seal(role, paths, n, relaxed, threads, arg, report);
}
