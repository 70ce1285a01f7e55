/* SPDX-License-Identifier: ISC */
#include "act.h"

#include <stdlib.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "view.h"

#define IDS_MAX		4096		/* in one request: msg.def */

static int
act_on(struct client *client, const struct view *view, enum msg_type type,
    const void *request, const struct rec_id **ids, uint32_t *n)
{
	struct rec_id	*page = xcalloc(IDS_MAX, sizeof(*page));
	size_t		 done;
	int		 status = CTL_OK, one;

	*ids = page;
	for (done = 0; done < view->n; done += *n) {
		*n = view->n - done > IDS_MAX ? IDS_MAX :
		    (uint32_t)(view->n - done);
		for (uint32_t i = 0; i < *n; i++)
			page[i].id = view->torrents[done + i].row.id;
		one = daemon_ask(client, type, request, -1, DAEMON_DISK_MS,
		    NULL, NULL, NULL);
		if (done == 0)
			status = one;
		else if (one != status)
			status = CTL_PARTIAL;
	}
	free(page);
	return status;
}

int
act_on_selected(const struct mimctl *ctx, int nwords, char **words,
    enum msg_type type, const void *request, const struct rec_id **ids,
    uint32_t *n)
{
	struct view	 view = { 0 };
	struct client	*client;
	int		 status;

	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = view_select(&view, client, nwords, words, 0);
	if (status == CTL_OK)
		status = act_on(client, &view, type, request, ids, n);
	view_clear(&view);
	client_close(client);
	return status;
}
