/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "addr.h"
#include "node_memory.h"

static bool
is_v6(const struct known_node *n)
{
	struct addr	a;

	memcpy(a.ip, n->ip, sizeof(a.ip));
	return !addr_is_v4(&a);
}

static bool
has(const struct node_memory *mem, const uint8_t ip[16], uint16_t port)
{
	uint32_t	i;

	for (i = 0; i < mem->n; i++)
		if (mem->nodes[i].port == port &&
		    memcmp(mem->nodes[i].ip, ip, 16) == 0)
			return true;
	return false;
}

static void
add(struct node_memory *mem, const struct known_node *node)
{
	if (mem->n < NODES_PAGE && !has(mem, node->ip, node->port))
		mem->nodes[mem->n++] = *node;
}

static void
take(struct node_memory *mem, const uint8_t id4[20], const uint8_t id6[20],
    const struct rec_node *rows, uint32_t n)
{
	struct known_node	node;
	uint32_t		i;

	memcpy(mem->id4, id4, sizeof(mem->id4));
	memcpy(mem->id6, id6, sizeof(mem->id6));
	mem->n = 0;
	for (i = 0; i < n; i++) {
		memset(&node, 0, sizeof(node));
		memcpy(node.ip, rows[i].ip, sizeof(node.ip));
		node.port = rows[i].port;
		node.named = rows[i].id.len == sizeof(node.id);
		if (node.named)
			memcpy(node.id, rows[i].id.p, sizeof(node.id));
		add(mem, &node);
	}
}

void
node_memory_saved(struct node_memory *mem, const struct msg_nodes_saved *m)
{
	if (mem->fresh)
		return;
	take(mem, m->id4, m->id6, m->nodes.v, m->nodes.n);
	mem->nsaved = mem->n;
}

void
node_memory_told(struct node_memory *mem, const struct msg_dht_nodes *m)
{
	struct node_memory	before = *mem;
	uint32_t		i, count[2] = { 0, 0 };

	if (m->nodes.n == 0)
		return;
	take(mem, m->id4, m->id6, m->nodes.v, m->nodes.n);
	for (i = 0; i < mem->n; i++)
		count[is_v6(&mem->nodes[i])]++;
	for (i = 0; i < before.n; i++)
		if (count[is_v6(&before.nodes[i])] < NODE_MEMORY_ENOUGH)
			add(mem, &before.nodes[i]);
	mem->fresh = mem->unsaved = true;
}

uint32_t
node_memory_rows(const struct node_memory *mem,
    struct rec_node rows[NODES_PAGE])
{
	const struct known_node	*node;
	uint32_t		 i;

	for (i = 0; i < mem->n; i++) {
		node = &mem->nodes[i];
		memcpy(rows[i].ip, node->ip, sizeof(rows[i].ip));
		rows[i].port = node->port;
		rows[i].id.p = node->id;
		rows[i].id.len = node->named ? sizeof(node->id) : 0;
	}
	return mem->n;
}

bool
node_memory_save(struct node_memory *mem, uint64_t now, bool end)
{
	if (!mem->unsaved || (!end && now < mem->save_at &&
	    mem->n < 2 * mem->nsaved))
		return false;
	mem->unsaved = false;
	mem->nsaved = mem->n;
	mem->save_at = now + NODE_MEMORY_SAVE_MS;
	return true;
}

void
node_memory_lost(struct node_memory *mem)
{
	mem->unsaved = mem->fresh;
}
