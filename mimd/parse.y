/* SPDX-License-Identifier: ISC */
%{
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "lex.h"
#include "mem.h"

/* bison calls without argument. */
static struct conf	*conf;
static uint32_t		 class;	/* of the prefixes that follow */
static struct conf_proxy proxy;	/* of the line in hand */

int		 yyparse(void);
static void	 set_rate(struct conf_rate *, struct rates);
static int	 set_path(char **, char *, const char *(*)(const char *));
%}

/* An error tells what would have been right, to the letter. */
%define parse.error custom
%define parse.lac full

%union {
	int64_t		 number;
	char		*string;
	struct rates	 rates;
}

%token	ADDRESS ALL ALLOCATE ALLOW ALLOWLIST ANNOUNCE AUTO BIND BLOCKLIST
%token	BOOTSTRAP DHT NONE ONLY READ
%token	CA CACHE CONTROL DEVICE DIRECTORY
%token	CLASS DOWN DOWNLOAD FIRST TIERS
%token	ENCRYPTION EVERY EXEMPT FILE_ FILES FOR FREE FULL
%token	GROUP INCLUDE KEEP LISTEN LOCAL LSD MAPPING MAX MODE NATPMP
%token	NO OFF ON PEER PEERS PER
%token	COMPLETE INCOMPLETE MOVE TO
%token	PAGE PASSWORD PEX PROXY USER
%token	PORT PREFER RANDOM RATE RELAXED REQUIRE RESTRICTED ROTATING ROUTER
%token	SANDBOX SCRUB
%token	SHARED SOCKET SOLID SPARSE STATE TORRENT TRACKERS UNLIMITED UP UPNP
%token	WRITE WRONG YES
%token	<string>	STRING
%token	<number>	NUMBER
%type	<string>	secret word
%type	<number>	amount device encryption methods nodeport port proxied
%type	<number>	yesno
%type	<rates>	rates

%destructor { free($$); } <string>

%%

grammar	: /* empty */
	| grammar '\n'
	| grammar include '\n'
	| grammar macro '\n'
	| grammar setting '\n'
	| grammar error '\n' {
		if (lex_resume() >= CONF_ERRORS_MAX)
			YYABORT;
		yyerrok;
	}
	;

include	: INCLUDE STRING {
		int	r = lex_include($2);

		free($2);
		if (r == -1)
			YYERROR;
	}
	;

macro	: STRING '=' STRING {
		int	r = lex_macro($1, $3);

		free($1);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| STRING '=' NUMBER {
		char	value[24];
		int	r;

		snprintf(value, sizeof(value), "%lld", (long long)$3);
		r = lex_macro($1, value);
		free($1);
		if (r == -1)
			YYERROR;
	}
	;

setting	: listen
	| bind
	| proxy
	| directory
	| socket
	| limit
	| rate
	| ca
	| filter
	| space
	| scrub
	| announce
	| dht
	| ENCRYPTION encryption {
		conf->encryption = (uint8_t)$2;
	}
	| PEX yesno {
		conf->pex = $2;
	}
	| LSD yesno {
		conf->lsd = $2;
	}
	| ALLOW LOCAL TRACKERS {
		conf->allow_local = true;
	}
	| ALLOW LOCAL TRACKERS locals
	| SANDBOX RELAXED {
		conf->relaxed = true;
	}
	;

locals	: local
	| locals local
	;

local	: STRING {
		int	r;

		r = lex_error(conf_add_local(conf, $1), $1);
		free($1);
		if (r == -1)
			YYERROR;
	}
	;

announce : ANNOUNCE TIERS ALL {
		conf->announce_first = false;
	}
	| ANNOUNCE TIERS FIRST {
		conf->announce_first = true;
	}
	| ANNOUNCE RATE UNLIMITED {
		conf->announce_rate = 0;
	}
	| ANNOUNCE RATE NUMBER {
		if (lex_error(conf_set_announce_rate(conf, $3), NULL) == -1)
			YYERROR;
	}
	;

dht	: DHT yesno {
		conf->dht = $2;
	}
	| DHT READ ONLY yesno {
		conf->dht_read_only = $4;
	}
	| DHT RATE UNLIMITED {
		conf->dht_rate = 0;
	}
	| DHT RATE NUMBER {
		if (lex_error(conf_dht_set_rate(conf, $3), NULL) == -1)
			YYERROR;
	}
	| DHT BOOTSTRAP NONE {
		conf_dht_no_hosts(conf);
	}
	| DHT BOOTSTRAP STRING nodeport {
		int	r;

		r = lex_error(conf_dht_add_host(conf, $3, (uint16_t)$4), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	;

nodeport : /* empty */	{ $$ = CONF_DHT_PORT; }
	| PORT port	{ $$ = $2; }
	;

scrub	: SCRUB EVERY word {
		int	r;

		r = lex_error(conf_set_period(&conf->scrub, $3), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| SCRUB NO {
		conf->scrub = 0;
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

listen	: LISTEN ON STRING PORT port {
		int	r;

		r = lex_error(conf_add_listen(conf, $3, (uint16_t)$5), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| LISTEN ON STRING PORT RANDOM {
		int	r;

		r = lex_error(conf_add_listen(conf, $3, CONF_PORT_RANDOM),
		    $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| ANNOUNCE PORT port {
		conf->announce_port = (uint16_t)$3;
	}
	| mapping
	| mapping ROUTER STRING {
		int	r;

		r = lex_error(conf_set_router(conf, $3), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	;

mapping	: PORT MAPPING methods {
		conf->mapping[PORTMAP_NATPMP] =
		    $3 & 1 << PORTMAP_NATPMP;
		conf->mapping[PORTMAP_UPNP] = $3 & 1 << PORTMAP_UPNP;
	}
	;

methods	: YES		{ $$ = 1 << PORTMAP_NATPMP | 1 << PORTMAP_UPNP; }
	| NATPMP	{ $$ = 1 << PORTMAP_NATPMP; }
	| UPNP		{ $$ = 1 << PORTMAP_UPNP; }
	| NO		{ $$ = 0; }
	;

port	: NUMBER {
		if (lex_error(conf_check_port($1), NULL) == -1)
			YYERROR;
		$$ = $1;
	}
	;

bind	: BIND DEVICE STRING {
		int	r;

		r = lex_error(conf_set_device(conf, $3), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| BIND ADDRESS STRING {
		int	r;

		r = lex_error(conf_add_bind(conf, $3), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	;

proxy	: maker login FOR proxied {
		if (lex_error(conf_proxy_use(conf, &proxy,
		    (unsigned int)$4), NULL) == -1)
			YYERROR;
	}
	;

maker	: PROXY STRING STRING {
		int	r;

		conf_proxy_clear(&proxy);
		r = lex_error(conf_proxy_make(&proxy, $2, $3), $3);
		free($2);
		free($3);
		if (r == -1)
			YYERROR;
	}
	;

login	: /* empty */
	| USER STRING PASSWORD secret {
		int	r;

		r = lex_error(conf_proxy_login(&proxy, $2, $4), $2);
		free($2);
		free($4);
		if (r == -1)
			YYERROR;
	}
	;

secret	: STRING {
		if (lex_secret() == -1) {
			free($1);
			YYERROR;
		}
		$$ = $1;
	}
	| NUMBER {	/* its digits might be others */
		$$ = NULL;
		lex_error("a number is to be in quotes", "password");
		YYERROR;
	}
	;

proxied	: TRACKERS	{ $$ = 1U << PROXY_TRACKERS; }
	| PEERS		{ $$ = 1U << PROXY_PEERS; }
	| ALL		{ $$ = 1U << PROXY_TRACKERS | 1U << PROXY_PEERS; }
	;

directory : DOWNLOAD DIRECTORY STRING device {
		int	r;

		r = lex_error(conf_add_root(conf, $3,
		    (uint8_t)$4), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| INCOMPLETE DIRECTORY STRING {
		if (set_path(&conf->incomplete, $3,
		    conf_check_path) == -1)
			YYERROR;
	}
	| ON COMPLETE MOVE TO STRING {
		if (set_path(&conf->complete, $5,
		    conf_check_path) == -1)
			YYERROR;
	}
	| STATE DIRECTORY STRING {
		if (set_path(&conf->state_dir, $3,
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
		if (set_path(&conf->restricted.path, $3,
		    conf_check_socket) == -1)
			YYERROR;
	}
	;

control	: CONTROL SOCKET STRING {
		if (set_path(&conf->socket.path, $3,
		    conf_check_socket) == -1)
			YYERROR;
	}
	;

sockopts : /* empty */
	| sockopts GROUP word {
		int	r;

		r = lex_error(conf_find_group($3,
		    &conf->socket.gid), $3);
		free($3);
		if (r == -1)
			YYERROR;
	}
	| sockopts MODE NUMBER {
		if (lex_error(conf_find_mode($3,
		    &conf->socket.mode), NULL) == -1)
			YYERROR;
	}
	;

word	: STRING
	| NUMBER {	/* names may be numbers */
		$$ = xasprintf("%lld", (long long)$1);
	}
	;

space	: ALLOCATE SPARSE {
		conf->allocate = false;
	}
	| ALLOCATE FULL {
		conf->allocate = true;
	}
	| KEEP FREE NUMBER {
		if (lex_error(conf_set_keep_free(conf, $3), NULL) == -1)
			YYERROR;
	}
	| KEEP FREE AUTO {
		conf->keep_free = CONF_KEEP_AUTO;
	}
	| WRITE SHARED FILES yesno {
		conf->write_shared = $4;
	}
	;

limit	: CACHE NUMBER {
		if (lex_error(conf_set_cache(conf, $2), NULL) == -1)
			YYERROR;
	}
	| PAGE CACHE NUMBER {
		if (lex_error(conf_set_page_cache(conf, $3), NULL) == -1)
			YYERROR;
	}
	| MAX PEERS peers
	| MAX PEERS peers PER TORRENT NUMBER {
		if (lex_error(conf_set_peers(
		    &conf->max_peers_torrent, $6), NULL) == -1)
			YYERROR;
	}
	;

peers	: NUMBER {
		if (lex_error(conf_set_peers(&conf->max_peers, $1), NULL) == -1)
			YYERROR;
	}
	;

rate	: RATE rates {
		set_rate(&conf->rate, $2);
	}
	| RATE PER PEER rates {
		set_rate(&conf->rate_peer, $4);
	}
	| RATE exempt prefixes
	| RATE class TO prefixes
	;

exempt	: EXEMPT {
		class = RATE_CLASS_EXEMPT;
	}
	;

class	: CLASS STRING rates {
		int	r;

		r = lex_error(conf_add_class(conf, $2), $2);
		free($2);
		if (r == -1)
			YYERROR;
		class = conf->nclasses;
		set_rate(&conf->classes[class - 1].rate, $3);
	}
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

		if (lex_error(conf_set_rate(&rate, $1), NULL) == -1)
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

		r = lex_error(conf_add_prefix(conf, class, $1), $1);
		free($1);
		if (r == -1)
			YYERROR;
	}
	;

filter	: BLOCKLIST STRING {
		int	r;

		r = lex_error(conf_add_filter(conf, $2, false), $2);
		free($2);
		if (r == -1)
			YYERROR;
	}
	| ALLOWLIST STRING {
		int	r;

		r = lex_error(conf_add_filter(conf, $2, true), $2);
		free($2);
		if (r == -1)
			YYERROR;
	}
	;

ca	: CA FILE_ STRING {
		if (set_path(&conf->ca_file, $3,
		    conf_check_path) == -1)
			YYERROR;
	}
	;

%%

#define EXPECTED_MAX	8	/* more is the start of a line */

/* bison numbers symbols otherwise than the tokens that yylex() gives. */
static const char *
symbol_word(yysymbol_kind_t symbol)
{
	if (symbol == YYTRANSLATE('\n'))
		return "end of line";
	for (int token = ADDRESS; token <= NUMBER; token++)
		if (symbol == YYTRANSLATE(token))
			return lex_word(token);
	return "=";
}

static int
yyreport_syntax_error(const yypcontext_t *context)
{
	yysymbol_kind_t	symbols[EXPECTED_MAX];
	const char	*words[EXPECTED_MAX];
	int		 n;

	n = yypcontext_expected_tokens(context, symbols, EXPECTED_MAX);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		words[i] = symbol_word(symbols[i]);
	lex_unexpected(words, (size_t)n);
	return 0;
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
	if (lex_error(check(path), path) == -1) {
		free(path);
		return -1;
	}
	free(*where);
	*where = path;
	return 0;
}

int
conf_parse(struct conf *into, const char *name, const char *data, size_t len,
    char *const *macros, int nmacros)
{
	int	i, r = 0;

	conf = into;
	lex_begin();
	for (i = 0; i < nmacros; i++) {
		if (lex_define(macros[i]) == -1)
			r = -1;
	}
	if (r == 0 && lex_open(name, data, len) == -1)
		r = -1;
	if (r == 0 && (yyparse() != 0 || lex_errors() > 0))
		r = -1;
	lex_end();
	conf_proxy_clear(&proxy);
	return r;
}
