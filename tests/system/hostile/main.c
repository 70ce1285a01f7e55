/* SPDX-License-Identifier: ISC */
/*
 * hostile [-l port] -a first-address -i infohash -n pieces -p piece-size
 *     [-m metadata-size] [-r seed] [-s seconds] address port group ...
 *
 * Runs all scripts of the groups at once and then prints a line for each:
 * group, name, expectation, connections, how many of them were ended, the
 * messages and bytes sent, and the longest that one stayed, in ms.  With -l
 * each waits at an address of its own, told first, to be called.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"
#include "peer/rc4.h"

#define JOBS_MAX	1024
#define TOGETHER	24	/* scripts that run once, at a time */
#define END_MS		12000	/* "soon": before patience ends */
#define LATE_MS		40000
#define AGAIN_MS	20

struct job {
	const struct script	*script;
	struct peer		 peer;
	int			 listens;
	bool			 done;
	uint32_t		 connections, ended;
	uint64_t		 longest;
	pthread_t		 thread;
};

static struct target	 target;
static struct job	 jobs[JOBS_MAX];
static uint32_t		 njobs;
static atomic_uint	 next_once, next_addr;
static uint32_t		 first_addr, seconds = 8;
static uint16_t		 listen_port;
static uint64_t		 seed = 1;

uint32_t
hostile_address(void)
{
	return first_addr + atomic_fetch_add(&next_addr, 1);
}

/* Time is over, but it was to be hung up on once: on a slow machine, later. */
static bool
owes(const struct peer *p)
{
	return p->script->expect == EXPECT_END && !p->ended &&
	    hostile_now() < p->until + LATE_MS;
}

static void
flood(struct peer *p)
{
	uint32_t	i;

	if (!peer_greet(p) || (!p->script->plain && !peer_learn(p)))
		return;
	for (i = 0; !p->gone && (hostile_now() < p->until || owes(p)); i++) {
		p->script->make(p, i);
		if (i % 64 == 63) {
			peer_flush(p);
			if (!p->script->deaf)
				peer_drain(p);
		}
	}
	peer_flush(p);
}

/* One connection, from its begin to its end. */
static void
act(struct job *j, int fd)
{
	struct peer	*p = &j->peer;
	uint64_t	 begin = hostile_now(), took;
	uint32_t	 patience;

	p->fd = fd;
	p->gone = false;
	p->nout = 0;
	if (j->script->run != NULL)
		j->script->run(p);
	else
		flood(p);
	peer_flush(p);
	patience = j->script->expect == EXPECT_LATE ? LATE_MS :
	    j->script->expect == EXPECT_NOTHING ? 0 : END_MS;
	peer_await_end(p, patience);
	j->connections++;
	j->ended += p->gone;
	p->ended |= p->gone;
	took = hostile_now() - begin;
	if (took > j->longest)
		j->longest = took;
	close(fd);
}

static int
called(struct job *j)
{
	struct pollfd	pfd = { j->listens, POLLIN, 0 };
	uint64_t	now = hostile_now();

	if (now >= j->peer.until ||
	    poll(&pfd, 1, (int)(j->peer.until - now)) <= 0)
		return -1;
	return accept(j->listens, NULL, NULL);
}

static void
act_out(struct job *j)
{
	int	fd;

	do {
		fd = listen_port != 0 ? called(j) : hostile_open(&target);
		if (fd != -1)
			act(j, fd);
		if (fd == -1 || !j->script->once)
			hostile_sleep(AGAIN_MS);
	} while (hostile_now() < j->peer.until &&
	    !(j->script->once && fd != -1));
}

static void *
run_job(void *arg)
{
	act_out(arg);
	return NULL;
}

/* Does it take its turn with others? */
static bool
queues(const struct job *j)
{
	return j->script->once && j->script->crowd == 0 && listen_port == 0;
}

static void *
run_once(void *arg)
{
	uint32_t	i;

	(void)arg;
	while ((i = atomic_fetch_add(&next_once, 1)) < njobs)
		if (queues(&jobs[i]))
			act_out(&jobs[i]);
	return NULL;
}

static void
wait_for_calls(struct job *j)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	char			text[INET_ADDRSTRLEN];

	sin.sin_addr.s_addr = htonl(hostile_address());
	sin.sin_port = htons(listen_port);
	j->listens = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (j->listens == -1 || bind(j->listens, (struct sockaddr *)&sin,
	    sizeof(sin)) == -1 || listen(j->listens, 64) == -1)
		err(1, "listen");
	inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text));
	printf("listen\t%s\t%s\t%s\t%u\n", j->script->group, j->script->name,
	    text, listen_port);
}

static void
add_job(const struct script *s, uint64_t until)
{
	struct job	*j;

	if (njobs == JOBS_MAX)
		errx(1, "too many scripts");
	j = &jobs[njobs++];
	j->script = s;
	j->listens = -1;
	j->peer.script = s;
	j->peer.target = &target;
	j->peer.until = until;
	j->peer.rng = seed * JOBS_MAX + njobs;
	if ((j->peer.out = malloc(HOSTILE_HEAP)) == NULL)
		err(1, NULL);
	if (listen_port != 0)
		wait_for_calls(j);
}

static void
add_jobs(const struct script *s, uint64_t until)
{
	uint32_t	i;

	for (; s->name != NULL; s++) {
		add_job(s, until);
		for (i = 1; i < s->crowd; i++)
			add_job(s, until);
	}
}

static void
run(void)
{
	pthread_t	once[TOGETHER];
	uint32_t	i;

	for (i = 0; i < njobs; i++)
		if (!queues(&jobs[i]))
			pthread_create(&jobs[i].thread, NULL, run_job,
			    &jobs[i]);
	for (i = 0; i < TOGETHER; i++)
		pthread_create(&once[i], NULL, run_once, NULL);
	for (i = 0; i < TOGETHER; i++)
		pthread_join(once[i], NULL);
	for (i = 0; i < njobs; i++)
		if (!queues(&jobs[i]))
			pthread_join(jobs[i].thread, NULL);
}

/* A line of a script, whatever the crowd. */
static void
report(void)
{
	static const char *const	expects[] = { "any", "end", "late" };
	struct job			*j, *o;
	uint32_t			 i;

	for (i = 0; i < njobs; i++) {
		j = &jobs[i];
		while (i + 1 < njobs && (o = &jobs[i + 1])->script ==
		    j->script) {
			j->connections += o->connections;
			j->ended += o->ended;
			j->peer.messages += o->peer.messages;
			j->peer.bytes += o->peer.bytes;
			if (o->longest > j->longest)
				j->longest = o->longest;
			i++;
		}
		printf("script\t%s\t%s\t%s\t%u\t%u\t%llu\t%llu\t%llu\n",
		    j->script->group, j->script->name,
		    expects[j->script->expect], j->connections, j->ended,
		    (unsigned long long)j->peer.messages,
		    (unsigned long long)j->peer.bytes,
		    (unsigned long long)j->longest);
	}
}

static const struct script *
find_group(const char *name)
{
	static const struct {
		const char		*name;
		const struct script	*scripts;
	} groups[] = {
		{ "floods", floods }, { "slow", slow }, { "mse", mse },
		{ "metadata", metadata }, { "mutations", mutations },
	};
	size_t	i;

	if (strcmp(name, "wrong") == 0)
		return wrong_scripts(&target);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(name, groups[i].name) == 0)
			return groups[i].scripts;
	errx(2, "no group %s", name);
}

static uint32_t
address(const char *text)
{
	struct in_addr	in;

	if (inet_pton(AF_INET, text, &in) != 1)
		errx(2, "no address: %s", text);
	return ntohl(in.s_addr);
}

static uint32_t
number(const char *text)
{
	const char	*why;
	uint32_t	 n = (uint32_t)strtonum(text, 0, UINT32_MAX, &why);

	if (why != NULL)
		errx(2, "%s: %s", text, why);
	return n;
}

static void
set_infohash(const char *text)
{
	int	i;

	for (i = 0; i < 20; i++)
		if (sscanf(text + 2 * i, "%2hhx", &target.infohash[i]) != 1)
			errx(2, "no info-hash: %s", text);
}

int
main(int argc, char **argv)
{
	const char	*why;
	uint64_t	 until;
	int		 ch;

	while ((ch = getopt(argc, argv, "a:i:l:m:n:p:r:s:")) != -1) {
		switch (ch) {
		case 'a':
			first_addr = address(optarg);
			break;
		case 'i':
			set_infohash(optarg);
			break;
		case 'l':
			listen_port = (uint16_t)number(optarg);
			break;
		case 'm':
			target.metadata_size = number(optarg);
			break;
		case 'n':
			target.npieces = number(optarg);
			break;
		case 'p':
			target.piece_size = number(optarg);
			break;
		case 'r':
			seed = number(optarg);
			break;
		case 's':
			seconds = number(optarg);
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	if (argc - optind < 3 || target.npieces == 0)
		errx(2, "usage: hostile [-l port] -a first-address "
		    "-i infohash -n pieces -p piece-size\n\t"
		    "[-m metadata-size] [-r seed] [-s seconds] "
		    "address port group ...");
	target.addr = address(argv[0]);
	target.port = (uint16_t)number(argv[1]);
	if ((why = rc4_load()) != NULL)
		errx(1, "%s", why);
	signal(SIGPIPE, SIG_IGN);
	until = hostile_now() + seconds * 1000ULL;
	for (argv += 2; *argv != NULL; argv++)
		add_jobs(find_group(*argv), until);
	puts("ready");
	fflush(stdout);
	run();
	report();
	return 0;
}
