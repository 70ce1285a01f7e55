/* SPDX-License-Identifier: ISC */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_DEPTH_MAX	8	/* arrays in arrays; msg.def needs 3 */

/*
 * The bytes of the msgpack value that buf begins with, 0 unless it is whole
 * and of the types that messages use.  msgpack-c allocates what a header
 * declares, so every count is held against the bytes that are really there
 * before it sees a frame.
 */
size_t	frame_length(const uint8_t *buf, size_t len);

#endif /* FRAME_H */
