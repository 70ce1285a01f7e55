/* SPDX-License-Identifier: ISC */
#ifndef NAT_PMP_H
#define NAT_PMP_H

#include "mapper.h"

/* A router asked by NAT-PMP (RFC 6886), one question at a time. */
#define NATPMP_TRY_MS	250U	/* before it is asked again, then doubled */
#define NATPMP_TRIES	4U	/* the RFC's are nine: two minutes */

struct loop;
struct natpmp;

typedef void (*natpmp_fn)(void *arg, const struct gate_answer *a);

struct natpmp	*natpmp_new(struct loop *loop, natpmp_fn fn, void *arg);
/* fn is called once, later, unless natpmp_cancel() comes before. */
void		 natpmp_ask(struct natpmp *n, const struct addr *gateway,
		    const struct gate_ask *ask);
void		 natpmp_cancel(struct natpmp *n);
/*
 * A whole answer, as the RFC has it?  The library takes it at its word that
 * it is, and would read beyond what came.  Pure.
 */
bool		 natpmp_is_whole(const uint8_t *p, size_t len);

#endif /* NAT_PMP_H */
