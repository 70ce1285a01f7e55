/* SPDX-License-Identifier: ISC */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC; where there is a loop, loop_now() costs no system call. */
uint64_t	clock_ms(void);
uint64_t	clock_us(void);

#endif /* CLOCK_H */
