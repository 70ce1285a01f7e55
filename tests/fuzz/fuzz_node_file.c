/* SPDX-License-Identifier: ISC */
/*
 * The file of nodes, as it is and with a checksum made right: what is taken
 * is written again as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/node_file.h"
#include "hash.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
decode(const uint8_t *buf, size_t len)
{
	static struct rec_node	 rows[NODES_PAGE];
	struct msg_nodes_saved	 m;
	struct msg_nodes_save	 again;
	const char		*why;
	uint8_t			*out;
	size_t			 n;

	if (node_file_decode(&m, rows, buf, len, &why) == -1)
		return;
	memcpy(again.id4, m.id4, sizeof(m.id4));
	memcpy(again.id6, m.id6, sizeof(m.id6));
	again.nodes.v = m.nodes.v;
	again.nodes.n = m.nodes.n;
	out = node_file_encode(&again, &n);
	if (n != len || memcmp(out, buf, n) != 0)
		abort();
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t	*buf;

	decode(data, size);
	if (size < SHA1_LEN || (buf = malloc(size)) == NULL)
		return 0;
	memcpy(buf, data, size);
	hash_sha1(buf, size - SHA1_LEN, buf + size - SHA1_LEN);
	decode(buf, size);
	free(buf);
	return 0;
}
