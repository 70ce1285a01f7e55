/* SPDX-License-Identifier: ISC */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binding.h"
#include "listen.h"
#include "mapping.h"

/*
 * The network as the parent sees it: what sockets are bound to, where we
 * listen, and who is told when that changes.
 */
#define NETWORK_LOOK_MS		200	/* one change comes with others */
#define NETWORK_SETTLE_MS	3000	/* until trackers are told */
#define NETWORK_PORTS		20	/* random ones that are tried */

struct conf;
struct parent;
struct proc;

struct network {
	int			 fd;	/* rtnetlink(7); -1: is not to be had */
	struct loop_io		*io;
	struct loop_timer	*look;
	struct loop_timer	*settle;
	struct ifaces		 ifs;	/* as they were seen last */
	struct reach		 told;	/* ... when trackers were told */
	bool			 again;	/* they are to be told anew */
	struct listen_ports	 ports;
	struct mapping		 mapping;
};

/* Have a child send nothing more, and begin anew. */
void	network_cut(struct proc *p);
/* At the start: what the configuration wants, as far as it is there. */
int	network_open(struct parent *parent, char *err, size_t errsize);
/* From now on changes are followed; and no more. */
void	network_watch(struct parent *parent);
void	network_close(struct parent *parent);
/* Now and then: where nobody tells us of changes, and what was missing. */
void	network_tick(struct parent *parent);
/*
 * Have what another configuration wants of the network in ls, in place of
 * what there is.  -1 with a line in err: all is as it was.  The caller then
 * either takes ls over or closes it.
 */
int	network_reload(struct parent *parent, const struct conf *conf,
	    struct listens *ls, char *err, size_t errsize);
/* The configuration has been changed: tell the children. */
void	network_reloaded(struct parent *parent, const struct conf *old);
/* Listen on another port until the next reload; -1 with a line in err. */
int	network_set_port(struct parent *parent, uint16_t port, char *err,
	    size_t errsize);
/* A child of the network: what its sockets are bound to. */
void	network_send(struct proc *p);
/* To peer: where to listen, and the sockets of local discovery. */
void	network_send_sockets(struct parent *parent);
/* The first of these alone. */
void	network_send_listens(struct parent *parent);
/* To tracker. */
void	network_send_port(struct parent *parent);
/* A router has given us another port, or none: tell all whom it concerns. */
void	network_mapped(struct parent *parent);
/* The port that others are told instead of the one we listen at, or 0. */
uint16_t network_port_apart(const struct parent *parent);
/* The port that others are told. */
uint16_t network_port(const struct parent *parent);

#endif /* NETWORK_H */
