/* SPDX-License-Identifier: ISC */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include "addr.h"

/*
 * NULL, or why nothing is sent to this address.  The resolver has left such
 * out already; this is the last gate.
 */
const char *target_refusal(const struct addr *a, bool allow_local);

#endif /* TARGET_H */
