#include "base/clock.h"
#include "base/diag.h"

#include <stdlib.h>
#include <time.h>

int64_t
clock_now_ms(void)
{
	const char *fixed = getenv("NBMS_NOW");
	struct timespec now;
	when_t t;
	int ms;

	if (fixed != NULL) {
		if (!when_parse_rfc3339(span_of(fixed), &t, &ms))
			die(EX_USAGE, "NBMS_NOW: not a time with an offset: %s", fixed);
		return t * 1000 + ms;
	}
	must(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

when_t
clock_now(void)
{
	int64_t ms = clock_now_ms();

	return ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
}

int64_t
clock_monotonic(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
