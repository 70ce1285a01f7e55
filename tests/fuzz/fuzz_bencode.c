/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>

#include "bencode.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
visit(const struct ben *b, ben_ref r)
{
	size_t	len;
	int64_t	n;

	if (b->tok[r].off + b->tok[r].len > b->len || b->tok[r].next <= r ||
	    b->tok[r].next > b->ntok)
		abort();
	if (ben_is(b, r, BEN_INT) && ben_int(b, r, &n) == -1)
		abort();
	if (ben_str(b, r, &len) + len > b->buf + b->len &&
	    ben_is(b, r, BEN_STR))
		abort();
}

/* Every value lies within its parent, and the whole within the input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ben	 b;
	const char	*why = NULL;
	ben_ref		 i, r;

	if (ben_parse(&b, data, size, &why) == -1) {
		if (why == NULL || b.bad > size)
			abort();
		ben_free(&b);
		return 0;
	}
	for (i = 0; i < b.ntok; i++) {
		visit(&b, i);
		for (r = ben_first(&b, i); r != BEN_NONE;
		    r = ben_next(&b, i, r))
			if (b.tok[r].off + b.tok[r].len >
			    b.tok[i].off + b.tok[i].len)
				abort();
	}
	ben_get(&b, BEN_ROOT, "info");
	if (ben_is_sorted(&b, BEN_ROOT) && ben_has_duplicates(&b, BEN_ROOT))
		abort();
	ben_free(&b);
	return 0;
}
