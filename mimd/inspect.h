/* SPDX-License-Identifier: ISC */
#ifndef INSPECT_H
#define INSPECT_H

#include "conf.h"

/*
 * Of "mimd -n": is there what the configuration names, for those who are to
 * use it?  What is not is logged, with its line; -1 if mimd could not do with
 * it.  As root, the process is _mimd from then on.
 */
int	inspect(const struct conf *conf);

#endif /* INSPECT_H */
