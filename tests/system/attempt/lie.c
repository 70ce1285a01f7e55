/* SPDX-License-Identifier: ISC */
/*
 * Linked into a mimd of its own with --wrap=sandbox_seal: the child that the
 * binary's file name names, "mimd-ROLE", once sealed, sends the parent a
 * message that only another role may send.
 */
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "msg.h"
#include "packet.h"
#include "sandbox.h"

void	__real_sandbox_seal(enum role, const struct child_path *, int, bool,
	    void (*)(void *), void *, struct sandbox_report *);
void	__wrap_sandbox_seal(enum role, const struct child_path *, int, bool,
	    void (*)(void *), void *, struct sandbox_report *);

static bool
is_liar(enum role role)
{
	char		 path[4096];
	const char	*dash;
	ssize_t		 n;

	if ((n = readlink("/proc/self/exe", path, sizeof(path) - 1)) == -1)
		return false;
	path[n] = '\0';
	dash = strrchr(path, '-');
	return dash != NULL && strcmp(dash + 1, role_name(role)) == 0;
}

static void
lie(enum role role)
{
	struct msg_scan_end	scan = { 0 };
	struct msg_resolved	answer = { .query = 1, .error = "" };
	uint8_t			buf[512];
	ssize_t			len;

	/* Only disk ends a scan, only the resolver has answers. */
	if (role == ROLE_DISK)
		len = msg_encode(MSG_RESOLVED, &answer, buf, sizeof(buf));
	else
		len = msg_encode(MSG_SCAN_END, &scan, buf, sizeof(buf));
	if (len > 0)
		packet_send(CHILD_FD, buf, (size_t)len, -1);
}

void
__wrap_sandbox_seal(enum role role, const struct child_path *paths, int n,
    bool relaxed, void (*threads)(void *), void *arg,
    struct sandbox_report *report)
{
	bool	liar = is_liar(role);

	__real_sandbox_seal(role, paths, n, relaxed, threads, arg, report);
	if (liar)
		lie(role);
}
