/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "mem.h"
#include "utf8.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What is printed is one line of valid text without marks. */
static void
check_line(const char *s)
{
	uint32_t	cp;
	size_t		len = strlen(s), n;

	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(s, len, &cp);
		if (n == 0 || utf8_is_unsafe(cp))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	 all[4096], few[9], num[FMT_LEN], *url;
	uint64_t n = 0;

	fmt_safe((const char *)data, size, all, sizeof(all));
	check_line(all);
	fmt_safe((const char *)data, size, few, sizeof(few));
	check_line(few);
	if (strncmp(all, few, strlen(few)) != 0)
		abort();
	fmt_width(all);
	memcpy(&n, data, size < sizeof(n) ? size : sizeof(n));
	check_line(fmt_bytes(n, num));
	check_line(fmt_duration(n, num));
	url = xstrndup((const char *)data, size);
	fmt_mask_url(url, few, sizeof(few));
	fmt_mask_url(url, all, sizeof(all));
	if (strncmp(all, few, strlen(few)) != 0)
		abort();
	free(url);
	return 0;
}
