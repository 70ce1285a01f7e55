/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "target.h"

const char *
target_refusal(const struct addr *a, bool allow_local)
{
	switch (addr_class(a)) {
	case ADDR_UNUSABLE:
		return "unusable address refused";
	case ADDR_LOOPBACK:
		return allow_local ? NULL :
		    "loopback address refused (\"allow local trackers\")";
	case ADDR_LINK_LOCAL:
		return allow_local ? NULL :
		    "link-local address refused (\"allow local trackers\")";
	case ADDR_PRIVATE:
	case ADDR_GLOBAL:
		break;
	}
	return NULL;
}
