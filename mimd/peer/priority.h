/* SPDX-License-Identifier: ISC */
#ifndef PRIORITY_H
#define PRIORITY_H

#include <stdint.h>

#include "addr.h"

/*
 * The canonical priority of a pair of peers (BEP 40): the same at both ends,
 * so that full nodes agree which connections to keep.  Higher is better.
 */
uint32_t peer_priority(const struct addr *a, const struct addr *b);

#endif /* PRIORITY_H */
