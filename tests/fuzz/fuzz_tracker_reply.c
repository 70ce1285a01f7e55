/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "tracker/reply.h"
#include "tracker/scrape.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body of a tracker's answer, to an announce or a scrape. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t	hashes[] = "aaaaaaaaaaaaaaaaaaaa"
				    "bbbbbbbbbbbbbbbbbbbb";
	struct counts		counts[2];
	struct reply		r;
	uint32_t		i;

	if (reply_parse(&r, data, size) == -1 && !r.failed)
		abort();
	if (strnlen(r.text, sizeof(r.text)) > REPLY_TEXT_MAX ||
	    r.npeers > REPLY_PEERS_MAX || r.tracker_id_len > TRACKER_ID_MAX ||
	    (r.failed && r.text[0] == '\0'))
		abort();
	for (i = 0; i < r.npeers; i++)
		if (r.peers[i].port == 0)
			abort();
	reply_clear(&r);
	scrape_parse(data, size, hashes, 2, counts);
	return 0;
}
