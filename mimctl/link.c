/* SPDX-License-Identifier: ISC */
#include "link.h"

#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "fmt.h"
#include "hash.h"
#include "magnet_msg.h"
#include "mem.h"

#define SHOWN	60		/* bytes of a link in a complaint */

struct link {
	struct msg_in	*in;
	uint8_t		 buf[MSG_SIZE_MAX];	/* in points there */
};

static void
complain(const char *what, const char *why)
{
	char	safe[4 * SHOWN + 1];

	fprintf(stderr, "mimctl: %s: %s\n", fmt_safe(what,
	    strnlen(what, SHOWN), safe, sizeof(safe)), why);
}

static ssize_t
pack(const struct magnet *magnet, uint8_t *buf, size_t size)
{
	struct rec_tracker		trackers[MAGNET_TRACKERS_MAX];
	struct rec_url			webseeds[MAGNET_WEBSEEDS_MAX];
	struct rec_addr			peers[MAGNET_PEERS_MAX];
	struct msg_ctl_add_magnet	m = { .dir = "" };
	struct choice			*choice = magnet_choice(magnet);

	memcpy(m.infohash, magnet->infohash, sizeof(m.infohash));
	m.name = magnet->name != NULL ? magnet->name : "";
	m.trackers.v = trackers;
	m.trackers.n = magnet_pack_trackers(magnet, trackers);
	m.webseeds.v = webseeds;
	m.webseeds.n = magnet_pack_webseeds(magnet, webseeds);
	m.peers.v = peers;
	m.peers.n = magnet_pack_peers(magnet, peers);
	/* Patterns are for the user to give: those of a link could be bombs. */
	if (choice != NULL) {
		m.only.v = choice->only;
		m.only.n = choice->nonly;
	}
	return msg_encode(MSG_CTL_ADD_MAGNET, &m, buf, size);
}

/* In a process of its own: write the message for mimd to out. */
static int
parse(const char *what, int out)
{
	static uint8_t	 buf[MSG_SIZE_MAX];
	struct magnet	*magnet;
	char		 why[MAGNET_ERR_MAX];
	ssize_t		 n, done = 0, len;

	confine_parser();
	magnet = magnet_parse(what, strlen(what), why);
	if (magnet == NULL) {
		complain(what, why);
		return 1;
	}
	if (!magnet->v1) {
		complain(what, "BitTorrent v2 only magnet links are not "
		    "supported yet");
		return 1;
	}
	len = pack(magnet, buf, sizeof(buf));
	for (; done < len; done += n)
		if ((n = write(out, buf + done, (size_t)(len - done))) <= 0)
			return 1;
	return len > 0 ? 0 : 1;
}

static size_t
read_all(int fd, uint8_t *buf, size_t size)
{
	size_t	len = 0;
	ssize_t	n = 1;

	while (len < size && n != 0) {
		n = read(fd, buf + len, size - len);
		if (n == -1 && errno != EINTR)
			break;
		if (n > 0)
			len += (size_t)n;
	}
	return len;
}

struct link *
link_read(const char *what)
{
	struct link	*link = xcalloc(1, sizeof(*link));
	const char	*why;
	size_t		 len;
	pid_t		 pid;
	int		 ends[2], status = -1;

	/* Both are read before they are out of reach. */
	hash_init();
	fflush(NULL);
	if (pipe(ends) == -1 || (pid = fork()) == -1)
		err(1, "cannot start a process");
	if (pid == 0) {
		close(ends[0]);
		_exit(parse(what, ends[1]));
	}
	close(ends[1]);
	len = read_all(ends[0], link->buf, sizeof(link->buf));
	close(ends[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	link->in = msg_in_new();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    msg_decode(link->in, link->buf, len, &why) == 0 &&
	    link->in->type == MSG_CTL_ADD_MAGNET)
		return link;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0)
		complain(what, "cannot be parsed");
	link_free(link);
	return NULL;
}

const struct msg_ctl_add_magnet *
link_request(const struct link *link)
{
	return &link->in->body.ctl_add_magnet;
}

void
link_free(struct link *link)
{
	if (link == NULL)
		return;
	msg_in_free(link->in);
	free(link);
}
