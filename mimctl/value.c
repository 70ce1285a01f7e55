/* SPDX-License-Identifier: ISC */
#include "ben_out.h"
#include "value.h"

#define LENGTH_MAX	4	/* digits of ITEM_V_MAX */

size_t
value_from_text(const void *text, size_t n, uint8_t v[ITEM_V_MAX])
{
	struct ben_out	o = { .p = v, .size = ITEM_V_MAX };

	ben_put_str(&o, text, n);
	return o.full ? 0 : o.n;
}

const uint8_t *
value_text(const uint8_t *v, size_t nv, size_t *n)
{
	size_t	i;

	*n = 0;
	for (i = 0; i < nv && i <= LENGTH_MAX && v[i] >= '0' && v[i] <= '9';
	    i++)
		*n = *n * 10 + (size_t)(v[i] - '0');
	if (i == 0 || i == nv || v[i] != ':' || *n != nv - i - 1)
		return NULL;
	return v + i + 1;
}
