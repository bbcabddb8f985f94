/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LIMITS_H
#define MONITOR_APP_LIMITS_H

#include "app/config.h"
#include "rule/engine.h"

/*
 * monitor.limits: of the alerts of a rule (and of a key, the values of some fields) only so many are
 * delivered in a while, by the events' time. The others are held back, but nothing is thrown away unsaid:
 * when the while is over, the last of them is delivered and tells how many there were since when.
 */
struct limits;
struct limits_burst;

/*
 * ret_limits is NULL when there are none. live: the clock may stand for the events' time while none comes.
 * -EINVAL: a key is no field.
 */
int limits_new(const struct config *config, const struct field_options *fields, bool live, struct limits **ret_limits,
	       struct error *err);
void limits_free(struct limits *l); /* accepts NULL */

/* What the keys read, to compile the rules with. Borrowed from l; NULL is accepted. */
size_t limits_reads(const struct limits *l, const struct rule_reads **ret_reads);

/* Finds out which limit each rule falls under: before the first alert, and when the rule set is another. */
int limits_bind(struct limits *l, const struct ruleset *rules, struct error *err);

/*
 * A rule is about to alert on the context's event. NULL: deliver it. Otherwise it is held back: ctx->held and
 * ctx->held_since are set for its rendering, and it goes to limits_keep(). Expired bursts are to be taken out
 * before.
 */
struct limits_burst *limits_hold(struct limits *l, struct field_context *ctx, uint32_t rule);
void limits_keep(struct limits_burst *b, const struct alert *a);

/* Whether there is something to take out at this time (ns). */
bool limits_are_due(const struct limits *l, uint64_t now);
/*
 * The alert that ends a burst, borrowed until the next call; NULL when there is none (any more). UINT64_MAX
 * ends all.
 */
const struct alert *limits_expire(struct limits *l, uint64_t now);
bool limits_are_live(const struct limits *l);

#endif
