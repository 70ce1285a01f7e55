/* SPDX-License-Identifier: ISC */
#ifndef CONTENT_H
#define CONTENT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "geom.h"
#include "hash.h"
#include "msg.h"

struct bars;
struct disk;
struct home;
struct magnet;
struct meta;
struct metainfo;
struct move;
struct names;
struct part;
struct resume;
struct resume_file;
struct space_claim;
struct tracker_list;
struct trouble;

/* What is in memory only while a torrent is in use. */
struct content_files {
	struct metainfo		*mi;
	struct names		*names;		/* the user's, or NULL */
	struct resume_file	*stamps;	/* of each, and the part file */
	uint64_t		*have;		/* verified bytes of each */
	uint8_t			*changed;	/* files whose have is news */
	uint8_t			*touched;	/* files to sync, likewise */
	uint32_t		 ntouched;
	uint64_t		 used;		/* ms */
	uint32_t		 pins;		/* not to be unloaded */
};

/* A torrent as disk sees it. */
struct content {
	RB_ENTRY(content)	 by_id;
	RB_ENTRY(content)	 by_hash;
	TAILQ_ENTRY(content)	 loaded_link;	/* disk::loaded */
	TAILQ_ENTRY(content)	 dirty_link;	/* disk::dirty */
	TAILQ_ENTRY(content)	 changed_link;	/* disk::changed */
	TAILQ_ENTRY(content)	 report_link;	/* disk::reports */
	TAILQ_ENTRY(content)	 check_link;	/* disk::checks */
	uint32_t		 id;
	uint8_t			 infohash[SHA1_LEN];
	struct magnet		*magnet;	/* all there is, or NULL */
	struct meta		*meta;		/* being fetched, or NULL */
	struct geom		 geom;		/* nothing, if a magnet */
	uint32_t		 info_off, info_len;	/* in its .torrent */
	uint32_t		 nfiles;
	uint32_t		 root;		/* index */
	char			*root_path;	/* NULL: roots[root] */
	char			*subdir;
	char			*name;
	uint8_t			*have;		/* verified pieces */
	uint8_t			*claim;		/* synced ones, NULL: have */
	uint8_t			*todo;		/* to check, NULL: none */
	uint8_t			*unsynced;	/* pieces; NULL: none */
	uint32_t		 nhave, ntodo;
	uint64_t		 have_bytes;
	uint64_t		 added, completed;
	uint64_t		 downloaded, uploaded, wasted;
	uint64_t		 up_limit, down_limit;	/* the parent's */
	uint32_t		 max_peers;
	uint32_t		 active;	/* Unix time; the parent's */
	struct rec_addr		*peers;		/* the parent's, or NULL */
	struct tracker_list	*trackers;	/* the user's, or NULL */
	uint8_t			 npeers;
	uint8_t			 modes;		/* the parent's */
	uint8_t			*prios;		/* of files; NULL: normal */
	struct part		*part;		/* NULL: no part file */
	uint8_t			*unwanted;	/* pieces; NULL: none */
	uint64_t		 unwanted_left;	/* bytes of these to come */
	struct content_files	*files;		/* NULL: not loaded */
	char			*error;
	struct trouble		*trouble;	/* that may pass, or NULL */
	char			*damage;	/* scrub.c, barred.c */
	struct bars		*bars;		/* barred.h; NULL: none */
	struct move		*move;		/* under way, or NULL */
	struct home		*home;		/* for later, or NULL */
	struct space_claim	*room;		/* to write, or NULL */
	uint64_t		 due;		/* ms, next record */
	uint32_t		 scrubbed;	/* Unix time, 0 never */
	uint32_t		 scrub_next;	/* piece */
	dev_t			 dev;		/* 0: the root's */
	uint8_t			 state;		/* enum dstate */
	uint8_t			 sub;		/* its volume: subs.h; 0 */
	bool			 paused;
	bool			 open;		/* by peer */
	bool			 made;		/* empty files are there */
	bool			 is_dirty, is_changed, is_reported;
	bool			 in_reports, in_checks;
	bool			 adding;	/* first record under way */
	bool			 untold;	/* what has become of that */
	uint8_t			 add_error;	/* errno, or 0 */
	bool			 saving;
	bool			 link_left;	/* until the next record */
	bool			 clean;		/* as the record says */
	bool			 removing, delete_data;
	bool			 renamed;	/* the record has names */
	uint8_t			 report_phase;
	uint32_t		 report_pos;
};

TAILQ_HEAD(content_list, content);
RB_HEAD(content_ids, content);
RB_HEAD(content_hashes, content);

#define CONTENT_LOADED_MAX	256U	/* torrents loaded but not in use */
#define CONTENT_IDLE_MS		60000U
#define CONTENT_SAVE_MS		30000U	/* between checkpoints */

void	 content_init(struct disk *d);
struct content *content_find(struct disk *d, uint32_t id);
struct content *content_find_hash(struct disk *d,
	    const uint8_t infohash[SHA1_LEN]);
/* All torrents in the order of their numbers; NULL at the end. */
struct content *content_first(struct disk *d);
struct content *content_next(struct content *t);
/*
 * Register a torrent; mi (taken over) and r, if not NULL, fill it in.  The id
 * and infohash must be free.
 */
struct content *content_new(struct disk *d, uint32_t id, uint32_t root,
	    const char *subdir, struct metainfo *mi, const struct resume *r);
/* The same for a torrent of which there is but a link (taken over). */
struct content *content_new_magnet(struct disk *d, uint32_t id,
	    uint32_t root, const char *subdir, struct magnet *magnet,
	    const struct resume *r);
/* The metadata of that one is there: mi is taken over. */
void	 content_learn(struct disk *d, struct content *t,
	    struct metainfo *mi);
/* Addresses to keep for the next mimd; those before if there are none. */
void	 content_set_peers(struct content *t, const struct rec_addr *peers,
	    uint32_t n);
/* Of its files those are wanted that the link says, which is kept so far. */
void	 content_choose(struct disk *d, struct content *t,
	    const struct magnet *magnet);
/* Forget it; no job, report or check may be left. */
void	 content_free(struct disk *d, struct content *t);
/*
 * A torrent other than self (NULL: any) whose files, where they are or are
 * going to be, would meet those of mi in this place; or NULL.
 */
struct content *content_clash(struct disk *d, uint32_t root,
	    const char *subdir, const struct metainfo *mi,
	    const struct content *self);

/* Its file system; 0: not known. */
dev_t	 content_dev(const struct disk *d, const struct content *t);
struct place content_place(const struct disk *d, const struct content *t);
/*
 * Load metainfo and stamps; NULL after the torrent went to error, or where
 * there is nothing but a link.
 */
struct content_files *content_load(struct disk *d, struct content *t);
/* Unload if nothing needs it. */
void	 content_unload(struct disk *d, struct content *t);
void	 content_unload_idle(struct disk *d, uint64_t now);
/* Its .torrent, parsed; NULL with a reason. */
struct metainfo *content_read_metainfo(struct disk *d,
	    const struct content *t, char *err, size_t size);

/* These need the files loaded. */
void	 content_set_have(struct disk *d, struct content *t, uint32_t piece);
void	 content_clear_have(struct disk *d, struct content *t,
	    uint32_t piece);
void	 content_touch(struct disk *d, struct content *t, uint32_t file);
/* A record is due within ms. */
void	 content_dirty(struct disk *d, struct content *t, uint64_t ms);
void	 content_changed(struct disk *d, struct content *t);
/* Take over these pieces as what there is. */
void	 content_reset_have(struct disk *d, struct content *t,
	    const uint8_t *bits);
/*
 * A sync of its files has failed.  The kernel tells that once, and may have
 * marked as clean what it could not write: the next sync would say that all is
 * well, and the page cache show what is not on the disk.  So all that is not
 * claimed yet counts no more, and a check that finds it in the files writes it
 * to them again.  Its bytes in memory are forgotten, and a check ends.
 */
void	 content_unsynced(struct disk *d, struct content *t);
bool	 content_complete(const struct content *t);
/* May peer open it?  A complete one also while it is moved. */
bool	 content_usable(const struct content *t);
/* Is all there that is wanted? */
bool	 content_done(const struct content *t);
bool	 content_skips(const struct content *t, uint32_t file);
/* What is wanted has changed. */
void	 content_prios_changed(struct disk *d, struct content *t);
/* Bytes still to come. */
uint64_t content_left(const struct content *t);

/* What content.c counts anew when a torrent comes, or its files. */
void	 content_count(struct content *t);
/* Add a piece to, or take it from, what the files have. */
void	 content_credit(struct content *t, uint32_t piece, bool add);
/* A piece is wanted if any of its files is. */
void	 content_count_unwanted(struct content *t);
/* What it has not may be in memory and not on the disk. */
void	 content_doubt_rest(struct content *t);

/* Change state and tell the parent; text NULL for none. */
void	 content_set_state(struct disk *d, struct content *t,
	    enum dstate state, const char *text);
/* An operation on a file (NULL: on the directory) failed. */
void	 content_fail(struct disk *d, struct content *t, const char *path,
	    int error);
/* The same, though it may be just space that is short. */
void	 content_error(struct disk *d, struct content *t, const char *path,
	    int error);

#endif /* CONTENT_H */
