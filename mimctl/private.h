/* SPDX-License-Identifier: ISC */
#ifndef PRIVATE_H
#define PRIVATE_H

struct private;

#define PRIVATE_SETTINGS_MAX	32

/*
 * Start a mimd of our own: its state, socket and log in a new directory
 * beneath $TMPDIR, dir its only download directory, settings (n lines) added
 * to its configuration.  Returns when it can be asked; NULL after saying why
 * not.
 */
struct private	*private_start(const char *dir, char *const *settings,
		    int n);
const char	*private_socket(const struct private *p);
/* Print what it logged, for whoever looks into a failure. */
void		 private_show_log(const struct private *p);
/* End it in order, waiting for that, and remove what it had. */
void		 private_stop(struct private *p);	/* NULL is fine */

#endif /* PRIVATE_H */
