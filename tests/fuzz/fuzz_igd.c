/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "portmap/head.h"
#include "portmap/igd.h"
#include "portmap/late.h"
#include "portmap/nat_pmp.h"
#include "portmap/ssdp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char	where[] = "http://192.168.1.1:5000/desc.xml";

/* A copy that ends where it ends, for a reader beyond it to be seen. */
static char *
copy_of(const uint8_t *data, size_t size)
{
	char	*p = malloc(size + 1);

	if (p == NULL)
		abort();
	memcpy(p, data, size);
	return p;
}

static void
try_search(const uint8_t *data, size_t size)
{
	char		 location[SSDP_LOCATION_MAX + 1];
	char		 buf[IGD_REQUEST_MAX];
	char		*p = copy_of(data, size);
	struct addr	 from, to;

	addr_parse(&from, "192.168.1.1", SSDP_PORT);
	if (ssdp_parse(p, size, &from, location) == 0 &&
	    (igd_get(buf, location, &to) == -1 ||
	    addr_cmp_ip(&from, &to) != 0))
		abort();
	free(p);
}

static void
try_head(const uint8_t *data, size_t size)
{
	struct head	 h;
	char		*p = copy_of(data, size);
	long		 n;

	if (head_parse(&h, p, size) == 1) {
		if (h.size > size || h.status < 100 || h.status > 999)
			abort();
		n = head_join(p + h.size, size - h.size);
		if (n > (long)(size - h.size))
			abort();
	}
	free(p);
}

static void
try_description(const uint8_t *data, size_t size)
{
	struct gate_ask	 ask = { .op = GATE_MAP, .port = 1, .external = 2 };
	struct igd	 igd;
	struct addr	 client;
	const char	*error;
	char		*p = copy_of(data, size), buf[IGD_REQUEST_MAX];
	unsigned int	 i;

	addr_parse(&client, "192.168.1.2", 0);
	if (igd_describe(&igd, where, p, size, &error) == 0) {
		for (i = 0; i < igd.n; i++) {
			size = igd_ask(buf, &igd, i, &ask, &client);
			if (size >= sizeof(buf) || strlen(buf) != size)
				abort();
		}
	}
	free(p);
}

static void
try_answer(const uint8_t *data, size_t size)
{
	struct gate_ask		 ask = { .op = GATE_ADDRESS, .port = 1 };
	struct gate_answer	 a;
	struct addr		 client;
	char			*p = copy_of(data, size);

	addr_parse(&client, "192.168.1.2", 0);
	for (; ask.op <= GATE_UNMAP; ask.op++) {
		igd_answer(&a, &ask, &client, 200, p, size);
		if (strlen(a.error) >= sizeof(a.error))
			abort();
	}
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (late_upnpc.parserootdesc == NULL)
		late_load();
	if (size == 0 || size > 65536)
		return 0;
	switch (data[0] % 5) {
	case 0:
		try_search(data + 1, size - 1);
		break;
	case 1:
		try_head(data + 1, size - 1);
		break;
	case 2:
		try_description(data + 1, size - 1);
		break;
	case 3:
		try_answer(data + 1, size - 1);
		break;
	default:
		natpmp_is_whole(data + 1, size - 1);
	}
	return 0;
}
