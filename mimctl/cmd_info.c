/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "fmt.h"
#include "info.h"
#include "mem.h"
#include "metainfo.h"
#include "mimctl.h"
#include "msg.h"

#define READ_FIRST	(64U << 10)

/* A file as read; parsed only after the process is confined. */
struct source {
	const char	*name;
	uint8_t		*buf;		/* NULL: could not be read */
	size_t		 len;
};

static void
complain(const char *name, const char *fmt, ...)
{
	char	why[METAINFO_ERR_MAX], safe[4 * METAINFO_ERR_MAX + 1];
	char	file[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "mimctl: %s: %s\n",
	    fmt_safe(name, strlen(name), file, sizeof(file)),
	    fmt_safe(why, strlen(why), safe, sizeof(safe)));
}

/* Read all of fd, one byte past the limit at most. */
static int
read_all(int fd, struct source *src)
{
	size_t	size = 0;
	ssize_t	n;

	do {
		if (src->len == size) {
			size = size == 0 ? READ_FIRST : size * 2;
			if (size > METAINFO_SIZE_MAX + 1)
				size = METAINFO_SIZE_MAX + 1;
			src->buf = xreallocarray(src->buf, size, 1);
		}
		n = read(fd, src->buf + src->len, size - src->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		src->len += (size_t)n;
	} while (n != 0 && src->len <= METAINFO_SIZE_MAX);
	return 0;
}

static int
read_source(struct source *src)
{
	struct stat	st;
	const char	*why = NULL;
	int		 fd;

	if (strcmp(src->name, "-") == 0)
		fd = STDIN_FILENO;
	else
		fd = open(src->name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		why = strerror(errno);
	else if (fd != STDIN_FILENO && !S_ISREG(st.st_mode) &&
	    !S_ISFIFO(st.st_mode))
		why = "not a regular file";
	else if (read_all(fd, src) == -1)
		why = strerror(errno);
	if (fd > STDIN_FILENO)
		close(fd);
	if (why == NULL)
		return 0;
	complain(src->name, "%s", why);
	free(src->buf);
	src->buf = NULL;
	return -1;
}

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
show(const struct info_options *opt, struct source *src, json_t *list,
    bool first)
{
	struct metainfo	*mi;
	char		 err[METAINFO_ERR_MAX];

	mi = metainfo_parse(src->buf, src->len, err);
	free(src->buf);
	src->buf = NULL;
	if (mi == NULL) {
		complain(src->name, "%s", err);
		return -1;
	}
	if (opt->json)
		json_array_append_new(list, info_json(opt, mi));
	else if (opt->headerless)
		info_row(mi);
	else {
		if (!first)
			putchar('\n');
		info_text(opt, mi);
	}
	metainfo_free(mi);
	return 0;
}

static int
show_all(const struct info_options *opt, struct source *srcs, int n)
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
		complain("stdout", "%s", strerror(errno));
		code = CTL_FAILED;
	}
	return code;
}

int
cmd_info(const struct mimctl *ctx, int argc, char **argv)
{
	struct info_options	 opt = { ctx->json, ctx->headerless,
				    ctx->numeric, ctx->verbose };
	struct source		*srcs;
	int			 code, i;

	if (getopt(argc, argv, "") != -1)
		return command_usage("info");
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return command_usage("info");
	srcs = xcalloc((size_t)argc, sizeof(*srcs));
	for (i = 0; i < argc; i++) {
		srcs[i].name = argv[i];
		read_source(&srcs[i]);
	}
	code = show_all(&opt, srcs, argc);
	free(srcs);
	return code;
}
