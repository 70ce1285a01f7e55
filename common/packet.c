/* SPDX-License-Identifier: ISC */
#include "packet.h"

#include <sys/socket.h>

#include <stdint.h>
#include <string.h>

ssize_t
packet_send(int sock, const void *p, size_t n, int passed)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec	 iov = { (void *)(uintptr_t)p, n };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cmsg;

	if (passed != -1) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&mh);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &passed, sizeof(int));
	}
	return sendmsg(sock, &mh, MSG_NOSIGNAL);
}
