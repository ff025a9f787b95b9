/*
 * curl_lib: libcurl, loaded when the first request is made, and not before. It brings two dozen
 * libraries with it; a session at a page, or a list of gateways, makes none.
 *
 * Its functions are called by their own names after curl_lib_load; a system without the library
 * ends the program there with EX_UNAVAILABLE.
 */
#ifndef NBMS_IO_CURL_LIB_H
#define NBMS_IO_CURL_LIB_H

#define CURL_DISABLE_TYPECHECK /* it is of names that are others here */
#include <curl/curl.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

/* Every function that is used. */
#define CURL_LIB(X)                 \
	X(curl_easy_cleanup)        \
	X(curl_easy_getinfo)        \
	X(curl_easy_init)           \
	X(curl_easy_perform)        \
	X(curl_easy_setopt)         \
	X(curl_easy_strerror)       \
	X(curl_getdate)             \
	X(curl_global_cleanup)      \
	X(curl_global_init)         \
	X(curl_multi_add_handle)    \
	X(curl_multi_cleanup)       \
	X(curl_multi_info_read)     \
	X(curl_multi_init)          \
	X(curl_multi_perform)       \
	X(curl_multi_poll)          \
	X(curl_multi_remove_handle) \
	X(curl_slist_append)        \
	X(curl_slist_free_all)

#define X(name) __typeof__(name) *name##_;
struct curl_lib {
	CURL_LIB(X)
};
#undef X

extern struct curl_lib curl_lib;

void curl_lib_load(void);

#ifndef CURL_LIB_OWN
#define curl_easy_cleanup curl_lib.curl_easy_cleanup_
#define curl_easy_getinfo curl_lib.curl_easy_getinfo_
#define curl_easy_init curl_lib.curl_easy_init_
#define curl_easy_perform curl_lib.curl_easy_perform_
#define curl_easy_setopt curl_lib.curl_easy_setopt_
#define curl_easy_strerror curl_lib.curl_easy_strerror_
#define curl_getdate curl_lib.curl_getdate_
#define curl_global_cleanup curl_lib.curl_global_cleanup_
#define curl_global_init curl_lib.curl_global_init_
#define curl_multi_add_handle curl_lib.curl_multi_add_handle_
#define curl_multi_cleanup curl_lib.curl_multi_cleanup_
#define curl_multi_info_read curl_lib.curl_multi_info_read_
#define curl_multi_init curl_lib.curl_multi_init_
#define curl_multi_perform curl_lib.curl_multi_perform_
#define curl_multi_poll curl_lib.curl_multi_poll_
#define curl_multi_remove_handle curl_lib.curl_multi_remove_handle_
#define curl_slist_append curl_lib.curl_slist_append_
#define curl_slist_free_all curl_lib.curl_slist_free_all_
#endif

#endif
