/* SPDX-License-Identifier: ISC */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_DEPTH_MAX	8	/* arrays in arrays; msg.def needs 3 */

/*
 * Is this exactly one msgpack value, of the types that messages use?
 * msgpack-c allocates what a header declares, so every count is held against
 * the bytes that are really there before it sees a frame.  0 or -1.
 */
int	frame_check(const uint8_t *buf, size_t len);

#endif /* FRAME_H */
