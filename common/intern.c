/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"
#include "mem.h"

struct intern {
	RB_ENTRY(intern) link;
	const char	*s;		/* text, or what is looked for */
	uint32_t	 users;
	char		 text[];
};

static int
intern_cmp(const struct intern *a, const struct intern *b)
{
	return strcmp(a->s, b->s);
}

RB_GENERATE_INTERNAL(interns, intern, link, intern_cmp,
    __attribute__((unused)) static)

const char *
intern(struct interns *set, const char *s)
{
	struct intern	 key = { .s = s }, *i;
	size_t		 size;

	if ((i = RB_FIND(interns, set, &key)) == NULL) {
		size = strlen(s) + 1;
		i = xmalloc(sizeof(*i) + size);
		memcpy(i->text, s, size);
		i->s = i->text;
		i->users = 0;
		RB_INSERT(interns, set, i);
	}
	i->users++;
	return i->text;
}

void
intern_drop(struct interns *set, const char *s)
{
	struct intern	*i;

	if (s == NULL)
		return;
	i = (struct intern *)(uintptr_t)(s - offsetof(struct intern, text));
	if (--i->users > 0)
		return;
	RB_REMOVE(interns, set, i);
	free(i);
}
