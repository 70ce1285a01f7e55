/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "input.h"
#include "magnet.h"
#include "mem.h"
#include "metainfo.h"
#include "mimctl.h"
#include "msg.h"
#include "text.h"

/* The magnet links of .torrent files, without a daemon. */

static struct magnet *
magnet_of(const struct metainfo *mi)
{
	struct magnet	*m = xcalloc(1, sizeof(*m));
	uint32_t	 i;

	m->v1 = mi->v1;
	m->v2 = mi->v2;
	memcpy(m->infohash, mi->infohash, SHA1_LEN);
	memcpy(m->infohash2, mi->infohash2, SHA256_LEN);
	magnet_set_name(m, mi->name, strlen(mi->name));
	for (i = 0; i < mi->ntrackers; i++)
		magnet_add_tracker(m, mi->trackers[i].url,
		    strlen(mi->trackers[i].url));
	for (i = 0; i < mi->nwebseeds; i++)
		magnet_add_webseed(m, mi->webseeds[i],
		    strlen(mi->webseeds[i]));
	return m;
}

static int
print_link(struct input *src, json_t *list)
{
	struct metainfo	*mi;
	struct magnet	*m;
	char		 err[METAINFO_ERR_MAX], *link;

	if (src->link) {
		input_clear(src);
		input_complain(src->name, "no .torrent file");
		return -1;
	}
	mi = metainfo_parse(src->buf, src->len, err);
	input_clear(src);
	if (mi == NULL) {
		input_complain(src->name, "%s", err);
		return -1;
	}
	m = magnet_of(mi);
	link = magnet_format(m);
	if (list != NULL)
		json_array_append_new(list, json_string(link));
	else
		printf("%s\n", link);
	free(link);
	magnet_free(m);
	metainfo_free(mi);
	return 0;
}

int
cmd_magnet(const struct mimctl *ctx, int argc, char **argv)
{
	struct input	*srcs;
	json_t		*list = NULL;
	int		 code = CTL_OK, i;

	if (getopt(argc, argv, "") != -1 || optind == argc)
		return command_usage("magnet");
	argc -= optind;
	argv += optind;
	srcs = xcalloc((size_t)argc, sizeof(*srcs));
	for (i = 0; i < argc; i++)
		input_read(&srcs[i], argv[i]);
	hash_init();
	json_object_seed(0);
	confine_parser();
	if (ctx->json)
		list = json_array();
	for (i = 0; i < argc; i++)
		if (srcs[i].buf == NULL || print_link(&srcs[i], list) == -1)
			code = CTL_FAILED;
	free(srcs);
	if (list != NULL)
		text_json_print(json_pack("{s:o}", "magnets", list));
	if (fflush(stdout) == EOF || ferror(stdout)) {
		input_complain("stdout", "%s", strerror(errno));
		code = CTL_FAILED;
	}
	return code;
}
