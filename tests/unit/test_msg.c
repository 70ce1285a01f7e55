/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

/*
 * Every test walks the table: a message added to msg.def is tested at once.
 * Frames are packed here by hand, so that they can be wrong on purpose.
 */
enum defect {
	AT_MIN, AT_MAX,			/* good */
	BELOW_MIN, ABOVE_MAX, WRONG_TYPE	/* bad */
};

struct maker {
	msgpack_packer	 pk;
	msgpack_sbuffer	 out;
	enum defect	 defect;
	int		 victim;	/* which field has it; -1: all */
	int		 at;		/* the field in hand */
	bool		 possible;	/* the victim can have the defect */
};

static uint8_t	frame[MSG_SIZE_MAX * 4];
static char	filler[MSG_SIZE_MAX * 2];

static void make_fields(struct maker *, const struct msg_field *);

static void
make_uint(struct maker *m, const struct msg_field *f, enum defect d)
{
	if (d == WRONG_TYPE)
		msgpack_pack_int64(&m->pk, -1);
	else if (d == ABOVE_MAX && f->max < UINT64_MAX)
		msgpack_pack_uint64(&m->pk, f->max + 1);
	else if (d == BELOW_MIN && f->min > 0)
		msgpack_pack_uint64(&m->pk, f->min - 1);
	else {
		if (d == ABOVE_MAX || d == BELOW_MIN)
			m->possible = false;
		msgpack_pack_uint64(&m->pk, d == AT_MAX ? f->max : f->min);
	}
}

static void
make_bytes(struct maker *m, const struct msg_field *f, enum defect d)
{
	size_t	len = f->min;
	bool	str = f->kind == FIELD_STR;

	if (d == AT_MAX)
		len = f->max;
	if (d == ABOVE_MAX)
		len = f->max + 1;
	if (d == BELOW_MIN) {
		if (f->min > 0)
			len = f->min - 1;
		else
			m->possible = false;
	}
	if (str != (d == WRONG_TYPE)) {
		msgpack_pack_str(&m->pk, len);
		msgpack_pack_str_body(&m->pk, filler, len);
	} else {
		msgpack_pack_bin(&m->pk, len);
		msgpack_pack_bin_body(&m->pk, filler, len);
	}
}

static void
make_list(struct maker *m, const struct msg_field *f, enum defect d)
{
	size_t	i, n = 1, nfields = 0;
	int	first = m->at + 1;	/* number of a record's first field */

	while (f->rec->fields[nfields].kind != FIELD_END)
		nfields++;
	m->at = first + (int)nfields - 1;
	if (d == WRONG_TYPE) {
		msgpack_pack_uint64(&m->pk, 0);
		return;
	}
	if (d == ABOVE_MAX)
		n = f->max + 1;
	if (d == BELOW_MIN)
		m->possible = false;
	if (m->victim == -1)		/* a good message: none, or a few */
		n = d == AT_MIN ? 0 : 2;
	msgpack_pack_array(&m->pk, n);
	for (i = 0; i < n; i++) {
		msgpack_pack_array(&m->pk, nfields);
		m->at = first;
		make_fields(m, f->rec->fields);
		m->at--;
	}
}

static void
make_fields(struct maker *m, const struct msg_field *f)
{
	enum defect	d;

	for (; f->kind != FIELD_END; f++, m->at++) {
		d = m->victim == -1 || m->victim == m->at ?
		    m->defect : AT_MIN;
		switch (f->kind) {
		case FIELD_UINT:
			make_uint(m, f, d);
			break;
		case FIELD_FLAG:
			if (d == WRONG_TYPE)
				msgpack_pack_uint64(&m->pk, 1);
			else if (d == AT_MAX)
				msgpack_pack_true(&m->pk);
			else
				msgpack_pack_false(&m->pk);
			if (d == BELOW_MIN || d == ABOVE_MAX)
				m->possible = false;
			break;
		case FIELD_LIST:
			make_list(m, f, d);
			break;
		default:
			make_bytes(m, f, d);
			break;
		}
	}
}

/* A frame with one defect; 0 if the victim cannot have it. */
static size_t
make(uint32_t type, int victim, enum defect defect, int *nfields)
{
	struct maker		 m = {
		.defect = defect, .victim = victim, .possible = true
	};
	const struct msg_desc	*d = msg_desc(type);
	size_t			 len, n = 0;

	while (d->fields[n].kind != FIELD_END)
		n++;
	msgpack_sbuffer_init(&m.out);
	msgpack_packer_init(&m.pk, &m.out, msgpack_sbuffer_write);
	msgpack_pack_array(&m.pk, n + 1);
	msgpack_pack_uint32(&m.pk, type);
	make_fields(&m, d->fields);
	len = m.out.size;
	assert_true(len <= sizeof(frame));
	memcpy(frame, m.out.data, len);
	msgpack_sbuffer_destroy(&m.out);
	if (nfields != NULL)
		*nfields = m.at;
	return m.possible ? len : 0;
}

static int
setup(void **state)
{
	memset(filler, 'x', sizeof(filler));
	*state = msg_in_new();
	return 0;
}

static int
teardown(void **state)
{
	msg_in_free(*state);
	return 0;
}

static void
every_message_passes_at_its_limits(void **state)
{
	struct msg_in	*in = *state;
	static uint8_t	 again[MSG_SIZE_MAX];
	const char	*why;
	uint32_t	 type;
	size_t		 len;
	int		 d;

	for (type = 0; type < MSG_COUNT; type++) {
		for (d = AT_MIN; d <= AT_MAX; d++) {
			len = make(type, -1, (enum defect)d, NULL);
			assert_int_equal(msg_decode(in, frame, len, &why), 0);
			assert_int_equal(in->type, type);
			/* Encoding is canonical: the same bytes again. */
			assert_int_equal(msg_encode(type, &in->body, again,
			    sizeof(again)), len);
			assert_memory_equal(again, frame, len);
		}
	}
}

static void
every_field_is_held_to_its_bounds(void **state)
{
	struct msg_in	*in = *state;
	const char	*why;
	uint32_t	 type;
	size_t		 len;
	int		 d, victim, nfields;

	for (type = 0; type < MSG_COUNT; type++) {
		make(type, -1, AT_MAX, &nfields);
		for (victim = 0; victim < nfields; victim++) {
			for (d = BELOW_MIN; d <= WRONG_TYPE; d++) {
				len = make(type, victim, (enum defect)d, NULL);
				if (len == 0)
					continue;
				if (msg_decode(in, frame, len, &why) != -1)
					fail_msg("%s: field %d, defect %d",
					    msg_name(type), victim, d);
			}
		}
	}
}

static void
truncated_at_every_byte(void **state)
{
	struct msg_in	*in = *state;
	const char	*why;
	uint8_t		*exact;
	uint32_t	 type;
	size_t		 len, cut;

	for (type = 0; type < MSG_COUNT; type++) {
		len = make(type, -1, AT_MAX, NULL);
		for (cut = 0; cut < len; cut++) {
			/* An allocation of its own, for the sanitizer. */
			exact = malloc(cut + 1);
			memcpy(exact, frame, cut);
			assert_int_equal(msg_decode(in, exact, cut, &why),
			    -1);
			free(exact);
		}
	}
}

static void
trailing_byte_and_extra_field(void **state)
{
	struct msg_in	*in = *state;
	const char	*why;
	uint32_t	 type;
	size_t		 len;

	for (type = 0; type < MSG_COUNT; type++) {
		len = make(type, -1, AT_MIN, NULL);
		frame[len] = 0xc2;
		assert_int_equal(msg_decode(in, frame, len + 1, &why), -1);
		assert_int_equal(frame[0] & 0xf0,
		    frame[0] == 0xdc ? 0xd0 : 0x90);
		if (frame[0] == 0xdc)		/* array 16 */
			frame[2]++;
		else if ((frame[0] & 0x0f) < 15)
			frame[0]++;
		else
			continue;
		assert_int_equal(msg_decode(in, frame, len + 1, &why), -1);
		assert_string_equal(why, "wrong number of fields");
	}
}

static void
only_the_declared_direction(void **state)
{
	const struct msg_desc	*d;
	const char		*why;
	uint32_t		 type, from, to, phase;
	bool			 ok;

	(void)state;
	for (type = 0; type < MSG_COUNT; type++) {
		d = msg_desc(type);
		for (from = 0; from < ROLE_COUNT; from++) {
			for (to = 0; to < ROLE_COUNT; to++) {
				phase = d->phases & PHASE_RUN ? PHASE_RUN :
				    PHASE_SETUP;
				ok = (d->from >> from & 1) &&
				    (d->to >> to & 1);
				assert_int_equal(msg_allowed(type, from, to,
				    (uint8_t)phase, d->fd, &why),
				    ok ? 0 : -1);
				assert_int_equal(msg_allowed(type, from, to,
				    (uint8_t)phase, !d->fd, &why), -1);
				if (ok && d->phases != (PHASE_SETUP |
				    PHASE_RUN))
					assert_int_equal(msg_allowed(type,
					    from, to, (uint8_t)(phase ^
					    (PHASE_SETUP | PHASE_RUN)), d->fd,
					    &why), -1);
			}
		}
	}
	assert_int_equal(msg_allowed(MSG_COUNT, ROLE_PARENT, ROLE_PEER,
	    PHASE_RUN, false, &why), -1);
}

static void
every_message_has_someone_at_each_end(void **state)
{
	const struct msg_desc	*d;
	uint32_t		 type;

	(void)state;
	for (type = 0; type < MSG_COUNT; type++) {
		d = msg_desc(type);
		assert_true(d->from != 0 && d->to != 0);
		assert_int_equal(d->from & d->to, 0);
		/* A child sends no descriptor to anyone. */
		if (d->fd)
			assert_int_equal(d->from & TO_CHILDREN, 0);
	}
}

static void
a_nul_inside_a_string_is_refused(void **state)
{
	struct msg_in	*in = *state;
	struct msg_log	 m = { .level = 0, .text = "two" };
	const char	*why;
	ssize_t		 len;

	len = msg_encode(MSG_LOG, &m, frame, sizeof(frame));
	assert_true(len > 0);
	frame[len - 2] = '\0';
	assert_int_equal(msg_decode(in, frame, (size_t)len, &why), -1);
}

static void
hostile_frames(void **state)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} frames[] = {
		{ "", 0 },
		{ "\xdd\x08\x00\x00\x00", 5 },
		{ "\xdd\xff\xff\xff\xff", 5 },
		{ "\xc0\xff\xff", 3 },
		{ "\x81\x01\x02", 3 },			/* map */
		{ "\x91\xcb\0\0\0\0\0\0\0\0", 10 },	/* float */
		{ "\x91\xff", 2 },			/* -1 */
		{ "\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 10 },
		{ "\x90", 1 },
		{ "\xc7\x01\x01\x01", 4 },		/* ext */
		{ "\x91\xdb\xff\xff\xff\xff", 6 },
		{ "\x91\xc6\xff\xff\xff\xff", 6 },
		{ "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x00", 11 }
	};
	struct msg_in	*in = *state;
	const char	*why;
	uint8_t		 nested[100];
	size_t		 i;

	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		assert_int_equal(msg_decode(in,
		    (const uint8_t *)frames[i].bytes, frames[i].len, &why),
		    -1);
	for (i = 0; i < sizeof(nested); i += 5)
		memcpy(nested + i, "\xdd\x08\x00\x00\x00", 5);
	assert_int_equal(msg_decode(in, nested, sizeof(nested), &why), -1);
	memset(frame, 0x90, MSG_SIZE_MAX + 1);
	assert_int_equal(msg_decode(in, frame, MSG_SIZE_MAX + 1, &why), -1);
}

static void
what_does_not_fit_is_not_encoded(void **state)
{
	struct rec_tracker	urls[32];
	struct msg_torrent_trackers m = {
		.id = 1, .trackers = { urls, 32 }
	};
	char			url[URL_MAX + 2];
	size_t			i;

	(void)state;
	memset(url, 'u', sizeof(url));
	url[URL_MAX] = '\0';
	for (i = 0; i < 32; i++)
		urls[i] = (struct rec_tracker){ .url = url };
	assert_true(msg_encode(MSG_TORRENT_TRACKERS, &m, frame,
	    sizeof(frame)) > 0);
	assert_int_equal(msg_encode(MSG_TORRENT_TRACKERS, &m, frame, 1000),
	    -1);
	m.trackers.n = 33;
	assert_int_equal(msg_encode(MSG_TORRENT_TRACKERS, &m, frame,
	    sizeof(frame)), -1);
	m.trackers.n = 1;
	url[URL_MAX] = 'u';
	url[URL_MAX + 1] = '\0';
	assert_int_equal(msg_encode(MSG_TORRENT_TRACKERS, &m, frame,
	    sizeof(frame)), -1);
	m.id = 0;
	m.trackers.n = 0;
	assert_int_equal(msg_encode(MSG_TORRENT_TRACKERS, &m, frame,
	    sizeof(frame)), -1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(every_message_passes_at_its_limits),
		cmocka_unit_test(every_field_is_held_to_its_bounds),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(trailing_byte_and_extra_field),
		cmocka_unit_test(only_the_declared_direction),
		cmocka_unit_test(every_message_has_someone_at_each_end),
		cmocka_unit_test(a_nul_inside_a_string_is_refused),
		cmocka_unit_test(hostile_frames),
		cmocka_unit_test(what_does_not_fit_is_not_encoded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
