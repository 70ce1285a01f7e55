/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dht/dht.h"
#include "dht/item_krpc.h"
#include "dht/krpc.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t	sent;

static void
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t n)
{
	struct krpc	m;

	(void)arg;
	(void)to;
	if (krpc_parse(&m, p, n) == -1)
		abort();
	sent++;
}

/* Not by chance: the same input does the same. */
static void
on_random(void *arg, void *buf, size_t n)
{
	(void)arg;
	memset(buf, 7, n);
}

static const struct dht_ops ops = { .send = on_send, .random = on_random };

/* An item by itself; and the whole packet to a node, which answers once. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dht_config	c = { .v4 = true };
	static struct krpc		m;
	static struct item		item, made;
	struct addr			from;
	struct dht			*d;
	uint8_t				seed[ITEM_SEED_LEN] = { 1 };

	if (krpc_parse(&m, data, size) == 0 &&
	    item_read(&item, &m, &m.salt) == 0) {
		item_verify(&item);
		if (item_make(&made, item.v, item.nv, seed, item.salt,
		    item.nsalt, item.seq) == -1 || !item_verify(&made))
			abort();
	}
	addr_parse(&from, "203.0.113.9", 6881);
	d = dht_new(&c, &ops, NULL, 1000);
	sent = 0;
	dht_input(d, &from, data, size, 1000);
	/* An answer, and a ping to see who that is. */
	if (sent > 2)
		abort();
	dht_free(d);
	return 0;
}
