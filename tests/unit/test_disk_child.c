/* SPDX-License-Identifier: ISC */
/*
 * The disk role, sealed, in a process of its own; the test plays its parent
 * and its peer, message by message.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#undef BLOCK_SIZE	/* of <sys/mount.h> */

#include "arena.h"
#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "geom.h"
#include "hash.h"
#include "log.h"
#include "mem.h"
#include "msg.h"

#define PIECE		65536U
#define SLOTS		256U
#define NOBODY		65534
#define WAIT_MS		20000

/* A torrent made for a test. */
struct spec {
	const char	*path;		/* without the top directory */
	uint64_t	 length;
	bool		 pad;
};

static const struct spec files[] = {
	{ "a/one", 200000, false },
	{ "empty", 0, false },
	{ ".pad/p", 1000, true },
	{ "two", 300001, false },
	{ "b/c/three", 7, false },
};
#define NFILES	(sizeof(files) / sizeof(files[0]))

/* A packet in hand: a message, or several. */
struct packet {
	uint8_t		 buf[MSG_SIZE_MAX];
	size_t		 at, len;
};

struct world {
	char		 dir[64];	/* root and state beneath it */
	int		 root, state;
	pid_t		 pid;
	int		 parent, data;	/* our ends */
	struct arena	 arena;
	struct msg_in	*in;
	struct packet	 on_parent, on_data;
	uint8_t		*payload;
	uint8_t		*info;		/* in torrent */
	uint32_t	 info_len;
	uint8_t		*torrent;
	size_t		 torrent_len;
	uint8_t		 infohash[SHA1_LEN];
	struct geom	 geom;
	uint8_t		*have;		/* as data_open told */
	/* The last disk_state and disk_progress. */
	uint8_t		 dstate;
	char		 error[ERROR_MAX + 1];
	uint64_t	 bytes;
	uint32_t	 pieces;
};

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

	assert_true(n > 0);
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
	assert_int_equal(sendmsg(sock, &mh, MSG_NOSIGNAL), n);
}

static void
say(int sock, enum msg_type type, const void *body)
{
	say_fd(sock, type, body, -1);
}

static bool
next_packet(struct packet *p, int sock)
{
	struct pollfd	pfd = { .fd = sock, .events = POLLIN };
	ssize_t		n;

	if (poll(&pfd, 1, WAIT_MS) != 1)
		fail_msg("no answer");
	n = recv(sock, p->buf, sizeof(p->buf), 0);
	p->at = 0;
	p->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The next message; MSG_COUNT at the end of the channel. */
static uint32_t
hear(struct world *w, int sock)
{
	struct packet	*p = sock == w->data ? &w->on_data : &w->on_parent;
	const char	*why;
	ssize_t		 n;

	if (p->at == p->len && !next_packet(p, sock))
		return MSG_COUNT;
	n = msg_decode_first(w->in, p->buf + p->at, p->len - p->at, &why);
	if (n == -1)
		fail_msg("bad message: %s", why);
	p->at += (size_t)n;
	if (w->in->type == MSG_DISK_STATE) {
		w->dstate = w->in->body.disk_state.state;
		strlcpy(w->error, w->in->body.disk_state.error,
		    sizeof(w->error));
	} else if (w->in->type == MSG_LOG) {
		print_message("# disk: %s\n", w->in->body.log.text);
	} else if (w->in->type == MSG_DISK_PROGRESS) {
		w->bytes = w->in->body.disk_progress.have;
		w->pieces = w->in->body.disk_progress.pieces;
	}
	return w->in->type;
}

static void
expect(struct world *w, int sock, enum msg_type type)
{
	uint32_t	got;

	while ((got = hear(w, sock)) != (uint32_t)type)
		if (got == MSG_COUNT)
			fail_msg("disk ended; %s expected", msg_name(type));
}

static void
expect_state(struct world *w, enum dstate state)
{
	while (w->dstate != state)
		expect(w, w->parent, MSG_DISK_STATE);
}

/* ---- the world ---- */

static void
make_torrent(struct world *w)
{
	char	*text = NULL;
	size_t	 len, i, k;
	FILE	*fp = open_memstream(&text, &len);
	uint64_t off = 0;
	uint8_t	 digest[SHA1_LEN];
	long	 info, end;
	char	 path[64], *p, *slash;

	for (i = 0; i < NFILES; i++)
		w->geom.size += files[i].length;
	w->geom.piece_length = PIECE;
	w->geom.npieces = geom_npieces(w->geom.size, PIECE);
	w->payload = xmalloc(w->geom.size);
	arc4random_buf(w->payload, w->geom.size);
	for (i = 0; i < NFILES; off += files[i++].length)
		if (files[i].pad)
			memset(w->payload + off, 0, files[i].length);
	fputs("d8:announce14:http://x.test/4:info", fp);
	fflush(fp);
	info = ftell(fp);
	fputs("d5:filesl", fp);
	for (i = 0; i < NFILES; i++) {
		fprintf(fp, "d%s6:lengthi%llue4:pathl",
		    files[i].pad ? "4:attr1:p" : "",
		    (unsigned long long)files[i].length);
		strlcpy(path, files[i].path, sizeof(path));
		for (p = path; p != NULL; p = slash) {
			if ((slash = strchr(p, '/')) != NULL)
				*slash++ = '\0';
			fprintf(fp, "%zu:%s", strlen(p), p);
		}
		fputs("ee", fp);
	}
	fprintf(fp, "e4:name3:top12:piece lengthi%ue6:pieces%u:", PIECE,
	    w->geom.npieces * SHA1_LEN);
	for (k = 0; k < w->geom.npieces; k++) {
		hash_sha1(w->payload + k * PIECE,
		    geom_piece_size(&w->geom, (uint32_t)k), digest);
		fwrite(digest, 1, sizeof(digest), fp);
	}
	fputs("e", fp);
	end = ftell(fp);
	fputs("e", fp);
	fclose(fp);
	hash_sha1(text + info, (size_t)(end - info), w->infohash);
	w->torrent = (uint8_t *)text;
	w->torrent_len = len;
	w->info = w->torrent + info;
	w->info_len = (uint32_t)(end - info);
}

static void
connect_as(struct world *w, bool seeds)
{
	struct msg_data_arena	arena = { .nslots = SLOTS, .seeds = seeds };
	struct msg_data_channel	channel = { .link = 1U + seeds,
		.seeds = seeds };
	int			fd, ends[2];

	arena_unmap(&w->arena);
	fd = arena_create(SLOTS);
	say_fd(w->parent, MSG_DATA_ARENA, &arena, fd);
	assert_int_equal(arena_map(&w->arena, fd, SLOTS), 0);
	assert_int_equal(chan_pair(ends), 0);
	say_fd(w->parent, MSG_DATA_CHANNEL, &channel, ends[0]);
	close(ends[0]);
	if (w->data != -1)
		close(w->data);
	w->data = ends[1];
	w->on_data.at = w->on_data.len = 0;
}

static void
connect_data(struct world *w)
{
	connect_as(w, false);
}

/* The end of a data channel that is not in use now. */
struct side {
	int		 data;
	struct arena	 arena;
	struct packet	 on_data;
};

static void
swap_side(struct world *w, struct side *other)
{
	struct side	now = { w->data, w->arena, w->on_data };

	w->data = other->data;
	w->arena = other->arena;
	w->on_data = other->on_data;
	*other = now;
}

static void
disk_process(int fd)
{
	int	nul = open("/dev/null", O_RDWR);

	/* Not cmocka's: a refused system call must show. */
	signal(SIGSYS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	if (fd != CHILD_FD)
		dup2(fd, CHILD_FD);
	dup2(nul, 0);
	child_main(&disk_ops);
}

static void
disk_begin(struct world *w)
{
	struct msg_disk_root	 root = { .index = 0, .path = w->dir };
	struct msg_disk_state_dir state = { .none = 0 };
	struct msg_conf_end	 end = { .relaxed = true };
	int			 ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	fflush(NULL);
	w->pid = fork();
	if (w->pid == 0)
		disk_process(ends[0]);
	close(ends[0]);
	w->parent = ends[1];
	w->on_parent.at = w->on_parent.len = 0;
	w->dstate = UINT8_MAX;
	say_fd(w->parent, MSG_DISK_STATE_DIR, &state, w->state);
	say_fd(w->parent, MSG_DISK_ROOT, &root, w->root);
	say(w->parent, MSG_CONF_END, &end);
	expect(w, w->parent, MSG_READY);
	connect_data(w);
}

static void
disk_scan(struct world *w)
{
	struct msg_state_scan	scan = { .none = 0 };

	say(w->parent, MSG_STATE_SCAN, &scan);
	expect(w, w->parent, MSG_SCAN_END);
}

static void
disk_scan_no_wait(struct world *w)
{
	struct msg_state_scan	scan = { .none = 0 };

	say(w->parent, MSG_STATE_SCAN, &scan);
}

static void
disk_kill(struct world *w)
{
	int	status;

	kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	close(w->parent);
}

static void
disk_end(struct world *w)
{
	struct msg_shutdown	m = { .none = 0 };
	int			status;

	say(w->parent, MSG_SHUTDOWN, &m);
	while (hear(w, w->parent) != MSG_COUNT)
		continue;
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(w->parent);
}

static const char	*small;	/* a file system of 1 MiB; NULL: none */

static int
world_begin_in(void **state, const char *root)
{
	struct world	*w = xcalloc(1, sizeof(*w));
	char		 path[96];

	strlcpy(w->dir, "/tmp/mim-disk-XXXXXX", sizeof(w->dir));
	assert_non_null(mkdtemp(w->dir));
	snprintf(path, sizeof(path), "%s/state", w->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	w->root = open(root != NULL ? root : w->dir,
	    O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->state = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	w->data = -1;
	w->in = msg_in_new();
	make_torrent(w);
	w->have = xcalloc(1, bitfield_size(w->geom.npieces));
	disk_begin(w);
	disk_scan(w);
	*state = w;
	return 0;
}

static int
world_begin(void **state)
{
	return world_begin_in(state, NULL);
}

static int
world_begin_small(void **state)
{
	return world_begin_in(state, small);
}

static int
world_end(void **state)
{
	struct world	*w = *state;
	char		 cmd[128];

	disk_end(w);
	close(w->data);
	close(w->root);
	close(w->state);
	arena_unmap(&w->arena);
	msg_in_free(w->in);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w->payload);
	free(w->torrent);
	free(w->have);
	free(w);
	return 0;
}

/* ---- what is done with torrents ---- */

static void
add(struct world *w, uint32_t id)
{
	struct msg_torrent_add	m = { .id = id, .subdir = "", .added = 1 };
	int			fd;

	fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, w->torrent, w->torrent_len),
	    w->torrent_len);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
	    F_SEAL_SEAL);
	say_fd(w->parent, MSG_TORRENT_ADD, &m, fd);
	close(fd);
}

static void
added(struct world *w)
{
	w->dstate = UINT8_MAX;
	add(w, 1);
	expect(w, w->parent, MSG_TORRENT_META);
	assert_memory_equal(w->in->body.torrent_meta.infohash, w->infohash,
	    SHA1_LEN);
	assert_int_equal(w->in->body.torrent_meta.nfiles, NFILES);
	expect(w, w->parent, MSG_TORRENT_LOADED);
	expect(w, w->parent, MSG_DISK_STATE);
	expect(w, w->parent, MSG_TORRENT_KEPT);
}

static void
opened(struct world *w)
{
	struct msg_data_open	m = { .torrent = 1 };
	uint32_t		type;

	say(w->data, MSG_DATA_OPEN, &m);
	while ((type = hear(w, w->data)) == MSG_DATA_HAVE)
		memcpy(w->have, w->in->body.data_have.bits.p,
		    w->in->body.data_have.bits.len);
	assert_int_equal(type, MSG_DATA_OPEN_END);
}

static struct rec_block
block_of(struct world *w, uint32_t piece, uint32_t index, uint32_t slot)
{
	return (struct rec_block){
		.torrent = 1, .piece = piece, .begin = index * BLOCK_SIZE,
		.length = geom_block_len(&w->geom, piece, index),
		.slot = slot, .gen = slot + 7
	};
}

static void
fill(struct world *w, const struct rec_block *b)
{
	memcpy(arena_slot(&w->arena, b->slot), w->payload +
	    (size_t)b->piece * PIECE + b->begin, b->length);
}

/* Write blocks; all must be answered with status. */
static void
write_blocks(struct world *w, struct rec_block *b, uint32_t n, uint8_t status)
{
	struct msg_data_write		 m = { .blocks = { b, n } };
	const struct rec_slot_result	*r;
	uint32_t			 i, k;

	say(w->data, MSG_DATA_WRITE, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_WRITTEN);
	assert_int_equal(w->in->body.data_written.slots.n, n);
	r = w->in->body.data_written.slots.v;
	for (i = 0; i < n; i++) {
		for (k = 0; k < n && r[k].slot != b[i].slot; k++)
			continue;
		assert_true(k < n);
		assert_int_equal(r[k].gen, b[i].gen);
		assert_int_equal(r[k].status, status);
	}
}

enum order { FORWARD, BACKWARD, ODD_FIRST };

static void
write_piece(struct world *w, uint32_t piece, enum order order, bool good)
{
	struct rec_block	b[PIECE / BLOCK_SIZE];
	uint32_t		i, k, n = geom_nblocks(&w->geom, piece);

	for (i = 0; i < n; i++) {
		k = order == BACKWARD ? n - 1 - i : order == FORWARD ? i :
		    i < n / 2 ? 2 * i + 1 : 2 * (i - n / 2);
		b[i] = block_of(w, piece, k, i);
		fill(w, &b[i]);
		if (!good && i == 0)
			arena_slot(&w->arena, b[i].slot)[5] ^= 1;
	}
	write_blocks(w, b, n, SLOT_OK);
	assert_int_equal(hear(w, w->data), MSG_DATA_PIECES);
	assert_int_equal(w->in->body.data_pieces.pieces.n, 1);
	assert_int_equal(w->in->body.data_pieces.pieces.v[0].piece, piece);
	assert_int_equal(w->in->body.data_pieces.pieces.v[0].good, good);
}

static void
read_all(struct world *w)
{
	struct rec_block	b[SLOTS];
	struct msg_data_read	m = { .blocks = { b, 0 } };
	uint32_t		i, k, n = 0;

	for (i = 0; i < w->geom.npieces; i++)
		for (k = 0; k < geom_nblocks(&w->geom, i); k++, n++)
			b[n] = block_of(w, i, k, n);
	memset(w->arena.base, 0xee, (size_t)SLOTS * ARENA_SLOT);
	m.blocks.n = n;
	say(w->data, MSG_DATA_READ, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_READ_DONE);
	for (i = 0; i < n; i++) {
		assert_int_equal(w->in->body.data_read_done.slots.v[i].status,
		    SLOT_OK);
		assert_memory_equal(arena_slot(&w->arena, b[i].slot),
		    w->payload + (size_t)b[i].piece * PIECE + b[i].begin,
		    b[i].length);
	}
}

static void
complete(struct world *w)
{
	uint32_t	i;

	added(w);
	assert_int_equal(w->dstate, DSTATE_READY);
	opened(w);
	for (i = 0; i < w->geom.npieces; i++)
		write_piece(w, i, (enum order)(i % 3), true);
	while (w->pieces < w->geom.npieces)
		expect(w, w->parent, MSG_DISK_PROGRESS);
	assert_int_equal(w->bytes, w->geom.size);
}

static bool
exists(struct world *w, const char *path)
{
	struct stat	st;

	return fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- the tests ---- */

static void
test_download(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	complete(w);
	read_all(w);
	b = block_of(w, 0, 0, 3);
	write_blocks(w, &b, 1, SLOT_UNWANTED);
	assert_true(exists(w, "top/empty"));
	assert_true(exists(w, "top/b/c/three"));
	assert_false(exists(w, "top/.pad"));
}

/* Digests of n blocks of a piece, in out; returns how many disk had. */
static uint32_t
digests(struct world *w, uint32_t torrent, uint32_t piece, uint32_t first,
    uint32_t n, uint8_t *out)
{
	struct msg_data_digest	m = { torrent, piece, 77, first, n };

	say(w->data, MSG_DATA_DIGEST, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_DIGESTS);
	assert_int_equal(w->in->body.data_digests.tag, 77);
	assert_int_equal(w->in->body.data_digests.first, first);
	memcpy(out, w->in->body.data_digests.digests.p,
	    w->in->body.data_digests.digests.len);
	return w->in->body.data_digests.digests.len / DIGEST_LEN;
}

/* Digests of a bad copy and of a good one differ where the blocks do. */
static void
test_digests(void **state)
{
	struct world	*w = *state;
	uint8_t		 bad[DIGESTS_MAX][DIGEST_LEN];
	uint8_t		 good[DIGESTS_MAX][DIGEST_LEN];
	uint32_t	 i, n, last = w->geom.npieces - 1;

	added(w);
	opened(w);
	n = geom_nblocks(&w->geom, 1);
	write_piece(w, 1, FORWARD, false);
	assert_int_equal(digests(w, 1, 1, 0, n, bad[0]), n);
	write_piece(w, 1, BACKWARD, true);
	assert_int_equal(digests(w, 1, 1, 0, n, good[0]), n);
	for (i = 0; i < n; i++)
		assert_int_equal(memcmp(bad[i], good[i], DIGEST_LEN) == 0,
		    i != 0);
	assert_int_equal(digests(w, 1, 1, 2, 2, bad[0]), 2);
	assert_memory_equal(bad, good[2], 2 * DIGEST_LEN);
	/* The last piece, short. */
	write_piece(w, last, FORWARD, true);
	n = geom_nblocks(&w->geom, last);
	assert_int_equal(digests(w, 1, last, 0, n, bad[0]), n);
	/* What is not there has none. */
	assert_int_equal(digests(w, 1, last, 0, n + 1, bad[0]), 0);
	assert_int_equal(digests(w, 1, last, n, 1, bad[0]), 0);
	assert_int_equal(digests(w, 1, last + 1, 0, 1, bad[0]), 0);
	assert_int_equal(digests(w, 99, 0, 0, 1, bad[0]), 0);
}

static void
expect_piece(struct world *w, uint32_t piece, bool good, bool seeded)
{
	const struct rec_piece_result	*r;

	assert_int_equal(hear(w, w->data), MSG_DATA_PIECES);
	assert_int_equal(w->in->body.data_pieces.pieces.n, 1);
	r = w->in->body.data_pieces.pieces.v;
	assert_int_equal(r->piece, piece);
	assert_int_equal(r->good, good);
	assert_int_equal(r->seeded, seeded);
}

/* A piece is of peer or of tracker; peer may take it over at any time. */
static void
test_two_writers(void **state)
{
	struct world		*w = *state;
	struct side		*other = xcalloc(1, sizeof(*other));
	struct rec_block	 b[3];

	added(w);
	opened(w);
	other->data = -1;
	swap_side(w, other);
	connect_as(w, true);
	write_piece(w, 2, FORWARD, true);
	swap_side(w, other);
	expect_piece(w, 2, true, true);
	/* Tracker begins one, and peer goes on with it from the start. */
	swap_side(w, other);
	b[0] = block_of(w, 1, 0, 3);
	b[1] = block_of(w, 1, 1, 4);
	b[2] = block_of(w, 1, 2, 5);
	fill(w, &b[0]);
	fill(w, &b[1]);
	arena_slot(&w->arena, 3)[0] ^= 1;
	write_blocks(w, b, 2, SLOT_OK);
	write_blocks(w, b, 2, SLOT_UNWANTED);
	swap_side(w, other);
	fill(w, &b[2]);
	write_blocks(w, &b[2], 1, SLOT_OK);
	swap_side(w, other);
	write_blocks(w, b, 2, SLOT_UNWANTED);
	swap_side(w, other);
	fill(w, &b[0]);
	fill(w, &b[1]);
	write_blocks(w, b, 2, SLOT_OK);
	b[0] = block_of(w, 1, 3, 6);
	fill(w, &b[0]);
	write_blocks(w, b, 1, SLOT_OK);
	expect_piece(w, 1, true, false);
	/* Both hear of a bad one of tracker's. */
	swap_side(w, other);
	write_piece(w, 3, ODD_FIRST, false);
	swap_side(w, other);
	expect_piece(w, 3, false, true);
	/* Tracker goes: what it began is forgotten, peer's is not. */
	b[0] = block_of(w, 4, 0, 7);
	fill(w, &b[0]);
	write_blocks(w, b, 1, SLOT_OK);
	swap_side(w, other);
	b[1] = block_of(w, 5, 0, 7);
	fill(w, &b[1]);
	write_blocks(w, &b[1], 1, SLOT_OK);
	connect_as(w, true);
	fill(w, &b[1]);
	write_blocks(w, &b[1], 1, SLOT_OK);
	swap_side(w, other);
	write_blocks(w, b, 1, SLOT_UNWANTED);
	close(other->data);
	arena_unmap(&other->arena);
	free(other);
}

static void
test_map(void **state)
{
	static const char *const	 paths[] = { "top/a/one", "",
		"top/two", "top/b/c/three" };
	struct world			*w = *state;
	struct side			*other = xcalloc(1, sizeof(*other));
	struct msg_data_map		 m = { .torrent = 1, .tag = 7,
		.offset = 100, .length = w->geom.size - 100, .begin = true };
	const struct rec_part		*r;
	uint64_t			 sum = 0;
	uint32_t			 i;

	added(w);
	other->data = -1;
	swap_side(w, other);
	connect_as(w, true);
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.parts.n, 0);
	swap_side(w, other);
	opened(w);
	swap_side(w, other);
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.tag, 7);
	assert_int_equal(w->in->body.data_parts.parts.n, 4);
	assert_false(w->in->body.data_parts.single);
	r = w->in->body.data_parts.parts.v;
	assert_int_equal(r[0].offset, 100);
	assert_true(r[1].pad);
	for (i = 0; i < 4; i++) {
		assert_string_equal(r[i].path, paths[i]);
		sum += r[i].length;
	}
	assert_int_equal(sum, m.length);
	m.offset = w->geom.size - 1;
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.parts.n, 0);
	swap_side(w, other);
	close(other->data);
	arena_unmap(&other->arena);
	free(other);
}

static void
test_bad_piece(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	added(w);
	opened(w);
	write_piece(w, 1, FORWARD, false);
	b = block_of(w, 1, 0, 9);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_OK);
	write_blocks(w, &b, 1, SLOT_UNWANTED);
	opened(w);		/* unfinished pieces are forgotten */
	write_piece(w, 1, ODD_FIRST, true);
}

static void
test_add_refused(void **state)
{
	struct world	*w = *state;

	added(w);
	add(w, 2);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_string_equal(w->in->body.torrent_refused.error,
	    "already there as number 1");
	added(w);		/* the same number: told again */
	w->torrent[w->torrent_len - 1] = 'x';
	add(w, 3);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_int_equal(w->in->body.torrent_refused.id, 3);
}

static void
removed(struct world *w)
{
	struct msg_torrent_remove	m = { .id = 1 };

	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_int_equal(w->in->body.torrent_removed.id, 1);
	assert_string_equal(w->in->body.torrent_removed.error, "");
}

/* It cannot be kept, though the files are there: nothing of it is left. */
static void
test_add_not_kept(void **state)
{
	struct world	*w = *state;
	int		 fd;

	assert_int_equal(mkdirat(w->root, "top", 0700), 0);
	fd = openat(w->root, "top/b", O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(unlinkat(w->state, "torrents", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(w->state, "resume", AT_REMOVEDIR), 0);
	add(w, 1);
	expect(w, w->parent, MSG_TORRENT_LOADED);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_non_null(strstr(w->in->body.torrent_refused.error,
	    "state directory: "));
	removed(w);
	/* It may be removed before that is known. */
	add(w, 1);
	removed(w);
	add(w, 1);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
}

/* Verified but not yet in the record: found again, not fetched again. */
static void
test_killed(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;
	uint32_t		 i;

	added(w);
	opened(w);
	for (i = 0; i < 5; i++)
		write_piece(w, i, FORWARD, true);
	b = block_of(w, 6, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_OK);
	disk_kill(w);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	for (i = 0; i < w->geom.npieces; i++)
		assert_int_equal(bitfield_get(w->have, i), i < 5);
}

static void
test_clean_restart(void **state)
{
	struct world	*w = *state;

	complete(w);
	disk_end(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, DSTATE_READY);	/* without a check */
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces),
	    w->geom.npieces);
	read_all(w);
}

static void
test_changed_file(void **state)
{
	struct world	*w = *state;
	int		 fd;

	complete(w);
	disk_end(w);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(pwrite(fd, "changed", 7, 100000), 7);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces),
	    w->geom.npieces - 1);
	unlinkat(w->root, "top/two", 0);
	disk_end(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, DSTATE_ERROR);
	assert_non_null(strstr(w->error, "two: No such file"));
}

static void
test_check(void **state)
{
	struct world		*w = *state;
	struct msg_torrent_check m = { .id = 1 };
	int			 fd;

	complete(w);
	fd = openat(w->root, "top/a/one", O_WRONLY);
	assert_int_equal(pwrite(fd, "changed", 7, 70000), 7);
	close(fd);
	say(w->parent, MSG_TORRENT_CHECK, &m);
	w->dstate = UINT8_MAX;
	expect_state(w, DSTATE_CHECKING);
	expect_state(w, DSTATE_READY);
	assert_int_equal(w->pieces, w->geom.npieces - 1);
	opened(w);
	assert_false(bitfield_get(w->have, 1));
	write_piece(w, 1, FORWARD, true);
	read_all(w);
}

static void
test_truncated(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;
	struct msg_data_read	 m = { .blocks = { &b, 1 } };
	int			 fd;

	complete(w);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	b = block_of(w, w->geom.npieces - 1, 0, 0);
	say(w->data, MSG_DATA_READ, &m);
	expect(w, w->data, MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
}

static void
test_bad_state(void **state)
{
	struct world	*w = *state;
	char		 name[96], hex[2 * SHA1_LEN + 1];
	int		 fd;

	complete(w);
	disk_end(w);
	hash_hex(w->infohash, SHA1_LEN, hex);
	snprintf(name, sizeof(name), "state/resume/%s.resume", hex);
	fd = openat(w->root, name, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	assert_int_equal(w->pieces, w->geom.npieces);
	snprintf(name, sizeof(name), "state/resume/%s.resume.bad", hex);
	assert_true(exists(w, name));
}

static void
test_remove(void **state)
{
	struct world		 *w = *state;
	struct msg_torrent_remove m = { .id = 1, .delete_data = true };
	int			  fd;

	complete(w);
	fd = openat(w->root, "top/a/foreign", O_WRONLY | O_CREAT, 0600);
	close(fd);
	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_string_equal(w->in->body.torrent_removed.error, "");
	assert_false(exists(w, "top/b"));
	assert_false(exists(w, "top/two"));
	assert_false(exists(w, "top/a/one"));
	assert_true(exists(w, "top/a/foreign"));
	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	disk_kill(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, UINT8_MAX);
}

static void
test_hostile_paths(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	assert_int_equal(mkdirat(w->root, "outside", 0700), 0);
	added(w);
	opened(w);
	assert_int_equal(symlinkat("../outside", w->root, "top/a"), 0);
	b = block_of(w, 0, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
	assert_false(exists(w, "outside/one"));
}

/* Wait for space, then go on; the pieces that were good stay. */
static void
add_magnet(struct world *w)
{
	const struct rec_tracker	tr = { .url = "http://x.test/" };
	const struct rec_addr		peer = { .port = 5 };
	struct msg_magnet_add		m = { .id = 1, .name = "a link",
		.trackers = { &tr, 1 }, .peers = { &peer, 1 }, .subdir = "" };

	memcpy(m.infohash, w->infohash, SHA1_LEN);
	say(w->parent, MSG_MAGNET_ADD, &m);
}

static void
expect_magnet(struct world *w)
{
	const struct msg_torrent_meta	*m = &w->in->body.torrent_meta;

	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(m->id, 1);
	assert_int_equal(m->npieces, 0);
	assert_string_equal(m->name, "a link");
	expect(w, w->parent, MSG_TORRENT_TRACKERS);
	assert_int_equal(w->in->body.torrent_trackers.trackers.n, 1);
	expect(w, w->parent, MSG_TORRENT_PEERS);
	assert_int_equal(w->in->body.torrent_peers.peers.v[0].port, 5);
	expect(w, w->parent, MSG_TORRENT_LOADED);
	w->dstate = UINT8_MAX;
	expect_state(w, DSTATE_READY);
}

static void
added_magnet(struct world *w)
{
	add_magnet(w);
	expect_magnet(w);
	expect(w, w->parent, MSG_TORRENT_KEPT);
}

static bool
open_meta(struct world *w, uint32_t torrent, uint32_t size)
{
	struct msg_meta_open	m = { .torrent = torrent, .size = size };

	say(w->data, MSG_META_OPEN, &m);
	assert_int_equal(hear(w, w->data), MSG_META_OPENED);
	return w->in->body.meta_opened.ok;
}

/* The dictionary is shorter than a block. */
static bool
write_meta(struct world *w, bool good)
{
	struct msg_meta_write	m = { .torrent = 1, .slot = 2, .gen = 3 };

	m.length = w->info_len;
	memcpy(arena_slot(&w->arena, 2), w->info, w->info_len);
	arena_slot(&w->arena, 2)[9] ^= !good;
	say(w->data, MSG_META_WRITE, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_WRITTEN);
	assert_int_equal(w->in->body.data_written.slots.v[0].status, SLOT_OK);
	assert_int_equal(hear(w, w->data), MSG_META_RESULT);
	return w->in->body.meta_result.good;
}

static void
test_magnet(void **state)
{
	struct world	*w = *state;
	struct msg_meta_read r = { .torrent = 1, .slot = 7, .gen = 8 };

	added_magnet(w);
	/* A link outlives disk. */
	disk_kill(w);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect_magnet(w);
	added_magnet(w);	/* told again */
	assert_true(open_meta(w, 1, w->info_len));
	assert_false(write_meta(w, false));
	assert_true(open_meta(w, 1, w->info_len));
	assert_true(write_meta(w, true));
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.id, 1);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	assert_int_equal(w->in->body.torrent_meta.metadata_size, w->info_len);
	expect(w, w->parent, MSG_TORRENT_TRACKERS);
	expect(w, w->parent, MSG_DISK_PROGRESS);
	assert_false(open_meta(w, 1, w->info_len));
	r.length = w->info_len;
	say(w->data, MSG_META_READ, &r);
	assert_int_equal(hear(w, w->data), MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_OK);
	assert_memory_equal(arena_slot(&w->arena, 7), w->info, w->info_len);
	opened(w);
	write_piece(w, 0, FORWARD, true);
	disk_kill(w);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	expect(w, w->parent, MSG_SCAN_END);
}

static void
test_magnet_files(void **state)
{
	struct world	*w = *state;
	char		 name[128], hex[2 * SHA1_LEN + 1];
	int		 fd;

	added_magnet(w);
	disk_kill(w);
	/* As if it had died between the .torrent and all else. */
	hash_hex(w->infohash, SHA1_LEN, hex);
	snprintf(name, sizeof(name), "state/torrents/%s.torrent", hex);
	fd = openat(w->root, name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, w->torrent, w->torrent_len),
	    w->torrent_len);
	close(fd);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.id, 1);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	expect(w, w->parent, MSG_SCAN_END);
	assert_true(exists(w, name));
	/* The link goes with the record that has all it said. */
	snprintf(name, sizeof(name), "state/torrents/%s.magnet", hex);
	while (exists(w, name))
		usleep(1000);
	/* One that is damaged is set aside. */
	disk_kill(w);
	snprintf(name, sizeof(name), "state/torrents/%040d.magnet", 7);
	fd = openat(w->root, name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "magnet:?xt=urn:", 15), 15);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	assert_false(exists(w, name));
	strlcat(name, ".bad", sizeof(name));
	assert_true(exists(w, name));
}

static void
test_magnet_bounds(void **state)
{
	struct world			*w = *state;
	struct msg_magnet_add		 m = { .name = "", .subdir = "" };
	struct msg_meta_close		 c = { .torrent = 2 };
	struct msg_meta_write		 wr = { .torrent = 3 };
	struct msg_meta_read		 rd = { .torrent = 1 };
	struct msg_torrent_remove	 rm = { .id = 3 };
	uint32_t			 id;

	for (id = 1; id <= 5; id++) {
		m.id = id;
		m.infohash[0] = (uint8_t)id;
		say(w->parent, MSG_MAGNET_ADD, &m);
		expect(w, w->parent, MSG_DISK_STATE);
	}
	for (id = 1; id <= 5; id++)
		assert_int_equal(open_meta(w, id, METADATA_FETCH_MAX), id < 4);
	say(w->data, MSG_META_CLOSE, &c);
	assert_true(open_meta(w, 4, METADATA_FETCH_MAX));
	assert_false(open_meta(w, 5, METADATA_FETCH_MAX));
	assert_true(open_meta(w, 5, 100));
	assert_false(open_meta(w, 6, 100));
	say(w->parent, MSG_TORRENT_REMOVE, &rm);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_true(open_meta(w, 2, METADATA_FETCH_MAX));
	/* Half a block. */
	wr.torrent = 2;
	wr.length = 5;
	say(w->data, MSG_META_WRITE, &wr);
	expect(w, w->parent, MSG_DATA_BROKEN);
	/* Its blocks went with the channel. */
	connect_data(w);
	assert_true(open_meta(w, 1, METADATA_FETCH_MAX));
	wr.slot = SLOTS;
	say(w->data, MSG_META_WRITE, &wr);
	expect(w, w->parent, MSG_DATA_BROKEN);
	connect_data(w);
	rd.length = 5;
	say(w->data, MSG_META_READ, &rd);
	assert_int_equal(hear(w, w->data), MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_FAILED);
	rd.slot = SLOTS;
	say(w->data, MSG_META_READ, &rd);
	expect(w, w->parent, MSG_DATA_BROKEN);
}

static void
test_no_space(void **state)
{
	struct world		*w = *state;
	static const char	 filler[4096];
	struct rec_block	 b;
	struct msg_data_write	 m = { .blocks = { &b, 1 } };
	uint32_t		 i, done;
	int			 fd;

	if (small == NULL)
		return;		/* a small tmpfs takes root */
	added(w);
	opened(w);
	for (done = 0; done < 3; done++)
		write_piece(w, done, FORWARD, true);
	fd = openat(w->root, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(fd, filler, sizeof(filler)) == (ssize_t)sizeof(filler))
		continue;
	close(fd);
	for (i = 0; w->dstate == DSTATE_READY; i++) {
		b = block_of(w, done + i / 4, i % 4, i);
		fill(w, &b);
		say(w->data, MSG_DATA_WRITE, &m);
		expect(w, w->data, MSG_DATA_WRITTEN);
		if (w->in->body.data_written.slots.v[0].status == SLOT_FAILED)
			expect_state(w, DSTATE_WAITING);
		else if (i % 4 == 3) {
			expect(w, w->data, MSG_DATA_PIECES);
			done++;
			i = (uint32_t)-1;
		}
	}
	assert_non_null(strstr(w->error, " more space on "));
	unlinkat(w->root, "filler", 0);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces), done);
	for (i = done; i < w->geom.npieces; i++)
		write_piece(w, i, FORWARD, true);
	read_all(w);
}

/* Each breaks the rules of the data channel, which is then dropped. */
static void
test_rules(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b[2];
	struct msg_data_write	 m = { .blocks = { b, 2 } };
	int			 i;

	added(w);
	for (i = 0; i < 4; i++) {
		opened(w);
		b[0] = block_of(w, 0, 0, 0);
		b[1] = block_of(w, 0, 1, 1);
		if (i == 0)
			b[1].slot = 0;
		else if (i == 1)
			b[1].slot = SLOTS;
		else if (i == 2)
			b[1].piece = w->geom.npieces;
		else
			b[1].length--;
		say(w->data, MSG_DATA_WRITE, &m);
		assert_int_equal(hear(w, w->data), MSG_COUNT);
		connect_data(w);
	}
	opened(w);
	write_piece(w, 0, FORWARD, true);
}

static void
test_parent_gone(void **state)
{
	struct world	*w = *state;
	int		 status;

	added(w);
	opened(w);
	write_piece(w, 0, FORWARD, true);
	close(w->parent);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_true(bitfield_get(w->have, 0));
}

/* Nodes of the DHT: kept, and told by the next disk before its scan ends. */
static void
save_nodes(struct world *w)
{
	static const uint8_t	id[20] = { 9, 8, 7 };
	struct rec_node		rows[] = {
		{ .ip = { 0x20, 1 }, .port = 7, .id = { id, sizeof(id) } },
		{ .ip = { 0x20, 2 }, .port = 8 },
	};
	struct msg_nodes_save	m = { .id4 = { 4 }, .id6 = { 6 },
				    .nodes = { rows, 2 } };

	say(w->parent, MSG_NODES_SAVE, &m);
}

/* Were nodes told in this scan? */
static bool
scan_nodes(struct world *w)
{
	const struct msg_nodes_saved	*m = &w->in->body.nodes_saved;
	uint32_t			 type;

	disk_scan_no_wait(w);
	while ((type = hear(w, w->parent)) != MSG_NODES_SAVED)
		if (type == MSG_SCAN_END)
			return false;
		else if (type == MSG_COUNT)
			fail_msg("disk ended");
	assert_int_equal(m->id4[0], 4);
	assert_int_equal(m->id6[0], 6);
	assert_int_equal(m->nodes.n, 2);
	assert_int_equal(m->nodes.v[0].ip[1], 1);
	assert_int_equal(m->nodes.v[0].port, 7);
	assert_int_equal(m->nodes.v[0].id.len, 20);
	assert_int_equal(m->nodes.v[0].id.p[2], 7);
	assert_int_equal(m->nodes.v[1].id.len, 0);
	expect(w, w->parent, MSG_SCAN_END);
	return true;
}

static void
restart(struct world *w)
{
	disk_end(w);
	disk_begin(w);
}

static void
test_nodes(void **state)
{
	struct world	*w = *state;
	int		 fd;

	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	/* Its end does not change it, nor does being killed. */
	disk_kill(w);
	disk_begin(w);
	assert_true(scan_nodes(w));
	/* Damaged: set aside, and there is none. */
	disk_end(w);
	fd = openat(w->root, "state/dht.nodes", O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	disk_begin(w);
	assert_false(scan_nodes(w));
	assert_true(exists(w, "state/dht.nodes.bad"));
	assert_false(exists(w, "state/dht.nodes"));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	/* Nor does anything else in its place last. */
	disk_end(w);
	assert_int_equal(unlinkat(w->root, "state/dht.nodes", 0), 0);
	assert_int_equal(mkdirat(w->root, "state/dht.nodes", 0700), 0);
	disk_begin(w);
	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
}

/* A file system that is full costs the newer nodes, and that alone. */
static void
test_nodes_no_space(void **state)
{
	static const char	 filler[4096];
	struct world		*w = *state;
	int			 fd;

	if (small == NULL)
		return;		/* a small tmpfs takes root */
	assert_false(scan_nodes(w));
	save_nodes(w);
	restart(w);
	fd = openat(w->root, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(fd, filler, sizeof(filler)) == (ssize_t)sizeof(filler))
		continue;
	close(fd);
	save_nodes(w);
	save_nodes(w);
	restart(w);
	assert_true(scan_nodes(w));
	assert_false(exists(w, "state/dht.nodes.tmp"));
	unlinkat(w->root, "filler", 0);
}

static void
add_text(struct world *w, uint32_t id, const char *info)
{
	struct msg_torrent_add	 m = { .id = id, .subdir = "",
				    .away_subdir = "", .added = 1 };
	char			*text;
	int			 fd = memfd_create("t", MFD_ALLOW_SEALING);

	text = xasprintf("d4:infod6:lengthi1e4:name1:%u12:piece "
	    "lengthi16384e6:pieces20:01234567890123456789%se5:nodes"
	    "ll8:dht.testi7eel3:::1i8eel1:ai0eeee", id, info);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL), 0);
	say_fd(w->parent, MSG_TORRENT_ADD, &m, fd);
	close(fd);
	free(text);
}

/* What a .torrent says of nodes is told, but of a private one. */
static void
test_torrent_nodes(void **state)
{
	struct world			*w = *state;
	const struct msg_torrent_nodes	*m = &w->in->body.torrent_nodes;
	uint32_t			 type;

	add_text(w, 1, "");
	expect(w, w->parent, MSG_TORRENT_NODES);
	assert_int_equal(m->id, 1);
	assert_int_equal(m->hosts.n, 2);
	assert_string_equal(m->hosts.v[0].host, "dht.test");
	assert_int_equal(m->hosts.v[0].port, 7);
	assert_string_equal(m->hosts.v[1].host, "::1");
	assert_int_equal(m->hosts.v[1].port, 8);
	expect(w, w->parent, MSG_TORRENT_KEPT);
	add_text(w, 2, "7:privatei1e");
	while ((type = hear(w, w->parent)) != MSG_TORRENT_KEPT) {
		assert_int_not_equal(type, MSG_TORRENT_NODES);
		if (type == MSG_TORRENT_REFUSED)
			fail_msg("refused: %s",
			    w->in->body.torrent_refused.error);
	}
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

/* In a mount namespace of our own; only root can. */
static void
make_small(void)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return;
	if (mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m,mode=0777") == 0)
		small = "/mnt";
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_download),
		WORLD(test_bad_piece),
		WORLD(test_two_writers),
		WORLD(test_map),
		WORLD(test_digests),
		WORLD(test_add_refused),
		WORLD(test_add_not_kept),
		WORLD(test_killed),
		WORLD(test_clean_restart),
		WORLD(test_changed_file),
		WORLD(test_check),
		WORLD(test_truncated),
		WORLD(test_bad_state),
		WORLD(test_remove),
		WORLD(test_hostile_paths),
		WORLD(test_magnet),
		WORLD(test_magnet_files),
		WORLD(test_magnet_bounds),
		cmocka_unit_test_setup_teardown(test_no_space,
		    world_begin_small, world_end),
		WORLD(test_rules),
		WORLD(test_parent_gone),
		WORLD(test_nodes),
		cmocka_unit_test_setup_teardown(test_nodes_no_space,
		    world_begin_small, world_end),
		WORLD(test_torrent_nodes),
	};

	if (geteuid() == 0)
		make_small();
	/* Root would switch to a user that may not be there: be no one. */
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1))
		return 1;
	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
