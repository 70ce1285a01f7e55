/* SPDX-License-Identifier: ISC */
#ifndef MIMD_LEX_H
#define MIMD_LEX_H

#include <stddef.h>

struct conf;

/*
 * The words of mimd.conf(5), with its files and macros, for parse.y alone.
 * One file at a time is parsed in a process: there is one state, between
 * lex_begin() and lex_end().  What is wrong is logged at once, with file and
 * line, one error a line.
 */
void		 lex_begin(void);
void		 lex_end(void);

/* A macro from the command line, "name=value"; -1 if it is none. */
int		 lex_define(const char *definition);

/* A macro from the file; yields to one of the command line. */
int		 lex_macro(const char *name, const char *value);

/* The first file, or what is said to stand in it: data of len bytes. */
int		 lex_open(const char *name, const char *data, size_t len);

/* Read another file from here on, named from the one that names it. */
int		 lex_include(const char *name);

/*
 * An error at word, or at the last token if that is NULL.  why is what a
 * check said: 0 and no error if NULL, else -1.
 */
int		 lex_error(const char *why, const char *word);

/*
 * A setting that may be given once stands in this line: an error, with the
 * other line, if it was given before.
 */
int		 lex_once(struct conf *conf, const char *setting);

/* One that may be given with several values. */
void		 lex_give(struct conf *conf, const char *setting,
		    const char *value);

/* What a user may write for a token. */
const char	*lex_word(int token);

/*
 * The last token is not one of the n that would be right; with n 0, it begins
 * no setting.
 */
void		 lex_unexpected(const char *const *words, size_t n);

/* A password was read: an error if others may read its file, too. */
int		 lex_secret(void);

/* Go on in the next line after an error; how many there were. */
unsigned int	 lex_resume(void);
unsigned int	 lex_errors(void);

/* What yacc(1) wants. */
int		 yylex(void);
void		 yyerror(const char *what);

#endif
