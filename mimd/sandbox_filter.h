/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include "role.h"

/*
 * Load the role's system call filter (seccomp(2)) for all threads of this
 * process.  What is not in the table of sandbox_filter.c ends the process.
 * Returns 0, or an errno.
 */
int	sandbox_filter_load(enum role role);

#endif /* SANDBOX_FILTER_H */
