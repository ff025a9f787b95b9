/*
 * notice: what people are told, in words: a title and a text that fit a telephone's screen.
 */
#ifndef NBMS_BMS_NOTICE_H
#define NBMS_BMS_NOTICE_H

#include "bms/transition.h"

/* Of a transition: "Alarm: Fan trip (critical)", "Cleared: Fan trip". */
void notice_title(struct buf *to, const struct transition_notice *n);
void notice_text(struct buf *to, const struct transition_notice *n);

/* A JSON object of strings, for the receiving program. */
void notice_data(struct buf *to, const struct transition_notice *n);

#endif
