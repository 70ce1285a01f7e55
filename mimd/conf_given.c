/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "mem.h"

static bool
same_value(const char *a, const char *b)
{
	return a == NULL || b == NULL || strcmp(a, b) == 0;
}

const struct conf_given *
conf_given(const struct conf *conf, const char *setting, const char *value)
{
	const struct conf_given	*g;

	STAILQ_FOREACH(g, &conf->given, entry) {
		if (strcmp(g->setting, setting) == 0 &&
		    same_value(g->value, value))
			return g;
	}
	return NULL;
}

void
conf_give(struct conf *conf, const char *setting, const char *value,
    const char *file, unsigned int line)
{
	struct conf_given	*g = xcalloc(1, sizeof(*g));

	g->setting = setting;
	g->value = value == NULL ? NULL : xstrdup(value);
	g->file = xstrdup(file);
	g->line = line;
	STAILQ_INSERT_TAIL(&conf->given, g, entry);
}

void
conf_given_clear(struct conf *conf)
{
	struct conf_given	*g;

	while ((g = STAILQ_FIRST(&conf->given)) != NULL) {
		STAILQ_REMOVE_HEAD(&conf->given, entry);
		free(g->value);
		free(g->file);
		free(g);
	}
}

void
conf_path_error(const struct conf *conf, const char *setting,
    const char *path, const char *why, char *err, size_t errsize)
{
	const struct conf_given	*g = conf_given(conf, setting, path);

	if (g == NULL)
		snprintf(err, errsize, "%s \"%s\": %s", setting, path, why);
	else
		snprintf(err, errsize, "%s:%u: %s \"%s\": %s", g->file,
		    g->line, setting, path, why);
}
