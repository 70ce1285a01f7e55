/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

/*
 * Preloaded into Transmission, which waits for up to 20 s, by the dice, before
 * it announces a torrent to the DHT: the dice fall on 0.
 */
int
rand(void)
{
	return 0;
}
