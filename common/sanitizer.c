/* SPDX-License-Identifier: ISC */
#include "sanitizer.h"

#ifdef SANITIZED
/* The leak sanitizer's name for a question it asks at the end. */
int	__lsan_is_turned_off(void);

static int	is_sealed;

int
__lsan_is_turned_off(void)
{
	return is_sealed;
}

void
sanitizer_sealed(void)
{
	is_sealed = 1;
}
#else
void
sanitizer_sealed(void)
{
}
#endif
