/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "value.h"

#define LENGTH_MAX	4	/* digits of ITEM_V_MAX */

size_t
value_from_text(const void *text, size_t n, uint8_t v[ITEM_V_MAX])
{
	char	head[LENGTH_MAX + 2];
	size_t	nhead;

	if (n > ITEM_V_MAX)
		return 0;
	nhead = (size_t)snprintf(head, sizeof(head), "%zu:", n);
	if (nhead + n > ITEM_V_MAX)
		return 0;
	memcpy(v, head, nhead);
	memcpy(v + nhead, text, n);
	return nhead + n;
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
