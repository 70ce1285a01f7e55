/* SPDX-License-Identifier: ISC */
#include "msg.h"
#include "status.h"

/*
 * Transmission's letters: O we let it by turns, not for what it sends; D we
 * download from it, d we would if it let us; U it downloads from us, u it
 * would if we let it; K it lets us but we want nothing; ? we let it but it
 * wants nothing; E what is said is encrypted; X, L, H where we know it from;
 * I it called us.  S: it has sent nothing for long.
 */
char *
status_peer_flags(const struct rec_peer *peer, char buf[STATUS_FLAGS_LEN])
{
	unsigned	 flags = peer->flags;
	char		*p = buf;

	if (flags & PEER_OPTIMISTIC)
		*p++ = 'O';
	if (flags & PEER_AM_INTERESTED)
		*p++ = flags & PEER_CHOKING ? 'd' : 'D';
	else if (!(flags & PEER_CHOKING))
		*p++ = 'K';
	if (flags & PEER_INTERESTED)
		*p++ = flags & PEER_AM_CHOKING ? 'u' : 'U';
	else if (!(flags & PEER_AM_CHOKING))
		*p++ = '?';
	if (flags & PEER_SNUBBED)
		*p++ = 'S';
	if (flags & PEER_ENCRYPTED)
		*p++ = 'E';
	if (peer->source == PEER_SOURCE_PEX)
		*p++ = 'X';
	if (peer->source == PEER_SOURCE_LSD)
		*p++ = 'L';
	if (peer->source == PEER_SOURCE_DHT)
		*p++ = 'H';
	if (flags & PEER_INCOMING)
		*p++ = 'I';
	*p = '\0';
	return buf;
}

const char *
status_peer_source(unsigned source)
{
	static const char *const	names[] = {
		[PEER_SOURCE_INCOMING] = "incoming",
		[PEER_SOURCE_TRACKER] = "tracker",
		[PEER_SOURCE_USER] = "user",
		[PEER_SOURCE_RESUME] = "resume",
		[PEER_SOURCE_PEX] = "pex",
		[PEER_SOURCE_LSD] = "lsd",
		[PEER_SOURCE_DHT] = "dht"
	};

	return source > PEER_SOURCE_MAX ? "unknown" : names[source];
}

const char *
status_tracker_state(unsigned state)
{
	static const char *const	names[] = {
		[TRACKER_IDLE] = "idle",
		[TRACKER_WAITING] = "waiting",
		[TRACKER_ANNOUNCING] = "announcing",
		[TRACKER_FAILED] = "failed",
		[TRACKER_QUEUED] = "queued"
	};

	return state > TRACKER_STATE_MAX ? "unknown" : names[state];
}

const char *
status_webseed_state(unsigned state)
{
	static const char *const	names[] = {
		[SEED_IDLE] = "idle",
		[SEED_FETCHING] = "fetching",
		[SEED_FAILED] = "failed",
		[SEED_BANNED] = "banned"
	};

	return state > SEED_STATE_MAX ? "unknown" : names[state];
}

const char *
status_prio(unsigned prio)
{
	static const char *const	names[] = { "low", "normal", "high",
	    "skip" };

	return names[prio <= FILE_PRIO_MAX ? prio : FILE_PRIO_NORMAL];
}
