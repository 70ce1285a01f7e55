/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "ben_out.h"
#include "bencode.h"
#include "ext.h"
#include "utf8.h"

static const char *const names[EXT_COUNT] = {
	[EXT_PEX] = "ut_pex", [EXT_METADATA] = "ut_metadata",
	[EXT_UPLOAD_ONLY] = "upload_only", [EXT_HOLEPUNCH] = "ut_holepunch",
	[EXT_DONTHAVE] = "lt_donthave"
};

/* Bencoded keys are in order. */
static const enum ext_id by_name[] = {
	EXT_DONTHAVE, EXT_UPLOAD_ONLY, EXT_HOLEPUNCH, EXT_METADATA, EXT_PEX
};

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

void
ext_peer_init(struct ext_peer *e)
{
	memset(e, 0, sizeof(*e));
	e->reqq = EXT_REQQ_DEFAULT;
}

static void
parse_ids(struct ext_peer *e, const struct ben *b, ben_ref m)
{
	int64_t	v;
	int	i;

	for (i = 1; i < EXT_COUNT; i++)
		if (ben_get_int(b, m, names[i], 0, UINT8_MAX, &v))
			e->ids[i] = (uint8_t)v;
}

/* What does not belong into a line of text becomes a question mark. */
static void
parse_client(struct ext_peer *e, const struct ben *b)
{
	size_t		 len, off, n, used = 0;
	const uint8_t	*s = ben_str(b, ben_get(b, BEN_ROOT, "v"), &len);
	uint32_t	 cp;

	if (len == 0)
		return;
	for (off = 0; off < len; off += n) {
		n = utf8_decode(s + off, len - off, &cp);
		if (n == 0 || utf8_is_unsafe(cp)) {
			n = n == 0 ? 1 : n;
			if (used == EXT_CLIENT_MAX)
				break;
			e->client[used++] = '?';
		} else {
			if (used + n > EXT_CLIENT_MAX)
				break;
			memcpy(e->client + used, s + off, n);
			used += n;
		}
	}
	e->client[used] = '\0';
}

static void
parse_yourip(struct ext_peer *e, const struct ben *b)
{
	size_t		 len;
	const uint8_t	*s = ben_str(b, ben_get(b, BEN_ROOT, "yourip"), &len);

	if (len == 4) {
		memcpy(e->yourip, v4_prefix, 12);
		memcpy(e->yourip + 12, s, 4);
	} else if (len == 16) {
		memcpy(e->yourip, s, 16);
	} else {
		return;
	}
	e->has_yourip = true;
}

int
ext_parse(struct ext_peer *e, const uint8_t *p, size_t n)
{
	struct ben	 b;
	const char	*err;
	int64_t		 v;

	if (ben_parse(&b, p, n, &err) == -1 || !ben_is(&b, BEN_ROOT,
	    BEN_DICT)) {
		ben_free(&b);
		return -1;
	}
	parse_ids(e, &b, ben_get_type(&b, BEN_ROOT, "m", BEN_DICT));
	parse_client(e, &b);
	parse_yourip(e, &b);
	if (ben_get_int(&b, BEN_ROOT, "p", 1, UINT16_MAX, &v))
		e->port = (uint16_t)v;
	if (ben_get_int(&b, BEN_ROOT, "reqq", 1, INT64_MAX, &v))
		e->reqq = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
	if (ben_get_int(&b, BEN_ROOT, "metadata_size", 1, EXT_METADATA_MAX,
	    &v))
		e->metadata_size = (uint32_t)v;
	if (ben_int(&b, ben_get(&b, BEN_ROOT, "upload_only"), &v) == 0)
		e->upload_only = v != 0;
	if (ben_int(&b, ben_get(&b, BEN_ROOT, "e"), &v) == 0)
		e->encrypts = v != 0;
	ben_free(&b);
	return 0;
}

static void
put_uint(struct ben_out *o, const char *key, uint32_t v)
{
	ben_put_text(o, key);
	ben_put_int(o, v);
}

static void
put_ids(struct ben_out *o, uint32_t mask, uint32_t off)
{
	enum ext_id	id;
	size_t		i;

	ben_put_text(o, "m");
	ben_put_dict(o);
	for (i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		id = by_name[i];
		if ((mask | off) & 1U << id)
			put_uint(o, names[id], mask & 1U << id ? id : 0);
	}
	ben_put_end(o);
}

static void
put_yourip(struct ben_out *o, const uint8_t ip[16])
{
	ben_put_text(o, "yourip");
	if (memcmp(ip, v4_prefix, sizeof(v4_prefix)) == 0)
		ben_put_str(o, ip + 12, 4);
	else
		ben_put_str(o, ip, 16);
}

size_t
ext_build(uint8_t out[EXT_HANDSHAKE_OURS], const struct ext_ours *ours)
{
	struct ben_out	o = { .p = out, .size = EXT_HANDSHAKE_OURS };
	size_t		len;

	ben_put_dict(&o);
	if (ours->encrypts)
		put_uint(&o, "e", 1);
	put_ids(&o, ours->mask, ours->off);
	if (ours->metadata_size != 0)
		put_uint(&o, "metadata_size", ours->metadata_size);
	if (ours->port != 0)
		put_uint(&o, "p", ours->port);
	if (ours->reqq != 0)
		put_uint(&o, "reqq", ours->reqq);
	if (ours->upload_only)
		put_uint(&o, "upload_only", 1);
	if (ours->client != NULL) {
		len = strlen(ours->client);
		ben_put_text(&o, "v");
		ben_put_str(&o, ours->client,
		    len < EXT_CLIENT_MAX ? len : EXT_CLIENT_MAX);
	}
	if (ours->yourip != NULL)
		put_yourip(&o, ours->yourip);
	ben_put_end(&o);
	return o.n;
}
