/* SPDX-License-Identifier: ISC */
#ifndef DEVICE_H
#define DEVICE_H

#include "msg.h"

/* What the file system of an open directory lies on, as sysfs(5) says. */
enum device_kind device_kind(int fd);

#endif /* DEVICE_H */
