/* SPDX-License-Identifier: ISC */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "conf.h"

/*
 * The control socket: mimctl's requests, one at a time on each connection.
 * A second, restricted socket answers questions and changes nothing.
 */

#define CONTROL_CONNS_MAX	64
#define CONTROL_IDLE_MS		300000	/* a connection that asks nothing */
#define CONTROL_STALL_MS	60000	/* ... that does not read its answer */
#define CONTROL_ADD_MS		120000	/* for disk to read a .torrent */
#define CONTROL_PIECES_MS	3000	/* for peer to tell of pieces */
#define CONTROL_PORTS_MS	3000	/* for children to tell of sockets */
#define CONTROL_DHT_MS		3000	/* for dht to tell how it stands */
#define CONTROL_ITEM_MS		60000	/* ... to find or store an item */
#define CONTROL_REMOVE_MS	10000	/* for disk to delete data */

struct choice;
struct magnet;
struct parent;
struct torrent;
struct control;

/* How far a long answer has come; see control_list.c. */
struct list_cursor {
	bool		 active;
	bool		 files, peers, trackers, webseeds;
	uint8_t		 step;		/* enum list_step */
	uint32_t	*ids;		/* asked for, NULL: all */
	uint32_t	 nids, next;	/* next: index in ids */
	uint32_t	 last;		/* all: the torrent before */
	uint32_t	 id;		/* whose details are being sent */
	uint32_t	 pos;		/* row of its details */
	uint32_t	 found, missing;
};

struct control_conn {
	struct control		*control;
	struct chan		*chan;		/* NULL: free */
	uint64_t		 client;	/* never used twice */
	bool			 restricted;
	bool			 busy;		/* with an answer */
	uint64_t		 active;	/* loop_now() */
	struct loop_timer	*wait;		/* for disk's answer */
	struct list_cursor	 list;
	uint32_t		 found, failed;	/* torrents of a ctl_act */
	uint32_t		 answers;	/* of disk, still to come */
	const char		*later;		/* when they take too long */
	uint32_t		 moved;		/* torrents of a ctl_move */
	uint32_t		 pieces;	/* of this, peer was asked */
	bool			 sockets;	/* ... and all children */
	bool			 dht;		/* ... and dht how it stands */
	uint32_t		 item;		/* number at dht, 0: none */
};

/* NULL, with a line in err, if a socket cannot be had. */
struct control	*control_new(struct parent *parent, const struct conf *conf,
		    char *err, size_t errsize);
void		 control_free(struct control *control);	/* NULL is fine */
/* Now and then: drop the idle, accept again. */
void		 control_sweep(struct control *control);
/*
 * Add the .torrent in fd, a sealed memory file, or (if that is -1) magnet, for
 * a client, which may be gone.  Takes fd, magnet and choice.
 */
void		 control_add(struct parent *parent, uint64_t client, int fd,
		    struct magnet *magnet, struct choice *choice,
		    const char *dir, bool paused, bool check);
/* Disk's answers for a client, which may be gone. */
void		 control_added(struct control *control, uint64_t client,
		    const struct torrent *t);
void		 control_refused(struct control *control, uint64_t client,
		    const char *error);
void		 control_removed(struct control *control, uint64_t client,
		    uint32_t id, const char *error);

void		 control_moved(struct control *control, uint64_t client,
		    uint32_t id, const char *error);

/* Peer's answer for a client; -1 if it cannot be true. */
int		 control_pieces_told(struct control *control,
		    const struct msg_pieces_told *m);

/* A child's answer for a client. */
void		 control_sockets_told(struct control *control, enum role role,
		    const struct msg_sockets_told *m);

/* control_dht.c: dht's answers for a client; or it has ended. */
void		 control_dht_told(struct control *control,
		    const struct msg_dht_told *m);
void		 control_dht_item(struct control *control,
		    const struct msg_dht_item *m);
void		 control_dht_down(struct control *control);

/* ---- between control.c, control_list.c and control_order.c ---- */

struct parent	*control_parent(const struct control_conn *conn);
/* A request begins: nothing more is read until control_end(). */
void		 control_begin(struct control_conn *conn);
void		 control_end(struct control_conn *conn, enum ctl_code code,
		    const char *text);
void		 control_note(struct control_conn *conn, uint32_t id,
		    enum ctl_code code, const char *text);
/* Give up waiting for disk's answer after so long. */
void		 control_wait(struct control_conn *conn, uint64_t ms);
struct control_conn	*control_find(struct control *control, uint64_t client);
/* All CONTROL_CONNS_MAX places. */
struct control_conn	*control_conns(struct control *control);

void	control_on_list(struct chan *c, const struct msg_ctl_list *m,
	    void *arg);
/* Send as much of the answer as the queue takes. */
void	control_list_pump(struct control_conn *conn);
void	control_list_clear(struct control_conn *conn);
void	control_on_pieces(struct chan *c, const struct msg_ctl_pieces *m,
	    void *arg);
void	control_on_processes(struct chan *c, const struct msg_ctl_processes *m,
	    void *arg);

/* One that is named; NULL: it is noted as failed that there is none. */
struct torrent	*control_torrent(struct control_conn *conn, uint32_t id);
/* What was ordered cannot be done for this one: noted, and counted. */
void	control_failed(struct control_conn *conn, uint32_t id,
	    const char *why);
/* Say how it went for conn->found torrents, and for conn->failed. */
void	control_end_act(struct control_conn *conn);

/* control_set.c */
void	control_on_prio(struct chan *c, const struct msg_ctl_prio *m,
	    void *arg);
void	control_on_set(struct chan *c, const struct msg_ctl_set *m, void *arg);

/* control_move.c */
void	control_on_move(struct chan *c, const struct msg_ctl_move *m,
	    void *arg);
void	control_on_rename(struct chan *c, const struct msg_ctl_rename *m,
	    void *arg);

/* control_peer.c */
void	control_on_bans(struct chan *c, const struct msg_ctl_bans *m,
	    void *arg);
void	control_on_peer(struct chan *c, const struct msg_ctl_peer *m,
	    void *arg);

/* control_tracker.c */
void	control_on_tracker(struct chan *c, const struct msg_ctl_tracker *m,
	    void *arg);

/* control_disk.c */
void	control_on_disk(struct chan *c, const struct msg_ctl_disk *m,
	    void *arg);

/* control_ports.c */
void	control_on_ports(struct chan *c, const struct msg_ctl_ports *m,
	    void *arg);
void	control_on_set_port(struct chan *c, const struct msg_ctl_set_port *m,
	    void *arg);

/* control_dht.c */
void	control_on_dht(struct chan *c, const struct msg_ctl_dht *m,
	    void *arg);
void	control_on_dht_get(struct chan *c, const struct msg_ctl_dht_get *m,
	    void *arg);
void	control_on_dht_put(struct chan *c, const struct msg_ctl_dht_put *m,
	    void *arg);
/* Too long: answer, if it was dht that was asked. */
bool	control_dht_wait_over(struct control_conn *conn);

/* control_limit.c */
void	control_on_limit(struct chan *c, const struct msg_ctl_limit *m,
	    void *arg);
void	control_on_limits(struct chan *c, const struct msg_ctl_limits *m,
	    void *arg);

/* control_add.c */
void	control_on_add(struct chan *c, const struct msg_ctl_add *m, void *arg);
void	control_on_add_magnet(struct chan *c,
	    const struct msg_ctl_add_magnet *m, void *arg);
void	control_on_add_url(struct chan *c, const struct msg_ctl_add_url *m,
	    void *arg);

/* control_order.c */
void	control_on_act(struct chan *c, const struct msg_ctl_act *m, void *arg);
void	control_on_log(struct chan *c, const struct msg_ctl_log *m, void *arg);
void	control_on_reload(struct chan *c, const struct msg_ctl_reload *m,
	    void *arg);
void	control_on_shutdown(struct chan *c, const struct msg_ctl_shutdown *m,
	    void *arg);
void	control_on_wait_over(struct control_conn *conn);

#endif /* CONTROL_H */
