/* SPDX-License-Identifier: ISC */
#include "tracker_list.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct tracker_list *
tracker_list_new(void)
{
	return xcalloc(1, sizeof(struct tracker_list));
}

void
tracker_list_add(struct tracker_list *list, uint8_t tier, const char *url)
{
	list->v = xreallocarray(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n++] = (struct rec_tracker){
		.tier = tier,
		.url = xstrdup(url),
	};
}

struct tracker_list *
tracker_list_copy(const struct tracker_list *list)
{
	struct tracker_list	*copy = tracker_list_new();
	uint32_t		 i;

	for (i = 0; i < list->n; i++)
		tracker_list_add(copy, list->v[i].tier, list->v[i].url);
	return copy;
}

bool
tracker_list_equal(const struct tracker_list *a, const struct tracker_list *b)
{
	uint32_t	i;

	if (a == NULL || b == NULL || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->v[i].tier != b->v[i].tier ||
		    strcmp(a->v[i].url, b->v[i].url) != 0)
			return false;
	return true;
}

void
tracker_list_free(struct tracker_list *list)
{
	if (list == NULL)
		return;
	while (list->n > 0)
		free((void *)(uintptr_t)list->v[--list->n].url);
	free(list->v);
	free(list);
}
