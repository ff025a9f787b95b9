/* job: what the parts of nbms-recv share. */
#ifndef NBMS_RECV_JOB_H
#define NBMS_RECV_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "io/intake.h"

#define TURN_MS 250 /* the longest wait of a live turn: marks keep their second */

struct recv_job {
	struct records in;
	struct opt_list replay;
	const char *speed_text, *zone;
	double speed;
	struct mqtt_options mqtt;
	struct opt_list topics;
	const char *lease; /* NULL: nobody stands by */
	int64_t idle;
	const char *dir;
	bool spool, follow, trim;
	int64_t from, segment;
	struct spool_limits limits;
	struct intake intake;
};

/* Receives from the broker until asked to stop, or until nothing came for `idle` seconds.
 * Returns an exit status. */
int recv_live(struct recv_job *job);

#endif
