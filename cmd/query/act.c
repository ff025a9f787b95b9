/* A POST: what the owner of the change is called with. */
#include "base/diag.h"
#include "query/job.h"

int
act_run(const struct request *r, struct db *site, struct answer *a)
{
	struct act act = { .request = r, .user = r->o.user, .site = site };

	a->status = 0;
	return r->endpoint->act(&act) ? 0 : EX_DATAERR;
}
