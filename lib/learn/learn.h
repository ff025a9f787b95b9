/*
 * What every learning, optimising and tender function answers with.
 *
 * The library is pure: arrays in, values out; no files, no printing, no
 * clock. A function that can't give a number made of something returns a
 * status that says why, and leaves its result unset. No status says that
 * memory ran out: that ends the program where it is met (base/diag.h).
 */
#ifndef NBMS_LEARN_H
#define NBMS_LEARN_H

enum learn_status {
	LEARN_OK = 0,
	LEARN_SHORT,      /* too little usable history for this model */
	LEARN_CONSTANT,   /* the series never changes: nothing to learn */
	LEARN_SINGULAR,   /* the columns can't be told apart */
	LEARN_NONFINITE,  /* an input that must be finite is NaN or infinite */
	LEARN_RANGE,      /* an argument outside its stated range */
	LEARN_STALE,      /* nothing was read lately */
	LEARN_NO_SKILL,   /* no better than the naive rule it is held against */
	LEARN_INFEASIBLE, /* no schedule can keep the stated limits */
	LEARN_LIMIT       /* stopped at its limit before it was done */
};

/* A sentence for an operator, static storage. */
const char *learn_reason(enum learn_status);

/* Keep BLAS on the calling thread; call once before fitting. */
void learn_single_thread(void);

#endif
