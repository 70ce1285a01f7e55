/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses: a file cut at random places says the same as the file
 * in one piece; its ranges are in order and apart; those at their ends are in.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer/iplist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check4(const struct iplist *list)
{
	struct addr	a = { .ip = { [10] = 0xff, 0xff } };
	uint32_t	i, ip;

	for (i = 0; i < list->n4; i++) {
		if (list->v4[i].from > list->v4[i].to || (i > 0 &&
		    list->v4[i].from <= list->v4[i - 1].to))
			abort();
		ip = list->v4[i].from;
		a.ip[12] = (uint8_t)(ip >> 24);
		a.ip[13] = (uint8_t)(ip >> 16);
		a.ip[14] = (uint8_t)(ip >> 8);
		a.ip[15] = (uint8_t)ip;
		if (!iplist_has(list, a.ip))
			abort();
	}
}

static void
check6(const struct iplist *list)
{
	uint32_t	i;

	for (i = 0; i < list->n6; i++) {
		if (memcmp(list->v6[i].from, list->v6[i].to, 16) > 0 ||
		    (i > 0 && memcmp(list->v6[i].from, list->v6[i - 1].to,
		    16) <= 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iplist	whole = { 0 }, cut = { 0 };
	struct ipreader	r = { .len = 0 }, rc = { .len = 0 };
	uint32_t	seed = size > 0 ? data[0] | 1U : 1;
	size_t		off, k;

	iplist_feed(&whole, &r, (const char *)data, size);
	iplist_feed_end(&whole, &r);
	for (off = 0; off < size; off += k) {
		seed = seed * 1103515245 + 12345;
		k = 1 + (seed >> 16) % 37;
		if (k > size - off)
			k = size - off;
		iplist_feed(&cut, &rc, (const char *)data + off, k);
	}
	iplist_feed_end(&cut, &rc);
	if (r.lines != rc.lines || r.broken != rc.broken ||
	    whole.n4 != cut.n4 || whole.n6 != cut.n6)
		abort();
	iplist_seal(&whole);
	check4(&whole);
	check6(&whole);
	iplist_clear(&whole);
	iplist_clear(&cut);
	return 0;
}
