/*
 * metrics: a program's figures in a file, in the text form of Prometheus, for the textfile
 * collector of node_exporter (--metrics FILE, which opt gives to every program).
 *
 * The file is written to a temporary name and renamed, at least every METRICS_EVERY_S seconds
 * and at the end, however the program ends. Where $NBMS_PART says that copies share the work,
 * each writes a file of its own: store.prom becomes store.2.prom. Every sample is told by the
 * labels program and name, the file's; nbms-metrics(7) says what each means. The records of
 * base/prog.h, the rejections by their code, memory and processor time are there without
 * anybody's doing; only figures that were set are written.
 *
 * Format: Prometheus text exposition format 0.0.4. A file that cannot be written is said, and
 * nothing else happens: figures never end the work that they are about.
 */
#ifndef NBMS_BASE_METRICS_H
#define NBMS_BASE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#define METRICS_EVERY_S 5

enum metric {
	METRIC_LAG,         /* gauge, seconds: now less when the record in hand was received */
	METRIC_QUEUE,       /* gauge: records taken and not yet passed on */
	METRIC_QUEUE_BYTES, /* gauge: their bytes */
	METRIC_CONNECTED,   /* gauge: 1 while the broker is connected */
	METRIC_CONNECTS,    /* counter: connections made to it */
	METRIC_BATCH,       /* histogram: records of one commit */
	METRIC_COMMIT,      /* histogram, seconds: of one commit, as a consumer waits for it */
	METRIC_FSYNC,       /* histogram, seconds: of one sync of a file to the disk */
	METRICS
};

/* Begins; the path is copied. */
void metrics_to(const char *path);

/* Is there a file? Where the figure costs something to come by. */
bool metrics_wanted(void);

/* The file; NULL: none. */
const char *metrics_path(void);

void metrics_set(enum metric m, double value);     /* gauges */
void metrics_add(enum metric m, double value);     /* counters */
void metrics_observe(enum metric m, double value); /* histograms */

/* The lag of a record or mark that was received at that second; WHEN_NONE is passed over. */
void metrics_lag(int64_t received);

/* The seconds since clock_monotonic said `began`. */
void metrics_observe_since(enum metric m, int64_t began);

/* A record was rejected; code is a constant. */
void metrics_rejected(const char *code);

/* Writes the file if it is time to; called by prog_tick. */
void metrics_tick(void);

/* Waits until fd can be read, writing the file meanwhile; returns at once where there is none.
 */
void metrics_wait(int fd);

/* The same for a poll(2) of one's own: the longest it may take, at most ms (-1: no bound). */
int metrics_timeout(int ms);

#endif
