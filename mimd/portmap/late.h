/* SPDX-License-Identifier: ISC */
#ifndef LATE_H
#define LATE_H

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpreplyparse.h>
#include <natpmp.h>

#include "library.h"

/*
 * What is used of libnatpmp and libminiupnpc, loaded by the portmap child
 * alone: the others need not have them in their memory.  All sockets are ours:
 * the libraries know nothing of what they are to be bound to.
 */
#define LATE_NATPMP(X)							\
	X(readnatpmpresponseorretry)					\
	X(sendnewportmappingrequest)					\
	X(sendpublicaddressrequest)
#define LATE_UPNPC(X)							\
	X(ClearNameValueList)						\
	X(GetValueFromNameValueList)					\
	X(ParseNameValue)						\
	X(parserootdesc)

struct late_natpmp {
	LATE_NATPMP(LIBRARY_MEMBER)
};
struct late_upnpc {
	LATE_UPNPC(LIBRARY_MEMBER)
};

extern struct late_natpmp	late_natpmp;
extern struct late_upnpc	late_upnpc;

/* Before any other; ends the process if there is no such library. */
void	late_load(void);

#endif /* LATE_H */
