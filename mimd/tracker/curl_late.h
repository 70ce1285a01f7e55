/* SPDX-License-Identifier: ISC */
#ifndef CURL_LATE_H
#define CURL_LATE_H

#include <curl/curl.h>

/*
 * libcurl, loaded by the tracker child alone: it brings thirty libraries
 * along, which cost every other process memory and time at its start, and
 * would lie in the memory of those that face the network.  Its functions
 * have their usual names here.
 */
#define CURL_LATE_CALLS(X)						\
	X(curl_easy_cleanup)						\
	X(curl_easy_getinfo)						\
	X(curl_easy_init)						\
	X(curl_easy_pause)						\
	X(curl_easy_setopt)						\
	X(curl_easy_strerror)						\
	X(curl_global_init)						\
	X(curl_multi_add_handle)					\
	X(curl_multi_assign)						\
	X(curl_multi_info_read)						\
	X(curl_multi_init)						\
	X(curl_multi_remove_handle)					\
	X(curl_multi_setopt)						\
	X(curl_multi_socket_action)					\
	X(curl_slist_append)						\
	X(curl_slist_free_all)

#define CURL_LATE_MEMBER(name)	__typeof__(name) *name##_;
struct curl_late {
	CURL_LATE_CALLS(CURL_LATE_MEMBER)
};

extern struct curl_late	curl_late;

/* Before any other; ends the process if there is no libcurl. */
void	curl_late_load(void);

/* Those of a variable number of arguments are macros, too. */
#ifndef CURL_LATE_PLAIN
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt
#define curl_easy_cleanup	(curl_late.curl_easy_cleanup_)
#define curl_easy_getinfo	(curl_late.curl_easy_getinfo_)
#define curl_easy_init		(curl_late.curl_easy_init_)
#define curl_easy_pause		(curl_late.curl_easy_pause_)
#define curl_easy_setopt	(curl_late.curl_easy_setopt_)
#define curl_easy_strerror	(curl_late.curl_easy_strerror_)
#define curl_global_init	(curl_late.curl_global_init_)
#define curl_multi_add_handle	(curl_late.curl_multi_add_handle_)
#define curl_multi_assign	(curl_late.curl_multi_assign_)
#define curl_multi_info_read	(curl_late.curl_multi_info_read_)
#define curl_multi_init		(curl_late.curl_multi_init_)
#define curl_multi_remove_handle (curl_late.curl_multi_remove_handle_)
#define curl_multi_setopt	(curl_late.curl_multi_setopt_)
#define curl_multi_socket_action (curl_late.curl_multi_socket_action_)
#define curl_slist_append	(curl_late.curl_slist_append_)
#define curl_slist_free_all	(curl_late.curl_slist_free_all_)
#endif

#endif /* CURL_LATE_H */
