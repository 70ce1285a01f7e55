/* SPDX-License-Identifier: ISC */
#ifndef WHY_H
#define WHY_H

#include <stddef.h>

/*
 * Why a torrent goes as it goes, in a word for programs and in a sentence
 * for people.  Pure: from what the daemon told of it.
 */
#define WHY_LEN	1152U

struct view_torrent;

enum why {
	WHY_FINE,		/* payload moves, as fast as peers let it */
	WHY_STOPPED,
	WHY_CHECKING,
	WHY_MOVING,
	WHY_QUEUED,
	WHY_WAITING,		/* for space, or for a volume */
	WHY_ERROR,
	WHY_DAMAGED,		/* pieces that were there are not what
				   they were, and are fetched again */
	WHY_NO_TRACKER,		/* no peers known, and none tells of any */
	WHY_ASKING,		/* trackers have not answered yet */
	WHY_SEARCHING,		/* there are none, the DHT is searched */
	WHY_NO_PEERS,		/* trackers answer, and know of nobody */
	WHY_FULL,		/* no room for more connections */
	WHY_UNREACHABLE,	/* addresses are known, none is connected */
	WHY_METADATA,		/* not yet got from the peers there are */
	WHY_NOTHING_NEW,	/* peers have nothing that is missing */
	WHY_CHOKED,		/* by all that have what is missing */
	WHY_RATE,		/* payload moves at the rate set */
	WHY_DISK,		/* disk is away, or behind */
	WHY_SILENT,		/* peers were asked and do not send */
	WHY_NO_INTEREST,	/* a seed that nobody wants anything of */
	WHY_NO_SLOT,		/* interested peers wait for their turn */
	WHY_COUNT
};

/* A sentence without its full stop, not yet safe for a terminal. */
enum why why_explain(const struct view_torrent *t, char buf[WHY_LEN]);
/* The word in JSON. */
const char *why_name(enum why why);

#endif /* WHY_H */
