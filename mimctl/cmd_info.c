/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "fmt.h"
#include "info.h"
#include "input.h"
#include "mem.h"
#include "metainfo.h"
#include "mimctl.h"
#include "msg.h"

const char *
info_version(const struct metainfo *mi)
{
	return mi->v1 && mi->v2 ? "hybrid" : mi->v1 ? "1" : "2";
}

uint64_t
info_size(const struct metainfo *mi)
{
	return mi->v1 ? mi->geom.size : mi->payload;
}

const char *
info_tracker_url(const struct info_options *opt, const char *url,
    char buf[METAINFO_URL_MAX + 1])
{
	return opt->verbose ? url : fmt_mask_url(url, buf,
	    METAINFO_URL_MAX + 1);
}

static int
show_magnet(const struct info_options *opt, const struct input *src,
    json_t *list)
{
	struct magnet	*m;
	char		 err[MAGNET_ERR_MAX];

	m = magnet_parse((const char *)src->buf, src->len, err);
	if (m == NULL) {
		input_complain(src->name, "%s", err);
		return -1;
	}
	if (opt->json)
		json_array_append_new(list, info_magnet_json(opt, m));
	else if (opt->headerless)
		info_magnet_row(m);
	else
		info_magnet_text(opt, m);
	magnet_free(m);
	return 0;
}

static int
show_torrent(const struct info_options *opt, const struct input *src,
    json_t *list)
{
	struct metainfo	*mi;
	char		 err[METAINFO_ERR_MAX];

	mi = metainfo_parse(src->buf, src->len, err);
	if (mi == NULL) {
		input_complain(src->name, "%s", err);
		return -1;
	}
	if (opt->json)
		json_array_append_new(list, info_json(opt, mi));
	else if (opt->headerless)
		info_row(mi);
	else
		info_text(opt, mi);
	metainfo_free(mi);
	return 0;
}

static int
show(const struct info_options *opt, struct input *src, json_t *list,
    bool first)
{
	int	rc;

	if (!first && !opt->json && !opt->headerless)
		putchar('\n');
	if (src->link)
		rc = show_magnet(opt, src, list);
	else
		rc = show_torrent(opt, src, list);
	input_clear(src);
	return rc;
}

static int
show_all(const struct info_options *opt, struct input *srcs, int n)
{
	json_t	*list;
	int	 code = CTL_OK, i, shown = 0;

	/* All that a library wants to open, it opens now. */
	hash_init();
	json_object_seed(0);
	confine_parser();
	list = json_array();
	for (i = 0; i < n; i++) {
		if (srcs[i].buf != NULL &&
		    show(opt, &srcs[i], list, shown == 0) == 0)
			shown++;
		else
			code = CTL_FAILED;
	}
	if (opt->json && shown > 0)
		info_json_print(list);
	json_decref(list);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		input_complain("stdout", "%s", strerror(errno));
		code = CTL_FAILED;
	}
	return code;
}

int
cmd_info(const struct mimctl *ctx, int argc, char **argv)
{
	struct info_options	 opt = { ctx->json, ctx->headerless,
				    ctx->numeric, ctx->verbose };
	struct input		*srcs;
	int			 code, i;

	if (getopt(argc, argv, "") != -1)
		return command_usage("info");
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return command_usage("info");
	srcs = xcalloc((size_t)argc, sizeof(*srcs));
	for (i = 0; i < argc; i++) {
		input_read(&srcs[i], argv[i]);
	}
	code = show_all(&opt, srcs, argc);
	free(srcs);
	return code;
}
