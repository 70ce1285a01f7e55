/* SPDX-License-Identifier: ISC */
#include <dlfcn.h>
#include <string.h>

#include "library.h"
#include "log.h"

void
library_load(const char *library, const char *const *names, size_t n,
    void *table)
{
	void	*handle, *p;
	char	*to = table;
	size_t	 i;

	if ((handle = dlopen(library, RTLD_NOW | RTLD_LOCAL)) == NULL)
		fatalx("%s", dlerror());
	for (i = 0; i < n; i++, to += sizeof(p)) {
		if ((p = dlsym(handle, names[i])) == NULL)
			fatalx("%s: %s", library, dlerror());
		memcpy(to, &p, sizeof(p));
	}
}
