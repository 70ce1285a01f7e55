/* SPDX-License-Identifier: ISC */
#include <dlfcn.h>
#include <string.h>

#include "late.h"
#include "log.h"

#define TEXT(x)		#x
#define TEXT_OF(x)	TEXT(x)
#define NATPMP		"libnatpmp.so.1"
#define UPNPC		"libminiupnpc.so." TEXT_OF(MINIUPNPC_API_VERSION)

struct late	late;

static void *
open_library(const char *name)
{
	void	*library;

	if ((library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) == NULL)
		fatalx("%s", dlerror());
	return library;
}

static void
find(void *library, const char *name, void *to)
{
	void	*p;

	if ((p = dlsym(library, name)) == NULL)
		fatalx("%s", dlerror());
	memcpy(to, &p, sizeof(p));
}

void
late_load(void)
{
	void	*library;

#define FIND(name)	find(library, #name, &late.name);
	library = open_library(NATPMP);
	LATE_NATPMP(FIND)
	library = open_library(UPNPC);
	LATE_UPNPC(FIND)
#undef FIND
}
