#include "base/progress.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 30
#define SECOND INT64_C(1000000000)

void
progress_begin(struct progress *p, const char *what, uint64_t total)
{
	const char *slash = strrchr(what, '/');

	*p = (struct progress){ .shown = isatty(STDERR_FILENO) == 1, .total = total };
	p->what = slash != NULL && slash[1] != '\0' ? slash + 1 : what;
	p->began = p->last = clock_monotonic();
}

void
progress_at(struct progress *p, uint64_t done, uint64_t records)
{
	static const char marks[] = "##############################";
	int64_t now;
	double part, seconds;

	if (!p->shown || (now = clock_monotonic()) - p->last < SECOND / 10)
		return;
	p->last = now;
	seconds = (double)(now - p->began) / (double)SECOND;
	part = p->total > 0 ? (double)done / (double)p->total : 0;
	if (part > 1)
		part = 1;
	if (p->total > 0)
		fprintf(stderr, "\r%.24s [%-*.*s] %3.0f%%", p->what, BAR, (int)(part * BAR),
		    marks, part * 100);
	else
		fprintf(stderr, "\r%.24s", p->what);
	fprintf(
	    stderr, " %" PRIu64 " records, %.1f MB/s", records, (double)done / 1e6 / seconds);
	if (part > 0.01)
		fprintf(stderr, ", %.0f s left", seconds / part - seconds);
	fputs("\033[K", stderr);
}

void
progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
