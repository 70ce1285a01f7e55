/* SPDX-License-Identifier: ISC */
#include <msgpack.h>

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "mem.h"
#include "msg.h"

#define SCRATCH_ALIGN	8

static uint32_t
field_count(const struct msg_field *f)
{
	uint32_t	n = 0;

	while (f[n].kind != FIELD_END)
		n++;
	return n;
}

/* ---- unsigned fields of any width ---- */

static uint64_t
uint_load(const void *p, size_t size)
{
	uint64_t	v64;
	uint32_t	v32;
	uint16_t	v16;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&v16, p, sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, p, sizeof(v32));
		return v32;
	default:
		memcpy(&v64, p, sizeof(v64));
		return v64;
	}
}

static void
uint_store(void *p, size_t size, uint64_t v)
{
	uint32_t	v32 = (uint32_t)v;
	uint16_t	v16 = (uint16_t)v;

	switch (size) {
	case 1:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		memcpy(p, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(p, &v32, sizeof(v32));
		break;
	default:
		memcpy(p, &v, sizeof(v));
		break;
	}
}

/* The shape that every LIST(rec, name, max) member has; copied, not cast. */
struct any_list {
	const void	*v;
	uint32_t	 n;
};

/* ---- encoding ---- */

struct out {
	uint8_t	*buf;
	size_t	 size, len;
};

static int
out_write(void *arg, const char *p, size_t len)
{
	struct out	*out = arg;

	if (len > out->size - out->len)
		return -1;
	memcpy(out->buf + out->len, p, len);
	out->len += len;
	return 0;
}

static int encode_fields(msgpack_packer *, const struct msg_field *,
    const uint8_t *);

static int
encode_bytes(msgpack_packer *pk, const void *p, size_t len)
{
	if (msgpack_pack_bin(pk, len) != 0)
		return -1;
	return len > 0 ? msgpack_pack_bin_body(pk, p, len) : 0;
}

static int
encode_str(msgpack_packer *pk, const struct msg_field *f, const char *s)
{
	size_t	len;

	if (s == NULL)
		s = "";
	if ((len = strlen(s)) > f->max || msgpack_pack_str(pk, len) != 0)
		return -1;
	return len > 0 ? msgpack_pack_str_body(pk, s, len) : 0;
}

static int
encode_list(msgpack_packer *pk, const struct msg_field *f, const void *src)
{
	struct any_list	 list;
	const uint8_t	*p;
	uint32_t	 i, nfields = field_count(f->rec->fields);

	memcpy(&list, src, sizeof(list));
	if (list.n > f->max || msgpack_pack_array(pk, list.n) != 0)
		return -1;
	for (i = 0, p = list.v; i < list.n; i++, p += f->rec->size) {
		if (msgpack_pack_array(pk, nfields) != 0 ||
		    encode_fields(pk, f->rec->fields, p) == -1)
			return -1;
	}
	return 0;
}

static int
encode_field(msgpack_packer *pk, const struct msg_field *f, const uint8_t *p)
{
	const struct blob	*blob;
	uint64_t		 v;

	switch (f->kind) {
	case FIELD_UINT:
		v = uint_load(p, f->size);
		if (v < f->min || v > f->max)
			return -1;
		return msgpack_pack_uint64(pk, v);
	case FIELD_FLAG:
		return *(const bool *)p ? msgpack_pack_true(pk) :
		    msgpack_pack_false(pk);
	case FIELD_HASH:
		return encode_bytes(pk, p, f->size);
	case FIELD_BLOB:
		blob = (const struct blob *)p;
		if (blob->len < f->min || blob->len > f->max)
			return -1;
		return encode_bytes(pk, blob->p, blob->len);
	case FIELD_STR:
		return encode_str(pk, f, *(const char *const *)p);
	case FIELD_LIST:
		return encode_list(pk, f, p);
	case FIELD_END:
		break;
	}
	return -1;
}

static int
encode_fields(msgpack_packer *pk, const struct msg_field *f,
    const uint8_t *body)
{
	for (; f->kind != FIELD_END; f++)
		if (encode_field(pk, f, body + f->off) != 0)
			return -1;
	return 0;
}

ssize_t
msg_encode(enum msg_type type, const void *body, uint8_t *buf, size_t size)
{
	const struct msg_desc	*d = msg_desc(type);
	msgpack_packer		 pk;
	struct out		 out = { buf, size, 0 };

	if (out.size > MSG_SIZE_MAX)
		out.size = MSG_SIZE_MAX;
	msgpack_packer_init(&pk, &out, out_write);
	if (msgpack_pack_array(&pk, field_count(d->fields) + 1) != 0 ||
	    msgpack_pack_uint32(&pk, type) != 0 ||
	    encode_fields(&pk, d->fields, body) == -1)
		return -1;
	return (ssize_t)out.len;
}

/* ---- decoding ---- */

struct msg_in *
msg_in_new(void)
{
	return xcalloc(1, sizeof(struct msg_in));
}

void
msg_in_free(struct msg_in *in)
{
	if (in == NULL)
		return;
	free(in->scratch);
	free(in);
}

/* Room for all lists and strings, so that pointers into it stay good. */
static void
scratch_reserve(struct msg_in *in, size_t need)
{
	in->scratch_used = 0;
	if (need <= in->scratch_size)
		return;
	free(in->scratch);
	in->scratch = xmalloc(need);
	in->scratch_size = need;
}

static void *
scratch_take(struct msg_in *in, size_t size)
{
	void	*p = in->scratch + in->scratch_used;

	in->scratch_used += (size + SCRATCH_ALIGN - 1) &
	    ~(size_t)(SCRATCH_ALIGN - 1);
	return p;
}

/* Bytes of scratch that a message's lists take; -1 if one is too long. */
static ssize_t
lists_size(const struct msg_field *f, const msgpack_object *o)
{
	size_t	sum = 0;

	for (; f->kind != FIELD_END; f++, o++) {
		if (f->kind != FIELD_LIST)
			continue;
		if (o->type != MSGPACK_OBJECT_ARRAY ||
		    o->via.array.size > f->max)
			return -1;
		sum += o->via.array.size * f->rec->size + SCRATCH_ALIGN;
	}
	return (ssize_t)sum;
}

static int decode_fields(struct msg_in *, const struct msg_field *,
    const msgpack_object *, uint8_t *);

static int
decode_bin(const struct msg_field *f, const msgpack_object *o)
{
	return o->type == MSGPACK_OBJECT_BIN && o->via.bin.size >= f->min &&
	    o->via.bin.size <= f->max ? 0 : -1;
}

static int
decode_str(struct msg_in *in, const struct msg_field *f,
    const msgpack_object *o, const char **dst)
{
	char		*s;
	uint32_t	 len = o->via.str.size;

	if (o->type != MSGPACK_OBJECT_STR || len > f->max ||
	    (len > 0 && memchr(o->via.str.ptr, '\0', len) != NULL))
		return -1;
	s = scratch_take(in, (size_t)len + 1);
	if (len > 0)
		memcpy(s, o->via.str.ptr, len);
	s[len] = '\0';
	*dst = s;
	return 0;
}

static int
decode_list(struct msg_in *in, const struct msg_field *f,
    const msgpack_object *o, void *dst)
{
	const msgpack_object	*e = o->via.array.ptr;
	struct any_list		 list;
	uint8_t			*p;
	uint32_t		 i, nfields = field_count(f->rec->fields);

	p = scratch_take(in, o->via.array.size * f->rec->size);
	list.v = p;
	list.n = o->via.array.size;
	memcpy(dst, &list, sizeof(list));
	for (i = 0; i < list.n; i++, e++, p += f->rec->size) {
		if (e->type != MSGPACK_OBJECT_ARRAY ||
		    e->via.array.size != nfields)
			return -1;
		memset(p, 0, f->rec->size);
		if (decode_fields(in, f->rec->fields, e->via.array.ptr,
		    p) == -1)
			return -1;
	}
	return 0;
}

static int
decode_field(struct msg_in *in, const struct msg_field *f,
    const msgpack_object *o, uint8_t *p)
{
	struct blob	*blob;

	switch (f->kind) {
	case FIELD_UINT:
		if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
		    o->via.u64 < f->min || o->via.u64 > f->max)
			return -1;
		uint_store(p, f->size, o->via.u64);
		return 0;
	case FIELD_FLAG:
		if (o->type != MSGPACK_OBJECT_BOOLEAN)
			return -1;
		*(bool *)p = o->via.boolean;
		return 0;
	case FIELD_HASH:
		if (decode_bin(f, o) == -1)
			return -1;
		memcpy(p, o->via.bin.ptr, f->size);
		return 0;
	case FIELD_BLOB:
		if (decode_bin(f, o) == -1)
			return -1;
		blob = (struct blob *)p;
		blob->p = (const uint8_t *)o->via.bin.ptr;
		blob->len = o->via.bin.size;
		return 0;
	case FIELD_STR:
		return decode_str(in, f, o, (const char **)p);
	case FIELD_LIST:
		return decode_list(in, f, o, p);
	case FIELD_END:
		break;
	}
	return -1;
}

static int
decode_fields(struct msg_in *in, const struct msg_field *f,
    const msgpack_object *o, uint8_t *body)
{
	for (; f->kind != FIELD_END; f++, o++)
		if (decode_field(in, f, o, body + f->off) == -1)
			return -1;
	return 0;
}

static int
decode_root(struct msg_in *in, const msgpack_object *root, size_t len,
    const char **why)
{
	const struct msg_desc	*d;
	const msgpack_object	*o = root->via.array.ptr;
	ssize_t			 lists;

	*why = "message without a number";
	if (root->type != MSGPACK_OBJECT_ARRAY || root->via.array.size == 0 ||
	    o->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return -1;
	*why = "unknown message";
	if (o->via.u64 >= MSG_COUNT)
		return -1;
	in->type = (uint32_t)o->via.u64;
	d = msg_desc(in->type);
	*why = "wrong number of fields";
	if (root->via.array.size != field_count(d->fields) + 1)
		return -1;
	*why = "field out of bounds";
	if ((lists = lists_size(d->fields, o + 1)) == -1)
		return -1;
	/* A string takes its bytes, a NUL and padding; a header is a byte. */
	scratch_reserve(in, (size_t)lists + len * (SCRATCH_ALIGN + 1));
	memset(&in->body, 0, d->size);
	return decode_fields(in, d->fields, o + 1, (uint8_t *)&in->body);
}

ssize_t
msg_decode_first(struct msg_in *in, const uint8_t *buf, size_t len,
    const char **why)
{
	msgpack_unpacked	 result;
	size_t			 off = 0;
	int			 r = -1;

	*why = "malformed frame";
	if (len > MSG_SIZE_MAX || (len = frame_length(buf, len)) == 0)
		return -1;
	msgpack_unpacked_init(&result);
	if (msgpack_unpack_next(&result, (const char *)buf, len, &off) ==
	    MSGPACK_UNPACK_SUCCESS && off == len)
		r = decode_root(in, &result.data, len, why);
	msgpack_unpacked_destroy(&result);
	return r == -1 ? -1 : (ssize_t)len;
}

int
msg_decode(struct msg_in *in, const uint8_t *buf, size_t len,
    const char **why)
{
	ssize_t	used = msg_decode_first(in, buf, len, why);

	if (used == -1)
		return -1;
	if ((size_t)used == len)
		return 0;
	*why = "malformed frame";
	return -1;
}

int
msg_dispatch(const union msg_fn *fns, struct msg_in *in, struct chan *c,
    void *arg)
{
	if (fns[in->type].any == NULL)
		return -1;
	switch (in->type) {
#define MSG(name, NAME, from, to, phase, fd) \
	case MSG_##NAME: \
		fns[MSG_##NAME].name(c, &in->body.name, arg); \
		break;
#include "msg.def"
	}
	return 0;
}
