/* SPDX-License-Identifier: ISC */
#ifndef DISK_BLOCKS_H
#define DISK_BLOCKS_H

#include "disk_world.h"

/* What is done with the torrent of the world. */

static inline void
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

static inline void
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

static inline void
opened(struct world *w)
{
	struct msg_data_open	m = { .torrent = 1, .serial = 1 };
	uint32_t		type;

	say(w->data, MSG_DATA_OPEN, &m);
	while ((type = hear(w, w->data)) == MSG_DATA_HAVE)
		memcpy(w->have, w->in->body.data_have.bits.p,
		    w->in->body.data_have.bits.len);
	assert_int_equal(type, MSG_DATA_OPEN_END);
}

static inline struct rec_block
block_of(struct world *w, uint32_t piece, uint32_t index, uint32_t slot)
{
	return (struct rec_block){
		.torrent = 1, .piece = piece, .begin = index * BLOCK_SIZE,
		.length = geom_block_len(&w->geom, piece, index),
		.slot = slot, .gen = slot + 7
	};
}

static inline void
fill(struct world *w, const struct rec_block *b)
{
	memcpy(arena_slot(&w->arena, b->slot), w->payload +
	    (size_t)b->piece * PIECE + b->begin, b->length);
}

/* Write blocks; all must be answered with status. */
static inline void
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

static inline void
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

static inline void
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

static inline void
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

static inline bool
exists(struct world *w, const char *path)
{
	struct stat	st;

	return fstatat(w->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void
removed(struct world *w)
{
	struct msg_torrent_remove	m = { .id = 1 };

	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_int_equal(w->in->body.torrent_removed.id, 1);
	assert_string_equal(w->in->body.torrent_removed.error, "");
}

#endif
