/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ifaces.h"

#define IFACES4_MAX	128	/* of them, IPv4 */

static short
flags_of(int fd, const char *name)
{
	struct ifreq	ifr;

	memset(&ifr, 0, sizeof(ifr));
	strlcpy(ifr.ifr_name, name, sizeof(ifr.ifr_name));
	return ioctl(fd, SIOCGIFFLAGS, &ifr) == -1 ? 0 : ifr.ifr_flags;
}

static void
add(struct ifaces *ifs, int fd, const char *name, int family,
    const struct addr *addr, uint8_t bits, bool usable)
{
	struct iface_addr	*a;
	short			 flags = flags_of(fd, name);

	if (ifs->n == IFACES_MAX)
		return;
	a = &ifs->v[ifs->n++];
	strlcpy(a->name, name, sizeof(a->name));
	a->family = family;
	a->addr = *addr;
	a->bits = bits;
	a->usable = usable && (flags & IFF_UP) != 0;
	a->neighbours = (flags & (IFF_UP | IFF_MULTICAST | IFF_LOOPBACK |
	    IFF_POINTOPOINT)) == (IFF_UP | IFF_MULTICAST);
}

/*
 * netdevice(7) instead of getifaddrs(3): that one asks by netlink, which a
 * service that is well confined may not have.
 */
static void
look4(struct ifaces *ifs, int fd)
{
	struct ifreq		 reqs[IFACES4_MAX], *r;
	struct ifconf		 conf = { .ifc_len = sizeof(reqs) };
	struct sockaddr_in	 sin;
	struct addr		 a;
	uint8_t			 bits;

	conf.ifc_req = reqs;
	if (ioctl(fd, SIOCGIFCONF, &conf) == -1)
		return;
	for (r = reqs; r < reqs + (size_t)conf.ifc_len / sizeof(*r); r++) {
		if (addr_from_sockaddr(&a, &r->ifr_addr) == -1 ||
		    ioctl(fd, SIOCGIFNETMASK, r) == -1)
			continue;
		memcpy(&sin, &r->ifr_netmask, sizeof(sin));
		bits = (uint8_t)(96 + __builtin_popcount(sin.sin_addr.s_addr));
		/* An alias is the interface that it is of. */
		r->ifr_name[strcspn(r->ifr_name, ":")] = '\0';
		add(ifs, fd, r->ifr_name, AF_INET, &a, bits, true);
	}
}

/* "fe80...(32 digits) index bits scope flags name", in hexadecimal. */
static void
look6(struct ifaces *ifs, int fd)
{
	FILE		*fp;
	char		 hex[33], name[IF_NAMESIZE];
	struct addr	 a = { .port = 0 };
	unsigned int	 bits, byte, flags, i;

	if ((fp = fopen("/proc/self/net/if_inet6", "re")) == NULL)
		return;
	while (fscanf(fp, "%32s %*x %x %*x %x %15s", hex, &bits, &flags,
	    name) == 4) {
		for (i = 0; i < 16 &&
		    sscanf(hex + (size_t)2 * i, "%2x", &byte) == 1; i++)
			a.ip[i] = (uint8_t)byte;
		if (i == 16 && bits <= 128)
			add(ifs, fd, name, AF_INET6, &a, (uint8_t)bits,
			    (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ==
			    0);
	}
	fclose(fp);
}

static int
any_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
}

void
ifaces_look(struct ifaces *ifs)
{
	int	fd;

	ifs->n = 0;
	if ((fd = any_socket()) == -1)
		return;
	look4(ifs, fd);
	look6(ifs, fd);
	close(fd);
}

uint32_t
ifaces_device(const char *name, bool *up)
{
	uint32_t	index = if_nametoindex(name);
	int		fd;

	*up = false;
	if (index == 0 || (fd = any_socket()) == -1)
		return index;
	*up = (flags_of(fd, name) & IFF_UP) != 0;
	close(fd);
	return index;
}
