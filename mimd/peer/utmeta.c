/* SPDX-License-Identifier: ISC */
#include "utmeta.h"

#include <string.h>

#include "ben_out.h"
#include "bencode.h"

int
utmeta_parse(struct utmeta *m, const uint8_t *p, size_t n)
{
	struct ben	 b;
	const char	*why;
	int64_t		 type = -1, piece = -1, total = 0;

	memset(m, 0, sizeof(*m));
	if (n > UTMETA_MAX || ben_parse(&b, p, n, &why) == -1) {
		if (n <= UTMETA_MAX)
			ben_free(&b);
		return -1;
	}
	ben_int(&b, ben_get(&b, BEN_ROOT, "msg_type"), &type);
	ben_int(&b, ben_get(&b, BEN_ROOT, "piece"), &piece);
	ben_int(&b, ben_get(&b, BEN_ROOT, "total_size"), &total);
	m->data = p + b.tok[BEN_ROOT].len;
	m->len = (uint32_t)(n - b.tok[BEN_ROOT].len);
	ben_free(&b);
	if (type < 0 || piece < 0 || piece > UINT32_MAX || total < 0 ||
	    total > UINT32_MAX)
		return -1;
	m->type = type < UTMETA_OTHER ? (enum utmeta_type)type : UTMETA_OTHER;
	m->piece = (uint32_t)piece;
	m->total = (uint32_t)total;
	return 0;
}

size_t
utmeta_build(uint8_t out[UTMETA_HEAD_MAX], enum utmeta_type type,
    uint32_t piece, uint32_t total)
{
	struct ben_out	o = { .p = out, .size = UTMETA_HEAD_MAX };

	ben_put_dict(&o);
	ben_put_text(&o, "msg_type");
	ben_put_int(&o, (int64_t)type);
	ben_put_text(&o, "piece");
	ben_put_int(&o, piece);
	if (type == UTMETA_DATA) {
		ben_put_text(&o, "total_size");
		ben_put_int(&o, total);
	}
	ben_put_end(&o);
	return o.n;
}
