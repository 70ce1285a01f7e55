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
static int	 checked(const char *, char *);
static int	 rates_once(struct rates, const char *, const char *);
%}

/* An error tells what would have been right, to the letter. */
%define parse.error custom
%define parse.lac full

%union {
	int64_t		 number;
	char		*string;
	const char	*setting;	/* its words */
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
%type	<number>	amount at device encryption method nodeport port
%type	<number>	proxied yesno
%type	<rates>	rates
%type	<setting>	announce dht limit mapping path scrub single socket
%type	<setting>	space

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

setting	: single {
		if (lex_once(conf, $1) == -1)
			YYERROR;
	}
	| download
	| filter
	| listen
	| local
	| proxy
	| bootstrap
	| BIND ADDRESS STRING {
		lex_give(conf, "bind address", $3);
		if (checked(conf_add_bind(conf, $3), $3) == -1)
			YYERROR;
	}
	| RATE rates {
		if (rates_once($2, "rate up", "rate down") == -1)
			YYERROR;
		conf_set_rates(&conf->rate, $2);
	}
	| RATE PER PEER rates {
		if (rates_once($4, "rate per peer up",
		    "rate per peer down") == -1)
			YYERROR;
		conf_set_rates(&conf->rate_peer, $4);
	}
	| RATE exempt prefixes
	| RATE class TO prefixes
	;

single	: announce
	| dht
	| limit
	| mapping
	| path
	| scrub
	| socket
	| space
	| BIND DEVICE STRING {
		if (checked(conf_set_device(conf, $3), $3) == -1)
			YYERROR;
		$$ = "bind device";
	}
	| ENCRYPTION encryption {
		conf->encryption = (uint8_t)$2;
		$$ = "encryption";
	}
	| LSD yesno {
		conf->lsd = $2;
		$$ = "lsd";
	}
	| PEX yesno {
		conf->pex = $2;
		$$ = "pex";
	}
	| SANDBOX RELAXED {
		conf->relaxed = true;
		$$ = "sandbox";
	}
	;

local	: ALLOW LOCAL TRACKERS {
		conf->allow_local = true;
	}
	| ALLOW LOCAL TRACKERS locals
	;

locals	: near
	| locals near
	;

near	: STRING {
		if (checked(conf_add_local(conf, $1), $1) == -1)
			YYERROR;
	}
	;

announce : ANNOUNCE TIERS ALL {
		conf->announce_first = false;
		$$ = "announce tiers";
	}
	| ANNOUNCE TIERS FIRST {
		conf->announce_first = true;
		$$ = "announce tiers";
	}
	| ANNOUNCE RATE UNLIMITED {
		conf->announce_rate = 0;
		$$ = "announce rate";
	}
	| ANNOUNCE RATE NUMBER {
		if (lex_error(conf_set_announce_rate(conf, $3), NULL) == -1)
			YYERROR;
		$$ = "announce rate";
	}
	| ANNOUNCE PORT port {
		conf->announce_port = (uint16_t)$3;
		$$ = "announce port";
	}
	;

dht	: DHT yesno {
		conf->dht = $2;
		$$ = "dht";
	}
	| DHT READ ONLY yesno {
		conf->dht_read_only = $4;
		$$ = "dht read only";
	}
	| DHT RATE UNLIMITED {
		conf->dht_rate = 0;
		$$ = "dht rate";
	}
	| DHT RATE NUMBER {
		if (lex_error(conf_dht_set_rate(conf, $3), NULL) == -1)
			YYERROR;
		$$ = "dht rate";
	}
	;

bootstrap : DHT BOOTSTRAP NONE {
		conf_dht_no_hosts(conf);
	}
	| DHT BOOTSTRAP STRING nodeport {
		if (checked(conf_dht_add_host(conf, $3, (uint16_t)$4),
		    $3) == -1)
			YYERROR;
	}
	;

nodeport : /* empty */	{ $$ = CONF_DHT_PORT; }
	| PORT port	{ $$ = $2; }
	;

scrub	: SCRUB EVERY word {
		if (checked(conf_set_period(&conf->scrub, $3), $3) == -1)
			YYERROR;
		$$ = "scrub";
	}
	| SCRUB NO {
		conf->scrub = 0;
		$$ = "scrub";
	}
	;

encryption : OFF	{ $$ = ENCRYPTION_OFF; }
	| ALLOW		{ $$ = ENCRYPTION_ALLOW; }
	| PREFER	{ $$ = ENCRYPTION_PREFER; }
	| REQUIRE	{ $$ = ENCRYPTION_REQUIRE; }
	;

yesno	: YES	{ $$ = 1; }
	| NO	{ $$ = 0; }
	;

listen	: LISTEN ON STRING PORT at {
		lex_give(conf, "listen on", $3);
		if (checked(conf_add_listen(conf, $3, (uint16_t)$5),
		    $3) == -1)
			YYERROR;
	}
	;

at	: port
	| RANDOM	{ $$ = CONF_PORT_RANDOM; }
	;

mapping	: methods {
		$$ = "port mapping";
	}
	| methods ROUTER STRING {
		if (checked(conf_set_router(conf, $3), $3) == -1)
			YYERROR;
		$$ = "port mapping";
	}
	;

methods	: PORT MAPPING method {
		conf->mapping[PORTMAP_NATPMP] = $3 & 1 << PORTMAP_NATPMP;
		conf->mapping[PORTMAP_UPNP] = $3 & 1 << PORTMAP_UPNP;
	}
	;

method	: YES		{ $$ = 1 << PORTMAP_NATPMP | 1 << PORTMAP_UPNP; }
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

proxy	: maker login FOR proxied {
		if (lex_error(conf_proxy_use(conf, &proxy,
		    (unsigned int)$4), NULL) == -1)
			YYERROR;
	}
	;

maker	: PROXY STRING STRING {
		const char	*why;

		conf_proxy_clear(&proxy);
		why = conf_proxy_make(&proxy, $2, $3);
		free($2);
		if (checked(why, $3) == -1)
			YYERROR;
	}
	;

login	: /* empty */
	| USER STRING PASSWORD secret {
		const char	*why = conf_proxy_login(&proxy, $2, $4);

		free($4);
		if (checked(why, $2) == -1)
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

download : DOWNLOAD DIRECTORY STRING device {
		lex_give(conf, "download directory", $3);
		if (checked(conf_add_root(conf, $3, (uint8_t)$4), $3) == -1)
			YYERROR;
	}
	;

device	: /* empty */	{ $$ = DEVICE_UNKNOWN; }
	| ROTATING	{ $$ = DEVICE_ROTATING; }
	| SOLID		{ $$ = DEVICE_SOLID; }
	;

path	: INCOMPLETE DIRECTORY STRING {
		if (checked(conf_set_path(&conf->incomplete, $3), $3) == -1)
			YYERROR;
		$$ = "incomplete directory";
	}
	| ON COMPLETE MOVE TO STRING {
		if (checked(conf_set_path(&conf->complete, $5), $5) == -1)
			YYERROR;
		$$ = "on complete move to";
	}
	| STATE DIRECTORY STRING {
		if (checked(conf_set_path(&conf->state_dir, $3), $3) == -1)
			YYERROR;
		$$ = "state directory";
	}
	| CA FILE_ STRING {
		if (checked(conf_set_path(&conf->ca_file, $3), $3) == -1)
			YYERROR;
		$$ = "ca file";
	}
	;

socket	: control sockopts {
		$$ = "control socket";
	}
	| CONTROL SOCKET STRING RESTRICTED {
		if (checked(conf_set_socket(&conf->restricted, $3), $3) == -1)
			YYERROR;
		$$ = "control socket restricted";
	}
	;

control	: CONTROL SOCKET STRING {
		if (checked(conf_set_socket(&conf->socket, $3), $3) == -1)
			YYERROR;
	}
	;

sockopts : /* empty */
	| sockopts GROUP word {
		if (checked(conf_find_group($3, &conf->socket.gid), $3) == -1)
			YYERROR;
	}
	| sockopts MODE NUMBER {
		if (lex_error(conf_find_mode($3, &conf->socket.mode),
		    NULL) == -1)
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
		$$ = "allocate";
	}
	| ALLOCATE FULL {
		conf->allocate = true;
		$$ = "allocate";
	}
	| KEEP FREE NUMBER {
		if (lex_error(conf_set_keep_free(conf, $3), NULL) == -1)
			YYERROR;
		$$ = "keep free";
	}
	| KEEP FREE AUTO {
		conf->keep_free = CONF_KEEP_AUTO;
		$$ = "keep free";
	}
	| WRITE SHARED FILES yesno {
		conf->write_shared = $4;
		$$ = "write shared files";
	}
	;

limit	: CACHE NUMBER {
		if (lex_error(conf_set_cache(conf, $2), NULL) == -1)
			YYERROR;
		$$ = "cache";
	}
	| PAGE CACHE NUMBER {
		if (lex_error(conf_set_page_cache(conf, $3), NULL) == -1)
			YYERROR;
		$$ = "page cache";
	}
	| MAX PEERS peers {
		$$ = "max peers";
	}
	| MAX PEERS peers PER TORRENT NUMBER {
		if (lex_error(conf_set_peers(&conf->max_peers_torrent, $6),
		    NULL) == -1)
			YYERROR;
		$$ = "max peers";
	}
	;

peers	: NUMBER {
		if (lex_error(conf_set_peers(&conf->max_peers, $1), NULL) == -1)
			YYERROR;
	}
	;

exempt	: EXEMPT {
		class = RATE_CLASS_EXEMPT;
	}
	;

class	: CLASS STRING rates {
		if (checked(conf_add_class(conf, $2), $2) == -1)
			YYERROR;
		class = conf->nclasses;
		conf_set_rates(&conf->classes[class - 1].rate, $3);
	}
	;

rates	: UP amount {
		$$ = (struct rates){ $2, -1 };
	}
	| DOWN amount {
		$$ = (struct rates){ -1, $2 };
	}
	| rates UP amount {
		if ($1.up >= 0 &&
		    lex_error("rate is given twice", "up") == -1)
			YYERROR;
		$$ = $1;
		$$.up = $3;
	}
	| rates DOWN amount {
		if ($1.down >= 0 &&
		    lex_error("rate is given twice", "down") == -1)
			YYERROR;
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
		if (checked(conf_add_prefix(conf, class, $1), $1) == -1)
			YYERROR;
	}
	;

filter	: BLOCKLIST STRING {
		lex_give(conf, "blocklist", $2);
		if (checked(conf_add_filter(conf, $2, false), $2) == -1)
			YYERROR;
	}
	| ALLOWLIST STRING {
		lex_give(conf, "allowlist", $2);
		if (checked(conf_add_filter(conf, $2, true), $2) == -1)
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

/* Why a check refused a word, or NULL; the word is done with. */
static int
checked(const char *why, char *word)
{
	int	r = lex_error(why, word);

	free(word);
	return r;
}

/* Each way is a setting of its own. */
static int
rates_once(struct rates rates, const char *up, const char *down)
{
	if (rates.up >= 0 && lex_once(conf, up) == -1)
		return -1;
	return rates.down >= 0 ? lex_once(conf, down) : 0;
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
