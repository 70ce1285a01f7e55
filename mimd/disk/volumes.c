/* SPDX-License-Identifier: ISC */
#include "volumes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"

static const char	head[] = "mimd volumes 1\n";

char *
volumes_encode(const struct volumes *v, size_t *len)
{
	char		*text = NULL;
	FILE		*fp;
	uint32_t	 i;

	if ((fp = open_memstream(&text, len)) == NULL)
		return NULL;
	fputs(head, fp);
	for (i = 0; i < v->n; i++)
		if (strchr(v->v[i].path, '\n') == NULL)
			fprintf(fp, "%" PRIu64 " %" PRId64 " %s\n",
			    v->v[i].ino, v->v[i].birth, v->v[i].path);
	fclose(fp);
	return text;
}

/* "inode birth path" */
static int
decode_line(struct volumes *v, const char *line)
{
	uint64_t	 ino;
	int64_t		 birth;
	char		*end;

	errno = 0;
	if (*line < '0' || *line > '9')
		return -1;
	ino = strtoull(line, &end, 10);
	if (errno != 0 || *end++ != ' ' || (*end != '-' &&
	    (*end < '0' || *end > '9')))
		return -1;
	birth = strtoll(end, &end, 10);
	if (errno != 0 || end[0] != ' ' || end[1] != '/' ||
	    strlen(end + 1) > PATH_LEN_MAX || v->n == VOLUMES_MAX ||
	    volumes_find(v, end + 1) != NULL)
		return -1;
	volumes_set(v, end + 1, ino, birth);
	return 0;
}

int
volumes_decode(struct volumes *v, const char *buf, size_t len)
{
	const char	*end = buf + len, *nl;
	char		*line;
	int		 rc = 0;

	memset(v, 0, sizeof(*v));
	if (len < strlen(head) || memcmp(buf, head, strlen(head)) != 0 ||
	    memchr(buf, '\0', len) != NULL)
		return -1;
	for (buf += strlen(head); rc == 0 && buf < end; buf = nl + 1) {
		nl = memchr(buf, '\n', (size_t)(end - buf));
		if (nl == NULL) {
			rc = -1;
			break;
		}
		line = xstrndup(buf, (size_t)(nl - buf));
		rc = decode_line(v, line);
		free(line);
	}
	if (rc == -1)
		volumes_clear(v);
	return rc;
}

static struct volume *
find(const struct volumes *v, const char *path)
{
	uint32_t	i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->v[i].path, path) == 0)
			return (struct volume *)&v->v[i];
	return NULL;
}

const struct volume *
volumes_find(const struct volumes *v, const char *path)
{
	return find(v, path);
}

bool
volumes_set(struct volumes *v, const char *path, uint64_t ino, int64_t birth)
{
	struct volume	*e = find(v, path);

	if (e != NULL && e->ino == ino && e->birth == birth)
		return false;
	if (e == NULL && v->n == VOLUMES_MAX)
		volumes_forget(v, v->v[0].path);
	if (e == NULL) {
		e = &v->v[v->n++];
		e->path = xstrdup(path);
	}
	e->ino = ino;
	e->birth = birth;
	return true;
}

bool
volumes_forget(struct volumes *v, const char *path)
{
	struct volume	*e = find(v, path);

	if (e == NULL)
		return false;
	free(e->path);
	v->n--;
	memmove(e, e + 1, (size_t)(v->v + v->n - e) * sizeof(*e));
	return true;
}

void
volumes_clear(struct volumes *v)
{
	while (v->n > 0)
		free(v->v[--v->n].path);
}
