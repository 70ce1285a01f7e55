/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "peer/blame.h"

#define PEERS	20
#define BLOCKS	64
#define PAGE	10		/* digests of an answer */

/*
 * A torrent of 64-block pieces and twenty peers, of whom some lie.  A block
 * is its digest here: the truth, or something else.
 */
struct game {
	struct blame	 b;
	uint32_t	 liars;			/* first so many peers */
	uint32_t	 rate;			/* lies in so many of 1000 */
	bool		 gone[PEERS];		/* left: not asked any more */
	bool		 banned[PEERS];
	bool		 cleared[PEERS];
	bool		 suspect[PEERS];
	uint8_t		 ips[PEERS][16];
};

static uint64_t
digest_of(uint32_t piece, uint32_t block, uint32_t lie)
{
	return (uint64_t)piece << 40 | (uint64_t)block << 16 | lie;
}

static void
game_init(struct game *g, uint32_t liars, uint32_t rate)
{
	uint32_t	i;

	memset(g, 0, sizeof(*g));
	blame_init(&g->b);
	g->liars = liars;
	g->rate = rate;
	for (i = 0; i < PEERS; i++)
		memset(g->ips[i], (int)i + 1, 16);
}

static void
game_on(struct game *g, const struct blame_result *r)
{
	uint32_t	i, who;

	for (i = 0; i < r->n; i++) {
		who = r->senders[i].ip[0] - 1U;
		assert_in_range(who, 0, PEERS - 1);
		g->suspect[who] = r->senders[i].suspect;
		assert_false(r->settled && r->senders[i].suspect);
		if (r->senders[i].lied)
			g->banned[who] = true;
		else if (r->settled)
			g->cleared[who] = true;
	}
}

/* Disk's answers, in pages. */
static bool
game_digests(struct game *g, uint32_t tag, const uint64_t *v)
{
	struct blame_result	r;
	uint32_t		i, n;
	bool			out = false;

	for (i = 0; i < BLOCKS && tag != 0; i += n) {
		n = BLOCKS - i < PAGE ? BLOCKS - i : PAGE;
		assert_false(out);
		out = blame_digests(&g->b, tag, i, (const uint8_t *)(v + i),
		    n, &r);
		if (out)
			game_on(g, &r);
	}
	return out;
}

/* Each block from someone who is here, below limit. */
static bool
game_copy(struct game *g, uint32_t piece, uint64_t *v, uint8_t *who)
{
	uint32_t	i, p;
	bool		good = true;

	for (i = 0; i < BLOCKS; i++) {
		do
			p = arc4random_uniform(PEERS);
		while (g->banned[p] || g->gone[p]);
		who[i] = (uint8_t)p;
		v[i] = digest_of(piece, i, 0);
		if (p < g->liars && arc4random_uniform(1000) < g->rate) {
			v[i] = digest_of(piece, i, 1 +
			    arc4random_uniform(1000));
			good = false;
		}
	}
	return good;
}

/* Fetch a piece until it is good; returns how many copies were bad. */
static uint32_t
game_piece(struct game *g, uint32_t piece)
{
	uint64_t	v[BLOCKS];
	uint8_t		who[BLOCKS];
	uint32_t	bad = 0;

	while (!game_copy(g, piece, v, who)) {
		assert_true(++bad < 1000);
		game_digests(g, blame_failed(&g->b, 1, piece, BLOCKS,
		    (const uint8_t (*)[16])g->ips, PEERS, who), v);
		/* Liars come and go. */
		if (arc4random_uniform(4) == 0)
			g->gone[arc4random_uniform(g->liars)] ^= true;
	}
	game_digests(g, blame_good(&g->b, 1, piece), v);
	assert_int_equal(g->b.npieces, 0);
	return bad;
}

/* One to three liars among twenty, who lie always or now and then. */
static void
test_liars_found(void **state)
{
	static const uint32_t	rates[] = { 1000, 300, 50, 20 };
	struct game		g;
	uint32_t		liars, k, run, piece, i, n, bad, most = 0;

	(void)state;
	for (liars = 1; liars <= 3; liars++)
		for (k = 0; k < 4; k++)
			for (run = 0; run < 20; run++) {
				game_init(&g, liars, rates[k]);
				bad = 0;
				for (piece = 0, n = 0; n < liars; piece++) {
					memset(g.gone, 0, sizeof(g.gone));
					/* Few lies: now and then, a piece. */
					bad += game_piece(&g, piece);
					for (i = n = 0; i < PEERS; i++) {
						assert_false(g.banned[i] &&
						    i >= liars);
						n += g.banned[i];
					}
					assert_true(piece < 5000);
				}
				if (bad > most)
					most = bad;
				blame_clear(&g.b);
			}
	print_message("# all liars were found after %u bad copies at most\n",
	    most);
}

/* Honest ones are cleared when it is settled, and only then. */
static void
test_cleared(void **state)
{
	struct game	g;
	uint64_t	good[BLOCKS], bad[BLOCKS];
	uint8_t		who[BLOCKS];
	uint32_t	i;

	(void)state;
	game_init(&g, 1, 0);
	for (i = 0; i < BLOCKS; i++) {
		good[i] = bad[i] = digest_of(7, i, 0);
		who[i] = i % PEERS;
	}
	bad[20] = 99;			/* peer 0 */
	assert_true(game_digests(&g, blame_failed(&g.b, 1, 7, BLOCKS,
	    (const uint8_t (*)[16])g.ips, PEERS, who), bad));
	for (i = 0; i < PEERS; i++)
		assert_false(g.cleared[i] || g.banned[i] ||
		    g.suspect[i]);
	assert_true(game_digests(&g, blame_good(&g.b, 1, 7), good));
	for (i = 0; i < PEERS; i++) {
		assert_int_equal(g.banned[i], i == 0);
		assert_int_equal(g.cleared[i], i != 0);
	}
	assert_int_equal(g.b.npieces + g.b.nblocks, 0);
}

/* Two bad copies are enough to suspect the few who explain them. */
static void
test_suspects(void **state)
{
	struct game	g;
	uint64_t	v[BLOCKS];
	uint8_t		who[BLOCKS];
	uint32_t	run, i, n, found = 0, others = 0;

	(void)state;
	for (run = 0; run < 200; run++) {
		game_init(&g, 2, 1000);
		for (n = 0; n < 2; ) {
			if (game_copy(&g, 7, v, who))
				continue;
			n++;
			game_digests(&g, blame_failed(&g.b, 1, 7, BLOCKS,
			    (const uint8_t (*)[16])g.ips, PEERS, who), v);
		}
		for (i = 0; i < PEERS; i++) {
			assert_false(g.banned[i] && i >= 2);
			if (i < 2)
				found += g.suspect[i] || g.banned[i];
			else
				others += g.suspect[i];
		}
		blame_clear(&g.b);
	}
	print_message("# after two bad copies %.2f of 2 liars are suspects "
	    "(or banned), and %.2f of 18 others\n", found / 200.0,
	    others / 200.0);
	assert_true(found > 300 && others < 400);
}

/* When the copies say nothing, all are suspects. */
static void
test_no_clue(void **state)
{
	struct game	g;
	uint64_t	v[BLOCKS] = { 0 };
	uint8_t		who[BLOCKS];
	uint32_t	i, k;

	(void)state;
	game_init(&g, 1, 0);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < BLOCKS; i++)
			who[i] = (uint8_t)((i + k) % PEERS);
		game_digests(&g, blame_failed(&g.b, 1, 7, BLOCKS,
		    (const uint8_t (*)[16])g.ips, PEERS, who), v);
		for (i = 0; i < PEERS; i++)
			assert_int_equal(g.suspect[i], k == 1);
	}
	blame_clear(&g.b);
}

/* Who sends a block twice, differently, lied at least once. */
static void
test_two_faced(void **state)
{
	struct game	g;
	uint64_t	v[BLOCKS];
	uint8_t		who[BLOCKS];
	uint32_t	i, k;

	(void)state;
	game_init(&g, 1, 0);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < BLOCKS; i++) {
			v[i] = digest_of(7, i, 0);
			who[i] = (uint8_t)(i < 32 ? 3 : 4 + k);
		}
		v[5] = 100 + k;
		v[40] = 200 + k;
		assert_true(game_digests(&g, blame_failed(&g.b, 1, 7,
		    BLOCKS, (const uint8_t (*)[16])g.ips, PEERS, who), v));
	}
	for (i = 0; i < PEERS; i++)
		assert_int_equal(g.banned[i], i == 3);
	blame_clear(&g.b);
}

/* Two whole copies, bad, from two different peers: hold the ban. */
static void
test_sole(void **state)
{
	struct game	g;

	(void)state;
	game_init(&g, 1, 0);
	assert_true(blame_sole(&g.b, 1, 7, BLOCKS, g.ips[0]));
	assert_true(blame_sole(&g.b, 1, 7, BLOCKS, g.ips[0]));
	assert_true(blame_sole(&g.b, 1, 8, BLOCKS, g.ips[1]));
	assert_true(blame_sole(&g.b, 2, 7, BLOCKS, g.ips[1]));
	assert_false(blame_sole(&g.b, 1, 7, BLOCKS, g.ips[1]));
	assert_int_equal(blame_good(&g.b, 1, 7), 0);
	assert_true(blame_sole(&g.b, 1, 7, BLOCKS, g.ips[1]));
	blame_clear(&g.b);
}

/* Whatever fails, what is kept stays small; the newest can be settled. */
static void
test_bounds(void **state)
{
	struct game	 g;
	uint32_t	 i, n = BLAME_BLOCKS / 10, tag = 0;
	uint8_t		*who = xcalloc(1, BLAME_BLOCKS + 1);

	(void)state;
	game_init(&g, 1, 0);
	for (i = 0; i < 1000; i++) {
		tag = blame_failed(&g.b, 1, i / 3, i % 2 ? n : BLOCKS,
		    (const uint8_t (*)[16])g.ips, PEERS, who);
		assert_int_not_equal(tag, 0);
		assert_in_range(g.b.npieces, 1, BLAME_PIECES);
		assert_in_range(g.b.nblocks, 1, BLAME_BLOCKS);
	}
	for (i = 0; i < 100; i++)
		assert_int_not_equal(blame_failed(&g.b, 2, 5, n,
		    (const uint8_t (*)[16])g.ips, PEERS, who), 0);
	assert_in_range(g.b.nblocks, 1, BLAME_BLOCKS);
	assert_int_equal(blame_failed(&g.b, 3, 5, BLAME_BLOCKS + 1,
	    (const uint8_t (*)[16])g.ips, PEERS, who), 0);
	blame_forget(&g.b, 1);
	blame_forget(&g.b, 2);
	blame_forget(&g.b, 3);
	assert_int_equal(g.b.npieces + g.b.nblocks, 0);
	free(who);
}

/* Answers that are late, out of order, short or none lead to nothing. */
static void
test_odd_answers(void **state)
{
	struct blame_result	 r;
	struct game		 g;
	uint64_t		 v[BLOCKS] = { 0 };
	const uint8_t		*p = (const uint8_t *)v;
	uint8_t			 who[BLOCKS] = { 0 };
	uint32_t		 tag, first;

	(void)state;
	game_init(&g, 1, 0);
	assert_false(blame_digests(&g.b, 0, 0, p, 1, &r));
	assert_false(blame_digests(&g.b, 77, 0, p, 1, &r));
	for (first = 0; first < 3; first++) {
		tag = blame_failed(&g.b, 1, 7, BLOCKS,
		    (const uint8_t (*)[16])g.ips, PEERS, who);
		assert_int_equal(g.b.npieces, 1);
		if (first == 0)
			assert_false(blame_digests(&g.b, tag, 0, NULL, 0, &r));
		else if (first == 1)
			assert_false(blame_digests(&g.b, tag, 8, p, 8, &r));
		else
			assert_false(blame_digests(&g.b, tag, 0, p,
			    BLOCKS + 1, &r));
		assert_int_equal(g.b.npieces, 0);
	}
	/* It failed again before its good copy could be looked at. */
	blame_failed(&g.b, 1, 7, BLOCKS, (const uint8_t (*)[16])g.ips, PEERS,
	    who);
	tag = blame_good(&g.b, 1, 7);
	assert_int_not_equal(tag, 0);
	blame_failed(&g.b, 1, 7, BLOCKS, (const uint8_t (*)[16])g.ips, PEERS,
	    who);
	assert_false(blame_digests(&g.b, tag, 0, p, BLOCKS, &r));
	assert_int_equal(g.b.npieces, 1);
	blame_clear(&g.b);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_liars_found),
		cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_suspects),
		cmocka_unit_test(test_no_clue),
		cmocka_unit_test(test_two_faced),
		cmocka_unit_test(test_sole),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_odd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
