/* SPDX-License-Identifier: ISC */
#ifndef POWERCUT_H
#define POWERCUT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "geom.h"
#include "hash.h"
#include "msg.h"

struct resume;
struct sim_log;

/* What the parts of powercut share: cut_world.c, cut_run.c, powercut.c. */
#define TORRENTS	7U
#define FILES		5U
#define BITS		8U	/* bytes of a bitfield here, at most */
#define SLOTS		64U
#define MOVED		"else/where"	/* the place of what is moved */
#define OTHER		"/o"		/* SIM_OTHER */
#define NODES_FIRST	3U	/* of the DHT, saved ... */
#define NODES_SECOND	200U	/* ... and saved again */

/* Marks in the log, with the torrent's number. */
enum mark {
	MARK_ADDED,
	MARK_LEARNED,		/* the metadata of a magnet link */
	MARK_REMOVE,
	MARK_REMOVED,
	MARK_SAVED,
	MARK_NODES		/* of the DHT; with how many of them */
};

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
	bool		 there, link;	/* link: there is no more of it */
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
	uint32_t	 nodes;		/* of the DHT, as it told */
};

extern struct torrent	 torrents[TORRENTS];
extern struct sim_log	*slog;
extern struct disk_run	 run;
extern bool		 verbose;
extern char		 why[512];	/* what the state failed on */

/* Note the first thing that is wrong; false. */
bool	 failed(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

/* Torrents: make one; its number; look at its files and its record. */
void	 torrent_make(struct torrent *t);
uint32_t id_of(const struct torrent *t);
/* The inode of a file, wherever it is; 0: nowhere. */
uint32_t file_find(const struct torrent *t, const struct file *f);
/*
 * Are these pieces where the record says, or (NULL) anywhere?  Says so if
 * not; who claims it?
 */
bool	 all_there(const struct torrent *t, const uint8_t *bits,
	    const struct resume *r, const char *who);
/* The record as it is now, to be cleared; false if there is none. */
bool	 record_of(const struct torrent *t, struct resume *r);
/* How many nodes of the DHT are kept now; UINT32_MAX: the file is bad. */
uint32_t nodes_kept(void);

/* The disk child: begin (until its scan has ended), talk to it, end. */
bool	 disk_begin(void);
bool	 disk_end(void);
void	 say_fd(int sock, enum msg_type type, const void *body, int fd);
void	 say(int sock, enum msg_type type, const void *body);
bool	 expect(int sock, enum msg_type type);
bool	 wait_ready(struct torrent *t);
/* Open it as peer does, which tells what it has. */
bool	 open_data(struct torrent *t);

/* The run that is cut. */
void	 the_run(void);

#endif /* POWERCUT_H */
