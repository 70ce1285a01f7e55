/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bencode.h"
#include "item.h"
#include "krpc.h"

static const char *const names[KRPC_METHODS] = {
	[KRPC_PING] = "ping", [KRPC_FIND_NODE] = "find_node",
	[KRPC_GET_PEERS] = "get_peers", [KRPC_ANNOUNCE] = "announce_peer",
	[KRPC_GET] = "get", [KRPC_PUT] = "put",
	[KRPC_SAMPLE] = "sample_infohashes"
};

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

void
krpc_init(struct krpc *m, enum krpc_kind kind)
{
	memset(m, 0, offsetof(struct krpc, values));
	m->kind = kind;
	m->method = KRPC_UNKNOWN;
}

const char *
krpc_method_name(enum krpc_method method)
{
	return method < KRPC_METHODS ? names[method] : "unknown";
}

bool
krpc_node(const struct krpc_bytes *nodes, bool v6, size_t i,
    const uint8_t **id, struct addr *a)
{
	size_t	each = v6 ? KRPC_NODE6 : KRPC_NODE4;

	if (i >= nodes->n / each)
		return false;
	*id = nodes->p + i * each;
	if (v6)
		addr_from_compact6(a, *id + ID_LEN);
	else
		addr_from_compact4(a, *id + ID_LEN);
	return true;
}

/* A string of min..max bytes; anything else is absent. */
static struct krpc_bytes
get_bytes(const struct ben *b, ben_ref dict, const char *key, size_t min,
    size_t max)
{
	struct krpc_bytes	s = { .p = NULL };
	ben_ref			r = ben_get_type(b, dict, key, BEN_STR);

	if (r == BEN_NONE)
		return s;
	s.p = ben_str(b, r, &s.n);
	if (s.n < min || s.n > max) {
		s.p = NULL;
		s.n = 0;
	}
	return s;
}

static const uint8_t *
get_exact(const struct ben *b, ben_ref dict, const char *key, size_t n)
{
	return get_bytes(b, dict, key, n, n).p;
}

/* Records of a size: all whole, or none. */
static struct krpc_bytes
get_rows(const struct ben *b, ben_ref dict, const char *key, size_t each)
{
	struct krpc_bytes	s;

	s = get_bytes(b, dict, key, 0, KRPC_READ_MAX);
	if (s.n % each != 0)
		s = (struct krpc_bytes){ .p = NULL };
	return s;
}

static void
get_flag(struct krpc *m, const struct ben *b, ben_ref dict, const char *key,
    uint32_t flag)
{
	int64_t	v;

	if (ben_int(b, ben_get(b, dict, key), &v) == 0 && v != 0)
		m->flags |= flag;
}

static const uint8_t *
get_id(const struct ben *b, ben_ref dict)
{
	static const uint8_t	zero[ID_LEN];
	const uint8_t		*id = get_exact(b, dict, "id", ID_LEN);

	return id == NULL || memcmp(id, zero, ID_LEN) == 0 ? NULL : id;
}

static bool
get_compact(const uint8_t *p, size_t n, struct addr *a)
{
	if (n == 6)
		addr_from_compact4(a, p);
	else if (n == 18)
		addr_from_compact6(a, p);
	else
		return false;
	return true;
}

/* The address without a port that some give is as good. */
static void
parse_ip(struct krpc *m, const struct ben *b, ben_ref dict)
{
	size_t		 n;
	const uint8_t	*p = ben_str(b, ben_get(b, dict, "ip"), &n);

	m->ip.port = 0;
	if (n == 4) {
		memcpy(m->ip.ip, v4_prefix, sizeof(v4_prefix));
		memcpy(m->ip.ip + 12, p, 4);
	} else if (n == 16) {
		memcpy(m->ip.ip, p, 16);
	} else if (!get_compact(p, n, &m->ip)) {
		return;
	}
	m->flags |= KRPC_HAS_IP;
}

/* What put and the answer to get have in common (BEP 44). */
static void
parse_item(struct krpc *m, const struct ben *b, ben_ref dict)
{
	ben_ref	v = ben_get(b, dict, "v");

	if (v != BEN_NONE) {
		m->v.p = b->buf + b->tok[v].off;
		m->v.n = b->tok[v].len;
		if (ben_is_sorted(b, v))
			m->flags |= KRPC_CANONICAL;
	}
	m->key = get_exact(b, dict, "k", ITEM_KEY_LEN);
	m->sig = get_exact(b, dict, "sig", ITEM_SIG_LEN);
	if (ben_int(b, ben_get(b, dict, "seq"), &m->seq) == 0)
		m->flags |= KRPC_HAS_SEQ;
}

static void
parse_want(struct krpc *m, const struct ben *b, ben_ref list)
{
	const uint8_t	*s;
	size_t		 n;
	ben_ref		 r;

	if (!ben_is(b, list, BEN_LIST))
		return;
	for (r = ben_first(b, list); r != BEN_NONE; r = ben_next(b, list, r)) {
		s = ben_str(b, r, &n);
		if (n == 2 && memcmp(s, "n4", 2) == 0)
			m->flags |= KRPC_WANT4;
		else if (n == 2 && memcmp(s, "n6", 2) == 0)
			m->flags |= KRPC_WANT6;
	}
}

static void
parse_values(struct krpc *m, const struct ben *b, ben_ref list)
{
	const uint8_t	*s;
	size_t		 n;
	ben_ref		 r;

	if (!ben_is(b, list, BEN_LIST))
		return;
	m->flags |= KRPC_HAS_VALUES;
	for (r = ben_first(b, list); r != BEN_NONE &&
	    m->nvalues < KRPC_VALUES_MAX; r = ben_next(b, list, r)) {
		s = ben_str(b, r, &n);
		m->nvalues += get_compact(s, n, &m->values[m->nvalues]);
	}
}

static enum krpc_method
method_of(const struct ben *b, bool has_target)
{
	const uint8_t	*q;
	size_t		 n;
	int		 i;

	q = ben_str(b, ben_get(b, BEN_ROOT, "q"), &n);
	for (i = 0; i < KRPC_METHODS; i++)
		if (n == strlen(names[i]) && memcmp(q, names[i], n) == 0)
			return i;
	/* What is not known yet is asked of the nodes nearer to it. */
	return has_target ? KRPC_FIND_NODE : KRPC_UNKNOWN;
}

static void
wrong(struct krpc *m, int32_t code, const char *text)
{
	if (m->code != 0)
		return;
	m->code = code;
	m->text = text;
}

/* What each method cannot do without. */
static void
check_query(struct krpc *m)
{
	if (m->id == NULL)
		wrong(m, KRPC_E_PROTOCOL, "no valid id");
	if (m->method == KRPC_UNKNOWN)
		wrong(m, KRPC_E_METHOD, "method unknown");
	if (m->method != KRPC_PING && m->method != KRPC_PUT &&
	    m->target == NULL)
		wrong(m, KRPC_E_PROTOCOL, "no valid target");
	if ((m->method == KRPC_ANNOUNCE || m->method == KRPC_PUT) &&
	    m->token.p == NULL)
		wrong(m, KRPC_E_PROTOCOL, "no token");
	if (m->method == KRPC_ANNOUNCE && m->port == 0 &&
	    !(m->flags & KRPC_IMPLIED))
		wrong(m, KRPC_E_PROTOCOL, "no port");
	if (m->method == KRPC_PUT && m->v.p == NULL)
		wrong(m, KRPC_E_PROTOCOL, "no value");
}

static int
parse_query(struct krpc *m, const struct ben *b)
{
	ben_ref		 a = ben_get_type(b, BEN_ROOT, "a", BEN_DICT);
	const uint8_t	*hash, *target;
	int64_t		 v;
	bool		 by_hash;

	if (a == BEN_NONE)
		return -1;
	m->id = get_id(b, a);
	hash = get_exact(b, a, "info_hash", ID_LEN);
	target = get_exact(b, a, "target", ID_LEN);
	m->method = method_of(b, target != NULL || hash != NULL);
	by_hash = m->method == KRPC_GET_PEERS || m->method == KRPC_ANNOUNCE;
	m->target = by_hash || target == NULL ? hash : target;
	m->token = get_bytes(b, a, "token", 1, KRPC_TOKEN_MAX);
	if (ben_get_int(b, a, "port", 1, UINT16_MAX, &v))
		m->port = (uint16_t)v;
	get_flag(m, b, a, "implied_port", KRPC_IMPLIED);
	get_flag(m, b, a, "seed", KRPC_SEED);
	get_flag(m, b, a, "noseed", KRPC_NOSEED);
	get_flag(m, b, a, "scrape", KRPC_SCRAPE);
	get_flag(m, b, BEN_ROOT, "ro", KRPC_RO);
	parse_want(m, b, ben_get(b, a, "want"));
	parse_item(m, b, a);
	m->salt = get_bytes(b, a, "salt", 0, KRPC_READ_MAX);
	if (ben_int(b, ben_get(b, a, "cas"), &m->cas) == 0)
		m->flags |= KRPC_HAS_CAS;
	check_query(m);
	return 0;
}

static int
parse_response(struct krpc *m, const struct ben *b)
{
	ben_ref	r = ben_get_type(b, BEN_ROOT, "r", BEN_DICT);
	int64_t	v;

	if (r == BEN_NONE || (m->id = get_id(b, r)) == NULL)
		return -1;
	m->token = get_bytes(b, r, "token", 1, KRPC_TOKEN_MAX);
	m->nodes = get_rows(b, r, "nodes", KRPC_NODE4);
	m->nodes6 = get_rows(b, r, "nodes6", KRPC_NODE6);
	m->samples = get_rows(b, r, "samples", ID_LEN);
	if (m->samples.p != NULL)
		m->flags |= KRPC_HAS_SAMPLES;
	m->seeds = get_exact(b, r, "BFsd", KRPC_FILTER_LEN);
	m->peers = get_exact(b, r, "BFpe", KRPC_FILTER_LEN);
	if (ben_get_int(b, r, "interval", 0, UINT32_MAX, &v))
		m->interval = (uint32_t)v;
	if (ben_get_int(b, r, "num", 0, UINT32_MAX, &v))
		m->num = (uint32_t)v;
	parse_values(m, b, ben_get(b, r, "values"));
	parse_item(m, b, r);
	if (!(m->flags & KRPC_HAS_IP))
		parse_ip(m, b, r);
	return 0;
}

/* A list by the rules; others send a dictionary or a string. */
static void
parse_error(struct krpc *m, const struct ben *b)
{
	ben_ref	e = ben_get(b, BEN_ROOT, "e");
	int64_t	code;

	m->code = KRPC_E_GENERIC;
	if (ben_is(b, e, BEN_LIST) && ben_int(b, ben_first(b, e), &code) == 0 &&
	    code > 0 && code <= INT32_MAX)
		m->code = (int32_t)code;
}

static int
parse_root(struct krpc *m, const struct ben *b)
{
	const uint8_t	*y;
	size_t		 n;

	m->tid = get_bytes(b, BEN_ROOT, "t", 1, KRPC_TID_MAX);
	y = ben_str(b, ben_get(b, BEN_ROOT, "y"), &n);
	if (!ben_is(b, BEN_ROOT, BEN_DICT) || m->tid.p == NULL || n != 1 ||
	    ben_has_duplicates(b, BEN_ROOT))
		return -1;
	m->version = get_bytes(b, BEN_ROOT, "v", 1, KRPC_TID_MAX);
	parse_ip(m, b, BEN_ROOT);
	switch (*y) {
	case 'q':
		m->kind = KRPC_QUERY;
		return parse_query(m, b);
	case 'r':
		m->kind = KRPC_RESPONSE;
		return parse_response(m, b);
	case 'e':
		m->kind = KRPC_ERROR;
		parse_error(m, b);
		return 0;
	default:
		return -1;
	}
}

int
krpc_parse(struct krpc *m, const uint8_t *p, size_t n)
{
	struct ben	 b;
	const char	*err;
	int		 error = -1;

	krpc_init(m, KRPC_QUERY);
	/* The first byte also tells us from whoever shares the socket. */
	if (n == 0 || n > KRPC_READ_MAX || p[0] != 'd')
		return -1;
	if (ben_parse(&b, p, n, &err) == 0)
		error = parse_root(m, &b);
	ben_free(&b);
	return error;
}
