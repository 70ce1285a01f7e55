/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "reply.h"
#include "request.h"
#include "scrape.h"
#include "udp_tracker.h"

#define PROTOCOL_ID	UINT64_C(0x41727101980)
#define HEADER_LEN	8U	/* action, transaction id */
#define ANNOUNCED_LEN	20U	/* of an answer, without its peers */
#define COUNTS_LEN	12U	/* of a torrent in a scrape */
#define OPTION_URLDATA	2U
#define OPTION_MAX	255U

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static uint8_t *
put64(uint8_t *p, uint64_t v)
{
	return put32(put32(p, (uint32_t)(v >> 32)), (uint32_t)v);
}

static uint8_t *
put_bytes(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* ---- requests ---- */

static uint8_t *
put_header(uint8_t *p, uint64_t connection, enum udp_action action,
    uint32_t tid)
{
	p = put64(p, connection);
	p = put32(p, action);
	return put32(p, tid);
}

size_t
udp_put_connect(uint8_t buf[UDP_CONNECT_LEN], uint32_t tid)
{
	return (size_t)(put_header(buf, PROTOCOL_ID, UDP_CONNECT, tid) - buf);
}

/* The numbers of BEP 15 are not those of our own order. */
static uint32_t
event_number(enum announce_event event)
{
	switch (event) {
	case ANNOUNCE_COMPLETED:
		return 1;
	case ANNOUNCE_STARTED:
		return 2;
	case ANNOUNCE_STOPPED:
		return 3;
	case ANNOUNCE_REGULAR:
		break;
	}
	return 0;
}

size_t
udp_put_announce(uint8_t buf[UDP_PACKET_MAX], uint64_t connection,
    uint32_t tid, const struct request *req, const char *target)
{
	uint8_t	*p = put_header(buf, connection, UDP_ANNOUNCE, tid);
	size_t	 len = strlen(target), n;

	p = put_bytes(p, req->infohash, 20);
	p = put_bytes(p, req->peer_id, 20);
	p = put64(p, req->downloaded);
	p = put64(p, req->left);
	p = put64(p, req->uploaded);
	p = put32(p, event_number(req->event));
	p = put32(p, 0);		/* our address: where this came from */
	p = put32(p, req->key);
	p = put32(p, req->event == ANNOUNCE_STOPPED ? 0 : UINT32_MAX);
	*p++ = (uint8_t)(req->port >> 8);
	*p++ = (uint8_t)req->port;
	for (; len > 0; target += n, len -= n) {
		n = len < OPTION_MAX ? len : OPTION_MAX;
		if ((size_t)(p - buf) + 2 + n > UDP_PACKET_MAX)
			break;
		*p++ = OPTION_URLDATA;
		*p++ = (uint8_t)n;
		p = put_bytes(p, target, n);
	}
	return (size_t)(p - buf);
}

size_t
udp_put_scrape(uint8_t buf[UDP_PACKET_MAX], uint64_t connection,
    uint32_t tid, const uint8_t *hashes, unsigned int n)
{
	uint8_t	*p = put_header(buf, connection, UDP_SCRAPE, tid);

	if (n > UDP_SCRAPE_MAX)
		n = UDP_SCRAPE_MAX;
	return (size_t)(put_bytes(p, hashes, n * 20UL) - buf);
}

int
udp_get_asked(const uint8_t *p, size_t len, uint32_t *tid)
{
	if (len < UDP_CONNECT_LEN)
		return -1;
	*tid = get32(p + UDP_CONNECT_LEN - 4);
	return 0;
}

/* ---- answers ---- */

int
udp_get_header(const uint8_t *p, size_t len, enum udp_action *action,
    uint32_t *tid)
{
	if (len < HEADER_LEN || get32(p) > UDP_ERROR)
		return -1;
	*action = (enum udp_action)get32(p);
	*tid = get32(p + 4);
	return 0;
}

int
udp_get_connect(const uint8_t *p, size_t len, uint64_t *connection)
{
	if (len < UDP_CONNECT_LEN)
		return -1;
	*connection = (uint64_t)get32(p + 8) << 32 | get32(p + 12);
	return 0;
}

/* It is signed on the wire: what would be negative is not known. */
static uint32_t
get_count(const uint8_t *p)
{
	return get32(p) > INT32_MAX ? REPLY_UNKNOWN : get32(p);
}

int
udp_get_announce(struct reply *r, const uint8_t *p, size_t len, bool v6)
{
	static const char	wrong[] = "the answer is not a tracker's";
	enum udp_action		action;
	uint32_t		tid;

	reply_init(r);
	if (udp_get_header(p, len, &action, &tid) == -1 ||
	    (action == UDP_ANNOUNCE && len < ANNOUNCED_LEN) ||
	    (action != UDP_ANNOUNCE && action != UDP_ERROR)) {
		reply_fail(r, wrong, sizeof(wrong) - 1);
		return -1;
	}
	if (action == UDP_ERROR) {	/* some end the text as in C */
		p += HEADER_LEN;
		reply_fail(r, p, strnlen((const char *)p, len - HEADER_LEN));
		return 0;
	}
	r->interval = get32(p + 8) > INT32_MAX ? 0 : get32(p + 8);
	r->leeches = get_count(p + 12);
	r->seeds = get_count(p + 16);
	reply_add_compact(r, p + ANNOUNCED_LEN, len - ANNOUNCED_LEN,
	    v6 ? 18 : 6);
	return 0;
}

unsigned int
udp_get_scrape(const uint8_t *p, size_t len, struct counts *counts,
    unsigned int max)
{
	enum udp_action	action;
	uint32_t	tid;
	unsigned int	n = 0;

	if (udp_get_header(p, len, &action, &tid) == -1 ||
	    action != UDP_SCRAPE)
		return 0;
	p += HEADER_LEN;
	len -= HEADER_LEN;
	for (; n < max && len >= COUNTS_LEN; n++) {
		counts[n].seeds = get_count(p);
		counts[n].downloads = get_count(p + 4);
		counts[n].leeches = get_count(p + 8);
		p += COUNTS_LEN;
		len -= COUNTS_LEN;
	}
	return n;
}
