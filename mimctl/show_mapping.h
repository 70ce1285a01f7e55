/* SPDX-License-Identifier: ISC */
#ifndef SHOW_MAPPING_H
#define SHOW_MAPPING_H

#include <jansson.h>

#include "msg.h"

struct mimctl;

/* Our port at the router, for "show ports". */
void	 mapping_print(const struct mimctl *ctx,
	    const struct msg_ctl_mapping *m);
json_t	*mapping_json(const struct msg_ctl_mapping *m);

#endif /* SHOW_MAPPING_H */
