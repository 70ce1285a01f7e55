/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"
#include "log.h"

#define NOTIFY_LEN_MAX	512

static struct {
	struct sockaddr_un	sun;
	socklen_t		len;	/* 0: nobody listens */
} target;

void
notify_init(void)
{
	const char	*name = getenv("NOTIFY_SOCKET");
	size_t		 len;

	target.len = 0;
	if (name == NULL)
		return;
	len = strlen(name);
	if ((*name == '/' || *name == '@') && len > 1 &&
	    len < sizeof(target.sun.sun_path)) {
		memset(&target.sun, 0, sizeof(target.sun));
		target.sun.sun_family = AF_UNIX;
		memcpy(target.sun.sun_path, name, len);
		if (*name == '@')
			target.sun.sun_path[0] = '\0';
		target.len = (socklen_t)(offsetof(struct sockaddr_un,
		    sun_path) + len);
	} else
		log_warnx("NOTIFY_SOCKET is not the name of a socket");
	unsetenv("NOTIFY_SOCKET");
}

void
notify_send(const char *fmt, ...)
{
	char	text[NOTIFY_LEN_MAX];
	va_list	ap;
	int	fd, n;

	if (target.len == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1 || sendto(fd, text, (size_t)n, MSG_NOSIGNAL,
	    (const struct sockaddr *)&target.sun, target.len) == -1)
		log_warn("NOTIFY_SOCKET");
	if (fd != -1)
		close(fd);
}
