/* SPDX-License-Identifier: ISC */
/* What the disk child does before the power fails. */
#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bitfield.h"
#include "powercut.h"
#include "simfs.h"

static void
must(bool good)
{
	if (!good)
		errx(1, "the run itself fails: %s", why);
}

/* Others may be reported, too. */
static void
loaded(const struct torrent *t)
{
	do {
		must(expect(run.parent, MSG_TORRENT_LOADED));
	} while (run.in->body.torrent_loaded.id != id_of(t));
}

/* It was added, and no power cut takes it away. */
static void
kept(const struct torrent *t)
{
	do {
		must(expect(run.parent, MSG_TORRENT_KEPT));
	} while (run.in->body.torrent_kept.id != id_of(t));
	sim_mark(MARK_ADDED, id_of(t), NULL, 0);
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
	loaded(t);
	kept(t);
	must(wait_ready(t));
	must(open_data(t));
}

static void
add_link(struct torrent *t)
{
	struct msg_magnet_add	m = { .id = id_of(t), .name = "", .subdir = "",
				    .away_subdir = "", .added = 1 };

	memcpy(m.infohash, t->infohash, SHA1_LEN);
	say(run.parent, MSG_MAGNET_ADD, &m);
	loaded(t);
	kept(t);
}

/* What a peer has sent of its metadata: one block is all. */
static void
learn(struct torrent *t)
{
	struct msg_meta_open	o = { .torrent = id_of(t),
				    .size = (uint32_t)t->len - 8 };
	struct msg_meta_write	m = { .torrent = id_of(t),
				    .length = (uint32_t)t->len - 8 };

	say(run.data, MSG_META_OPEN, &o);
	must(expect(run.data, MSG_META_OPENED));
	memcpy(arena_slot(&run.arena, 0), t->bytes + 7, m.length);
	say(run.data, MSG_META_WRITE, &m);
	must(expect(run.data, MSG_META_RESULT));
	loaded(t);
	sim_mark(MARK_LEARNED, id_of(t), NULL, 0);
	must(wait_ready(t) && open_data(t));
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

/* Has a file so named been put in place, and its directory synced, since? */
static bool
saved_since(const char *name, uint32_t from)
{
	uint32_t	 i, dir = 0, n = log_length();

	for (i = from; i < n; i++) {
		if (slog->ops[i].type == SIM_RENAME &&
		    strncmp(slog->ops[i].name2, name, strlen(name)) == 0)
			dir = slog->ops[i].dir2;
		if (dir != 0 && slog->ops[i].type == SIM_FSYNC &&
		    slog->ops[i].ino == dir)
			return true;
	}
	return false;
}

static void
wait_saved(const char *name, uint32_t from)
{
	uint32_t	i;

	for (i = 0; !saved_since(name, from); i++) {
		if (i == 2000)
			errx(1, "%s is not saved", name);
		rest(5);
	}
}

/* A checkpoint: from here on, what t has is safe. */
static void
save(struct torrent *t)
{
	struct msg_torrent_save	m = { .id = id_of(t), .downloaded = 1 };
	uint8_t			have[BITS];
	uint32_t		from;

	quiet();
	memcpy(have, t->have, sizeof(have));
	from = log_length();
	say(run.parent, MSG_TORRENT_SAVE, &m);
	wait_saved(t->hex, from);
	sim_mark(MARK_SAVED, id_of(t), have, sizeof(have));
}

/* So many nodes of the DHT are known. */
static void
save_nodes(uint32_t n)
{
	struct rec_node		rows[NODES_PAGE] = { { .port = 0 } };
	struct msg_nodes_save	m = { .nodes = { rows, n } };
	uint32_t		i, from;

	for (i = 0; i < n; i++)
		rows[i].port = (uint16_t)(i + 1);
	quiet();
	from = log_length();
	say(run.parent, MSG_NODES_SAVE, &m);
	wait_saved("dht.nodes", from);
	sim_mark(MARK_NODES, n, NULL, 0);
}

static void
move(struct torrent *t, uint32_t root, const char *subdir)
{
	struct msg_torrent_move	m = { .id = id_of(t), .what = MOVE_DATA,
				    .root = root, .subdir = subdir,
				    .file = FILES_MAX, .name = "" };

	say(run.parent, MSG_TORRENT_MOVE, &m);
	must(expect(run.parent, MSG_TORRENT_MOVED));
	if (run.in->body.torrent_moved.error[0] != '\0')
		errx(1, "%s: %s", t->name, run.in->body.torrent_moved.error);
}

/* Of file 1 of three. */
static void
prioritise(struct torrent *t, uint8_t prio)
{
	uint8_t				prios[] = { FILE_PRIO_NORMAL, prio,
					    FILE_PRIO_NORMAL };
	struct msg_torrent_prios	m = { .id = id_of(t),
					    .prios = { .p = prios,
					    .len = sizeof(prios) } };

	say(run.parent, MSG_TORRENT_PRIOS, &m);
	move(t, 0, "");			/* it is there: just an answer */
}

/* Until its part file has gone. */
static void
wait_out(const struct torrent *t)
{
	uint32_t	i, n;

	for (i = n = 0; i < 2000; i++) {
		for (; n < log_length(); n++)
			if (slog->ops[n].type == SIM_UNLINK &&
			    strstr(slog->ops[n].name, ".part") != NULL)
				return;
		rest(5);
	}
	errx(1, "the part file of %s stays", t->name);
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

/* Something new of each, all heard at once: one batch of records. */
static void
renew_all(void)
{
	struct msg_torrent_save	 m = { .downloaded = 2 };
	struct torrent		*t;

	quiet();
	kill(run.pid, SIGSTOP);
	for (t = torrents; t < torrents + TORRENTS; t++) {
		m.id = id_of(t);
		if (t->there)
			say(run.parent, MSG_TORRENT_SAVE, &m);
	}
	kill(run.pid, SIGCONT);
}

/* Filled in part, saved, completed, moved, removed. */
static void
first_life(void)
{
	struct torrent	*many = &torrents[0], *single = &torrents[1],
			*gone = &torrents[2], *part = &torrents[3];
	uint32_t	 i;

	add(many);
	for (i = 0; i < 3; i++)
		write_piece(many, i, 0);
	write_piece(many, 3, 1);
	save(many);
	add(single);
	for (i = single->geom.npieces; i-- > 0;)
		write_piece(single, i, 0);
	save(single);
	save_nodes(NODES_FIRST);
	for (i = 3; i < many->geom.npieces; i++) {
		write_piece(many, i, 0);
		if (i == 5)
			save(many);
	}
	save(many);
	move(many, 0, MOVED);
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
	renew_all();
}

/* A choice that changes, another file system, a magnet link. */
static void
second_life(void)
{
	struct torrent	*part = &torrents[3], *skip = &torrents[4],
			*across = &torrents[5], *link = &torrents[6];
	uint32_t	 i;

	must(wait_ready(part) && open_data(part));
	write_piece(part, 2, 0);
	write_piece(part, 5, 0);
	save(part);
	must(run.nodes == NODES_FIRST);
	save_nodes(NODES_SECOND);
	write_piece(part, 7, 0);
	write_piece(part, 1, 0);
	add(skip);
	prioritise(skip, FILE_PRIO_SKIP);
	write_piece(skip, 1, 0);
	write_piece(skip, 3, 0);
	save(skip);
	write_piece(skip, 0, 0);
	prioritise(skip, FILE_PRIO_NORMAL);
	write_piece(skip, 2, 0);
	wait_out(skip);
	save(skip);
	write_piece(skip, 4, 0);
	add(across);
	for (i = 0; i < across->geom.npieces; i++)
		write_piece(across, i, 0);
	move(across, 1, "");
	save(across);
	add_link(link);
	learn(link);
	write_piece(link, 1, 0);
	save(link);
}

void
the_run(void)
{
	must(disk_begin());
	first_life();
	end_clean();
	/* The files as the first disk, a process of its own, has left them. */
	sim_replay(0, slog->n);
	must(disk_begin());
	second_life();
	end_clean();
}
