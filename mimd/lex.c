/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "lex.h"
#include "log.h"
#include "macro.h"
#include "mem.h"
#include "parse.h"
#include "source.h"

#define WORD_MAX	8192	/* bytes of a token or of a macro's value */
#define EXPECTED_LEN	256	/* of the words that would be right */
#define NEAR_MAX	64	/* bytes of a word in an error */
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))
#define NEXT		(-1)	/* of the lexer: no token yet */

/* The grammar calls without argument, so this is the one state. */
static struct {
	struct source		 source;
	struct macros		 macros;
	unsigned int		 nerrors;
	bool			 reported;	/* one error a line */
	bool			 line_start;	/* no word of the line yet */
	unsigned int		 line;		/* of the last token */
	char			 word[WORD_MAX];	/* the last token */
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
	{ "bootstrap",	BOOTSTRAP },
	{ "ca",		CA },
	{ "cache",	CACHE },
	{ "class",	CLASS },
	{ "complete",	COMPLETE },
	{ "control",	CONTROL },
	{ "device",	DEVICE },
	{ "dht",	DHT },
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
	{ "none",	NONE },
	{ "off",	OFF },
	{ "on",		ON },
	{ "only",	ONLY },
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
	{ "read",	READ },
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

const char *
lex_word(int token)
{
	if (token == STRING)
		return "a value";
	if (token == NUMBER)
		return "a number such as 5, 64K, 32M or 1G";
	for (size_t i = 0; i < NELEM(keywords); i++)
		if (keywords[i].token == token)
			return keywords[i].word;
	return "";
}

/* what is wrong with the last token; more: what helps to mend it, or "". */
static void
report(const char *what, const char *more)
{
	const struct source_file	*f = lex.source.file;
	const char			*word = lex.word;

	if (lex.reported)
		return;
	lex.reported = true;
	lex.nerrors++;
	if (*word == '\n')
		word = "end of line";
	if (f == NULL)
		log_warnx("-D: %s near \"%.*s\"", what, NEAR_MAX, word);
	else
		log_warnx("%s:%u: %s near \"%.*s\"%s", f->name, lex.line,
		    what, NEAR_MAX, word, more);
}

void
yyerror(const char *what)
{
	report(what, "");
}

void
lex_unexpected(const char *const *words, size_t n)
{
	char	list[EXPECTED_LEN] = "";

	for (size_t i = 0; i < n; i++) {
		strlcat(list, i == 0 ? ", expected " : i + 1 < n ? ", " :
		    " or ", sizeof(list));
		strlcat(list, words[i], sizeof(list));
	}
	report(n == 0 ? "unknown setting" : "syntax error", list);
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

void
lex_give(struct conf *conf, const char *setting, const char *value)
{
	conf_give(conf, setting, value, lex.source.file->name, lex.line);
}

int
lex_once(struct conf *conf, const char *setting)
{
	const struct conf_given	*first = conf_given(conf, setting, NULL);
	char			 where[WORD_MAX];

	if (first == NULL) {
		lex_give(conf, setting, NULL);
		return 0;
	}
	snprintf(where, sizeof(where), ", first in %s:%u", first->file,
	    first->line);
	strlcpy(lex.word, setting, sizeof(lex.word));
	report("setting is given twice", where);
	return -1;
}

int
lex_secret(void)
{
	if (!lex.source.file->exposed)
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

int
lex_open(const char *name, const char *data, size_t len)
{
	if (source_open(&lex.source, name, data, len) == 0)
		return 0;
	log_warn("%s", name);
	return -1;
}

int
lex_include(const char *name)
{
	if (lex.source.nfiles > CONF_DEPTH_MAX)
		return lex_error("files are included too deeply", name);
	if (source_include(&lex.source, name) == -1)
		return lex_error(strerror(errno), name);
	return 0;
}

/* ---- words ---- */

static int
next_char(void)
{
	return source_next(&lex.source);
}

static void
unget_char(int c)
{
	source_unget(&lex.source, c);
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
	k = bsearch(lex.word, keywords, NELEM(keywords), sizeof(keywords[0]),
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
	if (source_in_macro(&lex.source))
		return wrong("macro within a macro");
	if ((value = macro_get(&lex.macros, lex.word)) == NULL)
		return wrong("no such macro");
	source_expand(&lex.source, value);
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
	struct source_file	*f = lex.source.file;

	if (!f->at_end) {
		f->at_end = true;
		return newline();
	}
	return source_leave(&lex.source) ? NEXT : 0;
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
		lex.source.file->line++;
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

	if (!lex.source.file->begun) {
		lex.source.file->begun = true;
		return newline();
	}
	lex.line_start = false;
	for (;;) {
		c = skip_blanks();
		lex.line = lex.source.file->line;
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

void
lex_end(void)
{
	source_close(&lex.source);
	macro_clear(&lex.macros);
}
