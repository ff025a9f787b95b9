/* job: what the parts of nbms-send share. */
#ifndef NBMS_SEND_JOB_H
#define NBMS_SEND_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "io/mqtt.h"
#include "io/outbox.h"

struct send_job {
	struct mqtt_options mqtt;
	struct opt_list no_topics;
	struct records records;
	const char *queue;
	int64_t wait; /* seconds without progress; 0: for ever */
	bool dry_run;
	struct outbox *box;
	struct lines *lines;
	struct buf confirmation;
	int64_t progress; /* when something was last confirmed */
	bool more;        /* input may still come */
	int status;       /* EX_IOERR: it could not be read to its end; otherwise 0 */
};

/* From stdin to the broker until all is confirmed, and without a broker; a status of
 * sysexits(3). */
int run_live(struct send_job *job);
int run_dry(struct send_job *job);

#endif
