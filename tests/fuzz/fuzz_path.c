/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "path.h"
#include "utf8.h"

#define PATHS_MAX	64

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char *
keep(const char *path, size_t len, void *arg)
{
	(void)arg;
	return xstrndup(path, len);
}

/* A path of one or two names from size bytes. */
static char *
make(const uint8_t *data, size_t size)
{
	char	name[2][PATH_COMPONENT_MAX + 1];
	size_t	i, half, len;

	half = size > 0 && data[0] % 2 ? size / 2 : size;
	len = path_component(data, half, name[0]);
	path_component(data + half, size - half, name[1]);
	for (i = 0; i < 2; i++)
		if (name[i][0] == '\0' || strchr(name[i], '/') != NULL ||
		    !utf8_valid(name[i], strlen(name[i])) ||
		    strcmp(name[i], ".") == 0 || strcmp(name[i], "..") == 0)
			abort();
	if (len != strlen(name[0]) || len > PATH_COMPONENT_MAX)
		abort();
	return half == size ? xstrdup(name[0]) :
	    xasprintf("%s/%s", name[0], name[1]);
}

/* True if one path is the other, or a directory of it. */
static int
clash(const char *x, const char *y)
{
	size_t	len = strlen(x);

	return strncasecmp(x, y, len) == 0 &&
	    (y[len] == '\0' || y[len] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		*paths[PATHS_MAX], *old[PATHS_MAX];
	const uint8_t	*end;
	uint32_t	 i, j, n = 0;
	size_t		 len;

	while (size > 0 && n < PATHS_MAX) {
		end = memchr(data, '\n', size);
		len = end == NULL ? size : (size_t)(end - data);
		paths[n] = old[n] = make(data, len);
		n++;
		len += end != NULL;
		data += len;
		size -= len;
	}
	path_resolve(paths, n, keep, NULL);
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (i != j && clash(paths[i], paths[j]))
				abort();
	for (i = 0; i < n; i++) {
		if (paths[i] != old[i])
			free(old[i]);
		free(paths[i]);
	}
	return 0;
}
