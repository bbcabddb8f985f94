/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_PARAM_NAME_H
#define MONITOR_FIELD_PARAM_NAME_H

#include "event/event.h"
#include "field/field.h"

/* A name that parameters of events have. It means other things in other events. */
struct param_name {
	struct str name;
	const struct param_info *first; /* its first description, as Falco takes it */
	facts_t reads; /* what the text of any of them may depend on, besides the event */
	struct param_name *next; /* with the same first byte */
};

/* The longest one at the start of text, NULL = none. Any thread. */
const struct param_name *param_name_at(struct str text);

#endif
