/* SPDX-License-Identifier: ISC */
#ifndef UTP_REFUSE_H
#define UTP_REFUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * uTP (BEP 29) is not spoken.  Many clients try it first: one that hears
 * nothing waits for seconds before it comes by TCP, one that is refused comes
 * at once.  Without I/O.
 */
#define UTP_HEADER	20
#define UTP_SYN_MAX	64	/* bytes of one that we would know */

/*
 * Is this datagram an ST_SYN, whole and nothing but one?  Then out is the
 * ST_RESET to answer it with, which is never longer.  All else has no answer:
 * no reset is ever answered by another.
 */
bool	utp_refuse(uint8_t out[UTP_HEADER], const uint8_t *p, size_t n);

#endif /* UTP_REFUSE_H */
