/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "bencode.h"
#include "reply.h"
#include "request.h"
#include "scrape.h"

static const char	word[] = "announce";

int
scrape_url(char *buf, size_t size, const char *announce_url)
{
	size_t		 path = strcspn(announce_url, "?#");
	size_t		 end = strcspn(announce_url, "#");
	const char	*last, *query = announce_url + path;
	int		 n;

	for (last = query; last > announce_url && last[-1] != '/'; last--)
		;
	if ((size_t)(query - last) < sizeof(word) - 1 ||
	    strncmp(last, word, sizeof(word) - 1) != 0)
		return -1;
	n = snprintf(buf, size, "%.*sscrape%.*s%s",
	    (int)(last - announce_url), announce_url,
	    (int)(announce_url + end - last - (sizeof(word) - 1)),
	    last + sizeof(word) - 1, path == end ? "?" : "");
	return n < 0 || (size_t)n >= size ? -1 : n;
}

int
scrape_put_hash(char *buf, size_t size, const uint8_t hash[20])
{
	size_t	len = strlen(buf);
	char	last = len > 0 ? buf[len - 1] : '\0';
	int	i;

	if (size < SCRAPE_TEXT_MAX + 1 || len > size - SCRAPE_TEXT_MAX - 1)
		return -1;
	len += (size_t)snprintf(buf + len, size - len, "%sinfo_hash=",
	    last == '?' || last == '&' ? "" : "&");
	for (i = 0; i < 20; i++)
		len += (size_t)snprintf(buf + len, size - len, "%%%02X",
		    hash[i]);
	return (int)len;
}

static uint32_t
count(const struct ben *b, ben_ref dict, const char *key)
{
	int64_t	v;

	if (ben_int(b, ben_get(b, dict, key), &v) == -1 || v < 0)
		return REPLY_UNKNOWN;
	return v < REPLY_UNKNOWN ? (uint32_t)v : REPLY_UNKNOWN - 1;
}

int
scrape_parse(const void *body, size_t len, const uint8_t *hashes,
    unsigned int n, struct counts *counts)
{
	const char	*why;
	const uint8_t	*key;
	struct ben	 b;
	ben_ref		 files = BEN_NONE, ref, value;
	size_t		 keylen;
	unsigned int	 i;

	for (i = 0; i < n; i++)
		counts[i] = (struct counts){
			REPLY_UNKNOWN, REPLY_UNKNOWN, REPLY_UNKNOWN
		};
	if (ben_parse(&b, len > 0 ? body : "", len, &why) == 0)
		files = ben_get_type(&b, BEN_ROOT, "files", BEN_DICT);
	for (ref = files == BEN_NONE ? BEN_NONE : ben_first(&b, files);
	    ref != BEN_NONE; ref = ben_next(&b, files, value)) {
		if ((value = ben_next(&b, files, ref)) == BEN_NONE)
			break;
		key = ben_str(&b, ref, &keylen);
		for (i = 0; keylen == 20 && i < n; i++) {
			if (memcmp(hashes + i * 20UL, key, 20) != 0)
				continue;
			counts[i].seeds = count(&b, value, "complete");
			counts[i].leeches = count(&b, value, "incomplete");
			counts[i].downloads = count(&b, value, "downloaded");
		}
	}
	ben_free(&b);
	return files == BEN_NONE ? -1 : 0;
}
