/*
 * claim: what nbms-store keeps from others while it writes (consumer_claim).
 *
 * What is made of a gateway's readings rests on those before and after, so that one process at
 * a time writes for a gateway; one changes a building's points; one registers what is not
 * registered yet. Processes with different gateways run side by side.
 */
#ifndef NBMS_DB_CLAIM_H
#define NBMS_DB_CLAIM_H

#include "bms/message.h"
#include "db/consumer.h"

/* What a message may write, until the next commit; which may come first. `known`: its thing is
 * registered. */
void claim_message(struct consumer *c, const struct message *m, bool known);

/* Is that more than the gateway's own history? */
bool claim_is_wider(const struct message *m);

#endif
