/* SPDX-License-Identifier: ISC */
#ifndef VALUE_H
#define VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "item.h"

/* The value of an item of the DHT: text as a rule, bencoded in any case. */

/* The bytes of text as a bencoded string; 0 if they are too many. */
size_t	value_from_text(const void *text, size_t n, uint8_t v[ITEM_V_MAX]);
/* The bytes of the string that v is; NULL if it is something else. */
const uint8_t *value_text(const uint8_t *v, size_t nv, size_t *n);

#endif /* VALUE_H */
