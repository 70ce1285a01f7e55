/* SPDX-License-Identifier: ISC */
#include "dht_nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "content.h"
#include "disk.h"
#include "metainfo.h"
#include "node_file.h"
#include "state_file.h"
#include "store.h"

#define NODES_NAME	"dht.nodes"	/* in the state directory */

void
dht_nodes_report(struct disk *d)
{
	struct rec_node		 rows[NODES_PAGE];
	struct msg_nodes_saved	 m;
	const char		*why;
	uint8_t			*buf;
	size_t			 len;

	buf = store_read(d->state, NODES_NAME, NODE_FILE_SIZE_MAX, &len);
	if (buf == NULL) {
		if (errno != ENOENT)
			state_file_unreadable(d->state, NODES_NAME);
		return;
	}
	if (node_file_decode(&m, rows, buf, len, &why) == 0)
		chan_send(d->parent, MSG_NODES_SAVED, &m);
	else
		state_file_set_aside(d->state, NODES_NAME, "", why);
	free(buf);
}

void
dht_nodes_on_save(struct chan *c, const struct msg_nodes_save *m, void *arg)
{
	uint8_t	*buf;
	size_t	 len;

	(void)c;
	buf = node_file_encode(m, &len);
	state_file_save(arg, NODES_NAME, buf, len);
}

/* "host:port" or "[v6]:port", as metainfo has them; false: too long. */
static bool
split(const char *node, struct rec_host *row, char host[HOST_MAX + 1])
{
	const char	*colon = strrchr(node, ':');
	size_t		 len = (size_t)(colon - node);

	row->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	if (len > 2 && node[0] == '[' && node[len - 1] == ']') {
		node++;
		len -= 2;
	}
	if (len > HOST_MAX)
		return false;
	memcpy(host, node, len);
	host[len] = '\0';
	row->host = host;
	return true;
}

void
dht_nodes_report_torrent(struct disk *d, const struct content *t)
{
	const struct metainfo		*mi = t->files->mi;
	struct rec_host			 rows[DHT_HOSTS_MAX];
	char				 hosts[DHT_HOSTS_MAX][HOST_MAX + 1];
	struct msg_torrent_nodes	 m = { .id = t->id,
					    .hosts = { rows, 0 } };
	uint32_t			 i;

	if (mi->private)
		return;
	for (i = 0; i < mi->nnodes && m.hosts.n < DHT_HOSTS_MAX; i++)
		m.hosts.n += split(mi->nodes[i], &rows[m.hosts.n],
		    hosts[m.hosts.n]);
	if (m.hosts.n > 0)
		chan_send(d->parent, MSG_TORRENT_NODES, &m);
}
