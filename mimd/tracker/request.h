/* SPDX-License-Identifier: ISC */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "announce.h"

#define REQUEST_URL_MAX		4096U
#define REQUEST_NUMWANT		200U	/* opentracker gives no more */
#define TRACKER_ID_MAX		128U	/* bytes; a longer one is dropped */

/* What an announce says (BEP 3, 7, 23). */
struct request {
	const uint8_t		*infohash;	/* 20 bytes */
	const uint8_t		*peer_id;	/* 20 bytes */
	uint16_t		 port;
	uint32_t		 key;
	uint64_t		 uploaded, downloaded, left;
	enum announce_event	 event;
	const uint8_t		*tracker_id;
	size_t			 tracker_id_len;	/* 0: none */
};

/*
 * The URL of an announce to the tracker at url; its length, or -1 if it
 * does not fit.
 */
int	request_url(char *buf, size_t size, const char *url,
	    const struct request *req);

#endif /* REQUEST_H */
