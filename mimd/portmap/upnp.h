/* SPDX-License-Identifier: ISC */
#ifndef UPNP_H
#define UPNP_H

#include "mapper.h"

/*
 * A router asked by UPnP: found by SSDP, and its description read, where that
 * was not done before; then asked by SOAP.
 */
#define UPNP_SEARCH_MS	3000U	/* to be found */
#define UPNP_AGAIN_MS	800U	/* packets are lost */
#define UPNP_FOUND_MAX	4U	/* devices that are looked at */

struct loop;
struct upnp;

typedef void (*upnp_fn)(void *arg, const struct gate_answer *a);

struct upnp	*upnp_new(struct loop *loop, upnp_fn fn, void *arg);
/*
 * fn is called once, later, unless upnp_cancel() comes before.  gateway is
 * preferred to others that answer; index is the device to search by, 0 any.
 */
void		 upnp_ask(struct upnp *u, const struct addr *gateway,
		    uint32_t index, const struct gate_ask *ask);
void		 upnp_cancel(struct upnp *u);
/* Another network: who was found there is of no use. */
void		 upnp_forget(struct upnp *u);
/* Who is asked; port 0: nobody was found. */
const struct addr *upnp_router(const struct upnp *u);

#endif /* UPNP_H */
