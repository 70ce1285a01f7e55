/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

/* Text put together in a buffer of fixed size. */
struct out {
	char	*buf;
	size_t	 len, size;
	bool	 full;
};

static const char *
event_name(enum announce_event event)
{
	switch (event) {
	case ANNOUNCE_STARTED:
		return "started";
	case ANNOUNCE_COMPLETED:
		return "completed";
	case ANNOUNCE_STOPPED:
		return "stopped";
	case ANNOUNCE_REGULAR:
		break;
	}
	return NULL;
}

static void put(struct out *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

static void
put(struct out *out, const char *fmt, ...)
{
	va_list	ap;
	int	n;

	va_start(ap, fmt);
	n = vsnprintf(out->buf + out->len, out->size - out->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= out->size - out->len)
		out->full = true;
	else
		out->len += (size_t)n;
}

/* Every byte but the unreserved ones of RFC 3986 becomes %XX. */
static void
put_escaped(struct out *out, const uint8_t *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++) {
		if ((p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= 'A' && p[i] <= 'Z') ||
		    (p[i] >= '0' && p[i] <= '9') ||
		    (p[i] != '\0' && strchr("-._~", p[i]) != NULL))
			put(out, "%c", p[i]);
		else
			put(out, "%%%02X", p[i]);
	}
}

int
request_url(char *buf, size_t size, const char *url, const struct request *req)
{
	struct out	 out = { buf, 0, size, size == 0 };
	const char	*event = event_name(req->event);
	size_t		 len = strcspn(url, "#");

	if (out.full)
		return -1;
	put(&out, "%.*s", (int)len, url);
	if (memchr(url, '?', len) == NULL)
		put(&out, "?");
	else if (url[len - 1] != '?' && url[len - 1] != '&')
		put(&out, "&");
	put(&out, "info_hash=");
	put_escaped(&out, req->infohash, 20);
	put(&out, "&peer_id=");
	put_escaped(&out, req->peer_id, 20);
	put(&out, "&port=%u&uploaded=%" PRIu64 "&downloaded=%" PRIu64
	    "&left=%" PRIu64 "&key=%08" PRIX32 "&numwant=%u&compact=1"
	    "&no_peer_id=1", req->port, req->uploaded, req->downloaded,
	    req->left, req->key,
	    req->event == ANNOUNCE_STOPPED ? 0 : REQUEST_NUMWANT);
	if (event != NULL)
		put(&out, "&event=%s", event);
	if (req->tracker_id_len > 0) {
		put(&out, "&trackerid=");
		put_escaped(&out, req->tracker_id, req->tracker_id_len);
	}
	return out.full ? -1 : (int)out.len;
}
