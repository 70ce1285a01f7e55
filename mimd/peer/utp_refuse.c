/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "utp_refuse.h"

#define TYPE_RESET	0x31	/* and the version, 1 */
#define TYPE_SYN	0x41

/* Offsets into a header. */
#define OFF_EXTENSION	1
#define OFF_ID		2
#define OFF_SEQ		16
#define OFF_ACK		18

/* Do the extensions, each with the type of the next, end where it ends? */
static bool
extensions_end(const uint8_t *p, size_t n)
{
	size_t	off = UTP_HEADER;
	uint8_t	type = p[OFF_EXTENSION];

	while (type != 0) {
		if (n - off < 2 || n - off - 2 < p[off + 1])
			return false;
		type = p[off];
		off += 2U + p[off + 1];
	}
	return off == n;
}

bool
utp_refuse(uint8_t out[UTP_HEADER], const uint8_t *p, size_t n)
{
	if (n < UTP_HEADER || n > UTP_SYN_MAX || p[0] != TYPE_SYN ||
	    !extensions_end(p, n))
		return false;
	/* Its id is the one that it receives by; no time was measured. */
	memset(out, 0, UTP_HEADER);
	out[0] = TYPE_RESET;
	memcpy(out + OFF_ID, p + OFF_ID, 2);
	memcpy(out + OFF_ACK, p + OFF_SEQ, 2);
	return true;
}
