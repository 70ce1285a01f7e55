/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <errno.h>

#include "memfile.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U		/* Linux 6.3 */
#endif

/* Kernels before 6.3 refuse the flag they do not know. */
int
memfile_new(const char *name)
{
	unsigned int	flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int		fd;

	fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
	if (fd == -1 && errno == EINVAL)
		fd = memfd_create(name, flags);
	return fd;
}
