/* SPDX-License-Identifier: ISC */
#include "node_file.h"

#include <endian.h>
#include <string.h>

#include "hash.h"
#include "mem.h"

#define MAGIC		"mimnodes"
#define MAGIC_LEN	(sizeof(MAGIC) - 1)
#define VERSION		1U
#define ID_LEN		20U
#define IP_LEN		16U
#define HEAD		(MAGIC_LEN + 4 + 2 * ID_LEN + 4)
#define ROW		(IP_LEN + 2 + ID_LEN)

static const uint8_t	no_id[ID_LEN];

static uint8_t *
put(uint8_t *p, const void *v, size_t len)
{
	memcpy(p, v, len);
	return p + len;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	return put(p, &v, sizeof(v));
}

static uint32_t
get32(const uint8_t *p)
{
	uint32_t	v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

uint8_t *
node_file_encode(const struct msg_nodes_save *m, size_t *len)
{
	const struct rec_node	*r;
	uint8_t			*buf, *p;
	uint16_t		 port;

	*len = HEAD + m->nodes.n * ROW + SHA1_LEN;
	p = buf = xmalloc(*len);
	p = put(p, MAGIC, MAGIC_LEN);
	p = put32(p, VERSION);
	p = put(p, m->id4, ID_LEN);
	p = put(p, m->id6, ID_LEN);
	p = put32(p, m->nodes.n);
	for (r = m->nodes.v; r < m->nodes.v + m->nodes.n; r++) {
		port = htole16(r->port);
		p = put(p, r->ip, IP_LEN);
		p = put(p, &port, sizeof(port));
		p = put(p, r->id.len == ID_LEN ? r->id.p : no_id, ID_LEN);
	}
	hash_sha1(buf, (size_t)(p - buf), p);
	return buf;
}

static const char *
check_envelope(const uint8_t *buf, size_t len)
{
	uint8_t	digest[SHA1_LEN];

	if (len < HEAD + SHA1_LEN)
		return "too short";
	if (memcmp(buf, MAGIC, MAGIC_LEN) != 0)
		return "not a file of nodes";
	if (get32(buf + MAGIC_LEN) != VERSION)
		return "of an unknown version";
	hash_sha1(buf, len - SHA1_LEN, digest);
	if (memcmp(digest, buf + len - SHA1_LEN, SHA1_LEN) != 0)
		return "damaged (checksum)";
	return NULL;
}

/* What travels in messages must fit their bounds. */
static int
get_row(struct rec_node *r, const uint8_t *p)
{
	uint16_t	port;

	memcpy(r->ip, p, IP_LEN);
	memcpy(&port, p + IP_LEN, sizeof(port));
	r->port = le16toh(port);
	r->id.p = p + IP_LEN + sizeof(port);
	r->id.len = memcmp(r->id.p, no_id, ID_LEN) == 0 ? 0 : ID_LEN;
	return r->port == 0 ? -1 : 0;
}

int
node_file_decode(struct msg_nodes_saved *m, struct rec_node rows[NODES_PAGE],
    const uint8_t *buf, size_t len, const char **why)
{
	uint32_t	i, n;

	if ((*why = check_envelope(buf, len)) != NULL)
		return -1;
	*why = "malformed";
	n = get32(buf + HEAD - 4);
	if (n > NODES_PAGE || len != HEAD + n * ROW + SHA1_LEN)
		return -1;
	memcpy(m->id4, buf + MAGIC_LEN + 4, ID_LEN);
	memcpy(m->id6, buf + MAGIC_LEN + 4 + ID_LEN, ID_LEN);
	for (i = 0; i < n; i++)
		if (get_row(&rows[i], buf + HEAD + i * ROW) == -1)
			return -1;
	m->nodes.v = rows;
	m->nodes.n = n;
	return 0;
}
