/* SPDX-License-Identifier: ISC */
/* What the disk child does before the power fails. */
#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
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

void
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
