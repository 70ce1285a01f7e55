/* SPDX-License-Identifier: ISC */
#include "late.h"

#define TEXT(x)		#x
#define TEXT_OF(x)	TEXT(x)
#define NATPMP		"libnatpmp.so.1"
#define UPNPC		"libminiupnpc.so." TEXT_OF(MINIUPNPC_API_VERSION)

struct late_natpmp	late_natpmp;
struct late_upnpc	late_upnpc;

void
late_load(void)
{
	LIBRARY_LOAD(NATPMP, late_natpmp, LATE_NATPMP);
	LIBRARY_LOAD(UPNPC, late_upnpc, LATE_UPNPC);
}
