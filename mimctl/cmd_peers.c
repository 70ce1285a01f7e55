/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "addr.h"
#include "mimctl.h"
#include "msg.h"
#include "word.h"

#define HOST_SIZE	64

static const char *const	verbs[] = {
	[PEER_ADD] = "add", [PEER_BAN] = "ban", [PEER_UNBAN] = "unban", NULL
};

/* "1.2.3.4:5", "[::1]:5", or without the port; 0: none is there. */
static int
parse_port(const char *s, uint16_t *port)
{
	char		*end;
	unsigned long	 n;

	*port = 0;
	if (*s == '\0')
		return 0;
	if (s[0] != ':' || s[1] < '0' || s[1] > '9')
		return -1;
	n = strtoul(s + 1, &end, 10);
	if (*end != '\0' || n == 0 || n > UINT16_MAX)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

static int
parse_peer(struct addr *a, const char *word)
{
	const char	*from = word, *to;
	char		 host[HOST_SIZE];
	uint16_t	 port;

	if (addr_parse(a, word, 0) == 0)
		return 0;
	if (*word == '[') {
		from++;
		if ((to = strchr(from, ']')) == NULL ||
		    parse_port(to + 1, &port) == -1)
			return -1;
	} else {
		to = from + strcspn(from, ":");
		if (parse_port(to, &port) == -1)
			return -1;
	}
	if ((size_t)(to - from) >= sizeof(host))
		return -1;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	return addr_parse(a, host, port);
}

int
cmd_peers(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_peer	req = { 0 };
	struct addr		a;
	int			what;

	if (getopt(argc, argv, "") != -1 || argc - optind < 3)
		return command_usage("peers");
	if ((what = word_get("verb", argv[argc - 2], verbs)) < 0)
		return CTL_USAGE;
	if (parse_peer(&a, argv[argc - 1]) == -1) {
		warnx("%s: not an address, such as 192.0.2.1:6881 or "
		    "[2001:db8::1]:6881", argv[argc - 1]);
		return CTL_USAGE;
	}
	req.what = (uint8_t)what;
	if (what == PEER_ADD && a.port == 0) {
		warnx("%s: the address needs a port, as in 192.0.2.1:6881",
		    argv[argc - 1]);
		return CTL_USAGE;
	}
	memcpy(req.ip, a.ip, sizeof(req.ip));
	req.port = a.port;
	return act_on_selected(ctx, argc - 2 - optind, argv + optind,
	    MSG_CTL_PEER, &req, &req.ids.v, &req.ids.n);
}
