/* SPDX-License-Identifier: ISC */
#ifndef KEYFILE_H
#define KEYFILE_H

#include <stdint.h>

#include "item.h"

/*
 * The secret that mutable items of the DHT are signed with, as a line of
 * hexadecimal digits in a file that its owner alone may read.
 */

/* Both return an exit status, after saying on stderr what is wrong. */
int	keyfile_read(const char *path, uint8_t seed[ITEM_SEED_LEN]);
/* Make a new one, unless there is a file: then read that. */
int	keyfile_get(const char *path, uint8_t seed[ITEM_SEED_LEN]);

#endif /* KEYFILE_H */
