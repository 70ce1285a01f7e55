/* SPDX-License-Identifier: ISC */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "hash.h"
#include "intern.h"
#include "magnet.h"
#include "msg.h"
#include "webseeds.h"

/*
 * The parent's list of torrents: what disk reported of each, what the user
 * wants of it, and what peer and tracker were told.  It does no I/O; what it
 * has to say to a child goes through registry_ops, so that any child can be
 * lost and be told everything again.
 */

#define TORRENTS_MAX		200000U
#define TORRENT_PEERS_MAX	1024U	/* peer rows kept of a torrent */
#define TORRENT_KNOWN_MAX	64U	/* addresses kept for peer */
#define TORRENT_KNOWN_SEEDING	16U	/* ... of a complete torrent */
#define TORRENT_KNOWN_SAVED	16U	/* ... for the next mimd, too */
#define REGISTRY_ADDS_MAX	64U	/* .torrent files waiting for disk */
#define REGISTRY_ADD_TRIES	2U	/* disk children one file may cost */
#define REGISTRY_TICK_MS	10000U	/* registry_tick() wants this */
#define REGISTRY_SAVE_TICKS	3U	/* totals are saved each so many */

/* A file of a torrent; its path lies in torrent.paths. */
struct tfile {
	uint64_t	 size;
	uint64_t	 have;		/* verified bytes */
	uint32_t	 path;		/* offset in paths */
	uint8_t		 attr;		/* MI_* */
};

struct ttracker {
	const char	*url;		/* of registry::strings */
	char		*error;		/* NULL: none */
	uint32_t	 last, next;	/* Unix time */
	uint32_t	 allowed;	/* ... when the user may announce */
	uint32_t	 seeds, leeches, downloads;	/* UINT32_MAX unknown */
	uint8_t		 tier;
	uint8_t		 state;		/* enum tracker_state */
	bool		 known;		/* answered since it was started */
};

/* A move that disk was or is to be asked for. */
struct torder {
	char		*arg;		/* directory, or new name */
	uint64_t	 client;	/* to answer */
	uint32_t	 file;		/* to rename, FILES_MAX: the torrent */
	uint8_t		 what;		/* enum move_what */
	bool		 sent;		/* to the disk child that runs now */
};

struct tpeer {
	struct rec_peer	 row;		/* row.client points to client */
	char		 client[CLIENT_MAX + 1];
};

/* What peer was told of a torrent. */
enum swarm_state {
	SWARM_NONE,
	SWARM_RUNNING,
	SWARM_HALTING		/* until swarm_halted */
};

/* What tracker was told of a torrent. */
enum announce_state {
	ANNOUNCE_NONE,		/* nothing */
	ANNOUNCE_STOPPED,	/* knows it, does not announce */
	ANNOUNCE_STARTED
};

/* What the DHT was told of a torrent. */
enum dht_state {
	DHT_NONE,
	DHT_LEECH,
	DHT_SEED
};

struct torrent {
	RB_ENTRY(torrent)	 by_hash;	/* registry::hashes */
	uint32_t		 id;
	uint8_t			 infohash[SHA1_LEN];
	uint8_t			*infohash2;	/* SHA256_LEN, NULL: none */
	char			*name;
	const char		*dir;		/* its data's; in strings */
	char			*error;		/* NULL: none */
	uint64_t		 size, have;	/* bytes; have: verified */
	uint64_t		 wanted, got;	/* of these, not skipped */
	uint64_t		 added, completed;	/* Unix time */
	uint64_t		 downloaded, uploaded, wasted;
	uint64_t		 down_base, up_base;	/* at mimd's start */
	struct rec_swarm	*now;		/* as peer said, NULL: rests */
	uint64_t		 up_limit, down_limit;	/* 0: none */
	uint32_t		 max_peers;	/* 0: the default */
	uint8_t			 modes;		/* TMODE_* */
	uint32_t		 piece_length, npieces;	/* 0: a magnet link */
	uint32_t		 metadata_size;
	uint32_t		 checked;	/* pieces looked at */
	uint32_t		 active;	/* Unix time of payload */

	char			*paths;		/* all NUL-terminated paths */
	uint32_t		 paths_len, paths_size;
	struct tfile		*files;
	uint8_t			*prios;		/* of files; NULL: normal */
	bool			 prios_stale;	/* disk has others */
	bool			 skips;		/* some files are not wanted */
	bool			 learning;	/* its files are being told */
	uint32_t		 nfiles, files_got, files_size;
	struct ttracker		*trackers;
	struct twebseeds	*webseeds;	/* NULL: none */
	struct tpeer		*rows;
	uint32_t		 nrows, rows_size;
	struct addr		*known;		/* good ones, then a ring */
	uint16_t		 nknown, known_size, known_next, ngood;
	uint8_t			 ntrackers;

	uint8_t			 dstate;	/* enum dstate */
	uint8_t			 swarm;		/* enum swarm_state */
	uint8_t			 announce;	/* enum announce_state */
	uint8_t			 dht;		/* enum dht_state */
	uint8_t			 barred;	/* enum barred */
	bool			 private;
	bool			 bare;		/* peer has no pieces */
	bool			 loaded;	/* reported in full */
	bool			 measured;	/* have is what disk said */
	bool			 seen;		/* in the scan that goes on */
	bool			 paused;
	bool			 resuming;	/* ran when disk died */
	bool			 check;		/* disk was asked for one */
	bool			 removing, delete_data;
	bool			 remove_sent;
	bool			 save;		/* record is behind */
	bool			 totals;	/* tracker is behind */
	bool			 edited;	/* trackers are the user's */
	bool			 relist;	/* tracker has older ones */
	bool			 retrack;	/* disk has older ones */
	uint16_t		 moved;		/* permille, while moving */
	struct torder		*order;		/* or NULL */
	uint64_t		 remover;	/* client to answer, 0 none */
};

/* What the registry needs from the rest of the parent. */
struct registry_ops {
	/* Say it to a child that is up; fd (owned from here on) or -1. */
	void	(*send)(enum role to, enum msg_type type, const void *body,
		    int fd, void *arg);
	/* Is that child up and its queue not full? */
	bool	(*ready)(enum role role, void *arg);
	bool	(*up)(enum role role, void *arg);
	/* The directory of a root, NULL if there is no such. */
	const char *(*root)(uint32_t index, void *arg);
	/* Answers to a client's request; client 0 never asked. */
	void	(*added)(uint64_t client, const struct torrent *t, void *arg);
	void	(*refused)(uint64_t client, const char *error, void *arg);
	void	(*moved)(uint64_t client, uint32_t id, const char *error,
		    void *arg);
	/* The root and the rest of an absolute path; -1 if in none. */
	int	(*place)(const char *dir, uint32_t *root, char *subdir,
		    size_t size, void *arg);
	void	(*removed)(uint64_t client, uint32_t id, const char *error,
		    void *arg);
};

RB_HEAD(torrent_hashes, torrent);

/* Where a torrent is to be; if away, not before it is complete. */
struct add_place {
	uint32_t	 root;
	const char	*subdir;
	bool		 away;
	uint32_t	 away_root;	/* where it is until then */
	const char	*away_subdir;
};

/* A .torrent or a link that is not yet safe in the state directory. */
struct pending_add {
	int		 fd;		/* sealed memfd, or -1 */
	struct magnet	*magnet;	/* or this; neither: free */
	uint32_t	 id;		/* 0: never sent */
	uint32_t	 root;
	char		*subdir;
	bool		 away;		/* struct add_place */
	uint32_t	 away_root;
	char		*away_subdir;
	bool		 sent;		/* to the disk child that runs now */
	uint8_t		 tries;
	bool		 paused, check;
	struct choice	*choice;	/* of its files, or NULL */
	uint64_t	 added;
	uint64_t	 client;
};

struct registry {
	const struct registry_ops *ops;
	void			*arg;
	struct torrent		**torrents;	/* by id, ascending */
	uint32_t		 n, size;
	unsigned int		 freed;		/* slim_freed() */
	struct torrent_hashes	 hashes;
	struct interns		 strings;	/* that torrents share */
	uint32_t		 next_id;
	bool			 scanned;	/* disk's scan has ended */
	bool			 stopping;
	bool			 behind;	/* sync was cut short */
	unsigned int		 ticks;
	struct pending_add	 adds[REGISTRY_ADDS_MAX];
};

/* report.c: a sum of numbers up to INT64_MAX, which is its end, too. */
uint64_t add_total(uint64_t total, uint64_t more);

/* registry.c: the list */
void	 registry_init(struct registry *reg, const struct registry_ops *ops,
	    void *arg);
void	 registry_clear(struct registry *reg);
struct torrent *registry_find(const struct registry *reg, uint32_t id);
struct torrent *registry_find_hash(struct registry *reg,
	    const uint8_t infohash[SHA1_LEN]);
/* The torrent with the lowest id above this one; NULL at the end. */
struct torrent *registry_after(const struct registry *reg, uint32_t id);
struct torrent *torrent_new(struct registry *reg, uint32_t id,
	    const uint8_t infohash[SHA1_LEN]);
void	 torrent_free(struct registry *reg, struct torrent *t);
/* Is all there that is wanted? */
bool	 torrent_complete(const struct torrent *t);
/* Bytes still to come; not 0 while nobody knows how many. */
uint64_t torrent_left(const struct torrent *t);
/* The one place that says what a torrent is doing. */
enum tstate torrent_state(const struct torrent *t);
void	 torrent_set_error(struct torrent *t, const char *error);
void	 torrent_files_clear(struct torrent *t);
/* -1 if the files would be more than nfiles. */
int	 torrent_file_add(struct torrent *t, const struct rec_file *f);
const char *torrent_file_path(const struct torrent *t, uint32_t index);
/* What its swarm does, as peer said last; set to NULL: it has none. */
const struct rec_swarm *torrent_now(const struct torrent *t);
void	 torrent_set_now(struct torrent *t, const struct rec_swarm *now);

/* reconcile.c: what peer, tracker and disk must be told */
/* Should this torrent have a swarm and be announced? */
bool	 torrent_wanted(const struct torrent *t);
/* Bring what the children do with t in line with what is wanted. */
void	 registry_reconcile(struct registry *reg, struct torrent *t);
/* Tell peer of the modes, the limits of a swarm that runs. */
void	 registry_send_modes(struct registry *reg, struct torrent *t);
void	 registry_send_limits(struct registry *reg, struct torrent *t);
/* Reconcile all, as far as the queues take it; resumed on drain. */
void	 registry_sync(struct registry *reg);
void	 registry_on_drain(struct registry *reg);
/* A child came up or went away. */
void	 registry_on_up(struct registry *reg, enum role role);
void	 registry_on_down(struct registry *reg, enum role role);
/* Have trackers asked how many seeds and leeches there are. */
void	 registry_want_counts(struct registry *reg, struct torrent *t);
/* Each REGISTRY_TICK_MS: totals for tracker, records for disk. */
void	 registry_tick(struct registry *reg);
/* Save every record that is behind, now. */
void	 registry_flush(struct registry *reg);
/* The daemon ends: halt all swarms.  True when none runs any more. */
void	 registry_stop(struct registry *reg);
bool	 registry_halted(const struct registry *reg);
/* Then tell the trackers and save what disk does not know yet. */
void	 registry_finish(struct registry *reg);

/* trackers.c: the trackers of a torrent */
void	 torrent_trackers_clear(struct registry *reg, struct torrent *t);
/* The user adds, removes or replaces trackers; NULL, or why not. */
const char *registry_edit_trackers(struct registry *reg, struct torrent *t,
	    enum tracker_what what, const struct rec_tracker *list,
	    uint32_t n);
/*
 * The user wants an announce; NULL, or why not now (in text, or static).
 */
const char *registry_announce(struct registry *reg, struct torrent *t,
	    char *text, size_t size);
/* The whole list, to tracker or to disk. */
void	 registry_send_trackers(struct registry *reg, struct torrent *t);
void	 registry_send_retrack(struct registry *reg, struct torrent *t);
int	 registry_on_trackers(struct registry *reg,
	    const struct msg_torrent_trackers *m);
void	 registry_on_tracker_rows(struct registry *reg,
	    const struct msg_tracker_rows *m);

/* dht_torrents.c: those that the DHT looks for peers of */
/* Bring that in line with whether t is to run; false: not now. */
bool	 registry_dht(struct registry *reg, struct torrent *t, bool wanted);
/* It is about to be freed. */
void	 registry_dht_forget(struct registry *reg, struct torrent *t);
void	 registry_dht_hungry(struct registry *reg, struct torrent *t);
void	 registry_on_dht_peers(struct registry *reg,
	    const struct msg_dht_peers *m);

/* known.c: addresses of a torrent's peers, for the next peer child */
/* One that a tracker told. */
void	 torrent_know(struct torrent *t, const struct rec_addr *rec);
/* One that is connected: once payload has moved, it is kept. */
void	 torrent_know_good(struct torrent *t, const struct rec_peer *row);
/* Those that gave or got payload; returns how many there are. */
uint32_t torrent_known_good(const struct torrent *t,
	    struct rec_addr rows[TORRENT_KNOWN_SAVED]);

/* order.c: what the user orders */
/* No room for another torrent. */
bool	 registry_full(const struct registry *reg);
/*
 * A sealed .torrent in fd or, if that is -1, a magnet link, and which files to
 * download of it (NULL: all).  -1 when too many wait; else they are owned, and
 * the answer comes by ops.
 */
int	 registry_add(struct registry *reg, int fd, struct magnet *magnet,
	    const struct add_place *at, struct choice *choice, bool paused,
	    bool check, uint64_t client);
void	 registry_send_adds(struct registry *reg);
bool	 registry_is_adding(const struct registry *reg, uint32_t id);
/* One to be added is not to be; removes what disk has told of it. */
void	 registry_refuse(struct registry *reg, uint32_t id,
	    const char *error);
/* Disk has answered for this number; false if nobody asked. */
bool	 registry_end_add(struct registry *reg, uint32_t id,
	    uint64_t *client);
/* Send what waited for disk's scan to end: checks, records, adds. */
void	 registry_send_orders(struct registry *reg);
void	 registry_start(struct registry *reg, struct torrent *t);
void	 registry_pause(struct registry *reg, struct torrent *t);
void	 registry_check(struct registry *reg, struct torrent *t);
void	 registry_remove(struct registry *reg, struct torrent *t,
	    bool delete_data, uint64_t client);
void	 registry_save(struct registry *reg, struct torrent *t);
/* move_order.c: arg is a directory, or the new name */
void	 registry_move(struct registry *reg, struct torrent *t,
	    enum move_what what, uint32_t file, const char *arg,
	    uint64_t client);
/* What disk was not asked for yet. */
void	 registry_send_order(struct registry *reg, struct torrent *t);
void	 registry_on_moved(struct registry *reg,
	    const struct msg_torrent_moved *m);
void	 torrent_order_free(struct torrent *t);
/* prio.c: priorities of files, FILE_PRIO_*. */
uint8_t	 torrent_prio(const struct torrent *t, uint32_t file);
/* File is as disk reports it, with this priority. */
void	 torrent_prio_told(struct torrent *t, uint32_t file, uint8_t prio);
/*
 * Set that of files first to last, or of those of them that are skipped;
 * registry_prios_changed() then.
 */
void	 torrent_set_prio(struct torrent *t, uint32_t first, uint32_t last,
	    uint8_t prio, bool skipped);
/* Count anew what is wanted, and how much of it is there. */
void	 torrent_count_wanted(struct torrent *t);
/* Tell disk, and peer. */
void	 registry_prios_changed(struct registry *reg, struct torrent *t);
void	 registry_send_prios(struct registry *reg, struct torrent *t);
/* Switch modes (TMODE_*) on or off: tell peer, save. */
void	 registry_set_modes(struct registry *reg, struct torrent *t,
	    uint8_t modes, bool on);
/* Its limits have changed: tell peer, save. */
void	 registry_limit(struct registry *reg, struct torrent *t);

/*
 * report.c: what the children report.  -1 if it cannot be true, which ends
 * the child; what is merely late (an unknown torrent) is passed over.
 */
int	 registry_on_meta(struct registry *reg,
	    const struct msg_torrent_meta *m);
/* One that the user names. */
void	 registry_on_user_peer(struct registry *reg, struct torrent *t,
	    const struct addr *addr);
void	 registry_on_disk_peers(struct registry *reg,
	    const struct msg_torrent_peers *m);
int	 registry_on_files(struct registry *reg,
	    const struct msg_torrent_files *m);
int	 registry_on_loaded(struct registry *reg, uint32_t id);
void	 registry_on_kept(struct registry *reg, uint32_t id);
void	 registry_on_refused(struct registry *reg,
	    const struct msg_torrent_refused *m);
void	 registry_on_scan_end(struct registry *reg);
void	 registry_on_removed(struct registry *reg,
	    const struct msg_torrent_removed *m);
void	 registry_on_disk_state(struct registry *reg,
	    const struct msg_disk_state *m);
int	 registry_on_progress(struct registry *reg,
	    const struct msg_disk_progress *m);
/* What is wanted is there, for the first time or anew. */
void	 registry_completed(struct registry *reg, struct torrent *t);
void	 registry_on_halted(struct registry *reg, uint32_t id);
void	 registry_on_stats(struct registry *reg,
	    const struct msg_swarm_stats *m);
void	 registry_on_peer_rows(struct registry *reg,
	    const struct msg_peer_rows *m);
void	 registry_on_peer_gone(struct registry *reg,
	    const struct msg_peer_gone *m);
void	 registry_on_hungry(struct registry *reg, uint32_t id);
/* Peers that somebody found, for peer and to be known. */
void	 registry_take_peers(struct registry *reg, struct torrent *t,
	    uint8_t source, const struct rec_addr *peers, uint32_t n);
void	 registry_on_peers(struct registry *reg,
	    const struct msg_tracker_peers *m);

#endif /* REGISTRY_H */
