/* SPDX-License-Identifier: ISC */
#ifndef OWN_H
#define OWN_H

#include "child.h"
#include "dht.h"
#include "told.h"

/*
 * Our nodes: one for each address of a family that we listen at (BEP 45).
 * They are all told of the same torrents and contacts, and share the rate.
 */
#define OWN_BATCH	64	/* datagrams of a socket in a turn */
#define OWN_SAVE_MS	300000	/* the good nodes are told each */
#define OWN_SAVE_FIRST	12	/* ... but so often at first each */
#define OWN_SAVE_FIRST_MS 5000

struct own_node;

/* In arrays of two: IPv4, IPv6. */
struct own_socket {
	struct own_node	*node;
	int		 fd;		/* -1: none */
	struct loop_io	*io;
	struct addr	 addr;		/* that it is bound to */
};

struct own_node {
	struct own	*own;
	struct dht	*dht;		/* NULL: none yet */
	bool		 families[2];	/* of dht */
	struct own_socket sockets[2];	/* none: dht rests */
	struct addr	 external[2];	/* as others see it, told last */
};

/* Packets of all, counted for a while. */
struct own_rates {
	uint64_t	at;		/* counted until then, ... */
	uint64_t	packets_in, packets_out;	/* so many */
	uint32_t	in, out;	/* packets/s before */
};

struct own {
	struct child	*child;
	struct own_node	 nodes[DHT_NODES_MAX];
	struct tolds	 torrents;
	uint8_t		 ids[2][ID_LEN];	/* of the first; 0: none */
	struct addr	 seen[2];	/* our address, if the router told */
	bool		 has_seen[2];
	uint32_t	 rate;		/* packets/s of all; 0: no limit */
	bool		 read_only;
	uint16_t	 port;		/* of peers; 0: as bound */
	bool		 wants;		/* contacts */
	struct loop_timer *run, *save;
	uint32_t	 saves;		/* how often they were to be told */
	uint64_t	 saved_mark;	/* of those that were; 0: none */
	struct own_rates rates;
};

/* ---- own.c ---- */

void	 own_init(struct own *own, struct child *child);
/* Rate, port or read_only have changed. */
void	 own_configure(struct own *own);
/*
 * The sockets of node i, -1: none.  It stays what it is if it has the same
 * families as before, or rests if it has none.
 */
void	 own_set_sockets(struct own *own, uint32_t i, const int fds[2],
	    const struct addr addrs[2]);
/* Close those that are not bound as they are to be. */
void	 own_drop_unfit(struct own *own);
void	 own_set_address(struct own *own, const struct addr *a);
void	 own_add_contact(struct own *own, const uint8_t *id,
	    const struct addr *a, bool router);
void	 own_torrent(struct own *own, uint32_t id, const uint8_t *hash,
	    bool seed);
void	 own_forget(struct own *own, uint32_t id);
void	 own_hungry(struct own *own, uint32_t id);
/* Do what is due, after anything that gives work. */
void	 own_run(struct own *own);
/* Has it a socket, so that it can do anything? */
bool	 own_is_awake(const struct own_node *node);

/* ---- own_save.c ---- */

/* Begin to tell the parent of good nodes, now and then. */
void	 own_save_start(struct own *own);
/* Tell it now, at the end, if there are any. */
void	 own_save(struct own *own);
/* Tell it where others see us, if that is news. */
void	 own_tell_external(struct own *own);

/* ---- own_orders.c ---- */

/* Tell the parent how it stands, for this client. */
void	 own_tell(struct own *own, uint64_t client);
/* Count packets, now and then. */
void	 own_measure(struct own *own);
/* Find or store an item, and tell the parent what came of it. */
void	 own_get(struct own *own, const struct msg_dht_get *m);
void	 own_put(struct own *own, const struct msg_dht_put *m);
void	 own_on_found(struct own *own, uint32_t request,
	    const struct item *item);
void	 own_on_stored(struct own *own, uint32_t request, uint32_t nodes,
	    int32_t refused);

/* ---- own_socket.c ---- */

void	 own_socket_open(struct own_socket *s, int fd,
	    const struct addr *addr);
void	 own_socket_close(struct own_socket *s);
void	 own_socket_send(const struct own_socket *s, const struct addr *to,
	    const uint8_t *p, size_t n);

#endif /* OWN_H */
