#include "base/prog.h"
#include "base/diag.h"
#include "base/metrics.h"
#include "base/out.h"

#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct prog_counts counts;
static bool print_counts;
static bool strict;
static volatile sig_atomic_t stopping;
static volatile sig_atomic_t asked;

/*
 * A signal may come between the look at the flag and the read or poll that then waits: from now
 * on an alarm interrupts every second what waits.
 */
static void
on_stop(int sig)
{
	(void)sig;
	stopping = 1;
	(void)alarm(1);
}

static void
on_usr1(int sig)
{
	(void)sig;
	asked = 1;
}

/* No SA_RESTART: a blocked read or poll has to notice the flag. */
static void
catch_signal(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, &sa, NULL) != 0)
		die(EX_OSERR, "cannot catch signal %d", sig);
}

void
prog_begin(const char *name)
{
	diag_begin(name);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	catch_signal(SIGPIPE, SIG_IGN);
	/* a file past its limit is an error of write(2), like a full disk */
	catch_signal(SIGXFSZ, SIG_IGN);
	catch_signal(SIGTERM, on_stop);
	catch_signal(SIGINT, on_stop);
	catch_signal(SIGALRM, on_stop);
	catch_signal(SIGUSR1, on_usr1);
}

struct prog_counts *
prog_counts(void)
{
	return &counts;
}

void
prog_print_counts_at_end(void)
{
	print_counts = true;
}

void
prog_strict(void)
{
	strict = true;
}

bool
prog_stopping(void)
{
	return stopping != 0;
}

void
prog_stop(void)
{
	stopping = 1;
}

static void
say_counts(void)
{
	diag_note("in %" PRIu64 " = out %" PRIu64 " + rejected %" PRIu64
		  " + duplicate %" PRIu64,
	    counts.in, counts.out, counts.rejected, counts.duplicate);
}

void
prog_tick(void)
{
	metrics_tick();
	if (asked == 0)
		return;
	asked = 0;
	say_counts();
}

int
prog_end(int status)
{
	out_close();
	diag_summary();
	prog_tick();
	if (print_counts)
		say_counts();
	if (status != 0)
		return status;
	must(counts.in == counts.out + counts.rejected + counts.duplicate);
	if (counts.rejected > 0)
		return strict ? EX_DATAERR : EX_REJECTED;
	return 0;
}
