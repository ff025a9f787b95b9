/*
 * recurrence_lib: libical, loaded when the first rule is read, and not before. It brings ICU
 * with it, whose loading takes longer than most programs that could meet a schedule, and rarely
 * do, run.
 *
 * Its functions are called by their own names after recurrence_lib_load; a system without the
 * library ends the program there with EX_UNAVAILABLE.
 */
#ifndef NBMS_BMS_RECURRENCE_LIB_H
#define NBMS_BMS_RECURRENCE_LIB_H

#include <libical/ical.h>

/* Every function that is used. */
#define RECURRENCE_LIB(X)                   \
	X(icaldurationtype_from_string)     \
	X(icaldurationtype_is_bad_duration) \
	X(icalerrno_return)                 \
	X(icalerror_clear_errno)            \
	X(icalerror_set_errors_are_fatal)   \
	X(icalrecur_iterator_free)          \
	X(icalrecur_iterator_new)           \
	X(icalrecur_iterator_next)          \
	X(icalrecur_iterator_set_start)     \
	X(icalrecurrencetype_from_string)   \
	X(icaltime_is_null_time)            \
	X(icaltime_is_utc)                  \
	X(icaltime_null_time)

#define X(name) __typeof__(name) *name##_;
struct recurrence_lib {
	RECURRENCE_LIB(X)
};
#undef X

extern struct recurrence_lib recurrence_lib;

void recurrence_lib_load(void);

#ifndef RECURRENCE_LIB_OWN
#define icaldurationtype_from_string recurrence_lib.icaldurationtype_from_string_
#define icaldurationtype_is_bad_duration recurrence_lib.icaldurationtype_is_bad_duration_
#define icalerrno_return recurrence_lib.icalerrno_return_
#define icalerror_clear_errno recurrence_lib.icalerror_clear_errno_
#define icalerror_set_errors_are_fatal recurrence_lib.icalerror_set_errors_are_fatal_
#define icalrecur_iterator_free recurrence_lib.icalrecur_iterator_free_
#define icalrecur_iterator_new recurrence_lib.icalrecur_iterator_new_
#define icalrecur_iterator_next recurrence_lib.icalrecur_iterator_next_
#define icalrecur_iterator_set_start recurrence_lib.icalrecur_iterator_set_start_
#define icalrecurrencetype_from_string recurrence_lib.icalrecurrencetype_from_string_
#define icaltime_is_null_time recurrence_lib.icaltime_is_null_time_
#define icaltime_is_utc recurrence_lib.icaltime_is_utc_
#define icaltime_null_time recurrence_lib.icaltime_null_time_
#endif

#endif
