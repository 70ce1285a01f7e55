/* SPDX-License-Identifier: ISC */
#ifndef DISK_WORLD_H
#define DISK_WORLD_H

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
#include "packet.h"

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

static inline void
say_fd(int sock, enum msg_type type, const void *body, int fd)
{
	static uint8_t	buf[MSG_SIZE_MAX];
	ssize_t		n = msg_encode(type, body, buf, sizeof(buf));

	assert_true(n > 0);
	assert_int_equal(packet_send(sock, buf, (size_t)n, fd), n);
}

static inline void
say(int sock, enum msg_type type, const void *body)
{
	say_fd(sock, type, body, -1);
}

static inline bool
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
static inline uint32_t
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

static inline void
expect(struct world *w, int sock, enum msg_type type)
{
	uint32_t	got;

	while ((got = hear(w, sock)) != (uint32_t)type)
		if (got == MSG_COUNT)
			fail_msg("disk ended; %s expected", msg_name(type));
}

static inline void
expect_state(struct world *w, enum dstate state)
{
	while (w->dstate != state)
		expect(w, w->parent, MSG_DISK_STATE);
}

/* ---- the world ---- */

static inline void
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

static inline void
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

static inline void
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

static inline void
swap_side(struct world *w, struct side *other)
{
	struct side	now = { w->data, w->arena, w->on_data };

	w->data = other->data;
	w->arena = other->arena;
	w->on_data = other->on_data;
	*other = now;
}

static inline void
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

static inline void
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

static inline void
disk_scan(struct world *w)
{
	struct msg_state_scan	scan = { .none = 0 };

	say(w->parent, MSG_STATE_SCAN, &scan);
	expect(w, w->parent, MSG_SCAN_END);
}

static inline void
disk_scan_no_wait(struct world *w)
{
	struct msg_state_scan	scan = { .none = 0 };

	say(w->parent, MSG_STATE_SCAN, &scan);
}

static inline void
disk_kill(struct world *w)
{
	int	status;

	kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	close(w->parent);
}

static inline void
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

static inline int
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

static inline int
world_begin(void **state)
{
	return world_begin_in(state, NULL);
}

static inline int
world_begin_small(void **state)
{
	return world_begin_in(state, small);
}

static inline int
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

/* ---- its tests ---- */

#define WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)
#define SMALL_WORLD(f)							\
	cmocka_unit_test_setup_teardown(f, world_begin_small, world_end)

/* In a mount namespace of our own; only root can. */
static inline void
make_small(void)
{
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return;
	if (mount("tmpfs", "/mnt", "tmpfs", 0, "size=1m,mode=0777") == 0)
		small = "/mnt";
}

/* Before the tests: what takes root, and no root. */
static inline int
world_prepare(void)
{
	if (geteuid() == 0)
		make_small();
	/* Root would switch to a user that may not be there: be no one. */
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1))
		return -1;
	hash_init();
	return 0;
}

#endif
