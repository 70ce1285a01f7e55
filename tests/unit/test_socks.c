/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "peer/socks.h"

#define SPLIT_MAX	8	/* bytes that it says at once, from 1 on */

/* What the proxy says, and what it is to have heard when it has. */
struct line {
	const char	*says;
	size_t		 nsays;
	const char	*hears;
	size_t		 nhears;
};
#define LINE(says, hears) \
	{ says, sizeof(says) - 1, hears, sizeof(hears) - 1 }

static struct addr
address(const char *host, uint16_t port)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, port), 0);
	return a;
}

static void
hear(struct socks *s, const struct line *l)
{
	assert_int_equal(s->len - s->off, l->nhears);
	assert_memory_equal(s->out + s->off, l->hears, l->nhears);
	if (l->nhears > 1)	/* in two parts */
		socks_sent(s, 1);
	if (l->nhears > 0)
		socks_sent(s, l->nhears - (l->nhears > 1));
	assert_int_equal(s->len, 0);
}

/* In pieces of n bytes, but never more than it wants: how much it took. */
static size_t
say(struct socks *s, const char *p, size_t len, size_t n)
{
	size_t	done, k;

	for (done = 0; done < len && s->want == SOCKS_INPUT; done += k) {
		k = socks_room(s);
		assert_true(k > 0);
		if (k > n)
			k = n;
		if (k > len - done)
			k = len - done;
		socks_feed(s, (const uint8_t *)p + done, k);
	}
	return done;
}

/* The same talk, whatever parts the answers come in. */
static void
talk(const struct addr *to, const char *user, const char *password,
    const struct line *lines, size_t n, enum socks_want want)
{
	struct socks	s;
	size_t		split, i;

	for (split = 1; split <= SPLIT_MAX; split++) {
		socks_connect(&s, to, user, password);
		for (i = 0; i < n; i++) {
			assert_int_equal(s.want, SOCKS_INPUT);
			hear(&s, &lines[i]);
			assert_int_equal(say(&s, lines[i].says,
			    lines[i].nsays, split), lines[i].nsays);
		}
		assert_int_equal(s.want, want);
		assert_int_equal(socks_room(&s), 0);
		assert_int_equal(s.len, 0);
		assert_true((s.why == NULL) == (want == SOCKS_DONE));
	}
}

#define TALK(to, user, password, want, ...) do {			\
	static const struct line	lines[] = { __VA_ARGS__ };	\
	talk(to, user, password, lines,					\
	    sizeof(lines) / sizeof(lines[0]), want);			\
} while (0)

static void
test_plain(void **state)
{
	struct addr	v4 = address("10.1.2.3", 0x1ae1);
	struct addr	v6 = address("2001:db8::5", 80);

	(void)state;
	TALK(&v4, NULL, NULL, SOCKS_DONE, LINE("\5\0", "\5\1\0"),
	    LINE("\5\0\0\1\1\2\3\4\5\6",
	    "\5\1\0\1\12\1\2\3\x1a\xe1"));
	TALK(&v6, "", "", SOCKS_DONE, LINE("\5\0", "\5\1\0"),
	    LINE("\5\0\xff\4\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7\0\0",
	    "\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5\0\x50"));
	/* A proxy that tells its own name, even an empty one. */
	TALK(&v4, NULL, NULL, SOCKS_DONE, LINE("\5\0", "\5\1\0"),
	    LINE("\5\0\0\3\5proxy\0\1", "\5\1\0\1\12\1\2\3\x1a\xe1"));
	TALK(&v4, NULL, NULL, SOCKS_DONE, LINE("\5\0", "\5\1\0"),
	    LINE("\5\0\0\3\0\0\1", "\5\1\0\1\12\1\2\3\x1a\xe1"));
}

/* What follows the answer is the peer's: it is never asked for. */
static void
test_what_follows(void **state)
{
	static const char	reply[] = "\5\0\0\1\1\2\3\4\5\6peer";
	struct addr		to = address("10.1.2.3", 1);
	struct socks		s;

	(void)state;
	socks_connect(&s, &to, NULL, NULL);
	say(&s, "\5\0", 2, 2);
	assert_int_equal(say(&s, reply, sizeof(reply) - 1, 100), 10);
	assert_int_equal(s.want, SOCKS_DONE);
	assert_int_equal(socks_room(&s), 0);
}

static void
test_login(void **state)
{
	struct addr	to = address("10.1.2.3", 1);
	struct socks	s;
	char		longest[SOCKS_WORD_MAX + 1], longer[SOCKS_WORD_MAX + 9];

	(void)state;
	TALK(&to, "bob", "pw", SOCKS_DONE, LINE("\5\2", "\5\2\0\2"),
	    LINE("\1\0", "\1\3bob\2pw"),
	    LINE("\5\0\0\1\0\0\0\0\0\0", "\5\1\0\1\12\1\2\3\0\1"));
	TALK(&to, "bob", "", SOCKS_DONE, LINE("\5\2", "\5\2\0\2"),
	    LINE("\1\0", "\1\3bob\0"),
	    LINE("\5\0\0\1\0\0\0\0\0\0", "\5\1\0\1\12\1\2\3\0\1"));
	/* It does not insist. */
	TALK(&to, "bob", "pw", SOCKS_DONE, LINE("\5\0", "\5\2\0\2"),
	    LINE("\5\0\0\1\0\0\0\0\0\0", "\5\1\0\1\12\1\2\3\0\1"));
	TALK(&to, "bob", "pw", SOCKS_FAILED, LINE("\5\2", "\5\2\0\2"),
	    LINE("\1\1", "\1\3bob\2pw"));
	TALK(&to, "bob", "pw", SOCKS_FAILED, LINE("\5\2", "\5\2\0\2"),
	    LINE("\5\0", "\1\3bob\2pw"));

	memset(longest, 'x', SOCKS_WORD_MAX);
	longest[SOCKS_WORD_MAX] = '\0';
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	socks_connect(&s, &to, longest, longer);
	socks_sent(&s, s.len);
	say(&s, "\5\2", 2, 2);
	assert_int_equal(s.len, SOCKS_OUT_MAX);
	assert_int_equal(s.out[1], SOCKS_WORD_MAX);
	assert_int_equal(s.out[2 + SOCKS_WORD_MAX], SOCKS_WORD_MAX);
}

static void
test_methods(void **state)
{
	struct addr	to = address("10.1.2.3", 1);
	struct socks	s;
	unsigned int	m;
	uint8_t		in[2] = { 5, 0 };
	int		login;

	(void)state;
	for (m = 1; m < 256; m++) {
		for (login = 0; login < 2; login++) {
			socks_connect(&s, &to, login ? "bob" : NULL, NULL);
			in[1] = (uint8_t)m;
			socks_feed(&s, in, 2);
			assert_int_equal(s.want, login && m == 2 ?
			    SOCKS_INPUT : SOCKS_FAILED);
			assert_true(s.answered);
		}
	}
	TALK(&to, NULL, NULL, SOCKS_FAILED, LINE("\5\xff", "\5\1\0"));
	TALK(&to, "bob", "pw", SOCKS_FAILED, LINE("\5\xff", "\5\2\0\2"));
}

/* Each reply, and who is to blame: the peer's end but for one. */
static void
test_refusals(void **state)
{
	struct addr	to = address("10.1.2.3", 1);
	struct socks	s;
	uint8_t		in[2] = { 5, 0 };
	unsigned int	reply;

	(void)state;
	for (reply = 1; reply < 256; reply++) {
		socks_connect(&s, &to, NULL, NULL);
		socks_feed(&s, (const uint8_t *)"\5\0", 2);
		in[1] = (uint8_t)reply;
		socks_feed(&s, in, 2);
		assert_int_equal(s.want, reply == 7 ? SOCKS_FAILED :
		    SOCKS_REFUSED);
		assert_non_null(s.why);
		assert_int_equal(socks_room(&s), 0);
	}
	socks_connect(&s, &to, NULL, NULL);
	socks_feed(&s, (const uint8_t *)"\5\0", 2);
	socks_feed(&s, (const uint8_t *)"\5\5", 2);
	assert_string_equal(s.why, "connection refused");
}

/* Another protocol, or another version of this one. */
static void
test_not_socks(void **state)
{
	struct addr	to = address("10.1.2.3", 1);
	struct socks	s;
	unsigned int	i;
	uint8_t		in[2] = { 0, 0 }, address_in[3] = { 0, 0, 9 };

	(void)state;
	for (i = 0; i < 256; i++) {
		if (i == 5)
			continue;
		in[0] = (uint8_t)i;
		socks_connect(&s, &to, NULL, NULL);
		socks_feed(&s, in, 2);
		assert_int_equal(s.want, SOCKS_FAILED);
		assert_false(s.answered);
		socks_connect(&s, &to, NULL, NULL);
		socks_feed(&s, (const uint8_t *)"\5\0", 2);
		socks_feed(&s, in, 2);
		assert_int_equal(s.want, SOCKS_FAILED);
	}
	for (i = 0; i < 256; i++) {
		socks_connect(&s, &to, NULL, NULL);
		socks_feed(&s, (const uint8_t *)"\5\0", 2);
		socks_feed(&s, (const uint8_t *)"\5\0", 2);
		address_in[1] = (uint8_t)i;
		socks_feed(&s, address_in, 3);
		assert_int_equal(s.want, i == 1 || i == 3 || i == 4 ?
		    SOCKS_INPUT : SOCKS_FAILED);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_what_follows),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_not_socks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
