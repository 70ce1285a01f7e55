/* SPDX-License-Identifier: ISC */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 B.4), of a few bytes: BEP 40, BEP 42. */
uint32_t crc32c(const uint8_t *p, size_t n);

#endif /* CRC32C_H */
