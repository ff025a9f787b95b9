/*
 * rule: conditions that people write in jq, asked of records.
 *
 * jq code is foreign code: it may loop for ever, eat all memory, and libjq 1.6 aborts on some
 * programs. So rules are compiled and run by a process of their own, with an empty environment
 * and no files, within RULE_SECONDS a question and RULE_MEMORY; what kills it fails one rule on
 * one record, which is said, and it is started again. A rule's answer is yes if the first value
 * it gives is neither false nor null. A record on which it fails (`.a + 1` where a is text, no
 * JSON at all) is not matched, and that is said.
 *
 * A question costs libjq's parse of the record, some 30 MB/s: ask no more than needed.
 */
#ifndef NBMS_BASE_RULE_H
#define NBMS_BASE_RULE_H

#include "base/diag.h"
#include "base/span.h"

#define RULE_MAX 64     /* rules in a set: a bit each */
#define RULE_SECONDS 10 /* the time a rule has for one record */
#define RULE_MEMORY \
	((size_t)1 << 30) /* bytes of address space: a 16 MiB record takes a third of it */

struct rules;

struct rules *rules_new(void);
void rules_free(struct rules *r);

/* Adds a rule, before rules_start; both texts are borrowed. Returns its number, from 0. */
unsigned rules_add(struct rules *r, const char *name, const char *program);

/*
 * Compiles them. False: one does not compile, and why and where has been said. Must come before
 * descriptors are opened that others wait to see closed.
 */
bool rules_start(struct rules *r);

/* Which of the `wanted` rules match the record: a bit a rule, 1 << its number. */
uint64_t rules_ask(
    struct rules *r, struct span record, const struct where *at, uint64_t wanted);

#endif
