/* SPDX-License-Identifier: ISC */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * Our port at the router: what the portmap child is to do, and what it said.
 * It runs only where the configuration has "port mapping".
 */
struct parent;

struct mapping {
	struct msg_portmap_want	 want;	/* as it was told */
	struct rec_mapping	 rows[2];	/* as it told, at: */
	uint64_t		 at;	/* loop_now() */
	uint32_t		 nrows;
	uint8_t			 state;	/* PORTMAP_* */
	uint8_t			 method;
	uint8_t			 gateway[16];
	uint8_t			 address[16];
	char			 error[ERROR_MAX + 1];
};

/*
 * Configuration, port or network may have changed: start it, stop it, or tell
 * it what is new.  again: also what is not, for it to look whether all stands.
 */
void	 mapping_update(struct parent *parent, bool again);
/* To a new child. */
void	 mapping_send(struct parent *parent);
void	 mapping_on_told(struct parent *parent,
	    const struct msg_portmap_told *m);
/* The child has ended; what it mapped may stand, its successor finds out. */
void	 mapping_on_down(struct parent *parent);
/* The port outside that TCP comes to us by; 0: none, or the same as ours. */
uint16_t mapping_port(const struct mapping *mapping);
/* For mimctl, with room for rows; false if no port is to be mapped. */
bool	 mapping_tell(const struct parent *parent, struct msg_ctl_mapping *m,
	    struct rec_mapping rows[2]);

#endif /* MAPPING_H */
