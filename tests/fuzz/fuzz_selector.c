/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "selector.h"

/* Words of selectors, each ended by a NUL, against a few torrents. */

#define WORDS_MAX	16

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t	hash[20] = { 0xab, 0xcd };
static const uint8_t	hash2[32] = { 0xfe, 0xed };
static const char *const urls[] = { "http://u@[::1]:1/a", "http:", "" };

static const struct selector_torrent	torrents[] = {
	{ 1, hash, hash2, "one", "seeding", urls, 3 },
	{ 2, hash, NULL, "two,[]", "error", NULL, 0 },
	{ UINT32_MAX, hash2, NULL, "", "stopped", urls, 1 }
};
#define N	(sizeof(torrents) / sizeof(torrents[0]))

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		*copy = calloc(1, size + 1), *words[WORDS_MAX];
	char		 err[SELECTOR_ERR_MAX] = "";
	struct selector	*sel;
	bool		 picked[N] = { false };
	int		 n = 0;

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	for (size_t i = 0; i < size && n < WORDS_MAX; i += strlen(copy + i) + 1)
		words[n++] = copy + i;
	sel = selector_parse(n, words, err);
	if (sel == NULL) {
		if (err[0] == '\0')
			abort();
	} else if (selector_apply(sel, torrents, N, picked, err) !=
	    SELECTOR_OK && err[0] == '\0')
		abort();
	selector_free(sel);
	free(copy);
	return 0;
}
