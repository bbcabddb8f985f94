/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_ALERT_FIELDS_H
#define MONITOR_APP_ALERT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* The fields of an alert that comes of no rule: names with values as JSON. Zero-initialise. */
struct alert_fields {
	struct alert_field {
		char *name, *json;
	} *list;
	size_t count, cap;
	bool failed; /* memory was short: something is missing */
};

void alert_fields_text(struct alert_fields *f, const char *name, struct str value);
void alert_fields_number(struct alert_fields *f, const char *name, uint64_t value);
/* json: a number as JSON spells it. */
void alert_fields_spelt(struct alert_fields *f, const char *name, const char *json);
/* One digit behind the point. */
void alert_fields_tenths(struct alert_fields *f, const char *name, double value);
void alert_fields_seconds(struct alert_fields *f, const char *name, uint64_t ns);
/* In the order of their names, as Falco has them: a JSON object; and "name=value name=value". */
void alert_fields_add_json(struct alert_fields *f, struct strbuf *out);
void alert_fields_add_words(struct alert_fields *f, struct strbuf *out);
void alert_fields_free(struct alert_fields *f);

static inline void alert_fields_autofree(struct alert_fields *f)
{
	alert_fields_free(f);
}
#define auto_alert_fields __attribute__((cleanup(alert_fields_autofree)))

#endif
