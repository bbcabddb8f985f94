/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_SPECIALISE_H
#define MONITOR_RULE_SPECIALISE_H

#include "rule/event_class.h"

/* Conditions under what is decided already: the type of the event, what was asked of it before. */
struct specialiser {
	struct program *program;
	struct program_builder *builder;
	uint32_t nnodes; /* those of the conditions; what is made of them is numbered behind */
	uint8_t *truths; /* [predicate]: what is decided, or TRUTH_OPEN */
	uint32_t *special; /* [node]: what is left of it under these truths; scratch */
	uint32_t *next; /* [predicate]: the next one over the same field, all of them in a ring */
};

int specialiser_init(struct specialiser *s, struct program_builder *b); /* nothing is decided; -ENOMEM */
void specialiser_release(struct specialiser *s);

/* What a class of event types decides, and nothing else. */
void specialiser_begin(struct specialiser *s, const struct event_classes *classes, uint16_t class);
/*
 * The predicate is not open any more: no or yes. With it are decided those over the same field that it excludes or
 * contains: fd.num >= 0 says no to fd.num = -1.
 */
void specialiser_assume(struct specialiser *s, uint32_t predicate, enum truth truth);

/* What is left of a node of the conditions: another node, or -ENOMEM. */
int64_t specialise(struct specialiser *s, uint32_t node);

#endif
