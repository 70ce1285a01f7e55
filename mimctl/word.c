/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "word.h"

int
word_find(const char *word, const char *const *names)
{
	size_t	len = strlen(word);
	int	found = WORD_NONE;

	if (len == 0)
		return WORD_NONE;
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(word, names[i]) == 0)
			return i;
		if (strncmp(word, names[i], len) != 0)
			continue;
		found = found == WORD_NONE ? i : WORD_AMBIGUOUS;
	}
	return found;
}

int
word_get(const char *kind, const char *word, const char *const *names)
{
	char	list[512];
	int	i;

	i = word_find(word, names);
	if (i >= 0)
		return i;
	word_candidates(word, names, list, sizeof(list));
	if (i == WORD_AMBIGUOUS)
		warnx("ambiguous %s \"%s\": %s", kind, word, list);
	else
		warnx("unknown %s \"%s\": it is %s", kind, word, list);
	return i;
}

char *
word_candidates(const char *word, const char *const *names, char *buf,
    size_t size)
{
	size_t	len = strlen(word), n = 0, seen = 0;
	bool	all = word_find(word, names) == WORD_NONE;

	for (int i = 0; names[i] != NULL; i++)
		n += all || strncmp(word, names[i], len) == 0;
	buf[0] = '\0';
	for (int i = 0; names[i] != NULL; i++) {
		if (!all && strncmp(word, names[i], len) != 0)
			continue;
		if (seen > 0)
			strlcat(buf, seen + 1 == n ? " or " : ", ", size);
		strlcat(buf, names[i], size);
		seen++;
	}
	return buf;
}
