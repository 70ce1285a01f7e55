/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "macro.h"
#include "mem.h"

struct macro {
	SLIST_ENTRY(macro)	 entry;	/* macros::list */
	char			*name;
	char			*value;
	bool			 fixed;
};

static struct macro *
find_macro(const struct macros *macros, const char *name)
{
	struct macro	*m;

	SLIST_FOREACH(m, &macros->list, entry) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static bool
is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return *s == '\0';
}

const char *
macro_set(struct macros *macros, const char *name, const char *value,
    bool fixed)
{
	struct macro	*m;

	if (!is_name(name))
		return "not a name for a macro";
	if ((m = find_macro(macros, name)) == NULL) {
		if (macros->n == CONF_MACROS_MAX)
			return "too many macros";
		macros->n++;
		m = xcalloc(1, sizeof(*m));
		m->name = xstrdup(name);
		SLIST_INSERT_HEAD(&macros->list, m, entry);
	} else if (m->fixed)
		return NULL;
	free(m->value);
	m->value = xstrdup(value);
	m->fixed = fixed;
	return NULL;
}

const char *
macro_get(const struct macros *macros, const char *name)
{
	const struct macro	*m = find_macro(macros, name);

	return m == NULL ? NULL : m->value;
}

void
macro_clear(struct macros *macros)
{
	struct macro	*m;

	while ((m = SLIST_FIRST(&macros->list)) != NULL) {
		SLIST_REMOVE_HEAD(&macros->list, entry);
		free(m->name);
		free(m->value);
		free(m);
	}
	macros->n = 0;
}
