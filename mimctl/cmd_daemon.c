/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "msg.h"
#include "word.h"

#define STOP_MS		30000		/* trackers are told, state is saved */

/* In the order of enum log_level. */
static const char *const	levels[] = {
	"brief", "verbose", "debug", NULL
};

int
cmd_log(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_log	req = { 0 };
	int			level;

	if (getopt(argc, argv, "+") != -1 || optind + 1 != argc)
		return command_usage("log");
	level = word_get("level", argv[optind], levels);
	if (level < 0)
		return CTL_USAGE;
	req.level = (uint8_t)level;
	return daemon_tell(ctx, MSG_CTL_LOG, &req);
}

int
cmd_reload(const struct mimctl *ctx, int argc, char **argv)
{
	if (getopt(argc, argv, "+") != -1 || optind != argc)
		return command_usage("reload");
	return daemon_tell(ctx, MSG_CTL_RELOAD,
	    &(struct msg_ctl_reload){ 0 });
}

/* Done means that the daemon has gone: it hangs up last of all. */
int
cmd_shutdown(const struct mimctl *ctx, int argc, char **argv)
{
	const struct msg_in	*in;
	struct client		*client;
	int			 status;

	if (getopt(argc, argv, "+") != -1 || optind != argc)
		return command_usage("shutdown");
	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = daemon_ask(client, MSG_CTL_SHUTDOWN,
	    &(struct msg_ctl_shutdown){ 0 }, -1, DAEMON_MS, NULL, NULL, NULL);
	if (status == CTL_OK &&
	    client_recv(client, STOP_MS, &in) == CLIENT_TIMEOUT) {
		warnx("mimd is still stopping");
		status = CTL_FAILED;
	}
	client_close(client);
	return status;
}
