/* SPDX-License-Identifier: ISC */
#ifndef LATE_H
#define LATE_H

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpreplyparse.h>
#include <natpmp.h>

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

#define LATE_MEMBER(name)	__typeof__(name) *name;
struct late {
	LATE_NATPMP(LATE_MEMBER)
	LATE_UPNPC(LATE_MEMBER)
};

extern struct late	late;

/* Before any other; ends the process if there is no such library. */
void	late_load(void);

#endif /* LATE_H */
