/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "fmt.h"
#include "hash.h"
#include "item.h"
#include "keyfile.h"
#include "mimctl.h"
#include "msg.h"
#include "text.h"
#include "utf8.h"
#include "value.h"
#include "word.h"

/*
 * Items of the DHT (BEP 44).  They are signed here, so that a key never
 * leaves its owner, and what comes is verified here again.
 */

/* What the options said. */
struct options {
	bool		 bencoded;	/* -b */
	const char	*keyfile;	/* -k */
	const char	*salt;		/* -s */
	bool		 has_seq, has_cas;
	int64_t		 seq, cas;	/* -q, -c */
};

/* An item that came, or how many nodes took ours. */
struct answer {
	bool		 got;
	struct item	 item;		/* its target is not set */
	uint32_t	 stored;
};

static bool
number(const char *word, bool *given, int64_t *n)
{
	const char	*error;

	*given = true;
	*n = strtonum(word, 0, INT64_MAX, &error);
	if (error != NULL)
		warnx("number \"%s\" is %s", word, error);
	return error == NULL;
}

/* False after saying what is wrong, or the usage. */
static bool
parse(struct options *o, int argc, char **argv, const char *letters)
{
	int	ch;
	bool	good = true;

	memset(o, 0, sizeof(*o));
	while (good && (ch = getopt(argc, argv, letters)) != -1) {
		if (ch == 'b')
			o->bencoded = true;
		else if (ch == 'k')
			o->keyfile = optarg;
		else if (ch == 's')
			o->salt = optarg;
		else if (ch == 'q')
			good = number(optarg, &o->has_seq, &o->seq);
		else if (ch == 'c')
			good = number(optarg, &o->has_cas, &o->cas);
		else {
			command_usage("dht");
			return false;
		}
	}
	if (good && optind + 1 != argc) {
		command_usage("dht");
		return false;
	}
	if (good && o->salt != NULL && strlen(o->salt) > ITEM_SALT_MAX) {
		warnx("the salt has more than %u bytes", ITEM_SALT_MAX);
		return false;
	}
	return good;
}

static size_t
salt_len(const struct options *o)
{
	return o->salt == NULL ? 0 : strlen(o->salt);
}

static const uint8_t *
salt_bytes(const struct options *o)
{
	return (const uint8_t *)(o->salt == NULL ? "" : o->salt);
}

/* ---- what is printed ---- */

static json_t *
hex_or_null(bool given, const uint8_t *p, size_t n)
{
	return given ? text_json_hex(p, n) : json_null();
}

static json_t *
bytes_json(const uint8_t *p, size_t n)
{
	return p != NULL && utf8_valid(p, n) ?
	    json_stringn((const char *)p, n) : json_null();
}

/* What an item is found by, as an object to be added to. */
static json_t *
names_json(const struct item *item)
{
	json_t	*j = json_object();

	json_object_set_new(j, "target",
	    text_json_hex(item->target, sizeof(item->target)));
	json_object_set_new(j, "key",
	    hex_or_null(item->signs, item->key, sizeof(item->key)));
	json_object_set_new(j, "salt", item->nsalt == 0 ? json_null() :
	    bytes_json(item->salt, item->nsalt));
	return j;
}

static void
print_names(const struct mimctl *ctx, const struct item *item)
{
	char	hex[2 * ITEM_KEY_LEN + 1];

	if (ctx->headerless) {
		printf("%s\t", item->signs ? hash_hex(item->key,
		    sizeof(item->key), hex) : "-");
		printf("%s", hash_hex(item->target, sizeof(item->target),
		    hex));
		return;
	}
	if (item->signs)
		printf("key %s\n", hash_hex(item->key, sizeof(item->key),
		    hex));
	printf("target %s\n", hash_hex(item->target, sizeof(item->target),
	    hex));
}

/* ---- ask the daemon ---- */

static void
on_message(const struct msg_in *in, void *arg)
{
	const struct msg_ctl_dht_item	*m = &in->body.ctl_dht_item;
	struct answer			*a = arg;
	bool				 is_signed;

	if (in->type != MSG_CTL_DHT_ITEM)
		return;
	is_signed = m->key.len == ITEM_KEY_LEN && m->sig.len == ITEM_SIG_LEN;
	a->stored = m->stored;
	a->got = item_set(&a->item, m->v.p, m->v.len, m->salt.p, m->salt.len,
	    is_signed ? m->key.p : NULL, m->sig.p, (int64_t)m->seq);
}

static int
ask(const struct mimctl *ctx, enum msg_type type, const void *req,
    struct answer *a)
{
	struct client	*client;
	int		 status;

	memset(a, 0, sizeof(*a));
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = daemon_ask(client, type, req, -1, DAEMON_DISK_MS, NULL,
	    on_message, a);
	client_close(client);
	return status;
}

/* ---- key ---- */

static int
dht_key(const struct mimctl *ctx, int argc, char **argv)
{
	struct options	o;
	struct item	item = { .signs = true };
	uint8_t		seed[ITEM_SEED_LEN];
	int		status;

	if (!parse(&o, argc, argv, "s:"))
		return CTL_USAGE;
	if ((status = keyfile_get(argv[optind], seed)) != CTL_OK)
		return status;
	item_key(seed, item.key);
	explicit_bzero(seed, sizeof(seed));
	item.nsalt = (uint8_t)salt_len(&o);
	memcpy(item.salt, salt_bytes(&o), item.nsalt);
	item_target(item.key, item.salt, item.nsalt, item.target);
	if (ctx->json)
		return text_json_print(names_json(&item));
	print_names(ctx, &item);
	if (ctx->headerless)
		putchar('\n');
	return CTL_OK;
}

/* ---- get ---- */

/* A target, or a key that with a salt comes to one; false: neither. */
static bool
read_target(const char *word, const struct options *o,
    uint8_t target[SHA1_LEN])
{
	uint8_t	key[ITEM_KEY_LEN];

	if (hash_from_hex(word, strlen(word), target, SHA1_LEN))
		return true;
	if (!hash_from_hex(word, strlen(word), key, sizeof(key)))
		return false;
	item_target(key, salt_bytes(o), salt_len(o), target);
	return true;
}

static int
print_item_json(const struct item *item)
{
	const uint8_t	*text;
	char		 hex[2 * ITEM_V_MAX + 1];
	size_t		 n;
	json_t		*j = names_json(item);

	text = value_text(item->v, item->nv, &n);
	json_object_set_new(j, "seq", item->signs ?
	    json_integer((json_int_t)item->seq) : json_null());
	json_object_set_new(j, "text", bytes_json(text, n));
	json_object_set_new(j, "bencoded",
	    json_string(hash_hex(item->v, item->nv, hex)));
	return text_json_print(j);
}

static int
print_item(const struct mimctl *ctx, const struct options *o,
    const struct item *item)
{
	const uint8_t	*text;
	char		 safe[4 * ITEM_V_MAX + 1];
	size_t		 n;

	if (ctx->json)
		return print_item_json(item);
	if (o->bencoded)
		return fwrite(item->v, item->nv, 1, stdout) == 1 ? CTL_OK :
		    CTL_FAILED;
	if ((text = value_text(item->v, item->nv, &n)) == NULL) {
		text = item->v;
		n = item->nv;
	}
	if (ctx->headerless) {
		print_names(ctx, item);
		printf("\t%" PRId64 "\t", item->seq);
	}
	puts(fmt_safe((const char *)text, n, safe, sizeof(safe)));
	return CTL_OK;
}

static int
dht_get(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_dht_get	 req;
	struct options		 o;
	struct answer		 a;
	int			 status;

	if (!parse(&o, argc, argv, "bs:"))
		return CTL_USAGE;
	if (!read_target(argv[optind], &o, req.target)) {
		warnx("\"%s\" is neither a target of 40 nor a key of 64 "
		    "hexadecimal digits", argv[optind]);
		return CTL_USAGE;
	}
	req.salt = (struct blob){ salt_bytes(&o), salt_len(&o) };
	status = ask(ctx, MSG_CTL_DHT_GET, &req, &a);
	if (status != CTL_OK)
		return status;
	if (!a.got || memcmp(a.item.target, req.target, SHA1_LEN) != 0 ||
	    !item_verify(&a.item)) {
		warnx("mimd gave another item than was asked for");
		return CTL_FAILED;
	}
	return print_item(ctx, &o, &a.item);
}

/* ---- put ---- */

/* The value that word is, or that stdin has; 0 after saying what is wrong. */
static size_t
read_value(const struct options *o, const char *word, uint8_t v[ITEM_V_MAX])
{
	char		 buf[ITEM_V_MAX + 1];
	const char	*p = word;
	size_t		 n = strlen(word), nv;

	if (strcmp(word, "-") == 0) {
		p = buf;
		n = fread(buf, 1, sizeof(buf), stdin);
	}
	if (!o->bencoded)
		nv = value_from_text(p, n, v);
	else if ((nv = n <= ITEM_V_MAX ? n : 0) > 0)
		memcpy(v, p, n);
	if (nv == 0 && n > 0)
		warnx("the value is too long: bencoded, it may have %u bytes",
		    ITEM_V_MAX);
	else if (!item_is_bencoded(v, nv)) {
		warnx("the value is not bencoded, with the keys of each "
		    "dictionary in order");
		nv = 0;
	}
	return nv;
}

static int
make(const struct options *o, const char *word, struct item *item)
{
	uint8_t	seed[ITEM_SEED_LEN], v[ITEM_V_MAX];
	size_t	nv;
	int	status;

	if (o->keyfile == NULL && (o->salt != NULL || o->has_seq ||
	    o->has_cas)) {
		warnx("only an item with a key has a salt and a number");
		return CTL_USAGE;
	}
	if (o->keyfile != NULL &&
	    (status = keyfile_read(o->keyfile, seed)) != CTL_OK)
		return status;
	if ((nv = read_value(o, word, v)) == 0)
		return CTL_USAGE;
	/* The clock counts up by itself. */
	if (item_make(item, v, nv, o->keyfile != NULL ? seed : NULL,
	    salt_bytes(o), salt_len(o), o->has_seq ? o->seq :
	    (int64_t)time(NULL)) == -1)
		errx(CTL_FAILED, "cannot make the item");
	explicit_bzero(seed, sizeof(seed));
	return CTL_OK;
}

static int
print_put(const struct mimctl *ctx, const struct item *item, uint32_t stored)
{
	json_t	*j;

	if (ctx->json) {
		j = names_json(item);
		json_object_set_new(j, "seq", item->signs ?
		    json_integer((json_int_t)item->seq) : json_null());
		json_object_set_new(j, "stored", json_integer(stored));
		return text_json_print(j);
	}
	print_names(ctx, item);
	if (ctx->headerless)
		printf("\t%" PRId64 "\t%u\n", item->seq, stored);
	else if (!ctx->quiet) {
		printf("stored at %u node%s", stored, stored == 1 ? "" : "s");
		if (item->signs)
			printf(", seq %" PRId64, item->seq);
		putchar('\n');
	}
	return CTL_OK;
}

static int
dht_put(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_dht_put	 req = { 0 };
	struct options		 o;
	struct item		 item;
	struct answer		 a;
	int			 status;

	if (!parse(&o, argc, argv, "bk:s:q:c:"))
		return CTL_USAGE;
	if ((status = make(&o, argv[optind], &item)) != CTL_OK)
		return status;
	req.v = (struct blob){ item.v, item.nv };
	if (item.signs) {
		req.key = (struct blob){ item.key, sizeof(item.key) };
		req.sig = (struct blob){ item.sig, sizeof(item.sig) };
		req.salt = (struct blob){ item.salt, item.nsalt };
		req.seq = (uint64_t)item.seq;
		req.has_cas = o.has_cas;
		req.cas = (uint64_t)o.cas;
	}
	status = ask(ctx, MSG_CTL_DHT_PUT, &req, &a);
	return status == CTL_OK ? print_put(ctx, &item, a.stored) : status;
}

int
cmd_dht(const struct mimctl *ctx, int argc, char **argv)
{
	static const char *const	orders[] = { "get", "key", "put",
					    NULL };
	static int (*const		fns[])(const struct mimctl *, int,
					    char **) = { dht_get, dht_key,
					    dht_put };
	int				found;

	if (argc < 2)
		return command_usage("dht");
	if ((found = word_get("order", argv[1], orders)) < 0)
		return CTL_USAGE;
	return fns[found](ctx, argc - 1, argv + 1);
}
