/* SPDX-License-Identifier: Apache-2.0 */
#include "app/internal_alert.h"

#include "app/log.h"
#include "base/json.h"
#include "base/moment.h"

static void add_member(struct strbuf *out, const char *key, const char *value)
{
	strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
	json_add_string(out, str_of(value));
}

/* As Falco has it: without tags, and the message alone as output. */
static void add_json(struct strbuf *out, const struct session *s, const struct internal_alert *a, struct str fields)
{
	strbuf_adds(out, "{");
	add_member(out, "hostname", s->hostname);
	strbuf_adds(out, ",\"output\":");
	json_add_string(out, strbuf_str(a->message));
	strbuf_addf(out, ",\"output_fields\":" STR_FMT, STR_ARG(fields));
	add_member(out, "priority", priority_name(a->priority));
	add_member(out, "rule", a->rule);
	add_member(out, "source", "internal");
	strbuf_adds(out, ",\"time\":\"");
	moment_add(out, a->ts, MOMENT_ISO_Z);
	strbuf_adds(out, "\"}");
}

static void count(struct session *s, const char *name)
{
	struct session_internal *i = s->internal;

	while (i < &s->internal[SESSION_INTERNAL - 1] && i->name && strcmp(i->name, name) != 0)
		i++;
	i->name = name;
	i->alerts++;
}

void internal_alert_raise(struct session *s, bool iso_time, const struct internal_alert *a)
{
	auto_strbuf struct strbuf text = { 0 }, fields = { 0 }, json = { 0 };

	/* names are the workload's choice */
	for (size_t i = 0; i < a->message->len; i++)
		if ((unsigned char)a->message->ptr[i] < 0x20 || a->message->ptr[i] == 0x7f)
			a->message->ptr[i] = '?';
	moment_add(&text, a->ts, iso_time ? MOMENT_ISO : MOMENT_CLOCK);
	strbuf_addf(&text, ": %s " STR_FMT " (", priority_name(a->priority), STR_ARG(strbuf_str(a->message)));
	alert_fields_add_words(a->fields, &text);
	strbuf_adds(&text, ")");
	alert_fields_add_json(a->fields, &fields);
	add_json(&json, s, a, strbuf_str(&fields));
	if (a->message->failed || text.failed || a->fields->failed || fields.failed || json.failed) {
		log_error("out of memory: an alert was lost (%s)", a->rule);
		return;
	}
	count(s, a->rule);
	pipeline_alert(s->pipeline, &(struct alert){
					    .ts = a->ts,
					    .priority = a->priority,
					    .rule = str_of(a->rule),
					    .source = STR("internal"),
					    .text = strbuf_str(&text),
					    .json = strbuf_str(&json),
					    .hostname = str_of(s->hostname),
					    .fields = strbuf_str(&fields),
				    });
}
