/* SPDX-License-Identifier: ISC */
#ifndef DIR_H
#define DIR_H

#include "msg.h"

/* mimd does not know our directory.  -1 after saying what is wrong. */
int	dir_absolute(char path[PATH_LEN_MAX + 1], const char *dir);

#endif /* DIR_H */
