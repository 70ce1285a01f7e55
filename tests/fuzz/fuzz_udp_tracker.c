/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "tracker/reply.h"
#include "tracker/scrape.h"
#include "tracker/udp_table.h"
#include "tracker/udp_tracker.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQS	4U

/*
 * A conversation with UDP trackers: the bytes say what is asked, what comes,
 * from whom, and how time goes by.
 */
static struct world {
	struct udp_table *table;
	struct udp_req	 reqs[REQS];
	uint64_t	 now;
	uint8_t		 tid[4];	/* of the packet last sent */
	unsigned int	 sent;
} w;

static const char *
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t len)
{
	(void)arg;
	if (len < UDP_CONNECT_LEN || len > UDP_PACKET_MAX)
		abort();
	memcpy(w.tid, p + 12, 4);
	w.sent++;
	return to->port == 3 ? "no route" : NULL;
}

static size_t
on_packet(struct udp_req *req, uint64_t connection, uint32_t tid, bool plain,
    uint8_t *buf)
{
	static const uint8_t	hashes[40];

	(void)req;
	return udp_put_scrape(buf, connection, tid, hashes, plain ? 1 : 2);
}

static void
on_announced(struct udp_req *req, const struct udp_result *result)
{
	struct reply	r;
	uint32_t	i;
	int		ret;

	if (req->state != UDP_IDLE)
		abort();
	if (result->error != NULL)
		return;
	ret = udp_get_announce(&r, result->packet, result->len, result->v6);
	if ((ret == -1 && !r.failed) || r.npeers > REPLY_PEERS_MAX ||
	    (r.failed && r.text[0] == '\0') ||
	    strnlen(r.text, sizeof(r.text)) > REPLY_TEXT_MAX)
		abort();
	for (i = 0; i < r.npeers; i++)
		if (r.peers[i].port == 0)
			abort();
	reply_clear(&r);
}

static void
on_scraped(struct udp_req *req, const struct udp_result *result)
{
	struct counts	counts[2];

	(void)req;
	if (result->error == NULL && udp_get_scrape(result->packet,
	    result->len, counts, 2) > 2)
		abort();
}

static const struct udp_user	users[2] = {
	{ UDP_ANNOUNCE, on_packet, on_announced },
	{ UDP_SCRAPE, on_packet, on_scraped }
};

static void
step(uint8_t what, const uint8_t *p, size_t len)
{
	uint8_t		 packet[256] = { 0 };
	struct udp_req	*req = &w.reqs[what >> 2 & 3];
	struct addr	 a;

	addr_parse(&a, what & 0x10 ? "10.0.0.1" : "2001:db8::1",
	    (uint16_t)(1 + (what >> 5 & 3)));
	switch (what & 3) {
	case 0:
		if (req->state != UDP_IDLE) {
			udp_table_cancel(w.table, req, w.now);
			break;
		}
		memset(req, 0, sizeof(*req));
		req->user = &users[what >> 7];
		udp_table_submit(w.table, req, &a, w.now);
		break;
	case 1:		/* an answer to what was sent last */
		memcpy(packet, p, len);
		memcpy(packet + 4, w.tid, 4);
		udp_table_input(w.table, &a, packet, len < 8 ? 8 : len, w.now);
		break;
	case 2:
		if ((what & 0xc) == 0xc) {	/* the last does not arrive */
			memcpy(packet + UDP_CONNECT_LEN - 4, w.tid, 4);
			udp_table_refused(w.table, &a, packet, len, "refused",
			    w.now);
		} else
			udp_table_input(w.table, &a, p, len, w.now);
		break;
	case 3:
		w.now += (uint64_t)what << 7;
		udp_table_tick(w.table, w.now);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int	i;
	size_t		len;

	memset(&w, 0, sizeof(w));
	w.table = udp_table_new(on_send, NULL);
	while (size >= 2) {
		len = (data[1] & 0x7f) < size - 2 ? data[1] & 0x7f : size - 2;
		step(data[0], data + 2, len);
		data += 2 + len;
		size -= 2 + len;
	}
	/* Whatever was said, all ends in time. */
	for (i = 0; i < 12 && udp_table_due(w.table) != UINT64_MAX; i++) {
		w.now += UDP_TIMEOUT << UDP_TRIES;
		udp_table_tick(w.table, w.now);
	}
	for (i = 0; i < REQS; i++)
		if (w.reqs[i].state != UDP_IDLE)
			abort();
	udp_table_free(w.table);
	return 0;
}
