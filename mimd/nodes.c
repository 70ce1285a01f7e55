/* SPDX-License-Identifier: ISC */
#include "nodes.h"
#include "parent.h"

void
nodes_update(struct parent *parent)
{
	proc_want(parent_child(parent, ROLE_DHT), false);
}

const char *
nodes_off(const struct parent *parent)
{
	(void)parent;
	return "it is not started";
}
