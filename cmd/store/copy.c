/* A site moved from files to a server, or back. */
#include "db/copy.h"
#include "store/job.h"

#include <stdlib.h>

int
verb_copy(struct store_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("copy takes no operand: %s", argv[0]);
	if (job->from == NULL || job->to == NULL)
		opt_wrong("copy needs --from and --to, each a state directory or a "
			  "postgresql:// URL");
	/* a directory means its files here */
	(void)unsetenv("NBMS_DB");
	return copy_site(job->from, job->to, job->building, job->month, table_form(&job->form));
}
