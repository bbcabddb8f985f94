/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_EVENT_CLASS_H
#define MONITOR_RULE_EVENT_CLASS_H

#include "rule/program.h"

/*
 * What an event's type decides of the conditions. Predicates on evt.type and its like are run over an event
 * of the type without parameters; those on parameters that the type does not have are absent. The generic
 * event stands for many system calls, told apart by its first parameter: it counts as one type for each of
 * them. Types for which all of these predicates come out alike are one class.
 */
#define EVENT_TYPES (EV_COUNT + SYSCALL_CODES) /* EV_COUNT + code: EV_GENERIC_X with that code */
#define TRUTH_OPEN	 3 /* not decided */

struct event_classes {
	uint16_t of_type[EVENT_TYPES];
	uint16_t count;
	uint32_t *predicates; /* that the type may decide, those of one field together */
	uint32_t npredicates;
	uint8_t *truths; /* [class][predicate] */
};

/* 0 or -ENOMEM; to be released either way. */
int event_classes_find(const struct program *p, struct event_classes *ret_classes);
void event_classes_release(struct event_classes *c);

#endif
