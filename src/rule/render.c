/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/render.h"

#include <errno.h>
#include <inttypes.h>

#include "base/json.h"
#include "base/moment.h"

void render_release(struct render *r)
{
	format_free(r->prefix);
	strbuf_free(&r->text);
	strbuf_free(&r->message);
	strbuf_free(&r->json);
	strbuf_free(&r->fields);
	strbuf_free(&r->value);
	format_members_free(&r->members);
}

static void add_key(struct strbuf *out, const char *key, struct str value)
{
	strbuf_addf(out, "\"%s\":", key);
	json_add_string(out, value);
	strbuf_addc(out, ',');
}

/*
 * How far the alert can be trusted, where that is not the usual: the real path matched and not the one that the caller
 * gave; another thread may have changed what we looked at.
 */
static const char *matched(const struct field_context *ctx)
{
	return ctx->real_path.len ? "realpath" : NULL;
}

static const char *raced(const struct field_context *ctx)
{
	static const char *const words[] = { [RACED_NO] = NULL, [RACED_POSSIBLE] = "possible", [RACED_YES] = "yes" };

	return ctx->ev->ext && (size_t)ctx->ev->ext->raced < ARRAY_SIZE(words) ? words[ctx->ev->ext->raced] : NULL;
}

static void add_mark(struct strbuf *out, const char *key, const char *word)
{
	if (word)
		strbuf_addf(out, " %s=%s", key, word);
}

static void collect_mark(struct render *r, const char *key, const char *word)
{
	if (!word)
		return;
	strbuf_reset(&r->json);
	json_add_string(&r->json, str_of(word));
	format_members_add(&r->members, str_of(key), strbuf_str(&r->json));
}

/* How many alerts a limit has held back, this one included. */
static void add_held(struct strbuf *out, const struct field_context *ctx)
{
	if (!ctx->held)
		return;
	strbuf_addf(out, " (held back by a limit: %" PRIu64 " alert%s since ", ctx->held, ctx->held == 1 ? "" : "s");
	moment_add(out, ctx->held_since, MOMENT_ISO_Z);
	strbuf_addc(out, ')');
}

static void collect_number(struct render *r, const char *key, uint64_t number)
{
	strbuf_reset(&r->json);
	strbuf_addu(&r->json, number);
	format_members_add(&r->members, str_of(key), strbuf_str(&r->json));
}

static void render_fields(struct render *r, const struct rule *rule, struct field_context *ctx)
{
	format_members_reset(&r->members);
	format_collect(r->prefix, ctx, &r->members);
	format_collect(rule->format, ctx, &r->members);
	for (size_t i = 0; i < rule->nextra; i++) {
		const struct rule_extra_field *extra = &rule->extra[i];

		if (extra->typed) {
			format_collect(extra->format, ctx, &r->members);
			continue;
		}
		strbuf_reset(&r->value);
		format_render(extra->format, ctx, &r->value);
		strbuf_reset(&r->json);
		json_add_string(&r->json, strbuf_str(&r->value));
		format_members_add(&r->members, extra->name, strbuf_str(&r->json));
	}
	collect_mark(r, "evt.matched", matched(ctx));
	collect_mark(r, "evt.raced", raced(ctx));
	if (ctx->held) {
		collect_number(r, "monitor.held", ctx->held);
		collect_number(r, "monitor.held_since", ctx->held_since);
	}
	format_members_print(&r->members, &r->fields);
}

static void render_json(struct render *r, const struct ruleset *rules, const struct rule *rule,
			struct field_context *ctx)
{
	const struct engine_options *o = &rules->options;
	struct strbuf *out = &r->json;

	strbuf_reset(out);
	strbuf_addc(out, '{');
	add_key(out, "hostname", ctx->hostname);
	if (o->json_message)
		add_key(out, "message", strbuf_str(&r->message));
	if (!o->json_omit_output)
		add_key(out, "output", strbuf_str(&r->text));
	if (!o->json_omit_output_fields) {
		strbuf_adds(out, "\"output_fields\":");
		strbuf_addstr(out, strbuf_str(&r->fields));
		strbuf_addc(out, ',');
	}
	add_key(out, "priority", str_of(priority_name(rule->priority)));
	add_key(out, "rule", rule->name);
	add_key(out, "source", rule->source);
	if (!o->json_omit_tags) {
		strbuf_adds(out, "\"tags\":[");
		for (size_t i = 0; i < rule->ntags; i++) {
			if (i)
				strbuf_addc(out, ',');
			json_add_string(out, rule->tags[i]);
		}
		strbuf_adds(out, "],");
	}
	strbuf_adds(out, "\"time\":\"");
	moment_add(out, ctx->ev->ts, MOMENT_ISO_Z);
	strbuf_adds(out, "\"}");
}

int render_alert(struct render *r, const struct ruleset *rules, struct field_context *ctx, uint32_t number,
		 struct alert *ret_alert, struct error *err)
{
	const struct rule *rule = &rules->rules[number];
	int result;

	if (!r->prefix) {
		result = format_compile(rules->options.iso_time ? STR("%evt.time.iso8601: ") : STR("%evt.time: "),
					&rules->options.fields, &r->prefix, err);
		if (result < 0)
			return result;
	}
	ctx->unshowable = STR("");
	strbuf_reset(&r->message);
	format_render(rule->format, ctx, &r->message);
	add_mark(&r->message, "matched", matched(ctx));
	add_mark(&r->message, "evt.raced", raced(ctx));
	add_held(&r->message, ctx);
	strbuf_reset(&r->text);
	format_render(r->prefix, ctx, &r->text);
	strbuf_adds(&r->text, priority_name(rule->priority));
	strbuf_addc(&r->text, ' ');
	strbuf_addstr(&r->text, strbuf_str(&r->message));
	strbuf_reset(&r->fields);
	if (rules->options.alert_fields || (rules->options.json_output && !rules->options.json_omit_output_fields))
		render_fields(r, rule, ctx);
	strbuf_reset(&r->json);
	if (rules->options.json_output)
		render_json(r, rules, rule, ctx);
	if (r->text.failed || r->json.failed || r->fields.failed || r->members.failed)
		return error_set(err, -ENOMEM, "out of memory");
	/* Falco ends here; our own commands show <NA> and go on: a rule's author must not be able to stop the watch */
	if (ctx->unshowable.len > 0 && !rules->options.ours)
		return error_set(err, -EINVAL,
				 "rule '%.*s': the output cannot show %%%.*s of event %" PRIu64
				 ": its type has no printed form",
				 (int)rule->name.len, rule->name.ptr, (int)ctx->unshowable.len, ctx->unshowable.ptr,
				 ctx->ev->number);
	*ret_alert = (struct alert){
		.ts = ctx->ev->ts,
		.priority = rule->priority,
		.rule = rule->name,
		.source = rule->source,
		.text = strbuf_str(&r->text),
		.json = strbuf_str(&r->json),
		.hostname = ctx->hostname,
		.fields = strbuf_str(&r->fields),
		.tags = rule->tags,
		.ntags = rule->ntags,
	};
	return 0;
}
