/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "rule/explain.h"
#include "rule/ruleset.h"

static const char *const words[] = { [TRUTH_NO] = "false", [TRUTH_MAYBE] = "unknown", [TRUTH_YES] = "true" };
static const char *const outcomes[] = { [TRUTH_NO] = "no", [TRUTH_MAYBE] = "maybe", [TRUTH_YES] = "yes" };
static const char *const colors[] = { [TRUTH_NO] = "\033[31m", [TRUTH_MAYBE] = "\033[33m", [TRUTH_YES] = "\033[32m" };
static const char *const kinds[] = { [AST_AND] = "and", [AST_OR] = "or", [AST_NOT] = "not", [AST_CHECK] = "check" };

/* Values of an event are hostile text: what could steer a terminal is not printed. */
static void add_plain(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		strbuf_addc(out, (unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f ? '?' : s.ptr[i]);
}

static void add_word(struct strbuf *out, const char *word, enum truth truth, bool color)
{
	strbuf_addf(out, "%s%-7s%s", color ? colors[truth] : "", word, color ? "\033[0m" : "");
}

/* ---- as text ------------------------------------------------------------------------------------------- */

static void add_value(struct strbuf *out, const struct explained_value *v)
{
	add_plain(out, v->name);
	strbuf_adds(out, v->presence == PRESENT ? " = " : v->presence == UNKNOWN ? " is not known yet" : " is absent");
	add_plain(out, v->text);
}

static void add_values(struct strbuf *out, const struct explained *x)
{
	for (unsigned int i = 0; i < x->nvalues; i++) {
		strbuf_adds(out, i ? ", " : "    [");
		add_value(out, &x->values[i]);
	}
	strbuf_adds(out, x->nvalues ? "]" : "");
}

static void add_part(struct strbuf *out, const struct explained *x, unsigned int level, bool color)
{
	strbuf_adds(out, "  ");
	add_word(out, words[x->truth], x->truth, color);
	strbuf_addf(out, " %*s", (int)(2 * level), "");
	if (x->ast->macro.len)
		strbuf_addf(out, "macro " STR_FMT ": ", STR_ARG(x->ast->macro));
	if (x->ast->kind == AST_CHECK)
		add_plain(out, x->check);
	else
		strbuf_adds(out, kinds[x->ast->kind]);
	add_values(out, x);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < x->nchildren; i++)
		add_part(out, &x->children[i], level + 1, color);
}

static void add_head(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color)
{
	const struct event *ev = ctx->ev;

	if (ev->provisional)
		strbuf_addf(out, "call %s of thread %" PRId64 ", at its entry", ev->info->name, ev->tid);
	else
		strbuf_addf(out, "event %" PRIu64 ", %s of thread %" PRId64, ev->number, ev->info->name, ev->tid);
	if (ctx->real_path.len) {
		strbuf_adds(out, ", with the real path ");
		add_plain(out, ctx->real_path);
	}
	strbuf_addf(out, ": \"" STR_FMT "\" ", STR_ARG(x->rules->rules[x->rule].name));
	add_word(out,
		 x->truth == TRUTH_YES ? "matches" :
		 x->truth == TRUTH_NO  ? "does not match" :
					 "may match",
		 x->truth, color);
}

void explain_print(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color)
{
	add_head(out, x, ctx, color);
	strbuf_addc(out, '\n');
	if (x->shadowed)
		strbuf_addf(out,
			    "  but \"" STR_FMT
			    "\", which is tried before it, %s: the first rule that matches is the only one\n",
			    STR_ARG(x->rules->rules[x->shadow].name),
			    x->shadow_truth == TRUTH_YES ? "matches, too" : "may match, too");
	add_part(out, &x->root, 0, color);
}

/* ---- what was told before ------------------------------------------------------------------------------ */

/* Together all that is shown of an event; values end with a NUL each. */
static void describe_parts(const struct explained *x, struct strbuf *truths, struct strbuf *values)
{
	strbuf_addf(truths, "%d%u", x->truth, x->nvalues);
	for (unsigned int i = 0; i < x->nvalues; i++) {
		add_value(values, &x->values[i]);
		strbuf_addc(values, 0);
	}
	for (size_t i = 0; i < x->nchildren; i++)
		describe_parts(&x->children[i], truths, values);
}

static const struct explain_told *find_told(const struct explain_memory *m, struct str truths)
{
	for (size_t i = 0; i < EXPLAIN_TOLD; i++)
		if (m->told[i].event && str_eq(strbuf_str(&m->told[i].truths), truths))
			return &m->told[i];
	return NULL;
}

/* Whether one of the texts, which end with a NUL each, is this one. */
static bool has_text(const char *texts, const char *end, const char *text)
{
	for (; texts < end; texts += strlen(texts) + 1)
		if (!strcmp(texts, text))
			return true;
	return false;
}

/* The values that are others than those told before, each once: a field is often asked for by several checks. */
static void add_differences(struct strbuf *out, const struct strbuf *now, const struct strbuf *before)
{
	const char *one = now->ptr, *other = before->ptr, *end = now->ptr + now->len;
	bool first = true;

	for (; one < end; one += strlen(one) + 1, other += strlen(other) + 1) {
		if (!strcmp(one, other) || has_text(now->ptr, one, one))
			continue;
		strbuf_addf(out, "%s%s", first ? ", but [" : ", ", one);
		first = false;
	}
	strbuf_adds(out, first ? "\n" : "]\n");
}

void explain_print_brief(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color,
			 struct explain_memory *m)
{
	auto_strbuf struct strbuf truths = { 0 }, values = { 0 };
	const struct explain_told *before;
	struct explain_told *slot;

	/* matches, and what is open, are what somebody waits for */
	if (x->truth != TRUTH_NO || ctx->ev->provisional) {
		explain_print(out, x, ctx, color);
		return;
	}
	describe_parts(&x->root, &truths, &values);
	if (truths.failed || values.failed) {
		out->failed = true;
		return;
	}
	before = find_told(m, strbuf_str(&truths));
	if (before) {
		add_head(out, x, ctx, color);
		strbuf_addf(out, ", as event %" PRIu64, before->event);
		add_differences(out, &values, &before->values);
		return;
	}
	explain_print(out, x, ctx, color);
	slot = &m->told[m->next++ % EXPLAIN_TOLD];
	strbuf_free(&slot->truths);
	strbuf_free(&slot->values);
	*slot = (struct explain_told){ ctx->ev->number, truths, values };
	truths = values = (struct strbuf){ 0 };
}

void explain_memory_free(struct explain_memory *m)
{
	for (size_t i = 0; i < EXPLAIN_TOLD; i++) {
		strbuf_free(&m->told[i].truths);
		strbuf_free(&m->told[i].values);
	}
}

/* ---- as JSON ------------------------------------------------------------------------------------------- */

static void json_values(struct strbuf *out, const struct explained *x)
{
	strbuf_adds(out, ",\"fields\":[");
	for (unsigned int i = 0; i < x->nvalues; i++) {
		const struct explained_value *v = &x->values[i];

		strbuf_adds(out, i ? ",{\"field\":" : "{\"field\":");
		json_add_string(out, v->name);
		strbuf_adds(out, ",\"value\":");
		if (v->presence == PRESENT)
			json_add_string(out, v->text);
		else
			strbuf_adds(out, "null");
		strbuf_addf(out, ",\"presence\":\"%s\"}",
			    v->presence == PRESENT ? "present" : v->presence == UNKNOWN ? "unknown" : "absent");
	}
	strbuf_addc(out, ']');
}

static void json_part(struct strbuf *out, const struct explained *x)
{
	strbuf_addf(out, "{\"kind\":\"%s\",\"value\":\"%s\"", kinds[x->ast->kind], words[x->truth]);
	if (x->ast->macro.len) {
		strbuf_adds(out, ",\"macro\":");
		json_add_string(out, x->ast->macro);
	}
	if (x->ast->kind == AST_CHECK) {
		strbuf_adds(out, ",\"check\":");
		json_add_string(out, x->check);
		json_values(out, x);
	}
	for (size_t i = 0; i < x->nchildren; i++) {
		strbuf_adds(out, i ? "," : ",\"parts\":[");
		json_part(out, &x->children[i]);
	}
	strbuf_adds(out, x->nchildren ? "]}" : "}");
}

void explain_print_json(struct strbuf *out, const struct explanation *x, const struct field_context *ctx)
{
	const struct event *ev = ctx->ev;

	strbuf_adds(out, "{\"rule\":");
	json_add_string(out, x->rules->rules[x->rule].name);
	strbuf_addf(out, ",\"event\":%" PRIu64 ",\"type\":\"%s\",\"thread\":%" PRId64 ",\"provisional\":%s", ev->number,
		    ev->info->name, ev->tid, ev->provisional ? "true" : "false");
	if (ctx->real_path.len) {
		strbuf_adds(out, ",\"real_path\":");
		json_add_string(out, ctx->real_path);
	}
	strbuf_addf(out, ",\"outcome\":\"%s\"", outcomes[x->truth]);
	if (x->shadowed) {
		strbuf_adds(out, ",\"shadowed_by\":");
		json_add_string(out, x->rules->rules[x->shadow].name);
		strbuf_addf(out, ",\"shadow_outcome\":\"%s\"", outcomes[x->shadow_truth]);
	}
	strbuf_adds(out, ",\"condition\":");
	json_part(out, &x->root);
	strbuf_addc(out, '}');
}
