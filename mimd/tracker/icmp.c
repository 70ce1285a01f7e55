/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <linux/errqueue.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "icmp.h"

/* A kernel that cannot leaves us to wait for answers in vain. */
void
icmp_watch(int fd, bool v6)
{
	int	on = 1;

	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* NULL if it says nothing of an end. */
static const char *
error_of(struct msghdr *msg)
{
	struct sock_extended_err	 e;
	struct cmsghdr			*c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_len < CMSG_LEN(sizeof(e)) ||
		    !((c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_RECVERR)))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		/* The kernel sends smaller ones next time. */
		return e.ee_errno == 0 || e.ee_errno == EMSGSIZE ? NULL :
		    strerror((int)e.ee_errno);
	}
	return NULL;
}

bool
icmp_next(int fd, struct icmp *icmp)
{
	union {
		struct cmsghdr	align;
		uint8_t		buf[CMSG_SPACE(sizeof(struct
				    sock_extended_err) +
				    sizeof(struct sockaddr_in6))];
	}			control;
	struct sockaddr_storage	ss;
	struct iovec		iov = { icmp->packet, sizeof(icmp->packet) };
	struct msghdr		msg;
	ssize_t			n;

	do {
		msg = (struct msghdr){
			.msg_name = &ss, .msg_namelen = sizeof(ss),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control)
		};
		n = recvmsg(fd, &msg, MSG_ERRQUEUE);
		if (n == -1)
			return false;
		icmp->len = (size_t)n;
		icmp->error = error_of(&msg);
	} while (icmp->error == NULL || msg.msg_namelen == 0 ||
	    addr_from_sockaddr(&icmp->to, (struct sockaddr *)&ss) == -1);
	return true;
}
