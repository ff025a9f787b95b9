#include "learn/learn.h"

#include <cblas.h>

const char *
learn_reason(enum learn_status status)
{
	switch (status) {
	case LEARN_OK:
		return "ok";
	case LEARN_SHORT:
		return "too little usable history";
	case LEARN_CONSTANT:
		return "the series is constant";
	case LEARN_SINGULAR:
		return "the inputs can't be told apart (singular design)";
	case LEARN_NONFINITE:
		return "an input is not a finite number";
	case LEARN_RANGE:
		return "an argument is out of range";
	case LEARN_STALE:
		return "the newest reading is more than two weeks old";
	case LEARN_NO_SKILL:
		return "no better than the naive rule";
	case LEARN_INFEASIBLE:
		return "no schedule can keep the limits";
	case LEARN_LIMIT:
		return "stopped at the iteration limit";
	}
	return "unknown status";
}

void
learn_single_thread(void)
{
	openblas_set_num_threads(1);
}
