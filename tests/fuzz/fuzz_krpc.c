/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dht/krpc.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct krpc_bytes *a, const struct krpc_bytes *b)
{
	if ((a->p == NULL) != (b->p == NULL) || a->n != b->n ||
	    (a->p != NULL && memcmp(a->p, b->p, a->n) != 0))
		abort();
}

/* What a packet says is read again from a packet of ours. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct krpc	m, again;
	uint8_t			out[KRPC_OUT_MAX];
	size_t			n;

	if (krpc_parse(&m, data, size) == -1)
		return 0;
	if (m.tid.p == NULL || m.tid.n > KRPC_TID_MAX ||
	    m.nvalues > KRPC_VALUES_MAX || m.nodes.n % KRPC_NODE4 != 0 ||
	    m.nodes6.n % KRPC_NODE6 != 0)
		abort();
	if (m.kind == KRPC_QUERY && m.code == 0 && m.id == NULL)
		abort();
	if (m.kind == KRPC_QUERY && m.code != 0)
		return 0;
	if (m.kind == KRPC_ERROR)
		m.text = "text";
	if ((n = krpc_build(out, &m)) == 0)
		return 0;
	if (krpc_parse(&again, out, n) == -1 || again.kind != m.kind ||
	    again.method != m.method || again.code != m.code ||
	    again.nvalues != m.nvalues || again.port != m.port)
		abort();
	same(&m.tid, &again.tid);
	same(&m.token, &again.token);
	if (m.kind == KRPC_QUERY)
		same(&m.salt, &again.salt);
	if (m.kind == KRPC_RESPONSE)
		same(&m.nodes, &again.nodes);
	if (m.kind != KRPC_ERROR)
		same(&m.v, &again.v);
	return 0;
}
