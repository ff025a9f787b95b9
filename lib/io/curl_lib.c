#define CURL_LIB_OWN
#include "io/curl_lib.h"
#include "base/lib.h"

struct curl_lib curl_lib;

void
curl_lib_load(void)
{
#define X(name) #name,
	static const char *const names[] = { CURL_LIB(X) NULL };
#undef X
	lib_load("libcurl.so.4", "HTTP", names, &curl_lib);
}
