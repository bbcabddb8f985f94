/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_RENDER_H
#define MONITOR_RULE_RENDER_H

#include "field/format.h"
#include "rule/ruleset.h"

/* Turns a hit into an alert in Falco's text and JSON forms. Holds the memory of the last one; zero-initialise. */
struct render {
	struct format *prefix; /* time and blank, by the options */
	struct strbuf text, message, json, fields, value;
	struct format_members members;
};

void render_release(struct render *r);

/* *ret_alert borrows from r and rules until the next call. */
int render_alert(struct render *r, const struct ruleset *rules, struct field_context *ctx, uint32_t rule,
		 struct alert *ret_alert, struct error *err);

#endif
