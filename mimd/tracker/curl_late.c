/* SPDX-License-Identifier: ISC */
#include <dlfcn.h>
#include <string.h>

#define CURL_LATE_PLAIN
#include "curl_late.h"
#include "log.h"

#define LIBRARY	"libcurl.so.4"

struct curl_late	curl_late;

static void
find(void *library, const char *name, void *to)
{
	void	*p;

	if ((p = dlsym(library, name)) == NULL)
		fatalx("%s: %s", LIBRARY, dlerror());
	memcpy(to, &p, sizeof(p));
}

void
curl_late_load(void)
{
	void	*library;

	if (curl_late.curl_easy_init_ != NULL)
		return;
	if ((library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL)) == NULL)
		fatalx("%s", dlerror());
#define FIND(name)	find(library, #name, &curl_late.name##_);
	CURL_LATE_CALLS(FIND)
#undef FIND
}
