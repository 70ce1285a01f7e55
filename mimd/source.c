/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "mem.h"
#include "source.h"

static char *
read_file(const char *name, size_t left, size_t *len, bool *exposed)
{
	struct stat	 st;
	char		*data;
	ssize_t		 n;
	int		 fd;

	if ((fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return NULL;
	if (fstat(fd, &st) == -1) {
		close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
		close(fd);
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	*exposed = S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0;
	data = xmalloc(CONF_SIZE_MAX + 1);
	*len = 0;
	while ((n = read(fd, data + *len, CONF_SIZE_MAX + 1 - *len)) > 0)
		*len += (size_t)n;
	close(fd);
	if (n == 0 && *len <= left)
		return data;
	free(data);
	if (n == 0)
		errno = EFBIG;
	return NULL;
}

static void
push(struct source *s, const char *name, char *data, size_t len, bool exposed)
{
	struct source_file	*f = xcalloc(1, sizeof(*f));

	f->name = xstrdup(name);
	f->data = data;
	f->len = len;
	f->exposed = exposed;
	f->line = 1;
	f->begun = s->file == NULL;
	f->below = s->file;
	s->file = f;
	s->size += len;
	s->nfiles++;
}

static void
pop(struct source *s)
{
	struct source_file	*f = s->file;

	s->file = f->below;
	s->nfiles--;
	free(f->name);
	free(f->data);
	free(f);
}

static int
push_file(struct source *s, const char *name)
{
	char	*data;
	size_t	 len;
	bool	 exposed;

	data = read_file(name, CONF_SIZE_MAX - s->size, &len, &exposed);
	if (data == NULL)
		return -1;
	push(s, name, data, len, exposed);
	return 0;
}

int
source_open(struct source *s, const char *name, const char *data, size_t len)
{
	char	*copy;

	if (data == NULL)
		return push_file(s, name);
	if (len > CONF_SIZE_MAX) {
		errno = EFBIG;
		return -1;
	}
	copy = xmalloc(len + 1);
	memcpy(copy, data, len);
	push(s, name, copy, len, false);
	return 0;
}

int
source_include(struct source *s, const char *name)
{
	const char	*from = s->file->name, *slash;
	char		*path;
	int		 r;

	if (*name == '/' || (slash = strrchr(from, '/')) == NULL)
		return push_file(s, name);
	path = xasprintf("%.*s/%s", (int)(slash - from), from, name);
	r = push_file(s, path);
	free(path);
	return r;
}

void
source_expand(struct source *s, const char *value)
{
	s->expand = xasprintf("%s ", value);	/* whole words */
	s->expand_pos = 0;
}

bool
source_in_macro(const struct source *s)
{
	return s->expand != NULL;
}

static void
end_macro(struct source *s)
{
	free(s->expand);
	s->expand = NULL;
}

int
source_next(struct source *s)
{
	struct source_file	*f = s->file;

	if (s->expand != NULL) {
		if (s->expand[s->expand_pos] != '\0')
			return (unsigned char)s->expand[s->expand_pos++];
		end_macro(s);
	}
	/* A line may go on behind a backslash. */
	while (f->len - f->pos >= 2 && f->data[f->pos] == '\\' &&
	    f->data[f->pos + 1] == '\n') {
		f->pos += 2;
		f->line++;
	}
	if (f->pos == f->len)
		return EOF;
	return (unsigned char)f->data[f->pos++];
}

void
source_unget(struct source *s, int c)
{
	if (c == EOF)
		return;
	if (s->expand != NULL)
		s->expand_pos--;
	else
		s->file->pos--;
}

bool
source_leave(struct source *s)
{
	if (s->file->below == NULL)
		return false;
	pop(s);
	return true;
}

void
source_close(struct source *s)
{
	while (s->file != NULL)
		pop(s);
	end_macro(s);
}
