/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "view.h"
#include "why.h"

static enum why
say(char buf[WHY_LEN], enum why why, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(buf, WHY_LEN, fmt, ap);
	va_end(ap);
	return why;
}

/* "peer" or "peers" */
static const char *
peers(uint32_t n)
{
	return n == 1 ? "peer" : "peers";
}

/* The trouble of the first tracker that has one, if all have. */
static const char *
trackers_error(const struct view_torrent *t)
{
	for (size_t i = 0; i < t->ntrackers; i++)
		if (t->trackers[i].state != TRACKER_FAILED)
			return NULL;
	return t->ntrackers == 0 ? NULL : t->trackers[0].error;
}

static bool
trackers_asked(const struct view_torrent *t)
{
	for (size_t i = 0; i < t->ntrackers; i++)
		if (t->trackers[i].last != 0)
			return true;
	return false;
}

/* The same of its web seeds. */
static const char *
webseeds_error(const struct view_torrent *t)
{
	for (size_t i = 0; i < t->nwebseeds; i++)
		if (t->webseeds[i].state != SEED_FAILED &&
		    t->webseeds[i].state != SEED_BANNED)
			return NULL;
	return t->nwebseeds == 0 ? NULL : t->webseeds[0].error;
}

static uint32_t
webseeds_fetching(const struct view_torrent *t)
{
	uint32_t	n = 0;

	for (size_t i = 0; i < t->nwebseeds; i++)
		n += t->webseeds[i].state == SEED_FETCHING;
	return n;
}

/* What trackers have to do with it. */
static enum why
why_trackers(const struct view_torrent *t, char buf[WHY_LEN])
{
	const char	*private, *error = trackers_error(t);

	private = t->row.private ? ", and it is private" : "";
	if (error != NULL && *error != '\0')
		return say(buf, WHY_NO_TRACKER, "knows no peers%s: its "
		    "tracker%s: %s", private, t->ntrackers == 1 ? " fails" :
		    "s fail, the first", error);
	if (error != NULL)
		return say(buf, WHY_NO_TRACKER, "knows no peers%s: its "
		    "tracker%s", private, t->ntrackers == 1 ? " fails" :
		    "s fail");
	if (!trackers_asked(t))
		return say(buf, WHY_ASKING, "knows no peers yet%s: its "
		    "tracker%s not answered so far", private,
		    t->ntrackers == 1 ? " has" : "s have");
	return say(buf, WHY_NO_PEERS, "knows no peers%s: its tracker%s of "
	    "none", private, t->ntrackers == 1 ? " knows" : "s know");
}

/* Nobody is connected, and nobody is known to connect to. */
static enum why
why_no_peers(const struct view_torrent *t, char buf[WHY_LEN])
{
	const struct rec_torrent_row	*r = &t->row;
	enum why			 why;

	if (t->ntrackers == 0 && r->dht)
		return say(buf, WHY_SEARCHING, "knows no peers yet: the DHT "
		    "is searched for them");
	if (t->ntrackers == 0)
		return say(buf, WHY_NO_TRACKER, "knows no peers%s, and it has "
		    "no tracker to ask%s", r->private ? ", and it is private" :
		    "", r->private ? "" : "; the DHT is off");
	why = why_trackers(t, buf);
	if (r->dht)
		strlcat(buf, "; the DHT is searched, too", WHY_LEN);
	return why;
}

static enum why
why_unconnected(const struct view_torrent *t, char buf[WHY_LEN])
{
	const struct rec_torrent_row	*r = &t->row;

	if (r->held & SWARM_HELD_FULL)
		return say(buf, WHY_FULL, "cannot connect: the limit of peers "
		    "is reached");
	if (r->candidates == 0)
		return why_no_peers(t, buf);
	return say(buf, WHY_UNREACHABLE, "none of the %u %s that it knows of "
	    "could be reached yet", r->candidates, peers(r->candidates));
}

/* What peers do, and nobody else, for a download. */
static enum why
why_of_peers(const struct view_torrent *t, char buf[WHY_LEN])
{
	const struct rec_torrent_row	*r = &t->row;
	uint32_t			 open = r->useful - r->choking;

	if (r->peers == 0)
		return why_unconnected(t, buf);
	if (r->held & SWARM_HELD_DISK)
		return say(buf, WHY_DISK, "waits for the disk");
	if (r->useful == 0)
		return say(buf, WHY_NOTHING_NEW, "%s its %u %s anything that "
		    "is missing here", r->peers == 1 ? "not even" : "none of",
		    r->peers, r->peers == 1 ? "peer has" : "peers has");
	if (open == 0)
		return say(buf, WHY_CHOKED, "choked by %s%u %s that %s what "
		    "is missing", r->choking == 1 ? "the " : "all ",
		    r->choking, peers(r->choking),
		    r->choking == 1 ? "has" : "have");
	if (r->down_rate == 0)
		return say(buf, WHY_SILENT, "%u %s asked, but nothing comes "
		    "so far", open, open == 1 ? "peer was" : "peers were");
	if (r->held & SWARM_HELD_DOWN)
		return say(buf, WHY_RATE, "downloads from %u %s as fast as "
		    "the rate limit lets it", open, peers(open));
	if (r->choking > 0)
		return say(buf, WHY_FINE, "downloads from %u %s, choked by "
		    "%u more", open, peers(open), r->choking);
	return say(buf, WHY_FINE, "downloads from %u %s", open, peers(open));
}

static enum why
why_downloading(const struct view_torrent *t, char buf[WHY_LEN])
{
	uint32_t	 n = webseeds_fetching(t);
	const char	*error = webseeds_error(t);
	char		 said[WHY_LEN] = "";
	enum why	 why;

	why = why_of_peers(t, said);
	if (n > 0 && why == WHY_FINE)
		say(buf, why, "%s and %u web seed%s", said, n,
		    n == 1 ? "" : "s");
	else if (n > 0)
		why = say(buf, why == WHY_DISK || why == WHY_RATE ? why :
		    WHY_FINE, "downloads from %u web seed%s; %s", n,
		    n == 1 ? "" : "s", said);
	else if (error != NULL && why != WHY_FINE)
		say(buf, why, "%s; its web seed%s%s%s", said,
		    t->nwebseeds == 1 ? " fails" : "s fail",
		    *error == '\0' ? "" : t->nwebseeds == 1 ? ": " :
		    ", the first: ", error);
	else
		memcpy(buf, said, WHY_LEN);
	return why;
}

/* A download with an error that does not stop it. */
static enum why
why_damaged(const struct view_torrent *t, char buf[WHY_LEN])
{
	size_t	len;

	if (t->row.held & SWARM_HELD_FILE)
		return say(buf, WHY_DAMAGED, "%s", t->row.error);
	why_downloading(t, buf);
	len = strlen(buf);
	snprintf(buf + len, WHY_LEN - len, "; %s", t->row.error);
	return WHY_DAMAGED;
}

static enum why
why_seeding(const struct view_torrent *t, char buf[WHY_LEN])
{
	const struct rec_torrent_row	*r = &t->row;

	if (r->peers == 0)
		return why_unconnected(t, buf);
	if (r->interested == 0)
		return say(buf, WHY_NO_INTEREST, "%s its %u %s "
		    "anything", r->peers == 1 ? "not even" : "none of",
		    r->peers, r->peers == 1 ? "peer wants" : "peers wants");
	if (r->up_rate > 0 && (r->held & SWARM_HELD_UP))
		return say(buf, WHY_RATE, "uploads to %u of %u interested %s "
		    "as fast as the rate limit lets it", r->served,
		    r->interested, peers(r->interested));
	if (r->up_rate > 0)
		return say(buf, WHY_FINE, "uploads to %u of %u interested %s",
		    r->served, r->interested, peers(r->interested));
	if (r->held & SWARM_HELD_DISK)
		return say(buf, WHY_DISK, "waits for the disk");
	if (r->served == 0)
		return say(buf, WHY_NO_SLOT, "%u interested %s for an upload "
		    "slot", r->interested, r->interested == 1 ? "peer waits" :
		    "peers wait");
	return say(buf, WHY_SILENT, "%u %s may ask, but %s for nothing now",
	    r->served, peers(r->served), r->served == 1 ? "asks" : "ask");
}

static enum why
why_metadata(const struct view_torrent *t, char buf[WHY_LEN])
{
	if (t->row.peers == 0)
		return why_unconnected(t, buf);
	return say(buf, WHY_METADATA, "waits for the metadata from %u %s",
	    t->row.peers, peers(t->row.peers));
}

enum why
why_explain(const struct view_torrent *t, char buf[WHY_LEN])
{
	const struct rec_torrent_row	*r = &t->row;

	switch (r->state) {
	case TSTATE_CHECKING:
		return say(buf, WHY_CHECKING, "its data is being checked, "
		    "%u%% so far", r->check_permille / 10);
	case TSTATE_METADATA:
		return why_metadata(t, buf);
	case TSTATE_DOWNLOADING:
		return *r->error != '\0' ? why_damaged(t, buf) :
		    why_downloading(t, buf);
	case TSTATE_SEEDING:
		return why_seeding(t, buf);
	case TSTATE_STOPPED:
		return say(buf, WHY_STOPPED, "stopped");
	case TSTATE_QUEUED:
		return say(buf, WHY_QUEUED, "waits for its turn");
	case TSTATE_MOVING:
		return say(buf, WHY_MOVING, "its data is being "
		    "moved, %u%% so far", r->check_permille / 10);
	case TSTATE_WAITING:
		return say(buf, WHY_WAITING, "waits: %s", r->error);
	default:
		return say(buf, WHY_ERROR, "%s", r->error);
	}
}

const char *
why_name(enum why why)
{
	static const char *const	names[WHY_COUNT] = {
		[WHY_FINE] = "fine",
		[WHY_STOPPED] = "stopped",
		[WHY_CHECKING] = "checking",
		[WHY_MOVING] = "moving",
		[WHY_QUEUED] = "queued",
		[WHY_WAITING] = "waiting",
		[WHY_ERROR] = "error",
		[WHY_DAMAGED] = "damaged",
		[WHY_NO_TRACKER] = "no-tracker",
		[WHY_ASKING] = "asking",
		[WHY_SEARCHING] = "searching",
		[WHY_NO_PEERS] = "no-peers",
		[WHY_FULL] = "full",
		[WHY_UNREACHABLE] = "unreachable",
		[WHY_METADATA] = "metadata",
		[WHY_NOTHING_NEW] = "nothing-new",
		[WHY_CHOKED] = "choked",
		[WHY_RATE] = "rate",
		[WHY_DISK] = "disk",
		[WHY_SILENT] = "silent",
		[WHY_NO_INTEREST] = "no-interest",
		[WHY_NO_SLOT] = "no-slot"
	};

	return names[why];
}
