/* SPDX-License-Identifier: ISC */
%{
#include <sys/queue.h>
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "mem.h"

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
};

struct macro {
	SLIST_ENTRY(macro)	 entry;	/* parser::macros */
	char			*name;
	char			*value;
	bool			 fixed;	/* by -D */
};

/* bison calls without argument, so this is the parser's one state. */
static struct {
	struct conf		*conf;
	struct file		*file;
	SLIST_HEAD(, macro)	 macros;
	unsigned int		 nmacros, nfiles, nerrors;
	bool			 reported;	/* one error a line */
	bool			 line_start;	/* no word of the line yet */
	size_t			 size;		/* bytes of all files */
	unsigned int		 line;		/* of the last token */
	char			 word[WORD_MAX];	/* the last token */
	char			*expand;	/* a macro's value, or NULL */
	size_t			 expand_pos;
} parser;

/* What a line of rates sets; -1: nothing. */
struct rates {
	int64_t	up, down;
};

typedef struct {
	union {
		int64_t		 number;
		char		*string;
		struct rates	 rates;
	} v;
} YYSTYPE;
#define YYSTYPE_IS_DECLARED 1

int		 yyparse(void);
static int	 yylex(void);
static void	 yyerror(const char *);
static int	 conf_error(const char *, const char *);
static int	 push_file(const char *);
static int	 set_macro(const char *, const char *, bool);
static void	 set_rate(struct conf_rate *, struct rates);
static int	 set_path(char **, char *, const char *(*)(const char *));
%}

%token	ALLOCATE ALLOW ALLOWLIST AUTO BLOCKLIST CA CACHE CONTROL DIRECTORY
%token	DOWN DOWNLOAD
%token	ENCRYPTION EVERY EXEMPT FILE_ FILES FREE FULL
%token	GROUP INCLUDE KEEP LISTEN LOCAL LSD MAX MODE NO OFF ON PEER PEERS PER
%token	COMPLETE INCOMPLETE MOVE TO
%token	PAGE PEX
%token	PORT PREFER RATE RELAXED REQUIRE RESTRICTED ROTATING SANDBOX SCRUB
%token	SHARED SOCKET SOLID SPARSE STATE TORRENT TRACKERS UNLIMITED UP WRITE
%token	WRONG YES
%token	<v.string>	STRING
%token	<v.number>	NUMBER
%type	<v.string>	group
%type	<v.number>	amount device encryption yesno
%type	<v.rates>	rates

%destructor { free($$); } <v.string>

%%

grammar	: /* empty */
	| grammar '\n'
	| grammar include '\n'
	| grammar macro '\n'
	| grammar setting '\n'
	| grammar error '\n' {
		if (parser.nerrors >= CONF_ERRORS_MAX)
			YYABORT;
		parser.reported = false;
		yyerrok;
	}
	;

include	: INCLUDE STRING {
		int	r = push_file($2);

		free($2);
		if (r == -1)
			YYERROR;
	}
	;

macro	: STRING '=' STRING {
		int	r = set_macro($1, $3, false);

		free($1);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| STRING '=' NUMBER {
		char	value[24];
		int	r;

		snprintf(value, sizeof(value), "%lld", (long long)$3);
		r = set_macro($1, value, false);
		free($1);
		if (r == -1)
			YYERROR;
	}
	;

setting	: listen
	| directory
	| socket
	| limit
	| rate
	| ca
	| filter
	| space
	| scrub
	| ENCRYPTION encryption {
		parser.conf->encryption = (uint8_t)$2;
	}
	| PEX yesno {
		parser.conf->pex = $2;
	}
	| LSD yesno {
		parser.conf->lsd = $2;
	}
	| ALLOW LOCAL TRACKERS {
		parser.conf->allow_local = true;
	}
	| SANDBOX RELAXED {
		parser.conf->relaxed = true;
	}
	;

scrub	: SCRUB EVERY STRING {
		int	r;

		r = conf_error(conf_set_period(&parser.conf->scrub, $3), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| SCRUB NO {
		parser.conf->scrub = 0;
	}
	;

encryption : OFF	{ $$ = ENCRYPTION_OFF; }
	| ALLOW		{ $$ = ENCRYPTION_ALLOW; }
	| PREFER	{ $$ = ENCRYPTION_PREFER; }
	| REQUIRE	{ $$ = ENCRYPTION_REQUIRE; }
	;

yesno	: YES {
		$$ = 1;
	}
	| NO {
		$$ = 0;
	}
	;

listen	: LISTEN ON STRING PORT NUMBER {
		const char	*why;
		int		 r;

		if ((why = conf_check_port($5)) != NULL)
			r = conf_error(why, parser.word);
		else
			r = conf_error(conf_add_listen(parser.conf, $3,
			    (uint16_t)$5), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	;

directory : DOWNLOAD DIRECTORY STRING device {
		int	r;

		r = conf_error(conf_add_root(parser.conf, $3,
		    (uint8_t)$4), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| INCOMPLETE DIRECTORY STRING {
		if (set_path(&parser.conf->incomplete, $3,
		    conf_check_path) == -1)
			YYERROR;
	}
	| ON COMPLETE MOVE TO STRING {
		if (set_path(&parser.conf->complete, $5,
		    conf_check_path) == -1)
			YYERROR;
	}
	| STATE DIRECTORY STRING {
		if (set_path(&parser.conf->state_dir, $3,
		    conf_check_path) == -1)
			YYERROR;
	}
	;

device	: /* empty */	{ $$ = DEVICE_UNKNOWN; }
	| ROTATING	{ $$ = DEVICE_ROTATING; }
	| SOLID		{ $$ = DEVICE_SOLID; }
	;

socket	: control sockopts
	| CONTROL SOCKET STRING RESTRICTED {
		if (set_path(&parser.conf->restricted.path, $3,
		    conf_check_socket) == -1)
			YYERROR;
	}
	;

control	: CONTROL SOCKET STRING {
		if (set_path(&parser.conf->socket.path, $3,
		    conf_check_socket) == -1)
			YYERROR;
	}
	;

sockopts : /* empty */
	| sockopts GROUP group {
		int	r;

		r = conf_error(conf_find_group($3,
		    &parser.conf->socket.gid), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| sockopts MODE NUMBER {
		if (conf_error(conf_find_mode($3,
		    &parser.conf->socket.mode), parser.word) == -1)
			YYERROR;
	}
	;

group	: STRING
	| NUMBER {
		$$ = xasprintf("%lld", (long long)$1);
	}
	;

space	: ALLOCATE SPARSE {
		parser.conf->allocate = false;
	}
	| ALLOCATE FULL {
		parser.conf->allocate = true;
	}
	| KEEP FREE NUMBER {
		if (conf_error(conf_set_keep_free(parser.conf, $3),
		    parser.word) == -1)
			YYERROR;
	}
	| KEEP FREE AUTO {
		parser.conf->keep_free = CONF_KEEP_AUTO;
	}
	| WRITE SHARED FILES yesno {
		parser.conf->write_shared = $4;
	}
	;

limit	: CACHE NUMBER {
		if (conf_error(conf_set_cache(parser.conf, $2),
		    parser.word) == -1)
			YYERROR;
	}
	| PAGE CACHE NUMBER {
		if (conf_error(conf_set_page_cache(parser.conf, $3),
		    parser.word) == -1)
			YYERROR;
	}
	| MAX PEERS peers
	| MAX PEERS peers PER TORRENT NUMBER {
		if (conf_error(conf_set_peers(
		    &parser.conf->max_peers_torrent, $6), parser.word) == -1)
			YYERROR;
	}
	;

peers	: NUMBER {
		if (conf_error(conf_set_peers(&parser.conf->max_peers, $1),
		    parser.word) == -1)
			YYERROR;
	}
	;

rate	: RATE rates {
		set_rate(&parser.conf->rate, $2);
	}
	| RATE PER PEER rates {
		set_rate(&parser.conf->rate_peer, $4);
	}
	| RATE EXEMPT prefixes
	;

rates	: UP amount {
		$$ = (struct rates){ $2, -1 };
	}
	| DOWN amount {
		$$ = (struct rates){ -1, $2 };
	}
	| rates UP amount {
		$$ = $1;
		$$.up = $3;
	}
	| rates DOWN amount {
		$$ = $1;
		$$.down = $3;
	}
	;

amount	: NUMBER {
		uint64_t	rate;

		if (conf_error(conf_set_rate(&rate, $1), parser.word) == -1)
			YYERROR;
		$$ = $1;
	}
	| UNLIMITED {
		$$ = 0;
	}
	;

prefixes : prefix
	| prefixes prefix
	;

prefix	: STRING {
		int	r;

		r = conf_error(conf_add_exempt(parser.conf, $1), $1);
		free($1);
		if (r == -1)
			YYERROR;
	}
	;

filter	: BLOCKLIST STRING {
		int	r;

		r = conf_error(conf_add_filter(parser.conf, $2, false), $2);
		free($2);
		if (r == -1)
			YYERROR;
	}
	| ALLOWLIST STRING {
		int	r;

		r = conf_error(conf_add_filter(parser.conf, $2, true), $2);
		free($2);
		if (r == -1)
			YYERROR;
	}
	;

ca	: CA FILE_ STRING {
		if (set_path(&parser.conf->ca_file, $3,
		    conf_check_path) == -1)
			YYERROR;
	}
	;

%%

static const struct keyword {
	const char	*word;
	int		 token;
} keywords[] = {	/* sorted */
	{ "allocate",	ALLOCATE },
	{ "allow",	ALLOW },
	{ "allowlist",	ALLOWLIST },
	{ "auto",	AUTO },
	{ "blocklist",	BLOCKLIST },
	{ "ca",		CA },
	{ "cache",	CACHE },
	{ "complete",	COMPLETE },
	{ "control",	CONTROL },
	{ "directory",	DIRECTORY },
	{ "down",	DOWN },
	{ "download",	DOWNLOAD },
	{ "encryption",	ENCRYPTION },
	{ "every",	EVERY },
	{ "exempt",	EXEMPT },
	{ "file",	FILE_ },
	{ "files",	FILES },
	{ "free",	FREE },
	{ "full",	FULL },
	{ "group",	GROUP },
	{ "include",	INCLUDE },
	{ "incomplete",	INCOMPLETE },
	{ "keep",	KEEP },
	{ "listen",	LISTEN },
	{ "local",	LOCAL },
	{ "lsd",	LSD },
	{ "max",	MAX },
	{ "mode",	MODE },
	{ "move",	MOVE },
	{ "no",		NO },
	{ "off",	OFF },
	{ "on",		ON },
	{ "page",	PAGE },
	{ "peer",	PEER },
	{ "peers",	PEERS },
	{ "per",	PER },
	{ "pex",	PEX },
	{ "port",	PORT },
	{ "prefer",	PREFER },
	{ "rate",	RATE },
	{ "relaxed",	RELAXED },
	{ "require",	REQUIRE },
	{ "restricted",	RESTRICTED },
	{ "rotating",	ROTATING },
	{ "sandbox",	SANDBOX },
	{ "scrub",	SCRUB },
	{ "shared",	SHARED },
	{ "socket",	SOCKET },
	{ "solid",	SOLID },
	{ "sparse",	SPARSE },
	{ "state",	STATE },
	{ "to",		TO },
	{ "torrent",	TORRENT },
	{ "trackers",	TRACKERS },
	{ "unlimited",	UNLIMITED },
	{ "up",		UP },
	{ "write",	WRITE },
	{ "yes",	YES },
};

/* ---- errors ---- */

static void
yyerror(const char *what)
{
	const struct file	*f = parser.file;
	const char		*word = parser.word;

	if (parser.reported)
		return;
	parser.reported = true;
	parser.nerrors++;
	if (*word == '\n')
		word = "end of line";
	if (f == NULL)
		log_warnx("-D: %s near \"%.*s\"", what, NEAR_MAX, word);
	else
		log_warnx("%s:%u: %s near \"%.*s\"", f->name, parser.line,
		    what, NEAR_MAX, word);
}

/* why is what a check said; NULL is good. */
static int
conf_error(const char *why, const char *word)
{
	if (why == NULL)
		return 0;
	if (word != parser.word)
		strlcpy(parser.word, word, sizeof(parser.word));
	yyerror(why);
	return -1;
}

static void
set_rate(struct conf_rate *where, struct rates rates)
{
	if (rates.up >= 0)
		where->up = (uint64_t)rates.up;
	if (rates.down >= 0)
		where->down = (uint64_t)rates.down;
}

/* Takes over path. */
static int
set_path(char **where, char *path, const char *(*check)(const char *))
{
	if (conf_error(check(path), path) == -1) {
		free(path);
		return -1;
	}
	free(*where);
	*where = path;
	return 0;
}

/* ---- macros ---- */

static struct macro *
find_macro(const char *name)
{
	struct macro	*m;

	SLIST_FOREACH(m, &parser.macros, entry) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static bool
is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return *s == '\0';
}

static int
set_macro(const char *name, const char *value, bool fixed)
{
	struct macro	*m;

	if (!is_name(name))
		return conf_error("not a name for a macro", name);
	if ((m = find_macro(name)) == NULL) {
		if (parser.nmacros == CONF_MACROS_MAX)
			return conf_error("too many macros", name);
		parser.nmacros++;
		m = xcalloc(1, sizeof(*m));
		m->name = xstrdup(name);
		SLIST_INSERT_HEAD(&parser.macros, m, entry);
	} else if (m->fixed)
		return 0;	/* -D is stronger than the file */
	free(m->value);
	m->value = xstrdup(value);
	m->fixed = fixed;
	return 0;
}

static int
set_fixed(const char *definition)
{
	const char	*eq;
	char		*name;
	int		 r;

	if ((eq = strchr(definition, '=')) == NULL ||
	    strlen(eq + 1) >= WORD_MAX)
		return conf_error("not a macro", definition);
	name = xstrndup(definition, (size_t)(eq - definition));
	r = set_macro(name, eq + 1, true);
	free(name);
	return r;
}

/* ---- files ---- */

/* Regular files only, no larger than what is left of the limit. */
static char *
read_file(const char *name, size_t *len)
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
	data = xmalloc(CONF_SIZE_MAX + 1);
	*len = 0;
	while ((n = read(fd, data + *len, CONF_SIZE_MAX + 1 - *len)) > 0)
		*len += (size_t)n;
	close(fd);
	if (n == 0 && *len <= CONF_SIZE_MAX - parser.size)
		return data;
	free(data);
	if (n == 0)
		errno = EFBIG;
	return NULL;
}

static void
add_file(const char *name, char *data, size_t len)
{
	struct file	*f = xcalloc(1, sizeof(*f));

	f->name = xstrdup(name);
	f->data = data;
	f->len = len;
	f->line = 1;
	f->begun = parser.file == NULL;
	f->below = parser.file;
	parser.file = f;
	parser.size += len;
	parser.nfiles++;
}

static void
pop_file(void)
{
	struct file	*f = parser.file;

	parser.file = f->below;
	parser.nfiles--;
	free(f->name);
	free(f->data);
	free(f);
}

/* Includes are named from the directory of the file that has them. */
static char *
include_path(const char *name)
{
	const char	*slash;

	if (*name == '/' || (slash = strrchr(parser.file->name, '/')) == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - parser.file->name),
	    parser.file->name, name);
}

static int
push_file(const char *name)
{
	char	*data, *path;
	size_t	 len;

	if (parser.nfiles > CONF_DEPTH_MAX)
		return conf_error("files are included too deeply", name);
	path = include_path(name);
	if ((data = read_file(path, &len)) == NULL) {
		free(path);
		return conf_error(strerror(errno), name);
	}
	add_file(path, data, len);
	free(path);
	return 0;
}

/* ---- words ---- */

static int
next_char(void)
{
	struct file	*f = parser.file;

	if (parser.expand != NULL) {
		if (parser.expand[parser.expand_pos] != '\0')
			return (unsigned char)
			    parser.expand[parser.expand_pos++];
		free(parser.expand);
		parser.expand = NULL;
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
	if (parser.expand != NULL)
		parser.expand_pos--;
	else
		parser.file->pos--;
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
	if (*len >= sizeof(parser.word) - 1)
		return -1;
	parser.word[(*len)++] = (char)c;
	parser.word[*len] = '\0';
	return 0;
}

static int
lex_quoted(void)
{
	size_t	len = 0;
	int	c, after;

	parser.word[0] = '\0';
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
	yylval.v.string = xstrdup(parser.word);
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
lex_word(bool first)
{
	const struct keyword	*k;
	size_t			 len = 0;
	int			 c;

	parser.word[0] = '\0';
	while (is_word_char(c = next_char())) {
		if (add_char(&len, c) == -1)
			return wrong("word is too long");
	}
	unget_char(c);
	if (is_number(parser.word, &yylval.v.number))
		return NUMBER;
	k = bsearch(parser.word, keywords,
	    sizeof(keywords) / sizeof(keywords[0]), sizeof(keywords[0]),
	    compare_keyword);
	if (k != NULL)
		return k->token;
	if (first && !is_assigned())
		return wrong("unknown setting");
	yylval.v.string = xstrdup(parser.word);
	return STRING;
}

/*
 * "$name": its value is read next, as one or more whole words.  A value
 * is not expanded again, so that expansion ends.
 */
static int
expand_macro(void)
{
	struct macro	*m;
	size_t		 len = 0;
	int		 c;

	parser.word[0] = '\0';
	while (isalnum(c = next_char()) || c == '_') {
		if (add_char(&len, c) == -1)
			return wrong("word is too long");
	}
	unget_char(c);
	if (parser.expand != NULL)
		return wrong("macro within a macro");
	if ((m = find_macro(parser.word)) == NULL)
		return wrong("no such macro");
	parser.expand = xasprintf("%s ", m->value);
	parser.expand_pos = 0;
	return NEXT;
}

static int
lex_newline(void)
{
	strlcpy(parser.word, "\n", sizeof(parser.word));
	parser.line_start = true;
	return '\n';
}

/* The end of a file is the end of its line, and then of the file. */
static int
lex_end(void)
{
	if (!parser.file->at_end) {
		parser.file->at_end = true;
		return lex_newline();
	}
	if (parser.file->below == NULL)
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
lex_token(int c, bool first)
{
	parser.word[0] = (char)c;
	parser.word[1] = '\0';
	switch (c) {
	case '\n':
		parser.file->line++;
		return lex_newline();
	case '=':
		return '=';
	case '"':
		return lex_quoted();
	case '$':
		return expand_macro();
	}
	if (!is_word_char(c))
		return wrong("character is not allowed here");
	unget_char(c);
	return lex_word(first);
}

static int
yylex(void)
{
	bool	first = parser.line_start;
	int	c, token;

	if (!parser.file->begun) {
		parser.file->begun = true;
		return lex_newline();
	}
	parser.line_start = false;
	for (;;) {
		c = skip_blanks();
		parser.line = parser.file->line;
		if (c == EOF) {
			if ((token = lex_end()) != NEXT)
				return token;
		} else if ((token = lex_token(c, first)) != NEXT)
			return token;
	}
}

/* ---- the whole ---- */

static void
parser_clear(void)
{
	struct macro	*m;

	while (parser.file != NULL)
		pop_file();
	while ((m = SLIST_FIRST(&parser.macros)) != NULL) {
		SLIST_REMOVE_HEAD(&parser.macros, entry);
		free(m->name);
		free(m->value);
		free(m);
	}
	free(parser.expand);
	parser.expand = NULL;
}

static int
open_first(const char *name, const char *data, size_t len)
{
	char	*copy;

	if (data == NULL) {
		if ((copy = read_file(name, &len)) == NULL) {
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
	add_file(name, copy, len);
	return 0;
}

int
conf_parse(struct conf *conf, const char *name, const char *data, size_t len,
    char *const *macros, int nmacros)
{
	int	i, r = 0;

	memset(&parser, 0, sizeof(parser));
	parser.conf = conf;
	parser.line_start = true;
	SLIST_INIT(&parser.macros);
	for (i = 0; i < nmacros; i++) {
		if (set_fixed(macros[i]) == -1)
			r = -1;
		parser.reported = false;
	}
	if (r == 0 && open_first(name, data, len) == -1)
		r = -1;
	if (r == 0 && (yyparse() != 0 || parser.nerrors > 0))
		r = -1;
	parser_clear();
	return r;
}
