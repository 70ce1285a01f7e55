/* SPDX-License-Identifier: ISC */
#ifndef NODE_FILE_H
#define NODE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * The nodes of the DHT that the next mimd begins from, as a file, a pure
 * codec: magic, version, our ids, the number of nodes, an address, a port and
 * an id of each, SHA-1 over all of it.  Integers are little endian; an id of
 * zeros is none.
 */
#define NODE_FILE_SIZE_MAX	(1U << 16)

/* In memory to be freed by the caller. */
uint8_t	*node_file_encode(const struct msg_nodes_save *m, size_t *len);
/*
 * -1 with a reason in *why (static text) unless buf is a whole good file; else
 * m has rows, and these lead into buf.
 */
int	 node_file_decode(struct msg_nodes_saved *m,
	    struct rec_node rows[NODES_PAGE], const uint8_t *buf, size_t len,
	    const char **why);

#endif /* NODE_FILE_H */
