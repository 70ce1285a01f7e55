/* SPDX-License-Identifier: ISC */
/* Web seeds: URLs, what answers are taken, paces, and their share of pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bitfield.h"
#include "mimd/peer/picker_piece.h"
#include "mimd/peer/reserve.h"
#include "mimd/tracker/range.h"
#include "mimd/tracker/seed_pace.h"
#include "url.h"

#define NPIECES	64U

/* ---- URLs (BEP 19) ---- */

static void
url_is(const char *seed, bool single, const char *path, const char *want)
{
	struct url	 base, u;
	const char	*why;
	char		 buf[2 * URL_LEN_MAX];

	assert_int_equal(url_parse(&base, seed, &why), 0);
	if (want == NULL) {
		assert_int_equal(range_url(&u, &base, single, path), -1);
		return;
	}
	assert_int_equal(range_url(&u, &base, single, path), 0);
	assert_true(url_format(&u, buf, sizeof(buf)) > 0);
	assert_string_equal(buf, want);
}

static void
test_urls(void **state)
{
	char	longest[URL_LEN_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[URL_LEN_MAX] = '\0';
	url_is("http://h/f.iso", true, "name", "http://h/f.iso");
	url_is("http://h/d/", true, "a%20b", "http://h/d/a%20b");
	url_is("http://h", true, "n", "http://h/n");
	url_is("http://h/d", false, "n/f", "http://h/d/n/f");
	url_is("http://h/d/", false, "n/f", "http://h/d/n/f");
	url_is("https://h:444/d?key=1", false, "n/f",
	    "https://h:444/d/n/f?key=1");
	url_is("http://h/f?key=1", true, "n", "http://h/f?key=1");
	url_is("http://h/d", false, "", NULL);
	url_is("http://h/d", false, longest, NULL);
}

static void
test_escape(void **state)
{
	char	buf[64];

	(void)state;
	assert_int_equal(url_escape("a b+[\xc3\xbc]/~", 10, true, buf,
	    sizeof(buf)), 22);
	assert_string_equal(buf, "a%20b%2B%5B%C3%BC%5D/~");
	assert_int_equal(url_escape("a/b", 3, false, buf, sizeof(buf)), 5);
	assert_string_equal(buf, "a%2Fb");
	assert_int_equal(url_escape("abcd", 4, false, buf, 4), -1);
	assert_int_equal(url_escape("", 0, false, buf, 0), -1);
}

/* ---- answers ---- */

static enum range_verdict
judge(long status, const char *head, uint64_t first, uint64_t last,
    uint64_t size)
{
	struct range_want	 want = { first, last, size };
	struct range_answer	 a = { .retry = 7 };
	const char		*p, *end, *why;

	range_header(&a, "HTTP/1.1 100 Continue\r\n", 23);
	assert_int_equal(a.retry, 0);
	for (p = head; *p != '\0'; p = end) {
		end = p + strcspn(p, "\n");
		end += *end != '\0';
		range_header(&a, p, (size_t)(end - p));
	}
	return range_judge(&a, status, &want, &why);
}

static void
test_answers(void **state)
{
	(void)state;
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/100\r\n"
	    "content-length: 5\r\n", 5, 9, 100), RANGE_TAKE);
	assert_int_equal(judge(206, "content-range:bytes 5-9/*\n", 5, 9, 100),
	    RANGE_TAKE);
	/* Another part, none named, two of them, one too short. */
	assert_int_equal(judge(206, "Content-Range: bytes 5-8/100\r\n", 5, 9,
	    100), RANGE_FAILED);
	assert_int_equal(judge(206, "", 5, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/100\n"
	    "Content-Range: bytes 5-9/100\n", 5, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/100\n"
	    "Content-Length: 4\n", 5, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(206, "Content-Range: bytes "
	    "5-9/99999999999999999999\n", 5, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(206, "Content-Range: bytes 9-5/100\n", 9, 5,
	    100), RANGE_FAILED);
	/* The file is another one. */
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/101\r\n", 5, 9,
	    100), RANGE_ABSENT);
	assert_int_equal(judge(404, "", 5, 9, 100), RANGE_ABSENT);
	assert_int_equal(judge(416, "", 5, 9, 100), RANGE_ABSENT);
	assert_int_equal(judge(200, "Content-Length: 99\n", 0, 9, 100),
	    RANGE_ABSENT);
	/* All of the file in place of a part. */
	assert_int_equal(judge(200, "Content-Length: 100\n", 0, 9, 100),
	    RANGE_SKIP);
	assert_int_equal(judge(200, "", 0, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(200, "Content-Length: 9999999\n",
	    RANGE_SKIP_MAX + 1, RANGE_SKIP_MAX + 2, 9999999), RANGE_FAILED);
	/* Compressed; in trouble. */
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/100\n"
	    "Content-Encoding: gzip\n", 5, 9, 100), RANGE_FAILED);
	assert_int_equal(judge(206, "Content-Range: bytes 5-9/100\n"
	    "Content-Encoding: identity\n", 5, 9, 100), RANGE_TAKE);
	assert_int_equal(judge(503, "Retry-After: 60\n", 5, 9, 100),
	    RANGE_FAILED);
}

static void
test_retry_after(void **state)
{
	struct range_answer	a = { 0 };

	(void)state;
	range_header(&a, "Retry-After: 60\r\n", 17);
	assert_int_equal(a.retry, 60);
	range_header(&a, "retry-after: 999999\r\n", 21);
	assert_int_equal(a.retry, RANGE_RETRY_MAX);
	a.retry = 0;
	range_header(&a, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", 44);
	assert_int_equal(a.retry, 0);
}

/* ---- paces ---- */

static void
test_back_off(void **state)
{
	struct seed_pace	p = { 0 };
	uint64_t		now = 1000, wait, before = 0;
	int			i;

	(void)state;
	for (i = 0; i < 40; i++) {
		seed_pace_failed(&p, now, 0, UINT32_MAX / 2 + 12345U * i);
		wait = p.retry_at - now;
		assert_true(wait >= SEED_RETRY_MS * 3 / 4);
		assert_true(wait <= SEED_RETRY_MAX_MS * 5ULL / 4);
		assert_true(wait * 2 >= before);
		before = wait;
	}
	assert_true(wait >= SEED_RETRY_MAX_MS / 4 * 3);
	seed_pace_worked(&p);
	seed_pace_failed(&p, now, 0, 0);
	assert_true(p.retry_at <= now + SEED_RETRY_MS);
	seed_pace_failed(&p, now, 600, 0);
	assert_true(p.retry_at >= now + 600000);
}

static void
test_span_size(void **state)
{
	struct seed_pace	p = { 0 };

	(void)state;
	assert_int_equal(seed_pace_span(&p, 1), SEED_SPAN_FIRST);
	seed_pace_second(&p, 100000);
	assert_int_equal(seed_pace_span(&p, 1), 100000 * SEED_SPAN_SECS);
	assert_int_equal(seed_pace_span(&p, 4), 25000 * SEED_SPAN_SECS);
	seed_pace_second(&p, 1ULL << 40);
	assert_int_equal(seed_pace_span(&p, 4), SEED_SPAN_BYTES);
}

static void
test_bucket(void **state)
{
	struct seed_bucket	b = { 0 };
	uint64_t		now = 5000, sum = 0, room;

	(void)state;
	assert_true(seed_bucket_room(&b, now) == UINT64_MAX);
	seed_bucket_set(&b, now, 100000);
	assert_int_equal(seed_bucket_room(&b, now), 0);
	for (; now < 15000; now += 10) {
		if ((room = seed_bucket_room(&b, now)) == 0)
			continue;
		/* A chunk comes as a whole. */
		seed_bucket_take(&b, 16384);
		sum += 16384;
	}
	assert_in_range(sum, 950000, 1050000);
}

/* ---- the share of pieces ---- */

struct share {
	struct geom	 geom;
	struct picker	*picker;
	struct reserves	*reserves;
	struct pieceset	 all;
};

static struct share
share_new(void)
{
	static uint8_t	have[NPIECES / 8];
	static struct geom geom = { .size = NPIECES * (uint64_t)BLOCK_SIZE,
		.piece_length = BLOCK_SIZE, .npieces = NPIECES };
	struct share	s = { .geom = geom };

	s.picker = picker_new(&geom, have);
	s.reserves = reserves_new();
	s.all.count = NPIECES;
	return s;
}

static void
share_free(struct share *s)
{
	reserves_drop(s->reserves, s->picker);
	reserves_free(s->reserves);
	picker_free(s->picker);
}

static uint32_t
pick(struct share *s, struct pick *out, uint32_t n)
{
	struct pick_peer	peer = { .id = 1, .has = &s->all,
		.wanted = picker_count_wanted(s->picker, &s->all),
		.idle = true, .last = PICKER_NONE };

	return picker_pick(s->picker, &peer, 1, 1000, out, n);
}

static void
test_reserve_runs(void **state)
{
	struct share		s = share_new();
	struct picker_run	none = { 0, 0 }, hole = { 0, 32 };
	uint32_t		first;

	(void)state;
	/* Not what is skipped, and urgent ones first. */
	picker_set_priority(s.picker, 0, 9, PICKER_SKIP);
	picker_set_priority(s.picker, 40, 42, PICKER_HIGH);
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 1, 16, 0,
	    &first), 3);
	assert_int_equal(first, 40);
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 2, 16, 0,
	    &first), 16);
	assert_int_equal(first, 10);
	/* The same tag twice, or a seed that has none of it. */
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 2, 16, 0,
	    &first), 0);
	reserves_over(s.reserves, s.picker, 2, &hole);
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 3, 64, 0,
	    &first), 21);
	assert_int_equal(first, 43);
	assert_int_equal(reserves_take(s.reserves, s.picker, 1, 4, 64, 0,
	    &first), 30);
	assert_int_equal(first, 10);
	reserves_over(s.reserves, s.picker, 4, &none);
	reserves_expire(s.reserves, s.picker, RESERVE_MS);
	assert_int_equal(s.reserves->n, 0);
	assert_false(picker_begun(s.picker, 41));
	share_free(&s);
}

static void
test_sequential_runs(void **state)
{
	struct share	s = share_new();
	uint32_t	first;

	(void)state;
	picker_set_mode(s.picker, PICKER_SEQUENTIAL);
	assert_true(picker_on_good(s.picker, 2));
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 1, 16, 0,
	    &first), 2);
	assert_int_equal(first, 0);
	share_free(&s);
}

static void
test_peers_and_seed_share(void **state)
{
	struct share	s = share_new();
	struct pick	out[NPIECES];
	uint32_t	first, i, n;

	(void)state;
	picker_add_set(s.picker, &s.all);
	assert_int_equal(reserves_take(s.reserves, s.picker, 0, 1, 16, 0,
	    &first), 16);
	/* Peers are asked for all but these. */
	n = pick(&s, out, NPIECES);
	assert_int_equal(n, NPIECES - 16);
	for (i = 0; i < n; i++)
		assert_false(out[i].piece - first < 16);
	assert_false(picker_all_came(s.picker));
	/* Four came in four seconds: the other twelve need another twelve. */
	for (i = 0; i < 4; i++) {
		assert_true(picker_on_good(s.picker, first + i));
		reserves_came(s.reserves, s.picker, first + i, 1000);
	}
	assert_false(reserves_steal(s.reserves, s.picker, &s.all, 13000,
	    4000));
	assert_true(reserves_steal(s.reserves, s.picker, &s.all, 2000, 4000));
	n = pick(&s, out, NPIECES);
	assert_int_equal(n, 1);
	assert_int_equal(out[0].piece, first + 15);
	/* All the others come, one of them early. */
	assert_true(picker_on_good(s.picker, first + 14));
	reserves_came(s.reserves, s.picker, first + 14, 5000);
	for (i = 4; i < 14; i++) {
		assert_true(picker_on_good(s.picker, first + i));
		reserves_came(s.reserves, s.picker, first + i, 5000);
	}
	assert_int_equal(s.reserves->n, 0);
	share_free(&s);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_span_size),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_reserve_runs),
		cmocka_unit_test(test_sequential_runs),
		cmocka_unit_test(test_peers_and_seed_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
