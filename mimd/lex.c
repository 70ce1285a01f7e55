/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "lex.h"
#include "log.h"
#include "macro.h"
#include "mem.h"
#include "parse.h"

#define WORD_MAX	8192	/* bytes of a token or of a macro's value */
#define NEAR_MAX	64	/* bytes of a word in an error */
#define NEXT		(-1)	/* of the lexer: no token yet */

/* A file being read; includes stand above those that include them. */
struct file {
	struct file	*below;
	char		*name;
	char		*data;
	size_t		 len, pos;
	unsigned int	 line;
	bool		 begun;		/* the line of its include has ended */
	bool		 at_end;	/* its last newline was given */
	bool		 exposed;	/* others may read it */
};

/* The grammar calls without argument, so this is the one state. */
static struct {
	struct file		*file;
	struct macros		 macros;
	unsigned int		 nfiles, nerrors;
	bool			 reported;	/* one error a line */
	bool			 line_start;	/* no word of the line yet */
	size_t			 size;		/* bytes of all files */
	unsigned int		 line;		/* of the last token */
	char			 word[WORD_MAX];	/* the last token */
	char			*expand;	/* a macro's value, or NULL */
	size_t			 expand_pos;
} lex;

static const struct keyword {
	const char	*word;
	int		 token;
} keywords[] = {	/* sorted */
	{ "address",	ADDRESS },
	{ "all",	ALL },
	{ "allocate",	ALLOCATE },
	{ "allow",	ALLOW },
	{ "allowlist",	ALLOWLIST },
	{ "announce",	ANNOUNCE },
	{ "auto",	AUTO },
	{ "bind",	BIND },
	{ "blocklist",	BLOCKLIST },
	{ "ca",		CA },
	{ "cache",	CACHE },
	{ "class",	CLASS },
	{ "complete",	COMPLETE },
	{ "control",	CONTROL },
	{ "device",	DEVICE },
	{ "directory",	DIRECTORY },
	{ "down",	DOWN },
	{ "download",	DOWNLOAD },
	{ "encryption",	ENCRYPTION },
	{ "every",	EVERY },
	{ "exempt",	EXEMPT },
	{ "file",	FILE_ },
	{ "files",	FILES },
	{ "first",	FIRST },
	{ "for",	FOR },
	{ "free",	FREE },
	{ "full",	FULL },
	{ "group",	GROUP },
	{ "include",	INCLUDE },
	{ "incomplete",	INCOMPLETE },
	{ "keep",	KEEP },
	{ "listen",	LISTEN },
	{ "local",	LOCAL },
	{ "lsd",	LSD },
	{ "mapping",	MAPPING },
	{ "max",	MAX },
	{ "mode",	MODE },
	{ "move",	MOVE },
	{ "nat-pmp",	NATPMP },
	{ "no",		NO },
	{ "off",	OFF },
	{ "on",		ON },
	{ "page",	PAGE },
	{ "password",	PASSWORD },
	{ "peer",	PEER },
	{ "peers",	PEERS },
	{ "per",	PER },
	{ "pex",	PEX },
	{ "port",	PORT },
	{ "prefer",	PREFER },
	{ "proxy",	PROXY },
	{ "random",	RANDOM },
	{ "rate",	RATE },
	{ "relaxed",	RELAXED },
	{ "require",	REQUIRE },
	{ "restricted",	RESTRICTED },
	{ "rotating",	ROTATING },
	{ "router",	ROUTER },
	{ "sandbox",	SANDBOX },
	{ "scrub",	SCRUB },
	{ "shared",	SHARED },
	{ "socket",	SOCKET },
	{ "solid",	SOLID },
	{ "sparse",	SPARSE },
	{ "state",	STATE },
	{ "tiers",	TIERS },
	{ "to",		TO },
	{ "torrent",	TORRENT },
	{ "trackers",	TRACKERS },
	{ "unlimited",	UNLIMITED },
	{ "up",		UP },
	{ "upnp",	UPNP },
	{ "user",	USER },
	{ "write",	WRITE },
	{ "yes",	YES },
};

/* ---- errors ---- */

void
yyerror(const char *what)
{
	const struct file	*f = lex.file;
	const char		*word = lex.word;

	if (lex.reported)
		return;
	lex.reported = true;
	lex.nerrors++;
	if (*word == '\n')
		word = "end of line";
	if (f == NULL)
		log_warnx("-D: %s near \"%.*s\"", what, NEAR_MAX, word);
	else
		log_warnx("%s:%u: %s near \"%.*s\"", f->name, lex.line,
		    what, NEAR_MAX, word);
}

int
lex_error(const char *why, const char *word)
{
	if (why == NULL)
		return 0;
	if (word != NULL)
		strlcpy(lex.word, word, sizeof(lex.word));
	yyerror(why);
	return -1;
}

int
lex_secret(void)
{
	if (lex.file == NULL || !lex.file->exposed)
		return 0;
	return lex_error("others may read this file: take their permissions "
	    "away (chmod o=)", "password");
}

unsigned int
lex_resume(void)
{
	lex.reported = false;
	return lex.nerrors;
}

unsigned int
lex_errors(void)
{
	return lex.nerrors;
}

/* ---- macros ---- */

int
lex_macro(const char *name, const char *value)
{
	return lex_error(macro_set(&lex.macros, name, value, false), name);
}

int
lex_define(const char *definition)
{
	const char	*eq;
	char		*name;
	int		 r;

	if ((eq = strchr(definition, '=')) == NULL ||
	    strlen(eq + 1) >= WORD_MAX)
		return lex_error("not a macro", definition);
	name = xstrndup(definition, (size_t)(eq - definition));
	r = lex_error(macro_set(&lex.macros, name, eq + 1, true), name);
	lex.reported = false;
	free(name);
	return r;
}

/* ---- files ---- */

/* Regular files only, no larger than what is left of the limit. */
static char *
read_file(const char *name, size_t *len, bool *exposed)
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
		errno = EINVAL;
		return NULL;
	}
	*exposed = S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0;
	data = xmalloc(CONF_SIZE_MAX + 1);
	*len = 0;
	while ((n = read(fd, data + *len, CONF_SIZE_MAX + 1 - *len)) > 0)
		*len += (size_t)n;
	close(fd);
	if (n == 0 && *len <= CONF_SIZE_MAX - lex.size)
		return data;
	free(data);
	if (n == 0)
		errno = EFBIG;
	return NULL;
}

static void
add_file(const char *name, char *data, size_t len, bool exposed)
{
	struct file	*f = xcalloc(1, sizeof(*f));

	f->name = xstrdup(name);
	f->data = data;
	f->len = len;
	f->exposed = exposed;
	f->line = 1;
	f->begun = lex.file == NULL;
	f->below = lex.file;
	lex.file = f;
	lex.size += len;
	lex.nfiles++;
}

static void
pop_file(void)
{
	struct file	*f = lex.file;

	lex.file = f->below;
	lex.nfiles--;
	free(f->name);
	free(f->data);
	free(f);
}

/* Includes are named from the directory of the file that has them. */
static char *
include_path(const char *name)
{
	const char	*slash;

	if (*name == '/' || (slash = strrchr(lex.file->name, '/')) == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - lex.file->name),
	    lex.file->name, name);
}

int
lex_include(const char *name)
{
	char	*data, *path;
	size_t	 len;
	bool	 exposed;

	if (lex.nfiles > CONF_DEPTH_MAX)
		return lex_error("files are included too deeply", name);
	path = include_path(name);
	if ((data = read_file(path, &len, &exposed)) == NULL) {
		free(path);
		return lex_error(strerror(errno), name);
	}
	add_file(path, data, len, exposed);
	free(path);
	return 0;
}

/* ---- words ---- */

static int
next_char(void)
{
	struct file	*f = lex.file;

	if (lex.expand != NULL) {
		if (lex.expand[lex.expand_pos] != '\0')
			return (unsigned char)
			    lex.expand[lex.expand_pos++];
		free(lex.expand);
		lex.expand = NULL;
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

/* Only for a character that next_char() has just given. */
static void
unget_char(int c)
{
	if (c == EOF)
		return;
	if (lex.expand != NULL)
		lex.expand_pos--;
	else
		lex.file->pos--;
}

static bool
is_word_char(int c)
{
	if (c == EOF || isspace(c) || iscntrl(c))
		return false;
	return strchr("\"#$=(){}<>!,;'`&|\\", c) == NULL;
}

static int
wrong(const char *why)
{
	yyerror(why);
	return WRONG;
}

/* -1 if it does not fit. */
static int
add_char(size_t *len, int c)
{
	if (*len >= sizeof(lex.word) - 1)
		return -1;
	lex.word[(*len)++] = (char)c;
	lex.word[*len] = '\0';
	return 0;
}

static int
quoted(void)
{
	size_t	len = 0;
	int	c, after;

	lex.word[0] = '\0';
	while ((c = next_char()) != '"') {
		if (c == EOF || c == '\n') {
			unget_char(c);
			return wrong("string has no end");
		}
		if (iscntrl(c) && c != '\t')
			return wrong("control character in a string");
		if (c == '\\') {
			after = next_char();
			if (after == '"' || after == '\\')
				c = after;
			else
				unget_char(after);
		}
		if (add_char(&len, c) == -1)
			return wrong("string is too long");
	}
	yylval.string = xstrdup(lex.word);
	return STRING;
}

/* Digits and perhaps K, M or G; false if it is something else. */
static bool
is_number(const char *word, int64_t *number)
{
	static const char	 units[] = "KMG";
	const char		*unit;
	unsigned long long	 n;
	char			*end;
	unsigned int		 shift = 0;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno != 0)
		return false;
	if (*end != '\0') {
		if (end[1] != '\0' ||
		    (unit = strchr(units, toupper((unsigned char)*end)))
		    == NULL)
			return false;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (n > (unsigned long long)INT64_MAX >> shift)
		return false;
	*number = (int64_t)(n << shift);
	return true;
}

static int
compare_keyword(const void *word, const void *keyword)
{
	return strcmp(word, ((const struct keyword *)keyword)->word);
}

/* Does "=" follow?  Blanks before it do not matter any more. */
static bool
is_assigned(void)
{
	int	c;

	while ((c = next_char()) == ' ' || c == '\t')
		;
	unget_char(c);
	return c == '=';
}

static int
word(bool first)
{
	const struct keyword	*k;
	size_t			 len = 0;
	int			 c;

	lex.word[0] = '\0';
	while (is_word_char(c = next_char())) {
		if (add_char(&len, c) == -1)
			return wrong("word is too long");
	}
	unget_char(c);
	if (is_number(lex.word, &yylval.number))
		return NUMBER;
	k = bsearch(lex.word, keywords,
	    sizeof(keywords) / sizeof(keywords[0]), sizeof(keywords[0]),
	    compare_keyword);
	if (k != NULL)
		return k->token;
	if (first && !is_assigned())
		return wrong("unknown setting");
	yylval.string = xstrdup(lex.word);
	return STRING;
}

/*
 * "$name": its value is read next, as one or more whole words.  A value
 * is not expanded again, so that expansion ends.
 */
static int
expand_macro(void)
{
	const char	*value;
	size_t		 len = 0;
	int		 c;

	lex.word[0] = '\0';
	while (isalnum(c = next_char()) || c == '_') {
		if (add_char(&len, c) == -1)
			return wrong("word is too long");
	}
	unget_char(c);
	if (lex.expand != NULL)
		return wrong("macro within a macro");
	if ((value = macro_get(&lex.macros, lex.word)) == NULL)
		return wrong("no such macro");
	lex.expand = xasprintf("%s ", value);
	lex.expand_pos = 0;
	return NEXT;
}

static int
newline(void)
{
	strlcpy(lex.word, "\n", sizeof(lex.word));
	lex.line_start = true;
	return '\n';
}

/* The end of a file is the end of its line, and then of the file. */
static int
end_of_file(void)
{
	if (!lex.file->at_end) {
		lex.file->at_end = true;
		return newline();
	}
	if (lex.file->below == NULL)
		return 0;
	pop_file();
	return NEXT;
}

static int
skip_blanks(void)
{
	int	c;

	while ((c = next_char()) == ' ' || c == '\t' || c == '\r')
		;
	if (c == '#') {
		while ((c = next_char()) != '\n' && c != EOF)
			;
	}
	return c;
}

static int
token_at(int c, bool first)
{
	lex.word[0] = (char)c;
	lex.word[1] = '\0';
	switch (c) {
	case '\n':
		lex.file->line++;
		return newline();
	case '=':
		return '=';
	case '"':
		return quoted();
	case '$':
		return expand_macro();
	}
	if (!is_word_char(c))
		return wrong("character is not allowed here");
	unget_char(c);
	return word(first);
}

int
yylex(void)
{
	bool	first = lex.line_start;
	int	c, token;

	if (!lex.file->begun) {
		lex.file->begun = true;
		return newline();
	}
	lex.line_start = false;
	for (;;) {
		c = skip_blanks();
		lex.line = lex.file->line;
		if (c == EOF) {
			if ((token = end_of_file()) != NEXT)
				return token;
		} else if ((token = token_at(c, first)) != NEXT)
			return token;
	}
}

/* ---- begin and end ---- */

void
lex_begin(void)
{
	memset(&lex, 0, sizeof(lex));
	lex.line_start = true;
}

int
lex_open(const char *name, const char *data, size_t len)
{
	char	*copy;
	bool	 exposed = false;

	if (data == NULL) {
		if ((copy = read_file(name, &len, &exposed)) == NULL) {
			log_warn("%s", name);
			return -1;
		}
	} else {
		if (len > CONF_SIZE_MAX) {
			log_warnx("%s: %s", name, strerror(EFBIG));
			return -1;
		}
		copy = xmalloc(len + 1);
		memcpy(copy, data, len);
	}
	add_file(name, copy, len, exposed);
	return 0;
}

void
lex_end(void)
{
	while (lex.file != NULL)
		pop_file();
	macro_clear(&lex.macros);
	free(lex.expand);
	lex.expand = NULL;
}
