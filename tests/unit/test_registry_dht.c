/* SPDX-License-Identifier: ISC */
/* What the DHT is told, and says. */
#include "registry_world.h"

static void
dht_up(struct world *w, bool up)
{
	w->up[ROLE_DHT] = up;
	if (up)
		registry_on_up(&w->reg, ROLE_DHT);
	else
		registry_on_down(&w->reg, ROLE_DHT);
}

static void
dht_finds(struct world *w, uint32_t id)
{
	const struct rec_addr	a = { .ip = { 1 }, .port = 1 };
	struct msg_dht_peers	m = { .id = id, .peers = { &a, 1 } };

	registry_on_dht_peers(&w->reg, &m);
}

static void
test_dht(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	/* It begins late, is told once, and all again after its death. */
	dht_up(w, true);
	expect(w, "dht_torrent ");
	registry_sync(&w->reg);
	expect(w, "");
	dht_up(w, false);
	assert_false(w->reg.behind);
	dht_up(w, true);
	expect(w, "dht_torrent ");
	dht_finds(w, 1);
	expect(w, "peers_found ");
	assert_int_equal(t->nknown, 1);
	registry_on_hungry(&w->reg, 1);
	expect(w, "tracker_hungry dht_hungry ");
	/* It is a seed now. */
	progress(w, 1, 1000);
	assert_non_null(strstr(w->said, "dht_torrent "));
	w->said[0] = '\0';
	/* Peer's death is no matter of it. */
	w->up[ROLE_PEER] = false;
	registry_on_down(&w->reg, ROLE_PEER);
	expect(w, "");
	w->up[ROLE_PEER] = true;
	registry_on_up(&w->reg, ROLE_PEER);
	expect(w, "swarm_run peers_found ");
	registry_pause(&w->reg, t);
	assert_non_null(strstr(w->said, "dht_forget "));
	w->said[0] = '\0';
	dht_finds(w, 1);
	registry_on_hungry(&w->reg, 1);
	assert_null(strstr(w->said, "dht_"));
	assert_null(strstr(w->said, "peers_found"));
}

static void
test_dht_full(void **state)
{
	struct world	*w = *state;

	running(w);
	w->full[ROLE_DHT] = true;
	dht_up(w, true);
	expect(w, "");
	assert_true(w->reg.behind);
	w->full[ROLE_DHT] = false;
	registry_on_drain(&w->reg);
	expect(w, "dht_torrent ");
	/* One that goes away is forgotten, full or not. */
	w->full[ROLE_DHT] = true;
	torrent_free(&w->reg, registry_find(&w->reg, 1));
	expect(w, "dht_forget ");
}

static void
test_dht_private(void **state)
{
	struct world	*w = *state;
	struct torrent	*t;

	t = linked(w);
	dht_up(w, true);
	assert_int_equal(t->dht, DHT_LEECH);
	/* A link turns out to be one; what is found late is not for it. */
	report_metadata(w, true);
	assert_int_equal(t->dht, DHT_NONE);
	assert_non_null(strstr(w->said, "dht_forget "));
	w->said[0] = '\0';
	dht_finds(w, t->id);
	expect(w, "");
	assert_int_equal(t->nknown, 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_dht),
		TEST(test_dht_full),
		TEST(test_dht_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
